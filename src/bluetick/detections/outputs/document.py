"""A document of outputs.

outputs:
  soc:
    kind: webhook
    url: https://alerts.example.org/bluetick
    secret: env:SOC_SIGNING_SECRET
    severity: Medium
  collector:
    kind: syslog
    address: logs.example.org:6514
    transport: tls
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bluetick.detections.outputs.addresses import BadTarget, Target, read_target
from bluetick.detections.outputs.fields import Fields, Place
from bluetick.detections.outputs.lines import LinesFile
from bluetick.detections.outputs.ocsf import detection_finding, finding_bytes
from bluetick.detections.outputs.posting import Endpoint, Web
from bluetick.detections.outputs.secrets import is_reference
from bluetick.detections.outputs.selection import EVENTS, SEVERITIES, Selection
from bluetick.detections.outputs.slack import Slack
from bluetick.detections.outputs.syslog import Syslog, Transport
from bluetick.detections.outputs.teams import Teams
from bluetick.detections.outputs.webhook import Webhook, as_json, signing_key
from bluetick.detections.schedule.delivery import Destination, Output
from bluetick.diagnostics import Diagnostic, SourceText
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.syntax.strict_yaml import YamlMapping, YamlText, read_mapping

_MOST_OUTPUTS: Final = 50
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_TAKEN_NAMES: Final = ("stdout",)
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_SENSITIVE: Final = re.compile(r"auth|cookie|key|pass|secret|sign|token", re.IGNORECASE)
_OURS: Final = re.compile(
    r"webhook-.*|idempotency-key|host|connection|transfer-encoding|content-.*|accept-encoding|expect|te|upgrade|trailer",
    re.IGNORECASE,
)
_COMMON: Final = ("kind", "severity", "rules", "events", "since")
_WEB: Final = ("url", "host", "allow_private", "timeout")
_SIGNED: Final = (*_WEB, "secret", "token", "headers", "most_bytes")
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "ndjson": ("path",),
    "ocsf": ("path", *_SIGNED),
    "webhook": _SIGNED,
    "syslog": ("address", "transport", "hostname", "most_bytes", "timeout"),
    "slack": _WEB,
    "teams": _WEB,
}
_SLACK_HOST: Final = "hooks.slack.com"
_MOST_BYTES: Final = 1_048_576
_LEAST_BYTES: Final = 2_048
_LONGEST_DATAGRAM: Final = 8_192
_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Outside:
    """What outputs use of the machine that they run on."""

    web: Web
    host: str
    environment: Mapping[str, str] = field(repr=False)


def read_outputs(path: Path, outside: Outside) -> list[Destination]:
    """The outputs of a document, in its order. SourceError or QueryError name the line of a mistake."""
    try:
        source = SourceText(path.read_text("utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "the system refuses").lower() if isinstance(error, OSError) else "it is no text"
        raise SourceError(f"'{path}' cannot be read: {reason}", file=str(path)) from None
    root = read_mapping(source.text, str(path))
    if isinstance(root, Diagnostic):
        raise QueryError((root,), source)
    place = Place(path, source, outside.environment)
    Fields(place, root).only(("outputs",))
    named = root.get("outputs")
    if not isinstance(named, YamlMapping) or not 0 < len(named.entries) <= _MOST_OUTPUTS:
        raise place.wrong(named or root, f"'outputs' must be a mapping of 1 to {_MOST_OUTPUTS} names to outputs")
    return [_destination(place, name, body, outside) for name, body in named.entries]


def _destination(place: Place, name: YamlText, body: object, outside: Outside) -> Destination:
    if not _NAME.fullmatch(name.value) or name.value in _TAKEN_NAMES:
        raise place.wrong(name, f"'{name.value}' is no name of an output: letters, digits, - and _, not 'stdout'")
    if not isinstance(body, YamlMapping):
        raise place.wrong(name, f"'{name.value}' must be a mapping with its kind and options")
    fields = Fields(place, body)
    kind = fields.word("kind", tuple(_KEYS))
    fields.only((*_COMMON, *_KEYS[kind]))
    selection = Selection(
        fields.word("severity", SEVERITIES, "Informational"), fields.words("rules"), fields.words("events", EVENTS)
    )
    return Destination(name.value, _MAKERS[kind](fields, outside), selection.wants, fields.moment("since"))


# --- each kind --------------------------------------------------------------------------------------------------------


def _ndjson(fields: Fields, _: Outside) -> Output:
    return LinesFile(fields.place.path.parent / fields.text("path"))


def _ocsf(fields: Fields, outside: Outside) -> Output:
    if fields.has("path") == fields.has("url"):
        raise fields.place.wrong(fields.body, "an output of kind ocsf has either a 'path' or a 'url'")
    if fields.has("url"):
        return _posted(fields, outside, finding_bytes)
    for name in _SIGNED:
        if fields.has(name):
            raise fields.place.wrong(fields.node(name), f"'{name}' goes with 'url', not with 'path'")
    path = fields.place.path.parent / fields.text("path")
    return LinesFile(path, lambda message: detection_finding(message.to_json()))


def _webhook(fields: Fields, outside: Outside) -> Output:
    return _posted(fields, outside, as_json)


def _posted(fields: Fields, outside: Outside, form: Callable[[Mapping[str, object]], bytes]) -> Output:
    key = None
    if fields.has("secret"):
        try:
            key = signing_key(fields.secret("secret").value)
        except ValueError as error:
            raise fields.place.wrong(fields.node("secret"), f"'secret': {error}") from None
    most = fields.number("most_bytes", _MOST_BYTES, _LEAST_BYTES, 16 * _MOST_BYTES)
    return Webhook(_endpoint(fields, outside, ""), key, most, form)


def _slack(fields: Fields, outside: Outside) -> Output:
    return Slack(_endpoint(fields, outside, _SLACK_HOST))


def _teams(fields: Fields, outside: Outside) -> Output:
    return Teams(_endpoint(fields, outside, ""))


def _syslog(fields: Fields, outside: Outside) -> Output:
    host, _, port = fields.text("address").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise fields.place.wrong(fields.node("address"), "'address' must be HOST:PORT")
    transport = Transport(fields.word("transport", tuple(one.value for one in Transport), "tcp"))
    most = _LONGEST_DATAGRAM if transport is Transport.UDP else _MOST_BYTES
    default = _LEAST_BYTES if transport is Transport.UDP else _LONGEST_DATAGRAM
    return Syslog(
        (host, int(port)),
        transport,
        fields.text_or("hostname", outside.host),
        fields.number("most_bytes", default, 480, most),
        fields.number("timeout", _SECONDS, 1, 30),
    )


# --- web services -----------------------------------------------------------------------------------------------------


def _endpoint(fields: Fields, outside: Outside, host: str) -> Endpoint:
    """A service: its address may be secret, its host never is."""
    allows_private = fields.flag("allow_private")
    target, is_secret = _target(fields, host, allows_private)
    secrets = {"Authorization": f"Bearer {fields.secret('token').value}"} if fields.has("token") else {}
    secrets |= _headers(fields)
    hidden = _told_only_there(target.url) if is_secret else []
    hidden += [value.removeprefix("Bearer ") for value in secrets.values()]
    seconds = fields.number("timeout", _SECONDS, 1, 30)
    return Endpoint(target, outside.web, seconds, allows_private, secrets, hidden)


def _told_only_there(url: str) -> list[str]:
    """What a service may repeat of a secret address: the request's line has it without the host and its port."""
    parts = urlsplit(url)
    return [parts._replace(scheme="", netloc="").geturl(), parts.path]


def _target(fields: Fields, host: str, allows_private: bool) -> tuple[Target, bool]:
    text, node = fields.text("url"), fields.node("url")
    is_secret = is_reference(text)
    if is_secret:
        text = fields.secret("url").value
    elif fields.text("kind") in ("slack", "teams"):
        raise fields.place.wrong(node, "the address of such a channel is a secret: write env:NAME or file:PATH")
    try:
        target = read_target(text, allows_private=allows_private)
    except BadTarget as error:
        raise fields.place.wrong(node, f"the address in 'url' cannot be used: {error}") from None
    stated = fields.text_or("host", host or ("" if is_secret else target.host)).lower().strip("[]")
    if not stated:
        raise fields.place.wrong(node, "an address that is not in the document needs its 'host' beside it")
    if stated != target.host:
        raise fields.place.wrong(node, f"the address in 'url' is not at the host '{stated}'")
    return target, is_secret


def _headers(fields: Fields) -> dict[str, str]:
    if not fields.has("headers"):
        return {}
    body = fields.node("headers")
    if not isinstance(body, YamlMapping):
        raise fields.place.wrong(body, "'headers' must be a mapping of names to values")
    found = {}
    for name, node in body.entries:
        if not _HEADER.fullmatch(name.value) or _OURS.fullmatch(name.value):
            raise fields.place.wrong(name, f"'{name.value}' is no header that may be set here")
        if not isinstance(node, YamlText) or not re.fullmatch(r"[ -~]{1,2000}", node.value):
            raise fields.place.wrong(node, f"the header '{name.value}' must have a value of ASCII")
        if is_reference(node.value) or _SENSITIVE.search(name.value):
            found[name.value] = fields.secret_of(name.value, node.value, node).value
        else:
            found[name.value] = node.value
    return found


_MAKERS: Final[Mapping[str, Callable[[Fields, Outside], Output]]] = {
    "ndjson": _ndjson,
    "ocsf": _ocsf,
    "webhook": _webhook,
    "syslog": _syslog,
    "slack": _slack,
    "teams": _teams,
}
