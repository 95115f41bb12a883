"""Who may use the server: tokens with scopes, and which Hosts and Origins a request may come from.

A token is 256 random bits, so its SHA-256 is kept: nothing slower is needed against guessing. A page in a browser can
reach a server on this machine, by its address or by a name that leads here; so the Host must be one of ours, and an
Origin, where there is one, too.
"""

import hashlib
import hmac
import ipaddress
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from bluetick.diagnostics.errors import SourceError

TOKENS = "tokens.json"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Right(IntEnum):
    """What a caller may do; each right holds those before it."""

    READ = 1
    RULES = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


RIGHTS = tuple(right.word for right in Right)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by the name of a token, and what that one may do."""

    name: str
    right: Right


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: its name, its SHA-256, what it allows, when it was made."""

    name: str
    sha256: str
    right: str
    created: str


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Tokens:
    """The tokens of a folder of settings, read again whenever the file changes: what is removed holds no longer."""

    def __init__(self, folder: Path | None, given: Sequence[Token] = ()) -> None:
        self._file = None if folder is None else folder / TOKENS
        self._given = tuple(given)
        self._seen: tuple[int, int] | None = None
        self._kept: tuple[Token, ...] = ()

    def all(self) -> tuple[Token, ...]:
        """Raises SourceError where the file is no such file: then nobody is let in by mistake."""
        if self._file is None:
            return self._given
        try:
            state = self._file.stat()
        except FileNotFoundError:
            return self._given
        seen = (state.st_mtime_ns, state.st_size)
        if seen != self._seen:
            self._kept, self._seen = read_tokens(self._file), seen
        return (*self._given, *self._kept)

    def caller(self, token: str) -> Caller | None:
        """Whose token it is. All are compared, each in constant time."""
        found: Caller | None = None
        mine = digest(token)
        for one in self.all():
            if hmac.compare_digest(mine, one.sha256):
                found = Caller(one.name, Right[one.right.upper()])
        return found


def read_tokens(file: Path) -> tuple[Token, ...]:
    if not file.exists():
        return ()
    try:
        found = tuple(Token(**one) for one in json.loads(file.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise SourceError(f"'{file}' is no list of tokens", file=str(file)) from error
    if any(one.right not in RIGHTS for one in found):
        raise SourceError(f"'{file}' has a right that there is not", file=str(file))
    return found


def write_tokens(file: Path, tokens: Iterable[Token]) -> None:
    """In one step, and for the owner's eyes alone."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".tokens")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump([asdict(one) for one in tokens], out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def new_token(name: str, right: str) -> tuple[str, Token]:
    """The secret, which is shown once, and what is kept of it."""
    secret = secrets.token_urlsafe(32)
    return secret, kept(name, secret, right)


def kept(name: str, secret: str, right: str) -> Token:
    return Token(name, digest(secret), right, datetime.now(UTC).isoformat(timespec="seconds"))


# --- where a request comes from --------------------------------------------------------------------------------------


def is_loopback(address: str) -> bool:
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Names:
    """The names by which the server may be asked, in lower case and without a port."""

    hosts: frozenset[str]

    def allows_host(self, host: str) -> bool:
        return host_name(host) in self.hosts

    def allows_origin(self, origin: str, host: str) -> bool:
        """A page that came from where it asks, port included: another program of this machine may serve pages too."""
        scheme, separator, own = origin.strip().lower().partition("://")
        port = {"http": ":80", "https": ":443"}.get(scheme)
        if separator == "" or port is None or not self.allows_host(own):
            return False
        return own.removesuffix(port) == host.strip().lower().removesuffix(port)


def host_name(host: str) -> str:
    """The name of `name`, `name:port`, `[v6]:port`; '' for what is none of these."""
    text = host.strip().lower()
    name, _, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if text.endswith("]") or not name:
        return text
    return name if port.isascii() and port.isdigit() else ""
