"""Patterns of RE2 as Java's: what is refused, what is capped, and that Spark finds what RE2 finds."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pytest

from bluetick.diagnostics.errors import LimitError, QueryError
from bluetick.engines.protocol import ScanColumn
from bluetick.functions.regexes.java import translate
from bluetick.functions.regexes.tree import UntranslatableError
from bluetick.functions.scalar import regex
from bluetick.session import Session, connect
from bluetick.types import Type
from regexes.random_patterns import random_pattern, random_text

REFUSED = {
    r"a\Cb": "single bytes",
    "(?:|a)*b": "can be empty",
    "(?:^|a){2,}": "can be empty",
    r"\B": "inside characters",
    "(?:.*?,){8}x": "too many ways",
    "(?:(?:a|aa)+b?)+c": "repetitions of repetitions",
}


@pytest.fixture(scope="module")
def spark() -> Iterator[Session]:
    with connect(engine="local[2]") as session:
        yield session


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_java_cannot_do_alike_is_refused(pattern: str) -> None:
    with pytest.raises(UntranslatableError, match=REFUSED[pattern]):
        translate(pattern)


def test_a_group_in_a_loop_is_refused_only_where_it_is_asked_for() -> None:
    with pytest.raises(UntranslatableError, match="is repeated"):
        translate("(a|b)*c", (1,))
    assert translate("^(a|b)*c", is_test=True)[0] == r"\A[ab]*?c"


@pytest.mark.parametrize(
    "pattern", ["abc", "a+b", r"^\d+\.\d+$", "(?s)^.*?foo(.*?)bar.*?$", "[A-Za-z0-9+/=]{20,}", '^(?:"[^"]*"|[^"])*$']
)
def test_patterns_that_read_a_text_once_have_no_longest_text(pattern: str) -> None:
    assert translate(pattern)[1] is None


@pytest.mark.parametrize("pattern", ["foo.*bar", "a.*b.*c.*d", "(?:a|ab)*c", r"(?:\w+\s?)+x"])
def test_patterns_that_go_back_and_forth_have_a_longest_text(pattern: str) -> None:
    longest = translate(pattern)[1]
    assert longest is not None
    assert longest <= 100_000


def test_no_flag_of_java_is_used() -> None:
    """Flags mean other things there: (?U) is Unicode's classes, (?i) is ASCII's only."""
    assert translate("(?i)sk(?-i)a")[0] == r"[Ss\x{17f}][Kk\x{212a}]a"
    assert translate("(?U)a+")[0].endswith("a+?")
    assert translate("(?m)^a$")[0] == r"(?<![^\n])a(?![^\n])"


@pytest.mark.spark
def test_a_refusal_names_its_place_in_check_and_in_query(spark: Session) -> None:
    text = 'print x = "b" | where x matches regex "(?:|a)*b"'
    (found,) = spark.check(text).diagnostics
    assert (found.code, text[found.span.start : found.span.end]) == ("BTK0113", 'x matches regex "(?:|a)*b"')
    assert "one character at least" in found.hint
    with pytest.raises(QueryError, match="BTK0113"):
        spark.query(text)
    with connect() as duckdb:
        assert duckdb.check(text).ok
        assert list(duckdb.query(text).rows()) == [("b",)]


@pytest.mark.spark
def test_a_text_that_is_too_long_is_an_error(spark: Session) -> None:
    table = pa.table({"t": ["a" * 2_000 + "c"]})
    spark.catalog.register("Long", table)
    query = r'Long | where t matches regex @"(?:\w+\s?)+!"'
    with pytest.raises(LimitError, match="500 characters"):
        list(spark.query(query).rows())


@pytest.mark.spark
def test_a_group_that_took_no_part_is_empty(spark: Session) -> None:
    """Java leaves in it what was captured on a way that failed: here b0, where the match is the 0 behind it."""
    spark.catalog.register("Optional", pa.table({"t": ["b0x"]}))
    found = spark.query(r'Optional | project extract("(b[0-9])?[^a-z]", 0, t), extract("(b[0-9])?[^a-z]", 1, t)')
    assert list(found.rows()) == [("0", "")]


@pytest.mark.spark
def test_patterns_of_rows_are_read_by_re2(spark: Session) -> None:
    """A pattern that only Java takes matches nothing; what Java reads in another way is read as RE2 reads it."""
    rows = pa.table({"t": ["aa", "a\n", "ſ", "x1"], "p": ["a++a?", "a$", "(?i)s", r"([a-z])(\d)"]})
    spark.catalog.register("Patterns", rows)
    found = spark.query("Patterns | project t matches regex p, extract(p, 0, t), replace_regex(t, p, '')")
    assert sorted(found.rows()) == [(False, "", "a\n"), (False, "", "aa"), (True, "x1", ""), (True, "ſ", "")]


@pytest.mark.spark
def test_patterns_of_our_own_end_where_the_text_ends(spark: Session) -> None:
    """Java's $ matches in front of a last line end, and its \\s takes a vertical tab."""
    texts = pa.table({"t": ["1.2.3.4\n\v", "\v1.2.3.4", "1.2.3.4"]})
    spark.catalog.register("Addresses", texts)
    found = spark.query("Addresses | project parse_ipv4(t), ipv4_is_private(t), has_ipv4('x 1.2.3.4', t)")
    assert sorted(found.rows(), key=str) == [(16909060, False, True), (None, None, False), (None, None, False)]


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of patterns with one number of groups and texts; the patterns as each engine takes them."""

    groups: int
    table: pa.Table


def batches(seed: int, patterns: int) -> tuple[list[Batch], int]:
    """Batches by the number of groups, and how many patterns were refused."""
    source, refused = random.Random(seed), 0  # noqa: S311 - seeded, for repetition
    rows: dict[int, list[tuple[str, ...]]] = {}
    for _ in range(patterns):
        pattern = random_pattern(source)
        count = len(regex.group_names(pattern))
        if regex.find_problem(pattern) or count > 3:
            continue
        every = tuple(range(1, count + 1))
        try:
            asked = (
                translate(pattern, is_test=True)[0],
                translate(pattern)[0],
                translate(pattern, every)[0],
                translate(pattern, every, is_replacement=True)[0],
            )
        except UntranslatableError:
            refused += 1
            continue
        re2 = regex.DUCKDB.written(pattern, regex.MATCH).pattern
        rows.setdefault(count, []).extend((re2, *asked, random_text(source)) for _ in range(12))
    names = ("re2", "test", "whole", "groups", "replacing", "text")
    found = [
        Batch(count, pa.table(dict(zip(names, zip(*some, strict=True), strict=True)))) for count, some in rows.items()
    ]
    return found, refused


def on_duckdb(session: Session, batch: Batch) -> list[tuple[object, ...]]:
    numbers = range(batch.groups + 1)
    items = [
        "regexp_matches(text, re2)",
        *(f"regexp_extract(text, re2, {n})" for n in numbers),
        *(f"list_transform(regexp_extract_all(text, re2, {n}), lambda x: coalesce(x, ''))" for n in numbers),
        r"regexp_replace(text, re2, '[\0]', 'g')",
    ]
    return answers(session, batch, items)


def on_spark(session: Session, batch: Batch) -> list[tuple[object, ...]]:
    numbers = range(batch.groups + 1)
    used = {n: "groups" if n else "whole" for n in numbers}
    items = [
        "rlike(text, test)",
        *(f"regexp_extract(text, {used[n]}, {n})" for n in numbers),
        *(f"regexp_extract_all(text, {used[n]}, {n})" for n in numbers),
        "regexp_replace(text, replacing, '[$0]')",
    ]
    return answers(session, batch, items)


def answers(session: Session, batch: Batch, items: list[str]) -> list[tuple[object, ...]]:
    """What the engine itself makes of the rows, which are asked for in their order."""
    names = batch.table.column_names
    table = batch.table.append_column("place", pa.array(range(batch.table.num_rows)))
    columns = [ScanColumn(name, name, Type.STRING) for name in names]
    columns.append(ScanColumn("place", "place", Type.LONG))
    with session.engine.start() as run:
        run.bind_arrow("pairs", table, columns)
        shown = ", ".join(f"{item} AS c{place}" for place, item in enumerate(items))
        stream = run.stream(f"SELECT {shown} FROM pairs ORDER BY place")  # noqa: S608 - names of its own
        found = pa.Table.from_batches(list(stream.batches), stream.schema)
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


def compare(spark: Session, seed: int, patterns: int) -> int:
    """How many pairs agreed; fails at the first that do not."""
    found, refused = batches(seed, patterns)
    assert refused < patterns / 4
    pairs = 0
    with connect() as duckdb:
        for batch in found:
            expected, given = on_duckdb(duckdb, batch), on_spark(spark, batch)
            for place, (one, other) in enumerate(zip(expected, given, strict=True)):
                assert one == other, batch.table.slice(place, 1).to_pylist()
            pairs += len(expected)
    return pairs


@pytest.mark.spark
def test_random_patterns_find_the_same(spark: Session) -> None:
    assert compare(spark, seed=7, patterns=120) > 500


@pytest.mark.spark
@pytest.mark.slow
def test_many_random_patterns_find_the_same(spark: Session) -> None:
    seed = int(os.environ.get("BLUETICK_PATTERN_SEED", "2026"))
    assert compare(spark, seed, patterns=3_000) > 20_000
