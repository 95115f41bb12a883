"""Messages for a Slack channel, by an incoming webhook.

https://docs.slack.dev/reference/block-kit/blocks: a header has at most 150 characters, a section's text 3,000; three
characters are escaped (https://docs.slack.dev/messaging/formatting-message-text), so that nothing that a log says is a
mention or a link.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bluetick.detections.ledger.outbox import Message
from bluetick.detections.outputs.fitting import Said
from bluetick.detections.outputs.lines import compact
from bluetick.detections.outputs.posting import Endpoint
from bluetick.detections.outputs.telling import card_of

MOST_HEADER: Final = 150
MOST_SECTION: Final = 3_000


def slack_message(said: Said) -> dict[str, Any]:
    """The body of the POST: blocks, and a text for notifications."""
    card = card_of(said)
    facts = [f"*{_escaped(fact.name)}:* {_escaped(fact.value)}" for fact in card.facts]
    rows = [f"• {_escaped(row)}" for row in card.rows]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": card.title[:MOST_HEADER], "emoji": False}}
    ]
    for lines in ([_escaped(card.description)], facts, [*rows, _escaped(card.rest)]):
        blocks += [_section(text) for text in _together(line for line in lines if line)]
    return {"text": _escaped(card.title), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _together(lines: Iterator[str]) -> Iterator[str]:
    """Lines in as few texts as a section's limit allows; a line that is longer is cut."""
    text = ""
    for line in lines:
        kept = _cut(line)
        if text and len(text) + 1 + len(kept) > MOST_SECTION:
            yield text
            text = kept
        else:
            text = f"{text}\n{kept}" if text else kept
    if text:
        yield text


def _cut(line: str) -> str:
    """Not in the middle of an escape."""
    if len(line) <= MOST_SECTION:
        return line
    kept = line[: MOST_SECTION - 1]
    place = kept.rfind("&")
    return (kept[:place] if place > len(kept) - 5 and ";" not in kept[place:] else kept) + "…"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass(frozen=True, slots=True)
class Slack:
    endpoint: Endpoint

    def send(self, message: Message) -> str:
        return self.endpoint.post(compact(slack_message(message.to_json())).encode(), {})
