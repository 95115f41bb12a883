"""VirusTotal's API v3: one request a file. https://docs.virustotal.com/reference/files"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from bluetick.enrichment.http_exchange import Request
from bluetick.enrichment.http_provider import Ask, Lives, MalformedAnswerError
from bluetick.enrichment.profile_cache import Window
from bluetick.enrichment.profile_link import Finding
from bluetick.enrichment.profiles import AVAILABLE, hash_kind
from bluetick.enrichment.service_facts import file_hash, instant, mapping, text, whole

ADDRESS: Final = "https://www.virustotal.com/api/v3"
_DAY: Final = 86_400.0
_LIVES: Final = Lives(7 * _DAY, _DAY)
_TIMES: Final = ("GlobalFirstSeen", "GlobalLastSeen")
_SEEN_NOTE: Final = (
    "GlobalFirstSeen and GlobalLastSeen of virustotal are its first and last submission, not Microsoft's sightings"
)
_AS_GLOBAL_NOTE: Final = (
    "GlobalPrevalence of virustotal counts who sent it the file (unique_sources), not Microsoft's sightings: "
    "--profiles virustotal-as-global"
)


def quota(per_minute: int = 4, per_day: int = 500) -> tuple[Window, ...]:
    """The quota of a key; unless told, of a public one."""
    return (
        Window(60.0, per_minute, f"{per_minute:,} requests a minute"),
        Window(_DAY, per_day, f"{per_day:,} requests a day"),
    )


@dataclass(frozen=True, slots=True)
class VirusTotal:
    """The service, asked with a key. `as_global` lets unique_sources stand in for GlobalPrevalence."""

    key: str = field(repr=False)
    key_origin: str
    address: str = ADDRESS
    windows: tuple[Window, ...] = field(default_factory=quota)
    lives: Lives = _LIVES
    as_global: bool = False
    name: str = "virustotal"

    @property
    def version(self) -> str:
        return self.address

    @property
    def note(self) -> str:
        return f"{_SEEN_NOTE}; {_AS_GLOBAL_NOTE}" if self.as_global else _SEEN_NOTE

    @property
    def gives(self) -> frozenset[str]:
        return _COLUMNS | {"GlobalPrevalence"} if self.as_global else _COLUMNS

    def asks(self, hashes: Sequence[str]) -> Iterator[Ask]:
        headers = {"Accept": "application/json", "User-Agent": "bluetick"}
        for one in hashes:
            request = Request("GET", f"{self.address}/files/{one}", headers, secrets={"x-apikey": self.key})
            yield Ask(request, (one,))

    def is_unknown(self, body: Any) -> bool:
        return text(mapping(mapping(body).get("error")).get("code")) == "NotFoundError"

    def facts(self, ask: Ask, body: Any) -> dict[str, dict[str, Any]]:
        (asked,) = ask.hashes
        known = _facts(mapping(mapping(mapping(body).get("data")).get("attributes")))
        if known[hash_kind(asked)] != asked:
            raise MalformedAnswerError
        return {asked: known}

    def hashes_of(self, facts: Mapping[str, Any]) -> list[str]:
        return [facts[kind] for kind in ("SHA256", "SHA1", "MD5") if facts[kind]]

    def finding(self, facts: Mapping[str, Any], asked: datetime) -> Finding:
        values = {name: facts[name] for name in _COLUMNS}
        for name in _TIMES:
            values[name] = None if facts[name] is None else datetime.fromtimestamp(facts[name], UTC)
        if self.as_global:
            values["GlobalPrevalence"] = facts["unique_sources"]
        return Finding(AVAILABLE, values, asked)


_COLUMNS: Final = frozenset((
    "SHA1", "SHA256", "MD5", "FileSize", *_TIMES, "Signer", "Issuer", "SignerHash", "IsCertificateValid",
    "SignatureState", "IsExecutable", "ThreatName", "Publisher", "SoftwareName",
))  # fmt: skip


def _facts(attributes: Mapping[str, Any]) -> dict[str, Any]:
    signature = mapping(attributes.get("signature_info"))
    version = mapping(attributes.get("exiftool"))
    is_executable = _is_executable(attributes)
    return {
        "SHA1": file_hash(attributes.get("sha1"), "SHA1"),
        "SHA256": file_hash(attributes.get("sha256"), "SHA256"),
        "MD5": file_hash(attributes.get("md5"), "MD5"),
        "FileSize": whole(attributes.get("size")),
        "GlobalFirstSeen": instant(attributes.get("first_submission_date")),
        "GlobalLastSeen": instant(attributes.get("last_submission_date")),
        **_signature(signature, is_executable is True),
        "IsExecutable": is_executable,
        "ThreatName": _threat(attributes),
        "Publisher": _version_text(version.get("CompanyName")),
        "SoftwareName": text(signature.get("product")) or _version_text(version.get("ProductName")),
        "unique_sources": whole(attributes.get("unique_sources")),
    }


def _version_text(value: Any) -> str:
    """exiftool writes a text that looks like a number as one; a fraction may have lost digits so, and is left out."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value) if isinstance(value, int) else ""
    return text(value)


def _signature(signature: Mapping[str, Any], is_executable: bool) -> dict[str, Any]:
    """The certificate of the signer itself is the first of the chain.

    `verified` is Signed, Unsigned or, of what Windows signs, what is wrong with the signature; of other files the words
    are those of other tools. Without it nothing is known: catalogues sign files that hold no signature.
    """
    chain = signature.get("signers details") or []
    if not isinstance(chain, list):
        raise MalformedAnswerError
    leaf = mapping(chain[0]) if chain else {}
    verified, status = text(signature.get("verified")), text(leaf.get("status"))
    other = "SignedInvalid" if is_executable else ""
    state = {"": "", "Signed": "SignedValid", "Unsigned": "Unsigned"}.get(verified, other)
    return {
        "Signer": text(leaf.get("name")) or text(signature.get("signers")).split(";")[0].strip(),
        "Issuer": text(leaf.get("cert issuer")),
        "SignerHash": text(leaf.get("thumbprint")).lower(),
        "IsCertificateValid": status == "Valid" if status else None,
        "SignatureState": state,
    }


def _is_executable(attributes: Mapping[str, Any]) -> bool | None:
    """Whether it is a PE file; not known where the type of the file is not."""
    if mapping(attributes.get("pe_info")):
        return True
    tag = text(attributes.get("type_tag"))
    return tag in ("peexe", "pedll") if tag else None


def _threat(attributes: Mapping[str, Any]) -> str:
    """The name that Microsoft's own engine gives: the one that FileProfile has."""
    verdict = mapping(mapping(attributes.get("last_analysis_results")).get("Microsoft"))
    return text(verdict.get("result")) if text(verdict.get("category")) in ("malicious", "suspicious") else ""
