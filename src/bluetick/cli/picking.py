"""`-k`: which names are meant, by words that they hold, joined by and, or, not as pytest has it."""

from dataclasses import dataclass

_JOINERS = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Picker:
    """Any of some groups of words; of a group all must be in the name, or not be in it where so said."""

    groups: tuple[tuple[tuple[str, bool], ...], ...]

    def picks(self, name: str) -> bool:
        folded = name.casefold()
        return any(all((word in folded) is wanted for word, wanted in group) for group in self.groups)


EVERY = Picker(((),))


def parse_pick(text: str) -> Picker | None:
    """The picker, or None where the text is none. Words beside each other must stand so in the name."""
    groups = []
    for alternative in _split(text.casefold().split(), "or"):
        group = []
        for term in _split(alternative, "and"):
            is_wanted = term[:1] != ["not"]
            words = term if is_wanted else term[1:]
            if not words or _JOINERS & set(words):
                return None
            group.append((" ".join(words), is_wanted))
        groups.append(tuple(group))
    return Picker(tuple(groups))


def _split(words: list[str], joiner: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == joiner:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts
