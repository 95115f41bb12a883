"""`--as-of`: the version or the instant to which Delta tables are taken back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import click

AsOf: TypeAlias = int | datetime
Given: TypeAlias = tuple[str, AsOf]


class AsOfType(click.ParamType[Any]):
    """A version or an instant, of all tables or, as NAME=..., of one; the name of all is ''."""

    name = "VERSION|TIME|NAME=VERSION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Given:
        if isinstance(value, tuple):
            return value
        table, equals, rest = str(value).rpartition("=")
        if equals and not table.strip():
            self.fail(f"'{value}' names no table before the '='", param, ctx)
        return table.strip(), self._point(rest.strip(), param, ctx)

    def _point(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> AsOf:
        if text.isascii() and text.isdigit():
            return int(text)
        try:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"'{text}' is neither a version nor an instant such as 2026-06-18T12:00:00Z", param, ctx)


def combined(given: Sequence[Given]) -> AsOf | Mapping[str, AsOf] | None:
    """One point for all tables, or one for each that is named."""
    if not given:
        return None
    names = [name for name, _ in given]
    if len(set(names)) < len(names) or ("" in names and len(names) > 1):
        raise click.UsageError("--as-of is given once for all tables, or once for each table that it names")
    return given[0][1] if names == [""] else dict(given)
