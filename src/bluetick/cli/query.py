"""`bluetick query`: one text, its rows."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bluetick.binder.schema import FILE_PROFILE
from bluetick.cli.failures import FAILED, RAN, explain, say
from bluetick.cli.instants import resolve_now
from bluetick.cli.options import DataOptions, Moment, PairType, data_options, now_option
from bluetick.cli.parameters import parameter_values
from bluetick.cli.writing import FORMATS, Target, write_result
from bluetick.diagnostics import SourceText
from bluetick.diagnostics.errors import QueryError
from bluetick.enrichment.profiles import FileProfileProvider
from bluetick.execution.result import Result
from bluetick.session import QueryRequest


@click.command()
@click.argument("text", required=False)
@click.option("-f", "--file", type=click.Path(path_type=Path), help="Read the query from a file.")
@data_options
@now_option
@click.option("--param", "params", multiple=True, type=PairType("NAME=VALUE"), help="A declared query parameter.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How rows are written."
)
@click.option("--estimate", is_flag=True, help="Only tell what would be read of each table; nothing is run.")
@click.option(
    "--explain", "shows_plan", is_flag=True, help="Only tell the plan, what is to be read, and each step with its SQL."
)
@click.option("--analyze", is_flag=True, help="Tell that, run the query without its rows, and tell each step's time.")
@click.option("--output", type=click.Path(path_type=Path), help="Write there instead of to standard output.")
def query(  # noqa: PLR0913 - one for each option
    *,
    text: str | None,
    file: Path | None,
    data: DataOptions,
    now: Moment,
    params: tuple[tuple[str, str], ...],
    form: str,
    estimate: bool,
    shows_plan: bool,
    analyze: bool,
    output: Path | None,
) -> int:
    """Run a KQL query and print its rows.

    The query is TEXT, a file (-f), or standard input (-).

    \b
    bluetick query 'print 1'
    bluetick query --table DeviceNetworkEvents=logs/ 'DeviceNetworkEvents | summarize count() by DeviceName'
    """
    if form == "parquet" and output is None:
        raise click.UsageError("--format parquet needs --output FILE")
    request = read_request(text, file)
    try:
        if estimate:
            return _estimate(request, data, now, form)
        if shows_plan or analyze:
            return _explain(request, data, now, params, Explained(form, runs=analyze))
        _answer(request, data, now, params, Target(form, output))
    except QueryError as error:  # one without a source, as a failed assert, does not say of what it speaks
        say(explain(error, request.name))
        return FAILED
    return RAN


def _estimate(request: QueryRequest, data: DataOptions, now: Moment, form: str) -> int:
    from bluetick.cli.estimates import print_estimate  # noqa: PLC0415 - only this option needs it

    with data.open() as session:
        instant = resolve_now(session, now, request.text)
        print_estimate(request.name, None, session.estimate(replace(request, now=instant)), form)
    return RAN


@dataclass(frozen=True, slots=True)
class Explained:
    """The form of an explanation, and whether the query runs for it."""

    form: str
    runs: bool


def _explain(
    request: QueryRequest, data: DataOptions, now: Moment, params: Sequence[tuple[str, str]], wanted: Explained
) -> int:
    from bluetick.cli.explanations import print_explanation  # noqa: PLC0415 - only this option needs it

    with data.open() as session:
        plan, _ = session.plan(request, is_check=not wanted.runs)
        request = replace(request, parameters=parameter_values(plan, params))
        request = replace(request, now=resolve_now(session, now, request.text))
        print_explanation(session.explain(request, runs=wanted.runs), wanted.form)
    return RAN


def _answer(
    request: QueryRequest, data: DataOptions, now: Moment, params: Sequence[tuple[str, str]], target: Target
) -> None:
    with data.open() as session:
        plan, warnings = session.plan(request)
        source = SourceText(request.text, request.name)
        for warning in warnings:
            say(str(QueryError((warning,), source)))
        request = replace(request, parameters=parameter_values(plan, params))
        instant: datetime | None = resolve_now(session, now, request.text)
        _write(session.run(replace(request, now=instant)), target)
        chain = session.providers.get(FILE_PROFILE)
        if chain is not None:
            _say_note(chain)


def _say_note(provider: FileProfileProvider) -> None:
    from bluetick.enrichment.profile_chain import ProfileChain  # noqa: PLC0415 - most queries have no provider

    if isinstance(provider, ProfileChain) and provider.was_asked and provider.note:
        say(f"note: {provider.note}")


def _write(results: list[Result], target: Target) -> None:
    """Every result as a table under its name (`fork`, `facet`, several statements); elsewhere the last one alone."""
    shows_all = target.form == "table" and target.output is None
    if len(results) > 1 and not shows_all:
        say(f"the query has {len(results)} results; the last one is written")
    for number, result in enumerate(results, 1):
        if not shows_all and number < len(results):
            result.close()
            continue
        if len(results) > 1 and shows_all:
            click.echo(f"{chr(10) if number > 1 else ''}{result.name}")
        write_result(result, target)


def read_request(text: str | None, file: Path | None) -> QueryRequest:
    """The request of a command line: TEXT, a file, or - for standard input."""
    if (text is None) == (file is None):
        raise click.UsageError("give a query: TEXT, -f FILE, or - to read it from standard input")
    if file is not None:
        return QueryRequest(_decoded(file.read_bytes(), str(file)), name=str(file))
    if text == "-":
        return QueryRequest(_decoded(sys.stdin.buffer.read(), "standard input"), name="standard input")
    return QueryRequest(text or "")


def _decoded(data: bytes, name: str) -> str:
    """The text of a file, whatever Unicode encoding it has; what is not text is refused."""
    from bluetick.detections.documents.decoding import decode  # noqa: PLC0415 - a query on the command line needs none

    decoded: Any = decode(data, name)
    errors = [d for d in decoded.diagnostics if d.is_error]
    if errors:
        raise QueryError(errors)
    return str(decoded.text)
