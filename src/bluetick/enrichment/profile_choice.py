"""Which providers answer FileProfile: words and files as the user names them, or a document that says all of it.

providers:
  - table: profiles.parquet
  - local
  - hashlookup
  - virustotal: {key_file: vt.key, per_minute: 4, per_day: 500}
seconds: 30
offline: false
cache: {file: file_profiles.sqlite, entries: 500000}
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bluetick.diagnostics import Diagnostic, SourceText
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.enrichment.http_exchange import is_loopback
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

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

_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    HASHLOOKUP: ("url", "per_minute"),
    VIRUSTOTAL: ("url", "key_env", "key_file", "per_minute", "per_day"),
    VIRUSTOTAL_AS_GLOBAL: ("url", "key_env", "key_file", "per_minute", "per_day"),
    LOCAL: (),
    LOCAL_AS_GLOBAL: (),
}
_URL: Final = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")


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
        return _read_document(path)
    return Choice((Named(TABLE, path),))


def _read_document(path: Path) -> Choice:
    try:
        source = SourceText(path.read_text("utf-8-sig"), str(path))
    except FileNotFoundError:
        raise SourceError(f"there is no file '{path}' of profiles", file=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SourceError(f"'{path}' cannot be read: {reason}", file=str(path)) from None
    read = read_mapping(source.text, str(path))
    if isinstance(read, Diagnostic):
        raise QueryError((read,), source)
    return _Document(path, source).choice(read)


@dataclass(frozen=True, slots=True)
class _Document:
    path: Path
    source: SourceText

    def choice(self, root: YamlMapping) -> Choice:
        self._only(root, ("providers", "seconds", "offline", "cache"))
        listed = root.get("providers")
        if not isinstance(listed, YamlList) or not listed.items:
            raise self._wrong(listed or root, "'providers' must be a list of providers")
        cache = root.get("cache")
        file, entries = (None, None) if cache is None else self._cache(cache)
        seconds, offline = root.get("seconds"), root.get("offline")
        return Choice(
            tuple(self._provider(item) for item in listed.items),
            None if seconds is None else float(self._number(seconds, "seconds")),
            offline is not None and self._flag(offline, "offline"),
            file,
            entries,
        )

    def _provider(self, item: YamlNode) -> Named:
        if isinstance(item, YamlText):
            return self._named(item, item, {})
        if not isinstance(item, YamlMapping) or len(item.entries) != 1:
            raise self._wrong(item, "a provider is a word, or one word with its options")
        (word, options) = item.entries[0]
        if word.value == TABLE:
            return Named(TABLE, self.path.parent / self._text(options, TABLE))
        if not isinstance(options, YamlMapping):
            raise self._wrong(options, f"the options of '{word.value}' must be a mapping")
        return self._named(word, options, {key.value: node for key, node in options.entries})

    def _named(self, word: YamlText, place: YamlNode, nodes: Mapping[str, YamlNode]) -> Named:
        if word.value not in WORDS:
            raise self._wrong(word, f"'{word.value}' is no provider; there are {', '.join(WORDS)}, and table: FILE")
        if isinstance(place, YamlMapping):
            self._only(place, _OPTIONS[word.value])
        options = {name: self._option(name, node) for name, node in nodes.items()}
        key_file = options.get("key_file")
        if key_file is not None:
            options["key_file"] = str(self.path.parent / key_file)
        return Named(word.value, None, options)

    def _option(self, name: str, node: YamlNode) -> str:
        value = self._text(node, name)
        if name.startswith("per_"):
            self._number(node, name)
        if name == "url":
            if not _URL.fullmatch(value):
                raise self._wrong(node, "'url' must be the address of a service, as https://host/path")
            if value.startswith("http:") and not is_loopback(value):
                raise self._wrong(node, "'url' must begin with https: what is asked tells what runs on your machines")
            return value.rstrip("/")
        return value

    def _cache(self, node: YamlNode) -> tuple[Path | None, int | None]:
        if not isinstance(node, YamlMapping):
            return self.path.parent / self._text(node, "cache"), None
        self._only(node, ("file", "entries"))
        file, entries = node.get("file"), node.get("entries")
        return (
            None if file is None else self.path.parent / self._text(file, "file"),
            None if entries is None else self._number(entries, "entries"),
        )

    def _text(self, node: YamlNode, name: str) -> str:
        if not isinstance(node, YamlText) or not node.value:
            raise self._wrong(node, f"'{name}' must be a text")
        return node.value

    def _number(self, node: YamlNode, name: str) -> int:
        text = self._text(node, name)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
            raise self._wrong(node, f"'{name}' must be a whole number from 1")
        return int(text)

    def _flag(self, node: YamlNode, name: str) -> bool:
        text = self._text(node, name)
        if text not in ("true", "false"):
            raise self._wrong(node, f"'{name}' must be true or false")
        return text == "true"

    def _only(self, node: YamlMapping, known: Sequence[str]) -> None:
        for key, _ in node.entries:
            if key.value not in known:
                names = ", ".join(known) or "none"
                raise self._wrong(key, f"'{key.value}' is not known here; what may stand here: {names}")

    def _wrong(self, node: YamlNode, problem: str) -> SourceError:
        line = self.source.text.count("\n", 0, node.span.start) + 1
        return SourceError(f"{self.path}:{line}: {problem}", file=str(self.path))


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
