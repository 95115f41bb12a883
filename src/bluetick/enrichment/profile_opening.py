"""From what the user chose to a provider."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.hashlookup import Hashlookup
from bluetick.enrichment.http_provider import HttpProfiles, Service
from bluetick.enrichment.outside import Outside
from bluetick.enrichment.profile_cache import MAX_ENTRIES, ProfileCache, Window, default_cache
from bluetick.enrichment.profile_chain import ProfileChain
from bluetick.enrichment.profile_choice import (
    HASHLOOKUP,
    LOCAL_AS_GLOBAL,
    SECONDS,
    SERVICES,
    TABLE,
    VIRUSTOTAL_AS_GLOBAL,
    Choice,
    Named,
    read_choice,
    read_key,
    together,
)
from bluetick.enrichment.profile_link import Link, ProviderLink
from bluetick.enrichment.profile_table import ProfileTable
from bluetick.enrichment.profiles import FileProfileProvider
from bluetick.enrichment.virustotal import VirusTotal, quota

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
    opener = _Opener(shared, local, outside)
    links: list[Link] = []
    for one, choice in zip(chosen, choices, strict=True):
        if isinstance(one, str | Path):
            links += [opener.link(named) for named in choice.providers]
        else:
            links.append(ProviderLink(type(one).__name__, one))
    _refuse_twice(links)
    if len(links) == 1 and isinstance(links[0], ProviderLink):
        return links[0].provider
    if not links:
        return None
    has_service = any(isinstance(link, HttpProfiles) for link in links)
    note = _OFFLINE_NOTE if shared.is_offline and has_service else ""
    return ProfileChain(links, outside.ticks, shared.seconds or SECONDS, note)


class _Opener:
    def __init__(self, choice: Choice, local: Callable[[bool], FileProfileProvider], outside: Outside) -> None:
        self._choice = choice
        self._local = local
        self._outside = outside

    def link(self, named: Named) -> Link:
        if named.kind == TABLE and named.path is not None:
            return ProviderLink(str(named.path), ProfileTable(named.path))
        if named.kind in SERVICES:
            service = self._service(named)
            return HttpProfiles(service, self._cache(), self._outside, is_offline=self._choice.is_offline)
        return ProviderLink(named.kind, self._local(named.kind == LOCAL_AS_GLOBAL))

    def _service(self, named: Named) -> Service:
        options = named.options
        if named.kind == HASHLOOKUP:
            hashlookup = Hashlookup()
            most = int(options.get("per_minute", hashlookup.windows[0].most))
            polite = (Window(60.0, most, f"{most:,} requests a minute"),)
            return replace(hashlookup, address=options.get("url", hashlookup.address), windows=polite)
        # Offline nothing is sent, so that no key is needed.
        key, origin = ("", "") if self._choice.is_offline else read_key(options, self._outside.environment)
        virustotal = VirusTotal(key, origin, as_global=named.kind == VIRUSTOTAL_AS_GLOBAL)
        windows = quota(int(options.get("per_minute", 4)), int(options.get("per_day", 500)))
        return replace(virustotal, address=options.get("url", virustotal.address), windows=windows)

    def _cache(self) -> ProfileCache:
        path = self._choice.cache or default_cache(self._outside.environment, sys.platform, Path.home)
        return ProfileCache(path, self._choice.entries or MAX_ENTRIES)


def _refuse_twice(links: Sequence[Link]) -> None:
    names = [link.name for link in links if isinstance(link, HttpProfiles)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SourceError(f"the provider '{twice}' of file profiles is named twice")
