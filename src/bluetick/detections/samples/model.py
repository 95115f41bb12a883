"""What a sample is: tables as they are at one instant, and what a rule is expected to find in them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from bluetick.diagnostics import Diagnostic, SourceText, Span
from bluetick.syntax.strict_yaml import YamlMapping, YamlText

Kind: TypeAlias = Literal["hit", "miss", "error"]


@dataclass(frozen=True, slots=True)
class GivenTable:
    """Rows of one table, as written: mappings of columns to values, KQL queries that give rows, files beside.

    `defaults` are values of columns that a row or a query does not give.
    """

    name: str
    span: Span
    rows: tuple[YamlMapping, ...] = ()
    queries: tuple[YamlText, ...] = ()
    files: tuple[YamlText, ...] = ()
    defaults: YamlMapping | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What a rule is run on. Without `profiles` there is no provider of file profiles; with none of them, one that
    knows no file. `external` are copies of files by address, `geo` is a table of address ranges."""

    tables: tuple[GivenTable, ...] = ()
    watchlists: tuple[tuple[str, tuple[YamlMapping, ...]], ...] = ()
    profiles: tuple[YamlMapping, ...] | None = None
    external: tuple[tuple[str, str], ...] = ()
    geo: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come out: a number of rows, the very rows (in the columns that each names), whether it alerts, or the
    code of an error. What is None is not looked at."""

    count: int | None = None
    rows: tuple[YamlMapping, ...] | None = None
    ordered: bool = False
    alert: bool | None = None
    error: str = ""

    @property
    def row_count(self) -> int | None:
        return self.count if self.rows is None else len(self.rows)


@dataclass(frozen=True, slots=True)
class Sample:
    """One case. `source` is the file that it stands in; `detection` names the rule in a document of several."""

    name: str
    span: Span
    source: SourceText
    folder: Path
    now: datetime
    setting: Setting
    expect: Expectation
    detection: str = ""

    @property
    def line(self) -> int:
        return self.source.position(self.span.start)[0]


@dataclass(frozen=True, slots=True)
class SampleFile:
    """The samples of one file. With an error among the diagnostics there are none."""

    path: Path
    source: SourceText
    samples: tuple[Sample, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a sample failed: a sentence a problem, then the lines that show it.

    `actual` are the rows that came out, in the form in which a file would expect them; `traces` say which conditions
    removed rows.
    """

    problems: tuple[str, ...]
    differences: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    actual: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleOutcome:
    """What became of one sample. `kind` is what its expectation makes it: the rule alerts, does not, or fails."""

    name: str
    passed: bool
    kind: Kind
    seconds: float
    sample: Sample
    failure: Failure | None = None

    @property
    def proves(self) -> bool:
        """Whether it says anything: that nothing is found where nothing is given, does not."""
        return self.passed and (self.kind != "miss" or bool(self.sample.setting.tables))
