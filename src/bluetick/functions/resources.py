"""The data of a session that computed functions ask for."""

from bluetick.functions.definition import Resource

# What geo_info_from_ip_address asks: `find` of an address gives what is known of its place, or None.
PLACES = Resource("places", "give a table of address ranges and their places: --geo FILE, or connect(geo=...)")
