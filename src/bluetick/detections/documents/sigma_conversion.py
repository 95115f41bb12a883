"""Sigma to KQL by pySigma's Kusto backend. An extra: imported only where a Sigma rule is read.

The backend of 1.0 is mended where its KQL would say something else than the rule does; docs/sigma.md lists where.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sigma.backends.kusto.kusto import KustoBackend
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionItem, ConditionOR
from sigma.conversion.state import ConversionState
from sigma.pipelines.common import windows_logsource_mapping
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations.base import DetectionItemTransformation
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaType,
    SpecialChars,
)

from bluetick.detections.documents.sigma_columns import Columns, RefusedFieldError
from bluetick.detections.documents.sigma_sources import IMPORT_HASH, Source
from bluetick.syntax.expression_printer import print_name, quote
from bluetick.types import Type

CHANNELS: Mapping[str, str | Sequence[str]] = windows_logsource_mapping

_NUMBERS = frozenset({Type.INT, Type.LONG, Type.REAL, Type.DECIMAL})
_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_MANY = 100
_META = frozenset("\\.+*?()|[]{}^$")
# By whether the text begins and ends with a wildcard.
_OPERATORS: Mapping[tuple[bool, bool], tuple[str, str]] = {
    (False, False): ("=~", "=="),
    (False, True): ("startswith", "startswith_cs"),
    (True, False): ("endswith", "endswith_cs"),
    (True, True): ("contains", "contains_cs"),
}


def convert(rule: Mapping[str, Any], source: Source) -> tuple[list[str], list[str]]:
    """A query for each condition of the rule, and the fields of it that only rows of Sysmon's events tell.

    RefusedFieldError names a field that the table does not tell.
    Whatever else pySigma raises, of any type, says why the rule cannot be converted.
    """
    columns = Columns(source)
    pipeline = ProcessingPipeline([ProcessingItem(transformation=_ToColumns(columns))])
    backend = _Backend(pipeline, columns)
    parsed = SigmaRule.from_dict(dict(rule))
    queries: list[str] = backend.convert_rule(parsed)
    return queries, columns.of_sysmon()


class _ToColumns(DetectionItemTransformation):
    """Puts columns in the place of fields, and gives each value the type of its column."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self._columns = columns

    def apply_detection_item(self, detection_item: SigmaDetectionItem) -> SigmaDetection | SigmaDetectionItem | None:
        field = detection_item.field
        if field is None:
            raise RefusedFieldError("", "it looks for words in any field, which no column holds")
        if field == "Hashes" and self._columns.source.hashes:
            return self._hashes(detection_item)
        if field == "ParentImage" and self._columns.is_parent_name_only:
            return self._parent_name(detection_item)
        name, kind = self._columns.column(field)
        detection_item.field = name
        detection_item.value = [self._typed(value, field, kind) for value in detection_item.value]
        return detection_item

    def _typed(self, value: SigmaType, field: str, kind: Type) -> SigmaType:
        match value:
            case SigmaExpansion():
                return SigmaExpansion([self._typed(one, field, kind) for one in value.values])
            case SigmaFieldReference():
                return SigmaFieldReference(self._columns.column(value.field)[0], value.starts_with, value.ends_with)
            case SigmaNumber() | SigmaBool() if kind is Type.STRING:
                return _text(str(value))
            case SigmaString() if kind in _NUMBERS:
                return _number(value, field)
            case SigmaString() if kind is Type.BOOL and str(value).lower() in ("true", "false"):
                return SigmaBool(str(value).lower() == "true")
        return value

    def _hashes(self, item: SigmaDetectionItem) -> SigmaDetection:
        """`Hashes` is Sysmon's list `MD5=..,SHA256=..`; each algorithm has a column of its own, or none."""
        found = []
        for value in item.value:
            text = str(value).strip("*")
            name, equals, digest = text.partition("=")
            column = self._hash_column(name.upper()) if equals and digest and isinstance(value, SigmaString) else None
            if column is None:
                raise RefusedFieldError("Hashes", f"no column has the hash '{name if equals else text}'")
            operator = _text(digest) if len(digest) in _DIGITS else SigmaString(digest) + SpecialChars.WILDCARD_MULTI
            found.append(SigmaDetectionItem(column, [], [operator]))
        linking = item.value_linking if item.value_linking is ConditionAND else ConditionOR
        return SigmaDetection(list(found), item_linking=linking)

    def _hash_column(self, name: str) -> str | None:
        source = self._columns.source
        if name == IMPORT_HASH.upper() and IMPORT_HASH in source.computed:
            return self._columns.column(IMPORT_HASH)[0]
        return name if name in source.hashes else None

    def _parent_name(self, item: SigmaDetectionItem) -> SigmaDetectionItem:
        """Of a parent's image, tables other than that of starts tell the name: enough for a value `*\\name`."""
        names: list[SigmaType] = []
        for value in item.value:
            parts = value.s if isinstance(value, SigmaString) else ()
            match parts:
                case (SpecialChars.WILDCARD_MULTI, str() as tail) if tail.rfind("\\") == 0 and "/" not in tail:
                    names.append(_text(tail[1:]))
                case _:
                    reason = f"table {self._columns.source.table} tells a parent's name, and not its path"
                    raise RefusedFieldError("ParentImage", reason)
        item.field, item.value = "InitiatingProcessParentFileName", names
        return item


_DIGITS = frozenset({32, 40, 64})


def _text(text: str) -> SigmaString:
    found = SigmaString("")
    found.s = [text] if text else []
    return found


def _number(value: SigmaString, field: str) -> SigmaNumber:
    text = str(value)
    try:
        return SigmaNumber(int(text, 16 if text[:2].lower() == "0x" else 10))
    except ValueError:
        raise RefusedFieldError(field, f"its column holds numbers, and '{text}' is none") from None


class _Backend(KustoBackend):
    """The Kusto backend, with the expressions mended that say something else than the rule."""

    field_null_expression: ClassVar[str] = "isempty({field})"
    convert_and_as_in: ClassVar[bool] = False
    in_expressions_allow_wildcards: ClassVar[bool] = False
    field_equals_field_expression: ClassVar[str] = "{field1} =~ {field2}"
    field_equals_field_startswith_expression: ClassVar[str] = "{field1} startswith {field2}"
    field_equals_field_endswith_expression: ClassVar[str] = "{field1} endswith {field2}"
    field_equals_field_contains_expression: ClassVar[str] = "{field1} contains {field2}"

    def __init__(self, pipeline: ProcessingPipeline, columns: Columns) -> None:
        super().__init__(processing_pipeline=pipeline)
        self._columns = columns

    def escape_and_quote_field(self, field_name: str) -> str:
        return print_name(field_name)

    def convert_value_str(self, s: SigmaString | SigmaNumber, state: ConversionState) -> str:
        return quote("".join(_plain_part(part) for part in s.s)) if isinstance(s, SigmaString) else str(s)

    def convert_condition_field_eq_val_str(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        return self._matched(cond, is_cased=False)

    def convert_condition_field_eq_val_str_case_sensitive(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        return self._matched(cond, is_cased=True)

    def _matched(self, cond: ConditionFieldEqualsValueExpression, is_cased: bool) -> str:
        value = cond.value
        if not isinstance(value, SigmaString):
            raise TypeError("the value is not a text")
        field = print_name(cond.field)
        parts = list(value.s)
        is_open = bool(parts) and parts[0] is SpecialChars.WILDCARD_MULTI
        is_ended = len(parts) > 1 and parts[-1] is SpecialChars.WILDCARD_MULTI
        inner = parts[int(is_open) : len(parts) - int(is_ended)]
        if not inner:
            return f"isnotempty({field})" if is_open else f'{field} == ""'
        if all(isinstance(part, str) for part in inner):
            operator = _OPERATORS[is_open, is_ended][is_cased]
            return f"{field} {operator} {quote(''.join(map(str, inner)))}"
        flags = "(?s)" if is_cased else "(?is)"
        pattern = "".join(_pattern_part(part) for part in inner)
        return f"{field} matches regex {quote(flags + '^' * (not is_open) + pattern + '$' * (not is_ended))}"

    def convert_condition_field_eq_val_re(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        value = cond.value
        if not isinstance(value, SigmaRegularExpression):
            raise TypeError("the value is not a regular expression")
        flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
        prefix = f"(?{flags})" if flags else ""
        return f"{print_name(cond.field)} matches regex {quote(prefix + str(value.regexp))}"

    def convert_condition_field_eq_val_bool(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        return f"{print_name(cond.field)} == {'true' if cond.value else 'false'}"

    def convert_condition_field_eq_val_cidr(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        value = cond.value
        if not isinstance(value, SigmaCIDRExpression):
            raise TypeError("the value is not a range of addresses")
        return f"ipv{value.network.version}_is_in_range({print_name(cond.field)}, {quote(str(value.network))})"

    def convert_condition_or(self, cond: ConditionOR, state: ConversionState) -> Any:
        """A long chain in brackets of some: a chain nests as deep as it is long."""
        if len(cond.args) <= _MANY or self.decide_convert_condition_as_in_expression(cond, state):
            return super().convert_condition_or(cond, state)
        groups = (ConditionOR(list(cond.args[at : at + _MANY])) for at in range(0, len(cond.args), _MANY))
        return " or ".join(f"({super(_Backend, self).convert_condition_or(group, state)})" for group in groups)

    def convert_condition_as_in_expression(self, cond: ConditionOR | ConditionAND, state: ConversionState) -> str:
        arguments = [item for item in cond.args if isinstance(item, ConditionFieldEqualsValueExpression)]
        values = [item.value for item in arguments if isinstance(item.value, SigmaString | SigmaNumber)]
        if any(isinstance(value, SigmaCasedString) for value in values) or len({type(value) for value in values}) > 1:
            return self._joined(cond, state)
        operator = "in" if isinstance(values[0], SigmaNumber) else "in~"
        listed = ", ".join(self.convert_value_str(value, state) for value in values)
        return f"{print_name(arguments[0].field)} {operator} ({listed})"

    def _joined(self, cond: ConditionItem, state: ConversionState) -> str:
        return " or ".join(str(self.convert_condition(item, state)) for item in cond.args)

    def finalize_query_default(self, rule: SigmaRule, query: Any, index: int, state: ConversionState) -> str:
        source = self._columns.source
        lines = [source.table]
        if source.condition:
            lines.append(f"| where {source.condition}")
        lines += [f"| extend {print_name(name)} = {told}" for name, told in self._columns.computed.items()]
        return "\n".join([*lines, f"| where {query}"])


def _plain_part(part: object) -> str:
    if not isinstance(part, str):
        raise TypeError("a wildcard stands where a plain text must")
    return part


def _pattern_part(part: object) -> str:
    match part:
        case str():
            return "".join(f"\\{c}" if c in _META else c for c in part)
        case SpecialChars.WILDCARD_MULTI:
            return ".*"
        case SpecialChars.WILDCARD_SINGLE:
            return "."
    raise ValueError("it has a placeholder")
