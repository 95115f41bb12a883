"""Streaming ingestion, by the unmodified client and by hand."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from azure.kusto.data import DataFormat, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoApiError
from azure.kusto.ingest import IngestionProperties, KustoStreamingIngestClient, StreamDescriptor

import bluetick
from bluetick.schema.packs import load_pack
from bluetick.server.access import kept
from server.running import DATABASE, Served, served

TABLE = "DeviceInfo"
RULES, READ = "u" * 43, "r" * 43


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Served]:
    tokens = (kept("feeder", RULES, "rules"), kept("reader", READ, "read"))
    with bluetick.connect(lake=tmp_path) as session, served(session, lake=tmp_path, tokens=tokens) as running:
        yield running
        assert running.faults == []


def string(on: Served, token: str) -> KustoConnectionStringBuilder:
    return KustoConnectionStringBuilder.with_aad_user_token_authentication(on.url, token)


def record(number: int) -> dict[str, object]:
    return {"Timestamp": f"2026-06-18T00:00:0{number}Z", "DeviceName": f"host,{number}", "OSBuild": number}


def stored(on: Served, tmp_path: Path) -> list[tuple[str, int]]:
    with bluetick.connect(lake=tmp_path) as session:
        found = session.query(f"{TABLE} | project DeviceName, OSBuild | sort by OSBuild asc").rows()
        return [(row[0], row[1]) for row in found]


def send(on: Served, body: bytes, form: DataFormat, token: str = RULES) -> None:
    with KustoStreamingIngestClient(string(on, token)) as client:
        properties = IngestionProperties(DATABASE, TABLE, data_format=form)
        client.ingest_from_stream(StreamDescriptor(io.BytesIO(body)), properties)


def test_json_by_the_client(lake: Served, tmp_path: Path) -> None:
    lines = "".join(json.dumps(record(number)) + "\n" for number in range(3))
    send(lake, lines.encode(), DataFormat.JSON)
    assert stored(lake, tmp_path) == [("host,0", 0), ("host,1", 1), ("host,2", 2)]
    send(lake, lines.encode(), DataFormat.JSON)  # sent again after a failure, say
    assert len(stored(lake, tmp_path)) == 3
    send(lake, json.dumps([record(3), record(4)], indent=1).encode(), DataFormat.MULTIJSON)
    assert len(stored(lake, tmp_path)) == 5


def test_a_server_sees_what_was_stored(lake: Served) -> None:
    send(lake, json.dumps(record(1)).encode(), DataFormat.JSON)
    with KustoClient(string(lake, READ)) as client:
        # The lake was empty when the server's session was opened.
        found = client.execute(DATABASE, ".show tables | project TableName").primary_results[0]
        assert [row[0] for row in found] == [TABLE]
        found = client.execute(DATABASE, f"{TABLE} | project DeviceName").primary_results[0]
        assert [row[0] for row in found] == ["host,1"]


def test_a_frame_by_the_client(lake: Served, tmp_path: Path) -> None:
    columns = [name for name, _ in load_pack("defender")[TABLE].columns]
    frame = pd.DataFrame([{**dict.fromkeys(columns, ""), **record(number)} for number in (1, 2)], columns=columns)
    with KustoStreamingIngestClient(string(lake, RULES)) as client:
        client.ingest_from_dataframe(frame, IngestionProperties(DATABASE, TABLE, data_format=DataFormat.CSV))
    assert stored(lake, tmp_path) == [("host,1", 1), ("host,2", 2)]


@pytest.mark.parametrize(("form", "separator"), [("csv", ","), ("tsv", "\t"), ("psv", "|"), ("scsv", ";")])
def test_text_goes_by_the_tables_order(lake: Served, tmp_path: Path, form: str, separator: str) -> None:
    columns = [name for name, _ in load_pack("defender")[TABLE].columns]
    cells = ["" if name not in record(7) else f'"{record(7)[name]}"' for name in columns]
    body = gzip.compress(separator.join(cells).encode() + b"\r\n")
    with lake.http(RULES) as client:
        path = f"/v1/rest/ingest/{DATABASE}/{TABLE}"
        answer = client.post(path, params={"streamFormat": form}, content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.json()["Tables"][0]["Rows"] == [[1, "Inactive", "Unknown", None]]
    assert stored(lake, tmp_path) == [("host,7", 7)]


def test_what_is_no_row_is_kept_aside_and_told(lake: Served, tmp_path: Path) -> None:
    wrong = {**record(2), "OSBuild": "many"}
    with pytest.raises(KustoApiError, match="1 of 2 records"):
        send(lake, f"{json.dumps(record(1))}\n{json.dumps(wrong)}\n".encode(), DataFormat.JSON)
    assert stored(lake, tmp_path) == [("host,1", 1)]


def test_what_is_refused(lake: Served) -> None:
    asked = [
        (f"/v1/rest/ingest/{DATABASE}/Nonsense", {}, RULES, 400),
        (f"/v1/rest/ingest/other/{TABLE}", {}, RULES, 400),
        (f"/v1/rest/ingest/{DATABASE}/{TABLE}", {"streamFormat": "orc"}, RULES, 400),
        (f"/v1/rest/ingest/{DATABASE}/{TABLE}", {"mappingName": "m"}, RULES, 400),
        (f"/v1/rest/ingest/{DATABASE}/{TABLE}", {"sourceKind": "uri"}, RULES, 400),
        (f"/v1/rest/ingest/{DATABASE}/{TABLE}", {}, READ, 403),
        (f"/v1/rest/ingest/{DATABASE}/{TABLE}", {}, "nobody", 401),
    ]
    for path, options, token, status in asked:
        with lake.http(token) as client:
            assert client.post(path, params=options, content=b"a,b\n").status_code == status, (path, options)
    with lake.http(RULES) as client:
        path = f"/v1/rest/ingest/{DATABASE}/{TABLE}"
        for packed in (b"no gzip", gzip.compress(b"a,b\n")[:-4], gzip.compress(b" " * 100_000_000)):
            answer = client.post(path, content=packed, headers={"Content-Encoding": "gzip"})
            assert answer.status_code in (400, 413)
