"""`--explain`: the plan of a query and the steps of its program, for people and as a line of JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from textwrap import indent

import click

from bluetick.cli.grid import visible
from bluetick.cli.writing import compact
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
    if one.scans:
        parts += ["tables", *(f"  {relation} = {table}" for relation, table in one.scans)]
    for number, step in enumerate(one.steps, 1):
        parts.append(f"{number}. {step.does}  [{step.place}]")
        parts += [indent(text, "   ") for text in step.statements]
    return "\n".join(parts)
