"""The engine `spark`: the session that a notebook or spark-submit has made, whose settings are not ours."""

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.spark, pytest.mark.slow]

SCRIPT = """
from pyspark.sql import SparkSession
theirs = SparkSession.builder.master("local[1]").config("spark.driver.host", "127.0.0.1").getOrCreate()
theirs.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
import bluetick
with bluetick.connect(engine="spark") as session:
    text = "print A = toint('x'), a = 9223372036854775807 + 1, t = startofday(datetime(2026-01-01 20:00))"
    print(list(session.query(text).rows()))
print(theirs.conf.get("spark.sql.ansi.enabled"), theirs.conf.get("spark.sql.session.timeZone"))
theirs.stop()
"""


def test_it_runs_beside_a_session_with_other_settings() -> None:
    """In a process of its own, where Spark starts with ANSI mode: there the conversion and the sum would raise."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    rows, settings = done.stdout.splitlines()
    assert "(None, -9223372036854775808, datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))" in rows
    assert settings == "true Asia/Tokyo"
