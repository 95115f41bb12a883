"""Rows for people: what fits, what is cut, and what a log may not do to a terminal."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from bluetick.cli.grid import Shown, clipped, print_rows, shown, visible, write_rows
from bluetick.cli.page import ConsolePage, PlainPage, new_page


def draw(width: int, columns: list[tuple[str, str]], rows: list[tuple[object, ...]]) -> tuple[Shown, str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    view = print_rows(console, columns, rows)
    return view, "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (0, "0"),
        (0.1, "0.1"),
        (Decimal("1.500"), "1.5"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC), "2026-01-02T03:04:05.12Z"),
        (timedelta(days=-1, hours=2), "-22:00:00"),
        ({"a": ["é", None]}, '{"a": ["é", null]}'),
        ("[bold]x[/bold] :smile:", "[bold]x[/bold] :smile:"),
    ],
)
def test_a_cell_as_people_read_it(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b31m", "\r", "\n", "\u202e", "\x00"])
def test_rows_cannot_command_the_terminal(hostile: str) -> None:
    assert hostile not in visible(f"a{hostile}b")
    _, out = draw(100, [(f"n{hostile}", "string")], [(f"a{hostile}b",)])
    assert hostile not in out.replace("\n", "") if hostile != "\n" else "\\n" in out


def test_a_table_that_fits() -> None:
    view, out = draw(40, [("Name", "string"), ("Size", "long")], [("a", 1), ("bcd", None)])
    assert view == Shown(clipped=False, cards=False)
    assert out.splitlines() == [
        "Name    Size",
        "string  long",
        "────────────",
        "a          1",
        "bcd     null",
    ]


def test_markup_in_a_cell_is_text() -> None:
    _, out = draw(60, [("a", "string")], [("[red]x[/red]",)])
    assert "[red]x[/red]" in out


def test_long_cells_are_cut_before_a_table_is_given_up() -> None:
    view, out = draw(60, [("a", "string"), ("b", "string")], [("x" * 70, "y")])
    assert view == Shown(clipped=True, cards=False)
    assert "…" in out
    assert max(len(line) for line in out.splitlines()) <= 60


def test_what_all_rows_share_is_told_once() -> None:
    columns = [(f"Shared{i}", "string") for i in range(8)] + [("Own", "long")]
    view, out = draw(60, columns, [(*("v" * 20,) * 8, n) for n in (1, 2)])
    assert view == Shown(clipped=False, cards=False)
    assert out.count("Shared3") == 1
    assert "the same in all 2 rows" in out
    assert out.splitlines()[-2:] == ["   1", "   2"]


def test_a_wide_row_is_a_card_without_its_empty_columns() -> None:
    columns = [(f"Column{i}", "string") for i in range(9)]
    view, out = draw(60, columns, [(*("v" * 20,) * 7, "", None)])
    assert view == Shown(clipped=False, cards=True)
    assert "Column6" in out
    assert "Column7" not in out
    assert "(2 more columns are empty)" in out


def test_a_card_cuts_only_what_is_very_long() -> None:
    columns = [(f"Column{i}", "string") for i in range(9)]
    view, out = draw(60, columns, [("x" * 1000, *("v" * 20,) * 8)])
    assert view == Shown(clipped=True, cards=True)
    assert max(len(line) for line in out.splitlines()) <= 60
    assert out.count("xxx…") == 1


def test_wide_characters_are_measured_in_cells() -> None:
    assert clipped("日本語テキスト", 7) == "日本語…"
    assert clipped("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ([], []),
        (
            [("Name", "string"), ("InitiatingProcessFileName", "string"), ("Size", "long")],
            [("日本", "x", 1), ("", "y", None)],
        ),
        ([(f"Shared{i}", "string") for i in range(8)] + [("Own", "long")], [(*("v" * 20,) * 8, n) for n in (1, 2)]),
        ([(f"Column{i}", "string") for i in range(9)], [("x" * 1000, *("v" * 20,) * 7, "")]),
    ],
    ids=["nothing", "table", "shared", "card"],
)
def test_a_pipe_has_the_text_of_a_terminal(
    columns: list[tuple[str, str]], rows: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    stream = io.StringIO()
    view = write_rows(PlainPage(stream), columns, rows)
    assert (view, "\n".join(line.rstrip() for line in stream.getvalue().splitlines())) == draw(60, columns, rows)


def test_heads_end_on_the_same_line() -> None:
    _, out = draw(24, [("InitiatingProcessFileName", "string"), ("Size", "long")], [("a", 1)])
    assert out.splitlines() == [
        "Initiating",
        "Process",
        "FileName    Size",
        "string      long",
        "────────────────",
        "a              1",
    ]


def test_what_is_written_to_a_page_that_has_no_long_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "wide")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    page = PlainPage(stream)
    assert page.width == 120
    write_rows(page, [("Size", "long")], [(1,)])
    stream.seek(0)
    assert stream.read() == "Size\nlong\n----\n   1\n"


@pytest.mark.parametrize(("forced", "page"), [({}, PlainPage), ({"FORCE_COLOR": "1"}, ConsolePage)])
def test_no_terminal_is_plain_unless_colours_are_wanted(
    forced: dict[str, str], page: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in forced.items():
        monkeypatch.setenv(name, value)
    assert isinstance(new_page(io.StringIO()), page)


def test_styles_reach_a_terminal() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=40, force_terminal=True, color_system="standard", highlight=False)
    print_rows(console, [("Name", "string")], [(None,), ("[b]x[/b]",)])
    assert "\x1b[1mName" in stream.getvalue()
    assert "\x1b[2mstring" in stream.getvalue()
    assert "\x1b[2mnull" in stream.getvalue()
    assert "[b]x[/b]" in stream.getvalue()
