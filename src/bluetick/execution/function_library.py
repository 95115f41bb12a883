"""A folder of stored functions: names are found without parsing, a file is parsed when one of its names is used."""

import os
from pathlib import Path

from bluetick.binder.schema import StoredFunction
from bluetick.diagnostics.errors import SourceError
from bluetick.execution.function_documents import SUFFIXES, broken, names_in, read_functions

_MOST = 4_000_000  # characters of a file


class FunctionLibrary:
    """The functions of a folder and its subfolders. What a file says is read once, and kept."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise SourceError(f"'{folder}' is no folder of functions", file=str(folder))
        self._folder = folder
        self._files: dict[str, list[Path]] | None = None
        self._likely: set[str] = set()
        self._found: dict[str, StoredFunction | None] = {}
        self._read: dict[Path, dict[str, StoredFunction] | str] = {}

    def names(self) -> tuple[str, ...]:
        """Every name that a file seems to declare."""
        return tuple(name for name in self._index() if name in self._likely)

    def function(self, name: str) -> StoredFunction | None:
        """The function of exactly this name, or None. One that is wrong, or that several files declare in different
        ways, has a `problem`."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> StoredFunction | None:
        found: list[tuple[Path, StoredFunction]] = []
        for path in self._index().get(name, ()):
            functions = self._functions(path)
            if isinstance(functions, str):
                found.append((path, broken(name, functions)))
            elif name in functions:
                found.append((path, functions[name]))
        texts = {function.source.text for _, function in found}
        if len(texts) > 1:
            files = ", ".join(str(path) for path, _ in found)
            return broken(name, f"several files declare it: {files}")
        return found[0][1] if found else None

    def _functions(self, path: Path) -> dict[str, StoredFunction] | str:
        """The functions of a file, or what is wrong with it."""
        if path not in self._read:
            try:
                self._read[path] = read_functions(path, path.read_text("utf-8-sig"))
            except UnicodeDecodeError:
                self._read[path] = f"{path}: it is no UTF-8 text"
            except OSError as error:
                self._read[path] = f"{path}: {error.strerror}"
            except ValueError as error:
                self._read[path] = str(error)
        return self._read[path]

    def _index(self) -> dict[str, list[Path]]:
        """The files by the names that they may declare."""
        if self._files is None:
            files: dict[str, list[Path]] = {}
            for path in _files(self._folder):
                for name, is_likely in dict(names_in(path, _text(path))).items():
                    files.setdefault(name, []).append(path)
                    if is_likely:
                        self._likely.add(name)
            self._files = files
        return self._files


def _files(folder: Path) -> list[Path]:
    """The files of a folder and its subfolders that may hold functions, but for hidden ones."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.join(root, n) for n in names if n.lower().endswith(SUFFIXES) and not n.startswith(".")]
    return [Path(path) for path in sorted(found)]


def _text(path: Path) -> str:
    """What can be read of a file; what is wrong with it is told when its function is used."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.read(_MOST)
    except OSError:
        return ""
