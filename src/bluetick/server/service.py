"""What all routes share: who asks, how a query is run, what is written down of it."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic

import pyarrow as pa
from starlette.requests import Request

from bluetick.diagnostics.errors import QueryCancelled
from bluetick.server.access import Caller, Names, Right, Tokens
from bluetick.server.audit import AUDIT, AuditLog, Entry
from bluetick.server.commands import CommandTable
from bluetick.server.errors import Asked, Failure, RequestRefused, failure_of, forbidden
from bluetick.server.executor import Answer, QueryExecutor, TableHead
from bluetick.server.jobs import Jobs
from bluetick.server.limits import LimitedRows, ResultLimits
from bluetick.server.reading import Forms, Reading, unless_gone
from bluetick.server.schema import Database, database
from bluetick.session import QueryRequest, Session

_NOT_KNOWN = Failure(
    401,
    "Unauthorized",
    "Caller is not authenticated.",
    "Kusto.Data.Exceptions.KustoRequestDeniedException",
    "A valid token is needed: Authorization: Bearer ...",
)
ANYBODY = Caller("anybody", Right.ADMIN)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it is written down."""

    caller: Caller
    asked: Asked
    operation: str
    database: str
    text: str
    application: str


@dataclass(frozen=True, slots=True)
class Work:
    """What people work on beside the tables: the service's ledger (which may come to be later), the folder of rule
    documents, the folder of hunts."""

    ledger: Path | None = None
    rules: Path | None = None
    hunts: Path | None = None

    @property
    def has_ledger(self) -> bool:
        return self.ledger is not None and self.ledger.is_file()


@dataclass(slots=True, eq=False)
class Service:
    """One server. `session` tells what the database has; `executor` runs the queries. Without `needs_token` whoever
    reaches the server may do everything."""

    executor: QueryExecutor
    session: Session
    database: str
    tokens: Tokens
    names: Names
    audit: AuditLog
    needs_token: bool = False
    lake: Path | None = None
    work: Work = field(default_factory=Work)
    jobs: Jobs = field(default_factory=Jobs)
    _running: dict[str, Call] = field(default_factory=dict)

    def caller(self, request: Request, least: Right) -> Caller:
        """Who asks; refused without a token that holds, or without the right."""
        caller = ANYBODY
        given = request.headers.get("authorization", "")
        scheme, _, token = given.partition(" ")
        if self.needs_token:
            found = self.tokens.caller(token.strip()) if scheme.lower() == "bearer" and token.strip() else None
            if found is None:
                raise RequestRefused(_NOT_KNOWN)
            caller = found
        if caller.right < least:
            raise forbidden(f"the token '{caller.name}' may {caller.right.word}, and this needs {least.word}")
        return caller

    def call(self, request: Request, caller: Caller, asked: Asked, operation: str, text: str) -> Call:
        application = request.headers.get("x-ms-app", "")[:200]
        return Call(caller, asked, operation, self.database, text, application)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where what is served lies: no answer names them."""
        ledger = None if self.work.ledger is None else self.work.ledger.parent
        found = (self.lake, self.work.rules, self.work.hunts, ledger)
        names = {str(path.absolute()) for path in found if path is not None}
        return tuple({*names, *map(os.path.realpath, names)} - {"/"})

    async def schema(self) -> Database:
        return await asyncio.to_thread(database, self.database, self.session)

    async def run(
        self, request: Request, call: Call, query: QueryRequest, limits: ResultLimits, forms: Forms
    ) -> Reading:
        """A query whose first rows are here. The caller of this must see to it that the reading is closed."""
        self._running[call.asked.activity_id] = call
        began = monotonic()
        try:
            if AUDIT in query.text and call.caller.right is Right.ADMIN:
                query = replace(query, tables={**query.tables, AUDIT: await asyncio.to_thread(self.audit.table)})
            answer = await unless_gone(request, self.executor.run(query, request_id=call.asked.activity_id))
        except BaseException as error:
            self.note(call, _known(error), 0, monotonic() - began)
            raise
        return await self._begun(request, call, answer, limits, forms)

    async def answer_table(self, request: Request, call: Call, table: CommandTable) -> Reading:
        """A command's table as it is."""
        answer = GivenAnswer(TableHead("Table_0", table.columns, {}), table.arrow())
        return await self._begun(request, call, answer, ResultLimits(None, None), Forms())

    async def cancel(self, caller: Caller, client_request_id: str) -> int:
        """Stops the caller's queries of this id, an admin's request anybody's; how many there were."""
        mine = [
            activity
            for activity, call in self._running.items()
            if call.asked.client_request_id == client_request_id
            and (call.caller == caller or caller.right is Right.ADMIN)
        ]
        return sum([await self.executor.cancel(activity) for activity in mine])

    async def _begun(self, request: Request, call: Call, answer: Answer, limits: ResultLimits, forms: Forms) -> Reading:
        rows = LimitedRows(answer, forms.writers(answer), limits)
        reading = Reading(answer, rows, call.asked, monotonic(), partial(self._closed, call))
        try:
            await unless_gone(request, reading.begin())
        except BaseException as error:
            await reading.close(_known(error))
            raise
        return reading

    def _closed(self, call: Call, reading: Reading, error: Exception | None) -> None:
        self.note(call, error, reading.rows.row_count, reading.seconds)

    def note(self, call: Call, error: Exception | None, rows: int, seconds: float) -> None:
        """Writes down what became of a request."""
        self._running.pop(call.asked.activity_id, None)
        outcome = "Completed" if error is None else failure_of(error).code
        asked = call.asked
        self.audit.write(
            Entry(
                asked.at,
                call.caller.name,
                call.operation,
                call.database,
                call.text,
                outcome,
                rows,
                seconds,
                asked.client_request_id,
                asked.activity_id,
                call.application,
            )
        )


def _known(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else QueryCancelled("the client went away")


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """A table that is here already."""

    head: TableHead
    table: pa.Table

    @property
    def heads(self) -> Sequence[TableHead]:
        return (self.head,)

    async def batches(self) -> AsyncIterator[tuple[int, pa.RecordBatch]]:
        for batch in self.table.to_batches():
            yield 0, batch

    async def close(self) -> None:
        """Nothing runs."""
