"""A backtest for a terminal: alerts a day as bars, then what is behind them."""

from collections.abc import Iterator
from datetime import date, timedelta

from rich.console import Console
from rich.text import Text

from bluetick.cli.backtest_words import (
    facts,
    headline,
    late,
    noise,
    percent,
    scored,
    span,
    verdict,
    warnings,
)
from bluetick.cli.grid import visible
from bluetick.detections.backtest.report import Backtest
from bluetick.detections.model import Comparison

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_MOST_BARS = 62  # more days are shown by weeks
_SHOWN_ENTITIES = 10
_SIGNS = {Comparison.GREATER: ">", Comparison.LESS: "<", Comparison.EQUAL: "=", Comparison.NOT_EQUAL: "<>"}
_LABEL_WIDTH = 22  # of the day and the count beside a bar


def print_backtest(console: Console, one: Backtest) -> None:
    """Title, chart, figures, entities, labels, thresholds, late rows, warnings."""
    console.print(Text(visible(one.detection.name), style="bold"))
    console.print(Text(visible(f"{one.detection.id}  ·  {span(one)}"), style="dim"))
    console.print(Text(headline(one), style="bold red" if one.alerts else "bold green"))
    console.print()
    _print_chart(console, one)
    for line in facts(one):
        console.print(Text(f"  {line}"))
    _print_entities(console, one)
    _print_labels(console, one)
    _print_thresholds(console, one)
    for line in late(one):
        console.print(Text(f"  {visible(line)}", style="yellow"))
    for line in warnings(one):
        console.print(Text(f"  warning: {visible(line)}", style="yellow"))
    console.print()


def bars(counts: dict[date, int], width: int) -> Iterator[tuple[str, str]]:
    """(what stands beside it, the bar) for each day, or each week where the days are many; the longest is as wide as
    there is room."""
    grouped = counts if len(counts) <= _MOST_BARS else _by_week(counts)
    most = max(grouped.values(), default=0)
    room = max(width - _LABEL_WIDTH, 4)
    for day, count in grouped.items():
        eighths = 0 if most == 0 else max(round(count / most * room * 8), 1 if count else 0)
        whole, rest = divmod(eighths, 8)
        bar = "█" * whole + (_EIGHTHS[rest] if rest else "")
        yield f"{day.isoformat()} {count:>7,}", bar


def _by_week(counts: dict[date, int]) -> dict[date, int]:
    """By the Monday on which a week begins."""
    found: dict[date, int] = {}
    for day, count in counts.items():
        monday = day - timedelta(days=day.weekday())
        found[monday] = found.get(monday, 0) + count
    return found


def _print_chart(console: Console, one: Backtest) -> None:
    days = one.days()
    if not any(days.values()):
        return
    console.print(Text(f"  alerts a {'day' if len(days) <= _MOST_BARS else 'week'}", style="dim"))
    for beside, bar in bars(days, console.width - 4):
        console.print(Text(f"  {beside} ", no_wrap=True).append(bar, style="red"))
    console.print()


def _print_entities(console: Console, one: Backtest) -> None:
    shown = one.entities.counts[:_SHOWN_ENTITIES]
    if not shown:
        return
    console.print()
    console.print(Text("  entities", style="bold").append(f"  {noise(one)}", style="not bold dim"))
    widest = min(max(len(visible(e.value)) for e in shown), max(console.width - 34, 16))
    console.print(Text(f"  {'kind':<10} {'':<{widest}} {'runs':>7} {'rows':>9}", style="dim", no_wrap=True))
    for e in shown:
        value = visible(e.value)
        cut = value if len(value) <= widest else value[: widest - 1] + "…"
        line = f"  {visible(e.kind):<10} {cut:<{widest}} {e.alerts:>7,} {e.rows:>9,}"
        console.print(Text(line, no_wrap=True, overflow="ellipsis"))
    more = len(one.entities.counts) - len(shown)
    if more > 0:
        console.print(Text(f"  {more:,} more", style="dim"))


def _print_labels(console: Console, one: Backtest) -> None:
    if one.score is None:
        return
    console.print()
    console.print(Text("  labels", style="bold").append(f"  {scored(one)}", style="not bold dim"))
    for outcome in one.score.outcomes:
        is_right = (outcome.found is not None) == outcome.label.is_expected
        style = "dim" if not outcome.in_time else "green" if is_right else "red"
        line = f"  {outcome.label.name:<24} {verdict(outcome)}"
        console.print(Text(visible(line), style=style))


def _print_thresholds(console: Console, one: Backtest) -> None:
    if len(one.thresholds) < 2:
        return
    own = one.detection.threshold
    console.print()
    console.print(Text("  with another threshold", style="bold"))
    found = "" if one.score is None else f" {'found':>6}"
    console.print(Text(f"  {'rows':<8} {'alerts':>8} {'runs':>8}{found}", style="dim"))
    for effect in one.thresholds:
        mark = " *" if effect.threshold == own else ""
        share = "" if one.score is None else f" {percent(effect.recall):>6}"
        name = f"{_SIGNS[effect.threshold.operator]} {effect.threshold.value:,}{mark}"
        console.print(Text(f"  {name:<8} {effect.alerts:>8,} {effect.runs:>8,}{share}", style="bold" if mark else ""))
    console.print(Text("  * the document's own", style="dim"))
    console.print()
