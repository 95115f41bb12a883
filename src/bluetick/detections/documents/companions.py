"""Files that stand beside a rule document under its name and are no documents themselves."""

OVERLAY_SUFFIX = ".bluetick.yaml"
TESTS_SUFFIX = ".tests.yaml"
TUNING_SUFFIX = ".tuning.yaml"
COMPANION_SUFFIXES = (OVERLAY_SUFFIX, TESTS_SUFFIX, TUNING_SUFFIX)
