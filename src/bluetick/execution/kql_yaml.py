"""What documents in YAML that hold KQL expressions are read by: keys that are known, expressions with their places."""

import re
from dataclasses import dataclass, field

from bluetick.diagnostics import Diagnostic, SourceText, Span
from bluetick.diagnostics import mapping_codes as codes
from bluetick.execution.mapping import Written
from bluetick.syntax import parse_scalar
from bluetick.syntax.strict_yaml import YamlMapping, YamlNode, YamlText


@dataclass(slots=True)
class KqlYamlReader:
    """Reads parts of one document; what is wrong gathers in `diagnostics`."""

    text: SourceText
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _blank: str = ""  # the document with nothing but its line ends

    def report(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)

    def refuse_others(self, body: YamlMapping, place: str, known: tuple[str, ...]) -> None:
        for key, _ in body.entries:
            if key.value not in known:
                self.report(codes.unknown_key(key.span, key.value, place, known))

    def expressions(self, node: YamlNode | None, key: str) -> tuple[tuple[str, Written], ...]:
        """A mapping of names to KQL expressions; nothing where there is none."""
        if node is not None and not isinstance(node, YamlMapping):
            self.report(codes.wrong_part(node.span, key, "a mapping of column names to KQL expressions"))
        entries = node.entries if isinstance(node, YamlMapping) else ()
        found = ((name.value, self.expression(name.value, value)) for name, value in entries)
        return tuple((name, written) for name, written in found if written is not None)

    def expression(self, key: str, node: YamlNode) -> Written | None:
        if not isinstance(node, YamlText) or not node.value.strip():
            self.report(codes.wrong_part(node.span, key, "a KQL expression, as text"))
            return None
        start, text = self._kql(node)
        if not self._blank:
            self._blank = re.sub(r"[^\n]", " ", self.text.text)
        tree, found = parse_scalar(self._blank[:start] + text)  # every place is then one of the document
        self.diagnostics += found
        return Written(tree, Span(start, start + len(text)))

    def _kql(self, node: YamlText) -> tuple[int, str]:
        """The text of an expression as it stands in the document, and where it begins there. The lines of a block
        keep their indents, which mean nothing in KQL; what a quoted text escapes is taken out."""
        start, end = node.span.start, node.span.end
        raw = self.text.text[start:end]
        if node.style in ("|", ">"):
            head = raw.index("\n") + 1
            return start + head, raw[head:]
        if node.style:
            return start + 1, raw[1:-1] if raw[1:-1] == node.value else node.value
        return start, raw
