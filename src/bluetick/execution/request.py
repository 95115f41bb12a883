"""What is asked, a query and all that it needs beside the session's tables; and what a check of one finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from bluetick.binder.exclusions import Exclusion
from bluetick.diagnostics import Diagnostic
from bluetick.plan.ranges import Span


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """Everything that one query needs beside the session's tables; plain values, so that it can be sent elsewhere.

    `now` None takes the clock when the query starts, and then rows of the future are not cut off. `lookback` is the
    document's: tables are read from now - lookback. `seconds` is the deadline. `exclusions` leave rows out.
    `without_rewrites` names rewrites of the plan that are not made (bluetick.rewrite.rules): the rows are the same.
    `parameter_texts` are values of query parameters as KQL has them, such as `datetime(2026-06-18)`; `tables` are seen
    by this query alone, before others of their names. With a `scope` tables are read in it, whatever `now` and
    `lookback` are; without ends it is all of them.
    """

    text: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    now: datetime | None = None
    lookback: timedelta | None = None
    schemas: str | None = None
    is_sentinel_rule: bool = False
    name: str = "query"
    seconds: float | None = None
    exclusions: tuple[Exclusion, ...] = ()
    without_rewrites: frozenset[str] = frozenset()
    parameter_texts: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    scope: Span | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What binding a text found; nothing ran. `columns` are those of the last tabular statement."""

    columns: tuple[tuple[str, str], ...]
    diagnostics: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        return not self.diagnostics
