"""A backtest as one page: no script, no address outside, dark or light as its reader has it."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import chain

from bluetick.cli.backtest_words import (
    facts,
    headline,
    late,
    minute,
    noise,
    percent,
    scored,
    span,
    verdict,
    warnings,
)
from bluetick.cli.grid import visible
from bluetick.detections.backtest.report import Backtest

_SHOWN_ENTITIES = 50
_HEIGHT, _FOOT = 160, 4
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #667; --line: #d8dce2; --bar: #c0392b;
  --good: #1a7f37; --bad: #b42318; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #14171a; --faint: #9aa3ad; --line: #333a41;
  --bar: #e5705f; --good: #57b36b; --bad: #ef7d71; --warn: #d9a441; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 60rem; padding: 0 1rem; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1rem; }
h1, h2 { line-height: 1.25; margin: 0.2em 0; } h3 { margin: 1.4em 0 0.3em; }
p { margin: 0.3em 0; } .faint { color: var(--faint); } .good { color: var(--good); } .bad { color: var(--bad); }
.warn { color: var(--warn); } .text { white-space: pre-wrap; }
.big { font-size: 1.4rem; font-weight: 600; }
.scroll { overflow-x: auto; } svg { width: 100%; height: 10rem; display: block; } svg rect { fill: var(--bar); }
svg rect.back { fill: transparent; } svg text { fill: var(--faint); font-size: 11px; } svg line { stroke: var(--line); }
table { border-collapse: collapse; } td, th { padding: 0.15rem 0.8rem 0.15rem 0;
  text-align: left; vertical-align: top; } td:first-child { min-width: 8rem; }
th { color: var(--faint); font-weight: 500; border-bottom: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; } tr.own td { font-weight: 600; }
""".strip()


def write_html(done: Sequence[Backtest]) -> str:
    """The page of some backtests."""
    body = "\n".join(chain.from_iterable(_section(one) for one in done))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Backtest</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<h1>Backtest</h1>\n"
        f"{body}\n</body>\n</html>\n"
    )


def _section(one: Backtest) -> Iterator[str]:
    yield "<section>"
    yield f"<h2>{_text(one.detection.name)}</h2>"
    yield f'<p class="faint">{_text(one.detection.id)} · {_text(span(one))} (UTC)</p>'
    if one.detection.description:
        yield f'<p class="text">{_text(one.detection.description.strip(), keeps_lines=True)}</p>'
    yield f'<p class="big {"bad" if one.alerts else "good"}">{_text(headline(one))}</p>'
    for line in facts(one):
        yield f"<p>{_text(line)}</p>"
    for line in warnings(one):
        yield f'<p class="warn">{_text(line)}</p>'
    for line in late(one):
        yield f'<p class="warn">{_text(line)}</p>'
    yield from _chart(one)
    yield from _labels(one)
    yield from _entities(one)
    yield from _thresholds(one)
    yield from _failures(one)
    yield "</section>"


def _chart(one: Backtest) -> Iterator[str]:
    """A bar a day, with its figures where the pointer rests."""
    days = one.days()
    most = max(days.values(), default=0)
    if not most:
        return
    step = 1_000 / len(days)
    yield "<h3>Alerts a day</h3>"
    yield f'<svg viewBox="0 0 1000 {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Alerts a day">'
    yield f'<line x1="0" x2="1000" y1="{_HEIGHT - _FOOT}" y2="{_HEIGHT - _FOOT}"/>'
    for number, (day, count) in enumerate(days.items()):
        height = count / most * (_HEIGHT - _FOOT - 14)
        left, top = number * step, _HEIGHT - _FOOT - height
        yield (
            f'<g><title>{day.isoformat()}: {count:,}</title><rect class="back" x="{left:.2f}" y="0" '
            f'width="{step:.2f}" height="{_HEIGHT}"/><rect x="{left + step * 0.1:.2f}" y="{top:.2f}" '
            f'width="{step * 0.8:.2f}" height="{height:.2f}"/></g>'
        )
    yield "</svg>"
    first, last = next(iter(days)), next(reversed(days))
    yield f'<p class="faint">{first.isoformat()} to {last.isoformat()}; the highest bar is {most:,}</p>'


def _entities(one: Backtest) -> Iterator[str]:
    shown = one.entities.counts[:_SHOWN_ENTITIES]
    if not shown:
        return
    yield f'<h3>Entities</h3><p class="faint">{_text(noise(one))}</p>'
    yield from _table(("Kind", "Entity", "Runs", "Rows"), [("", (e.kind, e.value, e.alerts, e.rows)) for e in shown])


def _labels(one: Backtest) -> Iterator[str]:
    if one.score is None:
        return
    yield f'<h3>Labels</h3><p class="faint">{_text(scored(one))}</p>'
    rows = []
    for outcome in one.score.outcomes:
        is_right = (outcome.found is not None) == outcome.label.is_expected
        style = "faint" if not outcome.in_time else "good" if is_right else "bad"
        rows.append((style, (outcome.label.name, verdict(outcome), outcome.label.note)))
    yield from _table(("Label", "Outcome", ""), rows)


def _thresholds(one: Backtest) -> Iterator[str]:
    if len(one.thresholds) < 2:
        return
    yield "<h3>With another threshold</h3>"
    rows = []
    for effect in one.thresholds:
        own = effect.threshold == one.detection.threshold
        name = f"{effect.threshold.operator.value} {effect.threshold.value}{' (the document)' if own else ''}"
        found = () if one.score is None else (percent(effect.recall),)
        rows.append(("own" if own else "", (name, effect.alerts, effect.runs, *found)))
    yield from _table(("Threshold", "Alerts", "Runs", *(() if one.score is None else ("Found",))), rows)


def _failures(one: Backtest) -> Iterator[str]:
    if one.failed:
        yield "<h3>Runs that failed</h3>"
        yield from _table(("Instant", "Reason"), [("", (minute(w.now), w.error)) for w in one.failed[:_SHOWN_ENTITIES]])


def _table(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[object]]]) -> Iterator[str]:
    yield '<div class="scroll"><table><thead><tr>'
    yield "".join(f"<th>{_text(head)}</th>" for head in heads)
    yield "</tr></thead><tbody>"
    for style, cells in rows:
        yield f'<tr class="{style}">' + "".join(_cell(cell) for cell in cells) + "</tr>"
    yield "</tbody></table></div>"


def _cell(cell: object) -> str:
    if isinstance(cell, int):
        return f'<td class="number">{cell:,}</td>'
    return f"<td>{_text(str(cell))}</td>"


def _text(text: str, *, keeps_lines: bool = False) -> str:
    """What is shown of words that are not ours: no markup, no character that hides or turns."""
    lines = text.splitlines() if keeps_lines else [text]
    return "\n".join(escape(visible(line)) for line in lines)
