"""In which topic each function stands: a topic's module is loaded when one of its functions is first asked for.

`tests/functions/test_registry.py` holds the lists to the modules. Aliases are named too.
"""

from collections.abc import Mapping
from typing import Final

# Module -> what its FUNCTIONS hold.
SCALARS: Final[Mapping[str, str]] = {
    "scalar.operators": "==, !=, <>, <, <=, >, >=, +, -, *, /, %, unary-, unary+",
    "scalar.logic": "and, or, not, between, !between",
    "scalar.text_operators": """
        =~, !~, contains, !contains, notcontains, contains_cs, containscs, !contains_cs, notcontainscs,
        startswith, !startswith, startswith_cs, !startswith_cs, endswith, !endswith, endswith_cs, !endswith_cs,
        has, !has, has_cs, !has_cs, hasprefix, !hasprefix, hasprefix_cs, !hasprefix_cs, hassuffix, !hassuffix,
        hassuffix_cs, !hassuffix_cs, matches regex
    """,
    "scalar.membership": "in, !in, in~, !in~, has_any, has_all",
    "scalar.conversions": """
        tostring, tolong, toint, toreal, todouble, todecimal, tobool, toboolean, todatetime, totimespan, totime,
        toguid
    """,
    "scalar.conditions": """
        iff, iif, case, coalesce, max_of, min_of, isnull, isnotnull, notnull, isempty, isnotempty, notempty,
        gettype, isnan, isinf, isfinite
    """,
    "scalar.dynamic": "parse_json, todynamic, parsejson, toobject, ., [], to_dynamic",
    "scalar.packing": "pack_array, bag_pack, pack, pack_dictionary, bag_pack of what is there",
    "scalar.arrays": """
        array_length, arraylength, array_reverse, array_slice, array_rotate_left, array_rotate_right,
        array_shift_left, array_shift_right, array_index_of, array_sum, array_sort_asc, array_sort_desc
    """,
    "scalar.bags": "bag_keys, bag_has_key, bag_merge, bag_remove_keys, bag_set_key, bag_zip",
    "scalar.sets": """
        array_concat, zip, array_iff, array_iif, array_split, set_union, set_intersect, set_difference,
        set_has_element, set_equals, jaccard_index, repeat, range
    """,
    "scalar.strings": """
        strcat, strcat_delim, strcat_array, array_strcat, strcmp, strrep, strlen, string_size, substring, split,
        tolower, toupper, reverse, replace_string, replace_strings, translate, isascii, isutf8
    """,
    "scalar.text_positions": "indexof, indexof_regex, countof",
    "scalar.text_search": """
        extract, extract_all, extractall, replace_regex, replace, trim, trim_start, trim_end, regex_quote,
        has_any_index
    """,
    "scalar.codecs": """
        base64_encode_tostring, base64_encodestring, base64_decode_tostring, base64_decodestring,
        base64_decode_toarray, base64_encode_fromarray, base64_encode_fromguid, base64_decode_toguid,
        url_encode, url_encode_component, url_decode, tohex, hash_md5, hash_sha1, hash_sha256,
        unicode_codepoints_from_string, to_utf8, unicode_codepoints_to_string, make_string
    """,
    "scalar.network": """
        parse_ipv4, parse_ipv4_mask, format_ipv4, format_ipv4_mask, ipv4_compare, ipv4_is_match,
        ipv4_is_private, ipv4_netmask_suffix, ipv4_is_in_range, ipv4_is_in_any_range, has_ipv4, has_any_ipv4,
        has_ipv4_prefix, has_any_ipv4_prefix
    """,
    "scalar.ipv6": "parse_ipv6, parse_ipv6_mask, ipv6_compare, ipv6_is_match, ipv6_is_in_range, ipv6_is_in_any_range",
    "scalar.parsing": """
        parse_url, parseurl, parse_urlquery, parseurlquery, parse_path, parse_csv, parse_command_line,
        parse_version, extract_json, extractjson
    """,
    "scalar.bins": "bin, floor, bin_at",
    "scalar.temporal": """
        now, ago, startofday, startofweek, startofmonth, startofyear, endofday, endofweek, endofmonth,
        endofyear, unixtime_seconds_todatetime, unixtime_milliseconds_todatetime,
        unixtime_microseconds_todatetime, unixtime_nanoseconds_todatetime, datetime_utc_to_local,
        datetime_local_to_utc
    """,
    "scalar.temporal_format": "format_datetime, format_timespan",
    "scalar.math": """
        abs, round, ceiling, sqrt, pow, exp, exp2, exp10, log, log2, log10, sign, sin, cos, tan, cot, asin,
        acos, atan, atan2, degrees, radians, pi
    """,
    "scalar.bits": """
        binary_and, binary_or, binary_xor, binary_not, binary_shift_left, binary_shift_right, bitset_count_ones
    """,
    "scalar.calendar_parts": """
        dayofmonth, dayofyear, hourofday, getyear, getmonth, monthofyear, week_of_year, weekofyear, dayofweek,
        datetime_part, datetime_diff, datetime_add, make_datetime, make_timespan
    """,
    "scalar.user_agents": "parse_user_agent",
    "scalar.units": """
        convert_angle, convert_energy, convert_force, convert_length, convert_mass, convert_speed,
        convert_temperature, convert_volume
    """,
    "scalar.special_math": "gamma, loggamma, erf, erfc, beta_cdf, beta_inv, beta_pdf, welch_test",
    "scalar.sizes": "format_bytes, estimate_data_size",
    "scalar.reference_lists": "ipv4_range_to_cidr_list, datetime_list_timezones",
    "scalar.punycode": """
        punycode_from_string, punycode_to_string, punycode_domain_to_string, punycode_domain_from_string
    """,
    "scalar.hashing": "hash, hash_xxhash64, hash_combine, hash_many",
    "scalar.documents": "parse_xml, treepath, dynamic_to_json",
    "scalar.compression": """
        gzip_compress_to_base64_string, gzip_decompress_from_base64_string, zlib_compress_to_base64_string,
        zlib_decompress_from_base64_string
    """,
    "scalar.digests": """
        percentile_tdigest, percentiles_array_tdigest, rank_tdigest, percentrank_tdigest, tdigest_merge,
        merge_tdigest
    """,
    "scalar.sketches": "dcount_hll, hll_merge",
    "scalar.around": "around",
    "scalar.series_arithmetic": """
        series_abs, series_acos, series_asin, series_atan, series_ceiling, series_cos, series_exp, series_floor,
        series_log, series_sign, series_sin, series_tan, series_add, series_subtract, series_multiply,
        series_divide, series_pow, series_equals, series_not_equals, series_greater, series_greater_equals,
        series_less, series_less_equals
    """,
    "scalar.series_fills": """
        series_fill_forward, series_fill_backward, series_fill_const, series_fill_linear, series_fir,
        series_iir, series_fft, series_ifft
    """,
    "scalar.series_statistics": """
        series_stats, series_stats_dynamic, series_sum, series_product, series_magnitude, series_dot_product,
        series_cosine_similarity, series_pearson_correlation
    """,
    "scalar.series_models": """
        series_fit_line, series_fit_line_dynamic, series_fit_2lines, series_fit_2lines_dynamic, series_fit_poly,
        series_outliers, series_periods_detect, series_periods_validate, series_seasonal, series_decompose,
        series_decompose_forecast, series_decompose_anomalies
    """,
    "scalar.geo_points": """
        geo_distance_2points, geo_azimuth, geo_angle, geo_point_in_circle, geo_point_buffer, geo_from_wkt,
        geo_info_from_ip_address
    """,
    "scalar.geo_cells": """
        geo_point_to_geohash, geo_geohash_to_central_point, geo_geohash_neighbors, geo_geohash_to_polygon,
        geo_point_to_h3cell, geo_h3cell_to_central_point, geo_h3cell_to_polygon, geo_h3cell_level,
        geo_h3cell_parent, geo_h3cell_children, geo_h3cell_neighbors, geo_h3cell_rings, geo_point_to_s2cell,
        geo_s2cell_to_central_point, geo_s2cell_to_polygon, geo_s2cell_neighbors
    """,
    "scalar.geo_lines": """
        geo_line_length, geo_line_centroid, geo_line_interpolate_point, geo_line_locate_point,
        geo_distance_point_to_line, geo_closest_point_on_line, geo_line_densify, geo_line_buffer,
        geo_line_to_s2cells, geo_intersects_2lines, geo_intersection_2lines, geo_union_lines_array
    """,
    "scalar.geo_polygons": """
        geo_point_in_polygon, geo_distance_point_to_polygon, geo_closest_point_on_polygon, geo_polygon_area,
        geo_polygon_perimeter, geo_polygon_centroid, geo_polygon_densify, geo_polygon_buffer,
        geo_polygon_to_s2cells, geo_polygon_to_h3cells, geo_intersects_2polygons, geo_intersection_2polygons,
        geo_intersects_line_with_polygon, geo_intersection_line_with_polygon, geo_union_polygons_array
    """,
}
# Module -> what its AGGREGATES hold.
AGGREGATES: Final[Mapping[str, str]] = {
    "aggregates.counting": "count, cnt, countif, dcount, dcountif, count_distinct, count_distinctif",
    "aggregates.sums": "sum, sumif, avg, avgif, min, max, minif, maxif, binary_all_and, binary_all_or, binary_all_xor",
    "aggregates.statistics": """
        stdev, stdevif, stdevp, variance, varianceif, variancep, variancepif, covariance, covarianceif,
        covariancep, covariancepif, percentile
    """,
    "aggregates.collections": "make_list, make_list_if, make_list_with_nulls, make_set, make_set_if, makelist, makeset",
    "aggregates.property_bags": "make_bag, make_dictionary, make_bag_if",
    "aggregates.weighted": "percentilew, percentiles_array, percentilesw_array",
    "aggregates.digests": "tdigest, tdigest_merge, merge_tdigest",
    "aggregates.sketches": "hll, hll_if, hll_merge",
    "aggregates.schemas": "buildschema",
}
# Module -> what its WINDOWS hold.
WINDOWS: Final[Mapping[str, str]] = {
    "windows": "row_number, prev, next, row_cumsum",
}
