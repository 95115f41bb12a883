"""What Sentinel's service refuses in a rule, from its documentation of rules and of its limits."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bluetick.detections.model import Detection
from bluetick.detections.writing.sentinel_tree import is_scheduled
from bluetick.detections.writing.spelling import short
from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.writing_codes import (
    frequency_over_lookback,
    lacks,
    other_tables,
    out_of_range,
    query_refused,
    query_too_long,
    too_many,
)
from bluetick.syntax.lexer import lex
from bluetick.syntax.tokens import NAME, Token

MAX_QUERY = 10_000
_LEAST, _MOST = timedelta(minutes=5), timedelta(days=14)
_MOST_SUPPRESSION = timedelta(hours=24)
_MAX_ENTITIES = 10
_MAX_IDENTIFIERS = 3
_MAX_DETAILS = 20


def sentinel_limits(detection: Detection, target: str) -> list[Diagnostic]:
    """What of the detection does not fit; spans are in its query."""
    found = list(_query(detection, target))
    if is_scheduled(detection):
        found += [*_schedule(detection, target), *_counts(detection, target)]
    return found


def _query(detection: Detection, target: str) -> Iterator[Diagnostic]:
    whole = Span(0, len(detection.query))
    if len(detection.query) > MAX_QUERY:
        yield query_too_long(whole, len(detection.query), MAX_QUERY, target)
    for form, span in _refused(lex(detection.query).tokens):
        yield query_refused(span, form, target)
    # A hunting query in Sentinel's YAML may be one for advanced hunting, and stays that.
    if detection.schemas == "defender" and (is_scheduled(detection) or detection.form != "sentinel"):
        yield other_tables(whole, target)


def _schedule(detection: Detection, target: str) -> Iterator[Diagnostic]:
    frequency, lookback = detection.frequency, detection.lookback
    if detection.severity is None:
        yield lacks("severity", target)
    if detection.alerting.kind is None or detection.alerting.kind.value == "Scheduled":
        for key, length in (("frequency", frequency), ("lookback", lookback)):
            if length is None:
                yield lacks(key, target)
            elif not _LEAST <= length <= _MOST:
                yield out_of_range(key, short(length), short(_LEAST), short(_MOST), target)
        if frequency and lookback and frequency > lookback:
            yield frequency_over_lookback(short(frequency), short(lookback), target)
    suppression = detection.alerting.suppression
    if suppression.enabled and suppression.duration and suppression.duration > _MOST_SUPPRESSION:
        yield out_of_range("suppression", short(suppression.duration), "1m", short(_MOST_SUPPRESSION), target)


def _counts(detection: Detection, target: str) -> Iterator[Diagnostic]:
    counts: list[tuple[str, int, int]] = [
        ("entity mappings", len(detection.entities), _MAX_ENTITIES),
        ("custom details", len(detection.alerting.custom_details), _MAX_DETAILS),
    ]
    counts += [
        (f"identifiers of one {entity.kind}", len(entity.columns), _MAX_IDENTIFIERS) for entity in detection.entities
    ]
    for what, count, limit in counts:
        if count > limit:
            yield too_many(what, count, limit, target)


def _refused(tokens: Sequence[Token]) -> Iterator[tuple[str, Span]]:
    """`search *`, `union *` and `adx(...)`, as Sentinel looks for them."""
    for at, token in enumerate(tokens):
        if token.kind != NAME:
            continue
        word = token.text.lower()
        following = tokens[_after_parameters(tokens, at + 1)] if at + 1 < len(tokens) else token
        if word in ("search", "union") and following.text == "*":
            yield f"{word} *", Span(token.start, following.end)
        if word == "adx" and tokens[at + 1 : at + 2] and tokens[at + 1].text == "(":
            yield "adx(...)", Span(token.start, tokens[at + 1].end)


def _after_parameters(tokens: Sequence[Token], at: int) -> int:
    """Past `kind=outer` and its like."""
    while at + 3 < len(tokens) and tokens[at].kind == NAME and tokens[at + 1].text == "=":
        at += 3
    return min(at, len(tokens) - 1)
