"""The formats that are read. To add one, write its file and name its value here."""

from bluetick.detections.documents.arm_json import ARM_JSON
from bluetick.detections.documents.decoding import MAX_BYTES, decode
from bluetick.detections.documents.defender import DEFENDER_JSON, DEFENDER_YAML
from bluetick.detections.documents.format import Format
from bluetick.detections.documents.header import HEADER
from bluetick.detections.documents.markdown import MARKDOWN
from bluetick.detections.documents.plain import PLAIN
from bluetick.detections.documents.sentinel_yaml import SENTINEL_YAML
from bluetick.detections.documents.sigma import SIGMA

# Asked in this order; the last one takes whatever the others do not know.
FORMATS: tuple[Format, ...] = (
    DEFENDER_JSON,
    ARM_JSON,
    HEADER,
    DEFENDER_YAML,
    SENTINEL_YAML,
    SIGMA,
    MARKDOWN,
    PLAIN,
)


def choose_format(text: str, file_name: str) -> Format:
    """The format of a text: first the one that its suffix suggests, then any that recognises it."""
    lowered = file_name.lower()
    suggested = [item for item in FORMATS if lowered.endswith(item.suffixes)]
    ordered = [item for item in suggested if item is not PLAIN] + [item for item in FORMATS if item is not PLAIN]
    matching = next((item for item in ordered if item.matches(text)), None)
    return matching or (suggested[0] if suggested and PLAIN not in suggested else PLAIN)


def is_other_json(name: str, data: bytes) -> bool:
    """Whether a file is JSON of something else than rules: a folder of rules holds much of that."""
    if not name.lower().endswith(".json"):
        return False
    text = decode(data[:MAX_BYTES], name).text
    return not any(item.matches(text) for item in (DEFENDER_JSON, ARM_JSON))
