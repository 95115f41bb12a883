"""Every function of the language by name. A topic's module is loaded when one of its functions is first asked for."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Final, TypeVar

from bluetick.functions import language
from bluetick.functions.definition import AggregateFunction, Catalogue, ScalarFunction, WindowFunction
from bluetick.functions.topics import AGGREGATES, SCALARS, WINDOWS

Function = TypeVar("Function", bound=ScalarFunction | AggregateFunction | WindowFunction)


def by_name(topics: Iterable[Iterable[Function]]) -> dict[str, Function]:
    """Name and aliases -> function; a ValueError where two functions claim one name."""
    found: dict[str, Function] = {}
    for topic in topics:
        for function in topic:
            for name in (function.name, *function.aliases):
                if name in found:
                    raise ValueError(f"two functions are named '{name}'")
                found[name] = function
    return found


class ByName(MutableMapping[str, Function]):
    """Name -> function. Names are there from the start, functions when they are asked for.

    `topics`: module -> the names, with commas between them, of the functions that its tuple `kind` holds.
    """

    def __init__(self, topics: Mapping[str, str], kind: str) -> None:
        self._kind: Final = kind
        # A function, or the module that has it.
        self._entries: dict[str, Function | str] = {
            name.strip(): module for module, names in topics.items() for name in names.split(",")
        }

    def __getitem__(self, name: str) -> Function:
        entry = self._entries[name]
        return self._load(entry)[name] if isinstance(entry, str) else entry

    def _load(self, module: str) -> dict[str, Function]:
        functions: dict[str, Function] = by_name([getattr(import_module(f"bluetick.functions.{module}"), self._kind)])
        for name, function in functions.items():
            if self._entries.get(name) == module:
                self._entries[name] = function
        return functions

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __setitem__(self, name: str, function: Function) -> None:
        self._entries[name] = function

    def __delitem__(self, name: str) -> None:
        del self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


CATALOGUE = Catalogue(ByName(SCALARS, "FUNCTIONS"), ByName(AGGREGATES, "AGGREGATES"), ByName(WINDOWS, "WINDOWS"))


def find_scalar(name: str) -> ScalarFunction | None:
    return CATALOGUE.scalars.get(name)


def find_aggregate(name: str) -> AggregateFunction | None:
    return CATALOGUE.aggregates.get(name)


def find_window(name: str) -> WindowFunction | None:
    return CATALOGUE.windows.get(name)


def is_known(name: str) -> bool:
    """Whether Kusto has a function of this name, though it may not be in the catalogue."""
    return name in language.SCALARS or name in language.AGGREGATES
