"""`--now newest`: the instant that a command line means by it."""

from datetime import datetime

from bluetick.cli.failures import say
from bluetick.cli.options import Moment
from bluetick.session import Session


def resolve_now(session: Session, now: Moment, text: str) -> datetime | None:
    """The instant itself; for 'newest' that of the tables which the query reads, and it is said."""
    if now != "newest":
        return now
    from bluetick.detections.model import Detection, QueryPlace  # noqa: PLC0415 - only this word needs a detection
    from bluetick.detections.runs import newest_instant  # noqa: PLC0415
    from bluetick.diagnostics import Span  # noqa: PLC0415

    place = QueryPlace("query", Span(0, len(text)), 1, ())
    instant = newest_instant(session, Detection(id="query", id_derived=True, name="query", query=text, place=place))
    say(f"now is {instant.isoformat()}, just after the newest row")
    return instant
