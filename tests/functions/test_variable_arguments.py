"""What stands in where a row gives an argument gives what the constant form gives."""

import pytest

import bluetick

_BAG = "dynamic({'a': {'b': 1, 'c': 2}, 'd': null})"


def value_of(query: str) -> object:
    ((value,),) = bluetick.connect().query(query).rows()
    return value


@pytest.mark.parametrize(
    ("call", "column", "literal"),
    [
        (f"bag_has_key({_BAG}, k)", "string", "'a'"),
        (f"bag_has_key({_BAG}, k)", "string", "'$.a.c'"),
        (f"bag_has_key({_BAG}, k)", "string", "'$.d.c'"),
        (f"bag_remove_keys({_BAG}, k)", "dynamic", "dynamic(['d', '$.a.b', 'none', '$.d.x'])"),
        (f"bag_remove_keys({_BAG}, k)", "dynamic", "dynamic(['$.a.b', 'a'])"),
        ("bag_remove_keys(dynamic([1]), k)", "dynamic", "dynamic(['a'])"),
        ("replace_strings('ask a task', k, dynamic(['x', 5]))", "dynamic", "dynamic(['task', 'ask'])"),
        ("replace_strings('aaa', k, dynamic(['b', 'c']))", "dynamic", "dynamic(['aa', 'a'])"),
        ("replace_strings('abc', k, dynamic(['c', 'd']))", "dynamic", "dynamic(['b', 'c'])"),
        ("array_split(dynamic([1, 2, 3, 4]), k)", "dynamic", "dynamic([3, 1])"),
        ("array_split(dynamic([1, 2, 3, 4]), k)", "dynamic", "dynamic([-1, 99])"),
    ],
)
def test_a_column_gives_what_a_constant_gives(call: str, column: str, literal: str) -> None:
    with_constant = value_of(f"print x = {call.replace('k)', literal + ')').replace('k, ', literal + ', ')}")
    assert value_of(f"datatable(k: {column})[{literal}] | project x = {call}") == with_constant


def test_what_is_no_path_is_no_key() -> None:
    assert value_of("datatable(k: string)['$a'] | project bag_has_key(dynamic({'a': 1}), k)") is None
    assert value_of("datatable(k: dynamic)[dynamic([1, '$a'])] | project bag_remove_keys(dynamic({'a': 1}), k)") == {
        "a": 1
    }
