"""The page in a real browser, on a server of its own for each file of tests. What it may never do fails every test."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

from bluetick.server import app
from console.world import World, make_world

PAGE: Final = Path(app.__file__).parent / "console" / "index.html"
_WAIT_MS: Final = 20_000
# Policy violations are told to the page, too late for a listener of ours unless it stands before all scripts.
_WATCH: Final = """
self.broken = [];
addEventListener("securitypolicyviolation", (event) => broken.push(event.violatedDirective + " " + event.blockedURI));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


@dataclass(frozen=True, slots=True)
class Console:
    """A served page, and the world behind it."""

    url: str
    world: World

    def at(self, place: str) -> str:
        """The address of a place in the page, such as `alerts/123`."""
        return f"{self.url}/#/{place}"


@contextmanager
def serving(world: World, *more: str) -> Iterator[Console]:
    command = [
        sys.executable, "-m", "bluetick", "serve", *world.data(), "--ledger", str(world.ledger),
        "--rules", str(world.rules), "--hunts", str(world.hunts), "--port", "0", *more,
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"at (http://127\.0\.0\.1:\d+)", line)
            assert found is not None, line + process.stderr.read()
            yield Console(found[1], world)
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert process.wait(60) == 0
            assert "Traceback" not in rest, rest
        finally:
            process.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert PAGE.exists(), "the page is not built: make console"
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program is not None, "no browser: tools/system_packages.sh chromium"
    with sync_playwright() as playwright:
        # A container has no user namespaces for the browser's own sandbox; the pages are ours.
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    world = make_world(tmp_path_factory.mktemp("world"))
    with serving(world) as running:
        yield running


@dataclass  # no slots: the browser's driver notes things on what listens to it
class Misdeeds:
    """What a page did that none of ours may do."""

    url: str
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.found.append(f"error {error}"))
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("request", lambda request: self._request(request.url))
        page.on("popup", lambda popup: self.found.append(f"popup {popup.url}"))

    def _dialog(self, dialog: Dialog) -> None:
        self.found.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _console(self, kind: str, text: str) -> None:
        # The browser writes a line for each answer that is a refusal; those are asked for by tests.
        if kind == "error" and "Failed to load resource" not in text:
            self.found.append(f"console {text}")

    def _request(self, url: str) -> None:
        if not url.startswith((self.url + "/", "blob:" + self.url, "data:")):
            self.found.append(f"request {url}")


@pytest.fixture
def page(browser: Browser, console: Console) -> Iterator[Page]:
    """An empty page of 1440 by 900. At its end it must have opened no dialog, broken no policy, thrown no error, and
    asked nobody but its own server."""
    misdeeds = Misdeeds(console.url)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(_WAIT_MS)
    expect.set_options(timeout=_WAIT_MS)
    context.add_init_script(_WATCH)
    opened = context.new_page()
    misdeeds.watch(opened)
    yield opened
    broken = opened.evaluate("self.broken ?? []")
    context.close()
    assert [*misdeeds.found, *broken] == []
