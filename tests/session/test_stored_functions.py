"""A folder of functions: the forms of its files, what they see, and what is said of a mistake in one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import bluetick
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.execution.function_library import FunctionLibrary
from bluetick.session import Check, QueryRequest, Session

Rows = list[tuple[Any, ...]]
Folder = Callable[[dict[str, str]], Session]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Connects to a folder of these files."""

    def connect(files: dict[str, str], **options: Any) -> Session:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return bluetick.connect(functions=tmp_path, **options)

    return connect


def rows(session: Session, query: str) -> Rows:
    return list(session.query(query).rows())


def problem(session: Session, query: str) -> tuple[str, str]:
    """The code and the message of the first error."""
    with pytest.raises(QueryError) as caught:
        session.query(query)
    first = caught.value.diagnostics[0]
    return first.code, first.message


def warnings(check: Check) -> list[str]:
    assert check.ok, check.diagnostics
    return [warning.code for warning in check.warnings]


# --- the forms of a file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["kql", "csl", "txt", "kusto"])
def test_a_query_is_the_function_of_its_files_name(folder: Folder, ending: str) -> None:
    text = "// doubles\nlet twice = (x:long) { x * 2 };\nrange a from 1 to 2 step 1\n| project b = twice(a) // end"
    session = folder({f"sub/Doubled.{ending}": text})
    assert rows(session, "Doubled") == rows(session, "Doubled()") == [(2,), (4,)]
    assert rows(session, "Doubled | where b > 2") == [(4,)]


COMMANDS = """// two of them
.create-or-alter function with (folder = "a) b", docstring = 'the "first"') First(word:string = "w",
    times:long = 2) {
    range i from 1 to times step 1 | project said = strcat(word, i)
}

.create function ifnotexists ['Second-One'](n:long) { n + 1 }
"""


def test_commands_make_functions(folder: Folder) -> None:
    session = folder({"all.csl": COMMANDS})
    assert rows(session, "First") == [("w1",), ("w2",)]
    assert rows(session, "First('x', 1)") == rows(session, "First(times=1, word='x')") == [("x1",)]
    assert rows(session, "print ['Second-One'](4)") == [(5,)]


def test_a_file_of_lets_makes_a_function_of_each(folder: Folder) -> None:
    session = folder({"all.kql": "let base = 10; let Add = (x:long) { x + base };\nlet Both = (T:(*)) { union T, T };"})
    assert rows(session, "print Add(1)") == [(11,)]
    assert rows(session, "print a = 1 | invoke Both()") == [(1,), (1,)]
    assert rows(session, "Both((print a = 1))") == [(1,), (1,)]
    assert problem(session, "base")[0] == "SEM0100"


PARSER = """Parser:
  Title: made up
ParserName: imThing
EquivalentBuiltInParser: _Im_Thing
ParserParams:
  - Name: who
    Type: string
    Default: '*'
  - Name: least
    Type: int
    Default: int(null)
  - Name: skip
    Type: bool
    Default: false
ParserQuery: |
  let parser = (who:string = '*', least:int = int(null), skip:bool = false) {
    Things | where not(skip)
    | where who == '*' or Who == who
    | where isnull(least) or N >= least
  };
  parser(who = who, least = least, skip = skip)
"""
THINGS = {"Things": pa.table({"Who": ["ann", "bob"], "N": [1, 2]})}


def test_parser_definitions_have_parameters_and_aliases(folder: Folder) -> None:
    session = folder({"thing.yaml": PARSER}, tables=THINGS)  # type: ignore[call-arg]
    for name in ("imThing", "_Im_Thing"):
        assert rows(session, f"{name} | count") == [(2,)]
        assert rows(session, f"{name}(who='bob') | project N") == rows(session, f"{name}('*', 2) | project N") == [(2,)]
        assert rows(session, f"{name}(skip=true)") == []


def test_function_definitions_may_be_scalar(folder: Folder) -> None:
    text = """FunctionName: ASIM_Half
EquivalentBuiltInFunction: _ASIM_Half
FunctionParams:
  - Name: x
    Type: real
FunctionQuery: "let f = (x:real) { x / 2 };\\n f(x)"
"""
    session = folder({"half.yml": text})
    assert rows(session, "print ASIM_Half(3.0), _ASIM_Half(real(null))") == [(1.5, None)]


@pytest.mark.parametrize("wrapped", [False, True])
def test_saved_searches(folder: Folder, *, wrapped: bool) -> None:
    saved = {"FunctionAlias": "Few", "functionParameters": "n:long=2", "query": "range x from 1 to n step 1"}
    template = {"resources": [{"type": "workspaces", "resources": [{"type": "savedSearches", "properties": saved}]}]}
    session = folder({"any.json": json.dumps(template if wrapped else saved)})
    assert rows(session, "Few | count") == [(2,)]
    assert rows(session, "Few(3) | count") == [(3,)]


def test_tables_as_parameters_in_a_definition(folder: Folder) -> None:
    text = "FunctionName: Counted\nFunctionParams:\n- {Name: T, Type: 'table:(*)'}\nFunctionQuery: T | count\n"
    session = folder({"a.yaml": text})
    assert rows(session, "range x from 1 to 3 step 1 | invoke Counted()") == [(3,)]


# --- names -------------------------------------------------------------------------------------------------------


def test_what_hides_what(folder: Folder) -> None:
    files = {"Here.kql": "print a = 1", "Things.kql": "print a = 2", "strlen.kql": "print a = 3"}
    session = folder(files, tables=THINGS)  # type: ignore[call-arg]
    assert rows(session, "let Here = print a = 'let'; Here") == [("let",)]
    assert rows(session, "Things | count") == [(2,)]
    assert rows(session, "print strlen('four')") == [(4,)]


def test_a_function_sees_none_of_the_querys_names(folder: Folder) -> None:
    session = folder({"Uses.kql": "Outside | count"})
    code, message = problem(session, "let Outside = print 1; Uses")
    assert (code, "Outside" in message) == ("SEM0100", True)


def test_functions_call_functions(folder: Folder) -> None:
    files = {"A.kql": "B(2) | union B(3)", "b.csl": ".create function B(n:long) { range x from 1 to n step 1 }"}
    assert rows(folder(files), "A | count") == [(5,)]


def test_restrict_hides_functions_that_are_not_named(folder: Folder) -> None:
    session = folder({"Here.kql": "print a = 1", "There.kql": "Here"})
    assert rows(session, "restrict access to (There); There") == [(1,)]
    assert problem(session, "restrict access to (There); Here")[0] == "SEM0100"


def test_unknown_names_get_a_hint(folder: Folder) -> None:
    session = folder({"UnifiedLogons.kql": "let Helper = (x:long) { x };\nprint Helper(1)"})
    with pytest.raises(QueryError, match="did you mean 'UnifiedLogons'"):
        session.query("UnifiedLogon")
    assert problem(session, "print Helper(1)")[0] == "SEM0260"


def test_several_files_of_one_name(folder: Folder) -> None:
    session = folder(
        {"a/Twin.kql": "print 1", "b/Twin.kql": "print 2", "c/Same.kql": "print 3", "d/Same.kql": "print 3"}
    )
    code, message = problem(session, "Twin")
    assert code == "BTK0120"
    assert "a/Twin.kql" in message
    assert "b/Twin.kql" in message
    assert rows(session, "Same") == [(3,)]


# --- mistakes ----------------------------------------------------------------------------------------------------


def test_a_mistake_is_told_at_the_call_with_its_own_place(folder: Folder) -> None:
    session = folder({"Wrong.csl": "\n.create function Wrong(x:long) {\n  print a = 1\n  | where nope == x\n}"})
    with pytest.raises(QueryError) as caught:
        session.query("print b = 2 | union Wrong(7)")
    (found,) = caught.value.diagnostics
    assert (found.span.start, found.span.end) == (20, 28)
    assert found.message.startswith("in function 'Wrong' (")
    assert "Wrong.csl:4): failed to resolve column or scalar expression named 'nope'" in found.message


def test_a_mistake_in_a_definition_has_the_documents_line(folder: Folder) -> None:
    text = "ParserName: Wrong\nDescription: |\n  words\nParserQuery: |\n\n  print a = 1\n  | project b\n"
    assert "w.yaml:7): failed" in problem(folder({"w.yaml": text}), "Wrong")[1]


BROKEN = {
    "Open.kql": ("print a = (", "Open.kql:1: "),
    "Two.kql": ("print 1; print 2", "a function cannot hold two queries"),
    "Command.kql": (".drop table X", "only '.create function'"),
    "Values.kql": ("let x = 1;", "it declares values, and no function"),
    "Setting.kql": ("set notruncation; print 1", "a function cannot hold a statement that is no let"),
    "Listed.yaml": ("FunctionName: Listed\n---\n- FunctionQuery", "it is no YAML"),
    "Bad.yaml": ("FunctionName: Bad\nFunctionQuery: [", "it is no YAML (line"),
    "NoQuery.yaml": ("FunctionName: NoQuery", "its query"),
    "Nameless.yaml": (
        "FunctionName: Nameless\nFunctionParams:\n- Type: int\nFunctionQuery: print 1",
        "a Name and a Type",
    ),
    "Bad.json": ('{"functionAlias": "BadJson", ', "it is no JSON"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_when_its_function_is_used(folder: Folder, name: str) -> None:
    text, words = BROKEN[name]
    session = folder({name: text, "Good.kql": "print 1"})
    assert rows(session, "Good") == [(1,)]
    function = "BadJson" if name == "Bad.json" else name.split(".", maxsplit=1)[0]
    for query in (function, f"{function}(1)", f"print {function}(1)"):
        code, message = problem(session, query)
        assert code == "BTK0120"
        assert words in message


def test_recursion_is_refused(folder: Folder) -> None:
    session = folder({"all.csl": ".create function A(x:long) { B(x) }\n.create function B(x:long) { A(x) }\n"})
    code, message = problem(session, "print A(1)")
    assert code == "BTK0121"
    assert "'A' calls 'B' calls 'A'" in message
    session = folder({"Self.kql": "Self | take 1"})
    assert problem(session, "Self")[0] == "BTK0121"


def test_chains_of_calls_end(folder: Folder) -> None:
    session = folder({f"F{n}.kql": f"F{n + 1} | extend x{n} = 1" for n in range(30)} | {"F30.kql": "print a = 1"})
    assert len(session.query("F15").columns) == 16
    assert problem(session, "F0")[0] == "BTK0124"


def test_wrong_arguments(folder: Folder) -> None:
    session = folder({"b.csl": ".create function B(n:long) { print n }"})
    assert problem(session, "B()")[0] == "SEM0219"
    assert problem(session, "B('x')")[0] == "SEM0081"
    assert problem(session, "print B(1)")[0] == "SEM0012"


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder of functions"):
        bluetick.connect(functions=tmp_path / "missing")


# --- isfuzzy -----------------------------------------------------------------------------------------------------


def test_fuzzy_unions_leave_out_missing_parsers(folder: Folder) -> None:
    files = {
        "imAll.kql": "union isfuzzy=true vimNone, vimGone(1), vimBare, vimAbsent('x'), vimHere('y')",
        "vimNone.kql": "datatable(A:string)[]",
        "vims.csl": ".create function vimAbsent(a:string) { Gone_CL | where A == a }\n"
        ".create function vimHere(a:string) { print A = a }",
    }
    session = folder(files)
    assert rows(session, "imAll") == [("y",)]
    _, found = session.plan(QueryRequest("imAll"))
    assert [d.code for d in found] == ["BTK0151"] * 3


def test_other_mistakes_are_passed_over_where_no_table_is_read(folder: Folder) -> None:
    files = {
        "All.kql": "union isfuzzy=true (print a = 1), Bad, Worse",
        "Bad.kql": "Inner | project b",
        "Inner.kql": "Things",
        "Worse.kql": "Things | union Gone_CL | project b",
    }
    session = folder(files)
    assert warnings(session.check("All")) == ["BTK0151", "BTK0151"]
    assert rows(session, "All") == [(1,)]
    session = folder(files, tables=THINGS)  # type: ignore[call-arg]
    assert warnings(session.check("All")) == ["BTK0162", "BTK0151"]
    assert problem(session, "All")[0] == "SEM0100"


def test_no_row_is_dropped_for_a_missing_neighbour(folder: Folder) -> None:
    files = {"All.kql": "union isfuzzy=true (print a = 1), Both", "Both.kql": "union (Things | project b), Gone_CL"}
    session = folder(files, tables=THINGS)  # type: ignore[call-arg]
    code, message = problem(session, "All")
    assert code == "SEM0100"
    assert "'b'" in message


# --- Defender's own ----------------------------------------------------------------------------------------------

NOW = datetime(2024, 5, 2, tzinfo=UTC)


def moments(*hours: float) -> "pa.Array[Any]":
    """So many hours before NOW."""
    last = int(NOW.timestamp() * 1_000_000)
    return pa.array([last - int(hour * 3_600_000_000) for hour in hours], pa.timestamp("us"))


def network_info() -> pa.Table:
    """Device d1 moved from 10.0.0.9 to two adapters; d2 was last heard of 30 hours ago; d3 has no address."""
    adapters = (
        '[{"IPAddress":"10.0.0.1","AddressType":"Private"},{"IPAddress":"fe80::1","AddressType":"LinkLocal"}]',
        '[{"IPAddress":"10.8.0.1","AddressType":"Private"}]',
        '[{"IPAddress":"10.0.0.9","AddressType":"Private"}]',
        '[{"IPAddress":"10.0.0.1","AddressType":"Private"}]',
        "",
    )
    return pa.table(
        {
            "Timestamp": moments(1, 1, 5, 30, 2),
            "DeviceId": ["d1", "d1", "d1", "d2", "d3"],
            "DeviceName": ["one", "one", "one", "two", "three"],
            "ReportId": pa.array([7, 7, 5, 1, 2], pa.int64()),
            "NetworkAdapterType": ["Ethernet", "Tunnel", "Ethernet", "Ethernet", "Ethernet"],
            "ConnectedNetworks": [""] * 5,
            "IPAddresses": list(adapters),
        }
    )


@pytest.fixture
def devices() -> Session:
    seen = pa.table({"DeviceId": ["d9"], "SeenBy": ['[{"DeviceId":"d1"}]']})
    return bluetick.connect(tables={"DeviceNetworkInfo": network_info(), "DeviceSeenBy": seen}, now=NOW)


@pytest.mark.parametrize("schemas", ["defender", "sentinel"])
def test_assigned_addresses(devices: Session, schemas: str) -> None:
    def ask(query: str) -> Rows:
        return list(
            devices.run(QueryRequest(f"{query} | project IPAddress, IPType | order by IPAddress asc", schemas=schemas))[
                -1
            ].rows()
        )

    latest = [("10.0.0.1", "Private"), ("10.8.0.1", "Private"), ("fe80::1", "LinkLocal")]
    assert ask("AssignedIPAddresses('one')") == ask("AssignedIPAddresses('d1', now())") == latest
    assert ask("AssignedIPAddresses('d1', ago(3h))") == [("10.0.0.9", "Private")]
    assert ask("AssignedIPAddresses('two')") == ask("AssignedIPAddresses('three')") == []


def test_columns_of_assigned_addresses(devices: Session) -> None:
    names = [name for name, _ in devices.query("AssignedIPAddresses('one')").columns]
    assert names == ["Timestamp", "IPAddress", "IPType", "NetworkAdapterType", "ConnectedNetworks"]


def test_devices_of_addresses(devices: Session) -> None:
    given = "datatable(IP:string, K:long)['10.0.0.1', 1, '10.0.0.9', 2, '10.0.0.1', 3]"
    result = devices.query(f"{given} | invoke DeviceFromIP()")
    assert [name for name, _ in result.columns] == ["IP", "DeviceId"]
    assert list(result.rows()) == [("10.0.0.1", "d1")]
    assert rows(devices, f"{given} | invoke DeviceFromIP(ago(3h))") == [("10.0.0.9", "d1")]
    assert problem(devices, "print Address = '10.0.0.1' | invoke DeviceFromIP()")[0] in {"SEM0100", "SEM0081"}


def test_seen_by_reads_an_export(devices: Session) -> None:
    query = "datatable(DeviceId:string, K:long)['d9', 1, 'd8', 2] | invoke SeenBy() | mv-expand parse_json(SeenBy)"
    assert rows(devices, f"{query} | project K, By = tostring(SeenBy.DeviceId) | order by K asc") == [
        (1, "d1"),
        (2, ""),
    ]


@pytest.mark.parametrize(
    ("query", "table"),
    [
        ("AssignedIPAddresses('one')", "DeviceNetworkInfo"),
        ("print IP = '10.0.0.1' | invoke DeviceFromIP()", "DeviceNetworkInfo"),
        ("print DeviceId = 'd9' | invoke SeenBy()", "DeviceSeenBy"),
    ],
)
def test_without_data_they_say_which(query: str, table: str) -> None:
    with bluetick.connect() as session:
        assert session.check(query).ok
        with pytest.raises(QueryError, match=f"--table {table}=PATH"):
            session.query(query)


def test_a_file_wins_over_the_services_function(folder: Folder) -> None:
    session = folder({"AssignedIPAddresses.kql": "print IPAddress = '192.0.2.1'"})
    assert rows(session, "AssignedIPAddresses") == [("192.0.2.1",)]


# --- ingestion_time() --------------------------------------------------------------------------------------------


@pytest.fixture
def arrivals() -> Session:
    tables = {
        "DeviceProcessEvents": pa.table({"Timestamp": moments(1, 30), "FileName": ["a", "b"]}),
        "SigninLogs": pa.table(
            {"TimeGenerated": moments(1, 30), "_TimeReceived": moments(0.5, 2), "UserPrincipalName": ["u", "v"]}
        ),
        "Export": pa.table({"x": [1], "IngestionTime": moments(3), "_TimeReceived": moments(5)}),
        "Timeless": pa.table({"x": [1]}),
    }
    return bluetick.connect(tables=tables, now=NOW)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SigninLogs | where ingestion_time() > ago(3h) | project UserPrincipalName", [("u",), ("v",)]),
        ("SigninLogs | where ingestion_time() > ago(1h) | project UserPrincipalName", [("u",)]),
        ("SigninLogs | extend TimeGenerated = now() | where ingestion_time() > ago(1h) | count", [(1,)]),
        ("let v = SigninLogs | where UserPrincipalName == 'u'; v | where ingestion_time() < ago(20m) | count", [(1,)]),
        ("SigninLogs | top 1 by ingestion_time() desc | project UserPrincipalName", [("u",)]),
        ("Export | project ago = now() - ingestion_time() | project tostring(ago)", [("03:00:00",)]),
        ("Export | summarize max(ingestion_time()) by x | count", [(1,)]),
        ("union SigninLogs, (SigninLogs | take 0) | where ingestion_time() > ago(1h) | count", [(1,)]),
    ],
)
def test_ingestion_time_is_what_the_table_keeps(arrivals: Session, query: str, expected: Rows) -> None:
    _, found = arrivals.plan(QueryRequest(query))
    assert found == ()
    assert rows(arrivals, query) == expected


def test_else_the_tables_time_stands_for_it_with_a_warning(arrivals: Session) -> None:
    query = "DeviceProcessEvents | where ingestion_time() > ago(2h) and ingestion_time() < now() | project FileName"
    _, found = arrivals.plan(QueryRequest(query))
    assert [d.code for d in found] == ["BTK0160"]
    assert rows(arrivals, query) == [("a",)]


def test_name_of_the_unnamed_column(arrivals: Session) -> None:
    assert arrivals.query("Export | project ingestion_time()").columns == (("$IngestionTime", "datetime"),)


@pytest.mark.parametrize(
    "query",
    [
        "print ingestion_time()",
        "Timeless | extend i = ingestion_time()",
        "SigninLogs | summarize count() | extend ingestion_time()",
        "SigninLogs | project UserPrincipalName | where ingestion_time() > ago(1h)",
        "DeviceProcessEvents | extend Timestamp = now() | where ingestion_time() > ago(1h)",
        "SigninLogs | join kind=inner SigninLogs on UserPrincipalName | where ingestion_time() > ago(1h)",
        "union SigninLogs, DeviceProcessEvents | where ingestion_time() > ago(1h)",
    ],
)
def test_where_no_row_has_one_it_is_refused(arrivals: Session, query: str) -> None:
    assert problem(arrivals, query)[0] == "BTK0123"


# --- the folder --------------------------------------------------------------------------------------------------


def test_a_query_that_names_only_tables_reads_no_file(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    session = folder({"A.kql": "print 1"}, tables=THINGS)  # type: ignore[call-arg]

    def refuse(self: FunctionLibrary) -> dict[str, list[Path]]:
        raise AssertionError("the folder is read")

    monkeypatch.setattr(FunctionLibrary, "_index", refuse)
    query = (
        "let few = Things | where strlen(Who) == 3; few | join kind=inner few on Who | summarize max(N) by Who | count"
    )
    assert rows(session, query) == [(2,)]


def test_names_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "Query.kql").write_text("let inner = (x:long) { x };\nprint inner(1)")
    (tmp_path / "lets.kql").write_text("let One = () { 1 };\nlet Two = () { 2 };")
    (tmp_path / "c.csl").write_text(COMMANDS)
    (tmp_path / "p.yaml").write_text(PARSER)
    (tmp_path / ".hidden.kql").write_text("print 1")
    names = FunctionLibrary(tmp_path).names()
    assert set(names) == {"Query", "One", "Two", "First", "Second-One", "imThing", "_Im_Thing"}
