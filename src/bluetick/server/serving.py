"""The server as a process: what it needs before it may listen, and how it ends."""

import asyncio
import signal
import socket
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvicorn

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.layout import SETTINGS
from bluetick.server.access import LOOPBACK, Names, Right, Tokens, is_loopback, kept
from bluetick.server.app import make_app
from bluetick.server.audit import AuditLog
from bluetick.server.executor import LocalExecutor, QueryExecutor
from bluetick.server.jobs import Jobs
from bluetick.server.service import Service, Work
from bluetick.session import Session
from bluetick.workers.commands import CommandSettings
from bluetick.workers.pool import PoolSettings, WorkerPool
from bluetick.workers.settings import SessionSettings

_GRACE_SECONDS = 5
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Serving:
    """What was asked for. A lake holds tokens and the audit log too. Queries run in processes that open `workers`, each
    as `engine` says, else in threads of this one; at `places` of them at once."""

    host: str
    host_names: tuple[str, ...]
    token: str | None
    lake: Path | None
    database: str
    places: int | None = None
    waiting: int = 64
    workers: SessionSettings | None = None
    engine: PoolSettings | None = None
    work: Work = field(default_factory=Work)
    commands: CommandSettings = field(default_factory=CommandSettings)

    @property
    def folder(self) -> Path | None:
        return None if self.lake is None else self.lake / SETTINGS

    def tokens(self) -> Tokens:
        return Tokens(self.folder, () if self.token is None else (kept("--token", self.token, Right.ADMIN.word),))

    def check(self) -> None:
        """Others than this machine's own users are let in by tokens alone."""
        if self.token == "":
            raise SourceError("an empty token is none")
        if not is_loopback(self.host) and not self.tokens().all():
            raise SourceError(
                f"on {self.host} others can reach the server: make tokens first (bluetick token add), or give --token"
            )

    def names(self) -> Names:
        own = f"[{self.host}]" if ":" in self.host else self.host
        return Names(frozenset({*LOOPBACK, own.lower(), *(name.lower() for name in self.host_names)}))


def make_service(wanted: Serving, session: Session, executor: QueryExecutor) -> Service:
    tokens = wanted.tokens()
    return Service(
        executor,
        session,
        wanted.database,
        tokens,
        wanted.names(),
        AuditLog(wanted.folder),
        needs_token=bool(tokens.all()),
        lake=wanted.lake,
        work=wanted.work,
        jobs=Jobs(wanted.commands, temporary=_place(wanted.engine)),
    )


def _place(engine: PoolSettings | None) -> str | None:
    """Where temporary files go that a user named."""
    return None if engine is None or engine.temp_directory is None else str(engine.temp_directory)


def listening(host: str, port: int) -> socket.socket:
    """A listening socket, TCP by its own word: asyncio turns off Nagle's delay for such alone, which costs 40 ms."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        words = (error.strerror or str(error)).lower()
        raise SourceError(f"cannot listen on {host} port {port}: {words}") from error
    return listener


def serve_on(wanted: Serving, session: Session, listener: socket.socket) -> None:
    """Until it is stopped by SIGINT or SIGTERM, which is no failure. Queries that run then are given a few seconds."""
    ending = _Ending()
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn hears them first, and sends them again when it is down
        signal.signal(number, ending.ask)
    asyncio.run(_serve(wanted, session, listener, ending))


@dataclass(slots=True)
class _Ending:
    """A signal that comes before uvicorn listens to signals, while processes start, ends the server all the same."""

    server: uvicorn.Server | None = None
    is_asked: bool = False

    def ask(self, *_: object) -> None:
        self.is_asked = True
        if self.server is not None:
            self.server.should_exit = True


async def _serve(wanted: Serving, session: Session, listener: socket.socket, ending: _Ending) -> None:
    executor = await _executor(wanted, session)
    config = uvicorn.Config(
        make_app(make_service(wanted, session, executor)),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    ending.server = uvicorn.Server(config)
    ending.server.should_exit = ending.is_asked
    await ending.server.serve(sockets=[listener])


async def _executor(wanted: Serving, session: Session) -> QueryExecutor:
    if wanted.workers is None:
        return LocalExecutor(session, wanted.places or _THREADS, wanted.waiting)
    pool = WorkerPool(
        wanted.workers, replace(wanted.engine or PoolSettings(), workers=wanted.places, waiting=wanted.waiting)
    )
    try:
        await pool.start()
    except BaseException:
        await pool.close()
        raise
    return pool
