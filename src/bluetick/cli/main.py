"""`bluetick`: the commands, and what becomes of an error.

A command's module is imported only when the command is called, so that the quick ones stay quick.
"""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from bluetick.cli.failures import FAILED, INTERRUPTED, report

COLLECT_AFTER = 200_000


def _demo() -> click.Command:
    from bluetick.cli.demo import demo  # noqa: PLC0415 - loaded when asked for

    return demo


def _query() -> click.Command:
    from bluetick.cli.query import query  # noqa: PLC0415 - loaded when asked for

    return query


def _run() -> click.Command:
    from bluetick.cli.run import run  # noqa: PLC0415 - loaded when asked for

    return run


def _check() -> click.Command:
    from bluetick.cli.check import check  # noqa: PLC0415 - loaded when asked for

    return check


def _test() -> click.Command:
    from bluetick.cli.test import test  # noqa: PLC0415 - loaded when asked for

    return test


def _fit() -> click.Command:
    from bluetick.cli.fit import fit  # noqa: PLC0415 - loaded when asked for

    return fit


def _backtest() -> click.Command:
    from bluetick.cli.backtest import backtest_command  # noqa: PLC0415 - loaded when asked for

    return backtest_command


def _coverage() -> click.Command:
    from bluetick.cli.coverage import coverage  # noqa: PLC0415 - loaded when asked for

    return coverage


def _diff() -> click.Command:
    from bluetick.cli.diff import diff  # noqa: PLC0415 - loaded when asked for

    return diff


def _tuning() -> click.Command:
    from bluetick.cli.tuned import tuning  # noqa: PLC0415 - loaded when asked for

    return tuning


def _hunt() -> click.Command:
    from bluetick.cli.hunts import hunt  # noqa: PLC0415 - loaded when asked for

    return hunt


def _ingest() -> click.Command:
    from bluetick.cli.ingest import ingest  # noqa: PLC0415 - loaded when asked for

    return ingest


def _quarantine() -> click.Command:
    from bluetick.cli.quarantine import quarantine  # noqa: PLC0415 - loaded when asked for

    return quarantine


def _convert() -> click.Command:
    from bluetick.cli.convert import convert  # noqa: PLC0415 - loaded when asked for

    return convert


def _tables() -> click.Command:
    from bluetick.cli.tables import tables  # noqa: PLC0415 - loaded when asked for

    return tables


def _lake() -> click.Command:
    from bluetick.cli.lake import lake  # noqa: PLC0415 - loaded when asked for

    return lake


def _simulate() -> click.Command:
    from bluetick.cli.simulate import simulate  # noqa: PLC0415 - loaded when asked for

    return simulate


def _compare() -> click.Command:
    from bluetick.cli.compare import compare  # noqa: PLC0415 - loaded when asked for

    return compare


def _doctor() -> click.Command:
    from bluetick.cli.doctor import doctor  # noqa: PLC0415 - loaded when asked for

    return doctor


def _schedule() -> click.Command:
    from bluetick.cli.schedule import schedule  # noqa: PLC0415 - loaded when asked for

    return schedule


def _outputs() -> click.Command:
    from bluetick.cli.outputs import outputs  # noqa: PLC0415 - loaded when asked for

    return outputs


def _alerts() -> click.Command:
    from bluetick.cli.alert_explanation import explain  # noqa: PLC0415 - loaded when asked for
    from bluetick.cli.alerts import alerts  # noqa: PLC0415 - loaded when asked for

    alerts.add_command(explain)
    return alerts


def _incidents() -> click.Command:
    from bluetick.cli.incidents import incidents  # noqa: PLC0415 - loaded when asked for

    return incidents


def _backup() -> click.Command:
    from bluetick.cli.backup import backup  # noqa: PLC0415 - loaded when asked for

    return backup


def _restore() -> click.Command:
    from bluetick.cli.backup import restore_command  # noqa: PLC0415 - loaded when asked for

    return restore_command


def _upgrade() -> click.Command:
    from bluetick.cli.upgrade import upgrade  # noqa: PLC0415 - loaded when asked for

    return upgrade


def _health() -> click.Command:
    from bluetick.cli.health import health  # noqa: PLC0415 - loaded when asked for

    return health


def _serve() -> click.Command:
    from bluetick.cli.serve import serve  # noqa: PLC0415 - loaded when asked for

    return serve


def _token() -> click.Command:
    from bluetick.cli.token import token  # noqa: PLC0415 - loaded when asked for

    return token


# What loads a command, and the sentence that its help begins with: `bluetick --help` loads none of them.
_COMMANDS: dict[str, tuple[Callable[[], click.Command], str]] = {
    "demo": (_demo, "Simulate a month, run detections, compare with the truth."),
    "query": (_query, "Run a KQL query and print its rows."),
    "run": (_run, "Run rule documents and explain what came out."),
    "check": (_check, "Say whether rule documents can run and are sound."),
    "fit": (_fit, "Sort rule documents: those that run on this data, run degraded, or cannot run."),
    "test": (_test, "Run the samples beside rule documents: NAME.tests.yaml (docs/testing.md)."),
    "backtest": (
        _backtest,
        "Replay every scheduled run of rules as of its instant: alerts a day, noise, what was found.",
    ),
    "coverage": (_coverage, "Say how well the ATT&CK techniques of rules are covered, by evidence."),
    "diff": (_diff, "Replay the rules that changed between two commits, before and after, over the same days."),
    "tuning": (_tuning, "Price the exceptions beside rules: replay each rule with all of them, and without each."),
    "hunt": (_hunt, "Run hunts, markdown files with queries, and make rules of them (docs/hunts.md)."),
    "ingest": (_ingest, "Read log files into a lake's tables."),
    "quarantine": (_quarantine, "Look into what was kept aside, and try it again."),
    "convert": (_convert, "Write rules in the form of another service."),
    "tables": (_tables, "List tables: rows, time span, size, age of the newest row."),
    "lake": (_lake, "Look after a lake's Delta tables."),
    "simulate": (_simulate, "Write an enterprise's simulated telemetry."),
    "compare": (_compare, "Prove that engines give the same rows."),
    "schedule": (_schedule, "Run rules on their schedule, and raise alerts."),
    "alerts": (_alerts, "Alerts that `bluetick schedule` raised."),
    "incidents": (_incidents, "Incidents that `bluetick schedule` made of alerts."),
    "outputs": (_outputs, "Where alerts go: the document that `bluetick schedule --outputs` reads."),
    "serve": (_serve, "Serve the tables to Kusto, Log Analytics and advanced hunting clients, and the console."),
    "token": (_token, "Make, list and remove tokens of the server (bluetick serve)."),
    "backup": (_backup, "Back up a ledger and its lake into DIR, beside earlier backups."),
    "restore": (_restore, "Put a backup back, after checking all of it."),
    "upgrade": (_upgrade, "Bring a service's ledger to the form of this version."),
    "health": (_health, "Whether a detection service and its data are well; the exit code is 1 if something is wrong."),
    "doctor": (_doctor, "Check this installation, an engine, tables, and a lake."),
}


class _Commands(click.Group):
    """A group whose commands load on demand and are listed in the order above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = _COMMANDS.get(cmd_name)
        return found[0]() if found is not None else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import version  # noqa: PLC0415 - only this option needs it

    click.echo(f"bluetick {version('bluetick')}")
    ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show it.")
def bluetick() -> None:
    """Run Microsoft KQL detections, word for word, on your own logs.

    Start with `bluetick demo`. Exit codes: 0 ran, 1 a document was refused or a run failed, 2 wrong usage.
    """


def run_command(arguments: Sequence[str]) -> int:
    """Runs a command line and gives its exit code; whatever goes wrong has been told on standard error."""
    try:
        code: Any = bluetick.main(list(arguments), prog_name="bluetick", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:  # the edge: nothing may pass it as a traceback
        return report(error)
    return code if isinstance(code, int) else 0


def _reader_left() -> int:
    """The reader of our output is gone, as `head` goes: say nothing, also not when Python closes the stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def main() -> None:
    """The `bluetick` command."""
    # Loading the language makes some 100,000 objects that live for ever; looking through them costs a tenth of a start.
    gc.set_threshold(COLLECT_AFTER)
    # Else numpy, which pyarrow loads, starts a thread for each core: nothing here multiplies matrices worth that.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _leave(run_command(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """Ends the process without taking its modules down one by one, which costs a fifth of a short command's time.

    Sessions, files and temporary folders are closed by then; only a Spark session has its own work at the end.
    """
    if "pyspark" in sys.modules:
        sys.exit(code)
    sys.stderr.flush()
    os._exit(code)
