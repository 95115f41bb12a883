"""A day of DeviceNetworkEvents: one row a connection and end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bluetick.simulation.columns import BOOL, DATETIME, DEVICE_NETWORK_EVENTS, INT, LONG, Coded, Column, encode
from bluetick.simulation.devices import Account, Device, Role
from bluetick.simulation.parquet import Written, write_day
from bluetick.simulation.placements import Placement, file_size
from bluetick.simulation.processes import Processes
from bluetick.simulation.randomness import Flags, Ints
from bluetick.simulation.scene import Action
from bluetick.simulation.software import Runs
from bluetick.simulation.timeline import DAY
from bluetick.simulation.traffic import Traffic
from bluetick.simulation.world import World

_SYSTEM = Account("nt authority", "system", "S-1-5-18")
_NETWORK = Account("nt authority", "network service", "S-1-5-20")
_REPORTS_A_DAY = 1 << 30

Describe = Callable[[Placement, Device], str]


def _account(placement: Placement, device: Device) -> Account:
    match placement.program.runs:
        case Runs.SYSTEM:
            return _SYSTEM
        case Runs.NETWORK:
            return _NETWORK
        case Runs.USER:
            return device.owner


def folder(placement: Placement, device: Device) -> str:
    """Where the file lies on this machine."""
    return placement.program.folder.replace("{user}", device.owner.name)


def _command_line(placement: Placement, device: Device) -> str:
    program = placement.program
    if program.is_kernel:
        return ""
    profile = f"C:\\Users\\{device.owner.name}\\AppData\\Local\\{program.product}\\User Data"
    arguments = program.arguments.replace("{profile}", profile)
    return f'"{folder(placement, device)}{program.file}" {arguments}'.rstrip()


def _is_remote(placement: Placement, device: Device) -> bool:
    """Administrators reach servers from afar; users sit at their workstations."""
    return placement.program.runs is Runs.USER and device.role is not Role.WORKSTATION


def _versioned(text: str, placement: Placement) -> str:
    return text if placement.program.company else ""


_BY_PLACEMENT: dict[str, Describe] = {
    "DeviceId": lambda _, d: d.device_id,
    "DeviceName": lambda _, d: d.name,
    "InitiatingProcessSHA1": lambda p, _: p.file_hash("sha1"),
    "InitiatingProcessSHA256": lambda p, _: p.file_hash("sha256"),
    "InitiatingProcessMD5": lambda p, _: p.file_hash("md5"),
    "InitiatingProcessFileName": lambda p, _: p.program.file,
    "InitiatingProcessVersionInfoCompanyName": lambda p, _: p.program.company,
    "InitiatingProcessVersionInfoProductName": lambda p, _: p.program.product,
    "InitiatingProcessVersionInfoProductVersion": lambda p, _: _versioned(p.version, p),
    "InitiatingProcessVersionInfoInternalFileName": lambda p, _: _versioned(p.program.file.removesuffix(".exe"), p),
    "InitiatingProcessVersionInfoOriginalFileName": lambda p, _: _versioned(p.program.file, p),
    "InitiatingProcessVersionInfoFileDescription": lambda p, _: p.program.product,
    "InitiatingProcessCommandLine": _command_line,
    "InitiatingProcessFolderPath": lambda p, d: "" if p.program.is_kernel else folder(p, d) + p.program.file,
    "InitiatingProcessParentFileName": lambda p, _: p.program.parent,
    "InitiatingProcessAccountDomain": lambda p, d: _account(p, d).domain,
    "InitiatingProcessAccountName": lambda p, d: _account(p, d).name,
    "InitiatingProcessAccountSid": lambda p, d: _account(p, d).sid,
    "InitiatingProcessAccountUpn": lambda p, d: _account(p, d).upn,
    "InitiatingProcessAccountObjectId": lambda p, d: _account(p, d).object_id,
    "InitiatingProcessIntegrityLevel": lambda p, _: "Medium" if p.program.runs is Runs.USER else "System",
    "InitiatingProcessTokenElevation": lambda p, _: (
        "TokenElevationTypeLimited" if p.program.runs is Runs.USER else "TokenElevationTypeDefault"
    ),
    "InitiatingProcessRemoteSessionDeviceName": lambda p, d: "wks-admin" if _is_remote(p, d) else "",
    "InitiatingProcessRemoteSessionIP": lambda p, d: "10.20.0.5" if _is_remote(p, d) else "",
}


class DeviceEvents:
    """Writes days of one world; the texts that placements and endpoints repeat are held once."""

    def __init__(self, world: World) -> None:
        self._world = world
        homes = [(placement, world.devices[placement.device]) for placement in world.placements]
        self._placement_texts = {
            name: encode([describe(*home) for home in homes]) for name, describe in _BY_PLACEMENT.items()
        }
        self._endpoint_texts = {
            "RemoteIP": encode([endpoint.ip for endpoint in world.endpoints]),
            "RemoteUrl": encode([endpoint.url for endpoint in world.endpoints]),
            "RemoteIPType": encode([endpoint.kind for endpoint in world.endpoints]),
            "Protocol": encode(["Udp" if endpoint.is_udp else "Tcp" for endpoint in world.endpoints]),
        }
        # A machine speaks IPv6 from an address of its own, coded after all the IPv4 ones.
        local = [device.ip for _, device in homes] + [f"fd7a:115c:20::{device.index + 16:x}" for _, device in homes]
        self._local = encode(local)
        self._is_ipv6: Flags = np.array([endpoint.is_ipv6 for endpoint in world.endpoints])
        self._actions = encode([action.action_type for action in Action])
        self._constants = {"LocalIPType": encode(["Private"]), "AppGuardContainerId": encode([""])}
        self._constants["AdditionalFields"] = self._constants["AppGuardContainerId"]
        self._kernel: Flags = np.array([placement.program.is_kernel for placement, _ in homes])
        self._sizes: Ints = np.array([file_size(p.program, p.version) for p, _ in homes], dtype=np.int64)
        self._sessions: Ints = np.array([int(p.program.runs is Runs.USER) for p, _ in homes], dtype=np.int64)
        self._remote: Flags = np.array([_is_remote(*home) for home in homes])

    def write(self, path: Path, traffic: Traffic, processes: Processes) -> Written:
        """Write the day's rows in order of time."""
        names = encode([str(number) for number in processes.unique_id.tolist()])

        def columns_of(first: int, last: int) -> dict[str, Column]:
            return self._columns(traffic, processes, names, slice(first, last))

        return write_day(path, DEVICE_NETWORK_EVENTS, len(traffic.connections), columns_of)

    def _columns(self, traffic: Traffic, processes: Processes, names: Coded, rows: slice) -> dict[str, Column]:
        all_rows = traffic.connections
        time, placement, action = all_rows.time[rows], all_rows.placement[rows], all_rows.action[rows]
        endpoint = all_rows.endpoint[rows]
        columns = {name: coded.rows(placement) for name, coded in self._placement_texts.items()}
        columns |= {name: coded.rows(endpoint) for name, coded in self._endpoint_texts.items()}
        nothing = np.zeros(len(time), dtype=np.int64)
        columns |= {name: coded.rows(nothing) for name, coded in self._constants.items()}
        columns |= self._ports(endpoint, traffic.ephemeral[rows], action >= int(Action.ACCEPTED))
        columns |= _instances(processes, processes.running(placement, time), names)
        report = (traffic.day.low // DAY % 4096) * _REPORTS_A_DAY + np.arange(rows.start, rows.stop, dtype=np.int64)
        columns["Timestamp"] = pa.array(time).cast(DATETIME)
        columns["LocalIP"] = self._local.rows(placement + self._is_ipv6[endpoint] * len(self._kernel))
        columns["ActionType"] = self._actions.rows(action)
        columns["ReportId"] = pa.array(report, type=LONG)
        columns["InitiatingProcessFileSize"] = pa.array(self._sizes[placement], type=LONG, mask=self._kernel[placement])
        columns["InitiatingProcessSessionId"] = pa.array(self._sessions[placement], type=LONG)
        columns["IsInitiatingProcessRemoteSession"] = pa.array(self._remote[placement], type=BOOL)
        return columns

    def _ports(self, endpoint: Ints, ephemeral: npt.NDArray[np.int32], inbound: Flags) -> dict[str, Column]:
        service = self._world.wires.port[endpoint].astype(np.int32)
        return {
            "RemotePort": pa.array(np.where(inbound, ephemeral, service), type=INT),
            "LocalPort": pa.array(np.where(inbound, service, ephemeral), type=INT),
        }


def _instances(processes: Processes, instance: Ints, names: Coded) -> dict[str, Column]:
    return {
        "InitiatingProcessId": pa.array(processes.pid[instance], type=LONG),
        "InitiatingProcessCreationTime": pa.array(processes.created[instance]).cast(DATETIME),
        "InitiatingProcessParentId": pa.array(processes.parent_pid[instance], type=LONG),
        "InitiatingProcessParentCreationTime": pa.array(processes.parent_created[instance]).cast(DATETIME),
        "InitiatingProcessUniqueId": names.rows(instance),
        "LogonID": pa.array(processes.logon_id[instance], type=LONG),
    }
