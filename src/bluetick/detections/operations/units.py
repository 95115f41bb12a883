"""Units of systemd for a service, and for its backups each day.

https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
# What a process that reads and writes files and opens connections does not need.
_HARDENING: Final = (
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "CapabilityBoundingSet=",
    "UMask=0077",
)
# A user's own service manager may not do the rest.
_OF_USERS: Final = ("NoNewPrivileges=yes", "RestrictRealtime=yes", "LockPersonality=yes", "UMask=0077")


@dataclass(frozen=True, slots=True)
class Service:
    """`command` and `backup` are whole command lines, `writes` and `backup_writes` where they write. `user` is who runs
    them; None: the service manager of a user. A window may take `seconds`, and is finished when the service is told to
    end."""

    command: tuple[str, ...]
    backup: tuple[str, ...]
    folder: Path
    writes: tuple[Path, ...]
    backup_writes: tuple[Path, ...]
    user: str | None
    seconds: float


def units(service: Service) -> dict[str, str]:
    """The text of each unit, by its file's name."""
    return {
        "bluetick.service": _lines(
            "[Unit]",
            "Description=bluetick: detections on their schedule",
            *([] if service.user is None else ["After=local-fs.target network-online.target"]),
            *([] if service.user is None else ["Wants=network-online.target"]),
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            "Type=simple",
            f"ExecStart={command_line(service.command)}",
            "Restart=always",
            "RestartSec=10",
            f"TimeoutStopSec={int(service.seconds) + 60}",
            *_surroundings(service, service.writes),
            "",
            "[Install]",
            f"WantedBy={'default' if service.user is None else 'multi-user'}.target",
        ),
        "bluetick-backup.service": _lines(
            "[Unit]",
            "Description=bluetick: a backup of ledger and lake",
            "",
            "[Service]",
            "Type=oneshot",
            f"ExecStart={command_line(service.backup)}",
            *_surroundings(service, service.backup_writes),
        ),
        "bluetick-backup.timer": _lines(
            "[Unit]",
            "Description=bluetick: a backup each day",
            "",
            "[Timer]",
            "OnCalendar=daily",
            "RandomizedDelaySec=30min",
            "Persistent=yes",
            "",
            "[Install]",
            "WantedBy=timers.target",
        ),
    }


def command_line(words: Sequence[str]) -> str:
    """A command as ExecStart reads it: `%`, `$`, quotes and blanks have a meaning there."""
    return " ".join(_word(word) for word in words)


def _surroundings(service: Service, writes: Sequence[Path]) -> list[str]:
    return [
        *([] if service.user is None else [f"User={service.user}"]),
        f"WorkingDirectory={_path(service.folder)}",
        *(_OF_USERS if service.user is None else _HARDENING),
        *([] if service.user is None else [f"ReadWritePaths={_listed(path)}" for path in writes]),
    ]


def _word(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped.replace("%", "%%").replace("$", "$$")}"'


def _path(path: Path) -> str:
    return str(path).replace("%", "%%")


def _listed(path: Path) -> str:
    """A path in a list of them, where blanks part."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if _PLAIN.fullmatch(escaped) else f'"{escaped}"'


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
