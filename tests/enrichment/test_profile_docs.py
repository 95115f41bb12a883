"""docs/file_profiles.md, held to the code."""

import re
from pathlib import Path

from bluetick.enrichment.hashlookup import Hashlookup
from bluetick.enrichment.profile_cache import MAX_ENTRIES
from bluetick.enrichment.profile_choice import SECONDS, WORDS, read_choice
from bluetick.enrichment.profiles import PROFILE_FIELDS, STATE
from bluetick.enrichment.virustotal import VirusTotal

TEXT = (Path(__file__).parents[2] / "docs" / "file_profiles.md").read_text("utf-8")


def test_each_column_says_what_it_comes_from() -> None:
    part = TEXT.partition("| column |")[2]
    rows = dict(re.findall(r"^\| (\w+) (\|.*)\|$", part, re.MULTILINE))
    assert set(rows) == set(PROFILE_FIELDS) - {STATE}
    said = {name: tuple(cell.strip() for cell in cells.split("|")[1:3]) for name, cells in rows.items()}
    assert {name for name, (first, _) in said.items() if first} == Hashlookup().gives
    as_global = VirusTotal("k", "x", as_global=True)
    assert {name for name, (_, second) in said.items() if second} == as_global.gives


def test_every_word_is_described() -> None:
    assert [word for word in WORDS if f"| `{word}` |" not in TEXT] == []


def test_the_document_that_is_shown_can_be_read(tmp_path: Path) -> None:
    shown = TEXT.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "profiles.yaml"
    path.write_text(shown)
    choice = read_choice(path)
    assert [named.kind for named in choice.providers] == ["table", "local", "hashlookup", "virustotal"]
    assert (choice.seconds, choice.cache, choice.entries) == (60.0, tmp_path / "file_profiles.sqlite", 200_000)


def test_numbers_are_those_of_the_code() -> None:
    hashlookup, virustotal = Hashlookup(), VirusTotal("k", "x")
    minute, day = virustotal.windows
    lives = [life / 86_400 for life in (hashlookup.lives.known, virustotal.lives.known, virustotal.lives.unknown)]
    text = " ".join(TEXT.split())
    assert f"may ask {minute.most} times a minute and {day.most} times a day" in text
    assert f"{hashlookup.windows[0].most} requests a minute" in text
    assert f"at most `seconds` ({SECONDS:g})" in text
    assert lives == [30, 7, 1]
    assert "30 days for a file that hashlookup knows, 7 days for one that VirusTotal knows, one day for" in text
    assert hashlookup.lives.unknown == virustotal.lives.unknown
    assert f"At most {MAX_ENTRIES:,} answers" in text
