"""500 texts of attackers in every view. The fixture `page` fails for any dialog, broken policy, error or foreign
request; here it is shown that the texts were there to be seen, as text."""

import re
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from console.conftest import Console
from console.hostile import COUNT, hostile_texts
from console.world import COLUMN

_ELEMENTS = ("script[src*='evil']", "img[src='x']", "iframe", "object", "a[href^='javascript']", "a[href^='data']")
_SCRIPT = "<script>alert(9119)</script>"


def _nothing_came_to_life(page: Page) -> None:
    for selector in _ELEMENTS:
        assert page.locator(selector).count() == 0, selector


def _run(page: Page, console: Console, query: str) -> None:
    page.goto(console.at("query"))
    page.get_by_role("textbox").first.wait_for()
    page.locator(".monaco-editor").first.click(position={"x": 400, "y": 60})
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Enter")


def _through(page: Page, rows: Locator, steps: int) -> None:
    """Looks at all of a long list, a screen at a time."""
    rows.first.click()
    for _ in range(steps):
        page.keyboard.press("PageDown")
        page.wait_for_timeout(60)  # the grid draws in its own time


def test_grid_and_inspector(page: Page, console: Console) -> None:
    _run(page, console, "Hostile | sort by Number asc")
    expect(page.locator(".results-bar .count strong")).to_have_text(f"{COUNT}")
    rows = page.locator(".tabulator-table > .tabulator-row")
    expect(page.get_by_role("columnheader").filter(has_text="<img src=x onerror=alert(9119)>")).to_be_visible()
    _through(page, rows.locator('[tabulator-field="c1"]'), 40)
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    details = page.get_by_role("complementary", name="Details")
    expect(details).to_be_visible()
    for _ in range(60):
        page.keyboard.press("ArrowDown")
    expect(details).to_contain_text(hostile_texts()[60])
    for tab in details.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(100)
    _nothing_came_to_life(page)


@pytest.mark.parametrize(
    "query",
    [
        "Hostile | summarize count() by Text | render columnchart",
        "Hostile | summarize count() by Text | take 40 | render piechart",
        "Hostile | summarize n = count() by bin(TimeGenerated, 1m), Text | render timechart",
        f"Hostile | project TimeGenerated, ['{COLUMN}'], DestinationIp, ProcessName",
        f"print ['a']='{_SCRIPT}', dynamic({{'{_SCRIPT}': ['<img src=x onerror=alert(9119)>']}})",
        f"{_SCRIPT} | where x == '<img src=x onerror=alert(9119)>'",
    ],
)
def test_charts_results_and_errors(page: Page, console: Console, query: str) -> None:
    _run(page, console, query)
    expect(
        page.get_by_role("status").filter(has_text=re.compile("ms")).or_(page.get_by_role("alert")).first
    ).to_be_visible()
    for name in ("Chart", "Graph", "Grid"):
        button = page.get_by_role("button", name=name, exact=True)
        if button.count() and button.is_enabled():
            button.click()
            page.wait_for_timeout(700)  # drawn from frame to frame
            canvas = page.locator(".canvas canvas").first
            if canvas.count():
                box = canvas.bounding_box()
                assert box is not None
                for part in (0.2, 0.4, 0.6, 0.8):  # what a pointer brings up
                    page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] * 0.5)
                    page.wait_for_timeout(80)
    _nothing_came_to_life(page)


def test_alerts_and_incidents(page: Page, console: Console) -> None:
    with httpx.Client(base_url=console.url) as client:
        alerts = client.get("/api/alerts").json()["alerts"]
        incidents = client.get("/api/incidents").json()["incidents"]
    page.goto(console.at("alerts"))
    expect(page.get_by_role("table", name="Alerts")).to_contain_text("Hostile <img src=x onerror=alert(9119)> rule")
    for alert in [one for one in alerts if "Hostile" in one["title"]]:
        page.goto(console.at("alerts/" + quote(alert["id"], safe="")))
        detail = page.get_by_role("article", name="Alert")
        expect(detail).to_contain_text(_SCRIPT)
        detail.get_by_role("button", name="Why this fired").click()
        expect(page.get_by_role("region", name="Why this fired")).to_be_visible()
        page.wait_for_timeout(4_000)  # a job runs, or ends with its error: both are shown
        _nothing_came_to_life(page)
    for incident in [one for one in incidents if "Hostile" in one["title"]]:
        page.goto(console.at("incidents/" + quote(str(incident["id"]), safe="")))
        expect(page.get_by_text("Hostile <img src=x onerror=alert(9119)> rule").first).to_be_visible()
        _nothing_came_to_life(page)


def test_rules_hunts_coverage_and_health(page: Page, console: Console) -> None:
    page.goto(console.at("rules/11111111-aaaa-4aaa-8aaa-000000000004"))
    expect(page.get_by_text("<script>alert(9119)</script>").first).to_be_visible()
    _nothing_came_to_life(page)
    page.goto(console.at("hunts/hostile"))
    expect(page.get_by_text("Hostile <script>alert(9119)</script>").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Run")).first.click()
    expect(page.get_by_text(_SCRIPT).nth(1)).to_be_visible()
    page.wait_for_timeout(500)
    _nothing_came_to_life(page)
    for place in ("coverage", "health", "rules", "hunts"):
        page.goto(console.at(place))
        page.wait_for_load_state("networkidle")
        _nothing_came_to_life(page)


def test_addresses_of_others(page: Page, console: Console) -> None:
    """A link that somebody sends opens what it names, and does no more."""
    for place in (
        _SCRIPT,
        "alerts/" + quote(_SCRIPT, safe=""),
        "rules/%ff%00",
        "query?q=" + quote(_SCRIPT),
        "hunts/..%2f..%2fetc",
    ):
        page.goto("about:blank")
        page.goto(console.at(place))
        page.wait_for_load_state("networkidle")
        _nothing_came_to_life(page)
