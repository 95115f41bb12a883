"""IPv6 functions. An address is worked on as its 32 hexadecimal digits; an IPv4 address is the one mapped to it."""

from dataclasses import dataclass

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
from bluetick.functions.scalar.json_items import constant_items
from bluetick.functions.scalar.search_forms import DUCKDB as SEARCH_DUCKDB
from bluetick.functions.scalar.search_forms import SPARK as SEARCH_SPARK
from bluetick.functions.scalar.search_forms import SearchForms
from bluetick.sql.tree import (
    EMPTY,
    FALSE,
    Bare,
    Binary,
    Bound,
    Call,
    Case,
    Cast,
    Expr,
    Lambda,
    any_of,
    call,
    coalesce,
    is_not_null,
    long,
    text,
    when,
)
from bluetick.types import INTEGER, Type


@dataclass(frozen=True, slots=True)
class Digits:
    """One engine's forms, and its hexadecimal text of a number."""

    search: SearchForms
    hex_of_number: str


DUCKDB = Digits(SEARCH_DUCKDB, "to_hex")
SPARK = Digits(SEARCH_SPARK, "hex")

_GROUP = "[0-9A-Fa-f]{1,4}"
_V4 = rf"{ipv4.OCTET}(?:\.{ipv4.OCTET}){{3}}"
_PREFIX = "(?:/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))?"
# Groups, one gap at most; how many groups there are is counted where the digits are made.
_PATTERN = (
    rf"^\s*(?:(?:{_GROUP}(?::{_GROUP})*)?::(?:{_GROUP}(?::{_GROUP})*)?(?::?{_V4})?|"
    rf"(?:{_GROUP}:){{7}}{_GROUP}|(?:{_GROUP}:){{6}}{_V4}){_PREFIX}\s*$"
)
_TAIL = rf"({_V4})$"
_MAPPED = "0" * 20 + "ffff"  # what stands before an IPv4 address that is written as IPv6


@dataclass(frozen=True, slots=True)
class Address:
    """32 hexadecimal digits (null where it is no address), the length of its own prefix, and whether it is IPv4."""

    digits: Expr
    prefix: Expr
    is_ipv4: Expr


def mask(digits: Expr, prefix: Expr, forms: Digits) -> Expr:
    """The digits of the first `prefix` bits, zeros behind. Both are named once: they are long and stand often."""
    named, bits = Bound("digits"), Bound("bits")
    whole = Binary("//", bits, long(4))
    kept = call("substring", named, Bare(1), _int(whole))
    broken = call("substring", named, _int(Binary("+", whole, long(1))), Bare(1))
    rest = Binary("%", bits, long(4))
    digit = Case(
        tuple(
            (Binary("=", rest, long(count)), call("translate", broken, text("0123456789abcdef"), text(masked)))
            for count, masked in ((1, "0000000088888888"), (2, "000044448888cccc"), (3, "0022446688aaccee"))
        ),
        EMPTY,
    )
    filled = call("rpad", call("concat", kept, digit), Bare(32), text("0"))
    known = Case(((Binary("AND", is_not_null(named), is_not_null(bits)), filled),))
    return forms.search.once(digits, "digits", forms.search.once(prefix, "bits", known))


def _int(value: Expr) -> Expr:
    return Cast(value, Type.INT)


def _hex(number: Expr, forms: Digits) -> Expr:
    return call("lpad", call("lower", call(forms.hex_of_number, number)), Bare(8), text("0"))


def address_in_text(value: Expr, forms: Digits) -> Address:
    matches = forms.search.matching.patterns.matches
    # Kusto reads ::a.b.c.d as the IPv4 address a.b.c.d, its prefix as one of IPv4 bits.
    value = forms.search.replace_all(value, text(rf"^\s*::({_V4})"), text(forms.search.rewrite(r"\1")))
    plain = ipv4.address_in_text(value, matches)
    trimmed = call("lower", call("trim", value))
    suffix = Cast(call("split_part", trimmed, text("/"), _int(long(2))), Type.LONG, safe=True)
    digits = _digits(call("split_part", trimmed, text("/"), _int(long(1))), forms)
    is_v4 = call(matches, value, text(regex.own(ipv4.PATTERN)))
    mapped = call("concat", text(_MAPPED), _hex(plain.number, forms))
    return Address(
        Case(((is_v4, mapped), (call(matches, value, text(regex.own(_PATTERN))), digits))),
        when(is_v4, Binary("+", plain.prefix, long(96)), coalesce(suffix, long(128))),
        is_v4,
    )


def _digits(address: Expr, forms: Digits) -> Expr:
    """Every group filled up to four digits, the gap filled with zeros, a dotted tail as two groups."""
    search = forms.search
    dotted = call("regexp_extract", address, text(regex.own(_TAIL)), Bare(1))
    tail = _hex(ipv4.address_in_text(dotted, search.matching.patterns.matches).number, forms)
    whole = call("concat", search.replace_all(address, text(regex.own(_TAIL)), EMPTY), tail)
    groups = when(Binary("=", dotted, EMPTY), address, whole)
    plain = Bound("groups")
    gap = call("instr", plain, text("::"))
    head = when(Binary(">", gap, Bare(0)), call("substring", plain, Bare(1), Binary("-", gap, Bare(1))), plain)
    rest = when(Binary(">", gap, Bare(0)), call("substring", plain, Binary("+", gap, Bare(2))), EMPTY)
    left, right = Bound("left_digits"), Bound("right_digits")
    zeros = Binary("-", Binary("-", Bare(32), call("length", left)), call("length", right))
    filled = call("concat", left, call("repeat", text("0"), zeros), right)
    # More digits than 32 are no address; without a gap there are 32 by the pattern.
    fitting = Case(((Binary(">=", zeros, Bare(0)), filled),))
    parts = search.once(_filled(head, forms), "left_digits", search.once(_filled(rest, forms), "right_digits", fitting))
    return search.once(groups, "groups", parts)


def _filled(groups: Expr, forms: Digits) -> Expr:
    """A dotted tail comes as eight digits already."""
    search, group = forms.search, Bound("group")
    filled = when(
        Binary("=", group, EMPTY),
        EMPTY,
        when(Binary(">", call("length", group), Bare(4)), group, call("lpad", group, Bare(4), text("0"))),
    )
    return call(
        search.join, Call(search.transform, (search.split(groups, text(":")), Lambda(("group",), filled))), EMPTY
    )


def _shown(digits: Expr, forms: Digits) -> Expr:
    groups = forms.search.replace_all(digits, text("(....)"), text(forms.search.rewrite(r"\1:")))
    return coalesce(call("substring", groups, Bare(1), Bare(39)), EMPTY)


# --- the functions ---------------------------------------------------------------------------------------------


def _address(arg: Argument, forms: Digits) -> Address:
    return address_in_text(forms.search.text(arg), forms)


def _parse(bound: BoundCall, forms: Digits) -> Expr:
    address = _address(bound[0], forms)
    if len(bound) == 1:
        return _shown(mask(address.digits, address.prefix, forms), forms)
    given = Cast(bound[1].sql, Type.LONG)
    digits = mask(address.digits, call("least", address.prefix, given), forms)
    return _shown(Case(((_in_bounds(given), digits),)), forms)


def _in_bounds(prefix: Expr) -> Expr:
    return Binary("AND", Binary(">=", prefix, long(0)), Binary("<=", prefix, long(128)))


def _both_masked(bound: BoundCall, forms: Digits) -> tuple[Expr, Expr]:
    """Both under the shortest prefix; between two IPv4 addresses a given prefix counts IPv4 bits."""
    left, right = (_address(arg, forms) for arg in bound.args[:2])
    prefix = call("least", left.prefix, right.prefix)
    if len(bound) == 2:
        return mask(left.digits, prefix, forms), mask(right.digits, prefix, forms)
    given = Cast(bound[2].sql, Type.LONG)
    both = Binary("AND", left.is_ipv4, right.is_ipv4)
    wanted = when(both, call("least", Binary("+", given, long(96)), long(128)), given)
    shortest = Case(((_in_bounds(given), call("least", prefix, wanted)),))
    return mask(left.digits, shortest, forms), mask(right.digits, shortest, forms)


def _compare(bound: BoundCall, forms: Digits) -> Expr:
    left, right = _both_masked(bound, forms)
    a, b = Bound("left_masked"), Bound("right_masked")
    sign = Case(((Binary("=", a, b), long(0)), (Binary("<", a, b), long(-1)), (Binary(">", a, b), long(1))))
    return forms.search.once(left, "left_masked", forms.search.once(right, "right_masked", sign))


def _is_match(bound: BoundCall, forms: Digits) -> Expr:
    left, right = _both_masked(bound, forms)
    return Binary("=", left, right)


def _inside(ip: Expr, network: Address, forms: Digits) -> Expr:
    return Binary("=", mask(ip, network.prefix, forms), mask(network.digits, network.prefix, forms))


def _in_range(bound: BoundCall, forms: Digits) -> Expr:
    address = _address(bound[0], forms)
    return _inside(mask(address.digits, address.prefix, forms), _address(bound[1], forms), forms)


def _in_any_range(bound: BoundCall, forms: Digits) -> Expr:
    search, own = forms.search, _address(bound[0], forms)
    found: list[Expr] = []
    for arg in bound.args[1:]:
        if arg.type is not Type.DYNAMIC:
            found.append(coalesce(_inside(Bound("ip"), _address(arg, forms), forms), FALSE))
        elif arg.is_constant:
            networks = (_address(item, forms) for item in constant_items(arg.constant) if item.type is Type.STRING)
            found.extend(coalesce(_inside(Bound("ip"), network, forms), FALSE) for network in networks)
        else:
            inside = coalesce(_inside(Bound("ip"), address_in_text(Bound("item"), forms), forms), FALSE)
            kept = Call(search.filter, (search.items(arg.sql), Lambda(("item",), inside)))
            found.append(coalesce(Binary(">", Cast(call(search.length, kept), Type.LONG), long(0)), FALSE))
    known = Case(((is_not_null(Bound("ip")), any_of(*found)),))
    return search.once(mask(own.digits, own.prefix, forms), "ip", known)


_function = BothEngines(DUCKDB, SPARK, Nulls.OWN).function
_TEXT = (Type.STRING, Type.DYNAMIC)
_IP, _BITS = param("ip", *_TEXT), param("prefix", *INTEGER)


def _two(returns: Type) -> tuple[Signature, ...]:
    bits = param("prefix", *INTEGER, optional=True)
    return (signature(param("ip1", *_TEXT), param("ip2", *_TEXT), bits, returns=returns),)


FUNCTIONS: tuple[ScalarFunction, ...] = (
    _function(
        "parse_ipv6",
        "The canonical form of an IPv6 or IPv4 address under its own prefix; empty where it is none.",
        (signature(_IP, returns=Type.STRING),),
        _parse,
        (
            Example('parse_ipv6("192.168.255.255/24")', "0000:0000:0000:0000:0000:ffff:c0a8:ff00"),
            Example('parse_ipv6("fe80::85d:e82c:9446:7994")', "fe80:0000:0000:0000:085d:e82c:9446:7994"),
            Example('parse_ipv6("::192.168.255.255/24")', "0000:0000:0000:0000:0000:ffff:c0a8:ff00"),
            Example('parse_ipv6("::1")', "0000:0000:0000:0000:0000:0000:0000:0001"),
            Example('parse_ipv6("fe80::1::2")', ""),
            Example('parse_ipv6("")', ""),
        ),
        nulls=Nulls.NEVER,
    ),
    _function(
        "parse_ipv6_mask",
        "The canonical form of an IPv6 or IPv4 address under a prefix of 0 to 128 bits.",
        (signature(_IP, _BITS, returns=Type.STRING),),
        _parse,
        (
            Example('parse_ipv6_mask("fe80::85d:e82c:9446:7994/120", 124)', "fe80:0000:0000:0000:085d:e82c:9446:7900"),
            Example('parse_ipv6_mask("192.168.255.255", 120)', "0000:0000:0000:0000:0000:ffff:c0a8:ff00"),
            Example('parse_ipv6_mask("", 120)', ""),
        ),
        nulls=Nulls.NEVER,
    ),
    _function(
        "ipv6_compare",
        "Compare two addresses under their prefixes: -1, 0, 1; null where one is none.",
        _two(Type.LONG),
        _compare,
        (
            Example('ipv6_compare("fe80::85d:e82c:9446:7994/120", "fe80::85d:e82c:9446:7998")', 0),
            Example('ipv6_compare("::1", "::2")', -1),
            Example('ipv6_compare("192.168.1.1", "192.168.1.0", 31)', 0),
            Example('ipv6_compare("::1", "x")', None),
            Example('ipv6_compare("", "::1")', None),
        ),
    ),
    _function(
        "ipv6_is_match",
        "Whether two addresses are equal under their prefixes; null where one is none.",
        _two(Type.BOOL),
        _is_match,
        (
            Example('ipv6_is_match("192.168.1.1", "::ffff:c0a8:0101")', True),
            Example('ipv6_is_match("fe80::1", "fe80::2")', False),
            Example('ipv6_is_match("fe80::1", "")', None),
        ),
    ),
    _function(
        "ipv6_is_in_range",
        "Whether an address lies in a network; null where one is no address.",
        (signature(_IP, param("range", *_TEXT), returns=Type.BOOL),),
        _in_range,
        (
            Example('ipv6_is_in_range("a5e:f127::c755:abcd", "a5e:f127::c755:0/112")', True),
            Example('ipv6_is_in_range("a5e:f127::c756:abcd", "a5e:f127::c755:0/112")', False),
            Example('ipv6_is_in_range("", "fe80::/10")', None),
        ),
    ),
    _function(
        "ipv6_is_in_any_range",
        "Whether an address lies in one of the networks; null where it is no address.",
        (signature(_IP, param("range", *_TEXT, repeat=64), returns=Type.BOOL),),
        _in_any_range,
        (
            Example('ipv6_is_in_any_range("fe80::1", dynamic(["::1", "fe80::/10"]))', True),
            Example('ipv6_is_in_any_range("fc00::1", "fe80::/10")', False),
            Example('ipv6_is_in_any_range("", "fe80::/10")', None),
        ),
    ),
)
