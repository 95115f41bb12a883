"""Golden files: blocks of query, `--`, expected text, `==`. `pytest --update-goldens` rewrites the expected parts."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

import pytest

GOLDENS = Path(__file__).parent / "goldens"
_MIDDLE = "\n--\n"
_END = "\n==\n"


@dataclass
class Mode:
    """Whether this run compares or rewrites; set once, from the command line."""

    update: bool = False


MODE = Mode()


@dataclass(frozen=True, slots=True)
class Block:
    """One case of a golden file, with the line on which it begins."""

    query: str
    expected: str
    line: int


def read_blocks(path: Path) -> list[Block]:
    """The blocks of a file; a block that is not whole is an error."""
    blocks = []
    line = 1
    text = path.read_text(encoding="utf-8")
    for part in text.split(_END):
        if part.strip():
            query, middle, expected = (part + "\n").partition(_MIDDLE)
            if not middle:
                raise ValueError(f"{path.name}:{line}: a block without a line of '--'")
            blocks.append(Block(query, expected.rstrip("\n"), line))
        line += part.count("\n") + _END.count("\n")
    if not blocks:
        raise ValueError(f"{path.name}: no blocks")
    return blocks


def check_goldens(path: Path, produce: Callable[[str], str]) -> None:
    """Each query of the file gives the text that stands under it; with --update-goldens, write what it gives."""
    blocks = read_blocks(path)
    produced = [produce(block.query).rstrip("\n") for block in blocks]
    if MODE.update:
        pairs = zip(blocks, produced, strict=True)
        path.write_text("".join(f"{b.query}{_MIDDLE}{text}{_END}" for b, text in pairs), encoding="utf-8")
        return
    wrong = [
        _difference(path, block, text) for block, text in zip(blocks, produced, strict=True) if block.expected != text
    ]
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def _difference(path: Path, block: Block, text: str) -> str:
    lines = unified_diff(block.expected.split("\n"), text.split("\n"), "expected", "produced", lineterm="", n=2)
    return "\n".join([f"{path.name}:{block.line}", *lines])
