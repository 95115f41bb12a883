"""The keys of one output in a document: each is read once, as what it must be, and none is left over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bluetick.detections.ledger.times import to_micros
from bluetick.detections.outputs.secrets import MissingSecret, Secret, is_reference, read_secret
from bluetick.diagnostics import SourceText
from bluetick.diagnostics.errors import SourceError
from bluetick.diagnostics.inert import inert
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText


@dataclass(frozen=True, slots=True)
class Place:
    """A document, and what of the outside it may refer to."""

    path: Path
    source: SourceText
    environment: Mapping[str, str] = field(repr=False)

    def wrong(self, node: YamlNode, problem: str) -> SourceError:
        line = self.source.text.count("\n", 0, node.span.start) + 1
        return SourceError(f"{self.path}:{line}: {inert(problem)}", file=str(self.path))


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys of a mapping. An error names the line, and never shows a value that may be secret."""

    place: Place
    body: YamlMapping

    def only(self, known: Sequence[str]) -> None:
        for key, _ in self.body.entries:
            if key.value not in known:
                raise self.place.wrong(key, f"'{key.value}' is not known here; what may stand here: {', '.join(known)}")

    def has(self, name: str) -> bool:
        return self.body.get(name) is not None

    def node(self, name: str) -> YamlNode:
        """Where a key's value stands, or where it is missing."""
        return self.body.get(name) or self.body

    def text(self, name: str) -> str:
        found = self.body.get(name)
        if found is None:
            raise self.place.wrong(self.body, f"'{name}' is missing")
        if not isinstance(found, YamlText) or not found.value.strip():
            raise self.place.wrong(found, f"'{name}' must be a text")
        return found.value.strip()

    def text_or(self, name: str, default: str) -> str:
        return self.text(name) if self.has(name) else default

    def word(self, name: str, words: Sequence[str], default: str | None = None) -> str:
        if default is not None and not self.has(name):
            return default
        found = self.text(name)
        if found not in words:
            raise self.place.wrong(self.node(name), f"'{name}' must be one of {', '.join(words)}")
        return found

    def flag(self, name: str) -> bool:
        return self.word(name, ("true", "false"), "false") == "true"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        if not self.has(name):
            return default
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise self.place.wrong(self.node(name), f"'{name}' must be a whole number from {least:,} to {most:,}")
        return int(text)

    def moment(self, name: str) -> int | None:
        """An instant in microseconds; without a zone it is UTC."""
        if not self.has(name):
            return None
        try:
            found = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self.place.wrong(self.node(name), f"'{name}' must be an instant, as 2026-03-01T12:00Z") from None
        return to_micros(found if found.tzinfo else found.replace(tzinfo=UTC))

    def words(self, name: str, known: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of words, of those that are `known`; () where it is not given."""
        if not self.has(name):
            return ()
        found = self.node(name)
        if not isinstance(found, YamlList) or not found.items:
            raise self.place.wrong(found, f"'{name}' must be a list of words")
        for item in found.items:
            if not isinstance(item, YamlText) or not item.value.strip():
                raise self.place.wrong(item, f"'{name}' must be a list of words")
            if known and item.value.strip() not in known:
                raise self.place.wrong(item, f"'{name}' may hold {', '.join(known)}")
        return tuple(item.value.strip() for item in found.items if isinstance(item, YamlText))

    def secret(self, name: str) -> Secret:
        """What a reference leads to; a secret in the document itself is refused."""
        return self.secret_of(name, self.text(name), self.node(name))

    def secret_of(self, name: str, text: str, node: YamlNode) -> Secret:
        if not is_reference(text):
            raise self.place.wrong(node, f"'{name}' is a secret: write env:NAME or file:PATH")
        try:
            return read_secret(text, self.place.path.parent, self.place.environment)
        except MissingSecret as error:
            raise self.place.wrong(node, f"'{name}': {error}") from None
