"""`bluetick schedule`: the detection service in the foreground."""

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

import click

from bluetick.cli.failures import FAILED, RAN, say
from bluetick.cli.grid import visible
from bluetick.cli.options import DataOptions, DurationType, Moment, MomentType, data_options
from bluetick.cli.run import failure
from bluetick.cli.service_health import Address, AddressType, HealthOptions, watching
from bluetick.cli.service_outputs import delivering, destinations
from bluetick.cli.service_tables import ServiceTables, make_ready, service_tables
from bluetick.cli.service_units import ServiceCommand
from bluetick.detections.ledger.listing import rule_health
from bluetick.detections.ledger.opening import Ledger, ledger_beside
from bluetick.detections.ledger.retention import Keep
from bluetick.detections.ledger.rules import Rule, table_names
from bluetick.detections.ledger.times import length, to_moment
from bluetick.detections.ledger.windows import Claim, Failure, Outcome
from bluetick.detections.operations.retention import Retention
from bluetick.detections.rule_files import read_documents, runnable
from bluetick.detections.schedule.clocks import StoppedClock, SystemClock
from bluetick.detections.schedule.commits import LakeCommits
from bluetick.detections.schedule.delivery import Destination
from bluetick.detections.schedule.evaluation import SessionEvaluator
from bluetick.detections.schedule.living import LockedWorkers
from bluetick.detections.schedule.rules import Scheduling, rule_at
from bluetick.detections.schedule.scheduler import Pace, Scheduler, Surroundings
from bluetick.detections.schedule.sessions import LakeSession
from bluetick.diagnostics.errors import BluetickError, SourceError
from bluetick.session import Session


@click.command(cls=ServiceCommand)
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@data_options
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Default: LAKE.ledger beside the lake.")
@click.option("--since", type=MomentType(), metavar="ISO", help="The first windows of new rules. Default: the latest.")
@click.option("--every", type=DurationType(), help="How often rules run whose document does not say it.")
@click.option("--delay", type=DurationType(), default="5m", show_default=True, help="Time for data to come in.")
@click.option(
    "--timeout", type=click.FloatRange(1), default=600.0, show_default=True, metavar="SECONDS", help="Of one window."
)
@click.option("--shadow", is_flag=True, help="Keep alerts, tell nobody.")
@click.option(
    "--warming",
    type=click.Choice(("mark", "shadow")),
    default="mark",
    show_default=True,
    help="Alerts of a rule whose tables have less past than it looks back on: marked, or kept and told to nobody.",
)
@click.option("--no-tables", is_flag=True, help="Write no rows and alerts to tables of the lake.")
@click.option("--heartbeat", type=click.Path(path_type=Path, dir_okay=False), help="A file for signs of life.")
@click.option("--metrics", type=AddressType(), help="Serve /metrics for Prometheus, such as at 127.0.0.1:9464.")
@click.option("--keep", type=DurationType(), default="400d", show_default=True, help="Windows and what they found.")
@click.option("--once", is_flag=True, help="End when nothing is left to do.")
@click.option("--now", type=MomentType(), metavar="ISO", help="With --once: as if it were this instant.")
@click.option("--alerts", "output", type=click.Path(path_type=Path, dir_okay=False), help="Append alerts as NDJSON.")
@click.option("--outputs", type=click.Path(path_type=Path, dir_okay=False), help="Where else they go: docs/outputs.md.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def schedule(  # noqa: PLR0913 - one for each option
    *,
    documents: Sequence[Path],
    data: DataOptions,
    ledger: Path | None,
    since: Moment,
    every: timedelta | None,
    delay: timedelta,
    timeout: float,
    shadow: bool,
    warming: str,
    no_tables: bool,
    heartbeat: Path | None,
    metrics: Address | None,
    keep: timedelta,
    once: bool,
    now: Moment,
    output: Path | None,
    outputs: Path | None,
    form: str,
) -> int:
    """Run rules on their schedule, and raise alerts.

    Every window of every rule is evaluated as of its end, however often this ends; again, when data comes late. Several
    may work on one ledger. See docs/service.md.
    """
    if data.lake is None:
        raise click.UsageError("a service needs a lake: --lake DIR")
    if data.as_of:
        raise click.UsageError("a service reads the lake as it is: leave --as-of out")
    moment = _instant(now, "--now")
    if moment is not None and not once:
        raise click.UsageError("--now goes with --once")
    over = _interrupted()
    clock = SystemClock(over) if moment is None else StoppedClock(moment, over)
    start = _instant(since, "--since")
    first = start or clock.now() - delay
    how = Scheduling(first, delay, is_shadow=shadow, frequency=every, quiet_warming=warming == "shadow")
    told = destinations(form, output, outputs, clock)
    if not no_tables:
        make_ready(data.lake)
    session = LakeSession(data.lake, data.open)
    kept = Ledger(ledger or ledger_beside(data.lake), upgrades=True)
    if kept.copy is not None:
        say(f"the ledger is brought to this version; as it was before it lies in {kept.copy}")
    try:
        rules, refused = _rules(session.current(), documents, how, starts_anywhere=start is not None)
        tables = service_tables(kept, None if no_tables else data.lake, clock)
        watched = HealthOptions(data.lake, session.current, timeout, heartbeat, metrics)
        beside = _Beside(told, tables, watched, Retention(kept, clock, Keep(windows=length(keep))))
        _serve(kept, _around(kept, session, clock, timeout), rules, beside, over, once=once)
        failed = sum(rule.failed for rule in rule_health(kept))
    finally:
        kept.close()
        session.close()
    return FAILED if refused or failed else RAN


def _instant(moment: Moment, option: str) -> datetime | None:
    if moment == "newest":
        raise click.UsageError(f"{option} is an instant")
    return moment


def _interrupted() -> threading.Event:
    """Is set when the process is asked to end: it finishes the window that it is at."""
    over = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    return over


def _rules(
    session: Session, documents: Sequence[Path], how: Scheduling, *, starts_anywhere: bool
) -> tuple[list[Rule], int]:
    """The rules of documents, and how many documents were refused. Without a given start, a rule's first window is the
    latest that is due."""
    rules: dict[str, Rule] = {}
    refused = 0
    for document in read_documents(documents):
        for error in document.errors:
            say(document.render(error))
        refused += bool(document.errors)
        for number, detection in enumerate(runnable(document)):
            if detection.is_off:
                say(visible(f"'{detection.name}' is switched off"))
                continue
            try:
                rule = rule_at(session, document.path, number, how)
                if rule.id in rules:
                    raise SourceError(f"'{rule.name}' has the id of '{rules[rule.id].name}': {rule.id}")
            except (BluetickError, OSError) as error:
                refused += 1
                say(failure(document, detection, error))
            else:
                rules[rule.id] = rule if starts_anywhere else _from_latest(rule)
    return list(rules.values()), refused


def _from_latest(rule: Rule) -> Rule:
    return replace(rule, start=rule.start - rule.frequency + timedelta(microseconds=1))


def _around(kept: Ledger, session: LakeSession, clock: SystemClock, timeout: float) -> Surroundings:
    return Surroundings(
        clock,
        LakeCommits(session.current, lambda: table_names(kept)),
        SessionEvaluator(session.current, timeout),
        LockedWorkers(kept.path.with_name(f"{kept.path.name}.workers")),
        _told,
    )


def _told(claimed: Claim, said: Outcome | Failure) -> None:
    if isinstance(said, Failure):
        last = to_moment(max(claimed.windows))
        words = "the rule is paused" if said.is_lasting else "they are tried again"
        say(f"{claimed.rule}: windows up to {last:%Y-%m-%d %H:%M} failed, {words}: {said.reason}")


@dataclass(frozen=True, slots=True)
class _Beside:
    """What the service does beside evaluating windows."""

    outputs: Sequence[Destination]
    tables: ServiceTables
    watched: HealthOptions
    retention: Retention


def _serve(
    kept: Ledger,
    around: Surroundings,
    rules: Sequence[Rule],
    beside: _Beside,
    over: threading.Event,
    *,
    once: bool,
) -> None:
    with watching(kept, around.clock, beside.watched, once=once) as vigil:
        scheduler = Scheduler(kept, vigil.over(around), Pace(settling=timedelta(0)) if once else None)
        scheduler.register(rules)
        say(f"{len(rules)} rules, ledger {kept.path}")
        try:
            with delivering(kept.path, beside.outputs, around.clock, over.is_set, once=once) as deliveries:

                def between() -> None:
                    vigil.between()
                    deliveries.wake()
                    beside.tables.publish()
                    beside.retention.step()

                if once:
                    _drain(scheduler, over.is_set, between, beside.tables)
                    beside.retention.step()
                else:
                    scheduler.run(over.is_set, between)
                    beside.tables.publish_all()
        finally:
            scheduler.close()


def _drain(
    scheduler: Scheduler, is_over: Callable[[], bool], between: Callable[[], None], tables: ServiceTables
) -> None:
    """Until nothing is due, for rules neither that read what the others wrote to tables."""
    while True:
        scheduler.drain(is_over, between)
        tables.publish_all()
        if is_over() or not scheduler.step():
            return
