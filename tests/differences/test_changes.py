"""Which rules two commits have otherwise."""

import os
import subprocess
from pathlib import Path

import pytest

from bluetick.detections.differences.changes import Change, Changes, Kind, find_changes
from bluetick.detections.differences.repository import Repository
from bluetick.detections.rule_files import is_document
from bluetick.diagnostics.errors import SourceError

RULE = "// Name: {name}\n// Id: {id}\n// Frequency: {frequency}\nEvents\n| where Size > {size}\n"
TUNING = """exceptions:
  - {{name: a, table: Events, where: "{where}", reason: r, owner: o, expires: 2030-01-01}}
"""
GIT = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Rules:
    """A repository of rules; each commit is told by a number from 0."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments], check=True, capture_output=True, env={**os.environ, **GIT}
        )
        return done.stdout.decode()

    def commit(self, **files: str | None) -> str:
        """Writes files (None: removes one) and commits; keys have '__' for '/' and end in the form's own ending."""
        for name, text in files.items():
            self.write(name.replace("__", "/").replace("_dot_", "."), text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD").strip()

    def write(self, name: str, text: str | None) -> None:
        path = self.root / name
        if text is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def changes(self, base: str, head: str, *paths: str) -> Changes:
        return find_changes(Repository.around(self.root), base, head, is_document, paths)


def rule(size: int = 1, *, name: str = "Big", id: int = 1, frequency: str = "1h") -> str:
    return RULE.format(name=name, id=f"{id:08d}-1111-1111-1111-111111111111", frequency=frequency, size=size)


def told(changes: Changes) -> list[tuple[Kind, str, tuple[str, ...]]]:
    return [(change.kind, change.path, change.parts) for change in changes.rules]


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    return Rules(tmp_path)


def only(changes: Changes) -> Change:
    (change,) = changes.rules
    return change


def test_added_removed_and_changed(rules: Rules) -> None:
    base = rules.commit(a_dot_kql=rule(id=1), b_dot_kql=rule(id=2, name="B"), c_dot_kql=rule(id=3, name="C"))
    head = rules.commit(a_dot_kql=rule(5, id=1), b_dot_kql=None, d_dot_kql=rule(99, id=4, name="Quite another"))
    assert told(rules.changes(base, head)) == [
        (Kind.CHANGED, "a.kql", ("query",)),
        (Kind.REMOVED, "b.kql", ()),
        (Kind.ADDED, "d.kql", ()),
    ]


def test_nothing_changed(rules: Rules) -> None:
    base = rules.commit(a_dot_kql=rule())
    assert rules.changes(base, rules.commit(readme_dot_txt="x")).rules == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (rule(frequency="2h"), ("schedule",)),
        (rule(name="Bigger"), ("words",)),
        (rule().replace("Events\n", "// Threshold: 3\nEvents\n", 1), ("threshold",)),
    ],
)
def test_what_is_other_is_named(rules: Rules, text: str, parts: tuple[str, ...]) -> None:
    base = rules.commit(a_dot_kql=rule())
    change = only(rules.changes(base, rules.commit(a_dot_kql=text)))
    assert change.parts == parts
    assert change.matters == (parts != ("words",))


def test_exceptions_and_overlays_beside_it_change_a_rule(rules: Rules) -> None:
    bare = "Events | where Size > 1"
    base = rules.commit(a_dot_kql=rule(), b_dot_kql=bare)
    rules.write("a.tuning.yaml", TUNING.format(where="Size == 7"))
    rules.write("b.bluetick.yaml", "frequency: 1h\nname: b\n")
    rules.write("a.tests.yaml", "samples: []")
    tuned = rules.commit()
    assert told(rules.changes(base, tuned)) == [
        (Kind.CHANGED, "a.kql", ("tuning",)),
        (Kind.CHANGED, "b.kql", ("schedule",)),
    ]
    new = rules.changes(base, tuned).rules[0].new
    assert new is not None and new.tuning is not None
    assert [one.name for one in new.tuning.exceptions] == ["a"]


def test_exceptions_that_cannot_be_read_keep_a_rule_from_running(rules: Rules) -> None:
    base = rules.commit(a_dot_kql=rule())
    rules.write("a.tuning.yaml", "exceptions: [x]")
    new = only(rules.changes(base, rules.commit())).new
    assert new is not None
    assert not new.may_run
    assert "a.tuning.yaml:1:14" in str(new.tuning_problem)


def test_a_moved_document_is_one_rule(rules: Rules) -> None:
    base = rules.commit(b_dot_kql="Events | take 1 | project Name, Size")
    head = rules.commit(b_dot_kql=None, c_dot_kql="Events | take 1 | project Name, Size")
    change = only(rules.changes(base, head))
    assert change.old is not None
    assert (change.kind, change.old.path, change.path) == (Kind.RENAMED, "b.kql", "c.kql")


def test_a_rule_that_another_document_takes_over_is_known_by_its_id(rules: Rules) -> None:
    base = rules.commit(a_dot_kql=rule(id=1))
    head = rules.commit(a_dot_kql=None, z_dot_kql="// " + "x" * 5000 + "\n" + rule(7, id=1))
    change = only(rules.changes(base, head))
    assert change.old is not None
    assert (change.kind, change.old.path, change.path, change.parts) == (Kind.RENAMED, "a.kql", "z.kql", ("query",))


def test_rules_of_one_document_are_told_apart(rules: Rules) -> None:
    block = "## {name}\n\n```kql\nEvents | where Size > {size}\n```\n"
    first = "# Hunts\n\n" + block.format(name="One", size=1) + block.format(name="Two", size=2)
    base = rules.commit(h_dot_md=first)
    head = rules.commit(h_dot_md=first.replace("Size > 2", "Size > 3"))
    change = only(rules.changes(base, head))
    assert (change.parts, change.name) == (("query",), "Hunts: Two")


def test_names_with_odd_characters(rules: Rules) -> None:
    base = rules.commit()
    odd = ["-rule.kql", "a b.kql", 'quote".kql', "line\nend.kql", "tab\t.kql", "ä.kql", "*.kql", "--.kql"]
    for place, name in enumerate(odd):
        rules.write(name, rule(id=place, name=f"r{place}"))
    head = rules.commit()
    assert {change.path for change in rules.changes(base, head).rules} == set(odd)
    assert [change.path for change in rules.changes(base, head, "*.kql").rules] == ["*.kql"]


def test_only_below_the_given_paths(rules: Rules) -> None:
    base = rules.commit()
    head = rules.commit(x__a_dot_kql=rule(id=1), y__a_dot_kql=rule(id=2))
    assert [change.path for change in rules.changes(base, head, "x").rules] == ["x/a.kql"]


def test_links_and_hidden_files_are_no_rules(rules: Rules) -> None:
    base = rules.commit()
    (rules.root / "outside.kql").symlink_to("/etc/hostname")
    rules.write(".hidden/a.kql", rule())
    assert rules.changes(base, rules.commit()).rules == ()


def test_what_cannot_be_read_is_told(rules: Rules) -> None:
    base = rules.commit(a_dot_md="# About", b_dot_kql=rule())
    head = rules.commit(a_dot_md="# About rules", b_dot_kql=" " * 1_000_001, c_dot_md="# New")
    changes = rules.changes(base, head)
    assert {(one.path, one.is_new) for one in changes.unreadable} == {("b.kql", True), ("c.md", True)}
    assert [(change.kind, change.path) for change in changes.rules] == [(Kind.REMOVED, "b.kql")]


@pytest.mark.parametrize("revision", ["", "nowhere", "--all", "-h", "--output=x", "HEAD:a.kql", "a b", "\0"])
def test_what_is_no_revision_is_refused(rules: Rules, revision: str) -> None:
    rules.commit(a_dot_kql=rule())
    with pytest.raises(SourceError):
        Repository.around(rules.root).commit(revision)
    assert not (rules.root / "x").exists()


def test_outside_of_a_repository(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no git repository"):
        Repository.around(tmp_path)


def test_a_revision_is_a_commit_and_the_base_is_where_two_parted(rules: Rules) -> None:
    base = rules.commit(a_dot_kql=rule())
    rules.git("tag", "-a", "v1", "-m", "first")
    rules.git("checkout", "-q", "-b", "side")
    side = rules.commit(b_dot_kql=rule(id=2))
    rules.git("checkout", "-q", "v1")
    other = rules.commit(c_dot_kql=rule(id=3))
    repository = Repository.around(rules.root)
    assert repository.commit("v1") == base
    assert repository.merge_base(side, other) == base
