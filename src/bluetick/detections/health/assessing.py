"""What is wrong, by the facts: a pure function of them and the instant."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from bluetick.detections.health.conditions import Code, Condition, RuleName
from bluetick.detections.health.facts import Facts, RuleFacts
from bluetick.detections.health.silence import find_silence

# A rule is overdue when its oldest window waits for longer than so many of its intervals, and so long.
_INTERVALS: Final = 2
_LEAST_OVERDUE: Final = timedelta(minutes=5)
# More rules than this are overdue for one reason, and told of as one.
MOST_OVERDUE: Final = 10
_LEAST_FREE: Final = 0.10
_MOST_QUARANTINED: Final = 0.001
_OWED_FOR: Final = timedelta(minutes=10)
# By so much clocks may differ.
_AHEAD: Final = timedelta(minutes=5)
# Rows so far ahead of their commit are of the future; those of commits of the last day count.
_FUTURE: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_ERROR_SHOWN: Final = 300


def assess(facts: Facts, now: datetime) -> list[Condition]:
    """All that is wrong, the worst kinds first."""
    silent = list(_silent_tables(facts, now))
    found = [
        *_heartbeat(facts, now),
        *_overdue(facts, now),
        *_rules(facts),
        *silent,
        *_silent_sources(facts, {one.subject for one in silent}),
        *_emptied(facts),
        *_future(facts, now),
        *_clock(facts, now),
        *_machine(facts),
        *_owed(facts, now),
    ]
    order = list(Code)
    return sorted(found, key=lambda one: (order.index(one.code), one.subject))


def is_overdue(rule: RuleFacts, now: datetime) -> bool:
    """Whether its oldest window that waits has waited too long, or nothing of it is evaluated at all."""
    return bool(rule.pause) or now - rule.late > max(_INTERVALS * rule.frequency, _LEAST_OVERDUE)


def _heartbeat(facts: Facts, now: datetime) -> Iterator[Condition]:
    beat = facts.heartbeat
    if beat is None:
        return
    rules = tuple(map(_name, facts.rules))
    if beat.last is None:
        yield Condition(Code.HEARTBEAT_OLD, "", "no service has run on this ledger", None, rules)
    elif now - beat.last > beat.within:
        what = f"the service's last sign of life is of {_minute(beat.last)}"
        yield Condition(Code.HEARTBEAT_OLD, "", what, beat.last, rules)


def _overdue(facts: Facts, now: datetime) -> Iterator[Condition]:
    late = [rule for rule in facts.rules if not rule.pause and is_overdue(rule, now)]
    if len(late) > MOST_OVERDUE:
        since = min(rule.late for rule in late)
        what = f"many rules have windows that wait, the oldest since {_minute(since)}"
        yield Condition(Code.SERVICE_BEHIND, "", what, since, tuple(map(_name, late)))
        return
    for rule in late:
        what = f"a window that was due at {_minute(rule.late)} waits; the rule runs every {_span(rule.frequency)}"
        yield Condition(Code.RULE_OVERDUE, rule.id, what, rule.late, (_name(rule),))


def _rules(facts: Facts) -> Iterator[Condition]:
    for rule in facts.rules:
        if rule.pause:
            what = f"none of its windows is evaluated: {_first_line(rule.pause)}"
            yield Condition(Code.RULE_PAUSED, rule.id, what, rule.failed_since, (_name(rule),))
        elif rule.failed and rule.failed_since is not None:
            what = f"windows from {_minute(rule.failed_since)} on failed: {_first_line(rule.error)}"
            yield Condition(Code.WINDOWS_FAILED, rule.id, what, rule.failed_since, (_name(rule),))


# --- data -------------------------------------------------------------------------------------------------------------


def _silent_tables(facts: Facts, now: datetime) -> Iterator[Condition]:
    for table in facts.tables:
        silence = find_silence(table.arrivals, now)
        if silence is not None:
            what = f"{table.name} has no row since {_minute(silence.since)}; usually one comes every "
            what += _span(silence.usual)
            yield Condition(Code.TABLE_SILENT, table.name, what, silence.since, _readers(facts, table.name))


def _silent_sources(facts: Facts, silent: set[str]) -> Iterator[Condition]:
    """Of tables that other sources still fill; `silent` ones are told of as a whole."""
    for found in facts.silent:
        if found.table not in silent:
            what = f"{found.table} has no row of {found.source} since {_minute(found.until)}"
            what += f"; it never paused for longer than {_span(found.pause)}" if found.pause else "; it never paused"
            subject = f"{found.table}, {found.source}"
            yield Condition(Code.SOURCE_SILENT, subject, what, found.until, _readers(facts, found.table))


def _emptied(facts: Facts) -> Iterator[Condition]:
    """The columns on which a rule depends."""
    for found in facts.emptied:
        blind = facts.readers.get((found.table, found.column), frozenset())
        rules = tuple(_name(rule) for rule in facts.rules if rule.id in blind)
        if rules:
            what = f"{found.column} of {found.table} was filled in {_percent(found.rate)} of the rows of "
            what += f"{found.source} until {_minute(found.until)}, and in none since: these rules are blind to them"
            subject = f"{found.table}.{found.column}, {found.source}"
            yield Condition(Code.COLUMN_EMPTY, subject, what, found.until, rules)


def _future(facts: Facts, now: datetime) -> Iterator[Condition]:
    for table in facts.tables:
        ahead = [one for one in table.arrivals if now - _DAY < one.committed and one.newest - one.committed > _FUTURE]
        if ahead:
            first = ahead[0]
            what = f"a commit of {_minute(first.committed)} brought rows of {_minute(first.newest)} to {table.name}"
            yield Condition(Code.FUTURE_ROWS, table.name, what, first.committed, _readers(facts, table.name))


def _clock(facts: Facts, now: datetime) -> Iterator[Condition]:
    """What was done at a time that has not come yet."""
    times = [one.committed for table in facts.tables for one in table.arrivals]
    latest = max([*times, *([] if facts.last_run is None else [facts.last_run])], default=now)
    if latest - now > _AHEAD:
        what = f"the lake or the ledger was written at {_minute(latest)}, which has not come yet"
        yield Condition(Code.CLOCK_BEHIND, "", what, None, tuple(map(_name, facts.rules)))


# --- machine ----------------------------------------------------------------------------------------------------------


def _machine(facts: Facts) -> Iterator[Condition]:
    for disk in facts.disks:
        if disk.free < _LEAST_FREE * disk.total:
            what = f"less than {_LEAST_FREE:.0%} of the file system of the {disk.name} is free"
            yield Condition(Code.DISK_LOW, disk.name, what, None, tuple(map(_name, facts.rules)))
    share = facts.quarantined / max(facts.quarantined + facts.stored, 1)
    if share > _MOST_QUARANTINED:
        what = f"more than {_MOST_QUARANTINED:.1%} of the records of the last day were kept aside"
        yield Condition(Code.QUARANTINE_HIGH, "", what)


def _owed(facts: Facts, now: datetime) -> Iterator[Condition]:
    for owed in facts.owed:
        if now - owed.since > _OWED_FOR:
            to = f" to {owed.output}" if owed.output else ""
            what = f"messages{to} are owed since {_minute(owed.since)}"
            yield Condition(Code.MESSAGES_OWED, owed.output, what, owed.since)


# --- words ------------------------------------------------------------------------------------------------------------


def _readers(facts: Facts, table: str) -> tuple[RuleName, ...]:
    return tuple(_name(rule) for rule in facts.rules if table in rule.tables)


def _name(rule: RuleFacts) -> RuleName:
    return RuleName(rule.id, rule.name)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _percent(rate: float) -> str:
    return f"{max(int(rate * 100), 1)} %"


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0][:_ERROR_SHOWN]


def _span(span: timedelta) -> str:
    """In the largest unit of which it has two, or one where it is whole."""
    for unit, name in ((_DAY, "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min")):
        if span >= 2 * unit or (span >= unit and not span % unit):
            return f"{span // unit} {name}"
    return f"{span // timedelta(seconds=1)} s"
