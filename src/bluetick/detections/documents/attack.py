"""The names that ATT&CK gives to tactics, and the form of a technique's number."""

import re

from bluetick.diagnostics.nearest import nearest

# Number in ATT&CK -> the name as Sentinel writes it. The last two are of the matrix for industrial systems.
TACTICS = {
    "TA0043": "Reconnaissance",
    "TA0042": "ResourceDevelopment",
    "TA0001": "InitialAccess",
    "TA0002": "Execution",
    "TA0003": "Persistence",
    "TA0004": "PrivilegeEscalation",
    "TA0005": "DefenseEvasion",
    "TA0006": "CredentialAccess",
    "TA0007": "Discovery",
    "TA0008": "LateralMovement",
    "TA0009": "Collection",
    "TA0011": "CommandAndControl",
    "TA0010": "Exfiltration",
    "TA0040": "Impact",
    "TA0107": "InhibitResponseFunction",
    "TA0106": "ImpairProcessControl",
}
TECHNIQUE = re.compile(r"\bT\d{4}(?:\.\d{3})?\b", re.ASCII)
TACTIC_NUMBER = re.compile(r"\bTA\d{4}\b", re.ASCII)

_BY_LETTERS = {name.lower(): name for name in TACTICS.values()}


def find_tactic(text: str) -> str | None:
    """The tactic that the text names: `Command and Control`, `command-and-control`, `TA0011`; else None."""
    by_number = TACTICS.get(text.upper())
    return by_number or _BY_LETTERS.get(_letters(text))


def nearest_tactic(text: str) -> str:
    """The tactic whose name is nearly the text, or the empty string."""
    return _BY_LETTERS.get(nearest(_letters(text), _BY_LETTERS), "")


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())
