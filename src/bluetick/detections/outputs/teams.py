"""Messages for a channel of Microsoft Teams, by the webhook of a workflow: an Adaptive Card of at most 28 KB.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
https://adaptivecards.io/explorer/RichTextBlock.html: text runs, which no Markdown is read in, so that nothing that a
log says is a link.
"""

from dataclasses import dataclass
from typing import Any, Final

from bluetick.detections.ledger.outbox import Message
from bluetick.detections.outputs.fitting import Said, fitted
from bluetick.detections.outputs.lines import compact
from bluetick.detections.outputs.posting import Endpoint
from bluetick.detections.outputs.telling import Card, card_of

# Teams counts in UTF-16: of ASCII, half as many characters.
MOST_BYTES: Final = 28 * 1_024 // 2
_COLORS: Final = {"High": "Attention", "Medium": "Warning"}


def teams_message(said: Said) -> dict[str, Any]:
    """The body of the POST."""
    card = card_of(said)
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": _body(card, _COLORS.get(str(said.get("severity")), "Default")),
        "msteams": {"width": "Full"},
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(card: Card, color: str) -> list[dict[str, Any]]:
    blocks = [_block(_run(card.title, weight="Bolder", size="Large", color=color))]
    if card.description:
        blocks.append(_block(_run(card.description)))
    blocks += [_block(_run(f"{fact.name}: ", weight="Bolder"), _run(fact.value)) for fact in card.facts]
    blocks += [_block(_run(row, fontType="Monospace", size="Small")) for row in card.rows]
    if card.rest:
        blocks.append(_block(_run(card.rest, isSubtle=True)))
    return blocks


def _block(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **how: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **how}


def teams_body(said: Said) -> bytes:
    return compact(teams_message(said)).encode()


@dataclass(frozen=True, slots=True)
class Teams:
    endpoint: Endpoint

    def send(self, message: Message) -> str:
        return self.endpoint.post(fitted(message.to_json(), MOST_BYTES, teams_body), {})
