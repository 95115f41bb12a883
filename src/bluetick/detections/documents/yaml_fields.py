"""Fields of a rule from a YAML mapping: Sentinel's shapes, and the short ones of an overlay."""

from bluetick.detections.documents.fields import LIST_KEYS, Field
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.document_codes import wrong_shape
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText

Found = tuple[list[Field], list[Diagnostic]]


def fields_of(key: str, written: str, node: YamlNode) -> Found:
    """The fields that the value of a known key amounts to."""
    match node:
        case _ if key == "entities":
            return _entities(written, node)
        case YamlText(value=value, span=span) if not value.strip():
            return [], []
        case YamlText(value=value, span=span):
            return [Field(key, value.strip(), span)], []
        case YamlList(items=items) if key == "allow":
            return _allowed(written, items)
        case YamlList(items=items) if key in LIST_KEYS:
            return _list(key, written, items)
        case YamlMapping() if key == "threshold":
            return _threshold(written, node)
        case _:
            return [], [wrong_shape(node.span, written, "a list of words" if key in LIST_KEYS else "a single value")]


def _list(key: str, written: str, items: tuple[YamlNode, ...]) -> Found:
    fields, diagnostics = [], []
    for item in items:
        match item:
            case YamlText(value=value) if not value.strip():
                continue  # a dash with nothing behind it
            case YamlText(value=value, span=span):
                fields.append(Field(key, value.strip(), span))
            case _:
                diagnostics.append(wrong_shape(item.span, written, "a list of words"))
    return fields, diagnostics


def _allowed(written: str, items: tuple[YamlNode, ...]) -> Found:
    """Lint rules that are right here: `rule: reason` as one text, or a mapping of both."""
    fields, diagnostics = [], []
    for item in items:
        match item:
            case YamlText(value=value, span=span):
                fields.append(Field("allow", value.strip(), span))
            case YamlMapping() if isinstance(rule := item.get("rule"), YamlText):
                reason = item.get("reason")
                said = reason.value if isinstance(reason, YamlText) else ""
                fields.append(Field("allow", f"{rule.value.strip()}: {said.strip()}", rule.span))
            case _:
                diagnostics.append(wrong_shape(item.span, written, "a list of rule with reason"))
    return fields, diagnostics


def _threshold(written: str, node: YamlMapping) -> Found:
    match node.get("operator"), node.get("value"):
        case YamlText() as operator, YamlText() as value if len(node.entries) == 2:
            return [Field("operator", operator.value, operator.span), Field("threshold", value.value, value.span)], []
        case _:
            return [], [wrong_shape(node.span, written, "a number of rows, or operator and value")]


def _entities(written: str, node: YamlNode) -> Found:
    """Sentinel's list of entityType and fieldMappings, or a mapping of kind to identifier to column."""
    wanted = "a list of entityType with fieldMappings, or a mapping Kind: {Identifier: Column}"
    pairs: list[tuple[str, YamlText, YamlText]] = []
    match node:
        case YamlText(value=""):
            return [], []
        case YamlList(items=items):
            for item in items:
                mapped = _sentinel_entity(item)
                if mapped is None:
                    return [], [wrong_shape(item.span, written, wanted)]
                pairs.extend(mapped)
        case YamlMapping() if mapped := _sentinel_entity(node):  # some tools write a list of one as its item
            pairs.extend(mapped)
        case YamlMapping(entries=entries):
            for kind, columns in entries:
                mapped = _short_entity(kind.value, columns)
                if mapped is None:
                    return [], [wrong_shape(columns.span, written, wanted)]
                pairs.extend(mapped)
        case _:
            return [], [wrong_shape(node.span, written, wanted)]
    return [Field("entities", f"{kind}.{name.value}={column.value}", column.span) for kind, name, column in pairs], []


def _short_entity(kind: str, columns: YamlNode) -> list[tuple[str, YamlText, YamlText]] | None:
    if not isinstance(columns, YamlMapping):
        return None
    pairs = [(kind, name, column) for name, column in columns.entries if isinstance(column, YamlText)]
    return pairs if len(pairs) == len(columns.entries) else None


def _sentinel_entity(item: YamlNode) -> list[tuple[str, YamlText, YamlText]] | None:
    if not isinstance(item, YamlMapping):
        return None
    kind, mappings = item.get("entityType"), item.get("fieldMappings")
    if not isinstance(kind, YamlText) or not isinstance(mappings, YamlList):
        return None
    pairs = []
    for mapping in mappings.items:
        if not isinstance(mapping, YamlMapping):
            return None
        match mapping.get("identifier"), mapping.get("columnName"):
            case YamlText() as name, YamlText() as column:
                pairs.append((kind.value, name, column))
            case _:
                return None
    return pairs
