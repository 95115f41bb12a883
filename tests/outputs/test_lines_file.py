"""A file of lines: whole or not at all, whatever becomes of the file or of the disk."""

import errno
import json
import os
from pathlib import Path

import pytest
from output_messages import message

from bluetick.detections.outputs.lines import LinesFile


def names(path: Path) -> list[str]:
    return [json.loads(line)["message"] for line in path.read_text().splitlines()]


def test_lines_are_added(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    for number in range(3):
        LinesFile(path).send(message(revision=number))
    assert names(path) == ["ab12-0", "ab12-1", "ab12-2"]


def test_a_file_that_is_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path, output = tmp_path / "alerts.ndjson", LinesFile(tmp_path / "alerts.ndjson")
    output.send(message())
    path.rename(tmp_path / "old.ndjson")
    output.send(message(revision=1))
    assert names(tmp_path / "old.ndjson") == ["ab12-0"]
    assert names(path) == ["ab12-1"]


def test_a_line_that_a_crash_cut_off_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    path.write_text('{"half":')
    LinesFile(path).send(message())
    assert path.read_text().startswith('{"half":\n{"id":"ab12"')
    assert path.read_text().count("\n") == 2


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "alerts.ndjson"
    LinesFile(path).send(message())
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[:-50])

    monkeypatch.setattr("bluetick.detections.outputs.lines.os.write", full)
    with pytest.raises(OSError, match="No space left") as caught:
        LinesFile(path).send(message(revision=1))
    assert caught.value.filename == str(path)
    monkeypatch.undo()
    LinesFile(path).send(message(revision=2))
    assert names(path) == ["ab12-0", "ab12-2"]


def test_what_controls_a_terminal_is_spelled_out(tmp_path: Path) -> None:
    LinesFile(tmp_path / "a").send(message(name="\x1b[31m\u202e\x9b"))
    text = (tmp_path / "a").read_text()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x9b" not in text
    assert json.loads(text)["name"] == "\x1b[31m\u202e\x9b"
