"""Keep the code that the documents quote equal to the code: `python tools/doc_quotes.py [--write]`.

A quote is a comment `<!-- quote: PATH NAME... -->` followed by a fenced block: the block holds the definitions of
these names in that file, in this order. Without --write nothing changes, and stale quotes are listed with exit code 1.
"""

import ast
import difflib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
QUOTE = re.compile(r"(^<!-- quote: (\S+) ([^>]+?) -->\n```python\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)


def definition(path: Path, name: str) -> str:
    """The source of a top-level function, class or value; a LookupError where the file has none of that name."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if name in _names(node):
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
            first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            return "\n".join(lines[first - 1 : node.end_lineno])
    raise LookupError(f"{path.relative_to(ROOT)} does not define {name}")


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case _:
            return []


def refreshed(document: str) -> str:
    """The document with every quote as the code is now."""

    def fresh(match: re.Match[str]) -> str:
        parts = [definition(ROOT / match[2], name) for name in match[3].split()]
        between = "\n\n\n" if any("\n" in part for part in parts) else "\n"
        return match[1] + between.join(parts) + "\n" + match[5]

    return QUOTE.sub(fresh, document)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--write"]):
        print("usage: doc_quotes.py [--write]", file=sys.stderr)
        return 2
    stale = False
    for name in DOCUMENTS:
        before = (ROOT / name).read_text(encoding="utf-8")
        after = refreshed(before)
        if arguments:
            (ROOT / name).write_text(after, encoding="utf-8")
        elif before != after:
            stale = True
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, "code"))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
