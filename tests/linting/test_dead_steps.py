"""Steps that cannot change the result; and those that look like one and can."""

import pytest

from linting.linted import codes, told

_NEW = """
let Today = SecurityEvent | where TimeGenerated >= ago(1h) | summarize count() by Computer, Account;
let Week = SecurityEvent | where TimeGenerated < ago(1h) and TimeGenerated >= ago({days}) {only}
  | summarize Seen = count() by Computer, Account | where Seen > {often};
let Month = SecurityEvent | where TimeGenerated < ago({until}) and TimeGenerated >= ago(30d) {also}
  | summarize Seen = count() by Account | where Seen > 5;
Today
| join kind=leftanti (Week) on Computer, Account
| {between} join kind=leftanti (Month) on Account
"""


def _new(days: str = "7d", often: int = 7, until: str = "1h", only: str = "", also: str = "", between: str = "") -> str:
    return _NEW.format(days=days, often=often, until=until, only=only, also=also, between=between)


@pytest.mark.parametrize(
    "query",
    [
        _new(),
        _new(days="30d"),
        _new(often=5),
        _new(until="30m"),
        _new(only="| where EventID == 4624"),
        _new(only="| where EventID == 4624", also="| where EventID > 4000"),
        _new(only='| where Activity == "a"', also='| where Activity in ("a", "b")'),
        _new(between="where Computer != 'a' |"),
        _new(between="extend Name = tolower(Account) |"),
        _new().replace("Today\n", "Today | where Account !in (Month | project Account) | where 1 == 1\n"),
    ],
)
def test_an_exclusion_that_a_wider_one_implies_is_dead(query: str) -> None:
    assert ("BTL005", "join kind=leftanti (Week) on Computer, Account") in told(query)


@pytest.mark.parametrize(
    "query",
    [
        _new(days="31d"),  # a day that the other does not read
        _new(often=4),  # five records are enough here, and not there
        _new(until="2h"),  # an hour that the other does not read
        _new(also="| where EventID == 4624"),  # other events count there
        _new(only="| where EventID in (1, 2)", also="| where EventID == 1"),
        _new(between="take 10 |"),  # which ten it is hangs on what is left
        _new(between="summarize count() by Account |"),
        _new().replace("by Account | where Seen", "by Account, Activity | where Seen"),  # smaller groups
        _new().replace("by Account |", "by Account = Computer |"),  # other keys
        _new().replace("(Month) on Account", "(Month | where Account has 'x') on Account"),
        _new()
        .replace("let Month = SecurityEvent", "let Month = WindowsEvent")
        .replace("by Account |", "by Account = Computer |"),
    ],
)
def test_an_exclusion_that_may_remove_more_is_not(query: str) -> None:
    assert "join kind=leftanti (Week) on Computer, Account" not in [
        text for code, text in told(query) if code == "BTL005"
    ]


def test_the_later_of_two_exclusions_is_dead_where_the_earlier_is_wider() -> None:
    query = """SecurityEvent | where TimeGenerated > ago(1h)
| join kind=leftanti (SecurityEvent | where TimeGenerated between (ago(9d) .. ago(1h)) | distinct Account) on Account
| where Account !in ((SecurityEvent | where TimeGenerated between (ago(8d) .. ago(2h)) | distinct Account))"""
    (found,) = [text for code, text in told(query) if code == "BTL005"]
    assert found.startswith("Account !in")


_SHARED = """
let Fresh = SecurityEvent | where TimeGenerated >= ago(1h)
  | join kind=leftanti (SecurityEvent | where TimeGenerated < ago(1h) | distinct Computer, Account)
    on Computer, Account;
Fresh | join kind=leftanti (SecurityEvent | where TimeGenerated < ago(1h) | distinct Account) on Account
"""


def test_rows_that_something_else_uses_too_are_not_dead() -> None:
    assert "BTL005" in codes(_SHARED)
    assert "BTL005" not in codes(_SHARED + "| union Fresh")


def test_a_let_that_nothing_names() -> None:
    assert told("let a = 1; let b = 2; let f = (x:long) { x + a }; print f(1)") == [("BTL005", "b")]


@pytest.mark.parametrize(
    ("conditions", "dead"),
    [
        ("where EventID == 1 | where EventID == 1", "EventID == 1"),
        ("where EventID > 5 | where EventID > 3", "EventID > 3"),
        ("where EventID between (3 .. 5) | where EventID <= 5", "EventID <= 5"),
        ("where Computer == 'a' | where Computer in ('a', 'b')", "Computer in ('a', 'b')"),
        ("where Computer in ('a') | project Host = Computer | where Host in ('b', 'c')", "Host in ('b', 'c')"),
        ("where EventID == 1 and EventID == 2", "EventID == 2"),
        ("where TimeGenerated > ago(1h) | where TimeGenerated > ago(1d)", "TimeGenerated > ago(1d)"),
        ("where TimeGenerated between (ago(1h) .. ago(1d))", "TimeGenerated between (ago(1h) .. ago(1d))"),
        ("where EventID == 1 | summarize count() by EventID | where EventID == 1", "EventID == 1"),
        ("where 1 == 1", "1 == 1"),
        ("where 1 > 2", "1 > 2"),
    ],
)
def test_conditions_that_change_nothing_or_leave_nothing(conditions: str, dead: str) -> None:
    assert [text for code, text in told(f"SecurityEvent | {conditions}") if code == "BTL005"] == [dead]


@pytest.mark.parametrize(
    "conditions",
    [
        "where EventID > 3 | where EventID > 5",
        "where EventID >= 5 | where EventID > 5",
        "where EventID in (1, 2) | where EventID == 1",
        "where Computer in ('a', 'b') | where Computer in ('b', 'c')",
        "where Computer == 'a' | where Computer =~ 'A'",
        "where EventID == 1 | extend EventID = 2 | where EventID == 1",
        "where EventID == 1 | summarize EventID = max(Task) | where EventID == 1",
        "where EventID == 1 | join kind=inner (SecurityEvent | where EventID == 2) on Computer | where EventID1 == 2",
        "where TimeGenerated > ago(1d) | where TimeGenerated > startofday(ago(1d))",
        "where TimeGenerated > ago(1d) | where TimeGenerated > datetime(2024-01-01)",
        "where EventID == 1 or true",
    ],
)
def test_conditions_that_may_change_something(conditions: str) -> None:
    assert "BTL005" not in codes(f"SecurityEvent | {conditions}")


@pytest.mark.parametrize("number", [1, 2])  # implied, and excluded
def test_columns_that_a_step_makes_out_of_themselves_are_followed(number: int) -> None:
    query = f"""SecurityEvent | where EventID == 1 | extend d = parse_json(EventData)
| mv-apply d on (where d has "x" | take 5) | where EventID == {number}"""
    assert ("BTL005", f"EventID == {number}") in told(query)


def test_a_switch_in_a_let_is_meant() -> None:
    assert "BTL005" not in codes("let on = true; SecurityEvent | where on")


def test_a_condition_in_a_function_is_dead_only_where_it_is_for_every_call() -> None:
    function = "let f = (least:long) { SecurityEvent | where EventID > 3 | where EventID > least };"
    assert "BTL005" in codes(f"{function} union f(1), f(2)")
    assert "BTL005" not in codes(f"{function} union f(1), f(4)")


_SELF = "SecurityEvent | where TimeGenerated > ago(1h) | where Account !in ((SecurityEvent | where {} | {}))"


@pytest.mark.parametrize(
    ("when", "what", "expected"),
    [
        ("TimeGenerated > ago(7d)", "distinct Account", True),
        ("TimeGenerated > ago(7d)", "summarize Seen = count() by Account | where Seen > 3 | project Account", True),
        ("TimeGenerated between (ago(7d) .. ago(1h))", "distinct Account", False),
        ("TimeGenerated > ago(7d) and EventID == 1", "distinct Account", False),
        ("TimeGenerated > ago(7d)", "distinct Account = Computer", False),
        ("TimeGenerated > ago(30m)", "distinct Account", False),
    ],
)
def test_a_baseline_that_includes_what_it_judges(when: str, what: str, expected: bool) -> None:
    assert ("BTL018" in codes(_SELF.format(when, what))) is expected


def test_a_lookup_of_rows_among_themselves_removes_nothing() -> None:
    found = "join kind=leftsemi (SecurityEvent | where TimeGenerated > ago(1d){}) on Account"
    query = f"SecurityEvent | where TimeGenerated > ago(1h) | {found}"
    assert "BTL005" in codes(query.format(""))
    assert "BTL005" not in codes(query.format(" and EventID == 1"))
