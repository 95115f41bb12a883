"""Files that stand beside a rule document under its name and are no documents themselves."""

from pathlib import PurePath
from typing import TypeVar

from bluetick.detections.documents.fields import stem

AnyPath = TypeVar("AnyPath", bound=PurePath)

OVERLAY_SUFFIX = ".bluetick.yaml"
TESTS_SUFFIX = ".tests.yaml"
TUNING_SUFFIX = ".tuning.yaml"
COMPANION_SUFFIXES = (OVERLAY_SUFFIX, TESTS_SUFFIX, TUNING_SUFFIX)


def companion(document: AnyPath, suffix: str) -> AnyPath:
    """Where such a file of a document is."""
    return document.with_name(stem(document.name) + suffix)
