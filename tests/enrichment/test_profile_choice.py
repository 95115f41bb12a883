"""What the user says of providers: words, files, documents, keys; and what is told of a mistake."""

from pathlib import Path

import pyarrow as pa
import pytest
from profile_services import KEY, Clock

from bluetick.diagnostics.errors import BluetickError, SourceError
from bluetick.enrichment.hashlookup import Hashlookup
from bluetick.enrichment.http_provider import HttpProfiles
from bluetick.enrichment.profile_cache import Window
from bluetick.enrichment.profile_chain import ProfileChain
from bluetick.enrichment.profile_choice import Choice, Named, read_choice, read_key, together
from bluetick.enrichment.profile_link import ProviderLink
from bluetick.enrichment.profile_opening import ChosenProfiles, open_profiles
from bluetick.enrichment.profile_table import ProfileTable
from bluetick.enrichment.profiles import FileProfileProvider, answer_table
from bluetick.enrichment.virustotal import VirusTotal


class Local:
    """Own telemetry, or what stands in for the world's."""

    version = "own"
    note = ""

    def __init__(self, as_global: bool) -> None:
        self.as_global = as_global

    def lookup(self, key_column: str, keys: object) -> pa.Table:
        return answer_table([])


def write(folder: Path, text: str, name: str = "profiles.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def table(folder: Path, name: str = "t.ndjson") -> Path:
    return write(folder, '{"SHA1": "' + "a" * 40 + '"}\n', name)


def opened(*chosen: ChosenProfiles, offline: bool = False, **environment: str) -> FileProfileProvider | None:
    return open_profiles(chosen, is_offline=offline, local=Local, outside=Clock().outside(**environment))


def links(provider: FileProfileProvider | None) -> list[str]:
    assert isinstance(provider, ProfileChain)
    return [link.name for link in provider.links]


def test_a_document_says_all_of_it(tmp_path: Path) -> None:
    document = write(
        tmp_path,
        """
providers:
  - table: sub/t.parquet
  - local
  - hashlookup: {url: https://lookup.example/base/, per_minute: 10}
  - virustotal-as-global:
      key_file: vt.key
      per_minute: 1000
      per_day: 20000
seconds: 90
offline: true
cache: {file: kept.sqlite, entries: 1000}
""",
    )
    assert read_choice(document) == Choice(
        (
            Named("table", tmp_path / "sub" / "t.parquet"),
            Named("local"),
            Named("hashlookup", None, {"url": "https://lookup.example/base", "per_minute": "10"}),
            Named(
                "virustotal-as-global",
                None,
                {"key_file": str(tmp_path / "vt.key"), "per_minute": "1000", "per_day": "20000"},
            ),
        ),
        90.0,
        True,
        tmp_path / "kept.sqlite",
        1000,
    )


def test_words_and_files() -> None:
    assert read_choice("local") == Choice((Named("local"),))
    assert read_choice("virustotal") == Choice((Named("virustotal"),))
    assert read_choice("some/local.parquet") == Choice((Named("table", Path("some/local.parquet")),))
    assert read_choice(Path("t.json")) == Choice((Named("table", Path("t.json")),))


def test_several_are_one_in_their_order() -> None:
    first = Choice((Named("local"),), 5.0, False, Path("a"), 1)
    second = Choice((Named("hashlookup"),), None, True, Path("b"))
    assert together([first, second, Choice((Named("virustotal"),))]) == Choice(
        (Named("local"), Named("hashlookup"), Named("virustotal")), 5.0, True, Path("b"), 1
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("providers: [", "profiles.yaml"),
        ("a: 1", r"profiles.yaml:1: 'a' is not known here; what may stand here: providers, seconds, offline, cache"),
        ("seconds: 3", "'providers' must be a list of providers"),
        ("providers: local", "'providers' must be a list of providers"),
        ("providers: []", "'providers' must be a list of providers"),
        ("providers:\n  - locl", r"profiles.yaml:2: 'locl' is no provider; there are local, .*, and table: FILE"),
        ("providers:\n  - {local: {}, hashlookup: {}}", "a provider is a word, or one word with its options"),
        ("providers:\n  - hashlookup: yes", "the options of 'hashlookup' must be a mapping"),
        ("providers:\n  - hashlookup: {key_env: A}", "'key_env' is not known here; what may stand here: url, per_min"),
        ("providers:\n  - local: {as_global: true}", "'as_global' is not known here; what may stand here: none"),
        ("providers:\n  - virustotal: {key: abc}", "'key' is not known here"),
        ("providers:\n  - table: ''", "'table' must be a text"),
        ("providers: [local]\nseconds: 1.5", r":2: 'seconds' must be a whole number from 1"),
        ("providers: [local]\nseconds: 0", "'seconds' must be a whole number from 1"),
        ("providers: [local]\noffline: maybe", "'offline' must be true or false"),
        ("providers: [local]\ncache: []", "'cache' must be a text"),
        ("providers: [local]\ncache: {size: 3}", "'size' is not known here; what may stand here: file, entries"),
        ("providers:\n  - virustotal: {per_day: many}", "'per_day' must be a whole number from 1"),
        ("providers:\n  - hashlookup: {url: http://lookup.example}", "'url' must begin with https"),
        ("providers:\n  - hashlookup: {url: 'https://user:pw@lookup.example'}", "'url' must be the address"),
        ("providers:\n  - hashlookup: {url: 'file:///etc/passwd'}", "'url' must be the address"),
        ("providers:\n  - hashlookup: {url: 'https://x/?q=1'}", "'url' must be the address"),
    ],
)
def test_mistakes_in_a_document(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BluetickError, match=message):
        read_choice(write(tmp_path, text))


def test_documents_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no file"):
        read_choice(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xff")
    with pytest.raises(SourceError, match="no UTF-8"):
        read_choice(tmp_path / "b.yaml")


def test_a_document_is_a_document_in_json_too(tmp_path: Path) -> None:
    """JSON is YAML: a document in it bears the name of YAML, for .json is a table."""
    assert read_choice(write(tmp_path, '{"providers": ["local"], "seconds": 3}')) == Choice((Named("local"),), 3.0)


# --- what is opened ---


def test_one_that_is_near_is_itself(tmp_path: Path) -> None:
    assert opened() is None
    assert isinstance(opened(table(tmp_path)), ProfileTable)
    alone = opened("local-as-global")
    assert isinstance(alone, Local)
    assert alone.as_global
    assert opened(alone) is alone
    assert isinstance(opened(write(tmp_path, "providers: [local]")), Local)


def test_several_are_a_chain_in_their_order(tmp_path: Path) -> None:
    path = table(tmp_path)
    document = write(tmp_path, "providers: [hashlookup, virustotal]")
    own = Local(False)
    provider = opened(path, "local", document, own, VT_API_KEY=KEY)
    assert links(provider) == [str(path), "local", "hashlookup", "virustotal", "Local"]


def test_services_are_asked_where_and_as_often_as_is_said(tmp_path: Path) -> None:
    (tmp_path / "vt.key").write_text(f"\n {KEY} \n")
    document = write(
        tmp_path,
        """
providers:
  - virustotal-as-global: {key_file: vt.key, per_minute: 30, per_day: 9000, url: https://vt.example/api/v3}
  - hashlookup: {per_minute: 6}
""",
    )
    provider = opened(document)
    assert isinstance(provider, ProfileChain)
    first, second = provider.links
    assert isinstance(first, HttpProfiles)
    assert isinstance(second, HttpProfiles)
    assert isinstance(first.service, VirusTotal)
    assert isinstance(second.service, Hashlookup)
    assert (first.service.key, first.service.as_global, first.service.address) == (
        KEY,
        True,
        "https://vt.example/api/v3",
    )
    assert first.service.windows == (
        Window(60.0, 30, "30 requests a minute"),
        Window(86_400.0, 9000, "9,000 requests a day"),
    )
    assert second.service.windows == (Window(60.0, 6, "6 requests a minute"),)
    assert second.service.address == "https://hashlookup.circl.lu"


def test_offline_needs_no_key_and_says_so() -> None:
    provider = opened("virustotal", offline=True)
    assert provider is not None
    assert "offline" in provider.note


def test_offline_without_a_service_is_nothing_to_tell() -> None:
    provider = opened("local", Local(False), offline=True)
    assert isinstance(provider, ProfileChain)
    assert provider.note == ""
    assert all(isinstance(link, ProviderLink) for link in provider.links)


def test_without_a_home_the_cache_must_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(SourceError, match="there is no home folder for the cache of file profiles"):
        opened("hashlookup")
    assert opened(write(tmp_path, "providers: [hashlookup]\ncache: here.sqlite")) is not None


def test_a_service_is_named_once() -> None:
    with pytest.raises(SourceError, match="'virustotal' of file profiles is named twice"):
        opened("virustotal", "virustotal-as-global", VT_API_KEY=KEY)


# --- keys ---


def test_where_a_key_stands(tmp_path: Path) -> None:
    assert read_key({}, {"VT_API_KEY": f" {KEY}\n"}) == (KEY, "the environment variable VT_API_KEY")
    assert read_key({"key_env": "MINE"}, {"MINE": KEY, "VT_API_KEY": "x"})[0] == KEY
    path = write(tmp_path, f"{KEY}\r\n", "vt.key")
    assert read_key({"key_file": str(path), "key_env": "MINE"}, {}) == (KEY, f"the file '{path}'")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "virustotal needs a key, and the environment variable VT_API_KEY has none"),
        ({"VT_API_KEY": "  "}, "needs a key"),
        ({"VT_API_KEY": f"{KEY}\nx-other: 1"}, "is no key of virustotal"),
        ({"VT_API_KEY": f"{KEY} {KEY}"}, "is no key of virustotal"),
        ({"VT_API_KEY": KEY * 20}, "is no key of virustotal"),
        ({"VT_API_KEY": f"{KEY}\u20ac"}, "is no key of virustotal"),
    ],
)
def test_keys_that_are_none_are_not_shown(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read_key({}, environment)
    assert KEY not in str(caught.value)


def test_files_of_keys_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be read from '.*none': no such file"):
        read_key({"key_file": str(tmp_path / "none")}, {})
    with pytest.raises(SourceError, match="has none"):
        read_key({"key_file": str(write(tmp_path, "", "empty"))}, {})
