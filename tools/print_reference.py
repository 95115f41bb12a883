"""The pages that the code prints: `python tools/print_reference.py [--write]`.

docs/functions.md has every function and operator, docs/compatibility.md what differs from Kusto and what is refused,
docs/diagnostics.md every code of a message beside the codes that Kusto and its analyzer have for it.
With --write the pages are put in; without it they are compared, and differences are listed with exit code 1.
"""

import difflib
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import bluetick
from bluetick.binder.operators.evaluate import PLUGINS
from bluetick.diagnostics.kusto_codes import DOCUMENT_CODES, QUERY_CODES, KustoCode
from bluetick.functions import language, refusals
from bluetick.functions.definition import (
    AggregateFunction,
    Nulls,
    Parameter,
    ScalarFunction,
    Signature,
    WindowFunction,
)
from bluetick.functions.registry import CATALOGUE, is_known
from bluetick.syntax.pipeline_parser import OPERATORS
from bluetick.types import ANY_SCALAR, NOT_DYNAMIC, NUMBER, Type

ROOT = Path(__file__).parents[1]
Function: TypeAlias = ScalarFunction | AggregateFunction | WindowFunction

_NULLS = {
    Nulls.PROPAGATE: "A null argument gives null.",
    Nulls.NEVER: "The result is never null.",
    Nulls.OWN: "Nulls: as said above or shown below.",
}
_SETS = {frozenset(ANY_SCALAR): "any", frozenset(NUMBER): "number", frozenset(NOT_DYNAMIC): "any but dynamic"}
# What may stand behind a refused operator: it is read before it is refused.
_CONTINUATIONS = ("", " by x", " (take 1)", " with (step s: true => y = 1;)")
_STATEMENTS = ("declare pattern", "alias database", "restrict access")
_REFUSALS = frozenset({"BTK0100", "BTK0105", "BTK0106", "BTK0107"})
_NO_TABLE = frozenset({"BTK0106", "BTK0107", "BTK0108", "SEM0260", "SEM0011"})

_FUNCTIONS_HEAD = """\
# Functions

Every function and operator that bluetick runs, the same on DuckDB and on Spark. The examples are run by the tests, on
both engines. `[x: type]` may be left out, `...` repeats, and `number` is an int, long, real or decimal. What is
refused, and what differs from Kusto as a whole, stands in [compatibility.md](compatibility.md). This page is printed
by `make reference`.
"""

_COMPATIBILITY_HEAD = """\
# What differs from Kusto

A query is to give Kusto's rows, or to be refused by name with the place in the text. This page holds what is known to
differ. It is printed by `make reference` from the catalogue of functions.

## Time and numbers

* Times and timespans have microseconds. Kusto's tick is 100 ns: what is finer is cut off.
* A datetime lies in the years 1 to 9999, in UTC.
* A decimal has up to 38 digits, and 18 behind the point unless the literal or the schema says otherwise. Overflow is
  an error.

## What Kusto leaves open

Kusto may answer these differently each time. Here the answer is fixed, the same on every engine and in every run.

* "The smallest row" below is the smallest by the input's columns in the order of the schema. Nulls come first; strings
  compare by their UTF-8 bytes; false comes before true; NaN comes after null; dynamic values compare by their JSON
  text, its keys in order.
* Ties of `arg_max` and `arg_min`: the smallest row.
* `take_any`: the smallest row.
* `join kind=innerunique`, the default: of the left rows with one key, the smallest stays.
* `make_set`: ascending, and cut to its size after that.
* `make_list`, `take`, ties of `sort`, and results without a `sort`: in the order of the smallest row first, where the
  difference can be seen.
* `scan`: rows come in the order of their records, and of one record the last step first; a record that `output=last`
  gives stands in its own place.
* `make-graph`: a node with several rows in one table has the smallest; of two tables the first one's value, unless it
  is null or empty. `graph-shortest-paths` gives the path that is first by the order of the edges' rows.
  `graph-mark-components` counts the components in the order of their smallest id.

## What a run reads

* A document that runs, and a query that is given a `now`, reads only rows older than that; a document with a lookback
  reads no further back. A table without a time column is read whole. `now` is one instant for the whole query.
* A query reads the tables that are registered here. A table of another database, cluster or workspace is the table of
  that name here, with a warning.
* A column that the files lack is null, or `""` for a string.
* What Python computes (`scan`, series, shapes, patterns in tables, graphs) takes at most 1,000,000 rows or different
  arguments; more are an error.
* Beside the state of a step of `scan` only simple functions may stand (comparison, arithmetic, `iff`, tests of text);
  over the record alone, all of them.
* A graph has at most 1,000,000 nodes and as many edges, `graph-match` and `graph-shortest-paths` give at most as many
  matches; more are an error. Without `cycles=none` a path may lead back to where it began, and an edge in either
  direction that joins a node to itself is met once.

## Plugins

* `autocluster`, `diffpatterns`, `diffpatterns_text`: the product's search is not published in full. Here it is fixed
  and repeatable, and its counts are exact, but it may choose other patterns.
* `basket`: all closed patterns, largest first, with no sampling; an error where the search grows too large.
* Activity plugins count exactly. A period without rows gives no row, except in `new_activity_metrics`, which gives
  every pair of periods from its start to its end. Without a start and an end, periods are multiples of the step.
* `session_count`: periods count from zero.
* `sequence_detect`: a step may have the same time as the one before if it is another row; all combinations in the
  windows are given.
* `funnel_sequence`: repeated states count once; prev and next are the neighbouring runs.
* `dcount_intersect`, `estimate_rows_count`: exact.
* `preview`, `funnel_sequence`: only the first table is given.
"""

_REFUSED_HEAD = """\
## What is refused

The message names the function or the operator, the place and the reason. [language.md](language.md) has every name.
Some forms of an operator that runs are refused in the same way (`BTK0107`). `bluetick check` tells for a whole folder
of rules.
"""


# --- values and signatures as text -----------------------------------------------------------------------------


def value_text(value: object) -> str:
    """A value as KQL would write it."""
    match value:
        case None:
            return "null"
        case float() if value != value or abs(value) == float("inf"):  # noqa: PLR0124 - NaN
            return f"real({'nan' if value != value else '+inf' if value > 0 else '-inf'})"  # noqa: PLR0124
        case datetime():
            return f"datetime({value.replace(tzinfo=None).isoformat(sep=' ')})"
        case timedelta():
            return f"time({_timespan(value)})"
        case UUID():
            return f"guid({value})"
        case Decimal():
            return f"decimal({value})"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _timespan(value: timedelta) -> str:
    sign, micros = ("-" if value < timedelta(0) else ""), abs(value) // timedelta(microseconds=1)
    seconds, fraction = divmod(micros, 1_000_000)
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return sign + (f"{days}." if days else "") + clock + (f".{fraction:06}" if fraction else "")


def _types(types: Iterable[Type]) -> str:
    found = frozenset(types)
    return _SETS.get(found) or "|".join(str(t) for t in Type if t in found)


def _parameter(parameter: Parameter) -> str:
    text = f"{parameter.name}: {'constant ' if parameter.constant else ''}{_types(parameter.types)}"
    if parameter.repeat > 1:
        text += ", ..."
    return f"[{text}]" if parameter.optional else text


def _returns(signature: Signature) -> str:
    """The types that the result may have."""
    if isinstance(signature.returns, Type):
        return str(signature.returns)
    required = [p.types for p in signature.parameters if not p.optional]
    return _types(signature.result(types) for types in product(*required))


def signature_text(name: str, signature: Signature) -> str:
    return f"{name}({', '.join(map(_parameter, signature.parameters))}) -> {_returns(signature)}"


# --- docs/functions.md -----------------------------------------------------------------------------------------


def _examples(function: Function) -> Iterator[str]:
    """A line each; a table that several read stands once, in front of them."""
    verb = "| extend " if isinstance(function, WindowFunction) else "| summarize "
    source = ""
    for example in function.examples:
        if example.over != source:
            source = example.over
            yield source
        gap = f"  // not on Spark: {example.gap}" if example.gap else ""
        yield f"{verb if source else ''}{example.expression} -> {value_text(example.value)}{gap}"


def _entry(function: Function) -> Iterator[str]:
    yield f"### `{function.name}`\n"
    also = f" Also written {', '.join(f'`{alias}`' for alias in function.aliases)}." if function.aliases else ""
    yield f"{function.summary}{also}\n"
    yield "```"
    yield from (signature_text(function.name, signature) for signature in function.signatures)
    yield "```\n"
    if isinstance(function, ScalarFunction):
        yield f"{_NULLS[function.nulls]}\n"
    if function.differs:
        yield f"Differs from Kusto: {function.differs}\n"
    if function.examples:
        yield "```kusto"
        yield from _examples(function)
        yield "```\n"


def _once(functions: Iterable[Function]) -> list[Function]:
    """Each once, whatever its aliases, by name."""
    return sorted({id(f): f for f in functions}.values(), key=lambda f: f.name)


def functions_page() -> str:
    scalars = _once(CATALOGUE.scalars.values())
    sections = {
        "Operators": [f for f in scalars if not is_known(f.name)],
        "Scalar functions": [f for f in scalars if is_known(f.name)],
        "Aggregate functions": _once(CATALOGUE.aggregates.values()),
        "Window functions": _once(CATALOGUE.windows.values()),
    }
    lines = [_FUNCTIONS_HEAD]
    for title, functions in sections.items():
        lines.append(f"## {title}\n")
        lines += [line for function in functions for line in _entry(function)]
    lines.append("## Parts of the language\n")
    lines.append("These read more than their arguments' values, so the binder knows them by itself.\n")
    lines.append(_names((language.SCALARS | language.AGGREGATES) - _catalogued() - refused_functions()))
    return "\n".join(lines)


def _catalogued() -> set[str]:
    return {*CATALOGUE.scalars, *CATALOGUE.aggregates, *CATALOGUE.windows}


# --- docs/compatibility.md -------------------------------------------------------------------------------------


def _names(names: Iterable[str]) -> str:
    return _wrapped(", ".join(f"`{name}`" for name in sorted(names)) + ".") + "\n"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 118, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _codes(session: bluetick.Session, text: str) -> set[str]:
    return {diagnostic.code for diagnostic in session.check(text).diagnostics}


def _is_refused(session: bluetick.Session, name: str) -> bool:
    """No form of a call gets past its name."""
    calls = [f"print {name}()"] if name in language.SCALARS else []
    if name in language.AGGREGATES:
        calls += [f"print x = 1 | summarize {name}({arguments})" for arguments in ("x", "x, 50")]
    if any(not _codes(session, call) & _REFUSALS for call in calls):
        return False
    return bool(_codes(session, f"{name}('x') | count") & _NO_TABLE)


def refused_functions() -> set[str]:
    with bluetick.connect() as session:
        known = (language.SCALARS | language.AGGREGATES) - _catalogued()
        return {name for name in known if _is_refused(session, name)}


def refused_operators() -> set[str]:
    with bluetick.connect() as session:
        return {
            name
            for name in (*OPERATORS, *_STATEMENTS)
            if any("BTK0100" in _codes(session, text) for text in _uses(name))
        }


def _uses(name: str) -> Iterator[str]:
    if name in _STATEMENTS:
        yield f"{name} x; print 1"
    else:
        yield from (f"print x = 1 | {name}{rest}" for rest in _CONTINUATIONS)


def compatibility_page() -> str:
    lines = [_COMPATIBILITY_HEAD, "## Functions\n"]
    differences: dict[str, list[str]] = {}
    for functions in (CATALOGUE.scalars, CATALOGUE.aggregates, CATALOGUE.windows):
        for function in _once(functions.values()):
            if function.differs:
                differences.setdefault(function.differs, []).append(f"`{function.name}`")
    lines += [_wrapped(f"* {', '.join(names)}: {differs}", "  ") for differs, names in differences.items()]
    lines += ["", _REFUSED_HEAD]
    return "\n".join(lines)


# --- docs/language.md ------------------------------------------------------------------------------------------

_LANGUAGE_HEAD = """\
# The language, name by name

Every operator, function, aggregate and plugin that Kusto has, and whether it runs here. What is refused has its reason,
which the message gives too. Forms of an operator that are refused have a message of their own (`BTK0107`). What runs
but differs stands in [compatibility.md](compatibility.md), what each function does in [functions.md](functions.md).
This page is printed by `make reference`.
"""
# Names that stand only where their operator lets them.
_INSIDE = frozenset({"cluster", "database", "external_table", "materialized_view"})


def language_page() -> str:
    functions = refused_functions() - _INSIDE
    parts = {
        "Operators and statements": (
            {*OPERATORS, *_STATEMENTS},
            refused_operators() | {"macro-expand", "reduce"},
            refusals.OPERATORS,
        ),
        "Scalar and window functions": (language.SCALARS, functions, refusals.FUNCTIONS),
        "Aggregate functions": (language.AGGREGATES, functions, refusals.FUNCTIONS),
        "Plugins of evaluate": ({*PLUGINS, *refusals.PLUGINS}, set(refusals.PLUGINS) - set(PLUGINS), refusals.PLUGINS),
    }
    lines = [_LANGUAGE_HEAD]
    for title, (names, refused, reasons) in parts.items():
        here = sorted(set(names) & refused)
        lines += [f"## {title}\n", f"{len(set(names)) - len(here)} run, {len(here)} are refused.\n"]
        lines.append(_names(set(names) - refused))
        if here:
            lines += ["| refused | because |", "|---|---|"]
            lines += [f"| `{name}` | {reasons[name]} |" for name in here]
            lines.append("")
    return "\n".join(lines)


# --- docs/diagnostics.md ---------------------------------------------------------------------------------------

_DIAGNOSTICS_HEAD = """\
# Codes of messages

Every code that a message may have. `SYN` is a text that cannot be read, `SEM` a query that means nothing, `BTK` what
only this program says. Beside each stand the codes that Kusto has for the same mistake: those that its engine has been
seen to give (it has no published list; `=` is the same code as ours), and those of Microsoft's analyzer, which editors
show. This page is printed by `make reference`.
"""


def diagnostics_page() -> str:
    return "\n".join(
        [
            _DIAGNOSTICS_HEAD,
            "## Queries\n",
            "| code | meaning | Kusto's engine | the analyzer |",
            "|---|---|---|---|",
            *map(_code_row, QUERY_CODES),
            "",
            "## Rule documents\n",
            "| code | meaning |",
            "|---|---|",
            *(f"| `{row.code}` | {row.meaning} |" for row in DOCUMENT_CODES),
        ]
    )


def _code_row(row: KustoCode) -> str:
    engine = ", ".join("=" if code == row.code else f"`{code}`" for code in row.engine)
    return f"| `{row.code}` | {row.meaning} | {engine} | {', '.join(f'`{code}`' for code in row.analyzer)} |"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--write"]):
        print("usage: print_reference.py [--write]", file=sys.stderr)
        return 2
    stale = False
    pages = {
        "functions.md": functions_page(),
        "compatibility.md": compatibility_page(),
        "language.md": language_page(),
        "diagnostics.md": diagnostics_page(),
    }
    for name, page in pages.items():
        path, after = ROOT / "docs" / name, page.rstrip("\n") + "\n"
        if arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(after, encoding="utf-8")
            continue
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        difference = difflib.unified_diff(before.splitlines(), after.splitlines(), name, "the catalogue", lineterm="")
        lines = list(difference)
        stale = stale or bool(lines)
        print("\n".join(lines), end="\n" if lines else "")
    if stale:
        print("run: make reference", file=sys.stderr)
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
