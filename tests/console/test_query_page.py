"""The query room: what the editor knows, what runs, what is kept, what is made of a query."""

import json
import re
from datetime import timedelta

from playwright.sync_api import Locator, Page, Request, Response, expect

from bluetick.detections.documents.reading import read_document
from console.conftest import Console
from console.hostile import COUNT
from console.world import END

_SPEAKERS = """\
VMConnection
| where TimeGenerated >= ago(1h)
| summarize Connections = count() by Computer"""
# As long as anybody waits: each number is made and hashed.
_ENDLESS = "range Number from 1 to 1000000000000 step 1 | summarize max(hash_sha256(tostring(Number)))"


_NEWEST = """async () => {
  const { tables } = await (await fetch("/api/tables")).json();
  return tables.map((table) => table.last).sort().at(-1);
}"""


def _editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Query;")


def _write(page: Page, text: str) -> None:
    """In the place of what the tab has."""
    _editor(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def _open(page: Page, console: Console, text: str = "") -> None:
    page.goto(console.at("query"))
    _editor(page).wait_for()
    if text:
        _write(page, text)


def _status(page: Page) -> Locator:
    return page.get_by_role("region", name="Results").locator("footer")


def _run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def _suggestion(page: Page, name: str) -> Locator:
    return page.locator(".suggest-widget").get_by_role("option", name=re.compile(rf"^{name}\b"))


def test_completion_knows_tables_and_columns(page: Page, console: Console) -> None:
    _open(page, console)
    page.keyboard.type("DeviceNetw")
    expect(_suggestion(page, "DeviceNetworkEvents")).to_be_visible()
    page.keyboard.press("Escape")
    _write(page, "VMConnection\n| where ")
    page.keyboard.type("DestinationP")
    expect(_suggestion(page, "DestinationPort")).to_be_visible()


def test_the_binders_problems_stand_at_their_places(page: Page, console: Console) -> None:
    """Two queries: the problem is of the second one. Characters of two units each stand before."""
    _open(page, console, 'VMConnection | take 1\n\nVMConnection\n| where "😀😀" != ProcessName and NoSuch == 1')
    problems = page.get_by_role("region", name="Problems")
    expect(problems).to_contain_text("1 error")
    expect(page.locator(".squiggly-error")).to_have_count(1)
    problems.get_by_role("button").first.click()
    item = problems.get_by_role("listitem")
    expect(item).to_contain_text("NoSuch")
    expect(item).to_contain_text(re.compile(r"[A-Z]{3}\d{4}"))
    item.get_by_role("button").click()
    page.keyboard.insert_text("1")
    expect(page.locator(".view-lines")).to_contain_text("and 1 == 1")  # the name alone was selected
    expect(problems).to_have_count(0)


def test_all_the_selection_or_the_query_at_the_cursor_runs(page: Page, console: Console) -> None:
    _open(page, console, "Hostile | take 3\n\nlet Most = 4;\n\nHostile | take Most\n\nHostile | take 5")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_role("tab", name="Result 3")).to_have_attribute("aria-selected", "true")
    expect(_status(page)).to_contain_text("5 rows")
    _editor(page).focus()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Control+Enter")
    expect(_status(page)).to_contain_text("4 rows")
    page.keyboard.press("Control+Home")
    for _ in "Hostile":
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+Enter")
    expect(_status(page)).to_contain_text(f"{COUNT} rows")


def test_a_refusal_leads_to_its_place(page: Page, console: Console) -> None:
    _open(page, console, "Hostile\n| take 1\n\nHostile\n| where Nowhere == 1")
    page.keyboard.press("Control+Enter")
    results = page.get_by_role("region", name="Results")
    expect(results.get_by_role("alert")).to_contain_text("Nowhere")
    results.get_by_role("button", name="Go to line 5, column 9").click()
    page.keyboard.insert_text("Number > 0 or ")
    expect(page.locator(".view-lines")).to_contain_text("| where Number > 0 or Nowhere == 1")


def test_tabs_and_history_outlive_a_reload(page: Page, console: Console) -> None:
    _open(page, console, "Hostile | take 7")
    page.get_by_role("tab", name="Query 1").dblclick()
    page.get_by_role("textbox", name="Name of the tab").fill("Seven rows")
    page.keyboard.press("Enter")
    _run(page)
    expect(_status(page)).to_contain_text("7 rows")
    page.get_by_role("button", name="New tab").click()
    _write(page, "print Second = 2")
    page.reload()
    expect(page.locator(".view-lines")).to_contain_text("print Second = 2")
    page.get_by_role("tab", name="Seven rows").click()
    expect(page.locator(".view-lines")).to_contain_text("Hostile | take 7")
    page.get_by_role("button", name="Close Seven rows").click()
    expect(page.get_by_role("tab", name="Seven rows")).to_have_count(0)
    page.get_by_role("tab", name="History").click()
    page.get_by_role("searchbox", name="Search the history").fill("take 7")
    run = page.get_by_role("list", name="Runs").get_by_role("button")
    expect(run).to_contain_text("7 rows")
    run.click()
    expect(page.get_by_role("tab", name="Seven rows")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".view-lines")).to_contain_text("Hostile | take 7")


def test_a_link_shows_its_query_and_runs_nothing(page: Page, console: Console) -> None:
    _open(page, console, "Hostile\n| where Text != '\u00e9😀'\n| take 6")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("textbox", name="Link")).to_have_value(re.compile("q="))
    link = page.get_by_role("textbox", name="Link").input_value()
    page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/v2/rest/query"):
            asked.append(request.url)

    page.on("request", note)
    page.goto(link)
    expect(page.locator(".view-lines")).to_contain_text("é😀")
    expect(page.get_by_role("treeitem", name="Hostile")).to_be_visible()
    assert asked == []
    assert "q=" not in page.url
    _run(page)
    expect(_status(page)).to_contain_text("6 rows")


def test_a_span_of_times_bounds_the_rows(page: Page, console: Console) -> None:
    """A row each second back from an hour before the end; the start is within, the end is not."""
    _open(page, console, "Hostile")
    page.get_by_role("button", name="Time range").click()
    dialog = page.get_by_role("dialog", name="Time range")
    newest = END - timedelta(hours=1)
    dialog.get_by_role("textbox", name="From").fill(f"{newest - timedelta(seconds=300):%Y-%m-%d %H:%M:%S}")
    dialog.get_by_role("textbox", name="To").fill(f"{newest - timedelta(seconds=120):%Y-%m-%d %H:%M:%S}")
    dialog.get_by_role("button", name="Apply").click()
    _run(page)
    expect(_status(page)).to_contain_text("180 rows")
    page.get_by_role("button", name="Time range").click()
    dialog.get_by_role("button", name="Last hour").click()
    _write(page, "union VMConnection, Hostile | where TimeGenerated < now() | summarize Most = max(TimeGenerated)")
    _run(page)
    expect(_status(page)).to_contain_text("1 row")
    newest_row = page.evaluate(_NEWEST)
    expect(_status(page)).to_contain_text(newest_row[:19].replace("T", " "))
    page.get_by_role("button", name="Time range").click()
    dialog.get_by_role("button", name="All times").click()
    _write(page, "Hostile")
    _run(page)
    expect(_status(page)).to_contain_text(f"{COUNT} rows")


def test_the_tree_goes_by_keys(page: Page, console: Console) -> None:
    _open(page, console)
    page.get_by_role("treeitem", name="Hostile").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("treeitem", name="Number")).to_contain_text("100 %")
    page.keyboard.press("Enter")
    expect(page.locator(".view-lines")).to_contain_text("Hostile")
    page.get_by_role("searchbox", name="Filter tables and columns").fill("bag")
    expect(page.get_by_role("treeitem")).to_have_count(2)
    page.get_by_role("treeitem", name="Hostile").focus()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_role("tab", name="Hostile")).to_have_attribute("aria-selected", "true")
    expect(_status(page)).to_contain_text("100 rows")


def test_cancel_ends_it_on_the_server_too(page: Page, console: Console) -> None:
    _open(page, console, _ENDLESS)
    _run(page)

    def is_cancel(response: Response) -> bool:
        return ".cancel query" in (response.request.post_data or "")

    with page.expect_response(is_cancel) as answer:
        page.get_by_role("button", name="Cancel").click()
    (row,) = json.loads(answer.value.text())["Tables"][0]["Rows"]
    assert "cancelled" in row
    expect(_status(page)).to_contain_text("Cancelled.")
    _write(page, "print 1")
    _run(page)
    expect(_status(page)).to_contain_text("1 row")


def test_a_query_becomes_a_rule(page: Page, console: Console) -> None:
    _open(page, console, _SPEAKERS)
    page.get_by_role("button", name="Save as rule").click()
    dialog = page.get_by_role("dialog", name="Save as rule")
    dialog.get_by_role("textbox", name="Techniques").fill("T1071.001, phishing")
    dialog.get_by_role("combobox", name="Frequency").fill("often")
    dialog.get_by_role("button", name="Save the rule").click()
    for name, words in (("Name", "has a name"), ("Techniques", "phishing"), ("Frequency", "A duration")):
        field = dialog.locator("label").filter(has=page.get_by_label(name, exact=True))
        expect(field.get_by_role("alert")).to_contain_text(words)
    dialog.get_by_role("textbox", name="Name", exact=True).fill("Speakers of the hour")
    dialog.get_by_role("textbox", name="Techniques").fill("T1071.001")
    dialog.get_by_role("combobox", name="Frequency").fill("30m")
    dialog.get_by_role("button", name="Command And Control").click()
    dialog.get_by_role("button", name="Save the rule").click()
    page.get_by_role("link", name="Open the rule").click()
    expect(page).to_have_url(re.compile("#/rules/.+"))
    (document,) = read_document(console.world.rules / "speakers_of_the_hour.yaml").detections
    assert document.name == "Speakers of the hour"
    assert document.query == _SPEAKERS
    assert (document.frequency, document.lookback) == (timedelta(minutes=30), timedelta(hours=1))
    assert (document.tactics, document.techniques) == (("CommandAndControl",), ("T1071.001",))


def test_a_query_that_does_not_bind_becomes_no_rule(page: Page, console: Console) -> None:
    _open(page, console, "VMConnection | where Nowhere == 1")
    before = sorted(console.world.rules.iterdir())
    page.get_by_role("button", name="Save as rule").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Nowhere")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Nowhere")
    assert sorted(console.world.rules.iterdir()) == before


def test_a_query_becomes_a_hunt_and_a_cell_of_one(page: Page, console: Console) -> None:
    _open(page, console, _SPEAKERS)
    page.get_by_role("button", name="Save as hunt").click()
    page.get_by_role("textbox", name="Title").fill("Who speaks?")
    page.get_by_role("textbox", name="Hypothesis").fill("Somebody speaks too much.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Open the hunt")).to_be_visible()
    file = console.world.hunts / "who_speaks.md"
    whole = file.read_text("utf-8")
    assert whole == f"# Who speaks?\n\nHypothesis: Somebody speaks too much.\n\n```kql\n{_SPEAKERS}\n```\n"
    page.get_by_role("button", name="Close", exact=True).click()
    _write(page, "VMConnection | take 2")
    page.get_by_role("button", name="Save as hunt").click()
    page.get_by_role("combobox", name="Hunt", exact=True).select_option("who_speaks")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Open the hunt").click()
    expect(page.locator("main")).to_contain_text("Somebody speaks too much.")
    assert file.read_text("utf-8") == f"{whole}\n```kql\nVMConnection | take 2\n```\n"


def test_a_query_is_backtested(page: Page, console: Console) -> None:
    """Machines speak in each hour of the world: one alert a run, and the last day has 24."""
    _open(page, console, _SPEAKERS)
    page.get_by_role("button", name="Backtest").click()
    dialog = page.get_by_role("dialog", name="Backtest")
    dialog.get_by_role("textbox", name="From").fill(f"{END - timedelta(days=1):%Y-%m-%d %H:%M}")
    dialog.get_by_role("textbox", name="To").fill(f"{END:%Y-%m-%d %H:%M}")
    expect(dialog).to_contain_text("24 runs")
    dialog.get_by_role("button", name="Run the backtest").click()
    expect(dialog.get_by_role("img", name="Rows a run")).to_be_visible(timeout=60_000)
    expect(dialog.locator("dl").first).to_contain_text("Alerts24")
