"""What is no digest gives null; digests hold every type that can be summed, exactly."""

from datetime import datetime
from typing import Any

import pytest

from bluetick.functions.registry import find_aggregate, find_scalar
from bluetick.values import Json


def called(name: str, *args: Any) -> Any:
    function = find_scalar(name)
    assert function is not None
    assert function.compute is not None
    return function.compute(*args)


def finished(name: str, raw: Any) -> Any:
    function = find_aggregate(name)
    assert function is not None
    assert function.finish is not None
    return function.finish(raw)


@pytest.mark.parametrize(
    "value",
    [
        1,
        "text",
        [],
        {},
        [["long"]],
        [["long"], [1], []],
        [["long"], ["a"], [1]],
        [["long"], [True], [1]],
        [["long"], [[1]], [1]],
        [["long"], [1], ["1"]],
        [["long"], [1], [-1]],
        [["string"], ["a"], [1]],
        [["nothing"], [1], [1]],
        [["datetime"], [10**30], [1]],
        [["timespan"], [1.5], [1]],
        [["decimal"], ["NaN"], [1]],
        [["decimal"], ["one"], [1]],
        [["real"], [{}], [1]],
        [[["long"]], [1], [1]],
    ],
)
def test_what_is_no_digest_is_null(value: Json) -> None:
    digest = [["long"], [1], [1]]
    assert called("percentile_tdigest", value, 50) is None
    assert called("percentiles_array_tdigest", value, 50) is None
    assert called("rank_tdigest", value, 1) is None
    assert called("percentrank_tdigest", value, datetime(2024, 1, 1)) is None
    assert called("tdigest_merge", digest, value) is None
    assert finished("tdigest_merge", [value, digest, None]) is None


def test_a_percentage_outside_is_null() -> None:
    for percentage in (-1, 100.5, float("nan"), float("inf")):
        assert called("percentile_tdigest", [["long"], [1], [1]], percentage) is None


def test_instants_and_spans() -> None:
    instants = [["datetime"], [0, 86_400_000_000], [1, 3]]
    assert called("percentile_tdigest", instants, 25) == "1970-01-01T00:00:00.0000000Z"
    assert called("rank_tdigest", instants, datetime(1970, 1, 1, 12)) == 1.0
    assert called("rank_tdigest", instants, 5) is None
    assert called("percentile_tdigest", [["timespan"], [-1_000_000], [1]], 50) == "-00:00:01"


def test_a_share_is_exact() -> None:
    values = [[number, 1] for number in range(1, 101)]
    raw = {"type": "long", "with": ["55", "7", "99.9", "0"], "items": values}
    assert finished("percentiles_array", raw) == [55, 7, 100, 1]


def test_not_a_number_comes_last() -> None:
    raw = {"type": "real", "with": [], "items": [["NaN", 2], [1.5, 1], ["Infinity", 1], ["-Infinity", 1], [1.5, 2]]}
    assert finished("tdigest", raw)[2] == [1, 3, 1, 2]
    assert finished("tdigest", raw)[1][:3] == [float("-inf"), 1.5, float("inf")]
