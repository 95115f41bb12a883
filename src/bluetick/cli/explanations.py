"""`--explain`: the plan of a query, what it reads, the steps of its program and its times, for people and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import zip_longest
from textwrap import indent

import click

from bluetick.cli.estimates import file_size
from bluetick.cli.grid import visible
from bluetick.cli.writing import compact
from bluetick.execution.estimate import TableEstimate
from bluetick.execution.explaining import Explanation


def print_explanation(found: Sequence[Explanation], form: str) -> None:
    """Each result of a query in turn; any form but 'json' is text."""
    if form == "json":
        click.echo(compact({"results": [asdict(one) for one in found]}))
        return
    for number, one in enumerate(found):
        text = "\n".join(visible(line) for line in _text(one).split("\n"))
        click.echo(text if number == 0 else f"\n{text}")


def _text(one: Explanation) -> str:
    parts = [one.name, "plan", indent(one.plan, "  ")]
    if one.rewrites:
        parts += ["rewrites", *(f"  {name}" for name in one.rewrites)]
    if one.scans:
        parts += ["tables", *(f"  {relation} = {table}" for relation, table in one.scans)]
    if one.reads:
        parts += ["to be read", *(f"  {_read(table)}" for table in one.reads)]
    times = one.ran.steps if one.ran is not None else ()
    for number, (step, seconds) in enumerate(zip_longest(one.steps, times), 1):
        took = "" if seconds is None else f"  {_milliseconds(seconds)}"
        parts.append(f"{number}. {step.does}  [{step.place}]{took}")
        parts += [indent(text, "   ") for text in step.statements]
    parts += ["time", *(f"  {stage}  {_milliseconds(seconds)}" for stage, seconds in one.stages)]
    if one.ran is not None:
        parts.append(f"  open tables  {_milliseconds(one.ran.tables)}")
        parts.append(f"  steps and result  {_milliseconds(sum(times))}, {one.ran.rows:,} rows")
    return "\n".join(parts)


def _read(one: TableEstimate) -> str:
    size = "a size that is not known" if one.bytes is None else file_size(one.bytes)
    counts = [(one.files, "files"), (one.groups, "row groups")]
    of_all = [f"{read:,} of {total:,} {what}" for (read, total), what in counts if total]
    return ", ".join([f"{one.table}: {size} of {len(one.columns)} columns", *of_all])


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:,.1f} ms"
