"""What is wrong with the founding documents, and nothing else, is found."""

import pytest
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, founding_document

from bluetick.detections.linting.registry import lint
from bluetick.detections.runs import query_request
from linting.linted import SESSION, TODAY

_COUNTRIES = [
    ("BTL002", ""),  # 30 d are more than Sentinel's 14
    ("BTL008", ""),  # it maps no entity
    ("BTL005", "join kind= leftanti ("),  # the step against last week
    ("BTL004", "join kind= innerunique ("),  # on the country alone
    ("BTL007", "join kind= innerunique ("),  # process and addresses of an arbitrary row of the country
]
_PROCESSES = [
    ("BTL015", ""),  # no id of its own
    ("BTL006", "GlobalPrevalence <= GlobalPrevalenceThreshold"),  # never seen is null
]


@pytest.mark.parametrize(("number", "expected"), [(RARE_COUNTRIES, _COUNTRIES), (LONG_RUNNING, _PROCESSES)])
def test_a_founding_document_raises_its_true_warnings_and_no_other(
    number: str, expected: list[tuple[str, str]]
) -> None:
    detection = founding_document(number)
    plan, _ = SESSION.plan(query_request(detection), is_check=True)
    found = lint(detection, plan, TODAY)
    assert [(one.code, detection.query[one.span.start : one.span.end].splitlines()[:1]) for one in found] == [
        (code, [text] if text else []) for code, text in expected
    ]
    assert not any(one.is_error for one in found)


def test_the_dead_step_is_the_one_that_reads_last_week() -> None:
    detection = founding_document(RARE_COUNTRIES)
    plan, _ = SESSION.plan(query_request(detection), is_check=True)
    (dead,) = [one for one in lint(detection, plan, TODAY) if one.code == "BTL005"]
    assert detection.query[: dead.span.start].endswith("let New = Today | ")
