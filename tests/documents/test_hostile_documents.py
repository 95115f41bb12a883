"""Documents by somebody who means harm: each is refused or read, soon, and what is printed of it is inert."""

import json
import re
from pathlib import Path
from time import process_time

import pytest

from bluetick.cli.main import run_command
from bluetick.cli.writing import compact
from bluetick.detections.documents import DocumentResult, read_document_text
from bluetick.diagnostics import Span, render_diagnostic
from documents.hostile_documents import ESCAPES, Hostile, every

# What acts on a terminal, or turns the direction of reading.
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# The limit is a fifth of this; a busy machine is no fault of a document.
SECONDS = 5 * 0.2


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Libraries that the first document of a kind would load."""
    for hostile in every():
        if hostile.what.endswith(("Sigma empty", "twice encoded")):
            read_document_text(hostile.data, hostile.name)


def test_there_are_enough() -> None:
    assert len(every()) >= 200
    assert len({hostile.data for hostile in every()}) > 0.9 * len(every())


def printed(result: DocumentResult) -> str:
    said = [render_diagnostic(diagnostic, result.source) for diagnostic in result.diagnostics]
    return "\n".join([*said, *(f"{detection.id} {detection.name}" for detection in result.detections)])


def printed_json(result: DocumentResult) -> str:
    said = [[diagnostic.code, diagnostic.message, diagnostic.hint] for diagnostic in result.diagnostics]
    return compact([said, [[one.id, one.name, one.description, one.query] for one in result.detections]])


@pytest.mark.parametrize("hostile", every(), ids=lambda hostile: hostile.what)
def test_refused_or_inert(hostile: Hostile) -> None:
    began = process_time()
    result = read_document_text(hostile.data, hostile.name)
    text, encoded = printed(result), printed_json(result)
    took = process_time() - began
    assert result.detections or any(diagnostic.is_error for diagnostic in result.diagnostics)
    assert ACTING.search(text) is None
    assert ACTING.search(encoded) is None
    assert json.loads(encoded)[1] == [[one.id, one.name, one.description, one.query] for one in result.detections]
    assert took < SECONDS


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_folder_of_them_is_checked(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that say something: names, severities, queries and lines of the document all come to be printed."""
    escapes = [hostile for hostile in every() if any(what in hostile.what for what in ESCAPES)]
    assert len(escapes) >= 6 * len(ESCAPES)
    for hostile in escapes:
        number = hostile.what.split(" ")[0]
        (tmp_path / f"{number}{Path(hostile.name).suffix}").write_bytes(hostile.data)
    assert run_command(["check", str(tmp_path), "--format", form, "--jobs", "1"]) == 1
    said = "".join(capsys.readouterr())
    assert ACTING.search(said) is None
    assert "fault of bluetick" not in said
    assert said.count("BTK0203") > 10


def test_places_of_many_findings_are_found_soon() -> None:
    """Each of them asks where its line stands in the document."""
    (hostile,) = [one for one in every() if one.what.endswith("lets of blank lines")]
    (detection,) = read_document_text(hostile.data, hostile.name).detections
    began = process_time()
    places = [detection.span_in_document(Span(at, at + 1)).start for at in range(0, len(detection.query), 10)]
    assert process_time() - began < SECONDS
    assert places == [detection.place.offset + at for at in range(0, len(detection.query), 10)]
