"""Trees and diagnostics as people read them."""

from pathlib import Path

import pytest
from golden import GOLDENS, check_goldens

from bluetick.diagnostics import SourceText, has_errors, render_diagnostic
from bluetick.syntax import parse
from bluetick.syntax.dump import dump

TREES = sorted(path for path in (GOLDENS / "syntax").glob("*.test") if path.stem != "errors")


def produce_tree(text: str) -> str:
    query, diagnostics = parse(text)
    assert not has_errors(diagnostics), render_diagnostic(diagnostics[0], SourceText(text))
    return "\n".join([*query.directives, dump(query)])


def produce_diagnostics(text: str) -> str:
    _, diagnostics = parse(text)
    return "\n".join(render_diagnostic(diagnostic, SourceText(text)) for diagnostic in diagnostics)


@pytest.mark.parametrize("path", TREES, ids=lambda path: path.stem)
def test_trees(path: Path) -> None:
    check_goldens(path, produce_tree)


def test_diagnostics() -> None:
    check_goldens(GOLDENS / "syntax" / "errors.test", produce_diagnostics)
