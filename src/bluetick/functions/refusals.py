"""Functions and plugins of Kusto that are not built on purpose, each with the reason that a user is told."""

_IDENTITY = "who runs a query is known to Azure only; compare with a constant, or declare a query parameter"
_SERVICE = "it asks about the Azure service that runs the query, and here none does"
_STORAGE = "it tells how Azure stores rows, and files have neither extents nor cursors; filter on a time column instead"
_STORED = "it names an object kept in an Azure database; register its rows as a table and name that table"
_CALLS_OUT = "a query reads only what you registered and calls no other service; fetch the rows first, as a file"
_CODE = "a query runs no other program; take its result and go on in that language"
_RANDOM = "a query gives the same rows each time it is run; take a hash of a column instead, hash_md5 for one"
_GEOMETRY = (
    "no library that can be installed simplifies shapes on the sphere as Kusto does; compare with a buffer instead"
)
_WITHDRAWN = "Kusto keeps it for old queries only and no longer describes it"
_MANAGEMENT = "it is a tool for managing an Azure database, and changes or reads nothing of your tables"

FUNCTIONS: dict[str, str] = {
    "cursor_after": _STORAGE,
    "cursor_before_or_at": _STORAGE,
    "cursor_current": _STORAGE,
    "current_cursor": _STORAGE,
    "extent_id": _STORAGE,
    "extentid": _STORAGE,
    "extent_tags": _STORAGE,
    "rowstore_ordinal_range": _STORAGE,
    "row_id": _STORAGE,
    "current_cluster_endpoint": _SERVICE,
    "current_database": _SERVICE,
    "current_node_id": _SERVICE,
    "current_principal": _IDENTITY,
    "current_principal_details": _IDENTITY,
    "current_principal_is_member_of": _IDENTITY,
    "entity_group": _STORED,
    "geo_line_simplify": _GEOMETRY,
    "geo_polygon_simplify": _GEOMETRY,
    "geo_simplify_polygons_array": _GEOMETRY,
    "datepart": _WITHDRAWN,
    "hll_isvalid": _WITHDRAWN,
    "iscolumnexists": _WITHDRAWN,
    "passthrough": _WITHDRAWN,
    "row_rank": _WITHDRAWN,
    "tdigest_isvalid": _WITHDRAWN,
    "graph": _STORED,
    "stored_query_result": _STORED,
    "new_guid": _RANDOM,
    "rand": _RANDOM,
}

PLUGINS: dict[str, str] = {
    "ai_chat_completion": _CALLS_OUT,
    "ai_chat_completion_prompt": _CALLS_OUT,
    "ai_embed_text": _CALLS_OUT,
    "ai_embeddings": _CALLS_OUT,
    "azure_digital_twins_query_request": _CALLS_OUT,
    "cosmosdb_sql_request": _CALLS_OUT,
    "dax_request": _CALLS_OUT,
    "http_request": _CALLS_OUT,
    "http_request_post": _CALLS_OUT,
    "mysql_request": _CALLS_OUT,
    "postgresql_request": _CALLS_OUT,
    "sql_request": _CALLS_OUT,
    "csharp": _CODE,
    "python": _CODE,
    "r": _CODE,
    "execute_query": _CALLS_OUT,
    "execute_show_command": _MANAGEMENT,
    "external_datatable": _STORED,
    "identity_v3": _MANAGEMENT,
    "infer_storage_schema": _MANAGEMENT,
    "infer_storage_schema_with_suggestions": _MANAGEMENT,
}

OPERATORS: dict[str, str] = {
    "__executeAndCache": _MANAGEMENT,
    "assert-schema": _WITHDRAWN,
    "execute-and-cache": _MANAGEMENT,
    "graph-merge": "it is not described; name both graphs' tables in one make-graph",
    "macro-expand": "all places are one here: write its subquery once, over the tables",
    "reduce": "how it forms its groups is not documented; make a pattern by replace_regex(...) and summarize by it",
}
