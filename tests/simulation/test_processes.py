"""A process is the same process in every row, and lives as long as its kind does."""

from .conftest import Made


def test_an_instance_has_the_same_facts_in_every_row(made: Made) -> None:
    query = """
        SELECT count(*) AS connections, count(DISTINCT (
            InitiatingProcessCreationTime, InitiatingProcessId, InitiatingProcessSHA1, InitiatingProcessSHA256,
            InitiatingProcessMD5, InitiatingProcessFileName, InitiatingProcessCommandLine,
            InitiatingProcessFolderPath, InitiatingProcessParentId, InitiatingProcessParentCreationTime,
            InitiatingProcessAccountSid, LogonID)) AS faces
        FROM events GROUP BY DeviceId, InitiatingProcessUniqueId"""
    instances = made.rows(query)
    assert {faces for _, faces in instances} == {1}
    assert max(connections for connections, _ in instances) > 20


def test_a_process_begins_before_it_talks_and_after_its_parent(made: Made) -> None:
    query = """SELECT count(*) FROM events WHERE InitiatingProcessCreationTime > Timestamp
               OR InitiatingProcessParentCreationTime > InitiatingProcessCreationTime"""
    assert made.rows(query) == [(0,)]


def test_services_live_for_weeks_and_browsers_for_days(made: Made) -> None:
    query = """SELECT max(Timestamp - InitiatingProcessCreationTime) > INTERVAL 10 DAY FROM events
               WHERE InitiatingProcessFileName = ?"""
    assert made.rows(query, "MsSense.exe") == [(True,)]
    assert made.rows(query, "chrome.exe") == [(False,)]


def test_services_restart(made: Made) -> None:
    query = """SELECT count(DISTINCT InitiatingProcessCreationTime) > count(DISTINCT DeviceId) FROM events
               WHERE InitiatingProcessFileName = 'MsSense.exe'"""
    assert made.rows(query) == [(True,)]


def test_some_files_have_no_sha256_but_all_but_the_kernel_have_a_sha1(made: Made) -> None:
    query = """SELECT avg((InitiatingProcessSHA256 = '')::int), count_if(InitiatingProcessSHA1 = '')
               FROM events WHERE InitiatingProcessFileName <> 'System'"""
    ((share, without),) = made.rows(query)
    assert 0.01 < share < 0.4
    assert without == 0


def test_profiles_agree_with_the_events_on_every_hash_and_size(made: Made) -> None:
    query = """SELECT count(*), count_if(e.InitiatingProcessSHA256 NOT IN ('', p.SHA256)
                 OR e.InitiatingProcessMD5 <> p.MD5 OR e.InitiatingProcessFileSize <> p.FileSize)
               FROM events e JOIN profiles p ON e.InitiatingProcessSHA1 = p.SHA1"""
    ((matched, wrong),) = made.rows(query)
    assert matched > 1000
    assert wrong == 0


def test_profiles_hold_common_rare_and_unsigned_files_once_each(made: Made) -> None:
    ((count, hashes, most, least, states),) = made.rows(
        """SELECT count(*), count(DISTINCT SHA1), max(GlobalPrevalence), min(GlobalPrevalence),
                  list_sort(list(DISTINCT SignatureState)) FROM profiles"""
    )
    assert count == hashes
    assert most > 10_000_000
    assert least <= 20
    assert states == ["SignedValid", "Unsigned"]


def test_some_files_have_no_profile(made: Made) -> None:
    query = """SELECT DISTINCT InitiatingProcessFileName FROM events
               WHERE InitiatingProcessSHA1 NOT IN (SELECT SHA1 FROM profiles) AND InitiatingProcessSHA1 <> ''"""
    assert {"mfcaudit.exe", "TarnAgent.exe"} <= {file for (file,) in made.rows(query)}
