"""FileProfile from several providers: column by column, the first that has a value gives it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.profile_link import Finding, Link, is_empty, origins_schema
from bluetick.enrichment.profiles import AVAILABLE, ERROR, KEY, MISSING, NOT_ASKED, PROFILE_FIELDS, STATE, answer_table

_MOST_REMEMBERED: Final = 50_000
# The state of a file is the first of these that any provider has for it: one failure is never told as Missing.
_RANK: Final = (AVAILABLE, ERROR, MISSING, NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Origin:
    """What one provider said of one file, and the columns that it filled."""

    key: str
    provider: str
    version: str
    finding: Finding
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceCount:
    """How many files a provider has in each state; those for which it had no need to be asked are in none."""

    provider: str
    version: str
    states: tuple[tuple[str, int], ...]


class ProfileChain:
    """A `FileProfileProvider` over others, in the order in which they are asked.

    A lookup ends within `seconds` as far as it depends on services; a file for which that was not enough is an Error.
    What providers said is remembered by file, for `note`, `counts` and `origins`, until `forget`.
    """

    def __init__(self, links: Sequence[Link], ticks: Callable[[], float], seconds: float, note: str = "") -> None:
        self.links = tuple(links)
        self._ticks = ticks
        self._seconds = seconds
        self._note = note
        self._said: dict[tuple[str, str], Origin] = {}

    @property
    def version(self) -> str:
        return "; ".join(f"{link.name} {link.version}" for link in self.links)

    @property
    def note(self) -> str:
        """What each provider wants known, then what could not be had."""
        notes = (self._note, *(link.note for link in self.links))
        return "; ".join([*filter(None, notes), *self._shortfalls()])

    @property
    def was_asked(self) -> bool:
        return bool(self._said)

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        """A row for each key, merged; Available, else Error, else Missing, else not asked, whichever any provider
        says."""
        ends = self._ticks() + self._seconds
        rows: dict[str, dict[str, Any]] = {key: {KEY: key, STATE: NOT_ASKED} for key in keys}
        said: dict[tuple[str, str], Origin] = {}
        for link in self.links:
            wanted = [key for key, row in rows.items() if any(is_empty(row.get(column)) for column in link.gives)]
            findings = link.find(key_column, wanted, ends) if wanted else {}
            for key in wanted:
                if key not in findings:
                    raise SourceError(f"the provider '{link.name}' of file profiles does not answer for '{key}'")
                filled = _fill(rows[key], findings[key])
                said[key, link.name] = Origin(key, link.name, link.version, findings[key], filled)
        self._remember(said)
        return answer_table([rows[key] for key in keys])

    def forget(self) -> None:
        """Begins a new account."""
        self._said = {}

    def origins(self) -> pa.Table:
        """Where the values come from: a row for each file and provider that was asked for it."""
        rows = [
            {
                KEY: one.key,
                "provider": one.provider,
                "version": one.version,
                "state": one.finding.state,
                "columns": list(one.columns),
                "asked": one.finding.asked,
                "remark": one.finding.remark,
            }
            for one in self._said.values()
        ]
        return pa.Table.from_pylist(rows, schema=origins_schema())

    def counts(self) -> tuple[SourceCount, ...]:
        """The same in numbers, in the order of the chain."""
        last = tuple(self._said.values())
        return tuple(
            SourceCount(link.name, link.version, tuple(sorted(Counter(_states(last, link.name)).items())))
            for link in self.links
        )

    def _remember(self, said: dict[tuple[str, str], Origin]) -> None:
        """Another lookup of a file takes the place of the one before; where there are too many the oldest go."""
        kept = {place: origin for place, origin in self._said.items() if place not in said} | said
        self._said = dict(list(kept.items())[-_MOST_REMEMBERED:])

    def _shortfalls(self) -> list[str]:
        found: dict[tuple[str, str, str], int] = Counter(
            (one.provider, one.finding.state, one.finding.remark)
            for one in tuple(self._said.values())
            if one.finding.state == ERROR or (one.finding.state == NOT_ASKED and one.finding.remark)
        )
        verbs = {ERROR: "failed", NOT_ASKED: "was not asked"}
        return [
            f"{provider} {verbs[state]} for {count:,} file{'' if count == 1 else 's'}: {remark}"
            for (provider, state, remark), count in found.items()
        ]


def _states(origins: Sequence[Origin], provider: str) -> list[str]:
    return [one.finding.state for one in origins if one.provider == provider]


def _fill(row: dict[str, Any], finding: Finding) -> tuple[str, ...]:
    """Puts a finding's values where there are none, and its state where it ranks higher; gives the columns filled."""
    state = finding.state if finding.state in _RANK else ERROR
    row[STATE] = min(row[STATE], state, key=_RANK.index)
    filled = tuple(name for name in PROFILE_FIELDS if name != STATE and _is_news(row, finding.values, name))
    row.update({name: finding.values[name] for name in filled})
    return filled


def _is_news(row: Mapping[str, Any], values: Mapping[str, Any], name: str) -> bool:
    return is_empty(row.get(name)) and not is_empty(values.get(name))
