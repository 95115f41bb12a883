"""Punycode, the ASCII form of international domain names; what has no such form is the empty string.

https://learn.microsoft.com/kusto/query/punycode-domain-to-string-function
"""

import re
from collections.abc import Callable

from bluetick.functions.definition import Example, Nulls, ScalarFunction, param, signature
from bluetick.types import Type

_PREFIX = "xn--"
# The full stops of RFC 3490 that part the labels of a domain.
_DOTS = re.compile("[.。．｡]")


def _encoded(value: str) -> str:
    try:
        return value.encode("punycode").decode("ascii")
    except UnicodeError:
        return ""


def _decoded(value: str) -> str:
    try:
        decoded = value.encode("ascii").decode("punycode")
        decoded.encode()  # half of a surrogate pair is no text
        return decoded
    except (ValueError, OverflowError):
        return ""


def _domain_encoded(value: str) -> str:
    labels = _DOTS.split(value)
    return ".".join(label if label.isascii() else _PREFIX + _encoded(label) for label in labels)


def _domain_decoded(value: str) -> str:
    labels = []
    for label in _DOTS.split(value):
        if not label.lower().startswith(_PREFIX):
            labels.append(label)
            continue
        decoded = _decoded(label[len(_PREFIX) :])
        if not decoded:
            return ""
        labels.append(decoded)
    return ".".join(labels)


def _codec(name: str, summary: str, compute: Callable[[str], str], *examples: Example) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(param("string", Type.STRING), returns=Type.STRING),),
        nulls=Nulls.NEVER,
        compute=compute,
        examples=examples,
    )


FUNCTIONS: tuple[ScalarFunction, ...] = (
    _codec(
        "punycode_from_string",
        "The text in punycode.",
        _encoded,
        Example('punycode_from_string("académie-française")', "acadmie-franaise-npb1a"),
        Example('punycode_from_string("bücher")', "bcher-kva"),
        Example('punycode_from_string("")', ""),
    ),
    _codec(
        "punycode_to_string",
        "The text behind punycode; empty where it is none.",
        _decoded,
        Example('punycode_to_string("bcher-kva")', "bücher"),
        Example('punycode_to_string("a-ü")', ""),
        Example('punycode_to_string("")', ""),
    ),
    _codec(
        "punycode_domain_to_string",
        "The domain with each label that is not ASCII in punycode, behind xn--.",
        _domain_encoded,
        Example('punycode_domain_to_string("Kaledvoulc\'h.Artorījos.edu")', "Kaledvoulc'h.xn--Artorjos-ejb.edu"),
        Example('punycode_domain_to_string("bücher｡example")', "xn--bcher-kva.example"),
        Example('punycode_domain_to_string("")', ""),
    ),
    _codec(
        "punycode_domain_from_string",
        "The domain with each label behind xn-- read back; empty where one is no punycode.",
        _domain_decoded,
        Example('punycode_domain_from_string("xn--Ge-mia.Bulg.edu")', "Gáe.Bulg.edu"),
        Example('punycode_domain_from_string("mail.xn--bcher-kva.example")', "mail.bücher.example"),
        Example('punycode_domain_from_string("")', ""),
    ),
)
