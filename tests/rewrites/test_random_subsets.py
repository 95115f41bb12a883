"""Random queries of the kinds that are rewritten, each with a random subset of the rewrites left out.

`python -m rewrites.test_random_subsets 2000` asks as many as one wants.
"""

import sys
from random import Random

import pytest
from generated.campaign import SEED
from generated.checks import full_text
from generated.generator import Pipelines
from generated.tables import NOW as GENERATED_NOW
from generated.tables import random_tables

from bluetick.rewrite.rules import REWRITES
from bluetick.session import QueryRequest, Session
from rewrites.tables import NOW, small_tables

COUNT = 120
KEYS = ("k", "n", "s", "t", "r")
KINDS = (
    "leftanti",
    "leftanti",
    "leftsemi",
    "inner",
    "innerunique",
    "leftouter",
    "rightouter",
    "rightsemi",
    "fullouter",
)
AGGREGATES = ("count()", "dcount(n)", "max(t)", "make_set(s, 2)", "make_list(n)", "sum(n)", "countif(n == 2)")
FILTERS = ("n > 1", "t > ago(5h)", "isnotempty(k)", "s == 'x'", "n in (1, 3)", "k != 'a'", "t <= ago(2h)")


class Draw:
    """Queries over the small tables."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - seeded, so that it can be had again

    def query(self) -> str:
        kinds = (self.late, self.windows, self.nested, self.baseline, self.parsed, self.scalars, self.chain, self.chain)
        rows = self.random.choice(kinds)()
        if self.random.random() < 0.7 or rows.startswith("let"):
            return rows
        return f"let X = {rows}; X | union (X | take 5)"

    def some(self, names: tuple[str, ...], least: int = 1, most: int = 3) -> list[str]:
        return self.random.sample(names, self.random.randint(least, most))

    def source(self) -> str:
        filters = "".join(f" | where {one}" for one in self.some(FILTERS, 0, 2))
        return self.random.choice("ABC") + filters

    def groups(self, keys: list[str], name: str) -> str:
        other = f", {self.random.choice(AGGREGATES)}" if self.random.random() < 0.5 else ""
        text = f"{self.source()} | summarize {name} = count(){other} by {', '.join(keys)}"
        return text if self.random.random() < 0.3 else f"{text} | where {name} > {self.random.randint(1, 6)}"

    def chain(self) -> str:
        keys = self.some(KEYS, 2, 4)
        text = self.groups(keys, "c")
        for number in range(self.random.randint(1, 3)):
            on = self.some(tuple(keys), 1, len(keys))
            right = self.groups(on, f"m{number}") if self.random.random() < 0.8 else self.source()
            kind = self.random.choice(KINDS if number else KINDS[:6])
            text += f" | join kind={kind} ({right}) on {', '.join(on)}"
            if kind in ("rightsemi", "rightanti", "rightouter", "fullouter"):
                break
        return text

    def baseline(self) -> str:
        """What is new in the last hour beside what came often, or at all, before."""
        keys = self.some(("k", "n", "s", "r"), 1, 3)
        on = ", ".join(self.some(tuple(keys), 1, len(keys)))
        calls = self.random.choice(("c = count()", "c = dcount(n), d = max(t)", "d = sum(n), c = countif(n > 1)"))
        rows = f"{self.random.choice('ABC')} | where {self.random.choice(('t >= ago(9h)', 't > ago(8h)'))}"
        ends = ("t <= ago(1h)", "t < ago(1h) and n > 0", "t <= ago(2h) and isnotempty(k)", "s != 'y'")
        text = f"{rows} | where {self.random.choice(ends)} | summarize {calls} by {on}"
        text += self.random.choice((f" | where c > {self.random.randint(0, 5)}", "", " | where c >= 2 and c < 9"))
        first = f"{self.source()} | where t >= ago(1h) | summarize x = count() by {', '.join(keys)}"
        kind = "leftanti" if self.random.random() < 0.8 else "leftsemi"
        return f"{first} | join kind={kind} ({text}) on {on}"

    def late(self) -> str:
        by, group = self.random.choice([("t", "k"), ("n", "k, s"), ("n", "k"), ("t", "n")])
        floor = self.random.choice([f"{by} > {'ago(7h)' if by == 't' else '0'}", "s != 'z'"])
        pick = self.random.choice(("arg_max", "arg_min"))
        calls = ", ".join(f"x{i} = {one}" for i, one in enumerate(self.some(AGGREGATES, 1, 3)))
        wanted = self.random.choice(("c > 3", "c between (2 .. 30)", "c > 3 and s != 'y'", "c > 999", "isnotnull(x0)"))
        text = f"{self.source()} | where {floor} | summarize c = count(), {calls}, {pick}({by}, *) by {group}"
        return f"{text} | where {wanted}" if self.random.random() < 0.7 else text

    def nested(self) -> str:
        """Groups of one input by ever more keys."""
        keys = self.some(("k", "n", "s", "t"), 2, 3)
        calls = self.some(
            ("c = count()", "c1 = sum(n)", "c2 = max(t)", "c3 = min(s)", "c4 = max(n)", "c5 = sum(r)"), 1, 3
        )
        legs = [", ".join(keys[:length]) for length in range(self.random.randint(0, 1), len(keys) + 1)]
        texts = [f"(X | summarize {', '.join(calls[: self.random.randint(1, 3)])} by {by})" for by in legs if by]
        texts += ["(X | summarize {})".format(", ".join(calls))] if "" in legs else []
        self.random.shuffle(texts)
        return f"let X = {self.source()}; union {', '.join(texts)}"

    def parsed(self) -> str:
        """Groups of what a pattern takes out of texts."""
        pattern = self.random.choice(
            ("a ':' b ':' c", "':' a ':' b '\\\\' c", "a ':\\\\' b '\\\\' c", "* ':' a ':' b ':' c")
        )
        text = f"P | {self.random.choice(('parse', 'parse', 'parse-where'))} p with {pattern}"
        wanted = ("isnotempty(a)", "b == 'a'", "c startswith 'a'", "b != 'a' and c has 'b'", "n > 1")
        text += "".join(f" | where {one}" for one in self.some(wanted, 1, 2))
        keys = self.some(("a", "b", "c"), 2) + self.some(("x = tolower(b)", "strlen(p)"), 0, 1)
        calls = self.some(("count()", "dcount(c)", "d = dcount(a)", "max(b)", "count_distinct(b)"), 0, 3)
        return f"{text} | summarize {', '.join(calls)} by {', '.join(keys)}"

    def scalars(self) -> str:
        """Queries of one row each, some over the same rows."""
        sources = [self.source() for _ in range(self.random.randint(1, 2))]
        calls = ("count()", "sum(n)", "dcount(k)", "max(n)", "countif(n > 1)", "min(n), sum(n)")
        lets = "".join(
            f"let v{i} = toscalar({self.random.choice(sources)} | summarize {self.random.choice(calls)}); "
            for i in range(self.random.randint(2, 4))
        )
        return f"{lets}{self.source()} | where n < v0 or n > v1 | summarize c = count(), sum(v1) by k, s, n"

    def windows(self) -> str:
        """Over orders with ties; of what the windows give, aggregates or the rows themselves."""
        keys = ", ".join(f"{key} {self.random.choice(('asc', 'desc'))}" for key in self.some(KEYS, 1, 3))
        calls = self.some(
            ("prev(n)", "prev(k)", "next(s)", "next(t, 2)", "row_number()", "row_cumsum(n)", "prev(r)"), 1, 4
        )
        extended = ", ".join(f"w{i} = {one}" for i, one in enumerate(calls))
        text = f"{self.source()} | sort by {keys} | extend {extended}"
        if self.random.random() < 0.5:
            text += f" | where {self.random.choice(FILTERS)}"
        if self.random.random() < 0.5:
            text += " | extend z = strcat(s, n), y = tostring(w0)"
        if self.random.random() < 0.2:
            return text
        groups = ", ".join(self.some((*KEYS, "w0"), 1, 2))
        last = f"max(tostring(w{len(calls) - 1}))"
        return f"{text} | summarize c = count(), x = {last}, {self.random.choice(AGGREGATES)} by {groups}"


def differences(count: int, seed: int = SEED) -> list[str]:
    """What differs from the same query without any rewrite: rows, or their order."""
    draw = Draw(seed)
    found = []
    with Session(tables=small_tables()) as session:
        for _ in range(count):
            without = frozenset(one for one in REWRITES if draw.random.random() < 0.4)
            found += _difference(session, draw.query(), without)
    return found


def _difference(session: Session, text: str, without: frozenset[str]) -> list[str]:
    answers = []
    for names in (frozenset(REWRITES), without):
        (result,) = session.run(QueryRequest(text, now=NOW, without_rewrites=names))
        answers.append([repr(row) for row in result.rows()])
    return [] if answers[0] == answers[1] else [f"{text}\nwithout {sorted(without)}"]


def test_random_subsets_change_nothing() -> None:
    assert differences(COUNT // 4, SEED + 1) == []


@pytest.mark.slow
def test_more_random_subsets_change_nothing() -> None:
    assert differences(COUNT) == []


@pytest.mark.slow
def test_the_generated_queries_are_the_same_without_rewrites() -> None:
    """Of all operators that are generated, not only those that are rewritten."""
    tables = random_tables(SEED)
    random = Random(SEED)  # noqa: S311 - seeded, so that it can be had again
    stored = {f"stored_{table.name}": table.arrow() for table in tables.values() if not table.is_inline}
    with Session(tables=stored) as session:
        for _ in range(COUNT // 3):
            text = full_text(Pipelines(random, tables).pipeline(5), tables)
            without = frozenset(one for one in REWRITES if random.random() < 0.4)
            first, second = (
                [
                    repr(row)
                    for row in session.run(QueryRequest(text, now=GENERATED_NOW, without_rewrites=names))[-1].rows()
                ]
                for names in (frozenset(REWRITES), without)
            )
            assert first == second, f"{text}\nwithout {sorted(without)}"


if __name__ == "__main__":
    print("\n\n".join(differences(int(sys.argv[1]))) or "no difference")
