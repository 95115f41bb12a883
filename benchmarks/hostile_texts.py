"""Texts that try to make the front end work without end: deep, long, doubling and wide."""

import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain

import bluetick
from bluetick.diagnostics.errors import QueryError
from bluetick.execution.program import ScalarStep, build_program, statements_of
from bluetick.session import QueryRequest, Session
from bluetick.sql.render import render_statement

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _numbers(count: int) -> str:
    return ",".join(map(str, range(count)))


def _texts(count: int) -> str:
    return ",".join(f"'{n}'" for n in range(count))


def _chain(first: str, later: str, count: int, last: str) -> str:
    """Lets that each name the one before: `{before}` and `{name}` stand in `later`."""
    lets = [f"let v0 = {first};"]
    lets += [f"let v{n} = {later.format(before=f'v{n - 1}')};" for n in range(1, count)]
    return "\n".join([*lets, last.format(name=f"v{count - 1}")])


def _piped(head: str, operator: str, count: int) -> str:
    return head + "".join(operator.format(n=n) for n in range(count))


def _nested(head: str, opening: str, inner: str, closing: str, count: int) -> str:
    return head + opening * count + inner + closing * count


HOSTILE: dict[str, Callable[[], str]] = {
    "100,000 parentheses": lambda: _nested("print ", "(", "1", ")", 100_000),
    "95 levels of bin": lambda: _nested("print x = 1 | extend y = ", "bin(", "x", ", 3)", 95),
    "45 conversions inside each other": lambda: _nested("print x = 1 | extend y = ", "toint(tostring(", "x", "))", 45),
    "30 unions of sets": lambda: _nested("print x = dynamic([1]) | extend y = ", "set_union(", "x", ", x)", 30),
    "90 iff": lambda: _nested("print x = 1 | extend y = ", "iff(x == 1, ", "1", ", 2)", 90),
    "90 replacements": lambda: _nested("print x = '' | extend y = ", "replace_string(", "x", ", 'a', 'b')", 90),
    "3,000 nested joins": lambda: _nested("print x = 1", " | join (print x = 1", "", ") on x", 3_000),
    "24 toscalar": lambda: _nested("print x = ", "toscalar(print x = ", "tostring(now())", ")", 24),
    "24 toscalar in filters": lambda: _nested("print x = 1", " | where x == toscalar(print x = 1", "", ")", 24),
    "18 tables of in": lambda: _nested("print x = 1", " | where x in ((print x = 1", "", "))", 18),
    "90 materialize": lambda: _nested("", "materialize(", "print x = 1", ")", 90),
    "300 lets of toscalar": lambda: _chain(
        "tostring(now())", "toscalar(print x = 1 | where tostring(x) == {before})", 300, "print {name}"
    ),
    "10 doubling lets of toscalar": lambda: _chain(
        "tostring(now())", "toscalar(print strcat({before}, {before}))", 10, "print {name}"
    ),
    "400 lets of materialize": lambda: _chain(
        "materialize(print x = 1)", "materialize({before} | where x in ({before}))", 400, "{name}"
    ),
    "60 lets of calls that Python computes": lambda: _chain(
        "print x = 'a'", "{before} | where geo_h3cell_parent(x) in ({before})", 60, "{name}"
    ),
    "40 doubling scalar lets": lambda: _chain("tostring(now())", "strcat({before}, {before})", 40, "print {name}"),
    "40 doubling tabular lets": lambda: _chain("print x = 1", "{before} | union {before}", 40, "{name}"),
    "40 self-joins": lambda: _chain("print x = 1", "{before} | join {before} on x", 40, "{name}"),
    "40 doubling functions": lambda: _chain(
        "() { print x = 1 }", "() {{ union {before}(), {before}() }}", 40, "{name}()"
    ),
    "20 lets of 50 nested calls": lambda: _chain(
        "tostring(now())", "strcat(" * 50 + "{before}" + ", 'a')" * 50, 20, "print {name}"
    ),
    "5,000 lets in a chain": lambda: _chain("1", "{before} + 1", 5_000, "print {name}"),
    "2,000 tabular lets in a chain": lambda: _chain("print x = 1", "{before} | where x == 1", 2_000, "{name}"),
    "a union of 20,000 arms": lambda: "union " + ", ".join(f"(print x={n})" for n in range(20_000)),
    "a union of 9,000 known tables": lambda: "union " + ", ".join(["SecurityEvent"] * 9_000),
    "a union of 2,000 other columns": lambda: "union " + ", ".join(f"(print x{n} = 1)" for n in range(2_000)),
    "100,000 numbers": lambda: f"print x = 1 | where x in ({_numbers(100_000)})",
    "24,000 numbers": lambda: f"print x = 1 | where x in ({_numbers(24_000)})",
    "20,000 texts of in~": lambda: f"print x = '' | where x in~ ({_texts(20_000)})",
    "20,000 texts of has_any": lambda: f"print x = '' | where x has_any ({_texts(20_000)})",
    "24,000 cells": lambda: f"datatable(x: long) [{_numbers(24_000)}]",
    "30,000 dynamic numbers": lambda: f"print x = dynamic([{_numbers(30_000)}])",
    "10,000 cases": lambda: f"print case({','.join(['true, 1'] * 10_000)}, 2)",
    "10,000 keys": lambda: "print bag_pack(" + ",".join(f"'k{n}', 1" for n in range(10_000)) + ")",
    "5,000 captures": lambda: "print x = '' | parse x with " + " ".join(f"'a' c{n}" for n in range(5_000)),
    "390 filters": lambda: _piped("print x = 1", " | where x == {n}", 390),
    "390 new columns": lambda: _piped("print x = 1", " | extend y{n} = x", 390),
    "390 packed rows": lambda: _piped("print x = 1", " | extend y{n} = pack_all()", 390),
    "390 joins": lambda: _piped("print x = 1", " | join (print x = 1) on x", 390),
    "20,000 columns": lambda: "print " + ", ".join(f"y{n} = 1" for n in range(20_000)),
    "1,000 counts": lambda: "print x = 1 | summarize " + ", ".join(["count()"] * 1_000) + " by x",
    "2,000 steps of scan": lambda: "print x = 1 | serialize | scan with (" + "".join(
        f"step s{n}: true;" for n in range(2_000)) + ")",
    "10,000 stars": lambda: "union " + "*" * 10_000,
    "a pattern of repeated repetitions": lambda: "print x = '' | where x matches regex '((a{1,900}){1,900}){1,900}'",
    "3 MB in one text": lambda: "print x = '" + "a" * 3_000_000 + "'",
    "256 KiB of brackets": lambda: "]" * 262_144,
    "256 KiB of bars": lambda: "| " * 131_072,
    "256 KiB of quotes": lambda: '"' * 262_143,
    "256 KiB of backslashes": lambda: "print '" + "\\" * 262_100,
}  # fmt: skip


def outcome(session: Session, text: str) -> str:
    """Parses, binds, lowers and renders: "an answer", or the code of the first diagnostic."""
    try:
        plan, _ = session.plan(QueryRequest(text), is_check=True)
        for statement in plan.statements:
            program = build_program(statement, session.flavour)
            scalars = {step.parameter: None for step in program.steps if isinstance(step, ScalarStep)}
            for one in (*chain.from_iterable(map(statements_of, program.steps)), program.result.statement):
                render_statement(one, session.engine.dialect, {"now": _NOW, **scalars})
    except QueryError as error:
        return error.diagnostics[0].code
    return "an answer"


def main(name: str) -> None:
    """One text in a process of its own: seconds of the processor, megabytes that came on top, what came out."""
    session = bluetick.connect()
    outcome(session, "SecurityEvent | where EventID == 1 | summarize count() by Computer")  # loads what is needed
    text = HOSTILE[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    result = outcome(session, text)
    seconds = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{name}\t{seconds:.2f}\t{grown:.0f}\t{result}")


if __name__ == "__main__":
    main(sys.argv[1])
