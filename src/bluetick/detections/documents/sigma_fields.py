"""What a Sigma rule says beside its detection, as fields of a draft."""

from collections.abc import Iterator

from bluetick.detections.documents.attack import find_tactic
from bluetick.detections.documents.fields import Field
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText

# Sentinel's four words end at High.
_LEVELS = {"critical": "High"}
_ATTACK = "attack."


def fields_of_rule(root: YamlMapping) -> tuple[Field, ...]:
    """Every key but the detection; what is no field of a detection keeps its own name."""
    return tuple(item for key, node in root.entries for item in _fields(key.value, node))


def _fields(key: str, node: YamlNode) -> Iterator[Field]:
    match key, node:
        case "detection", _:
            return
        case "title", YamlText(value=value):
            yield Field("name", value.strip(), node.span)
        case (("id" | "description"), YamlText(value=value)):
            yield Field(key, value.strip(), node.span)
        case "level", YamlText(value=value):
            yield Field("severity", _LEVELS.get(value.lower(), value), node.span)
            yield Field(key, value, node.span)
        case "tags", YamlList(items=items):
            yield from (field for item in items for field in _tag(item))
        case _:
            yield Field(key, _flat(node), node.span)


def _tag(node: YamlNode) -> Iterator[Field]:
    """`attack.t1059.001` is a technique, `attack.execution` a tactic; other tags are kept."""
    text = _flat(node).strip()
    name = text.lower().removeprefix(_ATTACK)
    if text.lower().startswith(_ATTACK):
        if name[:1] == "t" and name[1:5].isdigit():
            yield Field("techniques", name.upper(), node.span)
            return
        if tactic := find_tactic(name):
            yield Field("tactics", tactic, node.span)
            return
    yield Field("tags", text, node.span)


def _flat(node: YamlNode) -> str:
    match node:
        case YamlText(value=value):
            return value
        case YamlList(items=items):
            return ", ".join(_flat(item) for item in items)
        case YamlMapping(entries=entries):
            return ", ".join(f"{key.value}={_flat(value)}" for key, value in entries)
