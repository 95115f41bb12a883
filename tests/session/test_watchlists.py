"""_GetWatchlist over a folder of files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bluetick
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.session import Session

FILES = {
    "vips.csv": "User Principal,Tier\nann@x.example,1\nbob@x.example\n",
    "hosts.csv": "\ufeffName,Address\nh1,192.0.2.1\nh2,192.0.2.2\n",
    "hosts.searchkey": "Address\n",
    "listed.json": '[{"a": 1, "b": "x"}, {"a": null, "c": [true]}]',
    "saved.json": json.dumps(
        {
            "resources": [
                {
                    "properties": {
                        "itemsSearchKey": "b",
                        "numberOfLinesToSkip": 1,
                        "rawContent": "note\r\na,b\r\n1,2\r\n",
                    }
                }
            ]
        }
    ),
    "exported.csv": "SearchKey,_DTItemId,LastUpdatedTimeUTC [UTC],Who\nk,id-1,2024-05-01T10:00:00.000Z,ann\n",
    "empty.csv": "Name,Tier\n",
    "wide.csv": "a,b\n1,2,3\n",
    "nothing.csv": "",
    "twice.csv": "a,a\n1,2\n",
    "unknownkey.csv": "a\n1\n",
    "unknownkey.searchkey": "b",
    "text.json": '"no list"',
    "both.csv": "a\n1\n",
    "both.json": '[{"a": 1}]',
}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with bluetick.connect(watchlists=tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "_GetWatchlist('vips') | project SearchKey, Tier, WatchlistItem | order by Tier desc",
            [
                ("ann@x.example", "1", {"Tier": "1", "User Principal": "ann@x.example"}),
                ("bob@x.example", "", {"Tier": "", "User Principal": "bob@x.example"}),
            ],
        ),
        ("_GetWatchlist('hosts') | order by Name asc | project SearchKey", [("192.0.2.1",), ("192.0.2.2",)]),
        ("_GetWatchlist('hosts', dynamic(['192.0.2.2', 'x'])) | project Name", [("h2",)]),
        ("_GetWatchlist('hosts', dynamic([])) | count", [(2,)]),
        ("let n = 'hosts'; let f = (a:string) { _GetWatchlist(a) | count }; f(n)", [(2,)]),
        ("_GetWatchlist('listed') | project SearchKey, b, c | order by b desc", [("1", "x", ""), ("", "", "[true]")]),
        ("_GetWatchlist('saved') | project SearchKey, a", [("2", "1")]),
        ("_GetWatchlist('exported') | project SearchKey, _DTItemId, Who", [("k", "id-1", "ann")]),
        ("_GetWatchlist('exported') | project tostring(LastUpdatedTimeUTC)", [("2024-05-01T10:00:00.0000000Z",)]),
        ("_GetWatchlist('empty') | count", [(0,)]),
        ("print u = 'bob@x.example' | where u in ((_GetWatchlist('vips') | project SearchKey)) | count", [(1,)]),
        (
            "print u = '192.0.2.1' | lookup _GetWatchlist('hosts') on $left.u == $right.SearchKey | project Name",
            [("h1",)],
        ),
        ("_GetWatchlist('vips') | summarize dcount(_DTItemId), countif(isnull(LastUpdatedTimeUTC))", [(2, 0)]),
        ("_GetWatchlist('ASimDisabledParsers') | where SearchKey == 'Any' | count", [(0,)]),
        (
            "_GetWatchlistAlias | where WatchlistAlias startswith 'e' | order by WatchlistAlias asc",
            [("empty",), ("exported",)],
        ),
        ("_GetWatchlistAlias() | count", [(12,)]),
    ],
)
def test_rows(session: Session, query: str, expected: list[tuple[Any, ...]]) -> None:
    assert list(session.query(query).rows()) == expected


def test_columns(session: Session) -> None:
    assert session.query("_GetWatchlist('vips')").columns == (
        ("_DTItemId", "string"),
        ("LastUpdatedTimeUTC", "datetime"),
        ("SearchKey", "string"),
        ("WatchlistItem", "dynamic"),
        ("User Principal", "string"),
        ("Tier", "string"),
    )


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        ("wide", "a line has 3 values for 2 columns"),
        ("nothing", "no line of column names"),
        ("twice", "two columns are named 'a'"),
        ("unknownkey", "no column 'b'"),
        ("text", "neither a list of objects"),
        ("both", "has two files"),
    ],
)
def test_files_that_cannot_be_read(session: Session, alias: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        session.query(f"_GetWatchlist('{alias}')")


@pytest.mark.parametrize("alias", ["missing", "../vips", "", ".."])
def test_an_unknown_alias_says_where_to_put_the_file(session: Session, tmp_path: Path, alias: str) -> None:
    with pytest.raises(QueryError, match=r"BTK0122.*there is no watchlist") as caught:
        session.query(f"_GetWatchlist('{alias}')")
    if alias == "missing":
        assert re.search(r"put its rows into .*missing\.csv", str(caught.value))


def test_without_a_folder() -> None:
    with bluetick.connect() as session, pytest.raises(QueryError, match="--watchlists DIR"):
        session.query("_GetWatchlist('vips')")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder of watchlists"):
        bluetick.connect(watchlists=tmp_path / "missing")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("_GetWatchlist()", "SEM0219"),
        ("_GetWatchlist('a', dynamic([]), 1)", "SEM0219"),
        ("_GetWatchlist(1)", "SEM0088"),
    ],
)
def test_wrong_calls(session: Session, call: str, code: str) -> None:
    with pytest.raises(QueryError) as caught:
        session.query(call)
    assert caught.value.diagnostics[0].code == code


def test_a_check_without_the_file_goes_on() -> None:
    query = "SigninLogs | join kind=inner (_GetWatchlist('vips')) on $left.UserPrincipalName == $right.Principal"
    with bluetick.connect() as session:
        found = session.check(f"{query} | where isempty(SearchKey)")
        assert found.ok
        assert [warning.code for warning in found.warnings] == ["BTK0161"]
        known = session.check("_GetWatchlist('vips') | project SearchKey, LastUpdatedTimeUTC")
        assert known.columns == (("SearchKey", "string"), ("LastUpdatedTimeUTC", "datetime"))


def test_a_check_with_the_file_knows_its_columns(session: Session) -> None:
    assert session.check("_GetWatchlist('vips') | project Tier").ok
    assert not session.check("_GetWatchlist('vips') | project Rank").ok


def test_fuzzy_unions_leave_out_a_missing_watchlist(session: Session) -> None:
    assert list(session.query("union isfuzzy=true (print a = 1), _GetWatchlist('missing')").rows()) == [(1,)]
