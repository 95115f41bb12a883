"""The document of outputs: what it may say, and what is said where it is wrong. No secret is ever shown."""

import base64
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from output_messages import Clock, Names, message
from profile_services import Reply, serving

from bluetick.detections.outputs.document import Outside, read_outputs
from bluetick.detections.outputs.posting import Web
from bluetick.detections.outputs.secrets import read_secret
from bluetick.detections.outputs.selection import Selection
from bluetick.detections.schedule.delivery import Destination, NotTaken
from bluetick.diagnostics.errors import BluetickError

PAGE = Path(__file__).parents[2] / "docs" / "outputs.md"
CANARY = "c4nary-that-must-never-be-seen"
SIGNING = "whsec_" + base64.b64encode(CANARY.encode()).decode()
ENVIRONMENT = {
    "SIGNING": SIGNING,
    "TOKEN": CANARY,
    "SLACK": f"https://hooks.slack.com/services/{CANARY}",
    "TEAMS": f"https://flows.example.org/{CANARY}",
    "INSIDE": f"https://10.0.0.1/{CANARY}",
    "EMPTY": " ",
    "WORDS": f"{CANARY} {CANARY}",
}
FULL = """outputs:
  lines:
    kind: ndjson
    path: alerts.ndjson
  findings:
    kind: ocsf
    path: findings.ndjson
    severity: Medium
  lake:
    kind: ocsf
    url: https://collector.example.org/ocsf
    token: env:TOKEN
    since: 2026-03-01T00:00Z
  soc:
    kind: webhook
    url: https://alerts.example.org:8443/bluetick?team=soc
    secret: env:SIGNING
    headers: {X-Team: soc, X-Api-Key: env:TOKEN}
    rules: [one, two]
    events: [raised, retracted]
    timeout: 5
    most_bytes: 100000
  collector:
    kind: syslog
    address: "[2001:db8::1]:6514"
    transport: tls
  chat:
    kind: slack
    url: env:SLACK
  channel:
    kind: teams
    url: file:teams.url
    host: flows.example.org
"""


def read(folder: Path, text: str, web: Web | None = None) -> list[Destination]:
    path = folder / "outputs.yaml"
    path.write_text(text)
    return read_outputs(path, Outside(web or Web(Clock(), Names({})), "sensor", ENVIRONMENT))


def refusal(folder: Path, body: str) -> str:
    """What is said of an output with this body, in lines of the document."""
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    with pytest.raises(BluetickError) as caught:
        read(folder, f"outputs:\n  one:\n{lines}\n")
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value).removeprefix(f"{folder}/outputs.yaml:")


def test_a_full_document(tmp_path: Path) -> None:
    (tmp_path / "teams.url").write_text(ENVIRONMENT["TEAMS"] + "\n")
    found = read(tmp_path, FULL)
    assert [one.name for one in found] == ["lines", "findings", "lake", "soc", "collector", "chat", "channel"]
    assert found[2].since == 1_772_323_200_000_000
    assert CANARY not in repr(found)
    assert SIGNING not in repr(found)
    assert base64.b64decode(SIGNING[6:]).hex() not in repr(found)


def test_the_documents_example_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "soc.token").write_text("word")
    path = tmp_path / "outputs.yaml"
    path.write_text(text)
    environment = {
        "SOC_SIGNING_SECRET": SIGNING,
        "SLACK_WEBHOOK": ENVIRONMENT["SLACK"],
        "TEAMS_WORKFLOW": "https://prod-01.westeurope.logic.azure.com:443/workflows/x?sig=y",
    }
    found = read_outputs(path, Outside(Web(Clock()), "sensor", environment))
    assert [one.name for one in found] == ["archive", "findings", "soc", "collector", "chat", "channel"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("kind: pigeon", "3: 'kind' must be one of ndjson, ocsf, webhook, syslog, slack, teams"),
        ("path: x", "3: 'kind' is missing"),
        ("kind: ndjson\npath: x\nurl: y", "5: 'url' is not known here"),
        ("kind: ndjson", "3: 'path' is missing"),
        ("kind: ndjson\npath: x\nseverity: high", "5: 'severity' must be one of"),
        ("kind: ndjson\npath: x\nevents: [raised, burnt]", "5: 'events' may hold raised"),
        ("kind: ndjson\npath: x\nrules: one", "5: 'rules' must be a list"),
        ("kind: ndjson\npath: x\nsince: yesterday", "5: 'since' must be an instant"),
        ("kind: ocsf\npath: x\nurl: https://a.example/", "3: an output of kind ocsf has either"),
        ("kind: ocsf\npath: x\ntoken: env:TOKEN", "5: 'token' goes with 'url'"),
        ("kind: webhook\nurl: http://a.example/", "4: the address in 'url' cannot be used: it must begin with https"),
        ("kind: webhook\nurl: https://127.0.0.1/", "4: the address in 'url' cannot be used: its host is a private"),
        ("kind: webhook\nurl: https://a.example/\nhost: b.example", "4: the address in 'url' is not at the host"),
        ("kind: webhook\nurl: env:TEAMS", "4: an address that is not in the document needs its 'host'"),
        ("kind: webhook\nurl: env:TEAMS\nhost: other.example", "4: the address in 'url' is not at the host"),
        (
            "kind: webhook\nurl: env:INSIDE\nhost: 10.0.0.1",
            "4: the address in 'url' cannot be used: its host is a priv",
        ),
        ("kind: webhook\nurl: env:TOKEN\nhost: a.example", "4: the address in 'url' cannot be used: it must be https"),
        (f"kind: webhook\nurl: https://a.example/\nsecret: {SIGNING}", "5: 'secret' is a secret: write env:NAME"),
        ("kind: webhook\nurl: https://a.example/\nsecret: env:TOKEN", "5: 'secret': a signing secret is"),
        ("kind: webhook\nurl: https://a.example/\nsecret: env:NONE", "5: 'secret': the environment variable NONE has"),
        ("kind: webhook\nurl: https://a.example/\nsecret: env:EMPTY", "5: 'secret': the environment variable EMPTY"),
        ("kind: webhook\nurl: https://a.example/\ntoken: env:WORDS", "5: 'token': what stands in the environment"),
        ("kind: webhook\nurl: https://a.example/\ntoken: file:none", "5: 'token': the file"),
        (
            f"kind: webhook\nurl: https://a.example/\nheaders: {{Authorization: {CANARY}}}",
            "5: 'Authorization' is a sec",
        ),
        ("kind: webhook\nurl: https://a.example/\nheaders: {Webhook-Id: x}", "5: 'Webhook-Id' is no header"),
        ("kind: webhook\nurl: https://a.example/\nheaders: {Host: x}", "5: 'Host' is no header"),
        ('kind: webhook\nurl: https://a.example/\nheaders: {X-A: "a\\nb"}', "5: the header 'X-A' must have a value"),
        ("kind: webhook\nurl: https://a.example/\ntimeout: 600", "5: 'timeout' must be a whole number from 1 to 30"),
        ("kind: webhook\nurl: https://a.example/\nallow_private: yes", "5: 'allow_private' must be one of true, false"),
        (f"kind: slack\nurl: https://hooks.slack.com/services/{CANARY}", "4: the address of such a channel is a sec"),
        ("kind: slack\nurl: env:TEAMS", "4: the address in 'url' is not at the host 'hooks.slack.com'"),
        ("kind: teams\nurl: env:TEAMS", "4: an address that is not in the document needs its 'host'"),
        ("kind: syslog\naddress: logs.example.org", "4: 'address' must be HOST:PORT"),
        ("kind: syslog\naddress: a:514\ntransport: pigeon", "5: 'transport' must be one of udp, tcp, tls"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, body: str, said: str) -> None:
    assert refusal(tmp_path, body).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outputs: []\n", "'outputs' must be a mapping"),
        ("outputs: {}\n", "'outputs' must be a mapping"),
        ("targets: {}\n", "'targets' is not known here"),
        ("outputs:\n  stdout: {kind: ndjson, path: x}\n", "'stdout' is no name"),
        ("outputs:\n  'a b': {kind: ndjson, path: x}\n", "'a b' is no name"),
        ("outputs:\n  a: {kind: ndjson, path: x}\n  a: {kind: ndjson, path: y}\n", "given twice"),
        ("outputs:\n  a: &b {kind: ndjson, path: x}\n", "anchors are not read"),
        ("", "empty"),
    ],
)
def test_what_is_no_document(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BluetickError, match=said):
        read(tmp_path, text)


def test_a_document_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BluetickError, match="cannot be read: no such file"):
        read_outputs(tmp_path / "none.yaml", Outside(Web(Clock()), "h", {}))


def test_a_service_that_repeats_secrets_does_not_make_them_seen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What it says is told without them; an address that is secret too."""
    caplog.set_level(logging.DEBUG)
    with serving() as service:
        (tmp_path / "url").write_text(f"{service.address}/{CANARY}")
        text = (
            "outputs:\n  one:\n    kind: webhook\n    url: file:url\n    host: 127.0.0.1\n    allow_private: true\n"
            "    secret: env:SIGNING\n    token: env:TOKEN\n    headers: {X-Api-Key: env:TOKEN}\n"
        )
        (one,) = read(tmp_path, text, Web(Clock()))
        for status in (200, 400, 500):
            service.always(Reply(status, f"/{CANARY} Bearer {CANARY} {service.address}/{CANARY}".encode()))
            try:
                words = one.output.send(message()) or ""
            except NotTaken as error:
                words = f"{error} {error!r}"
            assert f"status {status}" in words
            assert CANARY not in words
            assert "***" in words
        assert service.asked[0].headers["Authorization"] == f"Bearer {CANARY}"
        assert service.asked[0].headers["X-Api-Key"] == CANARY
    assert CANARY not in caplog.text


def test_the_path_of_a_secret_address_is_not_told(tmp_path: Path) -> None:
    with serving() as service:
        (tmp_path / "url").write_text(f"{service.address}/{CANARY}")
        text = "outputs:\n  one: {kind: webhook, url: 'file:url', host: 127.0.0.1, allow_private: true}\n"
        (one,) = read(tmp_path, text, Web(Clock()))
        service.always(Reply(200, f"POST /{CANARY}".encode()))
        assert one.output.send(message()) == "status 200: POST ***"


def test_a_secret_is_not_shown() -> None:
    assert CANARY not in repr(read_secret("env:TOKEN", Path(), ENVIRONMENT))


def test_files_start_at_the_documents_folder(tmp_path: Path) -> None:
    (tmp_path / "teams.url").write_text(ENVIRONMENT["TEAMS"])
    found = {one.name: one for one in read(tmp_path, FULL)}
    found["lines"].output.send(message())
    found["findings"].output.send(message())
    assert json.loads((tmp_path / "alerts.ndjson").read_text())["message"] == "ab12-0"
    assert json.loads((tmp_path / "findings.ndjson").read_text())["class_uid"] == 2004


# --- selection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "kind", "content", "wanted"),
    [
        (Selection(), "anything", {}, True),
        (Selection(severity="Medium"), "raised", {"severity": "Medium"}, True),
        (Selection(severity="Medium"), "raised", {"severity": "Low"}, False),
        (Selection(severity="High"), "raised", {"severity": "strange"}, True),
        (Selection(rules=("r",)), "raised", {"rule": "r"}, True),
        (Selection(rules=("r",)), "raised", {"rule": "s"}, False),
        (Selection(rules=("r",)), "raised", {"rule": None, "rules": ["s", "r"]}, True),
        (Selection(rules=("r",)), "raised", {"rule": None}, True),
        (Selection(events=("raised",)), "raised", {}, True),
        (Selection(events=("raised",)), "retracted", {}, False),
        (Selection(events=("incident",)), "closed", {"incident": 4}, True),
        (Selection(events=("raised",)), "raised", {"incident": 4}, False),
        (Selection(events=("raised",)), "raised", {"rule": "bluetick.health"}, False),
        (Selection(events=("health",)), "raised", {"rule": "bluetick.health"}, True),
    ],
)
def test_what_an_output_wants(selection: Selection, kind: str, content: dict[str, Any], wanted: bool) -> None:
    assert selection.wants(message(kind, **content)) is wanted
