"""Sysmon events as JSON lines, in the styles of several collectors."""

from bluetick.sources.sysmon.reading import read_sysmon

__all__ = ["read_sysmon"]
