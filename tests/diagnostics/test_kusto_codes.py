"""The table of codes holds every code that the program can say, each once, and its queries say what it claims."""

import re
from collections import Counter
from pathlib import Path

import pytest
from golden_forms import connect
from wrong_queries import WRONG

import bluetick
from bluetick.diagnostics.kusto_codes import DOCUMENT_CODES, KUSTO_CODES, QUERY_CODES
from bluetick.session import Session

SOURCE = Path(bluetick.__file__).parent
CODE = re.compile(r'"((?:SEM|SYN|BTK)\d{4})"')


@pytest.fixture(scope="module")
def session() -> Session:
    return connect()


def test_every_code_stands_in_the_table() -> None:
    files = [path for path in SOURCE.rglob("*.py") if path.name != "kusto_codes.py"]
    said = {code for path in files for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert said == set(KUSTO_CODES)


def test_a_code_has_one_row_in_order() -> None:
    rows = [row.code for row in (*QUERY_CODES, *DOCUMENT_CODES)]
    assert [code for code, count in Counter(rows).items() if count > 1] == []
    order = {"SYN": 0, "SEM": 1, "BTK": 2}
    assert rows == sorted(rows, key=lambda code: (order[code[:3]], code))


def test_a_number_of_kustos_engine_means_what_it_means_there() -> None:
    """A code of ours that the engine uses for another mistake would mislead."""
    kustos = {code for row in KUSTO_CODES.values() for code in row.engine}
    assert {row.code for row in KUSTO_CODES.values() if row.code in kustos and not row.is_kustos} == set()


def test_codes_have_the_form_of_their_owner() -> None:
    for row in KUSTO_CODES.values():
        assert all(re.fullmatch(r"(SEM|SYN)\d{4}", code) for code in row.engine), row
        assert all(re.fullmatch(r"KS\d{3}", code) for code in row.analyzer), row
        assert row.meaning[0].islower() or not row.meaning[0].isalpha(), row
        assert not row.meaning.endswith("."), row


@pytest.mark.parametrize(("query", "ours", "theirs"), WRONG)
def test_the_table_knows_both_names_of_a_mistake(query: str, ours: str, theirs: str, session: Session) -> None:
    assert [diagnostic.code for diagnostic in session.check(query).diagnostics] == [ours]
    assert set(theirs.split()) <= set(KUSTO_CODES[ours].analyzer)
