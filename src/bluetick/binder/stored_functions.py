"""The catalog's functions: a scope outside the query's own, and what is told of a mistake in one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bluetick.binder.schema import CatalogSchema
from bluetick.binder.scope import Env, FunctionSymbol, Scope, StoredCall, TooLargeError
from bluetick.diagnostics import Span, codes

MAX_CALLS = 20  # stored functions that call one another


@dataclass(slots=True)
class StoredScope:
    """Finds the functions of a catalog. They see each other and the tables, and none of the query's names. They hide
    no table, and nothing that the language has by itself (`built_in`)."""

    catalog: CatalogSchema
    built_in: frozenset[str]
    scope: Scope = field(init=False)
    _found: dict[str, FunctionSymbol | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scope = Scope(stored=self)

    def find(self, name: str) -> FunctionSymbol | None:
        if name not in self._found:
            is_taken = name in self.built_in or self.catalog.find(name) is not None
            function = None if is_taken else self.catalog.function(name)
            symbol = None if function is None else FunctionSymbol(name, function.declaration, self.scope, function)
            self._found[name] = symbol
        return self._found[name]


def may_give_rows(env: Env, name: str) -> bool:
    """Whether a fuzzy union must know what a name gives: not of a stored function, nor of those that it calls, that
    names no table here (nor in a check, where no table has rows)."""
    pending, seen = [name], {name}
    while pending:
        symbol = env.scope.find(pending.pop())
        if not isinstance(symbol, FunctionSymbol) or symbol.stored is None:
            return True
        if env.state.observer is None:
            return False
        words = set(_WORD.findall(symbol.stored.source.text)) - seen
        if any(env.state.catalog.find(word) is not None for word in words):
            return True
        seen |= words
        pending += [word for word in words if symbol.scope.find(word) is not None]
    return False


_WORD = re.compile(r"\w+")


@contextmanager
def inside(env: Env, symbol: FunctionSymbol, span: Span) -> Iterator[bool]:
    """Within it, what is reported is told at the call. Gives whether the function may be bound; False once reported."""
    stored, calls = symbol.stored, env.state.calls
    if stored is None:
        yield True
        return
    if any(call.function is stored for call in calls):
        names = [call.function.name for call in calls]
        env.report(codes.recursive_function(span, [*names[names.index(stored.name) :], stored.name]))
        yield False
    elif len(calls) >= MAX_CALLS:
        env.report(codes.deep_calls(span, MAX_CALLS))
        yield False
    else:
        calls.append(StoredCall(stored, env.state.place(span)))
        try:
            yield True
        except TooLargeError as error:
            raise TooLargeError(calls[0].span) from error
        finally:
            calls.pop()
