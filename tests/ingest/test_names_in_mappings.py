"""Names in a user's mapping that a lake cannot have are told before anything is read or written."""

from pathlib import Path

import pytest

from bluetick.diagnostics.errors import QueryError
from bluetick.ingest.formats import read_format


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("../out_CL: {columns: {TimeGenerated: t}}", "'../out_CL' must be the name of a table"),
        ("_Seen: {columns: {TimeGenerated: t}}", "'_Seen' must be the name of a table"),
        ("_ingested: {columns: {TimeGenerated: t}}", "'_ingested' must be the name of a table"),
        ("X_CL: {columns: {TimeGenerated: t, lakeday: a}}", "'lakeday' must be the name of a column"),
        ("X_CL: {columns: {TimeGenerated: t, '#fault': a}}", "'#fault' must be the name of a column"),
        ("X_CL: {columns: {TimeGenerated: t, A: a, a: b}}", "'a' must be one column"),
        ("X_CL: {columns: {A: a}}", "the rows of 'X_CL' have no time"),
        ("DeviceEvents: {columns: {TimeGenerated: t}}", "the rows of 'DeviceEvents' have no time"),
        ("format: {name: ../x}\nX_CL: {columns: {TimeGenerated: t}}", "'name' must be a name"),
        (f"format: {{name: {'x' * 300}}}\nX_CL: {{columns: {{TimeGenerated: t}}}}", "'name' must be a name"),
    ],
)
def test_a_name_that_a_lake_cannot_have_is_refused(tmp_path: Path, document: str, said: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(document)
    with pytest.raises(QueryError) as refusal:
        read_format(path)
    assert said in str(refusal.value)


def test_the_name_of_a_long_file_is_cut(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 200}.yaml"
    path.write_text("X_CL: {columns: {TimeGenerated: t}}")
    assert read_format(path).name == "x" * 60
