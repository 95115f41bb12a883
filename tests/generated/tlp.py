"""Ternary logic partitioning: the rows where a condition is true, false and null are together all rows.

After M. Rigger and Z. Su, "Finding bugs in database systems via query partitioning" (2020).
"""

from collections.abc import Mapping, Sequence
from random import Random

from generated.checks import Answer, Check, complete_text, same_rows
from generated.generator import Pipelines
from generated.tables import Table
from generated.tree import expression_text, query_text

_SUMS = "a = sum({0}), b = min({0}), c = max({0}), d = count()"
_TOGETHER = "a = sum(a), b = min(b), c = max(c), d = sum(d)"


def partitions(random: Random, tables: Mapping[str, Table]) -> Check:
    """The rows of the three parts, or aggregates of the parts' aggregates."""
    draw = Pipelines(random, tables)
    query = draw.pipeline(random.choice((0, 0, 1, 2)))
    whole = query_text(query)
    condition = expression_text(draw.draw().predicate(3))
    tests = (condition, f"not({condition})", f"isnull({condition})")
    legs = [f"({whole} | where {test})" for test in tests]
    column = draw.some(("n2", "n", "i", "p"))
    if column is None or column.type == "int" or random.random() < 0.5:
        together = f"union {', '.join(legs)}"
    else:
        sums = _SUMS.format(column.name)
        legs = [f"({leg} | summarize {sums})" for leg in legs]
        together = f"union {', '.join(legs)} | summarize {_TOGETHER}"
        whole = f"{whole} | summarize {sums}"
    return Check("tlp", (complete_text(whole, tables), complete_text(together, tables)), _judge)


def _judge(answers: Sequence[Answer]) -> str:
    return same_rows(answers[0], answers[1])
