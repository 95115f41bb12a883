"""Alerts, incidents, rules, coverage and hunts in the page: triage by keys, accounts, backtests, promotion."""

import json
import re
import subprocess
import sys
from typing import Any, Final

from playwright.sync_api import Locator, Page, expect

from console.conftest import Console

_TALKATIVE: Final = "11111111-aaaa-4aaa-8aaa-000000000001"
_SILENT: Final = "11111111-aaaa-4aaa-8aaa-000000000002"


def _kept(console: Console, *arguments: str) -> list[dict[str, Any]]:
    """What a command on the ledger says, one object a line."""
    command = [sys.executable, "-m", "bluetick", *arguments, "--ledger", str(console.world.ledger), "--format", "json"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    return [json.loads(line) for line in said.splitlines()]


def _rows(page: Page, table: str) -> Locator:
    """The rows of a list that things are opened from."""
    return page.get_by_role("table", name=table, exact=True).locator("tbody tr")


def test_an_alert_is_triaged_by_keys(page: Page, console: Console) -> None:
    page.goto(console.at(f"alerts?rule={_TALKATIVE}"))
    open_before = _kept(console, "alerts", "list", "--rule", _TALKATIVE)
    expect(_rows(page, "Alerts")).to_have_count(len(open_before))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    chosen = open_before[1]
    alert = page.get_by_role("article", name="Alert")
    expect(alert.get_by_role("heading", name=chosen["name"])).to_be_visible()

    page.keyboard.press("e")
    # `Connections = count()` of the row is how many events are behind it.
    connections = dict(zip(chosen["columns"], chosen["rows"][0], strict=True))["Connections"]
    why = alert.get_by_role("list", name="Why this fired")
    expect(why).to_contain_text(re.compile(rf"It comes from these {connections} rows? of VMConnection"))
    expect(alert.get_by_role("table", name="Evidence events of VMConnection")).to_be_visible()

    page.keyboard.press("x")
    dialog = page.get_by_role("dialog", name="Close the alert")
    expect(dialog.get_by_role("radio", name="True positive")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("the yearly <b>audit</b>")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(_rows(page, "Alerts")).to_have_count(len(open_before) - 1)

    page.reload()
    expect(page.get_by_role("article", name="Alert")).to_contain_text("false positive: the yearly <b>audit</b>")
    [kept] = _kept(console, "alerts", "show", chosen["id"])
    assert (kept["verdict"], kept["reason"]) == ("fp", "the yearly <b>audit</b>")


def test_an_incident_is_owned_commented_and_closed(page: Page, console: Console) -> None:
    incident = _kept(console, "incidents", "list")[0]
    page.goto(console.at(f"incidents/{incident['number']}"))
    shown = page.get_by_role("article", name="Incident")
    expect(shown.get_by_role("table", name="Alerts of the incident").locator("tbody tr")).to_have_count(
        len(incident["alerts"])
    )
    shown.get_by_role("button", name="Assign to somebody").click()
    shown.get_by_role("textbox", name="Owner").fill("ann")
    page.keyboard.press("Enter")
    shown.get_by_role("textbox", name="Comment").fill("asked \u202ethe owner")
    shown.get_by_role("button", name="Add comment").click()
    # What turns text around is shown as a mark.
    expect(shown.get_by_role("list", name="Comments")).to_contain_text("asked ‹U+202E›the owner")

    shown.get_by_role("button", name="Close …").click()
    dialog = page.get_by_role("dialog", name="Close the incident")
    dialog.get_by_role("radio", name="Benign positive").check()
    dialog.get_by_role("textbox", name="Reason").fill("a test")
    dialog.get_by_role("button", name="Close as benign positive").click()
    expect(shown).to_contain_text("Closed as BenignPositive: a test")
    numbers = page.get_by_role("table", name="Incidents").locator("tbody td:first-child")
    expect(numbers.filter(has_text=re.compile(rf"^{incident['number']}$"))).to_have_count(0)

    [kept] = _kept(console, "incidents", "show", str(incident["number"]))
    said = (kept["owner"], kept["classification"], kept["reason"], kept["comments"][0]["text"])
    assert said == ("ann", "BenignPositive", "a test", "asked \u202ethe owner")
    assert all(alert["verdict"] is not None for alert in kept["alerts"])


def test_a_rule_shows_its_windows_and_its_backtest(page: Page, console: Console) -> None:
    page.goto(console.at("rules"))
    page.get_by_role("link", name="Talkative process", exact=True).click()
    rule = page.get_by_role("article", name="Rule")
    # The world's service began four hours before its end, and the rule runs each hour.
    windows = rule.get_by_role("list", name="Recent windows").get_by_role("button")
    expect(windows).to_have_count(5)
    expect(windows.last).to_have_accessible_name(re.compile(r"^2026-11-23 00:00:00: done, \d+ rows"))

    page.keyboard.press("b")
    dialog = page.get_by_role("dialog", name="Backtest")
    dialog.get_by_role("button", name="1 day", exact=True).click()
    expect(dialog.get_by_role("status")).to_have_text("24 runs, every 1 h")
    dialog.get_by_role("button", name="Run the backtest").click()
    chart = rule.get_by_role("region", name="Backtest")
    days = chart.get_by_role("list", name="Alerts a day").get_by_role("listitem")
    expect(days.first).to_contain_text(re.compile(r"2026-11-22: \d+ alerts?"))
    by_day = [int(re.findall(r": (\d+) alert", text)[0]) for text in days.all_inner_texts()]
    # Each window has rows, of which each new thing is an alert: at least the first window's.
    assert sum(by_day) > 0
    expect(chart).to_contain_text(f"Alerts{sum(by_day)}")
    expect(chart.get_by_role("img", name="Rows a run")).to_be_visible()


def test_a_silent_rule_says_which_step_took_the_last_rows(page: Page, console: Console) -> None:
    page.goto(console.at(f"rules/{_SILENT}"))
    rule = page.get_by_role("article", name="Rule")
    rule.get_by_role("button", name="Why nothing fired").click()
    account = rule.get_by_role("region", name="Why nothing fired")
    step = account.get_by_role("listitem").filter(has_text="took the last rows").last
    expect(step).to_contain_text('ProcessName == "there-is-no-such-process.exe"')
    text = step.inner_text()
    found = re.search(r"removed ([\d,]+) of ([\d,]+)", text)
    assert found is not None, text
    assert found[1] == found[2] != "0"
    expect(account.get_by_role("region", name="Near misses")).to_be_visible()


def test_a_refused_rule_says_why(page: Page, console: Console) -> None:
    page.goto(console.at("rules"))
    page.get_by_role("link", name="Asks for a column that there is not").click()
    rule = page.get_by_role("article", name="Rule")
    expect(rule.get_by_role("list", name="Diagnostics")).to_contain_text("NoSuchColumn")


def test_a_technique_leads_to_its_rules(page: Page, console: Console) -> None:
    page.goto(console.at("coverage"))
    page.get_by_role("button", name=re.compile(r"^T1071\.001")).click()
    rules = page.get_by_role("list", name="Rules of the technique")
    rules.get_by_role("link", name="Talkative process").click()
    expect(page.get_by_role("article", name="Rule").get_by_role("heading", name="Talkative process")).to_be_visible()


def test_health_says_what_is_wrong_and_what_is_not(page: Page, console: Console) -> None:
    page.goto(console.at("health"))
    # The world's service ended: what looks from outside must say so.
    wrong = page.get_by_role("list", name="Conditions", exact=True)
    expect(wrong.get_by_role("heading", name="The detection service does not run")).to_be_visible()
    expect(page.get_by_role("list", name="Conditions that do not hold").get_by_role("listitem").first).to_be_visible()


def test_a_hunt_marks_new_rows_and_becomes_a_rule(page: Page, console: Console) -> None:
    page.goto(console.at("hunts/few_places"))
    hunt = page.get_by_role("article", name="Hunt")
    expect(hunt).to_contain_text("speaks with few addresses, from one machine")
    # A link shows its address and leads nowhere; what is no Markdown of ours stays text.
    expect(hunt).to_contain_text("the guide ⟨https://example.org/guide⟩")
    expect(hunt).to_contain_text("<img src=x onerror=alert(9119)>")
    expect(hunt.locator("img")).to_have_count(0)

    # A query of the lake gives the same again; one that tells the time gives another row each time.
    hunt.get_by_role("button", name="Edit the text").click()
    text = hunt.get_by_role("textbox", name="Your text")
    text.fill(text.input_value() + "\n```kql id=clock\nprint At = now()\n```\n")
    hunt.get_by_role("button", name="Save", exact=True).click()
    hunt.get_by_role("button", name="Run all").click()
    first, second = (hunt.get_by_role("region", name=f"Query {cell}") for cell in ("cell-1", "clock"))
    expect(first).to_contain_text("this is the first run")
    hunt.get_by_role("button", name="Run all").click()
    expect(first).to_contain_text("0 new0 gone")
    expect(second).to_contain_text("1 new1 gone")
    expect(second.get_by_role("row").filter(has=page.get_by_text("new", exact=True))).to_have_count(1)
    second.get_by_role("button", name="Run", exact=True).click()
    expect(second).to_contain_text("1 row")

    first.get_by_role("button", name="Promote to a rule …").click()
    dialog = page.get_by_role("dialog", name="Promote to a rule")
    dialog.get_by_role("textbox", name="Name").fill("Few machines speak")
    dialog.get_by_role("combobox", name="Severity").select_option("High")
    dialog.get_by_role("button", name="Make the rule").click()
    dialog.get_by_role("link", name="Open the rule").click()
    rule = page.get_by_role("article", name="Rule")
    expect(rule.get_by_role("heading", name="Few machines speak")).to_be_visible()
    expect(rule.get_by_label("query", exact=True)).to_contain_text("Machines == 1")


def test_a_hunt_that_somebody_else_wrote_is_not_lost(page: Page, console: Console) -> None:
    file = console.world.hunts / "both.md"
    file.write_text("# Both\n\nfirst\n", "utf-8")
    page.goto(console.at("hunts/both"))
    hunt = page.get_by_role("article", name="Hunt")
    hunt.get_by_role("button", name="Edit the text").click()
    hunt.get_by_role("textbox", name="Your text").fill("# Both\n\nmine\n")
    file.write_text("# Both\n\ntheirs\n", "utf-8")
    hunt.get_by_role("button", name="Save", exact=True).click()
    expect(hunt.get_by_role("textbox", name="Text in the file")).to_have_value("# Both\n\ntheirs\n")
    assert file.read_text("utf-8") == "# Both\n\ntheirs\n"
    hunt.get_by_role("button", name="Save yours in its place").click()
    expect(hunt.get_by_text("mine", exact=True)).to_be_visible()
    assert file.read_text("utf-8") == "# Both\n\nmine\n"


def test_a_backtest_is_cancelled(page: Page, console: Console) -> None:
    page.goto(console.at(f"rules/{_TALKATIVE}"))
    rule = page.get_by_role("article", name="Rule")
    rule.get_by_role("button", name="Backtest …").click()
    page.get_by_role("dialog", name="Backtest").get_by_role("button", name="Run the backtest").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and "/api/jobs/" in answer.url) as ended:
        rule.get_by_role("button", name="Cancel").click()
    assert ended.value.ok
    expect(rule.get_by_role("region", name="Backtest")).to_contain_text("Cancelled.")
