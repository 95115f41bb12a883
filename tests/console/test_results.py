"""What a query gave: the grid and what can be done from it, charts and the graph, files."""

import base64
import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Locator, Page, expect

import bluetick
from console.conftest import Console

Run: TypeAlias = Callable[[str], None]
_MANY: Final = 100_000
_MOST_DRAWN: Final = 120
# A canvas with more than one colour has been drawn on.
_DRAWN: Final = """(holder) => [...holder.querySelectorAll("canvas")].some((canvas) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(data.buffer)).size > 3;
})"""


@pytest.fixture
def run(page: Page, console: Console) -> Run:
    """Types a query into the room and runs it."""
    page.goto(console.at("query"))
    page.get_by_role("textbox").first.wait_for()

    def go(query: str) -> None:
        page.locator(".monaco-editor").first.click(position={"x": 400, "y": 60})
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(query)
        page.keyboard.press("Escape")
        page.keyboard.press("Shift+Enter")

    return go


def _grid(page: Page) -> Locator:
    return page.get_by_role("grid", name="Rows")


def _cell(page: Page, row: int, column: int) -> Locator:
    """A cell by its place on the screen, of those that are drawn."""
    return page.locator(".tabulator-table > .tabulator-row").nth(row).locator(f'[tabulator-field="c{column}"]')


def _editor_text(page: Page) -> str:
    return page.locator(".view-lines").first.inner_text().replace("\u00a0", " ")


def _expect_rows(page: Page, count: int) -> None:
    expect(page.locator(".results-bar .count strong")).to_have_text(f"{count:,}")


def test_many_rows_are_few_nodes(page: Page, run: Run) -> None:
    run(f"range n from 1 to {_MANY} step 1 | extend text = strcat('row ', n), d = n % 7")
    expect(_grid(page)).to_have_attribute("aria-rowcount", str(_MANY))
    rows = page.locator(".tabulator-table > .tabulator-row")
    expect(_cell(page, 0, 0)).to_have_text("1")
    assert rows.count() < _MOST_DRAWN
    _cell(page, 0, 1).click()
    page.keyboard.press("Control+End")
    expect(rows.last.locator('[tabulator-field="c1"]')).to_have_text(f"row {_MANY}")
    expect(page.locator(".tabulator-cell.active")).to_have_text(str(_MANY % 7))
    assert rows.count() < _MOST_DRAWN
    page.locator('.tabulator-col[tabulator-field="c0"] .name').click()
    page.locator('.tabulator-col[tabulator-field="c0"] .name').click()
    expect(page.get_by_role("columnheader").filter(has_text="nlong")).to_have_attribute("aria-sort", "descending")
    expect(_cell(page, 0, 0)).to_have_text(str(_MANY))
    expect(_cell(page, 1, 0)).to_have_text(str(_MANY - 1))


def test_values_are_shown_and_ordered_exactly(page: Page, run: Run) -> None:
    run(
        "datatable(a:long, b:timespan, c:int, d:string) ["
        "9223372036854775807, 10d, 1, '', 9223372036854775806, 2d, int(null), 'x', -9223372036854775808, 1h, 3, ' ']"
    )
    _expect_rows(page, 3)
    shown = ["9223372036854775807", "9223372036854775806", "-9223372036854775808"]
    for row, text in enumerate(shown):
        expect(_cell(page, row, 0)).to_have_text(text)
    expect(_cell(page, 1, 2)).to_have_text("null")
    expect(_cell(page, 0, 3)).to_have_text('""')
    page.locator('.tabulator-col[tabulator-field="c0"] .name').click()
    for row, text in enumerate(reversed(shown)):
        expect(_cell(page, row, 0)).to_have_text(text)
    # Two days come before ten; a null is last in both directions.
    page.locator('.tabulator-col[tabulator-field="c1"] .name').click()
    expect(_cell(page, 1, 1)).to_have_text(re.compile(r"^2\."))
    for _ in range(2):
        page.locator('.tabulator-col[tabulator-field="c2"] .name').click()
        expect(_cell(page, 2, 2)).to_have_text("null")


def test_a_cell_filters_by_editing_the_query(page: Page, run: Run) -> None:
    rows = '1, "a;b|c", 2, \'say "\\\\" \\u202e\', 3, "z"'
    run(f"datatable(k:int, v:string) [{rows}] // ; |\n| sort by k asc\n| render table")
    _expect_rows(page, 3)
    _cell(page, 1, 1).click()
    page.keyboard.press("+")
    _expect_rows(page, 1)
    expect(_cell(page, 0, 0)).to_have_text("2")
    assert '| where v == "say \\"\\\\\\" \\u202e"' in _editor_text(page)
    assert re.search(r"where v == .*\n?\| render table", _editor_text(page))
    _cell(page, 0, 0).click(button="right")
    page.get_by_role("menuitem", name="k != 2").click()
    _expect_rows(page, 0)


def test_the_inspector_decodes(page: Page, run: Run) -> None:
    encoded = base64.b64encode("Write-Host <b>hidden</b>".encode("utf-16-le")).decode()
    run(
        f"print cmd = 'powershell.exe -enc {encoded}', url = 'a%20%3Cb%3E', time = 132537600000000000,"
        " ip = '10.1.2.3', sha = '0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33', bag = dynamic({'id': 9007199254740993})"
    )
    _cell(page, 0, 0).dblclick()
    details = page.get_by_role("complementary", name="Details")
    expect(details).to_contain_text("base64, UTF-16LE")
    expect(details.get_by_text("Write-Host <b>hidden</b>", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(details.get_by_text("a <b>", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    moment = datetime(1601, 1, 1) + timedelta(microseconds=132537600000000000 // 10)
    expect(details).to_contain_text(f"{moment:%Y-%m-%d %H:%M:%S}")
    page.keyboard.press("ArrowRight")
    expect(details).to_contain_text("IPv4, private address")
    page.keyboard.press("ArrowRight")
    expect(details).to_contain_text("SHA-1")
    page.keyboard.press("ArrowRight")
    expect(details.get_by_text("9007199254740993", exact=True)).to_be_visible()


def test_statistics_are_right(page: Page, run: Run) -> None:
    values = [n * n % 1009 for n in range(1, 5001)]
    run("range n from 1 to 5000 step 1 | project v = iff(n == 5, long(null), n * n % 1009)")
    del values[4]
    _expect_rows(page, 5000)
    page.locator('.tabulator-col[tabulator-field="c0"]').click(button="right")
    page.get_by_role("menuitem", name="Statistics").click()
    counts = page.get_by_label("Counts")
    expect(counts).to_contain_text(f"Distinct{len(set(values)):,}")
    expect(counts).to_contain_text("Null1")
    values.sort()
    spread = page.get_by_label("Spread")
    expect(spread).to_contain_text(f"Least{values[0]}")
    expect(spread).to_contain_text(f"Median{values[math.ceil(0.5 * len(values)) - 1]}")
    expect(spread).to_contain_text(f"95 %{values[math.ceil(0.95 * len(values)) - 1]}")
    expect(spread).to_contain_text(f"Most{values[-1]}")
    expect(spread).to_contain_text(f"Sum{sum(values)}")
    most = max(Counter(values).values())
    first = page.get_by_label("Most frequent values").get_by_role("button").first
    expect(first).to_contain_text(str(most))
    first.click()
    _expect_rows(page, most)


def test_a_drag_over_the_histogram_changes_the_time(page: Page, run: Run) -> None:
    run("VMConnection | project TimeGenerated, Computer")
    histogram = page.get_by_label("Events over time")
    bars = histogram.locator(".u-over")
    expect(bars).to_be_visible()
    expect(page.get_by_role("button", name="All times")).to_be_visible()
    before = int(page.locator(".results-bar .count strong").inner_text().replace(",", ""))
    box = bars.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="All times")).to_have_count(0)
    expect(page.locator(".results-bar .count strong")).not_to_have_text(f"{before:,}")
    after = int(page.locator(".results-bar .count strong").inner_text().replace(",", ""))
    assert 0 < after < before


def test_render_draws_a_chart(page: Page, run: Run) -> None:
    for kind in ("timechart", "columnchart", "piechart"):
        counted = "VMConnection | summarize n = count() by bin(TimeGenerated, 6h), Direction"
        run(f"{counted} | render {kind} with (title='{kind}')")
        chart = page.get_by_role("img", name=kind)
        expect(chart.locator("canvas")).to_be_visible()
        page.wait_for_function(_DRAWN, arg=chart.element_handle())
    run("VMConnection | take 3 | render ladderchart")
    expect(page.get_by_text("There is no ladderchart here")).to_be_visible()
    _expect_rows(page, 3)


def test_processes_and_their_destinations_are_a_graph(page: Page, run: Run) -> None:
    run("VMConnection | project ProcessName, DestinationIp")
    page.get_by_role("button", name="Graph").click()
    graph = page.get_by_role("img", name="Graph of 50 edges")
    expect(graph).to_be_visible()
    page.wait_for_function(_DRAWN, arg=graph.element_handle())


def test_files_hold_the_rows(page: Page, run: Run, tmp_path: Path) -> None:
    run("datatable(a:long, b:string) [9223372036854775807, 'x, \"y\"', -1, '']; print 1")
    page.get_by_role("tablist", name="Tables").get_by_role("tab").first.click()
    _expect_rows(page, 2)
    rows = [(9223372036854775807, 'x, "y"'), (-1, "")]

    def saved(kind: str) -> Path:
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=f"{kind} file").click()
        path = tmp_path / f"result.{kind}"
        download.value.save_as(path)
        return path

    lines = list(csv.reader(io.StringIO(saved("CSV").read_text(encoding="utf-8-sig"))))
    assert lines == [["a", "b"], *[[str(a), b] for a, b in rows]]
    assert json.loads(saved("JSON").read_text(encoding="utf-8")) == [{"a": a, "b": b} for a, b in rows]
    table = pq.read_table(saved("Parquet"))
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows


def test_a_value_is_found_in_all_tables(page: Page, run: Run, console: Console) -> None:
    run("VMConnection | where DestinationIp startswith '10.' | take 1 | project DestinationIp")
    address = _cell(page, 0, 0).inner_text()
    _cell(page, 0, 0).click(button="right")
    page.get_by_role("menuitem", name="Look for it in all tables").click()
    found = page.get_by_label("Tables with this value")
    expect(found).to_have_attribute("aria-busy", "false")
    with bluetick.connect(console.world.lake) as session:
        ((count,),) = session.query(f"VMConnection | where * has '{address}' | count").rows()
    entry = found.get_by_role("button").filter(has_text="VMConnection")
    expect(entry).to_contain_text(f"{count:,}")
    entry.click()
    expect(page.get_by_role("tab", name="VMConnection")).to_be_visible()
    _expect_rows(page, count)


def test_hostile_texts_stay_texts(page: Page, run: Run) -> None:
    """In cells, names of columns, the inspector, statistics, a chart, a graph: `page` fails for all that runs."""
    run("Hostile")
    rows = int(_grid(page).get_attribute("aria-rowcount") or 0)
    assert rows >= 500
    _cell(page, 0, 0).click()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("PageDown")
    for tab in ("Row", "Statistics", "All tables", "Cell"):
        chosen = page.get_by_role("complementary", name="Details").get_by_role("tab", name=tab)
        chosen.click()
        expect(chosen).to_have_attribute("aria-selected", "true")
    name = "['<img src=x onerror=alert(9119)>']"
    run(f"Hostile | summarize n = count() by Text | extend {name} = 1, also = Text | render columnchart")
    chart = page.get_by_role("img", name="columnchart")
    page.wait_for_function(_DRAWN, arg=chart.element_handle())
    chart.hover()
    page.get_by_role("button", name="Graph").click()
    graph = page.get_by_role("img", name=re.compile("^Graph of"))
    page.wait_for_function(_DRAWN, arg=graph.element_handle())
    page.get_by_role("button", name="Grid", exact=True).click()
    expect(page.get_by_role("columnheader").filter(has_text="<img src=x onerror=alert(9119)>")).to_be_visible()


def test_cells_are_copied_and_a_part_of_a_bag_filters(page: Page, run: Run) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    run("datatable(a:long, b:dynamic) [1, dynamic({'u': {'n': 'x'}}), 2, dynamic({'u': {'n': 'y\tz'}})]")
    _cell(page, 0, 0).click()
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "1"
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+c")
    lines = page.evaluate("navigator.clipboard.readText()").replace("\r\n", "\n")
    assert list(csv.reader(io.StringIO(lines), delimiter="\t")) == [
        ["1", '{"u":{"n":"x"}}'],
        ["2", '{"u":{"n":"y\\tz"}}'],
    ]
    _cell(page, 1, 1).dblclick()
    page.get_by_role("button", name="Only rows with this n").click()
    _expect_rows(page, 1)
    expect(_cell(page, 0, 0)).to_have_text("2")
    assert '| where tostring(b["u"]["n"]) == "y\\tz"' in _editor_text(page)
