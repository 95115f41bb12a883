"""`bluetick compare`: whether engines give the same rows, over a sample of one's own data."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from bluetick.cli.compared import Compared, difference_lines, json_line, print_compared
from bluetick.cli.failures import FAILED, RAN, explain, is_interrupt, say
from bluetick.cli.instants import resolve_now
from bluetick.cli.options import DataOptions, DurationType, Moment, PairType, data_options, now_option
from bluetick.cli.page import new_console
from bluetick.cli.parameters import parameter_values
from bluetick.cli.query import read_request
from bluetick.cli.run import failure
from bluetick.cli.writing import whole_file
from bluetick.detections.comparing import Sample, Side, Verdict, compare_request, keep_sample, scoped
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, read_documents
from bluetick.detections.runs import newest_instant, query_request
from bluetick.diagnostics import Severity
from bluetick.diagnostics.errors import BluetickError
from bluetick.session import QueryRequest


class EnginesType(click.ParamType[Any]):
    """Two or more engines, the first of which the others are held against."""

    name = "ENGINE,ENGINE..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        engines = value if isinstance(value, tuple) else tuple(part.strip() for part in str(value).split(","))
        if len(engines) < 2 or not all(engines):
            self.fail("name two engines or more, such as duckdb,local[2]", param, ctx)
        if len(set(engines)) < len(engines):
            self.fail("name each engine once", param, ctx)
        if len([engine for engine in engines if engine != "duckdb"]) > 1:
            self.fail("a process holds one Spark master: compare each with duckdb", param, ctx)
        return engines


class FilesType(click.ParamType[Any]):
    """A number of files from 1, or a share of them below 1."""

    name = "N|SHARE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | float:
        text = str(value)
        try:
            wanted: int | float = int(text) if text.isdigit() else float(text)
        except ValueError:
            wanted = 0
        if not (wanted >= 1 if isinstance(wanted, int) else 0 < wanted < 1):
            self.fail(f"'{text}' is neither a number of files (3) nor a share of them (0.1)", param, ctx)
        return wanted


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What is compared, and what counts as equal."""

    now: Moment
    sample: Sample
    tolerance: float
    allow_empty: bool


@click.command()
@click.argument("documents", nargs=-1, metavar="[DOC|DIR...]", type=click.Path(path_type=Path))
@click.option("--query", "text", metavar="TEXT", help="Compare this KQL query instead of documents; - reads it.")
@click.option("-f", "--file", type=click.Path(path_type=Path), help="Compare the query of a file.")
@click.option("--engines", type=EnginesType(), required=True, help="Engines to compare, such as duckdb,local[2].")
@data_options
@now_option
@click.option("--param", "params", multiple=True, type=PairType("NAME=VALUE"), help="A declared query parameter.")
@click.option("--window", type=DurationType(), help="Read no more than this time back from now, such as 1d.")
@click.option("--sample-files", type=FilesType(), help="Read so many files of each table, or this share of them.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    metavar="T",
    help="Reals may differ by T times the larger of 1 and their size. Default: not at all.",
)
@click.option("--allow-empty", is_flag=True, help="Let a comparison over no rows pass.")
@click.option(
    "--differences", type=click.Path(path_type=Path), metavar="FILE", help="Write what differs, as JSON lines."
)
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
def compare(  # noqa: PLR0913 - one for each option
    *,
    documents: Sequence[Path],
    text: str | None,
    file: Path | None,
    engines: tuple[str, ...],
    data: DataOptions,
    now: Moment,
    params: tuple[tuple[str, str], ...],
    window: timedelta | None,
    sample_files: float | None,
    tolerance: float,
    allow_empty: bool,
    differences: Path | None,
    form: str,
) -> int:
    """Prove that engines give the same rows.

    Rule documents, or a query, run on each engine over the same sample of your data; columns, types and rows are
    compared in their order. Exit code 0: all equal; 1: something differs, was refused, or nothing was compared.

    \b
    bluetick compare rules/ --engines duckdb,local[2] --lake logs --window 1d
    bluetick compare --query 'VMConnection | count' --engines duckdb,spark://HOST:7077 --lake logs
    """
    if bool(documents) == (text is not None or file is not None):
        raise click.UsageError("give documents, or a query by --query TEXT or -f FILE")
    if data.engine != "duckdb":
        raise click.UsageError("compare takes --engines, not --engine")
    options = CompareOptions(now, Sample(window, sample_files), tolerance, allow_empty)
    with ExitStack() as stack:
        sides, counts = _open(stack, data, engines, options.sample)
        comparing = _Comparing(sides, counts, options)
        found = comparing.query(read_request(text, file), params) if not documents else comparing.documents(documents)
        return _tell(found, options, form, differences)


def _open(
    stack: ExitStack, data: DataOptions, engines: Sequence[str], sample: Sample
) -> tuple[list[Side], dict[str, int]]:
    """A session for each engine over the same files, and how many files there were."""
    sides = [Side(engine, stack.enter_context(replace(data, engine=engine).open())) for engine in engines]
    counts = [keep_sample(side.session.catalog, sample.files) for side in sides]
    return sides, counts[0]


@dataclass(frozen=True, slots=True)
class _Comparing:
    sides: list[Side]
    counts: dict[str, int]
    options: CompareOptions

    def query(self, request: QueryRequest, params: Sequence[tuple[str, str]]) -> Iterator[Compared]:
        session = self.sides[0].session
        plan, _ = session.plan(request, is_check=True)
        instant = resolve_now(session, self.options.now, request.text) or datetime.now(UTC)
        request = replace(request, parameters=parameter_values(plan, params), now=instant)
        yield self._compared(None, request.name, request, explain)

    def documents(self, paths: Sequence[Path]) -> Iterator[Compared]:
        for document in read_documents(paths):
            for diagnostic in document.result.diagnostics:
                if diagnostic.severity is not Severity.INFO:
                    say(document.render(diagnostic))
            if document.errors or not document.result.detections:
                yield Compared(None, str(document.path), None)
                continue
            for detection in document.result.detections:
                yield self._detection(document, detection)

    def _detection(self, document: Document, detection: Detection) -> Compared:
        def words(error: Exception) -> str:
            return failure(document, detection, error)

        try:
            request = query_request(detection, self._instant(detection))
        except BluetickError as error:
            say(words(error))
            return Compared(detection.id, detection.name, None)
        return self._compared(detection.id, detection.name, request, words)

    def _instant(self, detection: Detection) -> datetime:
        if self.options.now == "newest":
            return newest_instant(self.sides[0].session, detection)
        return self.options.now or datetime.now(UTC)

    def _compared(self, id_: str | None, name: str, request: QueryRequest, words: Any) -> Compared:
        wanted = scoped(request, self.options.sample.window)
        outcome = compare_request(self.sides, wanted, self.counts, self.options.tolerance)
        errors = {run.engine: run.error for run in outcome.runs if run.error is not None}
        for error in errors.values():
            if is_interrupt(error):
                raise error
        return Compared(id_, name, outcome, {engine: words(error) for engine, error in errors.items()})


def _tell(found: Iterator[Compared], options: CompareOptions, form: str, differences: Path | None) -> int:
    """Writes each comparison as it comes; the exit code."""
    console = new_console() if form == "table" else None
    passing = (Verdict.EQUAL, Verdict.NOTHING) if options.allow_empty else (Verdict.EQUAL,)
    passed, total = 0, 0
    with ExitStack() as stack:
        target = None
        if differences is not None:
            target = stack.enter_context(stack.enter_context(whole_file(differences)).open("w", encoding="utf-8"))
        for compared in found:
            total += 1
            passed += compared.verdict in passing
            if target is not None:
                target.writelines(f"{line}\n" for line in difference_lines(compared))
            if console is None:
                click.echo(json_line(compared, options.tolerance))
            else:
                print_compared(console, compared, options.tolerance)
    if console is not None and total > 1:
        click.echo(f"{total} compared, {passed} equal")
    return RAN if passed == total else FAILED
