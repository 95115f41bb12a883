"""Entities of rows whose document maps none: by the names that columns have in Sentinel's and Defender's tables, and
by what stands in them.

Kinds and identifiers are those of https://learn.microsoft.com/azure/sentinel/entities-reference; where the cells allow,
the strong ones: a user principal name is a name and its suffix, a full host name a name and its domain. What does not
read as what its column's name says (an address that is none, a hash of another length) is no entity.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

Entity = dict[str, Any]
Cells = Mapping[str, str]

# As many as a document can map, and of one entity.
MOST_SOURCES: Final = 10
MOST_IDENTIFIERS: Final = 3
_ABSENT: Final = frozenset({"", "-", "n/a", "none", "null", "unknown", "00000000-0000-0000-0000-000000000000"})
# What `summarize` puts before a column's name.
_AGGREGATED: Final = ("set_", "list_", "any_", "take_any_")
_HASHES: Final = {32: "MD5", 40: "SHA1", 64: "SHA256"}
_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_NAME_OF_HOST: Final = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_DOMAIN: Final = re.compile(r"([\w-]+\.)+[\w-]*[A-Za-z][\w-]*\.?")
_HIVE: Final = re.compile(r"(HKEY_\w+)\\(.+)", re.IGNORECASE | re.DOTALL)
_PORT: Final = re.compile(r"\[?([0-9a-fA-F:.]+?)\]?(?::\d+)?")


class Source(NamedTuple):
    """Columns of a result that tell one entity: (role, column) pairs, and how their cells are read."""

    columns: tuple[tuple[str, str], ...]
    read: Callable[[Cells], Entity | None]


def sources_of(columns: Sequence[str]) -> tuple[Source, ...]:
    """Where entities stand in a result; a column tells one entity only."""
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(_plain(column), column)
    found: list[Source] = []
    used: set[str] = set()
    for roles, read, leads in _KNOWN:
        pairs = tuple((role, known[name]) for role, name in roles if name in known)
        is_there = any(name in known for _, name in roles[:leads])
        if is_there and not used.intersection(column for _, column in pairs):
            found.append(Source(pairs, read))
            used.update(column for _, column in pairs)
    return tuple(found[:MOST_SOURCES])


def entities_in(source: Source, rows: Iterable[Mapping[str, Any]]) -> Iterator[Entity]:
    """The entities of a source in rows, which may come again. A cell that is a list has one in each of its values."""
    for row in rows:
        cells = {role: row.get(column) for role, column in source.columns}
        lists = {role: cell for role, cell in cells.items() if isinstance(cell, list)}
        if not lists:
            alternatives = [cells]
        elif len(cells) == 1:
            alternatives = [{role: one} for role, cell in lists.items() for one in cell]
        else:
            continue  # which values belong together is not told
        for one in alternatives:
            said = {role: str(cell).strip() for role, cell in one.items() if _is_told(cell)}
            entity = source.read(said)
            if entity is not None:
                yield {**entity, "inferred": True}


def _plain(column: str) -> str:
    name = column.lower()
    return next((name[len(start) :] for start in _AGGREGATED if name.startswith(start)), name)


def _is_told(cell: Any) -> bool:
    return isinstance(cell, (str, int)) and not isinstance(cell, bool) and str(cell).strip().lower() not in _ABSENT


# --- cells as entities ------------------------------------------------------------------------------------------------


def _account(said: Cells) -> Entity | None:
    """By a full name (user@suffix, domain\\user) or an object's id, and by its parts."""
    full = said.get("full", "")
    parts = {"Name": full} if full else {}
    if _ID.fullmatch(full):
        parts = {"AadUserId": full}
    elif full.count("@") == 1 and full[0] != "@" and "\\" not in full:
        parts = dict(zip(("Name", "UPNSuffix"), full.split("@"), strict=True))
    elif full.count("\\") == 1 and full[0] != "\\":
        parts = dict(zip(("NTDomain", "Name"), full.split("\\"), strict=True))
    for role, identifier in (("name", "Name"), ("domain", "NTDomain"), ("sid", "Sid"), ("id", "AadUserId")):
        if role in said:
            parts.setdefault(identifier, said[role])
    order = ("Name", "UPNSuffix", "NTDomain", "Sid", "AadUserId")
    found = [(identifier, parts[identifier]) for identifier in order if parts.get(identifier)]
    return {"kind": "Account", **dict(found[:MOST_IDENTIFIERS])} if found else None


def _host(said: Cells) -> Entity | None:
    name = said.get("name", "")
    if not _NAME_OF_HOST.fullmatch(name) or _is_address(name):
        return None
    label, _, domain = name.rstrip(".").partition(".")
    more = {"DnsDomain": domain} if domain else {}
    if "domain" in said and not domain:
        more = {"DnsDomain" if "." in said["domain"] else "NTDomain": said["domain"]}
    return {"kind": "Host", "HostName": label, **more}


def _ip(said: Cells) -> Entity | None:
    """With a port or without."""
    whole = said.get("address", "")
    match = _PORT.fullmatch(whole)
    for text in (whole, match[1] if match else ""):
        if _is_address(text):
            return {"kind": "IP", "Address": text}
    return None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _hash(said: Cells) -> Entity | None:
    value = said.get("value", "")
    algorithm = _HASHES.get(len(value))
    if algorithm is None or not _HEX.fullmatch(value):
        return None
    return {"kind": "FileHash", "Algorithm": algorithm, "Value": value}


def _file(said: Cells) -> Entity | None:
    """By a name and its folder, or by a path."""
    path = said.get("path", "")
    at = max(path.rfind("\\"), path.rfind("/"))
    directory, name = (path[:at], path[at + 1 :]) if at > 0 else (said.get("directory", ""), said.get("name", path))
    if not name:
        return None
    return {"kind": "File", **({"Directory": directory} if directory else {}), "Name": name}


def _process(said: Cells) -> Entity | None:
    names = {"command": "CommandLine", "id": "ProcessId", "created": "CreationTimeUtc"}
    if "command" not in said:
        return None
    return {"kind": "Process", **{name: said[role] for role, name in names.items() if role in said}}


def _url(said: Cells) -> Entity | None:
    """Defender has the bare name of a host there, where it knows no more."""
    url = said.get("url", "")
    if "://" in url:
        return {"kind": "URL", "Url": url}
    return _dns({"name": url})


def _dns(said: Cells) -> Entity | None:
    name = said.get("name", "")
    if not _DOMAIN.fullmatch(name):
        return None
    return {"kind": "DNS", "DomainName": name.rstrip(".")}


def _mailbox(said: Cells) -> Entity | None:
    address = said.get("address", "")
    return {"kind": "Mailbox", "MailboxPrimaryAddress": address} if address.count("@") == 1 else None


def _mail(said: Cells) -> Entity | None:
    if "id" not in said:
        return None
    names = {"id": "NetworkMessageId", "recipient": "Recipient", "sender": "Sender"}
    return {"kind": "MailMessage", **{name: said[role] for role, name in names.items() if role in said}}


def _resource(said: Cells) -> Entity | None:
    id_ = said.get("id", "")
    return {"kind": "AzureResource", "ResourceId": id_} if id_.startswith("/") else None


def _application(said: Cells) -> Entity | None:
    return {"kind": "CloudApplication", "Name": said["name"]} if "name" in said else None


def _registry(said: Cells) -> Entity | None:
    match = _HIVE.fullmatch(said.get("key", ""))
    return {"kind": "RegistryKey", "Hive": match[1].upper(), "Key": match[2]} if match else None


# --- which columns ----------------------------------------------------------------------------------------------------


class _Known(NamedTuple):
    """(role, column in small letters) pairs; one of the first `leads` must be there."""

    roles: tuple[tuple[str, str], ...]
    read: Callable[[Cells], Entity | None]
    leads: int = 1


def _each(read: Callable[[Cells], Entity | None], role: str, names: str) -> Iterator[_Known]:
    """Columns that each tell an entity."""
    yield from (_Known(((role, name),), read) for name in names.split())


def _accounts() -> Iterator[_Known]:
    for prefix in ("", "initiatingprocess", "target", "actor", "requester"):
        account = f"{prefix}account"
        names = (("full", f"{account}upn"), ("name", f"{account}name"))
        more = (("domain", f"{account}domain"), ("sid", f"{account}sid"), ("id", f"{account}objectid"))
        yield _Known((*names, *more), _account, leads=len(names))
        yield _Known((("full", f"{prefix}userprincipalname"), ("id", f"{prefix}userid")), _account)
        yield _Known((("full", account),), _account)
    for prefix in ("target", "subject"):
        parts = (("name", f"{prefix}username"), ("domain", f"{prefix}domainname"), ("sid", f"{prefix}usersid"))
        yield _Known(parts, _account)
    yield from _each(
        _account, "full", "actorusername srcusername dstusername user username useridentityarn caller userid"
    )


def _hosts() -> Iterator[_Known]:
    for name, domain in (("dvchostname", "dvcdomain"), ("srchostname", "srcdomain"), ("dsthostname", "dstdomain")):
        yield _Known((("name", name), ("domain", domain)), _host)
    names = "devicename computer hostname host dvcfqdn remotedevicename destdevicename workstationname"
    yield from _each(_host, "name", names)


def _processes() -> Iterator[_Known]:
    for command, id_, created in (
        ("processcommandline", "processid", "processcreationtime"),
        ("initiatingprocesscommandline", "initiatingprocessid", "initiatingprocesscreationtime"),
        ("commandline", "newprocessid", "processcreationtime"),
    ):
        yield _Known((("command", command), ("id", id_), ("created", created)), _process)


def _files() -> Iterator[_Known]:
    for name, directory in (
        ("filename", "folderpath"),
        ("initiatingprocessfilename", "initiatingprocessfolderpath"),
        ("targetfilename", "targetfiledirectory"),
    ):
        yield _Known((("name", name), ("directory", directory)), _file)
    yield from _each(_file, "path", "filepath targetfilepath newprocessname")


_KNOWN: Final = (
    *_accounts(),
    *_hosts(),
    *_each(
        _ip,
        "address",
        "remoteip ipaddress ip sourceip destinationip srcip dstip srcipaddr dstipaddr sourceipaddress"
        " destinationipaddress remoteipaddress clientip clientipaddress calleripaddress actoripaddress senderipv4"
        " senderipv6 fileoriginip maliciousip",
    ),
    _Known(
        (("id", "networkmessageid"), ("recipient", "recipientemailaddress"), ("sender", "senderfromaddress")), _mail
    ),
    *_each(_mailbox, "address", "recipientemailaddress mailboxownerupn mailboxprimaryaddress"),
    *_each(_url, "url", "remoteurl url requesturl fileoriginurl clickurl httprequesturl"),
    *_each(_dns, "name", "dnsquery dnsqueryname domainname domain"),
    *_files(),
    *_processes(),
    *_each(
        _hash,
        "value",
        "sha256 sha1 md5 filehash filehashsha256 filehashsha1 targetfilesha256 initiatingprocesssha256"
        " initiatingprocesssha1 initiatingprocessmd5",
    ),
    *_each(_registry, "key", "registrykey objectname"),
    *_each(_resource, "id", "resourceid _resourceid azureresourceid targetresourceid"),
    *_each(_application, "name", "appdisplayname application appname"),
)
