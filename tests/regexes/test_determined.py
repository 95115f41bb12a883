r"""Patterns that RE2 reads in one go: what becomes of them, and that they find the same in all texts."""

from itertools import product

import duckdb
import pytest

from bluetick.functions.regexes.determined import determined
from bluetick.functions.scalar.regex import quote

GAP, CAUGHT = "(?:.*?)", "(.*?)"


def _pattern(*pieces: str) -> str:
    r"""(?s)\A...\z with each of the pieces, of which all but gaps are literal texts."""
    inside = (piece if piece in (GAP, CAUGHT) else f"(?:{quote(piece)})" for piece in pieces)
    return rf"(?s)\A{''.join(inside)}\z"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((CAUGHT, ",", GAP), r"(?s)\A([^\,]*)\,"),
        ((GAP, ",", CAUGHT), r"(?s)\A[^\,]*\,(.*)\z"),
        ((CAUGHT, ", ", GAP), r"(?s)\A(.*?)\,\ ".replace(r"\ ", " ")),
        ((GAP, ":=", CAUGHT, ";", GAP), r"(?s)\A[^\:]*\:(?:\:|[^\:\=][^\:]*\:)*\=([^\;]*)\;"),
        ((GAP, "aa", CAUGHT, "\n", GAP), r"(?s)\A(?:.*?)aa([^\x0a]*)\x0a"),
        (("k=", CAUGHT, ";"), r"(?s)\Ak\=(.*?)\;\z"),
        ((CAUGHT, ";", GAP, "."), r"(?s)\A([^\;]*)\;(?:.*?)\.\z"),
        ((CAUGHT,), r"(?s)\A(.*)\z"),
    ],
)
def test_what_becomes_of_a_pattern(pieces: tuple[str, ...], expected: str) -> None:
    assert determined(_pattern(*pieces)) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?s)\A(.*?)(?:\:)(?:[-+]?[0-9]+)\z",  # a number's shape
        r"(?s)\A(.*?)(?:a)(?:b)\z",  # two texts side by side: the first place of both
        r"(?s)\A(.*?)(.*?)\z",
        r"(?s)\A(?:.*?)(a)(?:.*?)\z",
        r"(?i)\A(.*?)(?:a)(?:.*?)\z",
        r"(?s)\A(.*?)(?:\d)(?:.*?)\z",
        r"(?s)\A(.*?)(?:a)(?:.*?)",
        r"(?s)\A\z",
        "[a-z]+",
    ],
)
def test_other_patterns_stay(pattern: str) -> None:
    assert determined(pattern) == pattern


SHAPES = [
    (GAP, "ab", GAP, "b", GAP),
    (GAP, "ab", GAP, "ba", GAP),
    (GAP, "ab", GAP, "ab"),
    (GAP, "aa", GAP, "b"),
    (GAP, "b", GAP, "ab"),
    ("a", GAP, "ab", GAP),
    ("ab", GAP, "b"),
    (GAP, "aba", GAP, "b", GAP),
    (GAP, "é", GAP, "aé", GAP),
    (GAP, "\n", GAP, "a\n", GAP),
]


def _catching(shape: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The shape with each gap caught in turn."""
    places = [place for place, piece in enumerate(shape) if piece == GAP]
    return [(*shape[:place], CAUGHT, *shape[place + 1 :]) for place in places]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_the_same_is_found_in_all_texts(shape: tuple[str, ...]) -> None:
    """All texts of at most 7 characters of those in the pattern and one other; RE2 is asked both ways."""
    letters = sorted({*"".join(piece for piece in shape if piece != GAP), "x"})
    texts = ["".join(one) for length in range(8 if len(letters) < 4 else 7) for one in product(letters, repeat=length)]
    connection = duckdb.connect()
    connection.execute("CREATE TABLE texts AS SELECT unnest($texts) AS t", {"texts": texts})
    for pieces in _catching(shape):
        old = _pattern(*pieces)
        new = determined(old)
        assert new != old
        count = "SELECT count(*), count(*) FILTER (regexp_matches(t, $old)), "
        same = "count(*) FILTER (regexp_matches(t, $old) = regexp_matches(t, $new)), "
        caught = "count(*) FILTER (regexp_extract(t, $old, 1) = regexp_extract(t, $new, 1)) FROM texts"
        found = connection.execute(count + same + caught, {"old": old, "new": new}).fetchone()
        assert found is not None
        rows, matching, alike, equal = found
        assert 0 < matching < rows
        assert (alike, equal) == (rows, rows), new
    connection.close()
