"""From what the user chose to a service that is asked. Loaded only where one is named: it costs start-up time."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.hashlookup import Hashlookup
from bluetick.enrichment.http_provider import HttpProfiles, Service
from bluetick.enrichment.outside import Outside
from bluetick.enrichment.profile_cache import MAX_ENTRIES, ProfileCache, Window, default_cache
from bluetick.enrichment.profile_choice import HASHLOOKUP, VIRUSTOTAL_AS_GLOBAL, Choice, Named, read_key
from bluetick.enrichment.virustotal import VirusTotal, quota


def open_service(named: Named, choice: Choice, outside: Outside) -> HttpProfiles:
    """The link of a service, with the cache that all of them share."""
    path = choice.cache or _default_path(outside.environment)
    cache = ProfileCache(path, choice.entries or MAX_ENTRIES)
    service: Service
    if named.kind == HASHLOOKUP:
        service = _hashlookup(named.options)
    else:
        # Offline nothing is sent, so that no key is needed.
        key = ("", "") if choice.is_offline else read_key(named.options, outside.environment)
        service = _virustotal(named, *key)
    return HttpProfiles(service, cache, outside, is_offline=choice.is_offline)


def _default_path(environment: Mapping[str, str]) -> Path:
    try:
        return default_cache(environment, sys.platform, Path.home)
    except RuntimeError:
        raise SourceError(
            "there is no home folder for the cache of file profiles: name its file in a document (cache: FILE)"
        ) from None


def _hashlookup(options: Mapping[str, str]) -> Hashlookup:
    service = Hashlookup()
    most = int(options.get("per_minute", service.windows[0].most))
    windows = (Window(60.0, most, f"{most:,} requests a minute"),)
    return replace(service, address=options.get("url", service.address), windows=windows)


def _virustotal(named: Named, key: str, origin: str) -> VirusTotal:
    options = named.options
    service = VirusTotal(key, origin, as_global=named.kind == VIRUSTOTAL_AS_GLOBAL)
    windows = quota(int(options.get("per_minute", 4)), int(options.get("per_day", 500)))
    return replace(service, address=options.get("url", service.address), windows=windows)
