"""The chain under queries, runs and the command line, with services on this machine."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from founding.documents import LONG_RUNNING, founding_document
from founding.random_tables import EVENT_TYPES, NOW, SOME_EVENT_COLUMNS, Rows, arrow_table
from founding.reference import long_running
from profile_services import (
    KEY,
    SHA1,
    VIRUSTOTAL_QUOTA,
    VIRUSTOTAL_UNKNOWN,
    Asked,
    LocalService,
    Reply,
    hashlookup_record,
    reply,
    serving,
    virustotal_file,
)

import bluetick
from bluetick.cli.main import bluetick as command
from bluetick.cli.main import run_command
from bluetick.detections.runs import query_request
from bluetick.enrichment.profile_chain import ProfileChain

FILES = [f"{number:064x}" for number in range(1, 9)]


@pytest.fixture
def hashlookup() -> Iterator[LocalService]:
    with serving() as found:
        yield found


@pytest.fixture
def virustotal() -> Iterator[LocalService]:
    with serving() as found:
        yield found


@pytest.fixture
def document(tmp_path: Path, hashlookup: LocalService, virustotal: LocalService) -> Callable[..., Path]:
    """Writes a document of these services, after the lines of other providers."""
    (tmp_path / "vt.key").write_text(KEY)

    def write(before: str = "", *, vt: str = "virustotal", more: str = "seconds: 5") -> Path:
        path = tmp_path / "profiles.yaml"
        path.write_text(
            f"providers:\n{before}"
            f"  - hashlookup: {{url: {hashlookup.address}, per_minute: 1000}}\n"
            f"  - {vt}: {{url: {virustotal.address}, key_file: vt.key, per_minute: 1000, per_day: 100000}}\n"
            f"cache: {{file: {tmp_path}/cache.sqlite}}\n{more}\n"
        )
        return path

    return write


def unknown_to_hashlookup(service: LocalService) -> None:
    service.always(reply({"message": "Non existing SHA-256"}, 404))


def _events(files: list[str]) -> Rows:
    when = NOW - timedelta(days=1)
    return [
        {
            "Timestamp": when,
            "InitiatingProcessCreationTime": when - timedelta(days=20),
            "ActionType": "ConnectionSuccess",
            "RemoteIPType": "Public",
            "InitiatingProcessSHA256": file,
        }
        for file in files
    ]


def test_the_founding_hunt_has_the_same_rows_as_from_a_table(
    tmp_path: Path, document: Callable[..., Path], hashlookup: LocalService, virustotal: LocalService
) -> None:
    """Prevalence from a table for some files, from VirusTotal's sources, as was asked for, for others; one is unknown
    to all, one is too common."""
    detection, rows = founding_document(LONG_RUNNING), _events(FILES)
    prevalence = {FILES[0]: 3, FILES[1]: 25, FILES[2]: 0}
    sources = {FILES[3]: 7, FILES[4]: 21, FILES[5]: 20, FILES[6]: 1}
    lines = [json.dumps({"SHA256": file, "GlobalPrevalence": count}) for file, count in prevalence.items()]
    (tmp_path / "given.ndjson").write_text("\n".join(lines))
    unknown_to_hashlookup(hashlookup)

    def answer(asked: Asked) -> Reply:
        file = asked.path.rsplit("/", 1)[1]
        if file not in sources:
            return VIRUSTOTAL_UNKNOWN
        attributes = {"sha1": None, "sha256": file, "md5": None, "unique_sources": sources[file], "size": None}
        return reply({"data": {"attributes": attributes}})

    virustotal.answer = answer
    profiles = {
        file: {"ProfileAvailability": "Available", "GlobalPrevalence": count, "SHA256": file}
        for file, count in (prevalence | sources).items()
    }
    expected = long_running(rows, profiles, NOW)
    assert len(expected) == 5
    data = arrow_table(rows, EVENT_TYPES, SOME_EVENT_COLUMNS)
    chosen = document("  - table: given.ndjson\n", vt="virustotal-as-global", more="seconds: 60")
    with bluetick.connect(tables={"DeviceNetworkEvents": data}, profiles=chosen, now=NOW) as session:
        assert list(session.run(query_request(detection, NOW))[-1].rows()) == expected
        asked = len(virustotal.asked)
        assert asked == len(FILES)
        assert list(session.run(query_request(detection, NOW))[-1].rows()) == expected
        assert len(virustotal.asked) == asked


EVENTS = pa.table(
    {
        "Timestamp": pa.array([datetime(2024, 5, 1)] * 3, pa.timestamp("us")),
        "DeviceId": ["d1", "d2", "d3"],
        "SHA1": [SHA1, SHA1, "f" * 40],
    }
)
QUERY = "DeviceFileEvents | distinct SHA1 | invoke FileProfile(SHA1) | project SHA1, FileSize, GlobalFirstSeen, Signer"


def test_own_telemetry_and_services_together(
    document: Callable[..., Path], hashlookup: LocalService, virustotal: LocalService
) -> None:
    hashlookup.always(reply([hashlookup_record()]))
    virustotal.answer = lambda asked: reply(virustotal_file()) if SHA1 in asked.path else VIRUSTOTAL_UNKNOWN
    with bluetick.connect(tables={"DeviceFileEvents": EVENTS}, profiles=["local", document()]) as session:
        result = session.query(
            QUERY + " | extend day = dayofyear(GlobalFirstSeen) | project SHA1, FileSize, Signer, day"
        )
        assert sorted(result.rows()) == [(SHA1, 2520, "Contoso Ltd", 122), ("f" * 40, None, "", 122)]
        (chain,) = session.providers.values()
        assert isinstance(chain, ProfileChain)
        origins = {(o["lookup_key"][:1], o["provider"]): o["columns"] for o in chain.origins().to_pylist()}
    assert origins["a", "local"] == ["SHA1", "GlobalFirstSeen", "GlobalLastSeen"]
    assert origins["a", "hashlookup"] == ["SHA256", "MD5", "FileSize"]
    assert "Signer" in origins["a", "virustotal"]
    assert origins["f", "virustotal"] == []


def test_connect_takes_a_provider_beside_words(tmp_path: Path) -> None:
    table = tmp_path / "t.ndjson"
    table.write_text(json.dumps({"SHA1": SHA1, "Signer": "S", "GlobalFirstSeen": None}))
    with bluetick.connect(tables={"DeviceFileEvents": EVENTS}, profiles=(table, "local")) as session:
        rows = session.query("DeviceFileEvents | invoke FileProfile(SHA1) | project Signer, isnull(GlobalFirstSeen)")
        assert sorted(rows.rows()) == [("", False), ("S", False), ("S", False)]


# --- the command line ---


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    rows = [{"Timestamp": "2024-05-01T00:00:00Z", "DeviceId": "d", "SHA1": sha} for sha in (SHA1, "f" * 40)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def cli(*words: str | Path) -> Any:
    return CliRunner().invoke(command, [str(word) for word in words])


def query(lake: Path, *words: str | Path) -> Any:
    return cli("query", "--table", f"DeviceFileEvents={lake}", "--format", "json", *words, QUERY)


def test_profiles_may_be_repeated(
    lake: Path, document: Callable[..., Path], hashlookup: LocalService, virustotal: LocalService
) -> None:
    hashlookup.always(reply([hashlookup_record()]))
    virustotal.always(reply(VIRUSTOTAL_QUOTA, 429, Retry_After="3600"))
    done = query(lake, "--profiles", "local", "--profiles", document())
    assert done.exit_code == 0, done.output
    assert "2520" in done.stdout
    assert "virustotal failed for 2 files: it says that its quota is used up (status 429)" in done.stderr
    assert KEY not in done.output


def test_offline_nothing_is_asked(
    lake: Path, document: Callable[..., Path], hashlookup: LocalService, virustotal: LocalService
) -> None:
    done = query(lake, "--profiles", document(), "--profiles-offline")
    assert done.exit_code == 0, done.output
    assert (hashlookup.asked, virustotal.asked) == ([], [])
    assert "looked up offline" in done.stderr
    assert "hashlookup was not asked for 2 files: offline, and its cache does not know them" in done.stderr


def test_a_key_that_is_not_there(
    lake: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VT_API_KEY", raising=False)
    words = ["query", "--table", f"DeviceFileEvents={lake}", "--profiles", "virustotal", QUERY]
    assert run_command(words) == 1
    expected = "error: virustotal needs a key, and the environment variable VT_API_KEY has none\n"
    assert capsys.readouterr() == ("", expected)


def test_the_account_of_a_run_tells_the_sources(
    tmp_path: Path, lake: Path, document: Callable[..., Path], hashlookup: LocalService, virustotal: LocalService
) -> None:
    hashlookup.always(reply([hashlookup_record()]))
    virustotal.always(VIRUSTOTAL_UNKNOWN)
    rule = tmp_path / "rule.kql"
    rule.write_text(QUERY)
    words = ("run", rule, "--table", f"DeviceFileEvents={lake}", "--profiles", document())
    told = cli(*words, "--format", "json")
    assert told.exit_code == 0, told.output
    (provider,) = json.loads(told.stdout)["account"]["providers"]
    assert provider["states"] == {"Available": 1, "Missing": 1}
    assert [(s["provider"], s["files"]) for s in provider["sources"]] == [
        ("hashlookup", {"Available": 1, "Missing": 1}),
        ("virustotal", {"Missing": 2}),
    ]
    assert provider["version"] == f"hashlookup {hashlookup.address}; virustotal {virustotal.address}"
    assert (len(hashlookup.asked), len(virustotal.asked)) == (1, 2)  # the account asks again, and the cache answers
    assert "  hashlookup: 1 with a profile, 1 without a profile" in cli(*words).output


def test_a_run_without_answers_says_why(
    tmp_path: Path, lake: Path, document: Callable[..., Path], hashlookup: LocalService, virustotal: LocalService
) -> None:
    for service in (hashlookup, virustotal):
        service.always(Reply(302, b"", {"Location": "http://127.0.0.1:9/"}))
    rule = tmp_path / "rule.kql"
    rule.write_text(QUERY + " | where FileSize > 0")
    words = ("run", rule, "--table", f"DeviceFileEvents={lake}", "--profiles", document())
    account = json.loads(cli(*words, "--format", "json").stdout)["account"]
    assert account["verdict"] == (
        "0 rows because nothing could match: FileProfile failed for 2 rows and has a profile for none"
    )
    assert any("hashlookup failed for 2 files: it answers with a redirect" in one for one in account["warnings"])
