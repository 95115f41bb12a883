"""From what the user chose to a provider."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.outside import Outside
from bluetick.enrichment.profile_chain import ProfileChain
from bluetick.enrichment.profile_choice import (
    LOCAL_AS_GLOBAL,
    SECONDS,
    SERVICES,
    TABLE,
    VIRUSTOTAL,
    VIRUSTOTAL_AS_GLOBAL,
    Choice,
    Named,
    read_choice,
    together,
)
from bluetick.enrichment.profile_link import Link, ProviderLink
from bluetick.enrichment.profile_table import ProfileTable
from bluetick.enrichment.profiles import FileProfileProvider

ChosenProfiles = str | Path | FileProfileProvider
_OFFLINE_NOTE: Final = "file profiles are looked up offline: services are not asked, only what their cache holds"


def open_profiles(
    chosen: Sequence[ChosenProfiles],
    *,
    is_offline: bool,
    local: Callable[[bool], FileProfileProvider],
    outside: Outside,
) -> FileProfileProvider | None:
    """What answers FileProfile: None where nothing is chosen, the provider itself where one alone is near, else a
    chain. `local` makes the provider of own telemetry, or of the one that lets it stand in for the world."""
    choices = [read_choice(one) if isinstance(one, str | Path) else Choice(()) for one in chosen]
    shared = together(choices)
    shared = replace(shared, is_offline=shared.is_offline or is_offline)
    services = [named for named in shared.providers if named.kind in SERVICES]
    _refuse_twice(services)
    opener = _Opener(shared, local, outside)
    links: list[Link] = []
    for one, choice in zip(chosen, choices, strict=True):
        if isinstance(one, str | Path):
            links += [opener.link(named) for named in choice.providers]
        else:
            links.append(ProviderLink(type(one).__name__, one))
    if not links:
        return None
    if len(links) == 1 and isinstance(links[0], ProviderLink):
        return links[0].provider
    note = _OFFLINE_NOTE if shared.is_offline and services else ""
    return ProfileChain(links, outside.ticks, shared.seconds or SECONDS, note)


@dataclass(frozen=True, slots=True)
class _Opener:
    choice: Choice
    local: Callable[[bool], FileProfileProvider]
    outside: Outside

    def link(self, named: Named) -> Link:
        if named.kind == TABLE and named.path is not None:
            return ProviderLink(str(named.path), ProfileTable(named.path))
        if named.kind in SERVICES:
            from bluetick.enrichment.service_opening import open_service  # noqa: PLC0415 - costs start-up time

            return open_service(named, self.choice, self.outside)
        return ProviderLink(named.kind, self.local(named.kind == LOCAL_AS_GLOBAL))


def _refuse_twice(services: Sequence[Named]) -> None:
    """A service's answers are the same, however it is named."""
    kinds = Counter(VIRUSTOTAL if one.kind == VIRUSTOTAL_AS_GLOBAL else one.kind for one in services)
    for kind, count in kinds.items():
        if count > 1:
            raise SourceError(f"the provider '{kind}' of file profiles is named twice")
