"""Sends what is owed: a message counts as sent when every output has taken it."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Message, owed, put_off, sent

_AT_ONCE: Final = 500


class Output(Protocol):
    """A place to which messages go."""

    def send(self, message: Message) -> None:
        """Return when the message is there for good. OSError where it is not; it then comes again."""


def deliver(ledger: Ledger, outputs: Sequence[Output], now: int, on_failure: Callable[[str], None]) -> None:
    """Send all messages that are due, the oldest first; stop at the first that cannot be sent, so that they stay in
    order."""
    while messages := owed(ledger, now, _AT_ONCE):
        for message in messages:
            try:
                for output in outputs:
                    output.send(message)
            except OSError as error:
                put_off(ledger, message, now)
                on_failure(f"the alert {message.alert} could not be sent: {error}")
                return
            sent(ledger, message, now)
