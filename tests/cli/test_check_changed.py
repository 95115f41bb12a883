"""`check --changed`: which documents differ from a revision of git."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from bluetick.cli.checked.changed import find_changes
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import SourceError

RULE = "// Name: {name}\n// QueryFrequency: 1h\n// QueryPeriod: 1h\nVMConnection\n| where Direction == '{name}'\n"


class Repository:
    """A repository in a folder of the test's own, without the user's configuration."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        clean = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env={**os.environ, **who, **clean}, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def write(self, name: str, text: str = "") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or RULE.format(name=path.stem), "utf-8")

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x", "--allow-empty")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository(tmp_path / "repository")
    for name in ("rules/a.kql", "rules/b.kql", "rules/c.kql", "rules/deep/d.kql"):
        made.write(name)
    made.commit()
    monkeypatch.chdir(made.root)
    return made


def checked(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert run_command(["check", *arguments, "--format", "json"]) == 0
    return [json.loads(line)["file"] for line in capfd.readouterr().out.splitlines()]


def refused(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run_command(["check", *arguments]) == 1
    return capfd.readouterr().err


def test_a_branch_is_compared_with_where_it_left_main(
    repository: Repository, capfd: pytest.CaptureFixture[str]
) -> None:
    repository.git("checkout", "-q", "-b", "work")
    repository.write("rules/b.kql", RULE.format(name="changed"))
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("rules/c.kql", RULE.format(name="changed on main alone"))
    repository.commit()
    repository.git("checkout", "-q", "work")
    assert checked(capfd, "rules", "--changed") == ["rules/b.kql"]
    assert checked(capfd, "rules", "--changed=main") == ["rules/b.kql", "rules/c.kql"]
    assert checked(capfd, "--changed", "main~1", "rules/c.kql") == []


def test_what_is_not_committed_counts_and_so_does_a_new_file(
    repository: Repository, capfd: pytest.CaptureFixture[str]
) -> None:
    assert checked(capfd, "--changed") == []
    repository.write("rules/a.kql", RULE.format(name="edited"))
    repository.write("rules/deep/new rule é\nx.kql", RULE.format(name="new"))
    repository.write("rules/ignored.kql")
    repository.write(".gitignore", "ignored.kql\n")
    assert checked(capfd, "--changed") == ["rules/a.kql", "rules/deep/new rule é\nx.kql"]
    assert checked(capfd, "--changed", "HEAD", "rules/deep") == ["rules/deep/new rule é\nx.kql"]


def test_a_moved_document_is_checked_and_a_deleted_one_is_not(
    repository: Repository, capfd: pytest.CaptureFixture[str]
) -> None:
    repository.git("mv", "rules/a.kql", "rules/deep/moved.kql")
    repository.git("rm", "-q", "rules/b.kql")
    repository.commit()
    assert checked(capfd, "rules", "--changed=HEAD~1") == ["rules/deep/moved.kql"]


EXCEPTION = """exceptions:
  - name: one
    result: true
    where: Computer == 'a'
    reason: why
    owner: who
    expires: 9999-12-31
"""


@pytest.mark.parametrize(
    ("suffix", "text"),
    [(".bluetick.yaml", "severity: Low\n"), (".tests.yaml", "tests: []\n"), (".tuning.yaml", EXCEPTION)],
)
def test_a_file_beside_a_document_counts_as_it(
    repository: Repository, capfd: pytest.CaptureFixture[str], suffix: str, text: str
) -> None:
    repository.write(f"rules/c{suffix}", text)
    assert checked(capfd, "rules", "--changed") == ["rules/c.kql"]
    repository.commit()
    assert checked(capfd, "rules", "--changed") == []
    (repository.root / f"rules/c{suffix}").unlink()
    assert checked(capfd, "rules", "--changed") == ["rules/c.kql"]


def test_what_all_depend_on_makes_all_changed(repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
    repository.write("functions/Mine.kql", "VMConnection")
    repository.commit()
    assert checked(capfd, "rules", "--changed", "--functions", "functions") == []
    repository.write("functions/Mine.kql", "VMConnection | take 1")
    assert len(checked(capfd, "rules", "--changed", "--functions", "functions")) == 4


def test_a_folder_of_the_repository_is_found_from_anywhere(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repository.write("rules/a.kql", RULE.format(name="edited"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(repository.root / "rules")
    assert checked(capfd, "link", "--changed") == ["link/a.kql"]
    # As in a hook, whose variables speak of another repository.
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert checked(capfd, "repository/rules", "--changed") == ["repository/rules/a.kql"]


def test_errors_say_what_to_do(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "no revision" in refused(capfd, "rules", "--changed=nothing")
    assert "it is a path: write the documents before --changed" in refused(capfd, "--changed", "rules")
    # What would be an option of git's is a name like any other.
    with pytest.raises(SourceError, match="no revision"):
        find_changes(repository.root, f"--output={tmp_path / 'written'}")
    assert not (tmp_path / "written").exists()
    repository.git("branch", "-m", "main", "other")
    assert "has no main branch" in refused(capfd, "rules", "--changed")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.kql").write_text(RULE.format(name="a"), "utf-8")
    assert "not a git repository" in refused(capfd, str(outside), "--changed")
    monkeypatch.setenv("PATH", str(outside))
    assert "git cannot be started" in refused(capfd, "rules", "--changed")


def test_histories_without_a_common_commit(repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
    repository.git("checkout", "-q", "--orphan", "island")
    repository.write("rules/island.kql")
    repository.commit()
    assert "share no commit" in refused(capfd, "rules", "--changed")


def test_documents_are_needed_unless_changed_ones_are_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["check"]) == 2
    assert "Missing argument" in capfd.readouterr().err
