"""What Windows events and Sysmon cannot give of a table, and what their values mean otherwise than the table's own."""

from collections.abc import Mapping
from typing import Final

_NO_BYTES: Final = "Sysmon logs the start of a connection, before any byte of it"
_NO_END: Final = "Sysmon logs the start of a connection, not its end"

LACKS: Final[Mapping[str, Mapping[str, str]]] = {
    "VMConnection": {
        "BytesSent": _NO_BYTES,
        "BytesReceived": _NO_BYTES,
        "LinksFailed": "Sysmon logs connections that were made",
        "LinksLive": _NO_END,
        "LinksTerminated": _NO_END,
        "Responses": "requests are not logged",
        "ResponseTimeSum": "requests are not logged",
        "ResponseTimeMin": "requests are not logged",
        "ResponseTimeMax": "requests are not logged",
    },
}
# Of columns that are filled.
MEANS_OTHERWISE: Final[Mapping[str, Mapping[str, str]]] = {
    "VMConnection": {
        "LinksEstablished": "Sysmon logs the start of a connection: starts are counted, not active minutes",
    },
}
