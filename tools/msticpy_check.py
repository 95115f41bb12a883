"""Ask a served lake by msticpy's Kusto driver, unmodified: `python tools/msticpy_check.py [FOLDER]`.

msticpy needs other versions of what bluetick is tested with, so it gets an environment of its own in FOLDER (default:
.benchmarks/msticpy), made at the first run. Ends with 0 where the driver gave the rows, the schema and the error that
it was to give.
"""

import json
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PACKAGES = ("msticpy>=3,<4", "azure-kusto-data>=6,<7")
_DRIVER = """
import json, sys
from msticpy.data import QueryProvider
provider = QueryProvider("Kusto")
provider.connect(connection_str=f"Data Source={sys.argv[1]};Fed=False", database=sys.argv[2])
frame = provider.exec_query("VMConnection | summarize n = count() by Direction | sort by Direction asc")
parts = provider.exec_query("VMConnection | where TimeGenerated > datetime(2026-06-17) | count")
try:
    provider.exec_query("VMConnection | where NoSuchColumn == 1")
    error = None
except Exception as raised:
    error = f"{type(raised).__name__}: {raised}"
told = {
    "rows": frame.to_dict("records"),
    "count": int(parts.iloc[0, 0]),
    "databases": sorted(provider.get_database_names()),
    "tables": sorted(provider.get_database_schema()),
    "error": error,
}
print("ANSWER " + json.dumps(told, default=str))
"""


def _environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"Installing msticpy into {folder} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-qq", *_PACKAGES], check=True)
    return python


def _answer(python: Path, lake: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "bluetick", "serve", "--lake", str(lake), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            found = re.search(r"serves '(\w+)' at (http://\S+)", server.stderr.readline() if server.stderr else "")
            if found is None:
                raise RuntimeError("the server did not start")
            asked = [str(python), "-W", "ignore", "-c", _DRIVER, found[2], found[1]]
            ended = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=300)
        finally:
            server.send_signal(signal.SIGTERM)
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("ANSWER ")]
    answer: dict[str, object] = json.loads(line.removeprefix("ANSWER "))
    return answer


def _expected(lake: Path) -> tuple[object, object]:
    """The same by the command line."""

    def rows(query: str) -> list[list[object]]:
        command = [sys.executable, "-m", "bluetick", "query", query, "--lake", str(lake), "--format", "json"]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found: list[list[object]] = json.loads(told)["rows"]
        return found

    groups = rows("VMConnection | summarize n = count() by Direction | sort by Direction asc")
    ((count,),) = rows("VMConnection | where TimeGenerated > datetime(2026-06-17) | count")
    return groups, count


def main(folder: Path) -> int:
    python = _environment(folder)
    with tempfile.TemporaryDirectory() as place:
        lake = Path(place) / "world"
        simulated = ["simulate", str(lake), "--days", "3", "--devices", "10", "--end", "2026-06-18T12:00:00Z"]
        subprocess.run([sys.executable, "-m", "bluetick", *simulated], check=True, capture_output=True)
        answer = _answer(python, lake)
        groups, count = _expected(lake)
    rows = answer["rows"]
    checks = {
        "rows": isinstance(rows, list) and [list(row.values()) for row in rows] == groups,
        "times": answer["count"] == count,
        "databases": answer["databases"] == ["world"],
        "schema": {"DeviceNetworkEvents", "VMConnection"} <= set(map(str, answer["tables"] or [])),  # type: ignore[call-overload]
        "error": "NoSuchColumn" in str(answer["error"]),
    }
    for name, holds in checks.items():
        print(f"{name}: {'as it should be' if holds else 'WRONG'}")
    if not all(checks.values()):
        print(json.dumps(answer, indent=1))
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".benchmarks" / "msticpy"))
