"""What people write who come from other languages, and what KQL has for it: hints, keyed by the word as written."""

OPERATORS = {
    "bin": "write: summarize count() by bin(Timestamp, 1h)",
    "dedup": "use 'distinct', or summarize arg_max(Timestamp, *) by a key",
    "delete": "a query reads only",
    "eval": "use 'extend'",
    "fields": "use 'project'",
    "from": "a query begins with its table: T | where ...",
    "group": "write: summarize count() by Key",
    "groupby": "write: summarize count() by Key",
    "having": "use 'where' behind 'summarize'",
    "head": "use 'take', or 'top 10 by Column'",
    "rename": "write: project-rename New = Old",
    "rex": "use 'parse', or extend with extract(...)",
    "select": "use 'project'",
    "stats": "use 'summarize'",
    "table": "use 'project'",
    "tail": "write: top 10 by Timestamp asc",
    "timechart": "write: summarize count() by bin(Timestamp, 1h) | render timechart",
    "uniq": "use 'distinct'",
    "update": "a query reads only",
}

FUNCTIONS = {
    "array_agg": "make_list",
    "cast": "tostring",
    "char_length": "strlen",
    "concat": "strcat",
    "current_timestamp": "now",
    "date_trunc": "bin",
    "dateadd": "datetime_add",
    "datediff": "datetime_diff",
    "getdate": "now",
    "group_concat": "make_list",
    "if": "iff",
    "ifnull": "coalesce",
    "json_extract": "extract_json",
    "json_value": "extract_json",
    "lcase": "tolower",
    "len": "strlen",
    "length": "strlen",
    "lower": "tolower",
    "mean": "avg",
    "median": "percentile",
    "nvl": "coalesce",
    "regexp_extract": "extract",
    "regexp_replace": "replace_regex",
    "stddev": "stdev",
    "substr": "substring",
    "to_date": "todatetime",
    "ucase": "toupper",
    "upper": "toupper",
}

NAMES = {
    "null": "no name stands for null: use isnull(...) or isempty(...), or write a typed one, such as long(null)",
    "NULL": "no name stands for null: use isnull(...) or isempty(...), or write a typed one, such as long(null)",
    "None": "no name stands for null: use isnull(...) or isempty(...), or write a typed one, such as long(null)",
    "yes": "a bool is written true or false",
    "no": "a bool is written true or false",
}

TYPES = {
    "boolean": "bool",
    "date": "datetime",
    "float": "real",
    "integer": "long",
    "json": "dynamic",
    "number": "real",
    "object": "dynamic",
    "str": "string",
    "text": "string",
    "timestamp": "datetime",
    "uuid": "guid",
    "varchar": "string",
}

JOIN_KINDS = {
    "full": "fullouter",
    "left": "leftouter",
    "outer": "fullouter",
    "right": "rightouter",
    "semi": "leftsemi",
}

# Behind something that is whole already, where a comma, a pipe or the end was expected.
WORDS = {
    "!has_all": "write: not(Column has_all (...))",
    "!has_any": "write: not(Column has_any (...))",
    "=": "to compare use '==', or '=~' to ignore case",
    "as": "a new name stands first: Name = Expression",
    "ascending": "write 'asc'",
    "by": "'by' belongs to summarize, sort and top",
    "descending": "write 'desc'",
    "group": "write: summarize count() by Key",
    "is": "use isnull(...) or isnotnull(...); for a string isempty(...) or isnotempty(...)",
    "matches": "write: matches regex",
    "on": "is the bracket before it closed?",
    "over": "KQL has no windows of SQL: use row_number(), prev(), next() behind a sort",
}

# Operators that the grammar knows and that are refused.
REFUSED = {
    "like": "use contains, startswith, endswith or matches regex",
    "notlike": "use !contains, !startswith, !endswith, or not(... matches regex ...)",
}

TEXT_OPERATORS = (
    "contains",
    "contains_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "has",
    "has_cs",
    "has_any",
    "has_all",
    "hasprefix",
    "hassuffix",
    "between",
    "in",
)
