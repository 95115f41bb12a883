"""A filter beside the same condition computed as a value: what `where` keeps is what is counted as true.

After M. Rigger and Z. Su, "Detecting optimization bugs in database engines via non-optimizing reference engine
construction" (2020): a filter is optimised, a computed column much less.
"""

from collections.abc import Mapping, Sequence
from random import Random

from generated.checks import Answer, Check, complete_text
from generated.generator import Pipelines
from generated.tables import Table
from generated.tree import expression_text, query_text


def counts(random: Random, tables: Mapping[str, Table]) -> Check:
    """Three counts of one condition, in one query."""
    draw = Pipelines(random, tables)
    whole = query_text(draw.pipeline(random.choice((0, 0, 1, 2))))
    condition = expression_text(draw.draw().predicate(3))
    text = (
        f"union ({whole} | where {condition} | summarize n = count()), "
        f"({whole} | extend is_so = {condition} | summarize n = countif(is_so)), "
        f"({whole} | summarize n = sum(iff({condition}, 1, 0)))"
    )
    return Check("norec", (complete_text(text, tables),), _judge)


def _judge(answers: Sequence[Answer]) -> str:
    found = [row[0] for row in answers[0].rows]
    return "" if len(found) == 3 and len(set(found)) == 1 else f"the counts are {found}"
