"""Rules about the case of text."""

import re
from collections.abc import Iterator

from bluetick.detections.linting.model import LintRule, Subject
from bluetick.diagnostics import Diagnostic, lint_codes
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Literal, walk
from bluetick.plan.relations import Filter

# Names, paths and command lines of Windows: kept as somebody wrote them, and the same whatever their case.
_ANY_CASE = re.compile(
    r"(initiatingprocess|initiatingprocessparent|parent|new|target|source|acting|actingprocess|targetprocess)?"
    r"(filename|folderpath|filepath|processname|commandline|processcommandline|process|image|originalfilename)|"
    r"(registry)(key|keyname|valuename)|objectname|servicename|servicefilename|sharename|relativetargetname",
    re.IGNORECASE,
)
_OF_WINDOWS = re.compile(
    r"[a-z].*\\|\\.*[a-z]|\.(exe|dll|sys|ps1|psm1|bat|cmd|vbs|vbe|js|jse|wsf|hta|msi|scr|com|lnk)\b", re.I
)
_ANY_CASE_OPERATOR = {"==": "=~", "!=": "!~", "in": "in~", "!in": "!in~"}
_WINDOWS = re.compile(r"Device\w+Events|SecurityEvent|WindowsEvent|Event|VMConnection|VMProcess", re.ASCII)


def _sensitive(subject: Subject) -> Iterator[Diagnostic]:
    """A column of any case compared, by its letters' case, with what only Windows has: a path, a file's name with its
    kind. Tables of devices hold other systems too, where case tells files apart."""
    for node in subject.nodes:
        if not isinstance(node, Filter):
            continue
        for predicate, span in zip(node.predicates, node.spans, strict=False):
            for part in walk(predicate):
                if isinstance(part, Call) and (column := _compared(subject, part)) is not None:
                    name = part.function.name
                    yield lint_codes.case_sensitive(span, column.name, name, _ANY_CASE_OPERATOR[name])


def _compared(subject: Subject, call: Call) -> Column | None:
    if call.function.name not in _ANY_CASE_OPERATOR or not isinstance(call.args[0], ColumnRef):
        return None
    column = call.args[0].column
    origin = subject.lineage.origin(column)
    if origin is None or not _WINDOWS.fullmatch(origin[0].table) or not _ANY_CASE.fullmatch(origin[1]):
        return None
    texts = [text for arg in call.args[1:] for text in _texts(arg)]
    return column if any(_OF_WINDOWS.search(text) for text in texts) else None


def _texts(expr: Expr) -> list[str]:
    match expr:
        case Literal(value=str() as text):
            return [text]
        case Literal(value=list() as texts):
            return [text for text in texts if isinstance(text, str)]
        case _:
            return []


_FOLDS = {"tolower": str.lower, "toupper": str.upper}
_EXACT = ("==", "in", "startswith_cs", "endswith_cs", "contains_cs", "has_cs")


def _never(subject: Subject) -> Iterator[Diagnostic]:
    """tolower(x) == "Text": no text of small letters is equal to one with a capital."""
    for node in subject.nodes:
        if not isinstance(node, Filter):
            continue
        for predicate, span in zip(node.predicates, node.spans, strict=False):
            for part in walk(subject.lineage.follow(predicate)):
                if isinstance(part, Call) and part.function.name in _EXACT and isinstance(part.args[0], Call):
                    function = part.args[0].function.name
                    fold = _FOLDS.get(function)
                    wrong = [t for arg in part.args[1:] for t in _texts(arg) if fold is not None and fold(t) != t]
                    if wrong:
                        yield lint_codes.case_never_matches(span, function, wrong[0])


RULES = (
    LintRule("BTL011", "case-sensitive-name", "A name of any case is compared by its letters' case.", _sensitive),
    LintRule("BTL022", "case-never-matches", "A text of one case is compared with one of another.", _never),
)
