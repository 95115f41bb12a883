"""The telemetry generator: a believable enterprise, and stories planted in it that detections should find."""

from bluetick.simulation.generator import SimulationReport, Story, simulate

__all__ = ["SimulationReport", "Story", "simulate"]
