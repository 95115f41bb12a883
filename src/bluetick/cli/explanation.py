"""`bluetick ingest --explain`: what a file is and what would become of it, for people or as JSON."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from bluetick.cli.failures import say
from bluetick.cli.writing import compact
from bluetick.diagnostics.errors import SourceError
from bluetick.ingest.explaining import Explanation, TableExplained, explain_file
from bluetick.ingest.proposals.proposing import ColumnProposal, Proposal
from bluetick.ingest.running import Options, files_of

_WIDTH = 34


def explain(paths: Sequence[Path], options: Options, form: str, write: Path | None) -> None:
    """Prints the explanation of each file; `write` takes the mapping that is proposed for the one unknown log."""
    found = [one for file in files_of(paths, None) for one in explain_file(file, options)]
    for one in found:
        click.echo(compact(_json(one)) if form == "json" else "\n".join(map(_shown, _lines(one))))
    if write is None:
        return
    documents = [one.document for one in found if one.document]
    if len(documents) != 1:
        raise SourceError(f"there are {len(documents)} mappings to write: --write wants one log of no known format")
    with write.open("x", encoding="utf-8") as stream:
        stream.write(documents[0])
    say(f"wrote {write}; edit it, then: bluetick ingest --map {write} --lake LAKE {paths[0]}")


def _lines(one: Explanation) -> Iterator[str]:
    yield f"{one.name}: {one.container}, {one.records:,} records looked at"
    if not one.records:
        yield f"  {one.doubt or 'it holds no records'}"
        return
    for name, count in one.claims:
        chosen = "  <- this format" if name == one.format else ""
        yield f"  format {name}: knows {count:,} of the first {one.asked:,} records{chosen}"
    if one.format and one.format not in dict(one.claims):
        yield f"  read as {one.format}, as you say"
    if one.proposal is not None:
        yield f"  {one.doubt}" if one.doubt else "  of no known log format"
        yield from _proposal_lines(one.proposal)
        return
    for table in one.tables:
        yield from _table_lines(table)
    for reason, count in one.quarantined.most_common():
        yield f"  would be quarantined: {count:,} records: {reason}"
    for note, count in one.notes.most_common():
        yield f"  note: {note}: {count:,}"
    if one.left is None:
        yield "  this format does not tell which fields it leaves out"
    elif one.left:
        yield "  fields that no column takes:"
        yield from (f"    {name:<{_WIDTH}} {fill:>5.0%}  {example}" for name, fill, example in one.left)


def _table_lines(table: TableExplained) -> Iterator[str]:
    yield f"  {table.table}: {table.rows:,} rows"
    filled = {name: count for name, count in table.filled.items() if count}
    yield from (f"    {name:<{_WIDTH}} {count / table.rows:>5.0%}" for name, count in filled.items())
    empty = [name for name in table.filled if name not in filled and name not in table.lacks]
    if empty:
        yield f"    empty here: {', '.join(empty)}"
    yield from (f"    {name} is not to be had: {reason}" for name, reason in table.lacks.items())


def _proposal_lines(proposal: Proposal) -> Iterator[str]:
    best = proposal.best
    if best is None:
        yield "  no table is proposed: the names and values of its fields tell too little"
    for table in proposal.tables:
        yield f"  may become {table.table}: {len(table.used)} of {len(proposal.sample.fields)} fields"
    for column in best.columns if best is not None else ():
        yield from _column_lines(column)
    yield from (f"  not used: {doubt}" for doubt in proposal.doubts)
    if proposal.unmapped:
        yield "  fields that no column takes:"
    for one in proposal.unmapped:
        yield f"    {one.name:<{_WIDTH}} {len(one.values) / proposal.sample.records:>5.0%}  {one.example}"
    if best is not None:
        yield "  --write MAPPING.yaml writes this as a mapping to edit"


def _column_lines(column: ColumnProposal) -> Iterator[str]:
    source = column.source or column.expression
    yield f"    {column.column:<{_WIDTH}} {column.fill:>5.0%}  {source}: {column.reason}"
    if column.source and column.expression != column.source:
        yield f"    {'':<{_WIDTH}}        as {column.expression}"
    if column.ties:
        yield f"    {'':<{_WIDTH}}        may also be: {', '.join(column.ties)}"


def _shown(text: str) -> str:
    """What a log says cannot steer a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _json(one: Explanation) -> dict[str, Any]:
    return {
        "name": one.name,
        "container": one.container,
        "records": one.records,
        "format": one.format or None,
        "claims": [{"format": name, "records": count, "of": one.asked} for name, count in one.claims],
        "tables": [
            {"table": t.table, "rows": t.rows, "filled": dict(t.filled), "lacks": dict(t.lacks)} for t in one.tables
        ],
        "quarantined": dict(one.quarantined),
        "notes": dict(one.notes),
        "left": None if one.left is None else [_field(*found) for found in one.left],
        "proposal": None if one.proposal is None else _proposal_json(one.proposal),
        "mapping": one.document or None,
    }


def _proposal_json(proposal: Proposal) -> dict[str, Any]:
    return {
        "tables": [
            {
                "table": table.table,
                "columns": [
                    {
                        "column": column.column,
                        "expression": column.expression,
                        "field": column.source or None,
                        "reason": column.reason,
                        "fill": column.fill,
                        "ties": list(column.ties),
                    }
                    for column in table.columns
                ],
            }
            for table in proposal.tables
        ],
        "doubts": list(proposal.doubts),
        "unmapped": [
            _field(one.name, len(one.values) / proposal.sample.records, one.example) for one in proposal.unmapped
        ],
    }


def _field(name: str, fill: float, example: str) -> dict[str, Any]:
    return {"field": name, "fill": fill, "example": example}
