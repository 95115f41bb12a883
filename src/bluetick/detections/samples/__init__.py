"""Samples of rules: small tables beside a document, and what the rule must find in them."""

from bluetick.detections.samples.model import Failure, Sample, SampleFile, SampleOutcome
from bluetick.detections.samples.reading import read_samples, samples_path
from bluetick.detections.samples.running import Surroundings, each_outcome, run_samples

__all__ = [
    "Failure",
    "Sample",
    "SampleFile",
    "SampleOutcome",
    "Surroundings",
    "each_outcome",
    "read_samples",
    "run_samples",
    "samples_path",
]
