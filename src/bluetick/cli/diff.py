"""`bluetick diff BASE..HEAD`: what the changes of rules between two commits do to rows and alerts."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bluetick.cli.differences import differences_json, print_differences
from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.options import DataOptions, Moment, data_options, now_option
from bluetick.cli.page import new_console
from bluetick.cli.progress import progress_of
from bluetick.cli.pull_request import markdown
from bluetick.cli.replayed import days_option, labels_option, span_until
from bluetick.cli.writing import compact
from bluetick.detections.differences.changes import Change, Changes, Version, find_changes
from bluetick.detections.differences.effects import Budget, Differences, Effect, effect_of
from bluetick.detections.differences.labelled import seen_by
from bluetick.detections.differences.measuring import Outcome, Span, measure
from bluetick.detections.differences.repository import Repository
from bluetick.detections.rule_files import is_document
from bluetick.detections.tuning.pricing import Seen
from bluetick.session import Session


@dataclass(frozen=True, slots=True)
class Range:
    """Two commits by their full names, and as they were asked for."""

    base: str
    head: str
    said: str


def _budget_options(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options of the budget, which the command gets as one."""

    @click.option(
        "--max-new-alerts", type=click.IntRange(0), metavar="N", help="Exit code 1 where more alerts are gained."
    )
    @click.option(
        "--max-cost",
        type=click.FloatRange(0),
        metavar="X",
        help="Exit code 1 where a run reads over X times the bytes.",
    )
    @click.option(
        "--max-lost-hits",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        metavar="N",
        help="Exit code 1 where more labelled events (--labels) are no longer found.",
    )
    @functools.wraps(command)
    def with_budget(max_new_alerts: int | None, max_lost_hits: int, max_cost: float | None, **others: Any) -> int:
        return command(budget=Budget(max_new_alerts, max_lost_hits, max_cost), **others)

    return with_budget


@click.command()
@click.argument("revisions", metavar="BASE..HEAD")
@click.argument("paths", nargs=-1, metavar="[DOC|DIR...]")
@data_options
@now_option
@days_option
@labels_option
@click.option("--sample", type=click.IntRange(0, 100), default=3, show_default=True, help="Rows shown of each kind.")
@_budget_options
@click.option("--format", "form", type=click.Choice(("text", "json", "markdown")), default="text", show_default=True)
def diff(  # noqa: PLR0913 - one for each option
    *,
    revisions: str,
    paths: Sequence[str],
    data: DataOptions,
    now: Moment,
    days: int,
    labels: Path | None,
    sample: int,
    budget: Budget,
    form: str,
) -> int:
    """Replay the rules that changed between two commits, before and after, over the same days.

    BASE..HEAD are git revisions (HEAD may be left out; BASE...HEAD begins where they parted). Documents are read out of
    git, with the overlays and exceptions beside them; nothing is checked out. Exit code 1: beyond the budget, or a
    changed rule cannot run (docs/diff.md).
    """
    repository = Repository.around(Path.cwd())
    between = _range(repository, revisions)
    changes = find_changes(repository, between.base, between.head, is_document, _from_root(repository, paths))
    with data.open() as opened:
        session = opened.pinned()
        span = span_until(session, now, days)
        seen = None if labels is None else seen_by(session, labels, span.last)
        effects = tuple(_effects(session, changes, span, seen, sample))
    found = Differences(
        between.said, span, effects, changes.unreadable, tuple(budget.breaches(effects, changes.unreadable))
    )
    if form == "json":
        click.echo(compact(differences_json(found)))
    elif form == "markdown":
        click.echo(markdown(found), nl=False)
    else:
        print_differences(new_console(), found)
    return FAILED if found.breaches else RAN


def _range(repository: Repository, revisions: str) -> Range:
    dots = "..." if "..." in revisions else ".."
    left, _, right = revisions.partition(dots)
    base, head = repository.commit(left or "HEAD"), repository.commit(right or "HEAD")
    if dots == "...":
        base = repository.merge_base(base, head)
    return Range(base, head, revisions)


def _from_root(repository: Repository, paths: Sequence[str]) -> tuple[str, ...]:
    """Paths as git names them; they need not be there now. The root itself is no limit."""
    root = repository.root.resolve()
    found = []
    for path in paths:
        whole = Path.cwd().resolve() / path
        normal = Path(*whole.parts[:1]).joinpath(*_normal(whole.parts[1:]))
        if not normal.is_relative_to(root):
            raise click.BadParameter(f"'{path}' is not in the repository", param_hint="DOC|DIR")
        found.append(normal.relative_to(root).as_posix())
    return () if "." in found else tuple(found)


def _normal(parts: Sequence[str]) -> list[str]:
    """The parts of a path without '..'."""
    found: list[str] = []
    for part in parts:
        if part == "..":
            del found[-1:]
        else:
            found.append(part)
    return found


def _effects(session: Session, changes: Changes, span: Span, seen: Seen | None, sample: int) -> Iterator[Effect]:
    with progress_of(len(changes.rules), "replaying", "rules") as advance:
        for change in changes.rules:
            old, new = (_outcome(session, change, side, span, seen) for side in (change.old, change.new))
            yield effect_of(change, old, new, sample)
            next(advance)


def _outcome(
    session: Session, change: Change, version: Version | None, span: Span, seen: Seen | None
) -> Outcome | None:
    """Nothing is replayed for a change that no run sees."""
    if version is None or not change.matters:
        return None
    return measure(session, version, span, seen, span.last.date())
