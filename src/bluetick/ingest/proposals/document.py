"""A proposal as a mapping document: `--map` takes it as it is, and its comments say why."""

import json
import re
from collections.abc import Sequence
from typing import Final

from bluetick.ingest.proposals.fields import Field, quoted
from bluetick.ingest.proposals.proposing import Proposal, TableProposal
from bluetick.schema.packs import known_table
from bluetick.types import Type

_REST: Final = "AdditionalFields"
_EXTENSIONS: Final = "AdditionalExtensions"
_MOST_KEPT: Final = 50  # fields that go into the rest


def document_of(proposal: Proposal, name: str, container: str) -> str:
    """The mapping of the best table; "" where there is none."""
    best = proposal.best
    if best is None:
        return ""
    lines = [
        f"# Proposed for {_comment(name)} ({container}), out of its first {proposal.sample.records:,} records.",
        "# Edit it, then:  bluetick ingest --map THIS FILE --lake LAKE",
    ]
    others = [f"{other.table} ({len(other.used)} fields)" for other in proposal.tables[1:]]
    lines += [f"# Other tables that it may become: {', '.join(others)}"] if others else []
    lines += [f"# Not used: {_comment(doubt)}" for doubt in proposal.doubts]
    lines += _head(proposal)
    lines += ["", f"{best.table}:", "  columns:", *_columns(proposal, best)]
    return "\n".join(lines) + "\n"


def _head(proposal: Proposal) -> list[str]:
    taken = [pair for one in proposal.sample.fields if one.taken for pair in (*one.parts, (one.name, one.taken))]
    entries = [_entry(name, expression, 4) for name, expression in taken]
    return ["format:", "  fields:  # what is taken out of a record, by name", *entries] if entries else []


def _columns(proposal: Proposal, best: TableProposal) -> list[str]:
    lines: list[str] = []
    for one in best.columns:
        ties = f"; as good: {', '.join(one.ties)}" if one.ties else ""
        fill = f", filled {one.fill:.0%}" if one.source else ""
        lines.append(f"    # {_comment(one.reason + fill + ties)}")
        lines.append(_entry(one.column, one.expression, 4))
    lines += _rest(proposal, best)
    return lines


def _rest(proposal: Proposal, best: TableProposal) -> list[str]:
    """What no column takes, in the column for such; else by name, in comments."""
    left = proposal.unmapped
    if not left:
        return []
    schema = known_table(best.table)
    types = dict(schema.columns) if schema is not None else {}
    kept, others = left[:_MOST_KEPT], left[_MOST_KEPT:]
    for column, rest in (
        (_REST, _bag(kept, types.get(_REST))),
        (_EXTENSIONS, f"strcat({', '.join(_extension(one, place) for place, one in enumerate(kept))})"),
    ):
        if column in types:
            lines = ["    # What no column takes", _entry(column, rest, 4)]
            return lines + [f"    # Left out: {_comment(one.name)}" for one in others]
    return ["    # No column takes these:", *(f"    #   {_comment(f'{one.name}: {one.example}')}" for one in left)]


def _bag(fields: Sequence[Field], type_: Type | None) -> str:
    bag = f"bag_pack({', '.join(f'{quoted(one.name)}, {one.text}' for one in fields)})"
    return bag if type_ is Type.DYNAMIC else f"tostring({bag})"


def _extension(one: Field, place: int) -> str:
    """`name=value`, as CEF writes what has no column."""
    return f"{quoted((';' if place else '') + one.name + '=')}, {one.text}"


def _entry(name: str, expression: str, indent: int) -> str:
    key = name if re.fullmatch(r"[A-Za-z_]\w*", name) else json.dumps(name)
    return f"{' ' * indent}{key}: {_scalar(expression)}"


def _scalar(expression: str) -> str:
    """The expression as one scalar of YAML: bare where nothing in it means anything there."""
    if re.fullmatch(r"[A-Za-z_][\w.]*(?:\([\w., ]*\))?", expression) and expression.lower() not in _WORDS:
        return expression
    return ">-\n" + " " * 6 + expression


_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


def _comment(text: str) -> str:
    """A text that stays on its line."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
