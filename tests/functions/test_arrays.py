"""Array and path functions against Python lists, over seeded arrays in a column."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from example_runner import session

List = list[Any]


def _arrays() -> list[List]:
    random_ = random.Random(11)  # noqa: S311 - test data
    values: List = [None, True, 0, 1, 2, -7, 1.5, "a", "A", "1", 'q"\\', "é/", "[1]", {"k": None}, [1, [2]]]
    return [[], *([random_.choice(values) for _ in range(random_.randrange(1, 9))] for _ in range(60))]


ARRAYS = _arrays()
NUMBERS = list(range(-5, 6))


def _rows(expression: str, n: int) -> List:
    cells = ", ".join(
        f"dynamic({json.dumps(a, ensure_ascii=False)}), dynamic({json.dumps(b, ensure_ascii=False)})"
        for a, b in zip(ARRAYS, ARRAYS[1:] + ARRAYS[:1], strict=True)
    )
    source = f"datatable(a: dynamic, b: dynamic)[{cells}] | extend n = tolong('{n}')"
    return [value for (value,) in session("duckdb").query(f"{source} | project x = {expression}").rows()]


def check(expression: str, expected: Callable[[List, List], object], n: int = 0) -> None:
    wanted = [expected(a, b) for a, b in zip(ARRAYS, ARRAYS[1:] + ARRAYS[:1], strict=True)]
    assert json.dumps(_rows(expression, n)) == json.dumps(wanted)


def _text(value: object) -> str:
    return json.dumps(value)


def _rotated(values: List, n: int) -> List:
    return [values[(i + n) % len(values)] for i in range(len(values))]


def _first_kept(values: List) -> List:
    """Distinct by JSON text: to Python 1 and True are equal."""
    return list({_text(value): value for value in values}.values())


@pytest.mark.parametrize("n", NUMBERS)
def test_positions(n: int) -> None:
    check("a[n]", lambda a, _: a[n] if -len(a) <= n < len(a) else None, n)
    check(f"a[{n}]", lambda a, _: a[n] if -len(a) <= n < len(a) else None, n)
    check("array_rotate_left(a, n)", lambda a, _: _rotated(a, n), n)
    check("array_rotate_right(a, n)", lambda a, _: _rotated(a, -n), n)
    check(
        "array_shift_left(a, n, 'fill')",
        lambda a, _: [a[i + n] if 0 <= i + n < len(a) else "fill" for i in range(len(a))],
        n,
    )
    check("array_split(a, n)", lambda a, _: _halves(a, max(n + len(a), 0) if n < 0 else n), n)


def _halves(values: List, cut: int) -> List:
    return [values[:cut], values[cut:]]


def test_slices_include_both_ends() -> None:
    check("array_slice(a, 1, 3)", lambda a, _: a[1:4])
    check("array_slice(a, -3, -2)", lambda a, _: a[max(len(a) - 3, 0) : max(len(a) - 1, 0)])
    check("array_slice(a, 0, -1)", lambda a, _: a)


def test_whole_arrays() -> None:
    check("array_length(a)", lambda a, _: len(a))
    check("array_reverse(a)", lambda a, _: a[::-1])
    check("array_concat(a, b, a)", lambda a, b: a + b + a)
    check("zip(a, b)", _zipped)


def _zipped(a: List, b: List) -> List:
    width = max(len(a), len(b))
    return [list(pair) for pair in zip(a + [None] * (width - len(a)), b + [None] * (width - len(b)), strict=True)]


def test_sets_keep_the_first_of_equal_elements() -> None:
    check("set_union(a, b)", lambda a, b: _first_kept(a + b))
    check("set_intersect(a, b)", lambda a, b: [v for v in _first_kept(a) if _text(v) in {_text(w) for w in b}])
    check("set_difference(a, b)", lambda a, b: [v for v in _first_kept(a) if _text(v) not in {_text(w) for w in b}])
    check("set_has_element(a, 'a')", lambda a, _: "a" in a)
    check("set_has_element(a, 1)", lambda a, _: "1" in map(_text, a))


@pytest.mark.parametrize(
    "key", ["plain", "two words", 'q"uote', "back\\slash", "a.b", "*", "a*b", "/", "~1", "0", "é", ""]
)
def test_every_key_can_be_reached(key: str) -> None:
    bag = json.dumps({"other": 1, key: {"in": "x"}}, ensure_ascii=False)
    literal = json.dumps(key, ensure_ascii=False)
    query = (
        f"print d = dynamic({bag}), k = strcat({literal}, '') | project d[{literal}].['in'], d[k].['in'], d.none.more"
    )
    assert list(session("duckdb").query(query).rows()) == [("x", "x", None)]
