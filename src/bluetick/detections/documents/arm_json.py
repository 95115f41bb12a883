"""Rules in an ARM template, or as the portal exports them: analytic rules and saved hunting queries, in JSON."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bluetick.detections.documents.expressions import guid_in, is_expression, literal
from bluetick.detections.documents.fields import Draft, stem
from bluetick.detections.documents.format import Format, Reading
from bluetick.detections.documents.json_places import place_in_json
from bluetick.detections.documents.known_keys import SENTINEL, unknown_keys
from bluetick.detections.documents.node_trees import branch_of
from bluetick.detections.documents.plain import has_statement
from bluetick.detections.documents.sentinel_rule import read_rule, schemas_of
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.document_codes import no_query, query_is_expression, several_queries, too_many_queries
from bluetick.syntax.strict_json import read_json
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText

MAX_QUERIES = 200
RESOURCE = "armResource"
_RULE_TYPE = re.compile(r"(?:^|/)(?:alertrules|alertruletemplates)$", re.IGNORECASE)
_SEARCH_TYPE = re.compile(r"(?:^|/)savedsearches$", re.IGNORECASE)
# Of the text in small letters.
_RULE_MARK = re.compile(r'["/]alertrule(?:template)?s"|"queryfrequency"\s*:')
_SEARCH_MARKS = ('savedsearches"', '"hunting queries"')
# ARM's word -> the word of Sentinel's YAML, where they differ.
RENAMED = {"displayName": "name", "techniques": "relevantTechniques"}
_HUNTING = "hunting queries"


@dataclass(frozen=True, slots=True)
class _Found:
    """A resource of the template and its properties; a rule given alone may be its properties itself."""

    resource: YamlMapping
    properties: YamlMapping
    is_search: bool


def matches_arm(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    lowered = text.lower()
    is_marked = _RULE_MARK.search(lowered) is not None or all(mark in lowered for mark in _SEARCH_MARKS)
    return is_marked and '"query"' in lowered


def read_arm(text: str, file_name: str) -> Reading:
    root = read_json(text, file_name)
    if isinstance(root, Diagnostic):
        return [], [root]
    found = list(_resources(root))
    if len(found) > MAX_QUERIES:
        return [], [too_many_queries(found[MAX_QUERIES].resource.span, MAX_QUERIES)]
    reader = _Reader(text, file_name, _leftovers(root), [], [])
    for item in found:
        reader.add(item)
    if not reader.drafts and not reader.diagnostics:
        hint = "an alert rule or a saved search of the category 'Hunting Queries' must hold the text of a query"
        return [], [no_query(file_name, hint)]
    if len(reader.drafts) > 1:
        reader.diagnostics.append(several_queries(reader.drafts[1].place.span, len(reader.drafts)))
    return reader.drafts, reader.diagnostics


def _resources(node: YamlNode) -> Iterator[_Found]:
    """Every rule and saved search, however deep: a solution nests templates in templates."""
    match node:
        case YamlMapping():
            found = _resource(node)
            if found:
                yield found
                return
            for _, value in node.entries:
                yield from _resources(value)
        case YamlList(items=items):
            for item in items:
                yield from _resources(item)
        case _:
            return


def _resource(node: YamlMapping) -> _Found | None:
    properties, type_ = node.get("properties"), node.get("type")
    if isinstance(properties, YamlMapping):
        kind = type_.value if isinstance(type_, YamlText) else ""
        if _SEARCH_TYPE.search(kind):
            return _Found(node, properties, is_search=True) if _is_hunting(properties) else None
        is_rule = _RULE_TYPE.search(kind) is not None or (not kind and _is_rule(properties))
        return _Found(node, properties, is_search=False) if is_rule and _get(properties, "query") else None
    return _Found(node, node, is_search=False) if _is_rule(node) else None


def _is_rule(node: YamlMapping) -> bool:
    """Whether a mapping is the properties of a scheduled rule, by what only such a one has."""
    return all(isinstance(node.get(key), YamlText) for key in ("query", "displayName", "queryFrequency"))


def _is_hunting(properties: YamlMapping) -> bool:
    category = _get(properties, "category")
    is_function = bool((alias := _get(properties, "functionAlias")) and alias.value)
    return category is not None and category.value.lower() == _HUNTING and not is_function


def _get(node: YamlMapping, key: str) -> YamlText | None:
    """The text of a key in any case: saved searches are written with both."""
    found = next((value for name, value in node.entries if name.value.lower() == key.lower()), None)
    return found if isinstance(found, YamlText) else None


def _leftovers(root: YamlNode) -> dict[str, YamlMapping]:
    """What a template written here keeps of a rule that ARM has no place for, by the rule's id."""
    node: YamlNode | None = root
    for key in ("metadata", "bluetick"):
        node = node.get(key) if isinstance(node, YamlMapping) else None
    entries = node.entries if isinstance(node, YamlMapping) else ()
    return {key.value: value for key, value in entries if isinstance(value, YamlMapping)}


@dataclass(slots=True)
class _Reader:
    text: str
    file_name: str
    leftovers: dict[str, YamlMapping]
    drafts: list[Draft]
    diagnostics: list[Diagnostic]

    def add(self, found: _Found) -> None:
        query = _get(found.properties, "query")
        if query is None or not has_statement(query.value):
            return
        if is_expression(query.value):
            self.diagnostics.append(query_is_expression(query.span))
            return
        rule = self._rule(found)
        read = read_rule(_literal(rule), is_template=True)
        self.diagnostics += [*unknown_keys(rule, SENTINEL, "an ARM rule"), *read.diagnostics]
        value = literal(query.value)
        place = place_in_json(self.text, self.file_name, query, len(query.value) - len(value), len(value.rstrip()))
        name = stem(self.file_name)
        self.drafts.append(
            Draft(
                name,
                value.rstrip(),
                place,
                read.fields,
                schemas_of(rule, read, value),
                read.alerting,
                "arm",
                branch_of(rule),
            )
        )

    def _rule(self, found: _Found) -> YamlMapping:
        """The rule in the keys of Sentinel's YAML: ARM's properties, and what the resource says around them."""
        entries: dict[str, tuple[YamlText, YamlNode]] = {}
        identity = self._id(found)
        if identity:
            entries["id"] = (YamlText("id", identity.span), identity)
        kind = found.resource.get("kind")
        if isinstance(kind, YamlText) and found.resource is not found.properties:
            entries["kind"] = (YamlText("kind", kind.span), kind)
        for key, value in _saved_search(found.properties) if found.is_search else _properties(found.properties):
            entries.setdefault(key.value, (key, value))
        for key, value in self._left(found):
            entries[key.value] = (key, value)
        if found.resource is not found.properties:
            around = tuple(entry for entry in found.resource.entries if entry[0].value not in ("kind", "properties"))
            span = found.resource.span
            entries[RESOURCE] = (YamlText(RESOURCE, span), YamlMapping(around, span))
        return YamlMapping(tuple(entries.values()), found.resource.span)

    def _left(self, found: _Found) -> tuple[tuple[YamlText, YamlNode], ...]:
        name = found.resource.get("name")
        text = name.value if isinstance(name, YamlText) else ""
        return next((left.entries for key, left in self.leftovers.items() if key and key in text), ())

    def _id(self, found: _Found) -> YamlText | None:
        """The GUID in the resource's name or id."""
        for key in ("name", "id"):
            node = found.resource.get(key)
            if isinstance(node, YamlText) and (guid := guid_in(node.value)):
                return YamlText(guid, node.span, '"')
        return None


def _properties(node: YamlMapping) -> Iterator[tuple[YamlText, YamlNode]]:
    techniques = _techniques(node)
    is_alone = node.get("displayName") is not None  # then a name beside it is the resource's
    for key, value in node.entries:
        if key.value == "name" and is_alone:
            continue
        name = YamlText(RENAMED.get(key.value, key.value), key.span, key.style)
        if key.value == "subTechniques" or (key.value == "techniques" and techniques):
            if techniques:
                yield YamlText("relevantTechniques", key.span), techniques
        else:
            yield name, value


def _techniques(node: YamlMapping) -> YamlList | None:
    """Techniques and sub-techniques as one list, a technique left out where its sub-techniques are named."""
    lists = [node.get("techniques"), node.get("subTechniques")]
    main, subs = (
        [n for n in item.items if isinstance(n, YamlText)] if isinstance(item, YamlList) else [] for item in lists
    )
    named = tuple(sub.value.partition(".")[0] for sub in subs)
    items = (*(item for item in main if item.value not in named), *subs)
    span = next((item.span for item in lists if item is not None), node.span)
    return YamlList(items, span) if any(isinstance(item, YamlList) for item in lists) else None


def _saved_search(node: YamlMapping) -> Iterator[tuple[YamlText, YamlNode]]:
    """A saved hunting query: description, tactics and techniques are tags of it."""
    for key, value in node.entries:
        lowered = key.value.lower()
        if lowered == "displayname":
            yield YamlText("name", key.span), value
        elif lowered == "query":
            yield YamlText("query", key.span), value
        elif lowered == "tags" and isinstance(value, YamlList):
            yield from _tags(value)
        elif lowered not in ("category", "version", "etag"):
            yield key, value


def _tags(tags: YamlList) -> Iterator[tuple[YamlText, YamlNode]]:
    others: list[YamlNode] = []
    for tag in tags.items:
        match (tag.get("name"), tag.get("value")) if isinstance(tag, YamlMapping) else (None, None):
            case YamlText(value="description", span=span), YamlText() as value:
                yield YamlText("description", span), value
            case YamlText(value="tactics", span=span), YamlText() as value:
                yield YamlText("tactics", span), _words(value)
            case YamlText(value=("techniques" | "relevantTechniques"), span=span), YamlText() as value:
                yield YamlText("relevantTechniques", span), _words(value)
            case _:
                others.append(tag)
    if others:
        yield YamlText("tags", tags.span), YamlList(tuple(others), tags.span)


def _words(node: YamlText) -> YamlList:
    words = [word.strip() for word in node.value.split(",") if word.strip()]
    return YamlList(tuple(YamlText(word, node.span, '"') for word in words), node.span)


def _literal(node: YamlMapping) -> YamlMapping:
    """The mapping with the texts that its texts stand for; an expression stays."""
    return YamlMapping(tuple((key, _unescaped(value)) for key, value in node.entries), node.span)


def _unescaped(node: YamlNode) -> YamlNode:
    match node:
        case YamlText(value=value, span=span, style=style):
            return YamlText(literal(value), span, style)
        case YamlList(items=items, span=span):
            return YamlList(tuple(_unescaped(item) for item in items), span)
        case YamlMapping():
            return _literal(node)


ARM_JSON = Format("ARM template", (".json",), matches_arm, read_arm)
