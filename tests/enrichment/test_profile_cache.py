"""The cache: shared by processes and threads, bounded, private, and where the platform wants it."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.profile_cache import Kept, ProfileCache, Window, default_cache

MINUTE = Window(60.0, 4, "4 a minute")
DAY = Window(86_400.0, 10, "10 a day")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def test_what_is_kept_is_found_by_service_and_hash(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cache.sqlite"
    ProfileCache(path).keep("a", {"x": Kept(5.0, {"n": 1, "t": None}), "y": Kept(6.0, None)})
    again = ProfileCache(path)
    assert again.find("a", ["x", "y", "z"]) == {"x": Kept(5.0, {"n": 1, "t": None}), "y": Kept(6.0, None)}
    assert again.find("b", ["x"]) == {}
    again.keep("a", {"y": Kept(7.0, {"n": 2})})
    assert again.find("a", ["y"]) == {"y": Kept(7.0, {"n": 2})}


def test_the_oldest_answers_go_first(tmp_path: Path) -> None:
    cache = ProfileCache(tmp_path / "cache.sqlite", most=3)
    for number in (4, 1, 3, 2, 5):
        cache.keep("a", {str(number): Kept(float(number), None)})
    assert sorted(cache.find("a", list("12345"))) == ["3", "4", "5"]


def test_windows_slide(tmp_path: Path) -> None:
    cache = ProfileCache(tmp_path / "cache.sqlite")
    taken = [cache.take("a", (MINUTE, DAY), now) for now in (0.0, 10.0, 20.0, 30.0)]
    assert [wait for wait, _ in taken] == [0.0] * 4
    assert cache.take("a", (MINUTE, DAY), 40.0) == (20.0, "4 a minute")
    assert cache.take("a", (MINUTE, DAY), 60.0)[0] == 0.0
    assert cache.take("a", (MINUTE, DAY), 61.0) == (9.0, "4 a minute")
    assert cache.take("b", (MINUTE, DAY), 61.0)[0] == 0.0
    for now in (1000.0, 2000.0, 3000.0, 4000.0, 5000.0):
        assert cache.take("a", (MINUTE, DAY), now)[0] == 0.0
    assert cache.take("a", (MINUTE, DAY), 6000.0) == (80_400.0, "10 a day")
    assert cache.take("a", (MINUTE, DAY), 86_400.0)[0] == 0.0


def test_a_clock_that_was_set_back_does_not_block(tmp_path: Path) -> None:
    cache = ProfileCache(tmp_path / "cache.sqlite")
    for _ in range(4):
        cache.take("a", (MINUTE,), 1_000_000.0)
    assert cache.take("a", (MINUTE,), 500.0)[0] == 0.0


def test_without_a_quota_there_is_no_wait(tmp_path: Path) -> None:
    cache = ProfileCache(tmp_path / "cache.sqlite")
    assert {cache.take("a", (), 1.0)[0] for _ in range(50)} == {0.0}


TAKER = """
import sys
from pathlib import Path
from bluetick.enrichment.profile_cache import Kept, ProfileCache, Window
cache = ProfileCache(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
got = 0
for number in range(40):
    cache.keep("a", {f"{sys.argv[2]}-{number}": Kept(float(number), {"n": number})})
    got += cache.take("a", (Window(60.0, 50, "50"),), 5.0)[0] <= 0
print(got)
"""


def test_processes_share_answers_and_one_quota(tmp_path: Path) -> None:
    """Four at once on a file that is not there yet."""
    path = tmp_path / "cache.sqlite"
    command = [sys.executable, "-c", TAKER, str(path)]
    running = [
        subprocess.Popen(
            [*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for number in range(4)
    ]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        told = []
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in running:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
            told.append(int(out))
    finally:
        for process in running:
            process.kill()
            process.communicate()
    assert sum(told) == 50
    found = ProfileCache(path).find("a", [f"{process}-{number}" for process in range(4) for number in range(40)])
    assert len(found) == 160


def test_threads_share_one_cache(tmp_path: Path) -> None:
    cache = ProfileCache(tmp_path / "cache.sqlite")

    def work(number: int) -> bool:
        cache.keep("a", {str(number): Kept(1.0, None)})
        return cache.take("a", (Window(60.0, 20, "20"),), 5.0)[0] <= 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(60))) == 20
    assert len(cache.find("a", [str(number) for number in range(60)])) == 60


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_no_other_user_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    ProfileCache(path).keep("a", {"x": Kept(1.0, None)})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_that_are_no_cache(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("this is a text, and long enough to be taken for the head of a database file " * 4)
    with pytest.raises(SourceError, match="damaged or no cache"):
        ProfileCache(text).find("a", ["x"])
    with pytest.raises(SourceError, match="cannot be used: is a directory"):
        ProfileCache(tmp_path).find("a", ["x"])
    later = tmp_path / "later.sqlite"
    with opened(later) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SourceError, match="another version of bluetick wrote it"):
        ProfileCache(later).find("a", ["x"])
    broken = tmp_path / "broken.sqlite"
    ProfileCache(broken).keep("a", {"x": Kept(1.0, None)})
    with opened(broken) as connection:
        connection.execute("UPDATE answers SET facts = '{'")
    with pytest.raises(SourceError, match="it is damaged; delete it"):
        ProfileCache(broken).find("a", ["x"])


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, "/home/me/.cache/bluetick/file_profiles.sqlite"),
        ("linux", {"XDG_CACHE_HOME": "/var/x"}, "/var/x/bluetick/file_profiles.sqlite"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/bluetick/file_profiles.sqlite"),
        ("linux", {"XDG_CACHE_HOME": ""}, "/home/me/.cache/bluetick/file_profiles.sqlite"),
        ("darwin", {"XDG_CACHE_HOME": "/var/x"}, "/home/me/Library/Caches/bluetick/file_profiles.sqlite"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/bluetick/file_profiles.sqlite"),
        ("win32", {}, "/home/me/AppData/Local/bluetick/file_profiles.sqlite"),
    ],
)
def test_the_place_that_the_platform_wants(platform: str, environment: dict[str, str], expected: str) -> None:
    assert default_cache(environment, platform, lambda: Path("/home/me")) == Path(expected)
