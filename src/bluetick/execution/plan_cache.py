"""Plans and programs that a session has made already.

Binding reads nothing but the text, the choices of a request, and what the catalog answers. So a kept plan holds as long
as the catalog gives the same answers to the same questions: it is asked them again each time. Rows are no part of an
answer. What was bound by reading rows is not kept, nor what is wrong.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, TypeVar

from bluetick.binder.schema import CatalogSchema, StoredFunction, TableFace
from bluetick.diagnostics import Diagnostic, has_errors
from bluetick.execution.program import Program
from bluetick.plan.relations import QueryPlan, TabularStatement

T = TypeVar("T")
Question: TypeAlias = Literal["find", "names", "function", "watchlist"]
Answers: TypeAlias = Mapping[tuple[Question, str], object]
Bound: TypeAlias = tuple[QueryPlan, tuple[Diagnostic, ...]]
Variant: TypeAlias = tuple[bool, bool, frozenset[str]]
"""Of a statement's program: whether its time scope has a lower end, and an upper one; the parts that it reads."""

PLANS: Final = 512
LONGEST: Final = 100_000  # characters of a text whose plan is kept


@dataclass(frozen=True, slots=True)
class PlanKey:
    """What a request says of its plan. The values of parameters and the instant stand in no plan."""

    text: str
    schemas: str | None
    is_sentinel_rule: bool
    is_check: bool
    without_rewrites: frozenset[str] = frozenset()


class Asked:
    """A catalog that notes what it is asked, and its answers. Hints and the names of all
    functions are for what is wrong, which is not kept."""

    def __init__(self, catalog: CatalogSchema) -> None:
        self._catalog = catalog
        self.answers: dict[tuple[Question, str], object] = {}

    def find(self, name: str) -> TableFace | None:
        return self._noted("find", name, self._catalog.find(name))

    def names(self) -> tuple[str, ...]:
        return self._noted("names", "", self._catalog.names())

    def hint(self, name: str) -> str:
        return self._catalog.hint(name)

    def function(self, name: str) -> StoredFunction | None:
        return self._noted("function", name, self._catalog.function(name))

    def function_names(self) -> tuple[str, ...]:
        return self._catalog.function_names()

    def watchlist(self, alias: str) -> TableFace | None:
        return self._noted("watchlist", alias, self._catalog.watchlist(alias))

    def watchlist_hint(self, alias: str) -> str:
        return self._catalog.watchlist_hint(alias)

    def _noted(self, question: Question, name: str, answer: T) -> T:
        self.answers[question, name] = answer
        return answer


@dataclass(frozen=True, slots=True)
class _Kept:
    bound: Bound
    answers: Answers
    programs: dict[tuple[int, Variant], Program] = field(default_factory=dict)


class PlanCache:
    """The newest plans that were asked for, at most `limit` of them: 0 switches it off. Safe to use from several
    threads."""

    def __init__(self, limit: int = PLANS) -> None:
        self.limit = limit
        self._plans: OrderedDict[PlanKey, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def bound(self, key: PlanKey, catalog: CatalogSchema, bind: Callable[[CatalogSchema], Bound]) -> Bound:
        """The plan and its warnings: the ones that are kept if they still hold, else what `bind` makes of the catalog
        that it is given."""
        if self.limit == 0 or len(key.text) > LONGEST:
            return bind(catalog)
        with self._lock:
            kept = self._plans.get(key)
        if kept is None or not _is_same(kept.answers, catalog):
            asked = Asked(catalog)
            kept = _Kept(bind(asked), asked.answers)
            if has_errors(kept.bound[1]) or kept.bound[0].is_observed:
                return kept.bound
        self._keep(key, kept)
        return kept.bound

    def program(
        self, key: PlanKey, statement: TabularStatement, variant: Variant, build: Callable[[], Program]
    ) -> Program:
        """The program of a statement of the key's plan; of any other statement it is built each time."""
        with self._lock:
            kept = self._plans.get(key)
        place = None if kept is None else _place(kept.bound[0], statement)
        if kept is None or place is None:
            return build()
        program = kept.programs.get((place, variant))
        if program is None:
            program = kept.programs[place, variant] = build()
        return program

    def _keep(self, key: PlanKey, kept: _Kept) -> None:
        """As the newest; the oldest go."""
        with self._lock:
            self._plans[key] = kept
            self._plans.move_to_end(key)
            while len(self._plans) > self.limit:
                self._plans.popitem(last=False)


def _place(plan: QueryPlan, statement: TabularStatement) -> int | None:
    return next((place for place, own in enumerate(plan.statements) if own is statement), None)


def _is_same(answers: Answers, catalog: CatalogSchema) -> bool:
    return all(
        (now := _answer(catalog, question, name)) is before or now == before
        for (question, name), before in answers.items()
    )


def _answer(catalog: CatalogSchema, question: Question, name: str) -> object:
    match question:
        case "find":
            return catalog.find(name)
        case "names":
            return catalog.names()
        case "function":
            return catalog.function(name)
        case "watchlist":
            return catalog.watchlist(name)
