"""The documents, held to the code: paths, make targets, quotes, examples and transcripts."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

import bluetick
from bluetick.cli.main import bluetick as bluetick_command
from bluetick.functions.definition import ScalarFunction
from bluetick.functions.registry import CATALOGUE
from bluetick.ingest.formats import read_format
from bluetick.ingest.running import Options, ingest_paths
from bluetick.lake.layout import QUARANTINE
from bluetick.lowering.flavour import DUCKDB, SPARK

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
PLACES = (ROOT, ROOT / "src" / "bluetick")
PATH = re.compile(r"`((?:\.?[\w*-]+/)[\w./*-]*|[\w*-]+\.(?:py|md|toml|txt))`")
TARGET = re.compile(r"(?:^|`)(?:\$ )?make ([a-z][a-z-]*)", re.MULTILINE)
EXAMPLE = re.compile(r"<!-- example: (.+?) -->\n```(?:python|yaml)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def exists(path: str) -> bool:
    return any(True for place in PLACES for _ in place.glob(path.rstrip("/")))


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_path_exists(name: str) -> None:
    paths = set(PATH.findall(without_code(text_of(name))))
    assert len(paths) > 10
    assert sorted(path for path in paths if not exists(path)) == []


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = {target for name in DOCUMENTS for target in TARGET.findall(text_of(name))}
    assert {"demo", "test", "lint"} <= named
    assert named <= targets


def test_quotes_are_the_code() -> None:
    check("doc_quotes.py")


def test_reference_is_what_the_catalogue_prints() -> None:
    check("print_reference.py")


def test_the_figures_of_the_scale_page_are_the_models() -> None:
    check("scale_model.py")


@pytest.mark.parametrize("name", ["README.md", "docs/scale.md"])
def test_the_commands_have_the_options_that_are_shown(name: str) -> None:
    """Every `bluetick COMMAND --option` of a page."""
    lines = re.sub(r"\\\n\s*", " ", text_of(name)).splitlines()
    shown = [line.removeprefix("$ ").split() for line in lines if re.match(r"(\$ )?bluetick [a-z]+ ", line)]
    assert len(shown) > 3
    for _, command, *rest in shown:
        found = bluetick_command.get_command(click.Context(bluetick_command), command)
        assert found is not None, command
        if isinstance(found, click.Group):
            found = found.commands[rest[0]]
        known = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, command


@pytest.mark.slow
def test_transcripts_are_what_is_printed() -> None:
    check("readme_transcripts.py")


def check(tool: str) -> None:
    """A tool in its checking mode: it lists what differs, and how to renew it stands in its first line."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / tool], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def example(name: str) -> str:
    return str(dict(EXAMPLE.findall(text_of("CONTRIBUTING.md")))[name])


def run_example(name: str) -> dict[str, Any]:
    """The names that the example defines, as a module's."""
    defined: dict[str, Any] = {"__name__": "example"}
    exec(compile(example(name), f"CONTRIBUTING.md: {name}", "exec"), defined)  # noqa: S102 - our own text
    return defined


def test_the_scalar_function_is_all_that_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    function = run_example("scalar function")["FUNCTIONS"][0]
    assert isinstance(function, ScalarFunction)
    monkeypatch.setitem(CATALOGUE.scalars, function.name, function)
    assert DUCKDB.scalar(function) is function.duckdb
    assert SPARK.scalar(function) is function.spark
    query = "print " + ", ".join(example.expression for example in function.examples)
    with bluetick.connect() as session:
        assert list(session.query(query).rows()) == [tuple(example.value for example in function.examples)]


def test_the_log_source_accounts_for_every_line(tmp_path: Path) -> None:
    log = tmp_path / "gate.json"
    log.write_text(
        '{"time": 1700000000, "host": "gw", "to": "192.0.2.7", "port": 443}\n'
        '{"time": "soon", "host": "gw", "to": "192.0.2.7", "port": 443}\n'
        '{"time": 1700000000, "host": "gw", "to": "192.0.2.7", "port": 65536}\n'
        "no JSON\n"
    )
    document = tmp_path / "gate.yaml"
    document.write_text(example("log source"))
    report = ingest_paths([log], tmp_path / "lake", Options(formats=(read_format(document),)))
    tally = report.tally
    assert (tally.input, tally.stored, tally.duplicates, tally.quarantined) == (4, 1, 0, 3)
    (kept,) = (tmp_path / "lake" / QUARANTINE).iterdir()
    assert [(lost["record"], lost["reason"]) for lost in map(json.loads, kept.read_text().splitlines())] == [
        (2, "no Timestamp"),
        (3, "port is none that there is"),
        (4, "not JSON"),
    ]
    with bluetick.connect(lake=tmp_path / "lake") as session:
        query = "DeviceNetworkEvents | project unix = (Timestamp - datetime(1970-01-01)) / 1s, RemoteIP, RemotePort"
        assert list(session.query(query).rows()) == [(1_700_000_000.0, "192.0.2.7", 443)]
