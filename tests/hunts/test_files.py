"""Names that stay within the folder, and changes that lose nobody's text."""

from pathlib import Path

import pytest

from bluetick.detections.hunts.files import HuntChanged, hunt_path, hunt_paths, is_name, read_file, write_file
from bluetick.diagnostics.errors import SourceError


@pytest.mark.parametrize("name", ["a", "few_places", "Few places 2", "jagd-ümlaut", "v1.2"])
def test_plain_names(name: str, tmp_path: Path) -> None:
    assert hunt_path(tmp_path, name) == tmp_path / f"{name}.md"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "a\\b",
        ".hidden",
        "_x",
        "a\0",
        "a\n",
        "a:b",
        "x" * 101,
        "a.",
        "a ",
        "README",
        "\u202ea",
        "\U00020000" * 51,
    ],
)
def test_names_that_lead_elsewhere(name: str, tmp_path: Path) -> None:
    assert not is_name(name)
    with pytest.raises(SourceError, match="cannot be a hunt's name"):
        hunt_path(tmp_path, name)


def test_a_folders_hunts(tmp_path: Path) -> None:
    for name in ("b.md", "a.md", ".c.md", "README.md", "d.txt"):
        (tmp_path / name).write_text("# T\n")
    (tmp_path / "e.md").mkdir()
    assert [path.name for path in hunt_paths(tmp_path)] == ["a.md", "b.md"]
    assert hunt_paths(tmp_path / "none") == []


def test_a_text_is_kept_to_the_byte(tmp_path: Path) -> None:
    text = "\ufeff# T\r\n\t \u2028é\x00\n\n```kql\nT```"
    file = write_file(tmp_path / "hunts" / "a.md", text, None)
    assert file.path.read_bytes() == text.encode("utf-8")
    assert read_file(file.path) == file
    assert file.hunt.text == text


def test_what_somebody_changed_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    first = write_file(path, "# one\n", None)
    with pytest.raises(HuntChanged, match="already"):
        write_file(path, "# two\n", None)
    second = write_file(path, "# two\n", first.etag)
    with pytest.raises(HuntChanged, match="has been changed"):
        write_file(path, "# three\n", first.etag)
    assert path.read_text() == "# two\n"
    path.unlink()
    with pytest.raises(HuntChanged, match="has been changed"):
        write_file(path, "# three\n", second.etag)


def test_rights_of_a_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    first = write_file(path, "# one\n", None)
    path.chmod(0o600)
    write_file(path, "# two\n", first.etag)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xfe", "is not UTF-8"), (b"x" * ((1 << 20) + 1), "larger than 1 MB")],
)
def test_files_that_are_no_hunts(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=words):
        read_file(path)


def test_texts_that_are_no_hunts(tmp_path: Path) -> None:
    for text in ("\ud800", "x" * ((1 << 20) + 1)):
        with pytest.raises(SourceError):
            write_file(tmp_path / "a.md", text, None)
    assert list(tmp_path.iterdir()) == []
