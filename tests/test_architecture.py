"""What must hold of the repository as a whole: layers, sizes, and text that may not be in it."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "bluetick"
MAX_LINES = 500

# Said in pieces, or this file would be its own first finding.
_HOSTS = ("py" + "pi.org", "files.python" + "hosted.org", "registry.npm" + "js.org", "repo.maven" + ".apache.org")
FORBIDDEN = {
    "a package registry": re.compile("|".join(map(re.escape, _HOSTS))),
    "where packages come from": re.compile("--(?:extra-)?index" + "-url|--find" + "-links|--trusted" + "-host"),
    "a path of one machine": re.compile("/(?:work" + "|workspace" + ")/(?:main|shared)|/opt" + "/(?:pypi|wheels)"),
    "the path of this checkout": re.compile(re.escape(f"{ROOT}/")),
}
CORE = {"syntax", "binder", "rewrite", "plan", "functions", "schema", "lowering", "sql"}
CORE |= {"values", "types", "diagnostics"}
OUTSIDE = {"os", "time", "random", "secrets", "socket", "subprocess", "urllib", "http", "locale", "tempfile"}
CLOCKS = {"now", "utcnow", "today"}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")
DIALECT_COMPARISON = re.compile(
    r"\b(?:dialect(?:\.name)?|flavour|engine\.name)\s*(?:==|!=|\bis (?!None|not None)|\bin\b)"
)


def tracked_files() -> list[Path]:
    """What is or is about to be committed, without what only the tools make."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def modules() -> Iterator[tuple[str, str]]:
    """(path under src/bluetick, text) of every module."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8")


def lines_that_match(pattern: re.Pattern[str], name: str, text: str) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)
    ]


def test_imports_point_down() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_has_a_room() -> None:
    """The contract is exhaustive over what exists; here, its rooms are those that ARCHITECTURE.md describes."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    rooms = {room.strip(" ()") for layer in layers for room in layer.split("|")}
    described = re.findall(r"^\| `([a-z]+)(?:/|\.py)`", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE)
    assert len(described) == len(set(described))
    assert set(described) == rooms


def test_modules_are_short() -> None:
    sizes = {name: len(text.splitlines()) for name, text in modules()}
    assert sizes
    assert {name for name, size in sizes.items() if size > MAX_LINES} == set()


def uses_of_the_outside(text: str) -> list[str]:
    """Modules that reach out of the process, and calls of a clock."""
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                found += [alias.name for alias in names if alias.name.split(".")[0] in OUTSIDE]
            case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] in OUTSIDE:
                found.append(module)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=attr)) if attr in CLOCKS:
                found.append(f"datetime.{attr}()")
    return found


def test_the_core_has_no_clock_environment_or_network() -> None:
    core = [(name, text) for name, text in modules() if name.split("/")[0].removesuffix(".py") in CORE]
    assert {name.split("/")[0].removesuffix(".py") for name, _ in core} == CORE
    assert {name: uses for name, text in core if (uses := uses_of_the_outside(text))} == {}


@pytest.mark.parametrize("text", ["import os", "from urllib.request import urlopen", "x = datetime.now(UTC)"])
def test_use_of_the_outside_would_be_found(text: str) -> None:
    assert uses_of_the_outside(text)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str) -> None:
    files = tracked_files()
    assert files
    found = [
        finding
        for path in files
        for finding in lines_that_match(
            FORBIDDEN[what], path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")
        )
    ]
    assert found == []


def test_nothing_is_left_unfinished() -> None:
    assert [finding for name, text in modules() for finding in lines_that_match(UNFINISHED, name, text)] == []


def test_dialects_are_told_apart_by_values() -> None:
    """A difference between engines is a second value beside the first, chosen in sql/ or lowering/."""
    found = [
        finding
        for name, text in modules()
        if not name.startswith(("sql/", "lowering/"))
        for finding in lines_that_match(DIALECT_COMPARISON, name, text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a package registry", "see https://" + _HOSTS[0] + "/project/x"),
        ("where packages come from", "pip install --index" + "-url x"),
        ("a path of one machine", "open('/work" + "/main/x')"),
        ("the path of this checkout", f"cd {ROOT}/src"),
    ],
)
def test_forbidden_text_would_be_found(what: str, line: str) -> None:
    assert lines_that_match(FORBIDDEN[what], "x.py", line)


@pytest.mark.parametrize("line", ["if dialect == DUCKDB:", "if engine.name != 'spark':", "if flavour is SPARK:"])
def test_a_comparison_would_be_found(line: str) -> None:
    assert lines_that_match(DIALECT_COMPARISON, "x.py", line)
    assert not lines_that_match(DIALECT_COMPARISON, "x.py", "if dialect is None: ...")
