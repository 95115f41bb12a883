"""How far each output is: the messages that it is still owed, and those that it refused."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final, NamedTuple

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Message
from bluetick.diagnostics.errors import SourceError

_RETRY_FIRST: Final = 15_000_000
RETRY_MOST: Final = 3_600_000_000
_AT_ONCE: Final = 20  # each may hold some megabytes of rows
_COLUMNS: Final = "outbox.id, coalesce(alert, subject), kind, revision, content, created"
_LATER: Final = f"tries = tries + 1, error = ?, due = ? + max(min({RETRY_MOST}, {_RETRY_FIRST} << min(tries, 20)), ?)"


class Owed(NamedTuple):
    """A message that an output has not taken yet. `due`: when it is to be tried."""

    message: Message
    due: int


@dataclass(frozen=True, slots=True)
class OutputHealth:
    """How an output is doing. `owed` messages wait, the oldest since `since`; `aside` were refused for good."""

    name: str
    sent: int
    last: int | None
    owed: int
    since: int | None
    aside: int
    tries: int
    due: int
    error: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A message, by its name, that an output refused for good, and why."""

    output: str
    message: str
    event: str
    reason: str


def register_outputs(connection: Connection, outputs: Mapping[str, int | None], others: Set[str]) -> dict[str, int]:
    """Know these outputs from now on. A new one is owed what comes, or all messages since the instant that is given
    with it. All that are neither here nor among `others` are dropped, with what they were owed: how much, by name.

    What was owed when there was one progress for all is owed to each of the first outputs.
    """
    known = {row["name"] for row in connection.execute("SELECT name FROM output")}
    for name, since in outputs.items():
        if name in known:
            connection.execute("UPDATE output SET tries = 0, due = 0 WHERE name = ?", (name,))
            continue
        connection.execute("INSERT INTO output (name) VALUES (?)", (name,))
        connection.execute(
            "INSERT INTO delivery (output, message) SELECT ?, id FROM outbox"
            " WHERE created >= ? OR id IN (SELECT message FROM owed_before)",
            (name, since),  # nothing is later than no instant
        )
    connection.execute("DELETE FROM owed_before")
    dropped = {}
    for name in sorted(known - outputs.keys() - others):
        text = "SELECT count(*) AS n FROM delivery WHERE output = ?"
        dropped[name] = connection.execute(text, (name,)).fetchone()["n"]
        connection.execute("DELETE FROM output WHERE name = ?", (name,))
    return dropped


def owed(ledger: Ledger, output: str) -> Iterator[Owed]:
    """What an output is owed, the oldest first. What is settled meanwhile disturbs nothing."""
    text = (
        f"SELECT {_COLUMNS}, due FROM delivery JOIN outbox ON outbox.id = delivery.message"  # noqa: S608 - a constant
        " WHERE output = ? AND NOT is_aside AND message > ? ORDER BY message LIMIT ?"
    )
    last = -1
    while rows := ledger.read(text, (output, last, _AT_ONCE)):
        for row in rows:
            *of_message, due = row
            yield Owed(Message(*of_message), due)
        last = rows[-1]["id"]


def next_delivery(ledger: Ledger, output: str) -> int | None:
    """When something is to be sent to an output; None where it is owed nothing."""
    text = (
        "SELECT max(output.due, min(delivery.due)) AS due FROM delivery JOIN output ON output.name = delivery.output"
        " WHERE output = ? AND NOT is_aside"
    )
    found: int | None = ledger.read(text, (output,))[0]["due"]
    return found


def known_outputs(ledger: Ledger) -> frozenset[str]:
    return frozenset(row["name"] for row in ledger.read("SELECT name FROM output"))


def taken(ledger: Ledger, output: str, messages: Sequence[Message], now: int, unwanted: Sequence[Message] = ()) -> None:
    """An output has these messages; others it does not want."""
    with ledger.transaction() as connection:
        connection.executemany(
            "DELETE FROM delivery WHERE output = ? AND message = ?",
            ((output, message.id) for message in (*messages, *unwanted)),
        )
        if messages:
            connection.execute(
                "UPDATE output SET tries = 0, due = 0, error = '', sent = sent + ?, last = ? WHERE name = ?",
                (len(messages), now, output),
            )


def put_off(ledger: Ledger, output: str, message: Message, reason: str, now: int) -> int:
    """One message could not be sent, while others could: it is tried again, later and later, without a last try. Gives
    when."""
    with ledger.transaction() as connection:
        connection.execute(
            f"UPDATE delivery SET {_LATER} WHERE output = ? AND message = ?",  # noqa: S608 - a constant
            (reason, now, 0, output, message.id),
        )
        text = "SELECT due FROM delivery WHERE output = ? AND message = ?"
        due: int = connection.execute(text, (output, message.id)).fetchone()["due"]
    return due


def back_off(ledger: Ledger, output: str, reason: str, now: int, least: int) -> None:
    """Nothing could be sent to an output: it is tried again later and later, not before `least` microseconds."""
    with ledger.transaction() as connection:
        connection.execute(
            f"UPDATE output SET {_LATER} WHERE name = ?",  # noqa: S608 - a constant
            (reason, now, least, output),
        )


def set_aside(ledger: Ledger, output: str, message: Message, reason: str) -> None:
    """An output refuses a message for good. It stays, until a person has it sent again."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE delivery SET is_aside = 1, tries = tries + 1, error = ? WHERE output = ? AND message = ?",
            (reason, output, message.id),
        )


def resend(ledger: Ledger, output: str) -> int:
    """Owe an output again what it refused, and try it at once; how many messages. SourceError where there is no such
    output."""
    with ledger.transaction() as connection:
        if not connection.execute("UPDATE output SET tries = 0, due = 0 WHERE name = ?", (output,)).rowcount:
            raise SourceError(f"the service has no output '{output}'")
        connection.execute("UPDATE delivery SET tries = 0, due = 0 WHERE output = ? AND NOT is_aside", (output,))
        return connection.execute(
            "UPDATE delivery SET is_aside = 0, tries = 0, due = 0 WHERE output = ? AND is_aside", (output,)
        ).rowcount


def output_health(ledger: Ledger) -> list[OutputHealth]:
    """Every output that the service knows."""
    text = (
        "SELECT name, sent, last, count(message) FILTER (WHERE NOT is_aside) AS owed,"
        " min(outbox.created) FILTER (WHERE NOT is_aside) AS since, count(*) FILTER (WHERE is_aside) AS aside,"
        " output.tries, output.due,"
        " coalesce(nullif(output.error, ''), max(delivery.error) FILTER (WHERE NOT is_aside), '') AS error"
        " FROM output LEFT JOIN delivery ON delivery.output = output.name"
        " LEFT JOIN outbox ON outbox.id = delivery.message GROUP BY name ORDER BY name"
    )
    return [OutputHealth(*row) for row in ledger.read(text)]


def refused(ledger: Ledger, most: int) -> list[Refused]:
    """The oldest messages that were put aside."""
    text = (
        "SELECT output, coalesce(alert, subject) || '-' || revision, kind, delivery.error FROM delivery JOIN outbox"
        " ON outbox.id = delivery.message WHERE is_aside ORDER BY output, message LIMIT ?"
    )
    return [Refused(*row) for row in ledger.read(text, (most,))]
