"""The page itself: it comes up, is quick, goes by keys, and is dark or light."""

from playwright.sync_api import Page, expect

from console.conftest import Console

_MOST_SECONDS = 2.0
_ROOMS = {"q": "Query", "h": "Hunts", "r": "Rules", "a": "Alerts", "i": "Incidents", "c": "Coverage", "e": "Health"}


def test_the_editor_takes_keys_soon(page: Page, console: Console) -> None:
    """Under 2 s on the loopback is the aim; that protects the user, so the test holds five times it."""
    page.goto(console.url)
    page.get_by_role("textbox").first.wait_for()
    taken = page.evaluate("performance.now()") / 1000
    print(f"first interaction after {taken:.2f} s")
    assert taken < 5 * _MOST_SECONDS


def test_keys_lead_to_every_room(page: Page, console: Console) -> None:
    page.goto(console.at("alerts"))
    for key, name in _ROOMS.items():
        page.locator("main").click(position={"x": 2, "y": 2})
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")


def test_dark_and_light_stay(page: Page, console: Console) -> None:
    page.goto(console.at("health"))
    before = page.locator("html").get_attribute("data-theme")
    page.get_by_role("button", name="Dark or light").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", before or "")
    after = page.locator("html").get_attribute("data-theme")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", after or "")
