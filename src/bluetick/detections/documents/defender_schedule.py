"""How Defender runs custom detections: the frequency says how far back a run looks."""

from datetime import timedelta

# What a run of each frequency reads, as Microsoft documents it. Of another frequency, which only rules on Sentinel's
# own data may have, it is not documented.
LOOKBACKS = {
    timedelta(hours=24): timedelta(days=30),
    timedelta(hours=12): timedelta(hours=48),
    timedelta(hours=3): timedelta(hours=12),
    timedelta(hours=1): timedelta(hours=4),
}
# The word of the older `schedule.period`, and the value of `schedule.frequency`, of a rule that runs continuously.
CONTINUOUS = frozenset({"0", "0H", "PT0S", "PT0H", "PT0M", "P0D"})
