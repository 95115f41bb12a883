"""Of every rule that ships: what a row is said to come from gives it again, and without it the row is gone."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bluetick.detections.documents import read_document
from bluetick.detections.documents.companions import COMPANION_SUFFIXES
from bluetick.detections.explaining.explaining import Explainer, Shown
from bluetick.detections.explaining.model import SourceRows
from bluetick.detections.model import Detection
from bluetick.detections.samples import Sample, read_samples, samples_path
from bluetick.detections.samples.running import sample_session
from bluetick.session import Session
from bluetick.types import Type
from bluetick.values import json_cell

FOLDER = Path(__file__).parents[2] / "content"
CONTENT = sorted(
    path
    for path in FOLDER.iterdir()
    if path.suffix in (".kql", ".md", ".yaml") and path.stem != "README" and not path.name.endswith(COMPANION_SUFFIXES)
)
EVERY = Shown(rows=100_000, groups=3)
# Their window functions look at neighbours, so that no more than "among these" can be said.
AMONG = {"regular_calls_out"}
# Of different plans: one event, joins to groups, mv-apply, an anti join.
FAST = ("event_log_cleared", "ssh_guessing_then_success", "inbox_rule_that_hides_mail", "large_upload_to_new_place")
RULES = [pytest.param(path, id=path.stem, marks=[] if path.stem in FAST else [pytest.mark.slow]) for path in CONTENT]


@pytest.mark.parametrize("path", RULES)
def test_the_explained_rows_give_the_row_and_without_them_it_is_gone(path: Path) -> None:
    (rule,) = read_document(path).detections
    for sample in read_samples(samples_path(path)).samples:
        with sample_session(rule, sample) as session:
            explainer = Explainer(session, rule, sample.now)
            if explainer.rows:
                check(session, rule, sample, explainer, 0, is_exact=path.stem not in AMONG)
                return
    pytest.fail("no sample gives a row")


def check(
    session: Session, rule: Detection, sample: Sample, explainer: Explainer, place: int, *, is_exact: bool
) -> None:
    why = explainer.explain(place, EVERY)
    assert why.sources
    assert not why.unreached
    assert all(source.is_exact for source in why.sources) is is_exact
    assert all(len(source.shown.rows) == source.count for source in why.sources)
    whole = dict(tables(session, why.sources))
    behind = {source.table: places_of(whole[source.table], source) for source in why.sources}
    thing = explainer.rows[place], explainer.identity
    with sample_session(rule, sample) as alone:
        register(alone, {name: table.take(pa.array(behind[name], pa.int64())) for name, table in whole.items()})
        assert has(Explainer(alone, rule, sample.now), *thing)
    with sample_session(rule, sample) as rest:
        others = {name: [i for i in range(len(table)) if i not in behind[name]] for name, table in whole.items()}
        register(rest, {name: table.take(pa.array(others[name], pa.int64())) for name, table in whole.items()})
        assert not has(Explainer(rest, rule, sample.now), *thing)


def tables(session: Session, sources: tuple[SourceRows, ...]) -> Iterator[tuple[str, pa.Table]]:
    for source in sources:
        table = session.catalog.table(source.table)
        assert table is not None
        assert isinstance(table.data, pa.Table)
        yield source.table, table.data


def register(session: Session, found: Mapping[str, pa.Table]) -> None:
    """Only these rows, of the tables that are explained; of others none."""
    for name in session.catalog.names():
        table = session.catalog.table(name)
        assert table is not None
        assert isinstance(table.data, pa.Table)
        session.catalog.register(name, found.get(name, table.data.slice(0, 0)))


def places_of(table: pa.Table, source: SourceRows) -> list[int]:
    """The places of the explained rows in the data, each once."""
    types = dict(source.shown.columns)
    names = [name for name in table.column_names if name in types]
    places = {name: i for i, (name, _) in enumerate(source.shown.columns)}
    wanted = [tuple(repr(json_cell(row[places[name]], types[name])) for name in names) for row in source.shown.rows]
    cells = [tuple(repr(shown(row[name], types[name])) for name in names) for row in table.to_pylist()]
    found = [i for i, row in enumerate(cells) if row in wanted]
    assert len(found) == source.count
    return found


def shown(value: Any, type_: Type) -> Any:
    """A cell of the data as results show it: there is no null text, and a dynamic value is kept as its text."""
    if type_ is Type.STRING and value is None:
        return ""
    if type_ is Type.DYNAMIC and value is not None:
        return json.loads(value)
    return json_cell(value, type_)


def has(explainer: Explainer, row: tuple[Any, ...], identity: tuple[int, ...]) -> bool:
    """Whether a row of the same thing is there; where all of it is computed over rows, the same row."""
    places = identity or range(len(row))
    return any(all(one[i] == row[i] for i in places) for one in explainer.rows)
