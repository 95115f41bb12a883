"""What an event tells that has no column of its own, as the JSON that AdditionalFields holds."""

import json

from bluetick.sources.sysmon.events import Origin
from bluetick.sources.sysmon.fields import format_time


def additional_fields(origin: Origin, **more: str) -> str:
    """The rule that logged the event, the time of collection where the clocks disagree, and more; "" for nothing."""
    extra = {
        "RuleName": origin.rule,
        "CollectedTime": "" if origin.clock_gap is None else format_time(origin.clock_gap),
        **more,
    }
    told = {name: value for name, value in extra.items() if value}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False) if told else ""
