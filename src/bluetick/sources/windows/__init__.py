"""Windows events (Sysmon, Security and every other log) in the styles of several collectors."""

from bluetick.sources.windows.event import detect
from bluetick.sources.windows.normaliser import WindowsEvents
from bluetick.sources.windows.process_table import PROCESSES, START_SLACK, ProcessLookup

__all__ = ["PROCESSES", "START_SLACK", "ProcessLookup", "WindowsEvents", "detect"]
