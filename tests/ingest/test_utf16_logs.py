"""Logs in UTF-16, as Windows tools write them: refused with a hint, before anything is stored."""

import codecs
from pathlib import Path

import pytest

from bluetick.cli.main import run_command

RECORD = '{"Timestamp": "2026-02-03T06:00:00Z", "DeviceName": "ws-7", "DeviceId": "d", "OSPlatform": "Windows11"}\n'
SPELLINGS = {
    "marked.json": codecs.BOM_UTF16_LE + RECORD.encode("utf-16-le"),
    "big.json": codecs.BOM_UTF16_BE + RECORD.encode("utf-16-be"),
    "unmarked.json": RECORD.encode("utf-16-le"),
    "unmarked-big.json": RECORD.encode("utf-16-be"),
}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("options", [(), ("--table", "DeviceInfo")])
def test_it_is_refused_with_a_hint(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, options: tuple[str, ...]
) -> None:
    (tmp_path / name).write_bytes(SPELLINGS[name])
    lake = tmp_path / "lake"

    assert run_command(["ingest", str(tmp_path / name), "--lake", str(lake), *options]) == 1
    assert "it is UTF-16: convert it to UTF-8 first" in capfd.readouterr().err
    assert not (lake / "DeviceInfo").exists()
    assert not list(lake.glob("_quarantine/*"))

    assert run_command(["ingest", str(tmp_path / name), "--explain", *options]) == 0
    assert "it is UTF-16: convert it to UTF-8 first" in capfd.readouterr().out


def test_in_a_folder_it_is_left_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.json").write_bytes(SPELLINGS["marked.json"])
    (folder / "b.json").write_text(RECORD, encoding="utf-8")

    assert run_command(["ingest", str(folder), "--lake", str(tmp_path / "lake"), "--table", "DeviceInfo"]) == 0
    said = capfd.readouterr()
    assert "a.json' is of no known log format, and was left out" in said.err
    assert "1 stored" in said.out


def test_zeros_in_a_log_are_not_yet_utf16(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A log that something tore keeps its sound lines."""
    (tmp_path / "torn.json").write_bytes(b"{\0" + bytes(100) + b"\n" + RECORD.encode())

    arguments = ["ingest", str(tmp_path / "torn.json"), "--lake", str(tmp_path / "lake"), "--table", "DeviceInfo"]
    assert run_command(arguments) == 0
    out = capfd.readouterr().out
    assert "1 stored" in out
    assert "1 quarantined" in out
