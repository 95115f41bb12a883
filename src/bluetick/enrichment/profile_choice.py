"""Which providers answer FileProfile: words and files as the user names them, and the keys that services need."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError

LOCAL: Final = "local"
LOCAL_AS_GLOBAL: Final = "local-as-global"
HASHLOOKUP: Final = "hashlookup"
VIRUSTOTAL: Final = "virustotal"
VIRUSTOTAL_AS_GLOBAL: Final = "virustotal-as-global"
TABLE: Final = "table"
WORDS: Final = (LOCAL, LOCAL_AS_GLOBAL, HASHLOOKUP, VIRUSTOTAL, VIRUSTOTAL_AS_GLOBAL)
SERVICES: Final = (HASHLOOKUP, VIRUSTOTAL, VIRUSTOTAL_AS_GLOBAL)
SECONDS: Final = 30.0
DOCUMENT_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Named:
    """One provider: a word of `WORDS`, or `table` with the path of its file."""

    kind: str
    path: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """Providers in order and what they share."""

    providers: tuple[Named, ...]
    seconds: float | None = None
    is_offline: bool = False
    cache: Path | None = None
    entries: int | None = None


def read_choice(name: str | Path) -> Choice:
    """What one `--profiles` names: a word, a document, or a table's file."""
    if str(name) in WORDS:
        return Choice((Named(str(name)),))
    path = Path(name)
    if path.suffix.lower() in DOCUMENT_SUFFIXES:
        from bluetick.enrichment.profile_document import read_document  # noqa: PLC0415 - few choices are documents

        return read_document(path)
    return Choice((Named(TABLE, path),))


def together(choices: Sequence[Choice]) -> Choice:
    """Several `--profiles` as one, in their order; of what they share, that which the last document says counts."""
    latest = choices[::-1]
    return Choice(
        tuple(named for choice in choices for named in choice.providers),
        next((choice.seconds for choice in latest if choice.seconds is not None), None),
        any(choice.is_offline for choice in choices),
        next((choice.cache for choice in latest if choice.cache is not None), None),
        next((choice.entries for choice in latest if choice.entries is not None), None),
    )


def read_key(options: Mapping[str, str], environment: Mapping[str, str]) -> tuple[str, str]:
    """A service's key, from a file or the environment, and where it stood. An error never shows it."""
    if "key_file" in options:
        path, origin = Path(options["key_file"]), f"the file '{options['key_file']}'"
        key = _file_text(path)
    else:
        variable = options.get("key_env", "VT_API_KEY")
        origin = f"the environment variable {variable}"
        key = environment.get(variable, "").strip()
    if not key:
        raise SourceError(f"virustotal needs a key, and {origin} has none")
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", key):
        raise SourceError(f"what stands in {origin} is no key of virustotal: a key is one word without blanks")
    return key, origin


def _file_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error.strerror).lower() if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SourceError(f"the key of virustotal cannot be read from '{path}': {reason}", file=str(path)) from None
