"""A session keeps to its ceiling of memory, and what it cannot do below it is a typed error.

Peaks are measured in processes of their own. Answers are arithmetic.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import bluetick
from bluetick.diagnostics.errors import Limit, LimitError

MB = 10**6
PEAK = """
import json, resource, sys
import bluetick
_, text, limit, folder = sys.argv
with bluetick.connect(memory_limit=limit, temp_directory=folder) as session:
    list(session.query("print 1").rows())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = [list(row) for row in session.query(text).rows()]
    print(json.dumps([rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024]))
"""
WIDE = f"strcat('{'x' * 480}', 1000000000 + x)"  # 490 bytes


def measured(text: str, limit: str, folder: Path) -> tuple[list[list[int]], int]:
    """The rows, and by how much the process grew for them at most."""
    command = [sys.executable, "-c", PEAK, text, limit, str(folder)]
    rows, grown = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return rows, grown


def test_a_range_is_counted_out_not_listed(tmp_path: Path) -> None:
    rows, grown = measured("range x from 1 to 15000000 step 1 | summarize sum(x)", "100MB", tmp_path)
    assert rows == [[15_000_000 * 15_000_001 // 2]]
    assert grown < 60 * MB  # as a list they are 120 MB


def join_of(count: int) -> tuple[str, list[list[int]]]:
    """Each side has half the bytes."""
    left = f"range x from 0 to {count - 1} step 1 | extend s = {WIDE}"
    right = f"range x from 0 to {count - 1} step 1 | extend x = {count - 1} - x | extend s = {WIDE} | project x, o = s"
    text = f"{left} | join kind=inner ({right}) on x | summarize count(), sum(x), countif(s == o)"
    return text, [[count, count * (count - 1) // 2, count]]


def test_a_join_of_three_times_the_ceiling(tmp_path: Path) -> None:
    text, expected = join_of(300_000)
    rows, grown = measured(text, "100MB", tmp_path)
    assert rows == expected
    assert grown < 125 * MB


@pytest.mark.slow
def test_a_join_of_ten_times_the_ceiling(tmp_path: Path) -> None:
    text, expected = join_of(2_000_000)
    rows, grown = measured(text, "200MB", tmp_path)
    assert rows == expected
    assert grown < 250 * MB


@pytest.mark.slow
def test_a_group_by_of_three_times_the_ceiling(tmp_path: Path) -> None:
    count, groups = 600_000, 150_000
    text = f"range x from 0 to {count - 1} step 1 | extend k = (x * 7919) % {groups}, s = {WIDE}"
    text += " | summarize n = count(), m = max(s), t = sum(x) by k | summarize count(), sum(n), sum(t), sum(strlen(m))"
    rows, grown = measured(text, "100MB", tmp_path)
    assert rows == [[groups, count, count * (count - 1) // 2, 490 * groups]]
    assert grown < 125 * MB


def test_a_full_disk_is_a_typed_error_and_the_session_goes_on(tmp_path: Path) -> None:
    with bluetick.connect(memory_limit="100MB", temp_directory=tmp_path, temp_limit="5MB") as session:
        with pytest.raises(LimitError, match="--temp-limit") as caught:
            list(session.query(join_of(300_000)[0]).rows())
        assert caught.value.limit is Limit.DISK
        assert list(session.query("print 1").rows()) == [(1,)]
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


def test_one_value_larger_than_the_ceiling_is_a_typed_error(tmp_path: Path) -> None:
    text = f"range x from 1 to 500000 step 1 | extend s = {WIDE} | summarize a = make_list(s) | project array_length(a)"
    with bluetick.connect(memory_limit="60MB", temp_directory=tmp_path) as session:
        with pytest.raises(LimitError, match="--memory-limit") as caught:
            list(session.query(text).rows())
        assert caught.value.limit is Limit.MEMORY
        assert list(session.query("print 1").rows()) == [(1,)]


def test_memory_that_the_system_refuses_is_a_typed_error() -> None:
    code = """
import re, resource, sys
import bluetick
from bluetick.diagnostics.errors import LimitError
with bluetick.connect(memory_limit="100GB", threads=1) as session:
    list(session.query("print 1").rows())
    size = int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size + 200_000_000, -1))
    try:
        list(session.query(sys.argv[1]).rows())
    except LimitError as error:
        print(error.limit.value)
    print(list(session.query("print 1").rows()))
"""
    text = (
        f"range x from 1 to 2000000 step 1 | extend s = {WIDE} | summarize a = make_list(s) | project array_length(a)"
    )
    done = subprocess.run([sys.executable, "-c", code, text], capture_output=True, text=True, check=False)
    assert done.stdout == "memory\n[(1,)]\n", done.stderr
