"""What parse-kv finds in a text, where Python reads it."""

from bluetick.functions.scalar.key_values import PairFormat, find_values, first_values


def _found(text: str, keys: str, **how: object) -> dict[str, str]:
    return find_values(text, PairFormat(tuple(keys.split()), **how).written())  # type: ignore[arg-type]


def test_greedy_value_goes_on_to_the_next_key() -> None:
    text = "user=Ann Lee id=7 8 end="
    assert _found(text, "user id end", pair=" ", key_value="=", greedy=True) == {
        "user": "Ann Lee",
        "id": "7 8",
        "end": "",
    }


def test_greedy_stops_before_a_quoted_key() -> None:
    text = 'a=1 2 "b c"=3 4'
    found = find_values(text, PairFormat(("a", "b c"), " ", "=", (('"', '"'),), (), greedy=True).written())
    assert found == {"a": "1 2", "b c": "3 4"}


def test_delimiters_of_several_characters() -> None:
    assert _found("a->1 || b->2->3 ||c->", "a b c", pair="||", key_value="->") == {"a": "1", "b": "2->3", "c": ""}


def test_several_quotes_and_escapes() -> None:
    text = "a=(x;y) z;b=[;'];c='it^'s';a=2"
    how = {"pair": ";", "key_value": "=", "quotes": (("(", ")"), ("[", "]"), ("'", "'")), "escapes": ("^",)}
    assert _found(text, "a b c", **how) == {"a": "x;y", "b": ";'", "c": "it's"}


def test_quote_that_never_closes_is_a_character() -> None:
    assert _found("a='x;b=2", "a b", pair=";", key_value="=", quotes=(("'", "'"),)) == {"a": "'x", "b": "2"}


def test_words_without_delimiters() -> None:
    assert _found("[x] pid: 7, user=ann/bob; user=eve", "user pid none") == {"user": "ann", "pid": "7"}
    assert _found("a b b c", "a b") == {"a": "b", "b": "c"}  # a value that reads like a key is a value
    assert _found("last", "last") == {"last": ""}


def test_nothing_to_find() -> None:
    assert _found("", "a", pair=";", key_value="=") == {}
    assert _found("=1;;x", "a", pair=";", key_value="=") == {}


def test_pairs_of_matches_first_one_wins() -> None:
    written = PairFormat(("a", "b")).written()
    assert first_values([["a ", " 1"], ["b", ""], ["a", "2"], ["c", "3"]], written) == {"a": "1", "b": ""}
    assert first_values(None, written) == {}
