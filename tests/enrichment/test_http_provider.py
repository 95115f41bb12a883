"""A service as a provider: the four states, quotas, waiting, the cache, and what may never be seen."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from profile_services import (
    KEY,
    MD5,
    NOW,
    OTHER_SHA1,
    OTHER_SHA256,
    SHA1,
    SHA256,
    VIRUSTOTAL_QUOTA,
    VIRUSTOTAL_UNKNOWN,
    Asked,
    Clock,
    LocalService,
    Reply,
    hashlookup_record,
    impatient,
    reply,
    serving,
    virustotal_file,
)

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.hashlookup import Hashlookup
from bluetick.enrichment.http_exchange import MAX_BODY
from bluetick.enrichment.http_provider import HttpProfiles
from bluetick.enrichment.profile_cache import Kept, ProfileCache
from bluetick.enrichment.profile_link import Finding
from bluetick.enrichment.virustotal import VirusTotal, quota

DAY = 86_400.0
FILES = [f"{number:064x}" for number in range(20)]


@pytest.fixture
def service() -> Iterator[LocalService]:
    with serving() as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path) -> ProfileCache:
    return ProfileCache(tmp_path / "cache.sqlite")


@pytest.fixture
def virustotal(service: LocalService, clock: Clock, cache: ProfileCache) -> HttpProfiles:
    asked = VirusTotal(KEY, "the environment variable VT", address=service.address)
    return HttpProfiles(asked, cache, impatient(clock.outside(), 0.5))


@pytest.fixture
def hashlookup(service: LocalService, clock: Clock, cache: ProfileCache) -> HttpProfiles:
    return HttpProfiles(Hashlookup(address=service.address), cache, clock.outside())


def find(profiles: HttpProfiles, *keys: str, seconds: float = 30.0, clock: Clock | None = None) -> list[Finding]:
    found = profiles.find("SHA1", keys, (clock.at if clock else 0.0) + seconds)
    assert list(found) == list(keys)
    return list(found.values())


def states(findings: Sequence[Finding]) -> list[str]:
    return [finding.state for finding in findings]


def known_file(asked: Asked) -> Reply:
    """VirusTotal's answer for whatever SHA-256 it is asked for."""
    return reply(virustotal_file(sha256=asked.path.rsplit("/", 1)[1], sha1=None, md5=None))


# --- what VirusTotal knows ---


def test_a_file_that_virustotal_knows(service: LocalService, virustotal: HttpProfiles) -> None:
    service.always(reply(virustotal_file()))
    (found,) = find(virustotal, SHA1.upper())
    assert found.state == "Available"
    assert found.asked == datetime.fromtimestamp(NOW, UTC)
    assert {name: value for name, value in found.values.items() if value not in ("", None)} == {
        "SHA1": SHA1,
        "SHA256": SHA256,
        "MD5": MD5,
        "FileSize": 12_345,
        "GlobalFirstSeen": datetime(2017, 7, 14, 2, 40, tzinfo=UTC),
        "GlobalLastSeen": datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC),
        "Signer": "Contoso Ltd",
        "Issuer": "Contoso Code CA",
        "SignerHash": "ab" * 20,
        "IsCertificateValid": True,
        "SignatureState": "SignedValid",
        "IsExecutable": True,
        "Publisher": "Contoso",
        "SoftwareName": "Contoso Sync",
    }
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.headers["x-apikey"]) == ("GET", f"/files/{SHA1}", KEY)


@pytest.mark.parametrize(
    ("changed", "column", "value"),
    [
        ({"signature_info": {"verified": "Unsigned"}}, "SignatureState", "Unsigned"),
        ({"signature_info": {"verified": "A certificate was revoked"}}, "SignatureState", "SignedInvalid"),
        ({"signature_info": {"verified": "valid"}, "pe_info": None, "type_tag": "macho"}, "SignatureState", ""),
        ({"signature_info": {"product": "x"}}, "SignatureState", ""),
        ({"signature_info": None}, "Signer", ""),
        ({"signature_info": {"signers": "A; B"}}, "Signer", "A"),
        ({"signature_info": {"signers details": [{"status": "It is revoked"}]}}, "IsCertificateValid", False),
        ({"pe_info": None, "type_tag": "pdf"}, "IsExecutable", False),
        ({"pe_info": None, "type_tag": None}, "IsExecutable", None),
        ({"pe_info": None, "type_tag": "pedll"}, "IsExecutable", True),
        ({"last_analysis_results": {"Microsoft": {"category": "malicious", "result": "X"}}}, "ThreatName", "X"),
        ({"last_analysis_results": {"Microsoft": {"category": "timeout", "result": "x"}}}, "ThreatName", ""),
        ({"last_analysis_results": {"Other": {"category": "malicious", "result": "x"}}}, "ThreatName", ""),
        ({"exiftool": {"CompanyName": 7}}, "Publisher", "7"),
        ({"exiftool": {"CompanyName": 1.5}}, "Publisher", ""),
        ({"exiftool": {"CompanyName": "a\x1b[31m\nb"}}, "Publisher", "a [31m b"),
        ({"first_submission_date": 0}, "GlobalFirstSeen", None),
        ({"size": None}, "FileSize", None),
    ],
)  # fmt: skip
def test_columns_of_virustotal(
    service: LocalService, virustotal: HttpProfiles, changed: Mapping[str, object], column: str, value: object
) -> None:
    service.always(reply(virustotal_file(**changed)))
    (found,) = find(virustotal, SHA1)
    assert (found.state, found.values[column]) == ("Available", value)


def test_sources_stand_in_for_prevalence_only_when_asked_for(
    service: LocalService, clock: Clock, cache: ProfileCache
) -> None:
    service.always(reply(virustotal_file()))
    plain = VirusTotal(KEY, "x", address=service.address)
    for asked, expected in ((plain, None), (replace(plain, as_global=True), 9)):
        profiles = HttpProfiles(asked, cache, clock.outside())
        (found,) = find(profiles, SHA1)
        assert found.values.get("GlobalPrevalence") == expected
        assert ("GlobalPrevalence" in profiles.gives) == (expected is not None)
        assert ("unique_sources" in profiles.note) == (expected is not None)
    assert len(service.asked) == 1


# --- what hashlookup knows ---


def test_files_go_to_hashlookup_together(service: LocalService, hashlookup: HttpProfiles) -> None:
    service.always(reply([hashlookup_record(), {}]))
    known, unknown = find(hashlookup, SHA1, OTHER_SHA1)
    assert known.values == {"SHA1": SHA1, "SHA256": SHA256, "MD5": MD5, "FileSize": 2520}
    assert (known.state, unknown.state) == ("Available", "Missing")
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/bulk/sha1")
    assert json.loads(asked.body) == {"hashes": [SHA1.upper(), OTHER_SHA1.upper()]}


def test_hashlookup_takes_a_hundred_at_a_time(service: LocalService, hashlookup: HttpProfiles) -> None:
    service.always(reply([]))
    keys = [f"{number:040x}" for number in range(250)]
    assert set(states(find(hashlookup, *keys))) == {"Missing"}
    assert [len(json.loads(asked.body)["hashes"]) for asked in service.asked] == [100, 100, 50]


def test_hashlookup_has_no_bulk_request_for_sha256(service: LocalService, hashlookup: HttpProfiles) -> None:
    unknown = reply({"message": "Non existing SHA-256", "query": OTHER_SHA256}, 404)
    service.answer = lambda asked: reply(hashlookup_record()) if SHA256.upper() in asked.path else unknown
    assert states(find(hashlookup, SHA256, OTHER_SHA256)) == ["Available", "Missing"]
    assert service.paths == [f"/lookup/sha256/{SHA256.upper()}", f"/lookup/sha256/{OTHER_SHA256.upper()}"]


def test_a_record_need_not_repeat_the_hash_that_it_was_asked_by(
    service: LocalService, hashlookup: HttpProfiles
) -> None:
    record = hashlookup_record(KnownMalicious=["one", "two"])
    del record["SHA-256"]
    service.always(reply(record))
    (found,) = find(hashlookup, OTHER_SHA256)
    assert found.values == {"SHA1": SHA1, "SHA256": OTHER_SHA256, "MD5": MD5, "FileSize": 2520}
    assert found.remark == "known as malicious from one, two"


def test_a_404_of_hashlookup_in_other_words_is_an_error(service: LocalService, hashlookup: HttpProfiles) -> None:
    service.always(reply({"message": "The requested URL was not found on the server."}, 404))
    assert states(find(hashlookup, SHA256)) == ["Error"]
    assert states(find(hashlookup, SHA1)) == ["Error"]


def test_each_kind_of_hash_has_its_request(service: LocalService, hashlookup: HttpProfiles) -> None:
    service.answer = lambda asked: reply([hashlookup_record()] if asked.path == "/bulk/md5" else [])
    assert states(find(hashlookup, MD5, OTHER_SHA1)) == ["Available", "Missing"]
    assert sorted(service.paths) == ["/bulk/md5", "/bulk/sha1"]


def test_a_file_known_as_malicious_is_remarked(service: LocalService, hashlookup: HttpProfiles) -> None:
    service.always(reply([hashlookup_record(KnownMalicious="some-feed")]))
    (found,) = find(hashlookup, SHA1)
    assert (found.remark, found.values.get("ThreatName")) == ("known as malicious from some-feed", None)


@pytest.mark.parametrize(
    "body",
    [
        {"records": []},
        "no",
        [1],
        [hashlookup_record(**{"SHA-1": OTHER_SHA1})],
        [hashlookup_record(**{"SHA-1": "zz"})],
        [hashlookup_record(FileSize="many")],
        [hashlookup_record(FileSize="9" * 30)],
    ],
)
def test_answers_of_hashlookup_that_are_none(service: LocalService, hashlookup: HttpProfiles, body: object) -> None:
    service.always(reply(body))
    (found,) = find(hashlookup, SHA1)
    assert (found.state, found.remark) == ("Error", "its answer is malformed")


@pytest.mark.parametrize("body", [{}, [], {"hashlookup:trust": 50}, {"SHA-256": "A" * 64, "FileName": "x"}])
def test_an_answer_for_one_file_that_is_none(service: LocalService, hashlookup: HttpProfiles, body: object) -> None:
    service.always(reply(body))
    assert states(find(hashlookup, SHA256)) == ["Error"]


# --- states ---


def test_a_file_that_is_not_known_is_missing(service: LocalService, virustotal: HttpProfiles) -> None:
    service.always(VIRUSTOTAL_UNKNOWN)
    (found,) = find(virustotal, SHA1)
    assert (found.state, found.asked) == ("Missing", datetime.fromtimestamp(NOW, UTC))


@pytest.mark.parametrize("body", [b"<html>not here</html>", b"{}", b'{"error": {"code": "Other"}}', b'{"error": 1}'])
def test_a_404_in_other_words_is_an_error(service: LocalService, virustotal: HttpProfiles, body: bytes) -> None:
    """A wrong address, or a proxy that has no way: the file may be known."""
    service.always(Reply(404, body))
    assert states(find(virustotal, SHA1)) == ["Error"]


def test_what_is_no_hash_is_not_asked_for(service: LocalService, virustotal: HttpProfiles) -> None:
    assert states(find(virustotal, "setup.exe", "g" * 40, "../users/me", "a" * 41, "")) == [""] * 5
    assert service.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"data": []}', b'{"data": {"attributes": 5}}',
        json.dumps(virustotal_file(size="12")).encode(),
        json.dumps(virustotal_file(size=-1)).encode(),
        json.dumps(virustotal_file(size=True)).encode(),
        json.dumps(virustotal_file(size=2**64)).encode(),
        json.dumps(virustotal_file(first_submission_date=10**15)).encode(),
        json.dumps(virustotal_file(sha1=OTHER_SHA1)).encode(),
        json.dumps(virustotal_file(signature_info=[])).encode(),
        json.dumps(virustotal_file(signature_info={"signers details": {"name": "x"}})).encode(),
        json.dumps(virustotal_file(signature_info={"verified": 1})).encode(),
    ],
)  # fmt: skip
def test_malformed_answers_are_errors(service: LocalService, virustotal: HttpProfiles, body: bytes) -> None:
    service.always(Reply(200, body))
    (found,) = find(virustotal, SHA1)
    assert (found.state, found.remark) == ("Error", "its answer is malformed")
    assert len(service.asked) == 1


def test_one_malformed_answer_does_not_keep_the_others(service: LocalService, virustotal: HttpProfiles) -> None:
    service.answer = lambda asked: Reply(200, b"{") if FILES[0] in asked.path else known_file(asked)
    assert states(find(virustotal, *FILES[:3])) == ["Error", "Available", "Available"]


@pytest.mark.parametrize(
    ("given", "reason", "requests"),
    [
        (Reply(301), "it answers with a redirect (status 301), which is not followed", 1),
        (Reply(400), "it answers with status 400", 1),
        (Reply(418), "it answers with status 418", 1),
        (Reply(500), "it answers with status 500", 3),
        (Reply(503), "it answers with status 503", 3),
        (Reply(429), "it says that its quota is used up (status 429)", 3),
        (Reply(silence=60.0), "the answer did not come in time", 3),
        (Reply(body=b"x" * 100, is_cut=True), "the connection broke, or the answer is not HTTP", 3),
        (Reply(body=b"x" * (MAX_BODY + 1)), "the answer is larger than 8 MB", 1),
    ],
)  # fmt: skip
def test_failures_and_how_often_they_are_tried(
    service: LocalService, virustotal: HttpProfiles, given: Reply, reason: str, requests: int
) -> None:
    service.always(given)
    (found,) = find(virustotal, SHA1)
    assert (found.state, found.remark, len(service.asked)) == ("Error", reason, requests)


def test_a_service_that_recovers(service: LocalService, virustotal: HttpProfiles, clock: Clock) -> None:
    service.in_turn(Reply(500), Reply(503), reply(virustotal_file()))
    assert states(find(virustotal, SHA1)) == ["Available"]
    assert clock.slept == [0.75, 1.5]  # 1 s, then 2 s, each times 0.5 + 0.5 / 2 by the jitter that is given


def test_two_failures_in_a_row_end_the_lookup(service: LocalService, virustotal: HttpProfiles) -> None:
    service.answer = lambda asked: Reply(500) if asked.path[7:] in FILES[:2] else known_file(asked)
    assert states(find(virustotal, *FILES[:4], seconds=600.0)) == ["Error"] * 4
    assert len(service.asked) == 6


def test_one_file_that_a_service_stumbles_over(service: LocalService, virustotal: HttpProfiles) -> None:
    service.answer = lambda asked: Reply(500) if FILES[0] in asked.path else known_file(asked)
    assert states(find(virustotal, *FILES[:3], seconds=600.0)) == ["Error", "Available", "Available"]


def test_failures_that_are_not_in_a_row_end_nothing(service: LocalService, virustotal: HttpProfiles) -> None:
    service.answer = lambda asked: Reply(500) if asked.path[7:] in (FILES[0], FILES[2]) else known_file(asked)
    found = find(virustotal, *FILES[:4], seconds=600.0)
    assert states(found) == ["Error", "Available", "Error", "Available"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused(service: LocalService, virustotal: HttpProfiles, status: int) -> None:
    service.always(Reply(status, json.dumps({"error": {"message": KEY}}).encode()))
    with pytest.raises(SourceError, match="virustotal refuses the key in the environment variable VT") as caught:
        find(virustotal, SHA1)
    assert KEY not in str(caught.value)


# --- quotas and waiting ---


def test_the_service_says_how_long_to_wait(service: LocalService, virustotal: HttpProfiles, clock: Clock) -> None:
    service.in_turn(reply(VIRUSTOTAL_QUOTA, 429, Retry_After="17"), reply(virustotal_file()))
    assert states(find(virustotal, SHA1)) == ["Available"]
    assert clock.slept == [17.0]


def test_the_service_says_until_when_to_wait(service: LocalService, virustotal: HttpProfiles, clock: Clock) -> None:
    until = datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=9)
    date = format_datetime(until, usegmt=True)
    service.in_turn(reply(VIRUSTOTAL_QUOTA, 429, Retry_After=date), reply(virustotal_file()))
    assert states(find(virustotal, SHA1)) == ["Available"]
    assert clock.slept == [9.0]


@pytest.mark.parametrize("words", ["soon", "-5", "1e3", "", "٣"])
def test_a_time_to_wait_that_is_none(service: LocalService, virustotal: HttpProfiles, clock: Clock, words: str) -> None:
    headers = {"Retry-After": words.encode().decode("latin-1")}
    service.in_turn(Reply(429, b"{}", headers), reply(virustotal_file()))
    assert states(find(virustotal, SHA1)) == ["Available"]
    assert clock.slept == [0.75]


def test_a_wait_beyond_the_time_is_an_error_at_once(
    service: LocalService, virustotal: HttpProfiles, clock: Clock
) -> None:
    service.always(reply(VIRUSTOTAL_QUOTA, 429, Retry_After="3600"))
    assert states(find(virustotal, *FILES[:5])) == ["Error"] * 5
    assert (clock.slept, len(service.asked)) == ([], 1)


def test_a_quota_that_is_used_up_is_an_error_and_never_missing(
    service: LocalService, virustotal: HttpProfiles, clock: Clock
) -> None:
    service.answer = known_file
    found = find(virustotal, *FILES[:6], seconds=30.0)
    assert states(found) == ["Available"] * 4 + ["Error"] * 2
    assert found[5].remark == "the quota of 4 requests a minute is used up"
    assert (clock.slept, len(service.asked)) == ([], 4)


def test_with_time_a_quota_is_waited_for(service: LocalService, virustotal: HttpProfiles, clock: Clock) -> None:
    service.answer = known_file
    assert states(find(virustotal, *FILES[:9], seconds=300.0)) == ["Available"] * 9
    assert clock.slept == [60.0, 60.0]


def test_in_no_minute_are_there_more_requests_than_allowed(
    service: LocalService, virustotal: HttpProfiles, clock: Clock
) -> None:
    at: list[float] = []

    def answer(asked: Asked) -> Reply:
        at.append(clock.at)
        clock.at += 11.0  # an answer takes its time
        return known_file(asked)

    service.answer = answer
    assert states(find(virustotal, *FILES, seconds=3600.0)) == ["Available"] * 20
    assert max(sum(start <= other < start + 60 for other in at) for start in at) == 4


def test_the_quota_of_a_day_is_that_of_all_processes(service: LocalService, clock: Clock, cache: ProfileCache) -> None:
    service.answer = known_file
    few = VirusTotal(KEY, "x", address=service.address, windows=quota(per_minute=100, per_day=3))
    first, second = (HttpProfiles(few, ProfileCache(cache.path), clock.outside()) for _ in range(2))
    assert states(find(first, *FILES[:2])) == ["Available"] * 2
    found = find(second, *FILES[2:4])
    assert states(found) == ["Available", "Error"]
    assert found[1].remark == "the quota of 3 requests a day is used up"
    clock.at += DAY
    assert states(find(second, FILES[3], clock=clock)) == ["Available"]


def test_what_failed_is_not_asked_for_again_at_once(
    service: LocalService, virustotal: HttpProfiles, clock: Clock
) -> None:
    """The account of a run looks up what the run has looked up: it must not find otherwise, or wait again."""
    service.always(Reply(500))
    assert states(find(virustotal, SHA1)) == ["Error"]
    service.always(reply(virustotal_file()))
    assert states(find(virustotal, SHA1, clock=clock)) == ["Error"]
    clock.at += 61.0
    assert states(find(virustotal, SHA1, clock=clock)) == ["Available"]


# --- the cache ---


def test_an_answer_is_kept_for_every_hash_of_the_file(service: LocalService, virustotal: HttpProfiles) -> None:
    service.always(reply(virustotal_file()))
    first, *others = (find(virustotal, key)[0] for key in (SHA1, SHA256, MD5, SHA256.upper()))
    assert others == [first] * 3
    assert len(service.asked) == 1


def test_answers_outlive_the_process_and_grow_old(
    service: LocalService, clock: Clock, cache: ProfileCache, virustotal: HttpProfiles
) -> None:
    service.always(reply(virustotal_file()))
    find(virustotal, SHA1)
    service.always(VIRUSTOTAL_UNKNOWN)
    find(virustotal, OTHER_SHA1)
    again = HttpProfiles(virustotal.service, ProfileCache(cache.path), clock.outside())
    for age, requests in ((DAY - 1, 2), (DAY + 1, 3), (7 * DAY - 1, 4), (7 * DAY + 1, 5)):
        clock.at = age
        assert states(find(again, SHA1, OTHER_SHA1, clock=clock))[1] == "Missing"
        assert len(service.asked) == requests, age


def test_failures_are_not_kept(service: LocalService, clock: Clock, cache: ProfileCache) -> None:
    asked = VirusTotal(KEY, "x", address=service.address)
    service.always(Reply(500))
    assert states(find(HttpProfiles(asked, cache, clock.outside()), SHA1)) == ["Error"]
    assert cache.find("virustotal", [SHA1]) == {}


def test_offline_only_the_cache_is_asked(
    service: LocalService, clock: Clock, cache: ProfileCache, virustotal: HttpProfiles
) -> None:
    service.always(reply(virustotal_file()))
    find(virustotal, SHA1)
    service.always(VIRUSTOTAL_UNKNOWN)
    find(virustotal, OTHER_SHA1)
    service.asked.clear()
    offline = HttpProfiles(virustotal.service, cache, clock.outside(), is_offline=True)
    assert states(find(offline, SHA1, OTHER_SHA1, OTHER_SHA256)) == ["Available", "Missing", ""]
    clock.at = 365 * DAY  # what is known of a file stays true; that it was unknown does not
    found = find(offline, SHA1, OTHER_SHA1, clock=clock)
    assert states(found) == ["Available", ""]
    assert found[0].asked == datetime.fromtimestamp(NOW, UTC)
    assert service.asked == []


def test_services_do_not_share_answers(
    service: LocalService, virustotal: HttpProfiles, hashlookup: HttpProfiles
) -> None:
    service.always(VIRUSTOTAL_UNKNOWN)
    find(virustotal, SHA1)
    service.always(reply([hashlookup_record()]))
    assert states(find(hashlookup, SHA1)) == ["Available"]


def test_an_entry_that_was_tampered_with_is_asked_for_anew(
    service: LocalService, virustotal: HttpProfiles, cache: ProfileCache
) -> None:
    service.always(reply(virustotal_file()))
    for facts in ({}, {"SHA1": 1}):
        cache.keep("virustotal", {SHA1: Kept(NOW, facts)})
        assert states(find(virustotal, SHA1)) == ["Available"]
    assert len(service.asked) == 2


def test_the_key_is_nowhere(service: LocalService, virustotal: HttpProfiles, cache: ProfileCache) -> None:
    service.always(reply(virustotal_file(exiftool={"CompanyName": "x"})))
    find(virustotal, SHA1)
    with sqlite3.connect(cache.path) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert SHA1 in dump
    assert KEY not in dump
    files = list(cache.path.parent.iterdir())
    assert not any(KEY.encode() in file.read_bytes() for file in files)
    assert KEY not in f"{virustotal.service!r} {virustotal.note} {virustotal.version}"
