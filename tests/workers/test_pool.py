"""The pool: answers, deadlines, cancels, crashes, the queue, and what workers see of a lake."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic
from uuid import UUID

import pyarrow as pa
import pytest
from worker_scene import Scene, append, new_scene, rows, small

from bluetick.diagnostics.errors import EngineError, Limit, LimitError, QueryCancelled, QueryError, SourceError
from bluetick.session import Check, QueryRequest, connect
from bluetick.types import Type
from bluetick.values import python_values
from bluetick.workers.messages import Busy
from bluetick.workers.pool import WorkerPool
from bluetick.workers.settings import SessionSettings

ENDLESS = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"
# The interrupt of an engine does not reach one call of a function: only a signal ends it.
ENDLESS_CALL = (
    "let w = strcat_array(range(1, 200000, 1), 'a'); "
    "print x = w, y = strcat('b', w) | extend d = countof(x, '((a|b|1)*c)*d', 'regex')"
)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return new_scene(tmp_path)


def test_answers_are_those_of_a_session(scene: Scene) -> None:
    query = """datatable(b: bool, i: int, l: long, r: real, m: decimal, s: string, d: datetime, t: timespan, g: guid,
        y: dynamic) [
        true, 2147483647, 9223372036854775807, 1.5, decimal(12345678901234567890.123), "ü\\n'\\"", datetime(9999-12-31),
            time(-1.02:03:04.567), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), dynamic({"a": [1, null, "x"]}),
        bool(null), int(null), long(null), real(nan), decimal(null), "", datetime(null), timespan(null), guid(null),
            dynamic(null),
        false, -1, -1, real(-inf), decimal(-0.1), "x", datetime(0001-01-01), 1tick, guid(null), dynamic([])];
        Events | summarize count(); print 1 | where false"""

    async def work(pool: WorkerPool) -> list[tuple[str, tuple[tuple[str, str], ...], list[list[object]]]]:
        answer = await pool.run(QueryRequest(query), request_id="types")
        found: list[tuple[str, tuple[tuple[str, str], ...], list[list[object]]]] = []
        found += [(head.name, head.columns, [[] for _ in head.columns]) for head in answer.heads]
        async for number, batch in answer.batches():
            for values, column, (_, type_) in zip(found[number][2], batch.columns, found[number][1], strict=True):
                values.extend(python_values(column, Type(type_)))
        return found

    found = scene.run(work)
    with connect(scene.lake) as session:
        wanted = session.query_all(query)
        assert [(name, columns) for name, columns, _ in found] == [(one.name, one.columns) for one in wanted]
        for (_, _, columns), result in zip(found, wanted, strict=True):
            assert repr(list(zip(*columns, strict=True))) == repr(list(result.rows()))
    assert len(found) == 3
    assert found[1][2] == [[3]]


def test_parameters_tables_and_instants_arrive_as_they_were_sent(scene: Scene) -> None:
    instant = datetime(2026, 6, 18, 12, 30, tzinfo=UTC)
    given = {
        "d": instant,
        "t": timedelta(microseconds=-7),
        "m": Decimal("1.25"),
        "g": UUID(int=5),
        "y": {"a": [1, None]},
        "r": float("inf"),
        "s": "ü and '\"",
    }
    query = (
        "declare query_parameters(d: datetime, t: timespan, m: decimal, g: guid, y: dynamic, r: real, s: string, "
        "x: long); Given | extend d, t, m, g, y, r, long_s = strlen(s), x, n = now()"
    )
    table = pa.table({"k": [1, 2]})
    request = QueryRequest(query, given, now=instant, parameter_texts={"x": "-42"}, tables={"Given": table})

    async def work(pool: WorkerPool) -> pa.RecordBatch:
        answer = await pool.run(request, request_id="parameters")
        return (await anext(answer.batches()))[1]

    batch = scene.run(work)
    with connect(scene.lake) as session:
        wanted = session.run(request)[-1]
        assert [column.to_pylist() for column in batch.columns] == [
            column.to_pylist() for column in next(wanted.batches()).columns
        ]
    assert batch.column(0).to_pylist() == [1, 2]
    assert batch.column(9).to_pylist() == [instant.replace(tzinfo=None)] * 2


async def _fails(pool: WorkerPool, text: str, kind: type[Exception], seconds: float | None = None) -> Exception:
    with pytest.raises(kind) as caught:
        await rows(pool, text, "it fails", seconds=seconds)
    return caught.value


def test_a_refused_text_has_its_diagnostics_and_its_caret(scene: Scene) -> None:
    error = scene.run(lambda pool: _fails(pool, "Events | where Massage == 'x'", QueryError))
    with connect(scene.lake) as session, pytest.raises(QueryError) as caught:
        session.query("Events | where Massage == 'x'")
    assert isinstance(error, QueryError)
    assert error.diagnostics == caught.value.diagnostics
    assert str(error) == str(caught.value)


def test_a_failed_source_says_where(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n", "utf-8")
    text = "externaldata(x: string) [@'http://127.0.0.1:9/x.csv'] with (format='csv')"
    error = scene.run(lambda pool: _fails(pool, text, SourceError))
    assert "nothing is fetched" in str(error)


@pytest.mark.parametrize("text", [ENDLESS, ENDLESS_CALL])
def test_a_query_ends_at_its_deadline(scene: Scene, text: str) -> None:
    async def work(pool: WorkerPool) -> tuple[Exception, float, list[dict[str, object]]]:
        begun = monotonic()
        error = await _fails(pool, text, LimitError, 1.0)
        took = monotonic() - begun
        return error, took, await rows(pool, "print x = 1")

    error, took, after = scene.run(work)
    assert isinstance(error, LimitError)
    assert error.limit is Limit.TIME
    assert took < 10  # a second and its grace; a loaded machine is no fault
    assert after == [{"x": 1}]


@pytest.mark.parametrize("text", [ENDLESS, ENDLESS_CALL])
def test_a_query_can_be_cancelled(scene: Scene, text: str) -> None:
    async def work(pool: WorkerPool) -> list[dict[str, object]]:
        running = asyncio.create_task(rows(pool, text, "to cancel"))
        while pool.state.running == 0:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert await pool.cancel("to cancel")
        with pytest.raises(QueryCancelled):
            await running
        assert not await pool.cancel("to cancel")
        return await rows(pool, "print x = 1")

    assert scene.run(work) == [{"x": 1}]


def test_a_crash_in_mid_answer_is_an_error_of_that_query_alone(scene: Scene) -> None:
    async def work(pool: WorkerPool) -> tuple[int, list[dict[str, object]]]:
        answer = await pool.run(QueryRequest("range x from 1 to 4000000 step 1"), request_id="to crash")
        other = await pool.run(QueryRequest("range x from 1 to 3 step 1"), request_id="another")
        batches = answer.batches()
        await anext(batches)
        os.kill(answer.pid, signal.SIGSEGV)
        with pytest.raises(EngineError, match="SIGSEGV"):
            async for _ in batches:
                pass
        assert [batch.num_rows async for _, batch in other.batches()] == [3]
        return pool.state.lost, await rows(pool, "print x = 1")

    assert scene.run(work) == (1, [{"x": 1}])


def test_an_idle_worker_that_died_is_not_asked(scene: Scene) -> None:
    async def work(pool: WorkerPool) -> list[dict[str, object]]:
        for _ in range(3):
            answer = await pool.run(QueryRequest("print x = 1"), request_id="one")
            pid = answer.pid
            assert [batch.num_rows async for _, batch in answer.batches()] == [1]
            os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.2)
        return await rows(pool, "print x = 1")

    assert scene.run(work) == [{"x": 1}]


def test_a_full_queue_says_so_at_once(scene: Scene) -> None:
    async def work(pool: WorkerPool) -> None:
        running = [asyncio.create_task(rows(pool, ENDLESS, f"running {n}")) for n in range(2)]
        while pool.state.running < 2:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(rows(pool, "print x = 1", "waiting"))
        await asyncio.sleep(0.05)
        with pytest.raises(Busy):
            await rows(pool, "print x = 1", "too many")
        await pool.cancel("running 0")
        assert await waiting == [{"x": 1}]
        await pool.cancel("running 1")
        for task in running:
            with pytest.raises(QueryCancelled):
                await task
        assert pool.state.waiting == pool.state.running == 0

    scene.run(work, small(waiting=1))


def test_one_that_waits_can_be_cancelled_and_waits_no_longer_than_said(scene: Scene) -> None:
    async def work(pool: WorkerPool) -> None:
        running = asyncio.create_task(rows(pool, ENDLESS, "running"))
        while pool.state.running < 1:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(rows(pool, "print x = 1", "waiting"))
        await asyncio.sleep(0.05)
        assert await pool.cancel("waiting")
        with pytest.raises(QueryCancelled):
            await waiting
        with pytest.raises(LimitError):
            await rows(pool, "print x = 1", "late", seconds=0.05)
        with pytest.raises(Busy):
            await rows(pool, "print x = 1", "too long")
        await pool.cancel("running")
        with pytest.raises(QueryCancelled):
            await running

    scene.run(work, small(workers=1, wait_seconds=0.2))


def test_a_result_larger_than_any_buffer_waits_for_its_reader(scene: Scene) -> None:
    """Ten times what fits between the processes: neither grows, no row is lost."""

    async def work(pool: WorkerPool) -> None:
        text = "range x from 1 to 3000000 step 1 | extend s = strcat('a text that takes some room: ', x)"
        answer = await pool.run(QueryRequest(text), request_id="large")
        before = memory_of(os.getpid())
        total, most, largest = 0, 0, 0
        async for _, batch in answer.batches():
            if total < 200_000:
                await asyncio.sleep(0.02)
            total += batch.num_rows
            largest = max(largest, batch.nbytes)
            most = max(most, memory_of(os.getpid()) - before)
        assert total == 3_000_000
        assert largest < 4 << 20
        assert most < 100 << 20

    scene.run(work)


def memory_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_an_answer_that_is_left_gives_its_worker_back(scene: Scene) -> None:
    async def work(pool: WorkerPool) -> list[dict[str, object]]:
        for number in range(4):
            answer = await pool.run(QueryRequest("range x from 1 to 4000000 step 1"), request_id=f"left {number}")
            await anext(answer.batches())
            await answer.close()
            await answer.close()
        assert pool.state.running == 0
        return await rows(pool, "print x = 1")

    assert scene.run(work) == [{"x": 1}]


# Each would take all memory there is, in ways that DuckDB's own limit does not see.
HUGE = {
    "one text": "print x = 1 | extend s = strrep('0123456789', 1024) " + "| extend s = strcat(s, s, s, s, s, s) " * 9,
    "a list": "range x from 1 to 200000000 step 1 | summarize s = make_list(tostring(x), 200000000) "
    "| project strlen(tostring(s))",
}


@pytest.mark.parametrize("name", HUGE)
def test_memory_has_an_end(scene: Scene, name: str) -> None:
    async def work(pool: WorkerPool) -> tuple[Exception, list[dict[str, object]]]:
        error = await _fails(pool, HUGE[name], LimitError, 60.0)
        return error, await rows(pool, "print x = 1")

    error, after = scene.run(work)
    assert isinstance(error, LimitError)
    assert error.limit is Limit.MEMORY
    assert after == [{"x": 1}]


def test_a_worker_is_replaced_after_so_many_queries(scene: Scene) -> None:
    async def work(pool: WorkerPool) -> list[int]:
        pids = []
        for _ in range(6):
            answer = await pool.run(QueryRequest("print x = 1"), request_id="one")
            pids.append(answer.pid)
            assert [batch.num_rows async for _, batch in answer.batches()] == [1]
        return pids

    pids = scene.run(work, small(workers=1, queries=2))
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4] == pids[5]


def test_a_commit_and_a_new_table_are_seen_by_the_next_query(scene: Scene) -> None:
    async def work(pool: WorkerPool) -> list[object]:
        found: list[object] = []
        for _ in range(2):
            found += [row["n"] for row in await rows(pool, "Events | summarize n = count()")]
            append(scene.lake, "Events", ["four"])
        append(scene.lake, "More", ["a", "b"])
        found += [row["n"] for row in await rows(pool, "More | summarize n = count()")]
        return found

    assert scene.run(work) == [3, 4, 2]


def test_a_file_that_is_put_in_the_place_of_another_is_read(tmp_path: Path) -> None:
    file = tmp_path / "T.csv"
    file.write_text("a\n1\n", "utf-8")

    async def main() -> list[list[dict[str, object]]]:
        pool = WorkerPool(SessionSettings(tables={"T": file}), small())
        await pool.start()
        try:
            first = await rows(pool, "T")
            (tmp_path / "new.csv").write_text("a\n2\n", "utf-8")
            os.replace(tmp_path / "new.csv", file)
            return [first, await rows(pool, "T")]
        finally:
            await pool.close()

    assert asyncio.run(main()) == [[{"a": 1}], [{"a": 2}]]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (SessionSettings(lake="/nowhere"), "no folder"),
        (SessionSettings(tables={"T": "/nowhere/*.csv"}), "no file matches"),
        (SessionSettings(profiles=("virustotal",)), "the network"),
    ],
)
def test_settings_that_cannot_be_are_told_at_the_start(settings: SessionSettings, words: str) -> None:
    async def main() -> None:
        pool = WorkerPool(settings, small())
        try:
            await pool.start()
        finally:
            await pool.close()

    with pytest.raises(SourceError, match=words):
        asyncio.run(main())


def test_nothing_of_a_pool_is_left(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"

    async def work(pool: WorkerPool) -> list[int]:
        await asyncio.gather(*(rows(pool, "print x = 1", str(number)) for number in range(4)))
        assert [path for path in folder.rglob("*") if path.is_dir()]
        return [worker.pid for worker in pool.processes]

    pids = scene.run(work, small(temp_directory=folder))
    assert pids
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert [path for path in folder.rglob("*") if path.is_dir()] == list(folder.glob("bluetick-*"))


def test_a_check_finds_what_a_session_finds(scene: Scene) -> None:
    texts = ["Events | project Message, n = strlen(Message)", "Events | where Nothing == 1", "Events | extend x ="]

    async def work(pool: WorkerPool) -> list[Check]:
        return [await pool.check(QueryRequest(text)) for text in texts]

    with connect(scene.lake) as session:
        assert scene.run(work) == [session.check(text) for text in texts]


def test_where_no_worker_can_start_any_more_queries_learn_why(scene: Scene, tmp_path: Path) -> None:
    functions = tmp_path / "functions"
    functions.mkdir()

    async def main() -> None:
        pool = WorkerPool(SessionSettings(lake=scene.lake, functions=functions), small(workers=1))
        await pool.start()
        try:
            assert await rows(pool, "print x = 1") == [{"x": 1}]
            functions.rmdir()
            with pytest.raises(SourceError, match="functions"):
                await rows(pool, "print x = 1")
        finally:
            await pool.close()

    asyncio.run(main())


def test_no_query_runs_for_ever(scene: Scene) -> None:
    error = scene.run(lambda pool: _fails(pool, ENDLESS, LimitError), small(most_seconds=0.5))
    assert isinstance(error, LimitError)
    assert error.limit is Limit.TIME


def test_what_a_session_opens_may_be_named_from_here(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n1,x\n", "utf-8")
    (tmp_path / "mapping").mkdir()
    mapping = "Mapped:\n  source: ../t.csv\n  columns:\n    A: toint(a)\n"
    (tmp_path / "mapping" / "m.yaml").write_text(mapping, "utf-8")
    settings = SessionSettings(lake="lake", tables={"T": "t.csv", "G": "*.csv"}, mapping="mapping")

    async def main() -> list[list[dict[str, object]]]:
        pool = WorkerPool(settings, small(workers=1))
        await pool.start()
        try:
            return [await rows(pool, text) for text in ("Events | count", "T", "G", "Mapped")]
        finally:
            await pool.close()

    assert asyncio.run(main()) == [[{"Count": 3}], [{"a": 1, "b": "x"}], [{"a": 1, "b": "x"}], [{"A": 1}]]
