"""Random patterns within RE2's syntax, and texts to try them on: ASCII, other letters, line ends, beyond the BMP."""

import random

_ALPHABET = "aAbBkKsS0_ -\n\r\t.éÉİıßẞſK\u2028\x85😀ΩωΩÅåǅ"
_LITERALS = "aaabbbckKsS0_é É😀Ωß"
_CLASSES = (
    *(r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", "[[:alpha:]]", "[[:^space:]]", r"\pL", r"\p{Greek}", r"\PN", r"\p{Lu}"),
    *(
        "[^a]",
        "[a-c]",
        r"[^a-k\n]",
        r"[\w-]",
        "[k-z]",
        "[a[b]",
        "[]a]",
        "[^]a]",
        r"[\d\s]",
        r"[\x{41}-\x{5A}]",
        "[é-ω]",
    ),
    *(
        ".",
        r"[\x{41}-\x{5A}]",
        r"\x41",
        r"\x{1F600}",
        r"\141",
        r"\Qa.b\E",
        r"\.",
        r"[^\W]",
        r"[^\S\n]",
        r"[\pL_]",
        r"[^\pL]",
        r"\n",
    ),
)
_PLACES = ("^", "$", r"\b", r"\B", r"\A", r"\z")
_REPEATS = ("*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}", "{0}")


def random_pattern(source: random.Random, depth: int = 4) -> str:
    """Most of them are RE2's; some have flags that hold for the whole."""
    flags = source.choice(("",) * 8 + ("(?i)", "(?s)", "(?m)", "(?U)"))
    return flags + _part(source, depth)


def _part(source: random.Random, depth: int) -> str:
    kind = source.random()
    if depth <= 0 or kind < 0.35:
        return source.choice(_LITERALS) if source.random() < 0.6 else source.choice(_CLASSES)
    if kind < 0.6:
        return "".join(_part(source, depth - 1) for _ in range(source.randint(1, 3)))
    if kind < 0.72:
        legs = (_part(source, depth - 1) if source.random() < 0.9 else "" for _ in range(source.randint(2, 3)))
        return f"(?:{'|'.join(legs)})"
    if kind < 0.82:
        opening = source.choice(("(", f"(?P<n{source.randrange(10**6)}>", f"(?<m{source.randrange(10**6)}>"))
        return f"{opening}{_part(source, depth - 1)})"
    if kind < 0.94:
        return f"(?:{_part(source, depth - 1)}){source.choice(_REPEATS)}"
    if kind < 0.97:
        return source.choice(_PLACES)
    return source.choice(("(?i:{})", "(?i-s:{})", "(?s:{})", "(?U:{})")).format(_part(source, depth - 1))


def random_text(source: random.Random) -> str:
    letters = (_ALPHABET if source.random() < 0.5 else "aabbk0 " for _ in range(source.randint(0, 8)))
    return "".join(source.choice(each) for each in letters)
