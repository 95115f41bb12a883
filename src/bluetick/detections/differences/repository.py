"""Files as commits of a git repository have them. Nothing is checked out, and nothing in the repository is run.

Git is called with fixed arguments, without a shell; what a user or a repository names stands behind a guard, and names
come back with NUL between them, whatever characters they hold.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bluetick.diagnostics.errors import SourceError

_SECONDS = 120
_FILE_MODES = ("100644", "100755")
# No question at a terminal, no lock for a reader, no fetch of what a partial clone lacks, messages in one language.
_SURROUNDINGS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a commit: the name of its content, and how long that is."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, by the folder that holds its working tree."""

    root: Path

    @staticmethod
    def around(folder: Path) -> "Repository":
        """The repository that a folder is in; SourceError where there is none."""
        found = _git(folder, ("rev-parse", "--show-toplevel"), f"'{folder}' is in no git repository")
        return Repository(Path(os.fsdecode(found.removesuffix(b"\n"))))

    def commit(self, revision: str) -> str:
        """The commit that a revision names."""
        said = f"'{revision}' names no commit of this repository"
        if not revision or revision.startswith("-"):
            raise SourceError(said)
        found = self._git(("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"), said)
        return found.decode("ascii").strip()

    def merge_base(self, one: str, other: str) -> str:
        """The commit from which two commits went apart."""
        found = self._git(("merge-base", "--", one, other), "the two revisions have no commit in common")
        return found.decode("ascii").split("\n", 1)[0]

    def files(self, commit: str, paths: Sequence[str] = ()) -> dict[str, Blob]:
        """The plain files of a commit by their path from the root, of these paths or below them; no links."""
        listed = self._git(
            ("ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--", *paths), "git cannot list a commit"
        )
        found = {}
        for entry in listed.split(b"\0"):
            head, tab, path = entry.partition(b"\t")
            if tab:
                mode, _, name, size = head.decode("ascii").split()
                if mode in _FILE_MODES:
                    found[os.fsdecode(path)] = Blob(name, int(size))
        return found

    def renames(self, base: str, head: str, paths: Sequence[str] = ()) -> dict[str, str]:
        """New path -> old path of the files that git takes for renamed."""
        options = ("-r", "-z", "-M", "--name-status", "--no-ext-diff", "--no-textconv", "--diff-filter=R")
        listed = self._git(("diff-tree", *options, base, head, "--", *paths), "git cannot compare the commits")
        parts = [os.fsdecode(part) for part in listed.split(b"\0") if part]
        return {new: old for _, old, new in zip(parts[::3], parts[1::3], parts[2::3], strict=True)}

    def contents(self, names: Iterable[str]) -> Mapping[str, bytes]:
        """What is in blobs, by their names."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        asked = "".join(f"{name}\n" for name in wanted).encode("ascii")
        told = self._git(("cat-file", "--batch"), "git cannot read the files of a commit", asked)
        found: dict[str, bytes] = {}
        at = 0
        for name in wanted:
            end = told.find(b"\n", at)
            head = told[at:end].split()
            if len(head) != 3 or head[1] != b"blob":
                raise SourceError(f"git has no content for the file {name[:12]} of a commit here")
            size = int(head[2])
            found[name] = told[end + 1 : end + 1 + size]
            at = end + 1 + size + 1  # a line end follows each
        return found

    def _git(self, arguments: Sequence[str], problem: str, given: bytes | None = None) -> bytes:
        return _git(self.root, arguments, problem, given)


def _git(folder: Path, arguments: Sequence[str], problem: str, given: bytes | None = None) -> bytes:
    """What git prints; SourceError with the problem, and git's own words, where it fails."""
    program = shutil.which("git")
    if program is None:
        raise SourceError("git is not here, and the rules of a commit are read through it")
    command = [program, "--no-pager", "--no-replace-objects", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a list, without a shell; see the head of this module
            command,
            input=b"" if given is None else given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, **_SURROUNDINGS},
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{problem}: git did not answer within {_SECONDS} s") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{problem}: git cannot be run") from error
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n", 1)[0]
        raise SourceError(f"{problem}: {words}" if words else problem)
    return done.stdout
