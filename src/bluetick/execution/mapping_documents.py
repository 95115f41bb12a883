"""Documents that say how a KQL table is computed out of other data: a source, an expression a column, a condition.

DeviceNetworkEvents:
  source: silver/connections            # or catalog:NAME, table:NAME, a list of paths
  where: proto == 'tcp'
  columns:
    Timestamp: ts
    RemoteIP: dst.ip
  partition: {column: day, of: Timestamp, unit: day, slack: 1h}
"""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from bluetick.diagnostics import Diagnostic, SourceText, Span, has_errors
from bluetick.diagnostics import mapping_codes as codes
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.execution.kql_yaml import KqlYamlReader
from bluetick.execution.mapping import PartitionHint, TableMapping
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

SUFFIXES: Final = (".yaml", ".yml")
UNITS: Final = ("hour", "day", "month")
PARTS: Final = ("year", "month", "day", "hour")
_KEYS: Final = ("source", "columns", "where", "partition")
_PARTITION_KEYS: Final = ("column", "unit", "format", *PARTS, "of", "slack")
_SLACK: Final = re.compile(r"(\d{1,6})\s*([dhms])")
_SLACK_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_FORMATS: Final = {"month": "%Y-%m", "day": "%Y-%m-%d", "hour": "%Y-%m-%d-%H"}


def read_mappings(path: Path) -> tuple[TableMapping, ...]:
    """The tables of a document, or of every one in a folder and below it. QueryError says what is wrong, and where."""
    found: dict[str, TableMapping] = {}
    for file in _documents(path):
        try:
            text = SourceText(file.read_text("utf-8-sig"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise SourceError(f"the mapping '{file}' cannot be read: {reason}", file=str(file)) from error
        reader = _Reader(text)
        tables = reader.tables()
        for table in tables:
            if table.table in found:
                reader.report(codes.mapped_twice(table.span, table.table, found[table.table].text.name))
            found[table.table] = table
        if has_errors(reader.diagnostics):
            raise QueryError(sorted(reader.diagnostics, key=lambda d: d.span.start), text)
    return tuple(found.values())


def _documents(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not found:
        what = "holds no mapping (.yaml)" if path.is_dir() else "is neither a mapping nor a folder of them"
        raise SourceError(f"'{path}' {what}", file=str(path))
    return found


class _Reader(KqlYamlReader):
    """Reads one document."""

    __slots__ = ()

    def tables(self) -> tuple[TableMapping, ...]:
        root = read_mapping(self.text.text, self.text.name)
        if isinstance(root, Diagnostic):
            self.report(root)
            return ()
        return tuple(table for name, body in root.entries if (table := self._table(name, body)) is not None)

    def _table(self, name: YamlText, body: YamlNode) -> TableMapping | None:
        if not isinstance(body, YamlMapping):
            self.report(codes.wrong_part(body.span, name.value, f"a mapping of {', '.join(_KEYS)}"))
            return None
        self.refuse_others(body, "a table's mapping", _KEYS)
        source = body.get("source")
        columns = body.get("columns")
        if columns is None:
            hint = "columns: {Timestamp: ts}"
            self.report(codes.missing_part(name.span, f"the mapping of '{name.value}' names no columns", hint))
        where = body.get("where")
        return TableMapping(
            name.value,
            name.span,
            self.text,
            tuple(self._source(source)),
            name.span if source is None else source.span,
            self.expressions(columns, "columns"),
            None if where is None else self.expression("where", where),
            self._partition(body.get("partition")),
        )

    def _source(self, node: YamlNode | None) -> Iterator[str]:
        items: Iterable[YamlNode] = node.items if isinstance(node, YamlList) else () if node is None else (node,)
        for item in items:
            if isinstance(item, YamlText) and item.value.strip():
                yield item.value.strip()
            else:
                self.report(
                    codes.wrong_part(item.span, "source", "a path, catalog:NAME, table:NAME or a list of paths")
                )

    def _partition(self, node: YamlNode | None) -> PartitionHint | None:
        if node is None:
            return None
        if not isinstance(node, YamlMapping):
            wanted = "a mapping such as {column: day, of: Timestamp, unit: day}"
            self.report(codes.wrong_part(node.span, "partition", wanted))
            return None
        self.refuse_others(node, "a partition", _PARTITION_KEYS)
        given = {key.value: value.value.strip() for key, value in node.entries if isinstance(value, YamlText)}
        if not given.get("of"):
            self.report(
                codes.missing_part(node.span, "the partition does not say of which time column it is", "of: Timestamp")
            )
            return None
        slack = self._slack(node.span, given.get("slack", "0s"))
        if "column" in given:
            unit = given.get("unit", "day")
            form = given.get("format", _FORMATS.get(unit, ""))
            if unit not in UNITS or not _is_sortable(form, unit):
                self.report(codes.bad_partition(node.span, _UNIT_OR_FORMAT))
                return None
            return PartitionHint(((unit, given["column"]),), given["of"], node.span, slack, form)
        parts = tuple((part, given[part]) for part in PARTS if part in given)
        if not parts or tuple(part for part, _ in parts) != PARTS[: len(parts)]:
            hint = "column: day, or year: y, month: m, day: d"
            self.report(
                codes.missing_part(
                    node.span, "the partition names no column, or leaves out a part before another", hint
                )
            )
            return None
        return PartitionHint(parts, given["of"], node.span, slack)

    def _slack(self, span: Span, text: str) -> timedelta:
        found = _SLACK.fullmatch(text)
        if found is None:
            self.report(codes.wrong_part(span, "slack", "a span of time such as 90m, 6h or 2d"))
            return timedelta()
        return timedelta(**{_SLACK_UNITS[found[2]]: int(found[1])})


_UNIT_OR_FORMAT: Final = (
    f"a partition's unit is one of {', '.join(UNITS)}, and its format has %Y, %m, %d, %H in this order, down to it"
)


def _is_sortable(form: str, unit: str) -> bool:
    """Whether texts of the format stand in the order of time, and say the unit."""
    wanted = {"month": ["%Y", "%m"], "day": ["%Y", "%m", "%d"], "hour": ["%Y", "%m", "%d", "%H"]}[unit]
    return re.findall(r"%.", form) == wanted and not re.search(r"[^-/_.: %A-Za-z0-9]", form)
