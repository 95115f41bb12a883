"""Two hundred and more rule documents by somebody who means harm, generated."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

QUERY = "DeviceProcessEvents | take 1"
ID = "2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11"
SUFFIXES = (".yaml", ".yml", ".json", ".md", ".kql")

# What moves a terminal's cursor, changes its colours, title or reading direction, or hides text in a page.
ESCAPES = {
    "colour": "\x1b[31mred\x1b[0m",
    "title of the window": "\x1b]0;owned\x07",
    "hyperlink": "\x1b]8;;https://example.org\x1b\\here\x1b]8;;\x1b\\",
    "clear": "\x1b[2J\x1b[H",
    "one byte CSI": "\x9b31m",
    "back": "harmless\b\b\b\b\b\b\b\bharmful!",
    "return": "harmful\rharmless",
    "delete": "a\x7fb",
    "null": "a\x00b",
    "bell": "a\x07b",
    "bidi override": "\u202egnp.exe",
    "bidi isolate": "\u2066abc\u2069",
    "marks": "a\u200e\u200f\u061cb",
    "line separator": "a\u2028b\u2029c",
    "next line": "a\x85b",
    "script": "<script>alert(1)</script>",
    "attribute": "\" onmouseover=alert(1) x='",
    "markup": "[bold red]x[/] [link=https://example.org]y[/link]",
    "form feed": "a\x0cb",
    "vertical tab": "a\x0bb",
}


@dataclass(frozen=True, slots=True)
class Hostile:
    """`what` is for people; the file's name ends in a suffix of some format."""

    what: str
    name: str
    data: bytes


def every() -> list[Hostile]:
    numbers = count(1)
    return [
        Hostile(f"{next(numbers):03d} {what}", f"rule{suffix}", data)
        for family in (_yaml, _json, _markdown, _headers, _sigma, _bytes, _escapes, _queries)
        for what, suffix, data in _encoded(family())
    ]


Texts = Iterator[tuple[str, str, str | bytes]]


def _encoded(texts: Texts) -> Iterator[tuple[str, str, bytes]]:
    for what, suffix, text in texts:
        yield what, suffix, text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _much(piece: str) -> str:
    """As much of it as still passes the limits of a document's characters and lines."""
    return piece * min(185_000 // len(piece), 9_900 // max(1, piece.count("\n")))


def _rule(**more: str) -> str:
    keys = {"id": ID, "name": "A rule", "kind": "Scheduled", "severity": "High"} | more
    return "".join(f"{key}: {value}\n" for key, value in keys.items()) + f"query: {QUERY}\n"


def _bomb(width: int, depth: int) -> str:
    lines = [f"a0: &a0 [{', '.join(['lol'] * width)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, depth)]
    return "\n".join(lines) + "\n"


def _yaml() -> Texts:
    for width, depth in ((9, 9), (2, 60), (100, 4)):
        yield f"bomb of aliases {width} by {depth}", ".yaml", _rule() + _bomb(width, depth)
    yield "merge keys", ".yaml", "base: &base {a: 1}\n<<: *base\n" + _rule()
    yield "alias to itself", ".yaml", "a: &a [*a]\n" + _rule()
    yield "unknown alias", ".yaml", "a: *nothing\n" + _rule()
    for tag in ("!!python/object/apply:os.system [id]", "!!python/name:os.system", "!!binary aGk=", "!x y", "!!str 5"):
        yield f"tag {tag.split(' ', maxsplit=1)[0]}", ".yaml", f"a: {tag}\n" + _rule()
    for opening, closing in (("[", "]"), ("{a: ", "}")):
        for depth in (30, 3_000, 40_000):
            yield f"{depth} of {opening}", ".yaml", _rule(x=opening * depth + closing * depth)
            yield f"{depth} of {opening} open", ".yaml", _rule(x=opening * depth)
    yield "deep by indentation", ".yaml", _rule() + "".join(f"{' ' * n}k:\n" for n in range(600))
    yield "deep by dashes", ".yaml", _rule() + "x:\n  " + "- " * 60_000
    yield "deep by question marks", ".yaml", _rule() + "? " * 60_000
    for size in (190_000, 900_000, 1_100_000):
        yield f"scalar of {size}", ".yaml", _rule(description="x" * size)
        yield f"quoted scalar of {size}", ".yaml", _rule(description='"' + "x" * size + '"')
        yield f"block of {size}", ".yaml", _rule() + "description: |\n" + "  x\n" * (size // 4)
        yield f"folded lines of {size}", ".yaml", _rule() + "description: >\n" + "  x\n\n" * (size // 5)
    yield "a hundred thousand keys", ".yaml", _rule() + "".join(f"k{n}: 1\n" for n in range(100_000))
    yield "twenty thousand keys", ".yaml", _rule() + "".join(f"k{n}: 1\n" for n in range(19_000))
    yield "one key again and again", ".yaml", _rule() + "k: 1\n" * 30_000
    yield "a list of items", ".yaml", _rule() + "x:\n" + "- 1\n" * 45_000
    yield "a flow list of items", ".yaml", _rule(x="[" + "1," * 90_000 + "]")
    yield "many tactics", ".yaml", _rule(tactics="[" + ",".join(f"T{n}" for n in range(20_000)) + "]")
    yield "many techniques", ".yaml", _rule(relevantTechniques="[" + ",".join(f"T{n}" for n in range(20_000)) + "]")
    yield "many documents", ".yaml", (_rule() + "---\n") * 2_000
    yield "empty documents", ".yaml", "---\n" * 60_000 + _rule()
    yield "tabs", ".yaml", "\t" * 100_000 + _rule()
    yield "blanks", ".yaml", _rule() + " " * 190_000 + "x"
    yield "comments", ".yaml", "#\n" * 90_000 + _rule()
    yield "a directive", ".yaml", "%YAML 9.9\n---\n" + _rule()
    yield "many directives", ".yaml", "%TAG ! x\n" * 20_000 + "---\n" + _rule()
    yield "a long key", ".yaml", "k" * 150_000 + ": 1\n" + _rule()
    yield "a key that is a list", ".yaml", "? [a, b]\n: 1\n" + _rule()
    yield "an open quote", ".yaml", _rule() + 'x: "' + "a" * 190_000
    yield "open quotes", ".yaml", _rule() + "x: '" + "''" * 90_000
    yield "escapes", ".yaml", _rule(x='"' + "\\x41" * 45_000 + '"')
    yield "an escape beyond Unicode", ".yaml", _rule(x='"\\UFFFFFFFF"')
    yield "a lone surrogate", ".yaml", _rule(x='"\\uD800"')
    yield "a number of digits", ".yaml", _rule(triggerThreshold="9" * 150_000)
    yield "a duration of digits", ".yaml", _rule(queryPeriod="9" * 100_000 + "d")
    yield "durations of parts", ".yaml", _rule(queryPeriod="1d" * 50_000)
    yield "a duration for ever", ".yaml", _rule(queryPeriod="P99999999999D")
    yield "a sexagesimal number", ".yaml", _rule(x="1" + ":59" * 50_000)
    yield "an id of letters", ".yaml", _rule(id="a" * 100_000)
    yield "an entity of dots", ".yaml", _rule(entityMappings="." * 100_000)


def _json() -> Texts:
    head = '{"name": "A rule", "queryText": "T | take 1", '
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        for depth in (50, 3_000, 100_000):
            yield f"JSON {depth} of {opening}", ".json", head + f'"x": {opening * depth}1{closing * depth}}}'
            yield f"JSON {depth} of {opening} open", ".json", head + f'"x": {opening * depth}'
    resource = {"type": "Microsoft.OperationalInsights/workspaces/providers/alertRules", "kind": "Scheduled"}
    template = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"}
    rule = {**resource, "properties": {"displayName": "A", "query": QUERY, "severity": "High"}}
    yield "JSON template of many rules", ".json", json.dumps({**template, "resources": [rule] * 2_000})
    yield (
        "JSON template of expressions",
        ".json",
        json.dumps({**template, "resources": [{**rule, "name": "[concat(" + "concat(" * 20_000}]}),
    )
    yield "JSON of many keys", ".json", head + ",".join(f'"k{n}": 1' for n in range(60_000)) + "}"
    yield "JSON of one key", ".json", head + ",".join(['"k": 1'] * 80_000) + "}"
    yield "JSON long text", ".json", head + '"x": "' + "x" * 900_000 + '"}'
    yield "JSON escapes", ".json", head + '"x": "' + "\\u0041" * 150_000 + '"}'
    yield "JSON surrogates", ".json", head + '"x": "' + "\\ud800" * 100 + '"}'
    yield "JSON numbers", ".json", head + '"x": ' + "9" * 100_000 + "}"
    yield "JSON exponent", ".json", head + '"x": 1e999999999}'
    yield "JSON not a number", ".json", head + '"x": NaN, "y": Infinity}'
    yield "JSON comments", ".json", head + "/*" * 100_000
    yield "JSON backslashes", ".json", head + '"x": "' + "\\" * 200_001 + '"}'
    yield "JSON blanks", ".json", " " * 900_000 + head
    yield "JSON list", ".json", "[" + ",".join(["{}"] * 100_000) + "]"
    yield "JSON open text", ".json", head + '"x": "' + "a" * 900_000


def _markdown() -> Texts:
    fence = f"```kql\n{QUERY}\n```\n"
    yield "an endless fence", ".md", "# A\n```kql\n" + _much("x\n")
    yield "fences that never close", ".md", "# A\n" + _much("```kql\n~~~~kql\n")
    yield "fences that grow", ".md", "# A\n" + "".join("`" * n + "kql\nx\n" for n in range(3, 1_200))
    yield "fences of other marks", ".md", "# A\n" + _much("```kql\n~~~\n")
    yield "many fences", ".md", "# A\n" + _much(fence)
    yield "two hundred fences", ".md", "# A\n" + fence * 200
    yield "headings", ".md", _much("# A\n") + fence
    yield "a heading of marks", ".md", _much("#") + " A\n" + fence
    yield "blanks before a heading", ".md", _much(" ") + "# A\n" + fence
    yield "blank lines before a heading", ".md", _much("\n") + "# A\n" + fence
    yield "blank lines before a word", ".md", _much("\n") + "A\n"
    yield "blank columns before a word", ".md", _much(" \t" * 4_000 + "A\n")
    yield "stars", ".md", "# A\n" + _much("*") + "\n" + fence
    yield "lines of stars", ".md", "# A\n" + _much("**" * 20 + "\n") + fence
    yield "bold without end", ".md", "# A\n" + _much("**a") + "\n" + fence
    yield "dashes", ".md", "# A\n" + _much("- ") + "\n" + fence
    yield "ticks", ".md", "# A\n## Data sources\n" + "- **x:** " + _much("`") + "\n" + fence
    yield "ticked words", ".md", "# A\n## Data sources\n" + "- **x:** " + _much("`a") + "\n" + fence
    yield "a long title", ".md", "# " + _much("A") + "\n" + fence
    yield "a title of signs", ".md", "# " + _much("\u2605") + "\n" + fence
    yield "techniques", ".md", "# A\n## MITRE\n" + _much("T1059 ") + "\n" + fence
    yield "nearly techniques", ".md", "# A\n## MITRE\n" + _much("T105") + "\n" + fence
    yield "a table", ".md", "# A\n" + _much("|") + "\n" + fence
    yield "links", ".md", "# A\n" + _much("[") + _much("](") + "\n" + fence
    yield "quotes", ".md", "# A\n" + _much(">") + "\n" + fence
    yield "raw pages", ".md", "# A\n<script>alert(1)</script><img src=x onerror=alert(1)>\n" + fence
    yield "carriage returns", ".md", _much("# A\r") + fence


def _headers() -> Texts:
    yield "slashes", ".kql", _much("/") + "\n" + QUERY
    yield "lines of slashes", ".kql", _much("//\n") + QUERY
    yield "keys without values", ".kql", _much("// Name:\n") + QUERY
    yield "keys with colons", ".kql", "// " + _much("a:") + "\n" + QUERY
    yield "blanks and colons", ".kql", "// " + _much("a ") + ":\n" + QUERY
    yield "short keys of blanks", ".kql", _much("// a" + " " * 30 + "b\n") + QUERY
    unknown = "".join(f"// {chr(65 + n // 676)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}y: v\n" for n in range(9_800))
    yield "unknown keys", ".kql", "// Name: x\n" + unknown + QUERY
    yield "a long description", ".kql", "// Description: x\n" + _much("// y\n") + QUERY
    yield "lists", ".kql", "// Name: x\n// Tactics: " + _much("a,") + "\n" + QUERY
    yield "hashes", ".kql", "// Name: x\n// Tactics: " + _much("#") + "\n" + QUERY
    yield "blanks in lists", ".kql", "// Name: x\n// Tactics: a" + _much(" ") + "#b\n" + QUERY
    yield "only comments", ".kql", _much("//x\n")
    yield "blank lines", ".kql", "// Name: x\n" + _much("\n") + QUERY
    yield "semicolons", ".kql", _much(";")
    yield "queries of blank lines", ".kql", _much(QUERY + "\n\n")
    yield "lets of blank lines", ".kql", "".join(f"let a{n} = 1;\n\n" for n in range(4_900)) + QUERY


def _sigma_rule(detection: str, condition: str = "s", **more: str) -> str:
    keys = "".join(f"{key}: {value}\n" for key, value in more.items())
    head = "title: A\nlogsource:\n  product: windows\n  category: process_creation\n"
    return f"{head}{keys}detection:\n  s:\n    {detection}\n  condition: {condition}\n"


def _sigma() -> Texts:
    yield "Sigma brackets", ".yml", _sigma_rule("CommandLine: a", "(" * 1_500 + "s" + ")" * 1_500)
    yield "Sigma brackets at the limit", ".yml", _sigma_rule("CommandLine: a", "(" * 12 + "s" + ")" * 12)
    yield "Sigma nots", ".yml", _sigma_rule("CommandLine: a", "not " * 900 + "s")
    yield "Sigma nots at the limit", ".yml", _sigma_rule("CommandLine: a", "not (" * 12 + "s" + ")" * 12)
    yield "Sigma ands", ".yml", _sigma_rule("CommandLine: a", " and ".join(["s"] * 600))
    yield "Sigma ors and ands", ".yml", _sigma_rule("CommandLine: a", " or ".join(["s and not s"] * 250))
    yield "Sigma open brackets", ".yml", _sigma_rule("CommandLine: a", "(" * 10)
    yield (
        "Sigma selections",
        ".yml",
        (
            "title: A\nlogsource: {product: windows, category: process_creation}\ndetection:\n"
            + "".join(f"  s{n}: {{CommandLine: a}}\n" for n in range(5_000))
            + "  condition: 1 of s*\n"
        ),
    )
    yield (
        "Sigma of of",
        ".yml",
        (
            "title: A\nlogsource: {product: windows, category: process_creation}\ndetection:\n"
            + "".join(f"  s{n}: {{CommandLine: a}}\n" for n in range(300))
            + "  condition: "
            + " or ".join(["1 of s*"] * 200)
            + "\n"
        ),
    )
    yield (
        "Sigma values",
        ".yml",
        _sigma_rule("CommandLine|contains: [" + ",".join(f"v{n}" for n in range(20_000)) + "]"),
    )
    yield (
        "Sigma offsets",
        ".yml",
        _sigma_rule("CommandLine|base64offset|contains: [" + ",".join(f"v{n}" for n in range(15_000)) + "]"),
    )
    yield "Sigma wide", ".yml", _sigma_rule("CommandLine|" + "wide|base64|" * 12 + "contains: " + "a" * 1_000)
    yield "Sigma modifiers", ".yml", _sigma_rule("CommandLine" + "|contains" * 20_000 + ": a")
    yield "Sigma dashes", ".yml", _sigma_rule("CommandLine|windash|contains: '" + " -a" * 20_000 + "'")
    yield "Sigma many dashes", ".yml", _sigma_rule("CommandLine|windash|windash|windash|windash|contains: ' -a -b'")
    yield "Sigma stars", ".yml", _sigma_rule("CommandLine: '" + "*" * 100_000 + "'")
    yield "Sigma stars and letters", ".yml", _sigma_rule("CommandLine: '" + "*a" * 40_000 + "'")
    yield "Sigma questions", ".yml", _sigma_rule("CommandLine: '" + "?" * 100_000 + "'")
    yield "Sigma backslashes", ".yml", _sigma_rule("CommandLine: '" + "\\" * 100_000 + "'")
    yield "Sigma pattern of brackets", ".yml", _sigma_rule("CommandLine|re: '" + "(" * 20_000 + ")" * 20_000 + "'")
    yield "Sigma pattern that repeats", ".yml", _sigma_rule("CommandLine|re: '((a{1,900}){1,900}){1,900}'")
    yield "Sigma pattern that backtracks", ".yml", _sigma_rule("CommandLine|re: '(a+)+(b|b)*$'")
    yield "Sigma pattern of choices", ".yml", _sigma_rule("CommandLine|re: '" + "|".join(["a"] * 40_000) + "'")
    yield "Sigma network", ".yml", _sigma_rule("CommandLine|cidr: 0.0.0.0/0")
    yield "Sigma networks", ".yml", _sigma_rule("CommandLine|cidr: [" + ",".join(["::/0"] * 15_000) + "]")
    yield "Sigma numbers", ".yml", _sigma_rule("ProcessId: " + "9" * 50_000)
    yield "Sigma hexadecimal", ".yml", _sigma_rule("ProcessId: '0x" + "f" * 50_000 + "'")
    yield "Sigma sexagesimal", ".yml", _sigma_rule("ProcessId: 1" + ":59" * 50_000)
    yield "Sigma deep lists", ".yml", _sigma_rule("CommandLine: " + "[" * 15 + "a" + "]" * 15)
    yield "Sigma deep mappings", ".yml", _sigma_rule("CommandLine: " + "{a: " * 15 + "a" + "}" * 15)
    yield "Sigma field of signs", ".yml", _sigma_rule("'a) or (1==1': b")
    yield (
        "Sigma field in a log",
        ".yml",
        _sigma_rule("'\"]) or true //': b").replace("category: process_creation", "service: system"),
    )
    yield "Sigma value that closes", ".yml", _sigma_rule("CommandLine: '\" or true //'")
    yield "Sigma conditions", ".yml", _sigma_rule("CommandLine: a", "[" + "s," * 20_000 + "s]")
    yield "Sigma tags", ".yml", _sigma_rule("CommandLine: a", tags="[" + ",".join(["attack.t1059"] * 12_000) + "]")
    yield "Sigma empty", ".yml", _sigma_rule("{}")
    yield "Sigma nothing", ".yml", "title: A\nlogsource: {}\ndetection: {}\n"


def _bytes() -> Texts:
    rule = _rule(description="caf\u00e9 \u65e5\u672c")
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7"):
        yield f"in {encoding}", ".yaml", rule.encode(encoding)
    for mark in (b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xef\xbb\xbf"):
        yield f"mark {mark.hex()} before UTF-8", ".yaml", mark + rule.encode()
        yield f"mark {mark.hex()} alone", ".yaml", mark
    yield "marks in the middle", ".yaml", (_rule() + "x: " + "\ufeff" * 1_000).encode()
    yield "zeros", ".yaml", b"\0" * 900_000
    yield "zeros at the end", ".yaml", _rule().encode() + b"\0" * 10
    yield "every byte", ".yaml", bytes(range(256)) * 3_000
    yield "continuation bytes", ".yaml", b"name: x\nquery: T\nx: " + b"\x80" * 190_000
    yield "overlong", ".yaml", b"name: \xc0\xaf\nquery: T\n"
    yield "surrogates in UTF-8", ".yaml", b"name: \xed\xa0\x80\nquery: T\n"
    yield "cut short", ".yaml", _rule(description="caf\u00e9").encode()[:-20] + b"\xc3"
    yield "twice encoded", ".yaml", _rule(description="\u00c3\u0083\u00c2\u00a9" * 20_000).encode()
    yield (
        "twice encoded lines",
        ".md",
        ("# caf\u00c3\u00a9 \u00e2\u20ac\u2122\n" * 20_000 + f"```kql\n{QUERY}\n```").encode(),
    )
    yield "one long foreign line", ".md", ("# \u00c3\u00a9" + "\u00c3\u00a9\u00e2\u20ac" * 60_000).encode()
    yield "combining marks", ".yaml", _rule(name="a" + "\u0301" * 90_000).encode()
    yield "a picture", ".md", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100
    yield "an archive", ".json", b"PK\x03\x04" + bytes(range(256)) * 100


def _escapes() -> Texts:
    for what, text in ESCAPES.items():
        yield f"{what} in a title, written", ".yaml", _rule(name=f'"{text}"')
        yield f"{what} in a title, escaped", ".yaml", _rule(name=json.dumps(text), severity=json.dumps(text))
        yield (
            f"{what} in Sigma",
            ".yml",
            _sigma_rule("CommandLine: a", title=json.dumps(text)).replace("title: A\n", ""),
        )
        yield f"{what} in JSON", ".json", json.dumps({"displayName": text, "queryText": QUERY, "severity": text})
        yield f"{what} in markdown", ".md", f"# {text}\n\n- **Severity:** {text}\n\n```kql\nT{text} | nothing\n```\n"
        yield f"{what} in a header", ".kql", f"// Name: {text}\n// Severity: {text}\n{text} | take 1"


def _queries() -> Texts:
    yield "a query of brackets", ".kql", "print " + "(" * 30_000
    yield "a query of pipes", ".kql", "T" + " | take 1" * 60_000
    yield "a query of quotes", ".kql", 'print "' + 'a" "' * 100_000
    yield "a query of back-ticks", ".kql", "print ```" + "a\n" * 300_000
    yield "a query of names", ".kql", "T | project " + ",".join(f"a{n}" for n in range(60_000))
    yield "a query of one word", ".kql", "a" * 900_000
    yield "a query of minus signs", ".kql", "print " + "-" * 400_000 + "1"
    yield "a query of dots", ".kql", "print a" + ".a" * 200_000
    yield "a query of lets", ".kql", "".join(f"let a{n} = {n};" for n in range(30_000)) + "print 1"
    yield "a query of stars", ".kql", "search " + "*" * 400_000
    yield "a query in a block", ".yaml", _rule().replace(QUERY, "|\n" + "  T | take 1\n" * 12_000)
