"""Which columns decide what a query finds, told by hand."""

import pytest

import bluetick
from bluetick.plan.deciding import deciding_columns
from bluetick.session import QueryRequest

TIME = "Timestamp"


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("DeviceInfo", ""),
        ("DeviceInfo | where OSPlatform == 'x' | project DeviceName, OSBuild", "OSPlatform"),
        (
            "DeviceInfo | extend o = OSPlatform | project n = strcat(o, DeviceName) | where n == 'x'",
            "OSPlatform DeviceName",
        ),
        ("DeviceInfo | where OSPlatform == 'x' | sort by OSBuild | project DeviceName", "OSPlatform"),
        ("DeviceInfo | top 5 by OSBuild | project DeviceName", "OSBuild"),
        ("DeviceInfo | summarize max(OSBuild) by DeviceName", "DeviceName"),
        ("DeviceInfo | summarize b = max(OSBuild), c = count() by DeviceName | where b > 1", "DeviceName OSBuild"),
        ("DeviceInfo | distinct DeviceName, OSPlatform", "DeviceName OSPlatform"),
        ("DeviceInfo | summarize arg_max(Timestamp, *) by DeviceId | where OSPlatform == 'x'", "DeviceId OSPlatform"),
        (
            "let a = DeviceInfo | project DeviceId, OSBuild; a | join kind=inner a on DeviceId | where OSBuild1 > 1",
            "DeviceId OSBuild",
        ),
        ("DeviceInfo | join (DeviceInfo | project DeviceId, PublicIP) on DeviceId | project PublicIP", "DeviceId"),
        (
            "DeviceInfo | where DeviceName in ((DeviceInfo | where OSBuild > 1 | project DeviceId))",
            "DeviceName OSBuild DeviceId",
        ),
        (
            "DeviceInfo | where ExposureLevel == toscalar(DeviceInfo | summarize max(PublicIP))",
            "PublicIP ExposureLevel",
        ),
        ("union DeviceInfo, (DeviceInfo | where OSPlatform == 'x') | where DeviceName == 'x'", "OSPlatform DeviceName"),
        ("DeviceInfo | mv-expand d = parse_json(LoggedOnUsers) | project DeviceName", "LoggedOnUsers"),
        ("DeviceInfo | sort by OSBuild | extend p = prev(DeviceName) | where p == 'x'", "OSBuild DeviceName"),
        ("DeviceInfo | invoke FileProfile('DeviceId') | where GlobalPrevalence < 5", "DeviceId"),
        ("DeviceInfo | extend d = parse_url(DeviceName) | where d.Host == 'x'", "DeviceName"),
    ],
)
def test_a_column_decides_where_rows_depend_on_it(query: str, columns: str) -> None:
    """The time is always one: the scope of a run asks for it."""
    with bluetick.connect() as session:
        plan, _ = session.plan(QueryRequest(query), is_check=True)
    assert deciding_columns(plan.statements[-1]) == {"DeviceInfo": {TIME, *columns.split()}}
