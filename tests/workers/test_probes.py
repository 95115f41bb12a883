"""What hundreds of probes reach through each of the fences, and through any two of them: see `probes.py`.

A probe got through if its answer has a word of the files outside or the name of one, if a file is there afterwards that
was not before, or if someone called the listener.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import probes
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from server.running import served
from worker_scene import Scene, new_scene, small

from bluetick.detections.documents.reading import read_document
from bluetick.diagnostics.errors import BluetickError
from bluetick.session import QueryRequest, Session, connect
from bluetick.workers import landlock
from bluetick.workers.confinement import module_path
from bluetick.workers.pool import WorkerPool
from bluetick.workers.process import Fences, WorkerSettings
from bluetick.workers.settings import open_settings

WORD = "the canary sings"
MARKS = (WORD, "feather-", "root:x:0")
needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")


@dataclass(frozen=True, slots=True)
class Ground:
    """A scene with files outside of its lake, and the listener's port."""

    scene: Scene
    outside: Path
    link: Path
    linked: Path
    elsewhere: Path
    port: int

    def fill(self, text: str, number: int) -> str:
        places = {
            "{secret}": str(self.outside / "secret"),
            "{outside}": str(self.outside),
            "{lake}": str(self.scene.lake),
            "{link}": str(self.link),
            "{linked}": str(self.linked),
            "{elsewhere}": str(self.elsewhere),
            "{port}": str(self.port),
            "{n}": f"planted{number}",
        }
        for name, value in places.items():
            text = text.replace(name, value)
        return text.replace("{{", "{").replace("}}", "}")

    def filled(self, value: Any, number: int) -> Any:
        match value:
            case str():
                return self.fill(value, number)
            case dict():
                return {self.fill(key, number): self.filled(item, number) for key, item in value.items()}
            case _:
                return value

    def planted(self) -> set[int]:
        """The numbers of the probes that wrote a file, wherever."""
        found = [*self.outside.rglob("*planted*"), *self.elsewhere.rglob("*planted*")]
        return {int("".join(filter(str.isdigit, path.name.partition("planted")[2]))) for path in found}

    def files(self) -> dict[str, bytes]:
        """Every file, and what is in it."""
        return {str(path): path.read_bytes() for path in self.outside.rglob("*") if path.is_file()}


@pytest.fixture
def ground(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ground]:
    scene = new_scene(tmp_path)
    (tmp_path / "feather-1.txt").write_text(WORD, "utf-8")
    (tmp_path / "secret.csv").write_text(f"a,b\n1,{WORD}\n", "utf-8")
    (tmp_path / "secret.json").write_text(json.dumps({"a": WORD}), "utf-8")
    pq.write_table(pa.table({WORD: [WORD]}), tmp_path / "secret.parquet")
    with duckdb.connect(str(tmp_path / "secret.db")) as database:
        database.execute("CREATE TABLE t AS SELECT $word AS a", {"word": WORD})
    link, linked = scene.lake / "Events" / "link.txt", scene.lake / "Events" / "linked"
    link.symlink_to(scene.secret)
    linked.symlink_to(tmp_path)
    monkeypatch.setenv("CANARY", WORD)
    monkeypatch.setenv("BLUETICK_CACHE", "off")  # a session of this process would keep what rules read in the lake
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield Ground(scene, tmp_path, link, linked, tmp_path_factory.mktemp("elsewhere"), listener.getsockname()[1])
        with pytest.raises(BlockingIOError):  # nobody called
            listener.accept()


def is_through(answer: str) -> bool:
    return any(mark in answer for mark in MARKS)


# --- the first fence: what is not understood is not translated --------------------------------------------------------


def answer_of(session: Session, text: str) -> str:
    """All rows of a query, or why there are none: with an error of the package's own."""
    try:
        return repr([list(result.rows()) for result in session.run(QueryRequest(text, seconds=20.0))])
    except BluetickError as error:
        return f"refused: {error}"


@contextmanager
def untouched(ground: Ground) -> Iterator[None]:
    before = ground.files()
    yield
    assert ground.files() == before
    assert ground.planted() == set()


def test_kql_reaches_nothing(ground: Ground) -> None:
    texts = [ground.fill(text, number) for number, text in enumerate(probes.kql())]
    with untouched(ground), connect(ground.scene.lake) as session:
        through = [text for text in texts if is_through(answer_of(session, text))]
    assert through == []
    assert len(texts) >= 200


def test_rule_documents_reach_nothing(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("documents")
    texts = [ground.fill(text, number) for number, text in enumerate(probes.documents())]
    through = []
    with untouched(ground), connect(ground.scene.lake) as session:
        for number, text in enumerate(texts):
            file = folder / f"{number}.yaml"
            file.write_text(text, "utf-8")
            read = read_document(file)
            said = [repr(read), *(answer_of(session, one.query) for one in read.detections)]
            through += [text for answer in said if is_through(answer)]
    assert through == []
    assert len(texts) >= 30


def test_rest_reaches_nothing(ground: Ground) -> None:
    """The fences all stand here. What the server itself writes are its log, and rows that an ingestion brings."""
    requests = [
        (ground.fill(path, number), ground.filled(body, number)) for number, (path, body) in enumerate(probes.posts())
    ]
    lake, events, own = ground.scene.lake, ground.scene.lake / "Events", ground.scene.lake / "_settings"
    before = ground.files()
    pool = WorkerPool(ground.scene.session, small())
    through = []
    with connect(lake) as session, served(session, executor=pool, lake=lake) as server:
        for path, body in requests:
            answer = server.post(path, body)
            assert answer.status_code < 500, (path, answer.text)
            through += [path for _ in range(is_through(answer.text))]
        assert server.faults == []
    assert through == []
    changed = [Path(path) for path, data in ground.files().items() if before.get(path) != data]
    assert [path for path in changed if not path.is_relative_to(own) and not path.is_relative_to(events)] == []
    assert not set(before) - set(ground.files())
    assert len(requests) >= 70


# --- the fences behind it ---------------------------------------------------------------------------------------------


def run_sql(ground: Ground, temporary: Path, fences: Fences) -> set[int]:
    """Which probes got through a process that has these fences alone."""
    statements = [ground.fill(text, number) for number, text in enumerate(probes.sql())]
    settings = WorkerSettings(open_settings(ground.scene.session), str(temporary), 1 << 30, 1, None, fences).plain()
    asked = {
        "confinement": settings["confinement"],
        "fence": settings["fence"],
        "statements": statements,
        "temporary": str(temporary),
    }
    paths = [*module_path(sys.path), str(Path(__file__).parent)]
    boot = f"import sys; sys.path[:] = {paths!r}; import raw_sql; raw_sql.main()"
    done = subprocess.run(
        [sys.executable, "-I", "-c", boot],
        input=json.dumps(asked, default=list),
        capture_output=True,
        text=True,
        check=True,
        env={} if fences.kernel else {"CANARY": WORD},
        cwd=temporary,
        timeout=300,
    )
    answers = json.loads(done.stdout)
    assert len(answers) == len(statements)
    return {number for number, answer in enumerate(answers) if is_through(answer)} | ground.planted()


@needs_landlock
@pytest.mark.parametrize(
    ("fences", "most"),
    [(Fences(engine=True, kernel=False), 0.1), (Fences(engine=False, kernel=True), 0.1), (Fences(), 0.0)],
    ids=["the engine's alone", "the kernel's alone", "both"],
)
def test_sql_that_came_through_the_first_fence_is_stopped(
    ground: Ground, tmp_path_factory: pytest.TempPathFactory, fences: Fences, most: float
) -> None:
    texts = list(probes.sql())
    through = run_sql(ground, tmp_path_factory.mktemp("temporary"), fences)
    print(f"{len(through)} of {len(texts)} through:", [texts[number] for number in sorted(through)])
    assert len(through) <= most * len(texts)


def test_the_probes_are_no_blanks(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without fences most find what they look for. (The others need an extension, or a setting that is locked.)"""
    texts = list(probes.sql())
    through = run_sql(ground, tmp_path_factory.mktemp("temporary"), Fences(engine=False, kernel=False))
    print(f"{len(through)} of {len(texts)} through; not:", [t for n, t in enumerate(texts) if n not in through])
    assert len(through) >= 0.6 * len(texts)


# --- what a worker has ------------------------------------------------------------------------------------------------


def test_a_worker_has_no_environment_and_no_way_back(ground: Ground) -> None:
    async def work(pool: WorkerPool) -> list[tuple[str, str, bool]]:
        (worker, *_) = pool.processes
        status = Path(f"/proc/{worker.pid}/status").read_text("ascii")
        environment = Path(f"/proc/{worker.pid}/environ").read_bytes()
        own = os.getsid(worker.pid) == worker.pid
        return [(environment.decode(), status, own)]

    ((environment, status, own_session),) = ground.scene.run(work)
    assert environment == ""
    assert own_session
    if landlock.version():
        assert "NoNewPrivs:\t1" in status
