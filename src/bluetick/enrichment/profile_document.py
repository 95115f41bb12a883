"""A document that says which providers answer FileProfile, and what they share.

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
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bluetick.diagnostics import Diagnostic, SourceText
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.enrichment.profile_choice import (
    HASHLOOKUP,
    LOCAL,
    LOCAL_AS_GLOBAL,
    TABLE,
    VIRUSTOTAL,
    VIRUSTOTAL_AS_GLOBAL,
    WORDS,
    Choice,
    Named,
)
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    HASHLOOKUP: ("url", "per_minute"),
    VIRUSTOTAL: ("url", "key_env", "key_file", "per_minute", "per_day"),
    VIRUSTOTAL_AS_GLOBAL: ("url", "key_env", "key_file", "per_minute", "per_day"),
    LOCAL: (),
    LOCAL_AS_GLOBAL: (),
}
_LOOPBACK: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|$)")
_URL: Final = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")


def read_document(path: Path) -> Choice:
    """What a document says; paths in it start at its folder. SourceError or QueryError name the line of a mistake."""
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
            if value.startswith("http:") and not _LOOPBACK.match(value):
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
