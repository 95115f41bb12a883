"""Samples run, each in a session of its own: memory alone, no lake, no network, no clock."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bluetick.binder.schema import FILE_PROFILE_COLUMNS
from bluetick.detections.model import Detection
from bluetick.detections.runs import account_of, query_request
from bluetick.detections.samples.cells import cell_value
from bluetick.detections.samples.comparing import Outcome, compare, kind_of
from bluetick.detections.samples.model import Failure, Sample, SampleOutcome
from bluetick.detections.samples.tables import SECONDS, Faces, arrow_tables, empty_table, is_named
from bluetick.detections.samples.writing import flow_row, shown_value
from bluetick.diagnostics import sample_codes as codes
from bluetick.diagnostics.errors import BluetickError, QueryCancelled, QueryError, SourceError
from bluetick.enrichment.profiles import HASHES
from bluetick.execution.near_miss import NearMiss
from bluetick.plan.deciding import statement_relations
from bluetick.plan.relations import Scan
from bluetick.session import QueryRequest, Session, connect
from bluetick.syntax.strict_yaml import YamlNode, YamlText
from bluetick.types import Type
from bluetick.values import Value, logical_arrow_type

_NEAR = 3
_SHOWN_ROWS = 20
_OF_HISTORY = ("warning:", "note:")  # that a table has no long history is no news of a sample


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all samples of a run have: schemas and stored functions."""

    schemas: str | Path | None = None
    functions: Path | None = None


NOTHING_MORE = Surroundings()


def run_samples(
    detection: Detection, samples: Sequence[Sample], surroundings: Surroundings = NOTHING_MORE
) -> list[SampleOutcome]:
    """Runs each sample by itself. An error of one is its own failure and keeps no other from running."""
    return list(each_outcome(detection, samples, surroundings))


def each_outcome(
    detection: Detection,
    samples: Iterable[Sample],
    surroundings: Surroundings = NOTHING_MORE,
    *,
    explains: bool = True,
) -> Iterator[SampleOutcome]:
    """The outcomes one after another, each as soon as it is there; without `explains` only whether they pass."""
    schemas, functions = surroundings.schemas, surroundings.functions
    with connect(schemas=schemas, functions=functions, threads=1) as empty:
        runner = _Runner(detection, surroundings, Faces(empty, _is_sentinel(detection)), explains)
        for sample in samples:
            yield runner.outcome(sample)


@contextmanager
def sample_session(
    detection: Detection, sample: Sample, surroundings: Surroundings = NOTHING_MORE
) -> Iterator[Session]:
    """The session that a sample is run in: its tables alone."""
    with ExitStack() as stack:
        empty = stack.enter_context(connect(schemas=surroundings.schemas, functions=surroundings.functions, threads=1))
        yield _Runner(detection, surroundings, Faces(empty, _is_sentinel(detection)), False).session(sample, stack)


def _is_sentinel(detection: Detection) -> bool:
    return detection.schemas == "sentinel" or "TimeGenerated" in detection.query


@dataclass(frozen=True, slots=True)
class _Runner:
    """Runs samples of one rule. `faces` are of a session without data, which tells what columns tables have."""

    detection: Detection
    surroundings: Surroundings
    faces: Faces
    explains: bool

    def outcome(self, sample: Sample) -> SampleOutcome:
        begun = perf_counter()
        kind = kind_of(sample.expect, self.detection.threshold)
        try:
            failure = self._run(sample)
        except QueryCancelled:
            raise
        except BluetickError as error:
            failure = None if _is_expected(error, sample) else Failure((_unexpected(error, sample),))
        except (OSError, ValueError, ArithmeticError, pa.ArrowException) as error:
            failure = Failure((f"the sample cannot be run: {error}",))
        return SampleOutcome(sample.name, failure is None, kind, perf_counter() - begun, sample, failure)

    def _run(self, sample: Sample) -> Failure | None:
        detection = self.detection
        with ExitStack() as stack:
            session = self.session(sample, stack)
            request = replace(query_request(detection, sample.now), seconds=SECONDS)
            result = session.run(request)[-1]
            rows = list(result.rows())
            if sample.expect.error:
                return Failure((f"expected the error {sample.expect.error}, got {len(rows):,} rows",))
            outcome = Outcome(result.columns, rows, detection.threshold.is_met(len(rows)))
            problems, differences = compare(sample, outcome)
            if not problems or not self.explains:
                return Failure(tuple(problems)) if problems else None
            return Failure(
                tuple(problems),
                tuple(differences),
                _traces(session, detection, request, len(rows)),
                tuple(flow_row(result.columns, row) for row in rows[:_SHOWN_ROWS]),
            )

    def session(self, sample: Sample, stack: ExitStack) -> Session:
        """A session of the sample's tables; those that the rule reads beside them are empty. `stack` closes it."""
        files = _Files(sample, stack)
        session = stack.enter_context(
            connect(
                tables=dict(arrow_tables(sample, self.faces, self.detection.query)),
                profiles=files.profiles(),
                schemas=self.surroundings.schemas,
                external={address: sample.folder / path for address, path in sample.setting.external},
                geo=sample.folder / sample.setting.geo if sample.setting.geo else None,
                functions=self.surroundings.functions,
                watchlists=files.watchlists(),
                now=sample.now,
                threads=1,
            )
        )
        read = _tables_read(session, self.detection)
        self._refuse_unread(sample, read)
        for name in read:
            face = self.faces.find(name)
            if face is not None and session.catalog.table(name) is None:
                session.catalog.register(name, empty_table(face))
        return session

    def _refuse_unread(self, sample: Sample, read: Sequence[str]) -> None:
        """A table that no schema knows and that the rule does not read is a slip of the pen: nobody would see its rows.
        (Of a search nobody knows beforehand what it reads.)"""
        for given in sample.setting.tables if read else ():
            is_meant = given.name in read or is_named(given.name, self.detection.query)
            if not is_meant and self.faces.find(given.name) is None:
                raise QueryError((codes.unread_table(given.span, given.name, read),), sample.source)


def _tables_read(session: Session, detection: Detection) -> list[str]:
    plan, _ = session.plan(query_request(detection), is_check=True)
    found = (node for one in plan.statements for node in statement_relations(one))
    return list(dict.fromkeys(node.table for node in found if isinstance(node, Scan)))


@dataclass(frozen=True, slots=True)
class _Files:
    """What a session reads from files, written for one sample into a folder that goes with it."""

    sample: Sample
    stack: ExitStack

    def watchlists(self) -> Path | None:
        if not self.sample.setting.watchlists:
            return None
        folder = self._folder()
        moment = self.sample.now.timestamp()
        for alias, rows in self.sample.setting.watchlists:
            if alias != Path(alias).name:
                raise SourceError(f"'{alias}' cannot be the alias of a watchlist")
            cells = [{key.value: self._cell(key, node, Type.STRING) for key, node in row.entries} for row in rows]
            path = folder / f"{alias}.json"
            path.write_text(json.dumps(cells), "utf-8")
            os.utime(path, (moment, moment))  # its rows were last changed at the sample's instant
        return folder

    def profiles(self) -> Path | None:
        """A file of file profiles, even where none is known."""
        rows = self.sample.setting.profiles
        if rows is None:
            return None
        types = dict(FILE_PROFILE_COLUMNS)
        cells: list[dict[str, Any]] = []
        for row in rows:
            for key, _ in row.entries:
                if key.value not in types:
                    raise QueryError(
                        (codes.unknown_column(key.span, "a profile", key.value, types),), self.sample.source
                    )
            cells.append({key.value: self._cell(key, node, types[key.value]) for key, node in row.entries})
        columns = {
            name: pa.array([cell.get(name) for cell in cells], logical_arrow_type(type_))
            for name, type_ in types.items()
            if name in HASHES or any(name in cell for cell in cells)
        }
        path = self._folder() / "profiles.parquet"
        pq.write_table(pa.table(columns), path)
        return path

    def _cell(self, key: YamlText, node: YamlNode, type_: Type) -> Value:
        return cell_value(node, type_, key.value, self.sample.now, self.sample.source)

    def _folder(self) -> Path:
        return Path(self.stack.enter_context(TemporaryDirectory(prefix="bluetick-sample-")))


def _traces(session: Session, detection: Detection, request: QueryRequest, rows: int) -> tuple[str, ...]:
    """Where the rows went: the account of the run, and rows that one condition alone removed."""
    try:
        account, near = account_of(session, detection, request, rows, _NEAR, of_events=True)
    except BluetickError:  # the run itself went well: that is what the sample is about
        return ()
    lines = (line for line in account.lines() if not line.startswith(_OF_HISTORY))
    return (*lines, *(_near_line(one) for one in near))


def _near_line(one: NearMiss) -> str:
    place = f" in {one.binding}" if one.binding else ""
    off = "" if one.distance is None else f", off by {one.distance:.15g}"
    shown = ", ".join(f"{name}={shown_value(value)}" for name, value in one.row if value not in (None, ""))
    return f"near: only `{one.condition}`{place} removed {{{shown}}}{off}"


def _is_expected(error: BluetickError, sample: Sample) -> bool:
    codes_found = {one.code for one in error.diagnostics} if isinstance(error, QueryError) else {type(error).__name__}
    is_own = isinstance(error, QueryError) and error.source is sample.source
    return bool(sample.expect.error) and not is_own and sample.expect.error in codes_found


def _unexpected(error: BluetickError, sample: Sample) -> str:
    wanted = f"expected the error {sample.expect.error}, got\n" if sample.expect.error else ""
    return f"{wanted}{error}"
