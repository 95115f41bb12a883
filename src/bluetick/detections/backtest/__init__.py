"""Backtests: what a detection would have said at each of its scheduled instants."""
