"""How published queries fare beside Microsoft's analyzer: `python tools/corpus.py CORPUS ORACLE:SCHEMAS ...`.

CORPUS is a file of lines {"id", "repo", "query"}; each ORACLE one of lines {"id", "columns", "open_schema",
"syntax_errors", "semantic_errors"}, what the analyzer said with the schemas of that name (sentinel, defender). A query
counts once, with the first oracle in which the analyzer binds it without an error. It is understood when it binds and
lowers here without a diagnostic of error; nothing runs. With `--write` the table goes to docs/corpus.md. No text of a
query is printed.
"""

import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import bluetick
from bluetick.diagnostics.errors import QueryError
from bluetick.execution.program import build_program
from bluetick.session import QueryRequest, Session

PAGE = Path(__file__).parents[1] / "docs" / "corpus.md"
WORDS = ("understood", "names", "types", "crash")


def lines(path: str) -> Iterator[dict[str, Any]]:
    with open(path, encoding="utf-8") as file:
        yield from map(json.loads, file)


def bound_by_analyzer(oracles: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Query id -> the schemas and what the analyzer said, of queries that it binds."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for oracle in oracles:
        path, _, schemas = oracle.rpartition(":")
        for row in lines(path):
            if row.get("columns") and not row["syntax_errors"] and not row.get("semantic_errors", 1):
                found.setdefault(row["id"], (schemas, row))
    return found


def outcome(session: Session, query: str, wanted: dict[str, Any]) -> tuple[set[str], float]:
    """What holds of one query, and the seconds that its check took."""
    began = time.perf_counter()
    check = session.check(query)
    seconds = time.perf_counter() - began
    if not check.ok:
        return set(), seconds
    try:
        lower(session, query)
    except QueryError:
        return set(), seconds
    holds = {"understood"}
    is_open = bool(wanted.get("open_schema"))
    if is_open or [name for name, _ in check.columns] == [name for name, _ in wanted["columns"]]:
        holds.add("names")
        if is_open or [list(column) for column in check.columns] == wanted["columns"]:
            holds.add("types")
    return holds, seconds


def lower(session: Session, query: str) -> None:
    plan, _ = session.plan(QueryRequest(query), is_check=True)
    for statement in plan.statements:
        build_program(statement, session.flavour)


def score(corpus: str, oracles: list[str]) -> tuple[dict[str, Counter[str]], list[float]]:
    """Collection -> counts, and the seconds of every check."""
    wanted = bound_by_analyzer(oracles)
    sessions = {schemas: bluetick.connect(schemas=schemas) for schemas in {s for s, _ in wanted.values()}}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    times: list[float] = []
    for row in lines(corpus):
        if row["id"] not in wanted:
            continue
        schemas, analyzed = wanted[row["id"]]
        counts[row["repo"]]["all"] += 1
        try:
            holds, seconds = outcome(sessions[schemas], row["query"], analyzed)
        except Exception as error:
            print(f"crash: {type(error).__name__} in {row['id']}", file=sys.stderr)
            counts[row["repo"]]["crash"] += 1
            continue
        times.append(seconds)
        counts[row["repo"]].update(holds)
    return counts, sorted(times)


def table(counts: dict[str, Counter[str]], times: list[float]) -> str:
    total: Counter[str] = sum(counts.values(), Counter())
    rows = [(f"`{name}`", counts[name]) for name in sorted(counts)] + [("all", total)]
    text = [
        "| collection | queries | understood | equal names | equal types too | crashes |",
        "|---|---|---|---|---|---|",
    ]
    for name, count in rows:
        shares = [f"{100 * count[word] / count['all']:.1f} %" for word in WORDS[:3]]
        text.append(f"| {name} | {count['all']:,} | {' | '.join(shares)} | {count['crash']} |")
    late = times[int(len(times) * 0.99)]
    text += ["", f"One check: median {1000 * median(times):.1f} ms, 99th percentile {1000 * late:.0f} ms."]
    return "\n".join(text)


def main(arguments: list[str]) -> int:
    write = "--write" in arguments
    given = [argument for argument in arguments if argument != "--write"]
    if len(given) < 2 or not all(":" in oracle for oracle in given[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    text = table(*score(given[0], given[1:]))
    print(text)
    if write:
        before, mark, _ = PAGE.read_text(encoding="utf-8").partition("<!-- printed -->\n")
        PAGE.write_text(f"{before}{mark}{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
