"""`bluetick schedule --systemd`: units that systemd itself accepts."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bluetick.cli.main import run_command
from bluetick.detections.operations.units import Service, command_line, units

HAS_ANALYZE = shutil.which("systemd-analyze") is not None
AWKWARD = 'a folder of "50%" $HOME'


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    """The units by file name."""
    assert run_command(["schedule", *arguments]) == 0
    found: dict[str, str] = {}
    name = ""
    for line in capsys.readouterr().out.splitlines():
        if line.startswith("# ") and line.endswith((".service", ".timer")):
            name = line.rpartition("/")[2]
            found[name] = ""
        elif not line.startswith("# "):
            found[name] += f"{line}\n"
    return found


def values(unit: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{key}=")]


def test_the_unit_runs_the_command_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["rules", "--lake", "lake", "--every=1h", "--alerts", "out/alerts.ndjson", "--shadow", "--timeout", "90"]
    found = printed(capsys, *given, "--systemd")
    unit = found["bluetick.service"]
    (command,) = values(unit, "ExecStart")
    assert shlex.split(command) == [
        *(sys.executable, "-m", "bluetick", "schedule", str(tmp_path / "rules"), "--lake", str(tmp_path / "lake")),
        *("--every", "1h", "--alerts", str(tmp_path / "out" / "alerts.ndjson"), "--shadow", "--timeout", "90"),
    ]
    assert values(unit, "WorkingDirectory") == [str(tmp_path)]
    assert values(unit, "ReadWritePaths") == [str(tmp_path / "lake"), str(tmp_path), str(tmp_path / "out")]
    assert values(unit, "Restart") == ["always"]
    assert values(unit, "TimeoutStopSec") == ["150"]
    assert values(unit, "ProtectSystem") == ["strict"]
    (backup,) = values(found["bluetick-backup.service"], "ExecStart")
    assert shlex.split(backup)[3:] == [
        *("backup", str(tmp_path / "lake.backups"), "--ledger", str(tmp_path / "lake.ledger")),
        *("--lake", str(tmp_path / "lake"), "--also", str(tmp_path / "rules")),
    ]
    assert values(found["bluetick-backup.timer"], "OnCalendar") == ["daily"]
    assert not (tmp_path / "lake.ledger").exists()


def test_a_users_unit_asks_for_no_more_than_a_user_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    unit = printed(capsys, "rules", "--lake", "lake", "--systemd", "--user")["bluetick.service"]
    assert not values(unit, "User")
    assert not values(unit, "ReadWritePaths")
    assert values(unit, "WantedBy") == ["default.target"]


def test_what_is_no_service_has_no_unit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["schedule", "rules", "--lake", "lake", "--once", "--systemd"]) == 2
    assert "leave --once out" in capsys.readouterr().err
    assert run_command(["schedule", "rules", "--systemd"]) == 2
    assert run_command(["schedule", "rules", "--lake", "lake", "--user"]) == 2


def test_what_has_a_meaning_for_systemd_is_escaped() -> None:
    assert command_line(["/usr/bin/run", "a b", "50%", "$HOME", 'say "x"', "\\n"]) == (
        '/usr/bin/run "a b" "50%%" "$$HOME" "say \\"x\\"" "\\\\n"'
    )


@pytest.mark.skipif(not HAS_ANALYZE, reason="systemd is not installed")
@pytest.mark.parametrize("is_of_user", [False, True])
def test_systemd_accepts_the_units(tmp_path: Path, is_of_user: bool) -> None:
    """Also with names that are no plain words."""
    folder = tmp_path / AWKWARD
    folder.mkdir()
    command = (sys.executable, "-m", "bluetick", "schedule", str(folder))
    service = Service(command, command, folder, (folder, tmp_path), (folder,), None if is_of_user else "root", 600.0)
    for name, text in units(service).items():
        (tmp_path / name).write_text(text)
    broken = tmp_path / "bluetick-broken.service"
    broken.write_text("[Service]\nExecStart=nowhere/at-all\nProtectSystem=maybe\n")
    assert said_of(verified(broken), tmp_path)
    assert said_of(verified(*(tmp_path / name for name in units(service)), is_of_user=is_of_user), tmp_path) == []


def verified(*paths: Path, is_of_user: bool = False) -> str:
    """What systemd says."""
    command = ["systemd-analyze", "verify", "--man=no", *(["--user"] if is_of_user else []), *map(str, paths)]
    surroundings = {"XDG_RUNTIME_DIR": str(paths[0].parent), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings).stderr


def said_of(text: str, folder: Path) -> list[str]:
    """What is said of our units, not of those of the machine."""
    return [line for line in text.splitlines() if "bluetick" in line or str(folder) in line]
