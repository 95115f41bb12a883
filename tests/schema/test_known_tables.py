"""How a lake keeps the tables of the packs: the columns of both, under names that files can tell apart."""

import pytest

from bluetick.schema.packs import known_export, known_table, load_pack, stored_name
from bluetick.types import Type


def test_a_table_of_both_packs_has_the_columns_of_both_and_one_time() -> None:
    table = known_table("DeviceNetworkEvents")
    assert table is not None
    names = [name for name, _ in table.columns]
    assert table.time_column == "Timestamp"
    assert {"RemoteUrl", "LogonID", "TenantId", "MachineGroup"} <= set(names)
    assert "TimeGenerated" not in names


@pytest.mark.parametrize(
    ("table", "column", "type_"),
    [
        ("CloudStorageAggregatedEvents", "AccountTenantId", Type.STRING),  # a long of Defender's, Sentinel's string
        ("DeviceEvents", "AdditionalFields", Type.STRING),  # Defender's string, a bag of Sentinel's
        ("DeviceNetworkEvents", "RemotePort", Type.INT),
    ],
)
def test_what_the_packs_hold_as_different_types_is_text(table: str, column: str, type_: Type) -> None:
    known = known_table(table)
    assert known is not None
    assert dict(known.columns)[column] is type_


def test_no_two_columns_differ_in_case_only_and_each_table_has_a_time() -> None:
    for name in {*load_pack("defender"), *load_pack("sentinel")}:
        table = known_table(name)
        assert table is not None
        folded = [column.casefold() for column, _ in table.columns]
        assert len(folded) == len(set(folded)), name
        assert (table.time_column, Type.DATETIME) in table.columns


def test_every_column_of_a_pack_is_kept_under_some_name() -> None:
    for pack in ("defender", "sentinel"):
        for name, table in load_pack("defender" if pack == "defender" else "sentinel").items():
            known = known_table(name)
            assert known is not None
            assert {stored_name(name, column) for column, _ in table.columns} <= {c for c, _ in known.columns}


def test_names_that_differ_in_case_are_one_between_packs_and_two_within_one() -> None:
    assert stored_name("CloudAppEvents", "ISP") == stored_name("CloudAppEvents", "Isp") == "Isp"
    assert stored_name("DeviceProcessEvents", "LogonId") == "LogonId"
    assert stored_name("DeviceProcessEvents", "LogonID") not in ("LogonId", "LogonID")
    assert stored_name("NoTable", "Column") == "Column"


def test_an_export_takes_its_own_packs_time() -> None:
    assert dict(known_export("DeviceNetworkEvents", "sentinel"))["Timestamp"] == "TimeGenerated"
    assert dict(known_export("DeviceNetworkEvents", "defender"))["Timestamp"] == "Timestamp"
    assert known_export("VMConnection", "defender") == ()
    assert known_table("NoTable") is None
