"""IPv4 functions: parse, format, compare, ranges, and searching for addresses in text."""

import re
from collections.abc import Callable, Iterable, Sequence

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Example,
    Nulls,
    ScalarFunction,
    Signature,
    param,
    signature,
)
from bluetick.functions.scalar import ipv4, regex
from bluetick.functions.scalar.both_engines import BothEngines
from bluetick.functions.scalar.ipv4 import Address, Network, address_in_text, address_of, address_text, mask, smaller
from bluetick.functions.scalar.json_items import constant_items
from bluetick.functions.scalar.search_forms import DUCKDB, SPARK, SearchForms
from bluetick.functions.scalar.terms import AFTER, BEFORE, Edges, find_any_term, find_term
from bluetick.sql.tree import (
    EMPTY,
    FALSE,
    TRUE,
    Binary,
    Bound,
    Call,
    Case,
    Cast,
    Expr,
    Lambda,
    all_of,
    any_of,
    call,
    coalesce,
    is_not_null,
    is_null,
    long,
    text,
    when,
)
from bluetick.types import INTEGER, Type

_TEXT = (Type.STRING, Type.DYNAMIC)
_MAX_ITEMS = 64
_MAX_BEGINNINGS = 8

_function = BothEngines(DUCKDB, SPARK, Nulls.OWN).function


def _address(arg: Argument, forms: SearchForms) -> Address:
    return address_of(arg, forms.text(arg), forms.matching.patterns.matches)


# --- parse, format, compare ------------------------------------------------------------------------------------


def _in_bounds(prefix: Expr) -> Expr:
    return all_of(Binary(">=", prefix, long(0)), Binary("<=", prefix, long(32)))


def _limited(number: Expr, own: Expr, bound: BoundCall, index: int) -> tuple[Expr, Expr]:
    """The masked number and the prefix, under an optional prefix argument; null where that is out of bounds."""
    if len(bound) <= index:
        return mask(number, own), own
    given = Cast(bound[index].sql, Type.LONG)
    prefix = smaller(own, given)
    return Case(((_in_bounds(given), mask(number, prefix)),)), prefix


def _parse_ipv4(bound: BoundCall, forms: SearchForms) -> Expr:
    address = _address(bound[0], forms)
    return _limited(address.number, address.prefix, bound, 1)[0]


def _netmask_suffix(bound: BoundCall, forms: SearchForms) -> Expr:
    address = _address(bound[0], forms)
    return Case(((is_not_null(address.number), address.prefix),))


def _format(bound: BoundCall, forms: SearchForms) -> tuple[Expr, Expr]:
    address = _address(bound[0], forms)
    number, prefix = _limited(address.number, address.prefix, bound, 1)
    return number, prefix


def _format_ipv4(bound: BoundCall, forms: SearchForms) -> Expr:
    number, _ = _format(bound, forms)
    return when(is_null(number), EMPTY, address_text(number))


def _format_ipv4_mask(bound: BoundCall, forms: SearchForms) -> Expr:
    number, prefix = _format(bound, forms)
    shown = call("concat", address_text(number), text("/"), Cast(prefix, Type.STRING))
    return when(is_null(number), EMPTY, shown)


def _both_masked(bound: BoundCall, forms: SearchForms) -> tuple[Expr, Expr]:
    """Both addresses under the shortest of the prefixes."""
    left, right = (_address(arg, forms) for arg in bound.args[:2])
    prefix = smaller(left.prefix, right.prefix)
    return _limited(left.number, prefix, bound, 2)[0], _limited(right.number, prefix, bound, 2)[0]


def _compare(bound: BoundCall, forms: SearchForms) -> Expr:
    left, right = _both_masked(bound, forms)
    return Case(
        (
            (Binary("=", left, right), long(0)),
            (Binary("<", left, right), long(-1)),
            (Binary(">", left, right), long(1)),
        )
    )


def _is_match(bound: BoundCall, forms: SearchForms) -> Expr:
    left, right = _both_masked(bound, forms)
    return Binary("=", left, right)


def _is_private(bound: BoundCall, forms: SearchForms) -> Expr:
    value, matches = forms.text(bound[0]), forms.matching.patterns.matches
    pattern = call(matches, value, text(regex.own(ipv4.PRIVATE_PATTERN)))
    private = all_of(_may_begin(value, ipv4.PRIVATE_BEGINNINGS), pattern)
    if bound.truth_only:
        return private
    return Case(((private, TRUE), (call(matches, value, text(regex.own(ipv4.PATTERN))), FALSE)))


# --- ranges ----------------------------------------------------------------------------------------------------


def _split(args: tuple[Argument, ...]) -> tuple[list[str], list[Argument], list[Argument]]:
    """Constant texts, texts of the row, arrays of the row."""
    constants: list[str] = []
    rows: list[Argument] = []
    arrays: list[Argument] = []
    for arg in args:
        if arg.is_constant:
            items = constant_items(arg.constant)
            constants.extend(item.constant for item in items if isinstance(item.constant, str))
        else:
            (arrays if arg.type is Type.DYNAMIC else rows).append(arg)
    return constants, rows, arrays


def _in_network(number: Expr, network: Address) -> Expr:
    return Binary("=", mask(number, network.prefix), network.masked())


def _in_any_range(bound: BoundCall, forms: SearchForms) -> Expr:
    constants, rows, arrays = _split(bound.args[1:])
    networks = [network for item in constants if (network := ipv4.parse_constant(item)) is not None]
    if not rows and not arrays:
        return _in_networks(bound, networks, forms)
    number, ip = _address(bound[0], forms).masked(), Bound("ip")
    found = [_within(networks)]
    matches = forms.matching.patterns.matches
    for row in rows:
        found.append(coalesce(_in_network(ip, address_in_text(forms.text(row), matches)), FALSE))
    for array in arrays:
        inside = coalesce(_in_network(ip, address_in_text(Bound("item"), matches)), FALSE)
        kept = Call(forms.filter, (forms.items(array.sql), Lambda(("item",), inside)))
        found.append(coalesce(Binary(">", Cast(call(forms.length, kept), Type.LONG), long(0)), FALSE))
    return forms.once(number, "ip", when(is_not_null(ip), any_of(*found)))


def _in_range(bound: BoundCall, forms: SearchForms) -> Expr:
    constant = ipv4.parse_constant(bound[1].constant) if isinstance(bound[1].constant, str) else None
    if constant is None:
        number, network = _address(bound[0], forms).masked(), _address(bound[1], forms)
        return _in_network(number, network)
    return _in_networks(bound, [constant], forms)


def _within(networks: Sequence[Network]) -> Expr:
    """Whether the number `ip` is an address of one of these networks."""
    ip = Bound("ip")
    ranges = ipv4.merged(networks)
    return any_of(*(all_of(Binary(">=", ip, long(low)), Binary("<=", ip, long(high))) for low, high in ranges))


def _in_networks(bound: BoundCall, networks: Sequence[Network], forms: SearchForms) -> Expr:
    """Whether an address lies in constant networks. One without a prefix of its own shows it in its text, which is
    quicker to look at than its number is to work out (measured: 15 times)."""
    masked = _address(bound[0], forms).masked()
    by_number = forms.once(masked, "ip", when(is_not_null(Bound("ip")), _within(networks)))
    if bound[0].type in INTEGER or not 0 < len(networks) <= _MAX_ITEMS:
        return by_number
    value, matches = forms.text(bound[0]), forms.matching.patterns.matches
    inside: Expr = call(matches, value, text(regex.own(ipv4.network_pattern(networks))))
    beginnings = ipv4.beginnings(networks)
    if len(beginnings) <= _MAX_BEGINNINGS:
        # A condition of a CASE, as engines skip the second half of an AND only there.
        inside = Case(((all_of(_may_begin(value, beginnings), inside), TRUE),), FALSE)
    has_prefix = Binary("LIKE", value, text("%/%"))
    if bound.truth_only:
        return when(has_prefix, by_number, inside)
    is_address = call(matches, value, text(regex.own(ipv4.PATTERN)))
    return Case(((has_prefix, by_number), (inside, TRUE), (is_address, FALSE)))


def _may_begin(value: Expr, beginnings: Iterable[str]) -> Expr:
    """Whether a text begins so or with white space, which is less than any digit: a quick look before the pattern
    (measured: a third of its time)."""
    return any_of(
        Binary("<", value, text("0")), *(Binary("LIKE", value, text(f"{beginning}%")) for beginning in beginnings)
    )


# --- addresses in text -----------------------------------------------------------------------------------------

_DELIMITED = Edges(before=True, after=True, any_case=False)


def _has_any_ipv4(bound: BoundCall, forms: SearchForms) -> Expr:
    source, matching = forms.text(bound[0]), forms.matching
    constants, rows, arrays = _split(bound.args[1:])
    valid = tuple(item for item in constants if ipv4.is_plain(item))
    found: list[Expr] = [find_any_term(source, valid, _DELIMITED, matching, bound.truth_only)] if valid else []

    def has(item: Argument) -> Expr:
        is_address = call(matching.patterns.matches, forms.text(item), text(regex.own(ipv4.PLAIN_PATTERN)))
        return all_of(is_address, find_term(source, item, _DELIMITED, matching, truth_only=False))

    return any_of(*found, *(has(row) for row in rows), *(_any_item(array, has, forms) for array in arrays))


def _any_item(array: Argument, has: Callable[[Argument], Expr], forms: SearchForms) -> Expr:
    kept = Call(forms.filter, (forms.items(array.sql), Lambda(("item",), has(Argument(Bound("item"), Type.STRING)))))
    return coalesce(Binary(">", Cast(call(forms.length, kept), Type.LONG), long(0)), FALSE)


_PREFIX_PATTERN = rf"^(?:{ipv4.OCTET}\.){{1,3}}\z"


def _rest(octets: int) -> str:
    """The pattern of the octets that are still to come."""
    return r"\.".join([ipv4.OCTET] * octets)


def _prefix_constant(prefix: str) -> str | None:
    if ipv4.is_plain(prefix):
        return regex.quote(prefix)
    if re.fullmatch(rf"(?:{ipv4.OCTET}\.){{1,3}}", prefix):
        return regex.quote(prefix) + _rest(4 - prefix.count("."))
    return None


def _has_any_prefix(bound: BoundCall, forms: SearchForms) -> Expr:
    source, patterns = forms.text(bound[0]), forms.matching.patterns
    constants, rows, arrays = _split(bound.args[1:])
    valid = [pattern for item in constants if (pattern := _prefix_constant(item)) is not None]
    found: list[Expr] = []
    if valid:
        found.append(call(patterns.matches, source, text(f"{BEFORE}(?:{'|'.join(valid)}){AFTER}")))

    def has(item: Argument) -> Expr:
        value = forms.text(item)
        dots = Binary("-", call("length", value), call("length", call("replace", value, text("."), EMPTY)))
        rests = tuple((Binary("=", Cast(dots, Type.LONG), long(n)), text(_rest(4 - n))) for n in (1, 2, 3))
        rest = Case(((call(patterns.matches, value, text(regex.own(ipv4.PLAIN_PATTERN))), EMPTY), *rests))
        pattern = call("concat", text(BEFORE), patterns.quoted(value), rest, text(AFTER))
        is_prefix = call(patterns.matches, value, text(regex.own(f"{ipv4.PLAIN_PATTERN}|{_PREFIX_PATTERN}")))
        return Case(((is_prefix, call(patterns.matches, source, pattern)),), FALSE)

    return any_of(*found, *(has(row) for row in rows), *(_any_item(array, has, forms) for array in arrays))


# --- the functions ---------------------------------------------------------------------------------------------

_IP, _PREFIX = param("ip", *_TEXT), param("prefix", *INTEGER, optional=True)
_ONE = (signature(_IP, returns=Type.BOOL),)
_SOURCE = param("source", *_TEXT)


def _two(returns: Type) -> tuple[Signature, ...]:
    return (signature(param("ip1", *_TEXT), param("ip2", *_TEXT), _PREFIX, returns=returns),)


def _searching(name: str, repeat: int) -> tuple[Signature, ...]:
    return (signature(_SOURCE, param(name, *_TEXT, repeat=repeat), returns=Type.BOOL),)


_FORMAT = (signature(param("ip", *_TEXT, *INTEGER), _PREFIX, returns=Type.STRING),)
_RANGES = (signature(_IP, param("range", *_TEXT, repeat=_MAX_ITEMS), returns=Type.BOOL),)

_LOG = '"05:04:54 127.0.0.1 GET /favicon.ico 404"'

FUNCTIONS: tuple[ScalarFunction, ...] = (
    _function(
        "parse_ipv4",
        "The number of an IPv4 address, masked by its own prefix; null where it is none.",
        (signature(_IP, returns=Type.LONG),),
        _parse_ipv4,
        (
            Example('parse_ipv4("192.168.1.1")', 3232235777),
            Example('parse_ipv4("192.168.1.1/24")', 3232235776),
            Example('parse_ipv4("300.1.1.1")', None),
            Example('parse_ipv4("")', None),
        ),
    ),
    _function(
        "parse_ipv4_mask",
        "The number of an IPv4 address under a prefix of 0 to 32 bits.",
        (signature(_IP, param("prefix", *INTEGER), returns=Type.LONG),),
        _parse_ipv4,
        (
            Example('parse_ipv4_mask("127.0.0.1", 24)', 2130706432),
            Example('parse_ipv4_mask("127.0.0.1", 99)', None),
            Example('parse_ipv4_mask("", 24)', None),
        ),
    ),
    _function(
        "format_ipv4",
        "An address (text or number) under a prefix, as text; empty where it is none.",
        _FORMAT,
        _format_ipv4,
        (
            Example('format_ipv4("192.168.1.1", 24)', "192.168.1.0"),
            Example("format_ipv4(3232235777)", "192.168.1.1"),
            Example('format_ipv4("192.168.1.1", -1)', ""),
            Example('format_ipv4("", 24)', ""),
        ),
        nulls=Nulls.NEVER,
    ),
    _function(
        "format_ipv4_mask",
        "An address (text or number) under a prefix, in CIDR notation; empty where it is none.",
        _FORMAT,
        _format_ipv4_mask,
        (
            Example('format_ipv4_mask("192.168.1.1", 24)', "192.168.1.0/24"),
            Example('format_ipv4_mask("192.168.1.1/24", 32)', "192.168.1.0/24"),
            Example('format_ipv4_mask("", 24)', ""),
        ),
        nulls=Nulls.NEVER,
    ),
    _function(
        "ipv4_compare",
        "Compare two addresses under their prefixes: -1, 0, 1; null where one is none.",
        _two(Type.LONG),
        _compare,
        (
            Example('ipv4_compare("192.168.1.1/24", "192.168.1.255")', 0),
            Example('ipv4_compare("10.0.0.1", "10.0.0.2")', -1),
            Example('ipv4_compare("10.0.0.1", "10.0.0.2", 30)', 0),
            Example('ipv4_compare("10.0.0.1", "x")', None),
            Example('ipv4_compare("", "10.0.0.1")', None),
        ),
    ),
    _function(
        "ipv4_is_match",
        "Whether two addresses are equal under their prefixes; null where one is none.",
        _two(Type.BOOL),
        _is_match,
        (
            Example('ipv4_is_match("192.168.1.1/24", "192.168.1.255")', True),
            Example('ipv4_is_match("192.168.1.1", "192.168.2.1", 24)', False),
            Example('ipv4_is_match("", "192.168.2.1")', None),
        ),
    ),
    _function(
        "ipv4_is_private",
        "Whether an address is of a private network; null where it is no address.",
        _ONE,
        _is_private,
        (
            Example('ipv4_is_private("192.168.1.1/24")', True),
            Example('ipv4_is_private("172.32.0.1")', False),
            Example('ipv4_is_private("fe80::1")', None),
            Example('ipv4_is_private("")', None),
        ),
    ),
    _function(
        "ipv4_netmask_suffix",
        "The length of an address's prefix, 32 where it names none; null where it is no address.",
        (signature(_IP, returns=Type.LONG),),
        _netmask_suffix,
        (
            Example('ipv4_netmask_suffix("127.0.0.1/16")', 16),
            Example('ipv4_netmask_suffix("10.1.2.3")', 32),
            Example('ipv4_netmask_suffix("")', None),
        ),
    ),
    _function(
        "ipv4_is_in_range",
        "Whether an address lies in a network; null where one is no address.",
        (signature(_IP, param("range", *_TEXT), returns=Type.BOOL),),
        _in_range,
        (
            Example('ipv4_is_in_range("192.168.1.1", "192.168.1.255/24")', True),
            Example('ipv4_is_in_range("192.168.2.1", "192.168.1.0/24")', False),
            Example('ipv4_is_in_range("no", "192.168.1.0/24")', None),
            Example('ipv4_is_in_range("", "10.0.0.0/8")', None),
        ),
    ),
    _function(
        "ipv4_is_in_any_range",
        "Whether an address lies in one of the networks; null where it is no address.",
        _RANGES,
        _in_any_range,
        (
            Example('ipv4_is_in_any_range("192.168.1.6", "192.168.1.1/24", "10.0.0.1/8")', True),
            Example('ipv4_is_in_any_range("1.1.1.1", dynamic(["10.0.0.0/8"]))', False),
            Example('ipv4_is_in_any_range("none", "10.0.0.1/8")', None),
            Example('ipv4_is_in_any_range("", "10.0.0.0/8")', None),
        ),
    ),
    _function(
        "has_ipv4",
        "Whether a text has this address between characters that are no letters or digits.",
        _searching("ip", 1),
        _has_any_ipv4,
        (
            Example(f'has_ipv4({_LOG}, "127.0.0.1")', True),
            Example('has_ipv4("a 127.0.0.256 b", "127.0.0.256")', False),
            Example('has_ipv4("54127.0.0.1", "127.0.0.1")', False),
            Example('has_ipv4("", "127.0.0.1")', False),
        ),
        nulls=Nulls.NEVER,
    ),
    _function(
        "has_any_ipv4",
        "Whether a text has one of these addresses.",
        _searching("ip", _MAX_ITEMS),
        _has_any_ipv4,
        (
            Example(f'has_any_ipv4({_LOG}, "127.0.0.1", "127.0.0.2")', True),
            Example(f'has_any_ipv4({_LOG}, dynamic(["127.0.0.2"]))', False),
            Example('has_any_ipv4("", "127.0.0.1")', False),
        ),
        nulls=Nulls.NEVER,
    ),
    _function(
        "has_ipv4_prefix",
        "Whether a text has an address that starts with this prefix (an address, or a part that ends in a dot).",
        _searching("prefix", 1),
        _has_any_prefix,
        (
            Example(f'has_ipv4_prefix({_LOG}, "127.0.")', True),
            Example(f'has_ipv4_prefix({_LOG}, "127.0")', False),
            Example('has_ipv4_prefix("x 127.0.0.256 y", "127.0.")', False),
            Example('has_ipv4_prefix("", "127.0.")', False),
        ),
        nulls=Nulls.NEVER,
    ),
    _function(
        "has_any_ipv4_prefix",
        "Whether a text has an address that starts with one of these prefixes.",
        _searching("prefix", _MAX_ITEMS),
        _has_any_prefix,
        (
            Example(f'has_any_ipv4_prefix({_LOG}, "127.0.", "192.168.")', True),
            Example(f'has_any_ipv4_prefix({_LOG}, dynamic(["10.", "192.168."]))', False),
            Example('has_any_ipv4_prefix("", "127.0.")', False),
        ),
        nulls=Nulls.NEVER,
    ),
)
