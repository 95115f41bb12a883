"""Draw the console's pages for docs/console.md: `python tools/console_screenshots.py [FOLDER]`.

A simulated enterprise, rules of content/ and a few more that ran for half a day, alerts that people worked on. The page
must be built (make console), and Chromium be there (tools/system_packages.sh chromium).
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import httpx
from playwright.sync_api import Page, sync_playwright

from bluetick.detections.model import AlertSeverity, EntityMapping
from bluetick.detections.writing.new_rule import NewRule, save_rule, write_rule

ROOT: Final = Path(__file__).parent.parent
END: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
_SINCE: Final = END - timedelta(hours=12)
_CONTENT: Final = ("rare_outbound_country.kql", "large_upload_to_new_place.yaml", "office_starts_script_host.yaml")
_BUSIEST: Final = """\
VMConnection
| where TimeGenerated >= ago(1h)
| summarize Connections = count(), LastSeen = max(TimeGenerated) by Computer, ProcessName, DestinationIp
| top 3 by Connections desc, Computer asc, ProcessName asc, DestinationIp asc
"""
_COUNTRIES: Final = """\
VMConnection
| where TimeGenerated >= ago(1h) and isnotempty(RemoteCountry)
| summarize Countries = dcount(RemoteCountry), DestinationIp = take_any(DestinationIp) by Computer
| where Countries > 4
"""
_SHOWN: Final = """\
// Which processes of a machine speak with the internet?
DeviceNetworkEvents
| where Timestamp > ago(7d)
| where RemoteIPType == "Public" and isnotempty(RemoteUrl)
| project Timestamp, DeviceName, InitiatingProcessFileName, RemoteIP, RemoteUrl, RemotePort, ReportId
"""
_CHART: Final = """\
DeviceNetworkEvents
| where Timestamp > ago(5d)
| where InitiatingProcessFileName in ("chrome.exe", "OUTLOOK.EXE", "svchost.exe")
| summarize Connections = count() by bin(Timestamp, 2h), InitiatingProcessFileName
| render timechart with (title="Connections of three programs")
"""
_GRAPH: Final = """\
VMConnection
| where TimeGenerated > ago(1d) and RemoteCountry !in ("United States", "Ireland", "Netherlands", "")
| summarize Connections = count() by ProcessName, RemoteCountry
"""


def _bluetick(*arguments: str, may_fail: bool = False) -> str:
    command = [sys.executable, "-m", "bluetick", *arguments]
    return subprocess.run(command, check=not may_fail, capture_output=True, text=True).stdout


def _rule(folder: Path, name: str, query: str, severity: AlertSeverity, technique: str, tactic: str) -> None:
    rule = NewRule(
        id=str(uuid5(NAMESPACE_URL, name)),
        name=name,
        query=query,
        frequency=timedelta(hours=1),
        period=timedelta(hours=1),
        severity=severity,
        tactics=(tactic,),
        techniques=(technique,),
        entities=(
            EntityMapping("Host", (("HostName", "Computer"),)),
            EntityMapping("IP", (("Address", "DestinationIp"),)),
        ),
    )
    save_rule(folder, write_rule(rule))


def make_world(folder: Path) -> None:
    lake, rules, ledger = folder / "lake", folder / "rules", folder / "lake.ledger"
    _bluetick("simulate", str(lake), "--days", "21", "--devices", "40", "--rows", "250000", "--end", END.isoformat())
    rules.mkdir()
    for name in _CONTENT:
        shutil.copy(ROOT / "content" / name, rules)
    shutil.copytree(ROOT / "content" / "hunts", folder / "hunts")
    _rule(rules, "Busiest connections of an hour", _BUSIEST, AlertSeverity.MEDIUM, "T1071.001", "CommandAndControl")
    _rule(rules, "One machine speaks with many countries", _COUNTRIES, AlertSeverity.HIGH, "T1041", "Exfiltration")
    data = ("--lake", str(lake), "--ledger", str(ledger))
    times = ("--since", _SINCE.isoformat(), "--now", (END + timedelta(minutes=10)).isoformat(), "--once")
    _bluetick("schedule", str(rules), *data, "--no-tables", *times, may_fail=True)
    told = _bluetick("alerts", "list", "--ledger", str(ledger), "--format", "json").splitlines()
    ids = [json.loads(line)["id"] for line in told]
    _bluetick("alerts", "update", ids[0], "--owner", "ann", "--ledger", str(ledger))
    _bluetick("alerts", "comment", ids[0], "Asked the machine's owner.", "--author", "ann", "--ledger", str(ledger))
    _bluetick("alerts", "close", ids[-1], "--as", "fp", "--reason", "the yearly audit", "--ledger", str(ledger))
    for hunt in (folder / "hunts").glob("*.md"):
        _bluetick("hunt", "run", str(hunt), "--lake", str(lake), "--now", END.isoformat(), may_fail=True)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "bluetick", "serve", "--lake", str(folder / "lake"), "--port", "0"]
    command += ["--rules", str(folder / "rules"), "--hunts", str(folder / "hunts")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = re.search(r"at (http://127\.0\.0\.1:\d+)", process.stderr.readline() if process.stderr else "")
            if found is None:
                raise RuntimeError("the server did not start")
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)


def _type(page: Page, url: str, query: str, *, apart: bool) -> None:
    page.goto(f"{url}/#/query")
    page.get_by_role("textbox").first.wait_for()
    page.wait_for_timeout(1_500)
    if apart:
        page.get_by_role("button", name="New tab").click()
    page.locator(".monaco-editor").first.click(position={"x": 400, "y": 60})
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query)
    page.wait_for_timeout(800)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Enter")
    page.wait_for_timeout(3_000)


def _queries(page: Page, url: str, into: Path) -> None:
    _type(page, url, _SHOWN, apart=False)
    page.get_by_role("treeitem").nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(2_500)
    page.screenshot(path=into / "console_query.png")
    _type(page, url, _CHART, apart=True)
    page.screenshot(path=into / "console_chart.png")
    _type(page, url, _GRAPH, apart=True)
    page.get_by_role("button", name="Graph", exact=True).click()
    page.wait_for_timeout(2_500)
    page.screenshot(path=into / "console_graph.png")


def _first(url: str, path: str, key: str, **wanted: str) -> Any:
    found = httpx.get(url + path).json()[key]
    return next(one for one in found if all(words in str(one[name]) for name, words in wanted.items()))


def _detections(page: Page, url: str, into: Path) -> None:
    alert = _first(url, "/api/alerts?open=true", "alerts", owner="ann")
    incident = _first(url, "/api/incidents", "incidents")
    rule = _first(url, "/api/rules", "rules", name="Busiest")
    hunt = _first(url, "/api/hunts", "hunts")
    places = {
        "alerts": "alerts",
        "alert": f"alerts/{quote(str(alert['id']), safe='')}",
        "incident": f"incidents/{quote(str(incident['id']), safe='')}",
        "rule": f"rules/{quote(rule['id'], safe='')}",
        "hunt": f"hunts/{quote(hunt['name'], safe='')}",
        "coverage": "coverage",
        "health": "health",
    }
    for name, place in places.items():
        page.goto(f"{url}/#/{place}")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(8_000 if name == "coverage" else 1_200)
        if name == "alert":
            page.get_by_role("button", name="Why this fired").click()
            page.wait_for_timeout(6_000)
        if name == "rule":
            page.get_by_role("button", name="Backtest").click()
            page.get_by_role("dialog").get_by_role("button", name="Run the backtest").click()
            page.wait_for_timeout(15_000)
        page.screenshot(path=into / f"console_{name}.png")


def main(into: Path) -> int:
    into.mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        make_world(Path(place))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with served(Path(place)) as url:
            light = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light").new_page()
            _queries(light, url, into)
            _detections(light, url, into)
            dark = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark").new_page()
            _type(dark, url, _SHOWN, apart=False)
            dark.screenshot(path=into / "console_dark.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"))
