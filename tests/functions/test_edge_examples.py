"""Every function that takes something shows what it makes of nothing: a null, an empty text, array or bag, no row."""

from collections.abc import Iterator, Sequence

import pytest
from example_forms import AnyFunction, call_of, functions, parsed

from bluetick.diagnostics import has_errors
from bluetick.functions.definition import Example, ScalarFunction
from bluetick.syntax.expressions import DynamicLiteral, Expression, Literal, NameReference
from bluetick.syntax.operators import DatatableSource
from bluetick.syntax.parser import parse
from bluetick.syntax.statements import QueryStatement

# The binder puts these in, so no query calls them by name: the call that shows them, or none where they read columns.
SHOWN_BY = {"to_dynamic": "pack_array", "bag_pack of what is there": ""}

FUNCTIONS = tuple(
    function
    for function in functions()
    if SHOWN_BY.get(function.name, function.name) and any(s.parameters for s in function.signatures)
)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_an_example_has_a_null_or_an_empty_input(function: AnyFunction) -> None:
    names = {SHOWN_BY.get(function.name, function.name), *function.aliases}
    if isinstance(function, ScalarFunction):
        assert any(passes_nothing(names, example.expression) for example in function.examples)
    else:
        assert any(reads_nothing(example) for example in function.examples)


def passes_nothing(names: set[str], expression: str) -> bool:
    """Whether a call of one of the names has a null or an empty literal for an argument of its own."""
    return any(
        call_of(node)[0] in names and any(map(is_nothing, call_of(node)[1])) for node in walked(parsed(expression))
    )


def reads_nothing(example: Example) -> bool:
    """Whether the rows are none, or one of the columns that the expression reads has a null or an empty cell."""
    table = datatable(example.over)
    if table is None:
        return False
    read = {node.name for node in walked(parsed(example.expression)) if isinstance(node, NameReference)}
    names = [column.name.text for column in table.columns]
    cells = [(names[place % len(names)], cell) for place, cell in enumerate(table.values)]
    return not cells or any(is_nothing(cell) for name, cell in cells if name in read or not read)


def datatable(query: str) -> DatatableSource | None:
    """What the rows are read from, where that is written out."""
    tree, diagnostics = parse(query)
    assert not has_errors(diagnostics), diagnostics
    statement = tree.statements[0]
    assert isinstance(statement, QueryStatement)
    source = statement.pipeline.source
    return source if isinstance(source, DatatableSource) else None


def is_nothing(node: Expression) -> bool:
    match node:
        case Literal(value=None | "") | DynamicLiteral(value=None | ""):
            return True
        case DynamicLiteral(value=list() | dict() as value):
            return not value
        case _:
            return False


def walked(node: Expression) -> Iterator[Expression]:
    yield node
    arguments: Sequence[Expression] = call_of(node)[1]
    for argument in arguments:
        yield from walked(argument)


@pytest.mark.parametrize(
    ("name", "expression", "passes"),
    [
        ("strlen", 'strlen("")', True),
        ("abs", "tostring(abs(long(null)))", True),
        ("==", "1 == int(null)", True),
        ("strlen", 'strlen("null")', False),
        ("strlen", "strlen(tostring(dynamic([])))", False),
        ("array_length", "array_length(dynamic([null]))", False),
        ("array_length", "array_length(dynamic({}))", True),
        ("in", '"a" in ("", "b")', True),
    ],
)
def test_what_counts_as_an_argument(name: str, expression: str, *, passes: bool) -> None:
    assert passes_nothing({name}, expression) is passes


@pytest.mark.parametrize(
    ("expression", "over", "reads"),
    [
        ("sum(n)", "datatable(n:long)[]", True),
        ("sum(n)", "datatable(n:long, s:string)[1, '', long(null), 'a'] | sort by n asc", True),
        ("sum(n)", "datatable(n:long, s:string)[1, '', 2, 'a']", False),
        ("count()", "datatable(n:long, s:string)[1, '', 2, 'a']", True),
        ("sum(x)", "range x from 1 to 2 step 1", False),
    ],
)
def test_what_counts_as_rows(expression: str, over: str, *, reads: bool) -> None:
    assert reads_nothing(Example(expression, None, over=over)) is reads
