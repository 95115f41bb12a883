"""Lines of text, each as a record with one field."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from bluetick.sources.blocks import Reading
from bluetick.sources.json_objects import encoded
from bluetick.sources.records import Records
from bluetick.sources.splitting import read_lines
from bluetick.sources.streams import ByteStream


def read_text(stream: ByteStream, reading: Reading) -> Iterator[Records]:
    """Each line that is not blank, as `{"line": ...}`."""
    for block in read_lines(stream, reading):
        texts = [None if line is None else f'{{"line":{encoded(line)}}}' for line in block.text.to_pylist()]
        yield replace(block, text=pa.array(texts, pa.large_string()))
