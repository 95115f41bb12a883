"""A campaign: so many checks of every kind from one seed, run in turn, with an account of what was found."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias

from bluetick.session import Session
from generated import held, metamorphic, norec, tlp
from generated.checks import Check, run, smallest
from generated.tables import Table

SEED: Final = 20_240_310
Draw: TypeAlias = Callable[[Random, Mapping[str, Table]], Check]

# How often each kind is drawn. A draw of expressions is ten checks.
KINDS: Final[Mapping[Draw, int]] = {
    held.expressions: 20,
    held.pipelines: 75,
    tlp.partitions: 25,
    norec.counts: 25,
    metamorphic.pairs: 25,
}


@dataclass(slots=True)
class Account:
    """What a campaign did, by kind of check."""

    checks: Counter[str] = field(default_factory=Counter)
    mismatches: list[str] = field(default_factory=list)

    def table(self) -> str:
        lines = [f"{kind:14}{count:>9}" for kind, count in sorted(self.checks.items())]
        return "\n".join([*lines, f"{'all':14}{self.checks.total():>9}", f"{'mismatches':14}{len(self.mismatches):>9}"])


def draw_checks(seed: int, count: int, tables: Mapping[str, Table]) -> Iterator[Check]:
    """At least so many checks; the same for the same seed and tables."""
    random = Random(seed)  # noqa: S311 - seeded, so that it can be had again
    drawn = 0
    while drawn < count:
        draw = random.choices(list(KINDS), list(KINDS.values()))[0]
        check = draw(random, tables)
        drawn += check.size
        yield check


def run_campaign(session: Session, checks: Iterator[Check], stop_after: int = 10) -> Account:
    """Runs the checks until so many have failed."""
    account = Account()
    for check in checks:
        account.checks[check.kind] += check.size
        if run(session, check):
            least = smallest(session, check)
            account.mismatches.append("\n".join([f"[{least.kind}]", *least.queries, run(session, least)]))
            if len(account.mismatches) >= stop_after:
                break
    return account
