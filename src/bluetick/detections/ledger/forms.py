"""The tables of a ledger, form by form. Times are microseconds since 1970, UTC."""

from typing import Final

# What the first service had.
_FIRST: Final = """
CREATE TABLE rule (
    id TEXT PRIMARY KEY, version TEXT NOT NULL, state TEXT NOT NULL, pause TEXT NOT NULL DEFAULT '',
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE rule_version (
    rule TEXT NOT NULL REFERENCES rule, version TEXT NOT NULL, name TEXT NOT NULL, frequency INTEGER NOT NULL,
    lookback INTEGER, delay INTEGER NOT NULL, suppression INTEGER NOT NULL, tables TEXT NOT NULL,
    document TEXT NOT NULL, PRIMARY KEY (rule, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE window (
    rule TEXT NOT NULL, hi INTEGER NOT NULL, version TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed', 'dirty')),
    due INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, worker TEXT,
    rows INTEGER, triggered INTEGER NOT NULL DEFAULT 0, suppressed INTEGER NOT NULL DEFAULT 0,
    finished INTEGER, error TEXT NOT NULL DEFAULT '', versions TEXT NOT NULL DEFAULT '{}',
    wanted TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (rule, hi), FOREIGN KEY (rule, version) REFERENCES rule_version
) STRICT, WITHOUT ROWID;
CREATE INDEX window_open ON window (hi, due) WHERE status <> 'done';
CREATE INDEX window_claimed ON window (worker) WHERE worker IS NOT NULL;
CREATE INDEX window_triggered ON window (rule, hi) WHERE triggered;
CREATE TABLE run (
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, hi INTEGER NOT NULL, version TEXT NOT NULL, started INTEGER NOT NULL,
    finished INTEGER NOT NULL, status TEXT NOT NULL, rows INTEGER, error TEXT NOT NULL, versions TEXT NOT NULL
) STRICT;
CREATE INDEX run_window ON run (rule, hi);
CREATE TABLE finding (
    rule TEXT NOT NULL, key TEXT NOT NULL, hi INTEGER NOT NULL, content TEXT NOT NULL, is_raised INTEGER NOT NULL,
    PRIMARY KEY (rule, key, hi)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_window ON finding (rule, hi);
CREATE TABLE alert (
    id TEXT PRIMARY KEY, rule TEXT NOT NULL, key TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    content TEXT NOT NULL, is_retracted INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL, changed INTEGER NOT NULL, verdict TEXT, reason TEXT, closed INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_key ON alert (rule, key, last);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, alert TEXT NOT NULL REFERENCES alert, kind TEXT NOT NULL, revision INTEGER NOT NULL,
    content TEXT NOT NULL, created INTEGER NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    sent INTEGER
) STRICT;
CREATE INDEX outbox_owed ON outbox (due) WHERE sent IS NULL;
CREATE TABLE seen (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE worker (id TEXT PRIMARY KEY, started INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""

# Incidents, outputs each with its own progress, what goes to tables, and health: a text for each concept.
_SECOND: Final = "".join(())

# Each entry brings a ledger to the form of its number. What a release has had is never changed, only added to.
FORMS: Final = (_FIRST, _SECOND)
