"""`bluetick check`: whether documents can run and are sound, without data and without running them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bluetick.cli.checked.changed import Changes, find_changes
from bluetick.cli.checked.judging import Wanted
from bluetick.cli.checked.junit import to_junit
from bluetick.cli.checked.meanings import known_codes, lint_ids
from bluetick.cli.checked.plain import json_lines, text_lines
from bluetick.cli.checked.proposals import measured, write_proposals
from bluetick.cli.checked.sarif import to_sarif
from bluetick.cli.checked.verdicts import Report
from bluetick.cli.checked.workers import judge_all
from bluetick.cli.failures import FAILED, RAN, say
from bluetick.cli.options import DataOptions, Moment, data_options, now_option
from bluetick.cli.writing import whole_file
from bluetick.detections.rule_files import document_paths
from bluetick.diagnostics.nearest import nearest

_MOST_JOBS = 64


def _text(report: Report) -> str:
    return "".join(f"{line}\n" for line in text_lines(report))


def _json(report: Report) -> str:
    return "".join(f"{line}\n" for line in json_lines(report))


_FORMS: dict[str, Callable[[Report], str]] = {"text": _text, "json": _json, "junit": to_junit, "sarif": to_sarif}


class RuleType(click.ParamType[Any]):
    """The id of a lint rule, by its id or its name."""

    name = "ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        ids = lint_ids()
        if value in ids:
            return ids[value]
        near = nearest(str(value), ids)
        self.fail(f"'{value}' is no lint rule{f'; did you mean {near}?' if near else ''}", param, ctx)


class CodeType(RuleType):
    """The code of any warning, or the name of a lint rule."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value) if value in known_codes() - lint_ids().keys() else super().convert(value, param, ctx)


@click.command()
@click.argument("documents", nargs=-1, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@data_options
@click.option("--format", "form", type=click.Choice(tuple(_FORMS)), default="text", show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Default: the terminal."
)
@click.option("--strict", is_flag=True, help="A warning is a failure.")
@click.option("--rule", "rules", multiple=True, type=RuleType(), help="Only this lint rule. May be repeated.")
@click.option("--ignore", "ignored", multiple=True, type=CodeType(), help="Leave out this warning. May be repeated.")
@click.option(
    "--changed",
    is_flag=False,
    flag_value="",
    metavar="[REVISION]",
    help="Only documents that differ from a revision of git. Default: from where this branch left the main branch.",
)
@click.option("--fix", is_flag=True, help="Propose repairs, with what they do to the data that is given.")
@click.option(
    "--write",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="With --fix: write the repaired documents there. The documents themselves are never changed.",
)
@now_option
@click.option(
    "--jobs", type=click.IntRange(1, _MOST_JOBS), metavar="N", help="Processes. Default: the cores, if it pays."
)
def check(  # noqa: PLR0913 - one for each option
    *,
    documents: Sequence[Path],
    data: DataOptions,
    form: str,
    output: Path | None,
    strict: bool,
    rules: Sequence[str],
    ignored: Sequence[str],
    changed: str | None,
    fix: bool,
    folder: Path | None,
    now: Moment,
    jobs: int | None,
) -> int:
    """Say whether rule documents can run and are sound.

    Their queries are bound and looked through for what is seldom meant (docs/check.md); nothing runs, no data is
    needed. JSON is one line a detection. With --changed alone, the documents are those below this folder.
    """
    if not documents and changed is None:
        raise click.UsageError("Missing argument 'DOC|DIR...'.")
    paths = document_paths(documents or [Path()], may_be_none=changed is not None)
    if folder is not None and not fix:
        raise click.UsageError("--write goes with --fix.")
    if changed is not None:
        paths = _changed(paths, documents, data, changed)
    wanted = Wanted(datetime.now(UTC).date(), frozenset(rules) if rules else None, frozenset(ignored), fix)
    with data.open() as opened:
        session = opened.pinned()
        verdicts = judge_all(data, session, paths, wanted, jobs)
        if fix and session.catalog.names():
            verdicts = [measured(session, verdict, now) for verdict in verdicts]
    report = Report(tuple(verdicts), strict, fix)
    _write(_FORMS[form](report), output)
    if folder is not None:
        say(f"{write_proposals(verdicts, folder):,} proposals in '{folder}'")
    return FAILED if report.is_failed else RAN


def _changed(paths: list[Path], named: Sequence[Path], data: DataOptions, base: str) -> list[Path]:
    """Those of the documents that changed; all of them where something changed that each may depend on."""
    changes: dict[Path, Changes] = {}
    kept = []
    given = (data.functions, data.watchlists, data.mapping, _schemas(data))
    shared = [path for path in given if path is not None]
    for place in named or [Path()]:
        found = find_changes(place, base)
        changes[found.root] = found
        if (because := found.touch_below(shared)) is not None:
            say(f"'{because}' changed since {found.base[:12]}, so every document is checked")
            return paths
    for path in paths:
        if any(found.touch(path) for found in changes.values()):
            kept.append(path)
    return kept


def _schemas(data: DataOptions) -> Path | None:
    return None if data.schemas in (None, "sentinel", "defender") else Path(str(data.schemas))


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    with whole_file(output) as path:
        path.write_text(text, encoding="utf-8")
