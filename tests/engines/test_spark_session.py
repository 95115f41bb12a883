"""Which Spark a name means, what is set in it, and what a user is told where there is none."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from bluetick.cli.failures import explain
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import BluetickError, EngineError, Limit, LimitError
from bluetick.engines.opening import open_engine
from bluetick.engines.protocol import Engine
from bluetick.engines.spark_errors import translate
from bluetick.engines.spark_run import SparkRun
from bluetick.engines.spark_session import open_session, wrong_settings
from bluetick.engines.spark_settings import parse_address

pytest_plugins = ["tests.spark_fixture"]
ROOT = Path(__file__).resolve().parents[2]


def test_settings_follow_a_question_mark() -> None:
    address = parse_address("spark://10.0.0.1:7077?spark.executor.memory=8g&spark.driver.extraJavaOptions=-Da=%26+b")
    assert address.master == "spark://10.0.0.1:7077"
    assert address.given == {"spark.executor.memory": "8g", "spark.driver.extraJavaOptions": "-Da=&+b"}
    assert address.start_settings["spark.executor.memory"] == "8g"
    assert "spark.driver.host" not in address.start_settings, "a cluster elsewhere must reach the driver"


def test_a_cluster_on_loopback_has_its_driver_there() -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        assert parse_address(f"spark://{host}:7077").start_settings["spark.driver.host"] == "127.0.0.1"


def test_what_the_configuration_describes_is_left_alone() -> None:
    address = parse_address("spark")
    assert address.master is None
    assert set(address.start_settings) == {"spark.ui.showConsoleProgress"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("local[2]?spark.sql.ansi.enabled=true", "answers depend on it"),
        ("local[2]?memory=8g", "no setting of Spark"),
        ("local[2]?spark.x", "no setting of Spark"),
        ("spark://host", "spark://HOST:PORT"),
        ("spark://host:port", "spark://HOST:PORT"),
        ("yarn", "there is no engine 'yarn'"),
    ],
)
def test_names_that_mean_nothing(name: str, words: str) -> None:
    with pytest.raises(EngineError, match=words) as caught:
        open_engine(name)
    assert not caught.value.retryable


def test_no_master_is_an_error_that_may_pass() -> None:
    """Port 1 of loopback listens to nobody."""
    address = parse_address("spark://127.0.0.1:1")
    done = _python(f"from bluetick.engines.opening import open_engine; open_engine({address.name!r})")
    assert "no Spark master answers at spark://127.0.0.1:1" in done


def test_retryable_errors_survive_pickling_and_say_so() -> None:
    error = pickle.loads(pickle.dumps(EngineError("executors were lost", retryable=True)))  # noqa: S301 our own
    assert (str(error), error.retryable) == ("executors were lost", True)
    assert "run it again" in explain(error)
    assert "run it again" not in explain(EngineError("a fault"))


@pytest.mark.parametrize(
    "text",
    [
        "Job 3 cancelled because SparkContext was shut down",
        "Job aborted due to stage failure: Task 0 failed 4 times: ExecutorLostFailure (executor 1 exited)",
        "Cannot call methods on a stopped SparkContext.",
    ],
)
def test_what_was_lost_may_be_retried(text: str) -> None:
    error = translate(RuntimeError(text))
    assert isinstance(error, EngineError)
    assert error.retryable
    assert isinstance(translate(ConnectionRefusedError(111, "refused")), EngineError)


def test_a_result_too_large_names_the_setting() -> None:
    """In Spark's own words; the setting is of a process's one context, so a test cannot lower it."""
    text = "Total size of serialized results of 9 tasks (1100.0 MiB) is bigger than spark.driver.maxResultSize"
    error = translate(RuntimeError(text))
    assert isinstance(error, LimitError)
    assert error.limit is Limit.RESULT
    assert "spark.driver.maxResultSize=" in str(error)


@pytest.mark.spark
def test_the_users_session_keeps_its_settings(spark_engine: Engine) -> None:
    """A run works in a session of its own, whatever the session around it is set to."""
    session = open_session(parse_address("local[2]"))
    before = session.conf.get("spark.sql.ansi.enabled")
    session.conf.set("spark.sql.ansi.enabled", "true")
    session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        with open_engine("spark").start() as run:
            assert isinstance(run, SparkRun)
            rows = run.stream("SELECT CAST('x' AS INT) AS a, date_format(timestamp_seconds(0), 'HH') AS b").read_all()
        assert rows.to_pylist() == [{"a": None, "b": "00"}]
        assert set(wrong_settings(session)) == {"spark.sql.ansi.enabled", "spark.sql.session.timeZone"}
    finally:
        session.conf.set("spark.sql.ansi.enabled", before or "false")
        session.conf.set("spark.sql.session.timeZone", "UTC")


@pytest.mark.spark
def test_another_master_is_refused(spark_engine: Engine) -> None:
    with pytest.raises(EngineError, match="uses Spark at"):
        open_engine("local[1]")
    with pytest.raises(EngineError, match="cannot be set any more"):
        open_engine("local[2]?spark.driver.memory=1g")


@pytest.mark.spark
def test_doctor_examines_spark(spark_engine: Engine, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    (folder / "a b.csv").write_text("x\n1\n", "utf-8")
    code = run_command(["doctor", "--engine", "local[2]", "--table", f"Events={folder}"])
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("failed")] == []
    assert code == 0
    for name in ("Spark", "Java", "settings", "executors", "values", "kept results", "functions: JSON", "table Events"):
        assert any(line.startswith(f"ok      {name}: ") for line in lines), name


@pytest.mark.parametrize("engine", ["duckdb", "local[2]"])
def test_doctor_fails_where_a_table_cannot_be_read(
    engine: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["doctor", "--engine", engine, "--table", f"Events={tmp_path / 'none.parquet'}"]) == 1
    assert "\nfailed  " in capfd.readouterr().out


def test_without_pyspark_a_user_is_told_what_to_install() -> None:
    done = _python(
        "import sys; sys.modules['pyspark'] = None\n"
        "import bluetick; print(list(bluetick.connect().query('print 1').rows())); bluetick.connect(engine='local[2]')"
    )
    assert "[(1,)]" in done
    assert "pip install 'bluetick[spark]'" in done


def test_without_java_a_user_is_told_so(tmp_path: Path) -> None:
    """A PATH with the shell's own programs, and no Java in it."""
    for program in ("bash", "dirname", "sh", "env", "ps", "tr", "python3"):
        found = next((p for p in (Path("/usr/bin") / program, Path("/bin") / program) if p.exists()), None)
        if found is not None:
            (tmp_path / program).symlink_to(found)
    done = _python(
        "import bluetick; bluetick.connect(engine='local[2]')",
        {"PATH": str(tmp_path), "JAVA_HOME": "", "PYSPARK_PYTHON": sys.executable},
    )
    assert "Java 17" in done


def test_nothing_of_spark_is_loaded_for_duckdb() -> None:
    done = _python(
        "import sys, bluetick; list(bluetick.connect().query('print 1').rows())\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('pyspark', 'py4j', 'pandas')])"
    )
    assert done.strip() == "[]"


def _python(program: str, environment: dict[str, str] | None = None) -> str:
    """What a program prints in a process of its own, with the last line of an error of ours."""
    told = f"from bluetick.diagnostics.errors import {BluetickError.__name__}\nimport sys\ntry:\n"
    body = "".join(f"    {line}\n" for line in program.splitlines())
    script = f"{told}{body}except BluetickError as error:\n    print(type(error).__name__, error)\n"
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **(environment or {})}
    done = subprocess.run(
        [sys.executable, "-c", script], env=variables, capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout
