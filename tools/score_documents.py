"""How published rules in YAML fare as documents: `python tools/score_documents.py FOLDER... [--analyzer]`.

Every YAML file with a query below the folders is read, checked as `bluetick check` binds it, and written as YAML and as
an ARM template, which are read back and compared with what was read. With --analyzer (Node and npm are needed)
Microsoft's analyzer is asked which of the queries bind, and the share of those that check here is told. Nothing runs,
and no text of a query is printed.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "oracle"))

from analyzer import Question, World, analyze, install, is_possible  # noqa: E402 - it lives with the tests

import bluetick  # noqa: E402
from bluetick.binder.schema import FILE_PROFILE_COLUMNS  # noqa: E402
from bluetick.detections.documents import read_document, read_document_text  # noqa: E402
from bluetick.detections.model import Detection  # noqa: E402
from bluetick.detections.runs import query_request  # noqa: E402
from bluetick.detections.trees import EMPTY  # noqa: E402
from bluetick.detections.writing import TARGETS, Target  # noqa: E402
from bluetick.diagnostics import Diagnostic  # noqa: E402
from bluetick.diagnostics.errors import QueryError  # noqa: E402
from bluetick.execution.program import build_program  # noqa: E402
from bluetick.schema.packs import load_pack  # noqa: E402
from bluetick.session import Session  # noqa: E402
from bluetick.types import Type  # noqa: E402

_QUERY = re.compile(r"^query[ \t]*:", re.MULTILINE)
_PART = 400  # questions at once: the analyzer answers some twelve a second
_SHOWN = 25


@dataclass(slots=True)
class Score:
    """What became of the files, and of the detections that could be read of them."""

    files: int = 0
    read: int = 0
    crashes: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    trips: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    errors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)


def files_of(folders: list[str]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            is_yaml = path.suffix.lower() in (".yaml", ".yml") and path.is_file()
            if is_yaml and _QUERY.search(path.read_text("utf-8", errors="replace")):
                yield path


def add(score: Score, session: Session, path: Path) -> None:
    score.files += 1
    try:
        result = read_document(path)
        errors = [diagnostic for diagnostic in result.diagnostics if diagnostic.is_error]
        score.refused.update(f"{diagnostic.code}: {diagnostic.message[:80]}" for diagnostic in errors[:1])
        score.warned.update(diagnostic.code for diagnostic in result.diagnostics if not diagnostic.is_error)
        score.read += bool(result.detections) and not errors
        for number, detection in enumerate(result.detections):
            name = f"{path}#{number}"
            score.queries[name] = detection.query
            score.errors[name] = tuple(said(diagnostic) for diagnostic in check(session, detection))
            trips(score, name, detection)
    except Exception as error:
        score.crashes.append(f"{path}: {type(error).__name__}: {error}"[:300])


def said(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.code}: {diagnostic.message}"


def check(session: Session, detection: Detection) -> list[Diagnostic]:
    try:
        plan, found = session.plan(query_request(detection), is_check=True)
        for statement in plan.statements:
            build_program(statement, session.flavour, has_lower_bound=True, has_upper_bound=True)
    except QueryError as error:
        found = error.diagnostics
    return [diagnostic for diagnostic in found if diagnostic.is_error]


def trips(score: Score, name: str, detection: Detection) -> None:
    """Out and back: as YAML everything must be as it was, as a template everything but the spelling."""
    targets = {target.name: target for target in TARGETS}
    for form, is_whole in (("sentinel", True), ("arm", False)):
        back = written_and_read(targets[form], detection)
        before, after = comparable(detection, is_whole), [comparable(item, is_whole) for item in back]
        is_same = after == [before]
        score.trips[form] += is_same
        if not is_same:
            fields = before.__dataclass_fields__
            parts = [key for key in fields if not after or getattr(before, key) != getattr(after[0], key)]
            score.differing[f"{form}: {', '.join(parts)}"] += 1
            print(f"differs: {form} {', '.join(parts)} of {name}", file=sys.stderr)


def written_and_read(target: Target, detection: Detection) -> tuple[Detection, ...]:
    text = target.write(detection, None).text
    stem = detection.place.file_name.rpartition(".")[0]
    return read_document_text(text.encode(), stem + target.suffix).detections


def comparable(detection: Detection, is_whole: bool) -> Detection:
    """The detection without its places; without the spelling of its document too, if that is not asked for."""
    place = replace(
        detection.place, file_name="", span=type(detection.place.span)(0, 0), first_line=0, line_offsets=(), pieces=()
    )
    bare = replace(detection, place=place, warnings=())
    if is_whole:
        return bare
    # A template gives each rule an id, says what it leaves to the service, and has techniques in its own order.
    alerting = replace(bare.alerting, suppression=replace(bare.alerting.suppression, duration=None))
    return replace(
        bare,
        id="",
        id_derived=False,
        form="",
        tree=EMPTY,
        fields=(),
        alerting=alerting,
        description=bare.description.strip(),
        techniques=tuple(sorted(bare.techniques)),
    )


def world(pack: str) -> World:
    tables = tuple(
        (table.name, "(" + ", ".join(f"['{name}']: {type_}" for name, type_ in table.columns) + ")")
        for table in load_pack(pack).values()
    )
    profile = ", ".join(f"{n} = {t}(null)" if t is not Type.STRING else f"{n} = ''" for n, t in FILE_PROFILE_COLUMNS)
    watchlist = "{ print _DTItemId='', LastUpdatedTimeUTC=datetime(null), SearchKey='', WatchlistItem=dynamic(null) }"
    return World(
        tables,
        (
            ("FileProfile", "(T:(*), key:string = '', most:long = 100)", f"{{ T | extend {profile} }}"),
            ("_GetWatchlist", "(alias:string, keys:dynamic = dynamic(null))", watchlist),
        ),
    )


def bound(queries: dict[str, str]) -> list[str]:
    """The names of the queries that the analyzer binds with the tables of either pack."""
    install()
    worlds = {pack: world(pack) for pack in ("sentinel", "defender")}
    found: list[str] = []
    names = list(queries)
    for at in range(0, len(names), _PART):
        part = names[at : at + _PART]
        for pack, known in worlds.items():
            asked = [name for name in part if name not in found]
            answers = analyze({pack: known}, [Question(queries[name], pack) for name in asked])
            found += [name for name, answer in zip(asked, answers, strict=True) if answer.columns and not answer.errors]
        print(f"{min(at + _PART, len(names))} of {len(names)} analyzed", file=sys.stderr)
    return found


def show(score: Score, by_analyzer: list[str] | None) -> None:
    clean = sum(not errors for errors in score.errors.values())
    print(f"files {score.files:,}, crashes {len(score.crashes)}, read without an error {score.read:,}")
    print(f"queries {len(score.errors):,}, check without an error {clean:,}")
    for form, count in score.trips.items():
        print(f"round trip to {form}: {count:,} of {len(score.errors):,}")
    for title, counts in (("refused", score.refused), ("warned", score.warned), ("differing", score.differing)):
        for words, count in counts.most_common(_SHOWN):
            print(f"  {title}: {count:5} {words}")
    for crash in score.crashes:
        print(f"  crash: {crash}")
    reasons = list(score.errors) if by_analyzer is None else by_analyzer
    if by_analyzer:
        good = sum(not score.errors[name] for name in by_analyzer)
        print(f"of {len(by_analyzer):,} bound by the analyzer {good:,} check: {100 * good / len(by_analyzer):.2f} %")
    for words, count in Counter(score.errors[name][0] for name in reasons if score.errors[name]).most_common(_SHOWN):
        print(f"  error: {count:5} {words[:150]}")


def main(arguments: list[str]) -> int:
    folders = [argument for argument in arguments if not argument.startswith("-")]
    if not folders:
        print(__doc__, file=sys.stderr)
        return 2
    score = Score()
    with bluetick.connect() as session:
        for path in files_of(folders):
            add(score, session, path)
    by_analyzer = None
    if "--analyzer" in arguments:
        if not is_possible():
            print("node and npm are not here", file=sys.stderr)
            return 2
        by_analyzer = bound(score.queries)
    show(score, by_analyzer)
    return 1 if score.crashes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
