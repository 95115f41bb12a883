"""What `bluetick test` tells: as pytest does, as JSON, or as JUnit XML."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree

import click
from rich.console import Console
from rich.text import Text

from bluetick.cli.grid import visible
from bluetick.cli.writing import compact
from bluetick.detections.model import Detection
from bluetick.detections.samples import SampleOutcome
from bluetick.detections.samples.mutating import Mutant

_RULER = 80
_MARKS = {True: (".", "PASSED", "green"), False: ("F", "FAILED", "red")}


@dataclass(frozen=True, slots=True)
class Tested:
    """A sample that was run, of a rule of a document."""

    path: Path
    detection: Detection
    outcome: SampleOutcome

    @property
    def title(self) -> str:
        return f"{self.path}::{self.outcome.name}"

    @property
    def lines(self) -> list[str]:
        """Why it failed, for people."""
        failure = self.outcome.failure
        if failure is None:
            return []
        lines = [line for problem in failure.problems for line in problem.split("\n")]
        lines += failure.differences
        parts = (("where the rows went:", failure.traces), ("the rows that came out:", failure.actual))
        for head, part in parts:
            lines += [head, *(f"  {'- ' if part is failure.actual else ''}{line}" for line in part)] if part else []
        return lines


@dataclass(frozen=True, slots=True)
class Trouble:
    """A document or a file of samples that cannot be used."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Untested:
    """A rule that lacks a hit, a miss or both."""

    path: Path
    detection: Detection
    lacks: str


@dataclass(frozen=True, slots=True)
class Unnoticed:
    """A condition of a rule that can be taken away, and no sample notices. `place` is file:line:column."""

    path: Path
    detection: Detection
    mutant: Mutant
    place: str


@dataclass(slots=True)
class Findings:
    """All that a run of samples found."""

    tested: list[Tested] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    untested: list[Untested] = field(default_factory=list)
    unnoticed: list[Unnoticed] = field(default_factory=list)
    mutants: int = 0
    seconds: float = 0.0

    @property
    def failed(self) -> list[Tested]:
        return [one for one in self.tested if not one.outcome.passed]


class Report(Protocol):
    """Hears of each outcome as it is there, and of all at the end."""

    def outcome(self, one: Tested) -> None: ...

    def end(self, findings: Findings, *, requires_both: bool) -> None: ...


class TextReport:
    """Dots by document, or a line for each sample; then what failed, and what is not tested."""

    def __init__(self, console: Console, *, is_verbose: bool) -> None:
        self.console = console
        self.is_verbose = is_verbose
        self._path: Path | None = None

    def outcome(self, one: Tested) -> None:
        mark, word, colour = _MARKS[one.outcome.passed]
        if self.is_verbose:
            title = Text(visible(one.title)).append(f"  {one.outcome.kind}  ", style="dim").append(word, style=colour)
            self.console.print(title, soft_wrap=True)
            return
        if one.path != self._path:
            self._new_line()
            self._path = one.path
            self.console.print(Text(visible(f"{one.path} ")), end="", soft_wrap=True)
        self.console.print(Text(mark, style=colour), end="", soft_wrap=True)

    def end(self, findings: Findings, *, requires_both: bool) -> None:
        self._new_line()
        if findings.failed:
            self._rule("FAILED")
        for one in findings.failed:
            sample = one.outcome.sample
            self._line(one.title, style="bold red")
            self._line(f"  {sample.source.name}:{sample.line}", style="dim")
            for line in one.lines:
                self._line(f"  {line}", style=_style(line))
            self._line("")
        for trouble in findings.troubles:
            self._line(trouble.text, style="red")
        if findings.untested:
            self._rule("NOT TESTED" if requires_both else "not tested")
            for lacking in findings.untested:
                self._line(f"{lacking.path}  {lacking.detection.name}: {lacking.lacks}", style="yellow")
        if findings.unnoticed:
            self._rule("no sample notices")
        for unnoticed in findings.unnoticed:
            text = " ".join(unnoticed.mutant.text.split())
            self._line(f"{unnoticed.place}  {unnoticed.mutant.change.value}: {_cut(text)}", style="yellow")
        self._rule(_summary(findings))

    def _rule(self, title: str) -> None:
        self._line(f" {title} ".center(_RULER, "="), style="bold")

    def _line(self, text: str, style: str = "") -> None:
        shown = "\n".join(visible(line) for line in text.split("\n"))
        self.console.print(Text(shown, style=style), soft_wrap=True)

    def _new_line(self) -> None:
        if self._path is not None:
            self.console.print()
        self._path = None


class JsonReport:
    """A line for each sample."""

    def outcome(self, one: Tested) -> None:
        outcome = one.outcome
        told: dict[str, Any] = {
            "id": one.detection.id,
            "rule": one.detection.name,
            "file": str(one.path),
            "sample": outcome.name,
            "line": outcome.sample.line,
            "kind": outcome.kind,
            "passed": outcome.passed,
            "seconds": round(outcome.seconds, 3),
        }
        if outcome.failure is not None:
            told["problems"] = outcome.failure.problems
            told["differences"] = outcome.failure.differences
            told["traces"] = outcome.failure.traces
            told["actual"] = outcome.failure.actual
        click.echo(compact(told))

    def end(self, findings: Findings, *, requires_both: bool) -> None:
        for trouble in findings.troubles:
            click.echo(compact({"file": str(trouble.path), "passed": False, "problems": [trouble.text]}))
        for one in findings.untested:
            told = {"id": one.detection.id, "rule": one.detection.name, "file": str(one.path), "lacks": one.lacks}
            click.echo(compact(told | ({"passed": False} if requires_both else {})))
        for unnoticed in findings.unnoticed:
            rule = {"id": unnoticed.detection.id, "rule": unnoticed.detection.name, "file": str(unnoticed.path)}
            mutant = {"place": unnoticed.place, "condition": unnoticed.mutant.text}
            click.echo(compact(rule | mutant | {"unnoticed": unnoticed.mutant.change.value}))


class JunitReport:
    """JUnit's XML: a suite for each document."""

    def outcome(self, one: Tested) -> None:
        """All is told at the end."""

    def end(self, findings: Findings, *, requires_both: bool) -> None:
        root = ElementTree.Element("testsuites")
        paths = [one.path for one in findings.tested] + [one.path for one in findings.troubles]
        for path in dict.fromkeys(paths + [one.path for one in findings.untested]):
            cases = [_case(one) for one in findings.tested if one.path == path]
            cases += [_broken(path, "document", one.text) for one in findings.troubles if one.path == path]
            for one in findings.untested if requires_both else ():
                if one.path == path:
                    cases.append(_broken(path, one.detection.name, one.lacks))
            counts = {"tests": len(cases), "failures": sum(case.find("failure") is not None for case in cases)}
            attributes = {"name": _xml(str(path)), **{key: str(count) for key, count in counts.items()}}
            ElementTree.SubElement(root, "testsuite", attributes).extend(cases)
        click.echo(ElementTree.tostring(root, "unicode", xml_declaration=True))


def _case(one: Tested) -> ElementTree.Element:
    attributes = {"classname": str(one.path), "name": one.outcome.name, "time": f"{one.outcome.seconds:.3f}"}
    case = ElementTree.Element("testcase", {key: _xml(value) for key, value in attributes.items()})
    if one.outcome.failure is not None:
        failure = ElementTree.SubElement(case, "failure", {"message": _xml(one.outcome.failure.problems[0])})
        failure.text = _xml("\n".join(one.lines))
    return case


def _broken(path: Path, name: str, text: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", {"classname": _xml(str(path)), "name": _xml(name)})
    ElementTree.SubElement(case, "failure", {"message": _xml(text.split("\n", 1)[0])}).text = _xml(text)
    return case


def _xml(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(c if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in text)


def _style(line: str) -> str:
    return {"-": "red", "+": "green", "~": "yellow"}.get(line[:1], "")


def _cut(text: str) -> str:
    return text if len(text) <= _RULER else f"{text[: _RULER - 3]}..."


def _summary(findings: Findings) -> str:
    failed = len(findings.failed)
    counts = (
        (failed, "failed"),
        (len(findings.tested) - failed, "passed"),
        (len(findings.troubles), "cannot be used"),
        (len(findings.untested), "not tested"),
        (findings.mutants - len(findings.unnoticed), f"of {findings.mutants:,} changes noticed"),
    )
    words = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no sample"
    return f"{words} in {findings.seconds:.1f} s"


def untested(path: Path, detection: Detection, outcomes: Sequence[SampleOutcome]) -> Untested | None:
    """What a rule lacks to count as tested: one sample that it must find, and one that it must not."""
    kinds = {one.kind for one in outcomes if one.proves or not one.passed}
    lacking = [kind for kind in ("hit", "miss") if kind not in kinds]
    if not lacking:
        return None
    return Untested(path, detection, f"no {' and no '.join(lacking)} among its samples" if outcomes else "no samples")
