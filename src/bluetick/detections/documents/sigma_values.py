"""A Sigma rule out of strict YAML: what pySigma takes, each scalar of the type that YAML gives it."""

from typing import Any

import yaml

from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText

_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_MAX_NUMBER = 40  # characters; reading a number of base sixty takes the longer the longer it is
_STRING = "tag:yaml.org,2002:str"
_TYPED = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool"))


def plain(node: YamlNode) -> Any:
    """The node as dicts, lists and scalars."""
    match node:
        case YamlText():
            return _scalar(node)
        case YamlList(items=items):
            return [plain(item) for item in items]
        case YamlMapping(entries=entries):
            return {key.value: plain(value) for key, value in entries}


def _scalar(node: YamlText) -> Any:
    if node.style:
        return node.value
    if not node.value:
        return None
    if len(node.value) > _MAX_NUMBER:
        return node.value
    tag = _tag(node.value)
    if tag not in _TYPED:
        return node.value
    return yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, node.value))


def _tag(text: str) -> str:
    found = (tag for tag, pattern in _RESOLVERS.get(text[0], ()) if pattern.match(text))
    return next(found, _STRING)
