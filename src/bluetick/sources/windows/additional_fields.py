"""What an event tells that has no column of its own, as the JSON that AdditionalFields holds."""

import orjson

from bluetick.sources.windows.events import Origin
from bluetick.sources.windows.fields import format_time
from bluetick.sources.windows.memory import Actor


def additional_fields(origin: Origin, **more: str) -> str:
    """The rule that logged the event, the time of collection where the clocks disagree, and more; "" for nothing."""
    gap = origin.clock_gap
    if gap is None and not origin.rule and not any(more.values()):
        return ""
    extra = {"RuleName": origin.rule, "CollectedTime": "" if gap is None else format_time(gap), **more}
    told = {name: value for name, value in extra.items() if value}
    return orjson.dumps(told).decode() if told else ""


def additional_fields_of(actor: Actor, **more: str) -> str:
    """As `additional_fields`, and where the hashes of the process come from if not from its own start."""
    inferred = actor.inferred
    if inferred is None:
        return additional_fields(actor.origin, **more)
    seen = format_time(inferred.time)
    return additional_fields(actor.origin, HashInferredFrom="image path", HashSeenTime=seen, **more)
