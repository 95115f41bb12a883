"""Every query of the tests, of the functions' examples and of the shipped rules, by where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer import HERE
from example_forms import Case, cases
from golden import GOLDENS, read_blocks

from bluetick.detections.documents.reading import read_document

_RULES = HERE.parents[1] / "content"
TABLE = (
    "let T = datatable(n:long, i:int, r:real, m:decimal, s:string, t:timespan, d:datetime, b:bool, g:guid, j:dynamic)"
    "[];\n"
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A query and its source: a golden file, a function or a rule document."""

    source: str
    text: str


def gather() -> tuple[Gathered, ...]:
    """The queries in the order of their sources, each text once."""
    found: dict[str, Gathered] = {}
    for query in (*_written(), *_goldens(), *_examples(), *_rules()):
        found.setdefault(query.text, query)
    return tuple(found.values())


def _written() -> Iterator[Gathered]:
    for line in (HERE / "queries.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield Gathered("queries", TABLE + line.strip())


def _goldens() -> Iterator[Gathered]:
    for path in sorted(GOLDENS.rglob("*.test")):
        for block in read_blocks(path):
            yield Gathered(f"goldens/{path.parent.name}/{path.stem}", block.query)


def _examples() -> Iterator[Gathered]:
    for case in cases():
        source = "examples/" + case.id.removesuffix("-columns").rpartition("-")[0]
        yield Gathered(source, _query(case))


def _query(case: Case) -> str:
    """The example under the name that it has by itself; one without columns also under a name that is given."""
    match case.operator:
        case "print":
            return f"print y = 0 | extend x = {case.expression}, {case.expression}"
        case "project":
            declared = ", ".join(f"{name}:{type_}" for name, type_, _ in case.columns)
            literals = ", ".join(literal for _, _, literal in case.columns)
            return f"datatable({declared})[{literals}]\n| project {case.expression}"
        case "summarize":
            return f"{case.source}\n| summarize {case.expression}"
        case _:
            return f"{case.source}\n| serialize\n| extend {case.expression}"


def _rules() -> Iterator[Gathered]:
    for path in sorted(_RULES.iterdir()):
        for detection in read_document(path).detections:
            yield Gathered(f"rules/{path.name}", detection.query)
