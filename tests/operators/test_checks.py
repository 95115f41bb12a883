"""Names of many tables, checked without any data: the known tables stand for those that a run would find."""

import bluetick


def test_a_wildcard_finds_known_tables() -> None:
    check = bluetick.connect().check("union withsource=Table Device* | project Table, DeviceName")
    assert check.columns == (("Table", "string"), ("DeviceName", "string"))
    assert not check.warnings


def test_of_very_many_tables_the_columns_are_not_all_known() -> None:
    session = bluetick.connect()
    for query in ("union *", "search 'x'", "find 'x'"):
        check = session.check(f"{query} | where NoneHasThis == 1")
        assert check.ok
        assert [warning.code for warning in check.warnings] == ["BTK0157"]


def test_a_pattern_that_fits_nothing_is_wrong() -> None:
    assert not bluetick.connect().check("union Nonesuch*").ok
    assert not bluetick.connect().check("find in (Nonesuch*) where a == 1").ok
