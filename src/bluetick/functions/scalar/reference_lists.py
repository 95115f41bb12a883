"""Lists that are computed from little: the networks of an address range, the names of time zones."""

from ipaddress import AddressValueError, IPv4Address, summarize_address_range
from zoneinfo import available_timezones

from bluetick.functions.definition import Example, Nulls, ScalarFunction, param, signature
from bluetick.types import Type


def _cidr_list(start: str, end: str) -> list[str] | None:
    """https://learn.microsoft.com/kusto/query/ipv4-range-to-cidr-list-function"""
    try:
        first, last = IPv4Address(start.strip()), IPv4Address(end.strip())
    except AddressValueError:
        return None
    return [str(network) for network in summarize_address_range(first, last)] if first <= last else None


def _time_zones() -> list[str]:
    return sorted(available_timezones())


IPV4_RANGE_TO_CIDR_LIST = ScalarFunction(
    name="ipv4_range_to_cidr_list",
    summary="The fewest networks that hold all addresses between two; null where one is no address.",
    signatures=(signature(param("start_ip", Type.STRING), param("end_ip", Type.STRING), returns=Type.DYNAMIC),),
    nulls=Nulls.OWN,
    compute=_cidr_list,
    examples=(
        Example(
            'ipv4_range_to_cidr_list("1.1.128.0", "1.1.140.255")', ["1.1.128.0/21", "1.1.136.0/22", "1.1.140.0/24"]
        ),
        Example('ipv4_range_to_cidr_list("10.0.0.7", "10.0.0.7")', ["10.0.0.7/32"]),
        Example('ipv4_range_to_cidr_list("10.0.0.7", "10.0.0.6")', None),
        Example('ipv4_range_to_cidr_list("", "10.0.0.6")', None),
    ),
)
DATETIME_LIST_TIMEZONES = ScalarFunction(
    name="datetime_list_timezones",
    summary="The names of all time zones of the IANA database.",
    signatures=(signature(returns=Type.DYNAMIC),),
    nulls=Nulls.NEVER,
    compute=_time_zones,
    examples=(
        Example('set_has_element(datetime_list_timezones(), "Europe/Berlin")', True),
        Example('set_has_element(datetime_list_timezones(), "")', False),
    ),
    differs="The names are those of this machine's copy of the database.",
)

FUNCTIONS: tuple[ScalarFunction, ...] = (IPV4_RANGE_TO_CIDR_LIST, DATETIME_LIST_TIMEZONES)
