"""`simulate`: write an enterprise's telemetry, its file profiles and the truth about it."""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bluetick.simulation.device_events import DeviceEvents
from bluetick.simulation.devices import FEWEST_DEVICES
from bluetick.simulation.endpoints import USUAL_COUNTRIES
from bluetick.simulation.parquet import Written
from bluetick.simulation.placements import Placement
from bluetick.simulation.processes import processes_of
from bluetick.simulation.profiles import write_profiles
from bluetick.simulation.stories import Telling
from bluetick.simulation.timeline import Day, Window, to_datetime, to_micros
from bluetick.simulation.traffic import draw_traffic, natural_rows
from bluetick.simulation.vm_connections import VmConnections
from bluetick.simulation.world import World, build_world

DEVICE_EVENTS = "DeviceNetworkEvents"
VM_CONNECTIONS = "VMConnection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One planted story as the ground truth tells it; names and hashes are those in the data."""

    id: str
    title: str
    kind: str
    expected_detections: tuple[str, ...]
    missed_by: tuple[str, ...]
    first_seen: str
    last_seen: str
    connections: int
    devices: tuple[str, ...]
    process: str
    sha1: str
    sha256: str
    ips: tuple[str, ...]
    countries: tuple[str, ...]
    urls: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """What was written: rows by table, bytes in all, the stories, and the files in order."""

    rows: dict[str, int]
    bytes: int
    stories: tuple[Story, ...]
    files: tuple[Path, ...]


def simulate(
    out: Path,
    *,
    end: datetime,
    days: int = 30,
    devices: int = 50,
    rows: int | None = None,
    seed: int = 7,
    progress: Callable[[int, int], None] | None = None,
) -> SimulationReport:
    """Write `days` days of telemetry up to `end` (exclusive) under `out`; equal arguments give equal files.

    `rows` is the number of rows wanted in each table, met roughly by talking more or less; the planted stories are
    always whole. `progress` is called with the days done and the days to do.
    """
    _check(end, days, devices, rows)
    _check_empty(out)
    window = Window(to_micros(end - timedelta(days=days)), to_micros(end))
    world = build_world(window, devices, seed)
    out.mkdir(parents=True, exist_ok=True)
    events, buckets = _write_tables(world, out, _scale(world, rows), progress)
    profiles = write_profiles(world, out / "profiles.parquet")
    stories = tuple(_story(world, telling) for telling in world.tellings)
    truth = _write_truth(world, stories, out / "ground_truth.json")
    written = (*events, *buckets, profiles, truth)
    return SimulationReport(
        rows={DEVICE_EVENTS: sum(w.rows for w in events), VM_CONNECTIONS: sum(w.rows for w in buckets)},
        bytes=sum(file.bytes for file in written),
        stories=stories,
        files=tuple(file.path for file in written),
    )


def _check(end: datetime, days: int, devices: int, rows: int | None) -> None:
    if end.tzinfo is None:
        raise ValueError("end has no time zone; give it one, such as datetime.UTC")
    if days < 1:
        raise ValueError(f"days is {days}; at least 1 is needed")
    if devices < FEWEST_DEVICES:
        raise ValueError(f"devices is {devices}; at least {FEWEST_DEVICES} are needed to tell every story")
    if rows is not None and rows < 0:
        raise ValueError(f"rows is {rows}; it cannot be negative")


def _check_empty(out: Path) -> None:
    """Days left from another run would be read as part of this one."""
    for table in (DEVICE_EVENTS, VM_CONNECTIONS):
        if any((out / table).glob("*.parquet")):
            raise FileExistsError(f"{out / table} already holds Parquet files; choose another folder or empty this one")


def _scale(world: World, rows: int | None) -> float:
    """How much more than naturally everyone has to talk for this many rows."""
    if rows is None:
        return 1.0
    return max(0, rows - len(world.planted)) / natural_rows(world, world.window.days())


def _write_tables(
    world: World, out: Path, scale: float, progress: Callable[[int, int], None] | None
) -> tuple[list[Written], list[Written]]:
    """Write day by day: the next day is drawn while the two tables of the last one are written."""
    folders = [out / DEVICE_EVENTS, out / VM_CONNECTIONS]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    device_events, vm_connections = DeviceEvents(world), VmConnections(world)
    days = world.window.days()
    done: list[tuple[Written, Written]] = []
    pending: tuple[Future[Written], Future[Written]] | None = None

    def finish(writing: tuple[Future[Written], Future[Written]]) -> None:
        done.append((writing[0].result(), writing[1].result()))
        if progress is not None:
            progress(len(done), len(days))

    def submit(pool: ThreadPoolExecutor, day: Day) -> tuple[Future[Written], Future[Written]]:
        traffic, processes = draw_traffic(world, day, scale), processes_of(world, day)
        if pending is not None:
            finish(pending)
        paths = [folder / f"{day.label}.parquet" for folder in folders]
        return (
            pool.submit(device_events.write, paths[0], traffic, processes),
            pool.submit(vm_connections.write, paths[1], traffic),
        )

    with ThreadPoolExecutor(max_workers=2) as pool:
        for day in days:
            pending = submit(pool, day)
        if pending is not None:
            finish(pending)
    return [events for events, _ in done], [buckets for _, buckets in done]


def _story(world: World, telling: Telling) -> Story:
    rows = telling.connections
    placements: list[Placement] = [world.placements[n] for n in sorted(set(rows.placement.tolist()))]
    ends = [world.endpoints[n] for n in sorted(set(rows.endpoint.tolist()))]
    own = [p for p in placements if p.program.file == telling.program.file]
    return Story(
        id=telling.id,
        title=telling.title,
        kind=telling.kind,
        expected_detections=telling.expected,
        missed_by=telling.missed_by,
        first_seen=to_datetime(int(rows.time.min())).isoformat(),
        last_seen=to_datetime(int(rows.time.max())).isoformat(),
        connections=len(rows),
        devices=tuple(sorted({world.devices[p.device].name for p in placements})),
        process=telling.program.file,
        sha1=own[0].file_hash("sha1"),
        sha256=own[0].file_hash("sha256"),
        ips=tuple(sorted({end.ip for end in ends})),
        countries=tuple(sorted({end.country for end in ends if end.country})),
        urls=tuple(sorted({end.url for end in ends if end.url})),
        why=telling.why,
    )


def _write_truth(world: World, stories: tuple[Story, ...], path: Path) -> Written:
    truth = {
        "format": 1,
        "seed": world.seed,
        "start": to_datetime(world.window.start).isoformat(),
        "end": to_datetime(world.window.end).isoformat(),
        "devices": len(world.devices),
        "usual_countries": list(USUAL_COUNTRIES),
        "stories": [asdict(story) for story in stories],
    }
    path.write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8", newline="\n")
    return Written(path, len(stories), path.stat().st_size)
