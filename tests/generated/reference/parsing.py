"""parse: texts that follow each other, and what stands between them."""

from typing import Any

from generated.reference.texts import read_text


def match(text: str, pieces: tuple[Any, ...]) -> dict[str, Any] | None:
    """Captures by name, or None where the text does not match as a whole: each capture ends where the next text
    begins for the first time, the last one takes the rest, and a typed one must be of its type."""
    found: dict[str, Any] = {}
    place, free = 0, False
    open_: tuple[str, str] | None = None
    for piece in pieces:
        if piece == "*":
            free = True
        elif isinstance(piece, tuple):
            open_ = piece
        else:
            at = (
                text.find(piece, place)
                if free or open_ is not None
                else (place if text.startswith(piece, place) else -1)
            )
            if at < 0 or not _capture(found, open_, text[place:at]):
                return None
            place, free, open_ = at + len(piece), False, None
    if open_ is not None:
        return found if _capture(found, open_, text[place:]) else None
    return found if free or place == len(text) else None


def _capture(found: dict[str, Any], piece: tuple[str, str] | None, text: str) -> bool:
    if piece is None:
        return True
    value = read_text(text, piece[1])
    found[piece[0]] = value
    return value is not None
