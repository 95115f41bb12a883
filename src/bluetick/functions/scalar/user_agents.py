"""parse_user_agent: browser, system and device behind a user-agent text, by the patterns of the uap-core project.

https://learn.microsoft.com/kusto/query/parse-user-agent-function
"""

from functools import lru_cache
from typing import Any

from bluetick.functions.definition import Example, Nulls, ScalarFunction, param, signature
from bluetick.types import Type

_Parts = dict[str, dict[str, str]]

_KEYS = {"browser": "Browser", "os": "OperatingSystem", "device": "Device"}


@lru_cache(maxsize=4_096)
def _everything(user_agent: str) -> _Parts:
    from ua_parser import parse  # noqa: PLC0415 - loaded when a query needs it

    found = parse(user_agent)
    browser, system, device = found.user_agent, found.os, found.device
    return {
        "Browser": {
            "Family": browser.family if browser else "Other",
            "MajorVersion": (browser and browser.major) or "",
            "MinorVersion": (browser and browser.minor) or "",
            "Patch": (browser and browser.patch) or "",
        },
        "OperatingSystem": {
            "Family": system.family if system else "Other",
            "MajorVersion": (system and system.major) or "",
            "MinorVersion": (system and system.minor) or "",
            "Patch": (system and system.patch) or "",
            "PatchMinor": (system and system.patch_minor) or "",
        },
        "Device": {
            "Family": device.family if device else "Other",
            "Brand": (device and device.brand) or "",
            "Model": (device and device.model) or "",
        },
    }


def _parse_user_agent(user_agent: str, look_for: Any = ("browser", "os", "device")) -> _Parts | None:
    wanted = [look_for] if isinstance(look_for, str) else look_for
    if not isinstance(wanted, list | tuple):
        return None
    everything = _everything(user_agent)
    keys = {_KEYS[name.lower()] for name in wanted if isinstance(name, str) and name.lower() in _KEYS}
    return {key: value for key, value in everything.items() if key in keys}


_ADOBE_AIR = "Mozilla/5.0 (Windows; U; en-US) AppleWebKit/531.9 (KHTML, like Gecko) AdobeAIR/2.5.1"
_OTHER = {"Family": "Other", "MajorVersion": "", "MinorVersion": "", "Patch": ""}

PARSE_USER_AGENT = ScalarFunction(
    name="parse_user_agent",
    summary='The "browser", "os" and "device" that a user-agent text names, or those of them that are looked for.',
    signatures=(
        signature(
            param("user_agent", Type.STRING),
            param("look_for", Type.STRING, Type.DYNAMIC, optional=True),
            returns=Type.DYNAMIC,
        ),
    ),
    nulls=Nulls.PROPAGATE,
    compute=_parse_user_agent,
    examples=(
        Example(
            f"parse_user_agent('{_ADOBE_AIR}', 'browser')",
            {"Browser": {"Family": "AdobeAIR", "MajorVersion": "2", "MinorVersion": "5", "Patch": "1"}},
        ),
        Example(
            "parse_user_agent('', dynamic(['browser', 'device']))",
            {"Browser": _OTHER, "Device": {"Family": "Other", "Brand": "", "Model": ""}},
        ),
        Example("parse_user_agent('curl/8.5.0', dynamic(null))", None),
    ),
    differs="The patterns are those of the installed ua-parser package, which may be newer than Kusto's.",
)

FUNCTIONS: tuple[ScalarFunction, ...] = (PARSE_USER_AGENT,)
