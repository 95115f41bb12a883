"""Small edits of good queries: nothing fails, and what is reported first does not lie behind the edit's line.

A name that is declared otherwise is noticed where it is used, and a lost opening bracket where it closes: these may
come later, and stay few.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from golden_forms import connect

from bluetick.diagnostics import SourceText
from bluetick.session import Session

SEED = 20240310
EDITS = 200
LATER = ("failed to resolve", "unknown function", "')' closes nothing")
QUERIES = (
    """let floor = 2;
T
| where a > floor and b !contains "x"
| extend c = strcat(b, "-", tostring(a))
| summarize n = count(), top = max(a) by c, day = bin(t, 1d)
| where n >= 3
| sort by n desc""",
    """T
| where t between (datetime(2024-01-01) .. datetime(2024-02-01))
| join kind=leftouter (
    U
    | where i in (1, 2, 3)
    | project a, A, score = r * 2.0
) on a
| project-away a1
| take 10""",
    """let few = (low:long) {
    T
    | where a < low
    | project a, b
};
union few(5), (U | project a, b = A)
| extend kind = case(a == 1, "one", a == 2, "two", "many")
| mv-expand part = split(b, ",") to typeof(string)
| parse kind with first "n" rest
| distinct a, kind, part
| top 5 by a asc""",
    """U
| extend first = d[0], n = array_length(d)
| where isnotempty(tostring(first)) or n > 1
| make-series total = sum(r) default = 0.0 on i from 0 to 10 step 1 by A
| mv-expand i, total
| render timechart""",
)
WORD = re.compile(r"[A-Za-z_]\w*|[|()=,;\"]")
SIGNS = "|()[]{},;.=!<>+-*/'\"a1_ \\"


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a query, and the line (from 1) on which it was edited."""

    text: str
    line: int


def edits() -> Iterator[Edit]:
    chance = random.Random(SEED)  # noqa: S311 - no secret
    kinds = (_drop_character, _change_character, _insert_character, _double_character, _drop_word, _misspell)
    for number in range(EDITS):
        text = QUERIES[number % len(QUERIES)]
        place, edited = kinds[chance.randrange(len(kinds))](text, chance)
        yield Edit(edited, text.count("\n", 0, place) + 1)


def _drop_character(text: str, chance: random.Random) -> tuple[int, str]:
    place = chance.randrange(len(text))
    return place, text[:place] + text[place + 1 :]


def _change_character(text: str, chance: random.Random) -> tuple[int, str]:
    place = chance.randrange(len(text))
    return place, text[:place] + chance.choice(SIGNS) + text[place + 1 :]


def _insert_character(text: str, chance: random.Random) -> tuple[int, str]:
    place = chance.randrange(len(text))
    return place, text[:place] + chance.choice(SIGNS) + text[place:]


def _double_character(text: str, chance: random.Random) -> tuple[int, str]:
    place = chance.randrange(len(text))
    return place, text[:place] + text[place] + text[place:]


def _drop_word(text: str, chance: random.Random) -> tuple[int, str]:
    word = chance.choice(list(WORD.finditer(text)))
    return word.start(), text[: word.start()] + text[word.end() :]


def _misspell(text: str, chance: random.Random) -> tuple[int, str]:
    word = chance.choice([word for word in WORD.finditer(text) if len(word.group()) > 2])
    place = chance.randrange(word.start(), word.end() - 1)
    return place, text[:place] + text[place + 1] + text[place] + text[place + 2 :]


@pytest.fixture(scope="module")
def session() -> Session:
    return connect()


def test_the_queries_are_good(session: Session) -> None:
    assert [session.check(query).diagnostics for query in QUERIES] == [()] * len(QUERIES)


def test_the_first_message_lies_at_the_edit_or_before_it(session: Session) -> None:
    late = []
    wrong = 0
    for edit in edits():
        errors = session.check(edit.text).diagnostics
        if not errors:
            continue
        wrong += 1
        source = SourceText(edit.text)
        assert all(0 <= d.span.start <= d.span.end <= len(edit.text) for d in errors), edit.text
        first = min(source.position(d.span.start)[0] for d in errors)
        if first > edit.line:
            late.append((errors[0].message, edit.text.split("\n")[edit.line - 1]))
    assert wrong >= EDITS // 2
    assert [case for case in late if not case[0].startswith(LATER)] == []
    assert len(late) <= EDITS // 20
