"""The planted stories: what a detection should find, and what it should leave alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bluetick.simulation.devices import DNS_SUFFIX, Device, Role
from bluetick.simulation.endpoints import USUAL_COUNTRIES, Endpoint
from bluetick.simulation.placements import Placement
from bluetick.simulation.randomness import Ints, generator
from bluetick.simulation.scene import Action, Connections, Scene, concatenate
from bluetick.simulation.software import PROFILE, PROGRAMS, Lifetime, Program, Runs
from bluetick.simulation.timeline import DAY, HOUR, MINUTE, SECOND, is_workday

RARE_COUNTRY = "rare-outbound-country"
RARE_PROCESS = "rare-long-running-process"
RARE_PROCESS_MENDED = "rare-long-running-process-mended"
INBOUND_SCAN = "inbound-port-scan"
INTERNAL_SWEEP = "internal-sweep"

Kind = Literal["malicious", "benign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A story in words, and the connections that make it true."""

    id: str
    title: str
    kind: Kind
    program: Program
    connections: Connections
    why: str
    expected: tuple[str, ...] = ()
    missed_by: tuple[str, ...] = ()


def plant_stories(scene: Scene) -> tuple[Telling, ...]:
    """Plant every story, in a fixed order."""
    tellers = (
        _beacon_to_new_country,
        _quiet_implant,
        _rare_loader,
        _unknown_loader,
        _hashless_loader,
        _inbound_scan,
        _internal_sweep,
        _new_saas,
        _own_agent,
        _updater,
        _own_tool,
        _uptime_probe,
    )
    return tuple(tell(scene) for tell in tellers)


def _beats(scene: Scene, label: str, first: int, period: int, jitter: int) -> Ints:
    """Instants from `first` to the window's end, one a period, each late by up to the jitter."""
    steps = np.arange(first, scene.window.end, period, dtype=np.int64)
    return steps + generator("beats", scene.seed, label).integers(0, jitter, len(steps))


def _story_hosts(scene: Scene, prefix: str, country: str, urls: Sequence[str], ports: Sequence[int]) -> list[int]:
    """Endpoints on addresses kept for documentation, so that no story points at a real machine."""
    return [
        scene.atlas.add(Endpoint(ip=f"{prefix}{n + 1}", port=port, url=url, country=country))
        for n, url in enumerate(urls)
        for port in ports
    ]


def _beacon_to_new_country(scene: Scene) -> Telling:
    program = Program(
        file="dxcachehost.exe",
        folder=PROFILE + "Temp\\",
        parent="explorer.exe",
        runs=Runs.USER,
        lifetime=Lifetime.FIXED,
    )
    start = scene.window.end - 50 * MINUTE
    hosts = _story_hosts(scene, "198.51.100.1", "Seychelles", ("", "cdn.pixelharbor.example"), (443, 8443))
    for number in hosts[:2]:
        scene.atlas.endpoints[number] = replace(scene.atlas.endpoints[number], is_flagged=True)
    parts = []
    for n, device in enumerate((scene.workstation(0), scene.workstation(1))):
        implant = _fixed(scene, program, device, start - 2 * MINUTE)
        parts.append(scene.connect(_beats(scene, f"c2-{n}", start, 2 * MINUTE, 20 * SECOND), implant, hosts))
    return Telling(
        id="c2-new-country",
        title="Implant on two workstations beacons to a country never seen before",
        kind="malicious",
        program=program,
        connections=concatenate(parts),
        expected=(RARE_COUNTRY,),
        missed_by=(RARE_PROCESS, RARE_PROCESS_MENDED),
        why="Two machines, two addresses and two ports make eight result rows in the last hour, above the threshold "
        "of five; the process is under an hour old, so the long-running hunt cannot see it.",
    )


def _quiet_implant(scene: Scene) -> Telling:
    program = Program(
        file="fontsync.exe", folder=PROFILE + "Fonts\\", parent="explorer.exe", runs=Runs.USER, lifetime=Lifetime.FIXED
    )
    hours = min(50, (scene.window.end - scene.window.start) // HOUR - 9)
    start = scene.window.end - hours * HOUR + 2 * MINUTE
    implant = _fixed(scene, program, scene.steady[0], start - MINUTE)
    hosts = _story_hosts(scene, "203.0.113.3", "Panama", ("",), (443,))
    return Telling(
        id="quiet-implant",
        title="Implant with one address in one new country",
        kind="malicious",
        program=program,
        connections=scene.connect(_beats(scene, "quiet", start, 20 * MINUTE, 60 * SECOND), implant, hosts),
        missed_by=(RARE_COUNTRY, RARE_PROCESS, RARE_PROCESS_MENDED),
        why="One machine, process, address and port make one result row an hour, never above the threshold of five; "
        "after the third hour the country counts as common and stays silent for 30 days.",
    )


def _loader(scene: Scene, program: Program, homes: Sequence[Device], prefix: str, url: str) -> Connections:
    """Processes 20 days old and more that call home about every 45 minutes."""
    hosts = _story_hosts(scene, prefix, "Netherlands", (url, url), (443,))
    parts = []
    for device in homes:
        luck = generator("loader", scene.seed, program.file, device.index)
        created = scene.window.end - int(luck.uniform(20 * DAY, 25 * DAY))
        first = max(scene.window.start, created + HOUR) + int(luck.uniform(0, 45 * MINUTE))
        loader = _fixed(scene, program, device, created)
        if program.hashless:
            scene.placements[loader] = replace(scene.placements[loader], has_sha256=False)
        label = f"{program.file}-{device.index}"
        parts.append(scene.connect(_beats(scene, label, first, 45 * MINUTE, 5 * MINUTE), loader, hosts))
    return concatenate(parts)


def _rare_loader(scene: Scene) -> Telling:
    program = Program(
        file="vsspump.exe",
        folder="C:\\ProgramData\\VssPump\\",
        arguments="-q",
        lifetime=Lifetime.FIXED,
        prevalence=6,
        threat="Trojan:Win32/Vsspump.A",
    )
    return Telling(
        id="rare-loader",
        title="Old loader on three machines, its file almost unknown in the world",
        kind="malicious",
        program=program,
        connections=_loader(scene, program, scene.steady[1:4], "192.0.2.2", "sync.vaultmirror.example"),
        expected=(RARE_PROCESS, RARE_PROCESS_MENDED),
        missed_by=(RARE_COUNTRY,),
        why="More than 10 days old on three machines, one URL, global prevalence 6. Its country is a usual one.",
    )


def _unknown_loader(scene: Scene) -> Telling:
    program = Program(file="mfcaudit.exe", folder="C:\\ProgramData\\Mfc\\", arguments="/svc", lifetime=Lifetime.FIXED)
    return Telling(
        id="unknown-loader",
        title="Old loader on two machines, its file never seen by the profile service",
        kind="malicious",
        program=program,
        connections=_loader(scene, program, scene.steady[2:4], "198.51.100.4", "feed.stonegate.example"),
        expected=(RARE_PROCESS_MENDED,),
        missed_by=(RARE_COUNTRY, RARE_PROCESS),
        why="No profile means a null GlobalPrevalence, and null <= 20 is not true: the hunt drops the rarest file of "
        "all. A rule that also keeps isnull(GlobalPrevalence) finds it.",
    )


def _hashless_loader(scene: Scene) -> Telling:
    program = Program(
        file="rdpclipx.exe", folder="C:\\ProgramData\\Clip\\", lifetime=Lifetime.FIXED, prevalence=2, hashless=1.0
    )
    return Telling(
        id="hashless-loader",
        title="Old loader whose SHA256 was not recorded",
        kind="malicious",
        program=program,
        connections=_loader(scene, program, scene.steady[4:5], "203.0.113.5", "t.paperlantern.example"),
        missed_by=(RARE_COUNTRY, RARE_PROCESS, RARE_PROCESS_MENDED),
        why="The hunt keeps rows with a SHA256 only. SHA1 is there, and its profile says prevalence 2.",
    )


def _inbound_scan(scene: Scene) -> Telling:
    web = scene.first(Role.WEB_SERVER)
    ports = [443, 80, *range(8000, 8060)]
    scanner = [scene.atlas.add(Endpoint(ip="203.0.113.77", port=port, country="Portugal")) for port in ports]
    start = scene.window.end - 7 * HOUR
    system = scene.find_placement(web.index, "System")
    answered = scene.connect(
        start + np.arange(2, dtype=np.int64) * SECOND,
        scene.find_placement(web.index, "w3wp.exe"),
        scanner[:2],
        Action.ACCEPTED,
    )
    refused = scene.connect(
        start + np.arange(2, len(ports), dtype=np.int64) * SECOND, system, scanner[2:], Action.ATTEMPTED
    )
    return Telling(
        id="inbound-scan",
        title="One address on the internet tries 62 ports of the web server",
        kind="malicious",
        program=scene.placements[system].program,
        connections=concatenate((answered, refused)),
        expected=(INBOUND_SCAN,),
        missed_by=(RARE_COUNTRY, RARE_PROCESS, RARE_PROCESS_MENDED),
        why="Inbound only: the country rule reads outbound connections.",
    )


def _internal_sweep(scene: Scene) -> Telling:
    device = scene.workstation(2)
    shell = scene.find_placement(device.index, "powershell.exe")
    targets = [
        scene.atlas.add(Endpoint(ip=f"10.99.7.{n + 1}", port=port, kind="Private"))
        for n in range(60)
        for port in (445, 3389)
    ]
    times = scene.window.end - 5 * HOUR + np.arange(len(targets), dtype=np.int64) * (SECOND // 2)
    return Telling(
        id="internal-sweep",
        title="A workstation tries SMB and RDP on 60 addresses in a minute",
        kind="malicious",
        program=scene.placements[shell].program,
        connections=scene.connect(times, shell, targets, Action.FAILED),
        expected=(INTERNAL_SWEEP,),
        missed_by=(RARE_COUNTRY, RARE_PROCESS, RARE_PROCESS_MENDED),
        why="All private addresses and all failed: neither founding rule looks at such rows.",
    )


def _new_saas(scene: Scene) -> Telling:
    browser = scene.find_placement(scene.first(Role.WORKSTATION).index, "chrome.exe")
    hosts = _story_hosts(
        scene, "192.0.2.7", "Iceland", [f"{n}.fjordforms.example" for n in ("app", "api", "cdn")], (443,)
    )
    minutes = np.array([5, 6, 8], dtype=np.int64) * MINUTE
    return Telling(
        id="new-saas",
        title="One user tries a service in a country new to the enterprise",
        kind="benign",
        program=scene.placements[browser].program,
        connections=scene.connect(_office_hour(scene) + minutes, browser, hosts),
        why="Three result rows in one hour, below the threshold of five, and not in the last hour.",
    )


def _office_hour(scene: Scene) -> int:
    """A whole-hour offset back from the end that falls in working time where the window has one."""
    hours = range(2, (scene.window.end - scene.window.start) // HOUR - 1)
    starts = [scene.window.end - n * HOUR for n in hours]
    working = [t for t in starts if is_workday(t // DAY) and 9 * HOUR <= t % DAY < 15 * HOUR]
    return working[0] if working else starts[0]


def _own_agent(scene: Scene) -> Telling:
    program = Program(
        file="TarnAgent.exe", folder=PROGRAMS + "Tarnfell\\Agent\\", company="Tarnfell IT", product="Tarn Agent"
    )
    agents = f"agents.{DNS_SUFFIX}"
    host = scene.atlas.add(Endpoint(ip=scene.atlas.free_ip(), port=443, url=agents, country="Ireland"))
    parts = []
    for device in scene.devices:
        agent = scene.place(Placement(device=device.index, program=program, version="5.2.0.0"))
        times = _beats(scene, f"agent-{device.index}", scene.window.start, 6 * HOUR, 6 * HOUR)
        parts.append(scene.connect(times, agent, [host]))
    return Telling(
        id="own-agent",
        title="The enterprise's own agent on every machine",
        kind="benign",
        program=program,
        connections=concatenate(parts),
        why="Old processes, one URL, no profile; but on more than five machines.",
    )


def _updater(scene: Scene) -> Telling:
    program = Program(
        file="ScannerUpdateSvc.exe",
        folder=PROGRAMS + "Optiscan\\Update\\",
        company="Optiscan Corp",
        product="Optiscan Updater",
        lifetime=Lifetime.FIXED,
        prevalence=1_840_000,
        issuer="Verisight Code Signing CA",
    )
    host = scene.atlas.add(Endpoint(ip=scene.atlas.free_ip(), port=443, url="update.optiscan.example", country="Japan"))
    parts = []
    for device in scene.steady[:4]:
        service = _fixed(scene, program, device, scene.window.end - 26 * DAY)
        times = _beats(scene, f"updater-{device.index}", scene.window.start, 4 * HOUR, HOUR)
        parts.append(scene.connect(times[times > scene.window.end - 25 * DAY], service, [host]))
    return Telling(
        id="vendor-updater",
        title="A maker's updater, old on four machines",
        kind="benign",
        program=program,
        connections=concatenate(parts),
        why="Old and rare here with one URL, but its file is on 1,840,000 machines in the world.",
    )


def _own_tool(scene: Scene) -> Telling:
    program = Program(
        file="mergecheck.exe",
        folder=PROFILE + "build\\",
        parent="cmd.exe",
        runs=Runs.USER,
        lifetime=Lifetime.TASK,
        prevalence=3,
    )
    tool = scene.place(Placement(device=scene.workstation(3).index, program=program, version="0.1.0.0"))
    host = scene.atlas.add(Endpoint(ip=scene.atlas.free_ip(), port=443, url="ci.tarnbuild.example", country="Germany"))
    times = _beats(scene, "tool", scene.window.start, 3 * HOUR, HOUR)
    return Telling(
        id="own-tool",
        title="A developer's freshly built tool",
        kind="benign",
        program=program,
        connections=scene.connect(times, tool, [host]),
        why="Global prevalence 3 and one URL, but no process lives for 10 days.",
    )


def _uptime_probe(scene: Scene) -> Telling:
    program = Program(
        file="PulseProbe.exe",
        folder=PROGRAMS + "Pulse\\",
        company="Pulse Ops",
        product="Pulse Probe",
        prevalence=51_000,
        issuer="Verisight Code Signing CA",
    )
    probe = scene.place(Placement(device=scene.first(Role.APP_SERVER).index, program=program, version="2.8.0.0"))
    hosts = [
        scene.atlas.add(Endpoint(ip=scene.atlas.free_ip(), port=443, url=f"probe{n}.pulseops.example", country=country))
        for n, country in enumerate(USUAL_COUNTRIES)
    ]
    # Often enough for the history of 30 days that the country rule reads.
    period = min(scene.window.end - scene.window.start, 30 * DAY) // (24 * len(hosts))
    return Telling(
        id="uptime-probe",
        title="A probe asks one host in every usual country whether it is up",
        kind="benign",
        program=program,
        connections=scene.connect(_beats(scene, "probe", scene.window.start, period, period // 2), probe, hosts),
        why="Gives every usual country a history, so that none of them is new in the last hour.",
    )


def _fixed(scene: Scene, program: Program, device: Device, created: int) -> int:
    return scene.place(Placement(device=device.index, program=program, version="1.0.0.0", created=created))
