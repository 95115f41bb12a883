"""The memory that a process may count on: the machine's, or the least of the groups around it."""

import os
from pathlib import Path

import pytest

from bluetick.engines.machine_memory import ceiling_of, counted_part, default_ceiling, memory_here, threads_within

MIB = 2**20
MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def groups(folder: Path, of_process: str, limits: dict[str, str]) -> int:
    (folder / "cgroup").write_text(of_process)
    for file, limit in limits.items():
        (folder / "sys" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "sys" / file).write_text(limit + "\n")
    return memory_here(folder / "sys", folder / "cgroup")


@pytest.mark.parametrize(
    ("of_process", "limits", "expected"),
    [
        ("0::/\n", {"memory.max": str(512 * MIB)}, 512 * MIB),
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": str(256 * MIB)}, 256 * MIB),
        ("0::/a/b\n", {"a/b/memory.max": str(64 * MIB), "a/memory.max": str(256 * MIB)}, 64 * MIB),
        ("0::/a\n", {"other/memory.max": "1"}, MACHINE),
        ("3:cpu:/x\n4:hugetlb,memory:/x\n", {"memory/x/memory.limit_in_bytes": str(128 * MIB)}, 128 * MIB),
        ("3:cpu:/x\n", {"memory/x/memory.limit_in_bytes": "1"}, MACHINE),
        ("4:memory:/x\n", {"memory/x/memory.limit_in_bytes": str(2**63 - 4096)}, MACHINE),
        ("0::/\n", {"memory.max": "max"}, MACHINE),
    ],
)
def test_the_least_limit_holds(tmp_path: Path, of_process: str, limits: dict[str, str], expected: int) -> None:
    assert groups(tmp_path, of_process, limits) == expected


def test_without_groups_it_is_the_machine(tmp_path: Path) -> None:
    assert memory_here(tmp_path, tmp_path / "none") == MACHINE


def test_the_default_leaves_room_for_the_process() -> None:
    assert ceiling_of(10_000 * MIB) == 7_744 * MIB
    assert ceiling_of(1_000 * MIB) == 544 * MIB
    assert ceiling_of(100 * MIB) == 128 * MIB
    assert default_ceiling().endswith("MiB")


def test_what_duckdb_is_told_of_a_ceiling() -> None:
    assert counted_part("1GB") == "0.8GB"
    assert counted_part("200 MiB") == "160MiB"
    assert counted_part("80%") == "80%"


def test_little_memory_is_for_few_threads() -> None:
    assert threads_within("100MB") == threads_within("300MiB") == 1
    assert threads_within("1TB") == os.cpu_count()
    assert threads_within("80%") is None
