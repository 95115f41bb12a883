"""A day of VMConnection: the same connections as one-minute buckets."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bluetick.simulation.columns import DATETIME, INT, LONG, REAL, STRING, VM_CONNECTION, Coded, Column, encode
from bluetick.simulation.endpoints import PLACES, Endpoint
from bluetick.simulation.parquet import Written, write_day
from bluetick.simulation.randomness import Flags, Floats, Ints, generator, identifier, scramble
from bluetick.simulation.scene import Action
from bluetick.simulation.timeline import DAY, MINUTE, Day, to_datetime
from bluetick.simulation.traffic import Traffic
from bluetick.simulation.world import World

# What a connection did in one minute; a bucket counts each.
_ESTABLISHED, _FAILED, _TERMINATED, _LIVE = 1, 2, 4, 8
_EFFECTS = (_ESTABLISHED, _FAILED, _TERMINATED, _LIVE)
_EFFECT_BITS = 4
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_LONGEST_LINK = 300


@dataclass(frozen=True, slots=True)
class Buckets:
    """One row a minute, placement, endpoint and direction, in order of minute; counts of links as columns."""

    key: Ints
    minute: Ints
    placement: Ints
    endpoint: Ints
    inbound: Flags
    established: Ints
    failed: Ints
    terminated: Ints
    live: Ints


@dataclass(frozen=True, slots=True)
class _Key:
    """Packs minute, placement, endpoint, direction and effect into one integer whose order is the bucket's."""

    endpoint_bits: int
    placement_bits: int

    def pack(self, minute: Ints, placement: Ints, endpoint: Ints, inbound: Flags) -> Ints:
        key = (minute << self.placement_bits) | placement
        key = (key << self.endpoint_bits) | endpoint
        packed: Ints = (key << 1) | inbound
        return packed

    def later(self, key: Ints, minutes: Ints) -> Ints:
        """The same bucket some minutes on."""
        moved: Ints = key + (minutes << (self.placement_bits + self.endpoint_bits + 1))
        return moved

    def unpack(self, key: Ints) -> tuple[Ints, Ints, Ints, Flags]:
        endpoint = (key >> 1) & ((1 << self.endpoint_bits) - 1)
        rest = key >> (1 + self.endpoint_bits)
        return (
            rest >> self.placement_bits,
            rest & ((1 << self.placement_bits) - 1),
            endpoint,
            (key & 1).astype(np.bool_),
        )


def bucket(world: World, traffic: Traffic) -> Buckets:
    """Count the day's connections by minute; some stay open for minutes or hours and appear in each."""
    packer = _Key(len(world.endpoints).bit_length(), len(world.placements).bit_length())
    rows = traffic.connections.pick(world.wires.in_vm_connection[traffic.connections.endpoint])
    minute = (rows.time - traffic.day.midnight) // MINUTE
    key = packer.pack(minute, rows.placement, rows.endpoint, rows.action >= int(Action.ACCEPTED))
    is_failed = (rows.action == int(Action.FAILED)) | (rows.action == int(Action.ATTEMPTED))
    short = np.where(is_failed, _FAILED, _ESTABLISHED | _TERMINATED)
    effects = (key << _EFFECT_BITS) | short
    wanted = len(traffic.connections) - _distinct(key)
    lasting, lengths = _lasting(world, traffic.day, minute, np.flatnonzero(~is_failed), wanted)
    effects[lasting] = (key[lasting] << _EFFECT_BITS) | _ESTABLISHED | _LIVE
    tails = np.repeat(key[lasting], lengths)
    step = np.arange(len(tails), dtype=np.int64) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    ending = np.where(step == np.repeat(lengths, lengths), _TERMINATED, _LIVE)
    effects = np.concatenate([effects, (packer.later(tails, step) << _EFFECT_BITS) | ending])
    return _count(packer, np.sort(effects))


def _distinct(key: Ints) -> int:
    ordered = np.sort(key)
    return int(np.count_nonzero(np.diff(ordered))) + min(1, len(ordered))


def _lasting(world: World, day: Day, minute: Ints, candidates: Ints, wanted: int) -> tuple[Ints, Ints]:
    """Connections that stay open, and for how many minutes more: about `wanted` minutes in all, none past the end."""
    nothing = np.zeros(0, dtype=np.int64)
    if wanted <= 0 or len(candidates) == 0:
        return nothing, nothing
    rng = generator("lasting", world.seed, day.number)
    chosen = np.unique(rng.choice(candidates, size=1 + wanted // 4))
    rng.shuffle(chosen)
    lengths = np.minimum(1 + (rng.pareto(1.3, len(chosen)) * 4).astype(np.int64), _LONGEST_LINK)
    last_minute = (day.high - 1 - day.midnight) // MINUTE
    lengths = np.minimum(lengths, last_minute - minute[chosen])
    enough = int(np.searchsorted(np.cumsum(lengths), wanted))
    kept = np.flatnonzero(lengths[:enough] > 0)
    return chosen[kept], lengths[kept]


def _count(packer: _Key, effects: Ints) -> Buckets:
    keys = effects >> _EFFECT_BITS
    firsts = np.flatnonzero(np.concatenate([[True], np.diff(keys) != 0])) if len(keys) else np.zeros(0, dtype=np.int64)
    counts = [_sums((effects & effect) != 0, firsts) for effect in _EFFECTS]
    key = keys[firsts]
    return Buckets(key, *packer.unpack(key), *counts)


def _sums(flags: Flags, firsts: Ints) -> Ints:
    """How many flags are set from each first row up to the next."""
    running = np.concatenate([[0], np.cumsum(flags)])
    sums: Ints = np.diff(running[np.concatenate([firsts, [len(flags)]])])
    return sums


def _flagged(endpoint: Endpoint, text: str) -> str:
    return text if endpoint.is_flagged else ""


class VmConnections:
    """Writes days of one world; the texts that placements and endpoints repeat are held once."""

    def __init__(self, world: World) -> None:
        self._world = world
        homes = [(placement.program, world.devices[placement.device]) for placement in world.placements]
        subscription = identifier("subscription", world.seed)
        group = f"/subscriptions/{subscription}/resourcegroups/tarnfell/providers/microsoft.compute/virtualmachines"
        self._computer = {
            "Computer": encode([device.name for _, device in homes]),
            "ProcessName": encode([program.file.removesuffix(".exe") for program, _ in homes]),
            "Machine": encode([f"m-{device.agent_id}" for _, device in homes]),
            "Process": encode([f"p-{identifier(device.agent_id, program.file)}" for program, device in homes]),
            "AgentId": encode([device.agent_id for _, device in homes]),
            "_ResourceId": encode([f"{group}/{device.host}" for _, device in homes]),
        }
        self._remote = _remote_texts(world)
        self._constants = {
            "Protocol": encode(["tcp"]),
            "RemoteDnsCanonicalNames": encode([""]),
            "RemoteClassification": encode([""]),
            "SourceSystem": encode(["Insights"]),
            "Type": encode(["VMConnection"]),
            "_IsBillable": encode(["True"]),
            "_SubscriptionId": encode([subscription]),
        }
        self._direction = encode(["outbound", "inbound"])
        places = [PLACES.get(endpoint.country, (np.nan, np.nan)) for endpoint in world.endpoints]
        self._latitude: Floats = np.array([place[0] for place in places])
        self._longitude: Floats = np.array([place[1] for place in places])
        self._flagged: Flags = np.array([endpoint.is_flagged for endpoint in world.endpoints])
        self._ips = _Addresses(world)

    def write(self, path: Path, traffic: Traffic) -> Written:
        """Write the day's buckets in order of time."""
        buckets = bucket(self._world, traffic)

        def columns_of(first: int, last: int) -> dict[str, Column]:
            return self._columns(traffic.day, buckets, slice(first, last))

        return write_day(path, VM_CONNECTION, len(buckets.key), columns_of)

    def _columns(self, day: Day, buckets: Buckets, rows: slice) -> dict[str, Column]:
        placement, endpoint = buckets.placement[rows], buckets.endpoint[rows]
        inbound = buckets.inbound[rows]
        columns = {name: coded.rows(placement) for name, coded in self._computer.items()}
        columns |= {name: coded.rows(endpoint) for name, coded in self._remote.items()}
        nothing = np.zeros(len(placement), dtype=np.int64)
        columns |= {name: coded.rows(nothing) for name, coded in self._constants.items()}
        columns |= self._ips.columns(placement, endpoint, inbound)
        columns |= self._places(endpoint)
        columns |= _volumes(self._world, day, buckets, rows)
        columns["TimeGenerated"] = pa.array(day.midnight + buckets.minute[rows] * MINUTE).cast(DATETIME)
        columns["Direction"] = self._direction.rows(inbound.astype(np.int64))
        columns["DestinationPort"] = pa.array(self._world.wires.port[endpoint].astype(np.int32), type=INT)
        columns["Severity"] = pa.array(np.full(len(endpoint), 3, np.int32), type=INT, mask=~self._flagged[endpoint])
        columns["ConnectionId"] = _hexadecimal(scramble(buckets.key[rows], day.number))
        columns["_BilledSize"] = pa.array(np.where(inbound, 811.0, 823.0), type=REAL)
        return columns

    def _places(self, endpoint: Ints) -> dict[str, Column]:
        latitude, longitude = self._latitude[endpoint], self._longitude[endpoint]
        unknown = np.isnan(latitude)
        return {
            "RemoteLatitude": pa.array(latitude, type=REAL, mask=unknown),
            "RemoteLongitude": pa.array(longitude, type=REAL, mask=unknown),
        }


class _Addresses:
    """The machines' and the endpoints' addresses in one dictionary, because source and destination hold either."""

    def __init__(self, world: World) -> None:
        self._endpoints = len(world.endpoints)
        local = [world.devices[placement.device].ip for placement in world.placements]
        self._texts: Coded = encode([*(endpoint.ip for endpoint in world.endpoints), *local])

    def columns(self, placement: Ints, endpoint: Ints, inbound: Flags) -> dict[str, Column]:
        local = placement + self._endpoints
        return {
            "SourceIp": self._texts.rows(np.where(inbound, endpoint, local)),
            "DestinationIp": self._texts.rows(np.where(inbound, local, endpoint)),
            "RemoteIp": self._texts.rows(endpoint),
        }


def _remote_texts(world: World) -> dict[str, Coded]:
    ends = world.endpoints
    reported = [to_datetime(world.window.end - days * DAY).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (90, 2)]
    return {
        "RemoteDnsQuestions": encode([f'["{end.url}"]' if end.url else "" for end in ends]),
        "RemoteCountry": encode([end.country for end in ends]),
        "MaliciousIp": encode([_flagged(end, end.ip) for end in ends]),
        "IndicatorThreatType": encode([_flagged(end, "C2") for end in ends]),
        "Description": encode([_flagged(end, "Address reported as a command and control server") for end in ends]),
        "TLPLevel": encode([_flagged(end, "Amber") for end in ends]),
        "Confidence": encode([_flagged(end, "85") for end in ends]),
        "FirstReportedDateTime": encode([_flagged(end, reported[0]) for end in ends]),
        "LastReportedDateTime": encode([_flagged(end, reported[1]) for end in ends]),
        "IsActive": encode([_flagged(end, "True") for end in ends]),
    }


def _volumes(world: World, day: Day, buckets: Buckets, rows: slice) -> dict[str, Column]:
    """Bytes and response times, heavy-tailed; a bucket of failures only carries nothing."""
    rng = generator("volume", world.seed, day.number, rows.start)
    established, live = buckets.established[rows], buckets.live[rows]
    terminated = buckets.terminated[rows]
    links = np.maximum(established, live + terminated)
    noise = rng.standard_normal((2, len(links)), dtype=np.float32)
    responses = links * 2
    slow = 4 + (np.exp(noise[0] * 0.6 + 2.5)).astype(np.int64)
    columns: dict[str, Ints] = {
        "BytesSent": (links * np.exp(noise[0] * 1.2 + 7.2)).astype(np.int64),
        "BytesReceived": (links * np.exp(noise[1] * 1.5 + 8.6)).astype(np.int64),
        "LinksEstablished": established,
        "LinksFailed": buckets.failed[rows],
        "LinksTerminated": terminated,
        "LinksLive": live,
        "Responses": responses,
        "ResponseTimeSum": responses * slow,
        "ResponseTimeMin": np.where(links > 0, slow // 2, 0),
        "ResponseTimeMax": np.where(links > 0, slow * 2, 0),
    }
    return {name: pa.array(values, type=LONG) for name, values in columns.items()}


def _hexadecimal(words: npt.NDArray[np.uint64]) -> Column:
    """Each word as 16 hexadecimal digits."""
    octets = words.astype(">u8").view(np.uint8).reshape(-1, 8)
    digits = np.stack([_HEX[octets >> 4], _HEX[octets & 15]], axis=2).reshape(-1)
    offsets = np.arange(len(words) + 1, dtype=np.int32) * 16
    return pa.Array.from_buffers(
        STRING, len(words), [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(digits.tobytes())]
    )
