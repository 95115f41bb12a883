"""The one Spark session of a process: started, taken over from the user, or started again after it ended.

A process has one SparkContext. Each run works in a child session with settings and views of its own, so the session
that a user started in a notebook is neither changed nor seen by queries.
"""

import logging
import socket
import threading
import warnings
from contextlib import suppress
from typing import Final

from pyspark import SparkContext
from pyspark.sql import SparkSession

from bluetick.diagnostics.errors import EngineError
from bluetick.engines.spark_errors import DRIVER_ERRORS, ended, not_started, translate
from bluetick.engines.spark_settings import REQUIRED, Address

_REACH_SECONDS: Final = 5.0
_STARTING: Final = threading.Lock()


class SessionSource:
    """Gives sessions for runs; safe for several threads. Spark is started by the first, or again after it ended."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._session = open_session(address)
        self._is_checked = False

    def session(self) -> SparkSession:
        """The process's session; one that lives."""
        if is_over(self._session.sparkContext):
            self._session, self._is_checked = open_session(self.address), False
        return self._session

    def child(self) -> SparkSession:
        """A session of its own for one run, with the settings that answers depend on."""
        session = self.session()
        try:
            child = session.newSession()
            self._set(child)
            if self.address.master is None:
                child.catalog.setCurrentCatalog(session.catalog.currentCatalog())
                child.catalog.setCurrentDatabase(session.catalog.currentDatabase())
            return child
        except DRIVER_ERRORS as error:
            raise translate(error, is_over=is_over(session.sparkContext)) from error

    def _set(self, child: SparkSession) -> None:
        for key, value in REQUIRED.items():
            try:
                child.conf.set(key, value)
            except DRIVER_ERRORS as error:
                if is_over(child.sparkContext):
                    raise ended() from error
                raise EngineError(
                    f"this Spark does not let {key} be set to {value}, which answers depend on"
                ) from error
        for key, value in self.address.given.items():
            if child.conf.isModifiable(key):
                child.conf.set(key, value)
        if not self._is_checked:
            different = wrong_settings(child)
            if different:
                raise EngineError(f"this Spark does not keep the setting {different[0]}, which answers depend on")
            self._is_checked = True


def wrong_settings(session: SparkSession) -> list[str]:
    """The settings that answers depend on and that a session does not have."""
    return [key for key, value in REQUIRED.items() if str(session.conf.get(key)).lower() != value.lower()]


def is_over(context: SparkContext) -> bool:
    """Whether a context was stopped or its Java process is gone."""
    try:
        return context._jsc is None or bool(context._jsc.sc().isStopped())
    except (*DRIVER_ERRORS, OSError):
        return True


def open_session(address: Address) -> SparkSession:
    """The session that is active, untouched, if it is the one that was asked for; else a new one."""
    with _STARTING:
        context = SparkContext._active_spark_context
        if context is not None and is_over(context):
            _forget(context)
            context = None
        if context is None:
            return _start(address)
        if address.master not in (None, context.master):
            raise EngineError(f"this process uses Spark at {context.master} already, not at {address.master}")
        session = SparkSession.builder.getOrCreate()
        for key, value in address.given.items():
            if context.getConf().get(key) != value and not session.conf.isModifiable(key):
                raise EngineError(f"Spark runs in this process already, so {key} cannot be set any more")
        return session


def _start(address: Address) -> SparkSession:
    _reach(address)
    builder = SparkSession.builder.appName("bluetick")
    if address.master is not None:
        builder = builder.master(address.master)
    for key, value in address.start_settings.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
        if address.master is not None:
            session.sparkContext.setLogLevel("OFF")
            logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    except Exception as error:
        raise not_started(address.name, error) from error
    return session


def _reach(address: Address) -> None:
    """Spark itself looks for a master for a minute, and then says nothing of use."""
    if not address.hosts:
        return
    for host, port in address.hosts:
        with suppress(OSError), socket.create_connection((host, port), timeout=_REACH_SECONDS):
            return
    raise EngineError(f"no Spark master answers at {address.master}", retryable=True)


def _forget(context: SparkContext) -> None:
    """Python's half of a Spark that has ended, so that a new one can be started."""
    gateway = SparkContext._gateway
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that the Java process cannot be asked to end: it has
        with suppress(*DRIVER_ERRORS, OSError):
            context.stop()
    SparkContext._active_spark_context = None
    SparkSession._instantiatedSession = None
    try:
        if gateway is not None:
            gateway.jvm.java.lang.System.nanoTime()
    except (*DRIVER_ERRORS, OSError, TypeError):
        SparkContext._gateway = None
        SparkContext._jvm = None
