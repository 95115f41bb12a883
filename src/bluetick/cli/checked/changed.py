"""Which files changed since a revision of git: `git` is asked, with fixed arguments and without a shell."""

import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bluetick.detections.documents.companions import COMPANION_SUFFIXES
from bluetick.detections.documents.fields import stem
from bluetick.diagnostics.errors import SourceError

# Where a team's main branch is looked for, in this order.
_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_SECONDS = 60
_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"})
_DIFF = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all")


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths that differ between a commit and the files as they are now: edited, new, moved here, or gone."""

    root: Path
    base: str
    paths: frozenset[Path]

    def touch(self, document: Path) -> bool:
        """Whether a document, or a file beside it that belongs to it, changed."""
        place = document.parent.resolve()
        own = stem(document.name)
        return any(place / name in self.paths for name in (document.name, *(own + end for end in COMPANION_SUFFIXES)))

    def touch_below(self, places: Iterable[Path]) -> Path | None:
        """The first of the files or folders of which something changed."""
        for place in places:
            whole = place.resolve()
            if any(path == whole or whole in path.parents for path in self.paths):
                return place
        return None


def find_changes(place: Path, base: str = "") -> Changes:
    """What changed in the repository that holds `place` since `base`, or since it left the main branch."""
    folder = place if place.is_dir() else place.parent
    root = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").removesuffix(b"\n"))).resolve()
    commit = _commit(root, base) if base else _left_main(root)
    changed = _git(root, *_DIFF, commit, "--")
    new = _git(root, "ls-files", "-z", "--others", "--exclude-standard", "--full-name", "--")
    names = (name for name in (changed + new).split(b"\0") if name)
    return Changes(root, commit, frozenset(root / os.fsdecode(name) for name in names))


def _commit(root: Path, base: str) -> str:
    found = _try(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if found is None:
        way = "write the documents before --changed, or --changed=REVISION"
        hint = f"; it is a path: {way}" if Path(base).exists() else ""
        raise SourceError(f"'{base}' is no revision of the repository '{root}'{hint}")
    return found


def _left_main(root: Path) -> str:
    """The newest commit that this branch shares with the main branch."""
    for name in _MAIN:
        main = _try(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if main is None:
            continue
        shared = _try(root, "merge-base", "HEAD", main)
        if shared is None:
            words = "fetch more of the history (a shallow clone has too little), or name it: --changed=REVISION"
            raise SourceError(f"'{root}': HEAD and {name} share no commit here: {words}")
        return shared
    looked = ", ".join(_MAIN)
    raise SourceError(f"'{root}' has no main branch ({looked}): name what to compare with: --changed=REVISION")


def _try(root: Path, *arguments: str) -> str | None:
    """The one line that git answers; None where it says no."""
    done = _run(root, arguments)
    return os.fsdecode(done.stdout).strip() if done.returncode == 0 and done.stdout.strip() else None


def _git(folder: Path, *arguments: str) -> bytes:
    done = _run(folder, arguments)
    if done.returncode:
        reason = os.fsdecode(done.stderr).strip().split("\n")[0].removeprefix("fatal: ")
        raise SourceError(f"--changed asks git, which says of '{folder}': {reason}", str(folder))
    return done.stdout


def _run(folder: Path, arguments: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
    """`git` in a folder, without the pager and the monitor that its configuration may name."""
    command = ["git", "-c", "core.fsmonitor=false", "--no-pager", *arguments]
    # A hook's variables speak of the repository of the hook. In English, because git's words are passed on.
    kept = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    surroundings = {**kept, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603 - the arguments are ours; a revision follows --end-of-options
            command, cwd=folder, env=surroundings, capture_output=True, check=False, timeout=_SECONDS
        )
    except OSError as error:
        missing = "git cannot be started" if folder.is_dir() else f"there is no folder '{folder}'"
        raise SourceError(f"--changed asks git for what changed: {missing}") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"--changed: git gave no answer for '{folder}' in {_SECONDS} seconds") from error
