"""The detection service: every window of every rule is evaluated, however often the process ends."""
