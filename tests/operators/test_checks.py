"""Names of many tables, checked without any data: the known tables stand for those that a run would find."""

import bluetick


def test_a_wildcard_finds_known_tables() -> None:
    check = bluetick.connect().check("union withsource=Table Device* | project Table, DeviceName")
    assert check.columns == (("Table", "string"), ("DeviceName", "string"))
    assert not check.warnings


def test_very_many_tables_have_their_columns() -> None:
    session = bluetick.connect()
    query = "union withsource=Table * | where isnotempty(OperationName) | summarize count() by Table, ActionType"
    check = session.check(query)
    assert check.columns == (("Table", "string"), ("ActionType", "string"), ("count_", "long"))
    assert session.check("search 'x' | project $table, ActionType").ok
    assert [name for name, _ in session.check("find 'x'").columns] == ["source_", "pack_"]
    # The tables of a run are the user's own: a name that no known table has is no mistake yet.
    assert session.check("union * | where NoneHasThis == 1").ok


def test_a_pattern_that_fits_nothing_is_wrong() -> None:
    assert not bluetick.connect().check("union Nonesuch*").ok
    assert not bluetick.connect().check("find in (Nonesuch*) where a == 1").ok
