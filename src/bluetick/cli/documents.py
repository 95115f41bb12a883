"""Rule documents named on a command line: files, and every document below a folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from bluetick.detections.documents import FORMATS, DocumentResult, read_document
from bluetick.detections.documents.companions import COMPANION_SUFFIXES
from bluetick.detections.documents.decoding import MAX_BYTES
from bluetick.detections.documents.registry import is_other_json
from bluetick.detections.model import Detection
from bluetick.diagnostics import Diagnostic, SourceText, render_diagnostic
from bluetick.diagnostics.errors import SourceError

_SUFFIXES = tuple({suffix for form in FORMATS for suffix in form.suffixes})
# Files about a folder of rules, not rules.
_ABOUT = frozenset({"readme.md", "changelog.md", "contributing.md", "license.md", "security.md", "code_of_conduct.md"})


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was named, read; `source` bears that name, so that messages point where the user looks."""

    path: Path
    result: DocumentResult

    @property
    def source(self) -> SourceText:
        return SourceText(self.result.source.text, str(self.path))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.result.diagnostics if d.is_error)

    def render(self, diagnostic: Diagnostic) -> str:
        return render_diagnostic(diagnostic, self.source)


def read_documents(paths: Sequence[Path]) -> Iterator[Document]:
    """Every document of the paths, in order and once; a folder without any is a SourceError."""
    for file in document_paths(paths):
        yield open_document(file)


def open_document(path: Path) -> Document:
    return Document(path, read_document(path))


def document_paths(paths: Sequence[Path], *, may_be_none: bool = False) -> list[Path]:
    """The files of `read_documents`; with `may_be_none` a folder may hold none."""
    files = (file for path in paths for file in _expand(path, may_be_none))
    return list(dict.fromkeys(files))


def _expand(path: Path, may_be_none: bool) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = (file for file in path.rglob("*") if file.is_file() and is_document(file.relative_to(path)))
    found = sorted(file for file in files if not _is_other_json(file))
    if not found and not may_be_none:
        raise SourceError(f"the folder '{path}' holds no rule document ({', '.join(sorted(_SUFFIXES))})", str(path))
    return found


def is_document(file: PurePath) -> bool:
    """Whether a file below a folder of rules, by its path from there, is a rule document."""
    name = file.name.lower()
    is_hidden = any(part.startswith(".") for part in file.parts)
    is_beside = name.endswith(COMPANION_SUFFIXES)
    return name.endswith(_SUFFIXES) and not is_beside and name not in _ABOUT and not is_hidden


def _is_other_json(file: Path) -> bool:
    """Whether a file below a folder of rules is JSON of something else than rules."""
    if file.suffix.lower() != ".json":
        return False
    try:
        with file.open("rb") as stream:
            return is_other_json(file.name, stream.read(MAX_BYTES))
    except OSError:
        return False  # reading it as a document says why


def runnable(document: Document) -> tuple[Detection, ...]:
    """The detections of a document that may run: none where the document has an error."""
    return () if document.errors else document.result.detections
