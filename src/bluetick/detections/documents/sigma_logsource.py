"""Which table a Sigma rule's `logsource` means."""

from collections.abc import Mapping, Sequence
from typing import Final

from bluetick.detections.documents.sigma_sources import (
    CLOUD,
    ENDPOINT,
    ENDPOINT_PRODUCTS,
    LOG_CATEGORIES,
    SECURITY,
    Source,
    windows_log,
)

LOGSOURCE: Final = ("product", "category", "service")

# Where pySigma's list names the provider and not the channel.
_CHANNELS: Mapping[str, tuple[str, ...]] = {"dns-client": ("Microsoft-Windows-DNS-Client/Operational",)}


def source_of(logsource: Mapping[str, str], channels: Mapping[str, str | Sequence[str]]) -> Source | None:
    """The table of a log source, or None; `channels` are those of Windows' logs by Sigma's word for the log.

    The most specific that is said decides: a category of events before the log in which they stand.
    """
    product, category, service = (logsource.get(key, "").lower() for key in LOGSOURCE)
    if category in ENDPOINT and product in ENDPOINT_PRODUCTS:
        return ENDPOINT[category]
    if product == "windows" and category in LOG_CATEGORIES:
        return windows_log(*LOG_CATEGORIES[category])
    if category:
        return None
    if product == "windows" and service == "security":
        return SECURITY
    found = _CHANNELS.get(service) or channels.get(service)
    if product == "windows" and found:
        return windows_log((found,) if isinstance(found, str) else tuple(found))
    return CLOUD.get((product, service))
