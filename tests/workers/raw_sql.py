"""A process that runs SQL as it is given, which nothing of bluetick does: what do the later fences hold?

Reads JSON from standard input: the arguments of a `Confinement`, of a `Fence` (or null), and statements. Prints a JSON
list of what each gave.
"""

import json
import sys
from collections.abc import Iterator

from bluetick.engines.protocol import Fence
from bluetick.workers.confinement import Confinement

SHOWN = 20_000


def main() -> None:
    asked = json.loads(sys.stdin.read())
    Confinement(**asked["confinement"]).apply()
    print(json.dumps(list(_answers(asked))))


def _answers(asked: dict[str, object]) -> Iterator[str]:
    from bluetick.engines.duckdb import DuckDbEngine  # noqa: PLC0415 - after the process was confined

    fence, statements = asked["fence"], asked["statements"]
    if not isinstance(statements, list):
        raise TypeError("no statements")
    allowed = Fence(*map(tuple, fence)) if isinstance(fence, list) else None
    engine = DuckDbEngine(threads=1, temp_directory=str(asked["temporary"]), fence=allowed)
    for statement in statements:
        with engine.start() as run:
            try:
                yield repr(run._connection.execute(statement).fetchall())[:SHOWN]
            except Exception as error:
                yield f"refused: {error}"[:SHOWN]


if __name__ == "__main__":
    main()
