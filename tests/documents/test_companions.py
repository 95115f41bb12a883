"""Files beside a document are not documents."""

from pathlib import Path

import pytest

from bluetick.detections.documents import read_document_text
from bluetick.detections.documents.companions import COMPANION_SUFFIXES
from bluetick.detections.rule_files import read_documents


@pytest.mark.parametrize("suffix", COMPANION_SUFFIXES)
def test_a_folder_of_rules_leaves_out_what_stands_beside_them(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "rule.kql").write_text("print 1")
    (tmp_path / f"rule{suffix}").write_text("name: A\nquery: print 1\n")
    assert [document.path.name for document in read_documents([tmp_path])] == ["rule.kql"]


@pytest.mark.parametrize("suffix", COMPANION_SUFFIXES)
def test_alone_it_is_refused(suffix: str) -> None:
    result = read_document_text(b"name: A\nquery: print 1\n", f"rule{suffix}")
    assert (result.detections, [d.code for d in result.diagnostics]) == ((), ["BTK0230"])


def test_other_json_of_a_folder_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "rule.json").write_text('{"queryFrequency": "PT1H", "displayName": "A", "query": "print 1"}')
    (tmp_path / "detection.json").write_text('{"queryCondition": {"queryText": "print 1"}}')
    (tmp_path / "package.json").write_text('{"name": "rules"}')
    (tmp_path / "workbook.json").write_text('{"query": "T", "category": "workbook"}')
    (tmp_path / "broken.json").write_bytes(b"\xff\xfe\x00")
    names = [document.path.name for document in read_documents([tmp_path])]
    assert names == ["detection.json", "rule.json"]
