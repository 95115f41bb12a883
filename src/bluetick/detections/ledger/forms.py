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

# Each output has its own progress: a row of `delivery` is a message that an output is still owed, or (is_aside) has
# refused for good. `owed_before` is what was unsent when there was one progress for all.
_OUTPUTS: Final = """
CREATE TABLE message (
    id INTEGER PRIMARY KEY, alert TEXT REFERENCES alert, subject TEXT, kind TEXT NOT NULL, revision INTEGER NOT NULL,
    content TEXT NOT NULL, created INTEGER NOT NULL, CHECK ((alert IS NULL) <> (subject IS NULL))
) STRICT;
INSERT INTO message SELECT id, alert, NULL, kind, revision, content, created FROM outbox;
CREATE TABLE owed_before (message INTEGER PRIMARY KEY) STRICT;
INSERT INTO owed_before SELECT id FROM outbox WHERE sent IS NULL;
DROP TABLE outbox;
ALTER TABLE message RENAME TO outbox;
CREATE INDEX outbox_created ON outbox (created);
CREATE TABLE output (
    name TEXT PRIMARY KEY, tries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '', sent INTEGER NOT NULL DEFAULT 0, last INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE delivery (
    output TEXT NOT NULL REFERENCES output ON DELETE CASCADE, message INTEGER NOT NULL REFERENCES outbox,
    tries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
    is_aside INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (output, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_message ON delivery (message);
"""

# What goes to tables of the lake (detections/publishing). `through` is the last entry of the batch that is on its way;
# `signal` has a digest of what a window's rows were when they were last noted.
_PUBLICATION: Final = """
CREATE TABLE publication_sender (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO publication_sender VALUES (lower(hex(randomblob(8))));
CREATE TABLE publication (
    feed TEXT PRIMARY KEY, number INTEGER NOT NULL, through INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE publication_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, content TEXT NOT NULL
) STRICT;
CREATE INDEX publication_entry_feed ON publication_entry (feed, id);
CREATE TABLE publication_evidence (
    alert TEXT NOT NULL, entity TEXT NOT NULL, PRIMARY KEY (alert, entity)
) STRICT, WITHOUT ROWID;
CREATE TABLE signal (
    rule TEXT NOT NULL, hi INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (rule, hi),
    FOREIGN KEY (rule, hi) REFERENCES window ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TRIGGER alert_told AFTER INSERT ON outbox WHEN NEW.kind IN ('raised', 'restored', 'retracted')
BEGIN
    INSERT INTO publication_entry (feed, content) SELECT 'alerts', json_object(
        'event', NEW.kind, 'alert', id, 'rule', rule, 'first', first, 'last', last, 'revision', NEW.revision,
        'retracted', is_retracted, 'verdict', verdict, 'reason', reason, 'time', NEW.created,
        'content', json_remove(NEW.content, '$.rows')) FROM alert WHERE id = NEW.alert
        AND rule IN (SELECT id FROM rule);
END;
CREATE TRIGGER alert_changed AFTER UPDATE OF content, verdict, reason ON alert
WHEN NEW.is_told AND OLD.is_told AND NEW.is_retracted = OLD.is_retracted
    AND (NEW.content, NEW.verdict, NEW.reason) IS NOT (OLD.content, OLD.verdict, OLD.reason)
    AND (SELECT state FROM rule WHERE id = NEW.rule) <> 'shadow'
BEGIN
    INSERT INTO publication_entry (feed, content) VALUES ('alerts', json_object(
        'event', CASE WHEN NEW.content <> OLD.content THEN 'revised'
            WHEN NEW.verdict IS NULL THEN 'reopened' ELSE 'closed' END,
        'alert', NEW.id, 'rule', NEW.rule, 'first', NEW.first, 'last', NEW.last, 'revision', NEW.revision,
        'retracted', NEW.is_retracted, 'verdict', NEW.verdict, 'reason', NEW.reason,
        'time', CASE WHEN NEW.content = OLD.content THEN NEW.closed ELSE NEW.changed END,
        'content', json_remove(NEW.content, '$.rows')));
END;
CREATE TRIGGER incident_changed AFTER UPDATE OF revision ON incident
BEGIN
    INSERT INTO publication_entry (feed, content) VALUES ('incidents', json_object(
        'incident', NEW.id, 'time', NEW.changed, 'revision', NEW.revision, 'status', NEW.status,
        'classification', NEW.classification, 'reason', NEW.reason, 'severity', NEW.severity, 'owner', NEW.owner,
        'closed', NEW.closed, 'alerts', (SELECT json_group_array(alert) FROM
            (SELECT alert FROM incident_alert WHERE incident = NEW.id AND is_in ORDER BY first, key))));
END;
"""

# Windows of a rule up to `floor` are done for good; up to `forgotten` they are there only where an alert stands on them
# (retention.py). Its first one was `begun`.
_RETENTION: Final = """
CREATE TABLE retention (
    rule TEXT PRIMARY KEY REFERENCES rule, begun INTEGER NOT NULL, floor INTEGER NOT NULL, forgotten INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE too_late (
    rule TEXT NOT NULL REFERENCES rule, name TEXT NOT NULL, version INTEGER NOT NULL, commits INTEGER NOT NULL,
    low INTEGER, high INTEGER, said INTEGER NOT NULL, PRIMARY KEY (rule, name)
) STRICT, WITHOUT ROWID;
"""

# A window is `warming` until that instant when its tables' rows begin later than it looks back. A rule may keep its
# alerts of that time to itself; one that nobody was told of is not `is_told`.
_WARMING: Final = """
ALTER TABLE window ADD COLUMN warming INTEGER;
ALTER TABLE rule ADD COLUMN quiet_warming INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN is_told INTEGER NOT NULL DEFAULT 1;
"""

# What stands of the service's health (conditions.py): `seen` and `missed` count assessments in a row. A `tally` counts
# runs for good, whatever becomes of their records (tallies.py).
_HEALTH: Final = """
CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), time INTEGER NOT NULL) STRICT;
CREATE TABLE assessment (id INTEGER PRIMARY KEY CHECK (id = 1), time INTEGER NOT NULL) STRICT;
CREATE TABLE condition (
    code TEXT NOT NULL, subject TEXT NOT NULL, seen INTEGER NOT NULL, missed INTEGER NOT NULL DEFAULT 0,
    alert TEXT REFERENCES alert, PRIMARY KEY (code, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE tally (
    name TEXT NOT NULL, label TEXT NOT NULL, place INTEGER NOT NULL, count INTEGER NOT NULL, total INTEGER NOT NULL,
    PRIMARY KEY (name, label, place)
) STRICT, WITHOUT ROWID;
INSERT INTO tally SELECT status, rule, 0, count(*), 0 FROM run GROUP BY status, rule;
"""

# A long backlog is not read from end to end for each claim.
_CLAIMS: Final = """
CREATE INDEX window_of_rule ON window (rule, version, hi) WHERE status <> 'done';
CREATE INDEX window_due ON window (due) WHERE status <> 'done';
"""

# `begin` and `begin_key`: the place of its first alert. `is_void`: it has none any more, `before`: its status then.
# What a person says of an alert or an incident is a comment `about` its id.
_INCIDENTS: Final = """
ALTER TABLE rule_version ADD COLUMN incidents TEXT NOT NULL DEFAULT '';
ALTER TABLE alert ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE TABLE incident (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, rule TEXT NOT NULL, match TEXT NOT NULL,
    begin INTEGER NOT NULL, begin_key TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'New' CHECK (status IN ('New', 'Active', 'Closed')),
    classification TEXT, reason TEXT, severity TEXT, owner TEXT NOT NULL DEFAULT '',
    is_void INTEGER NOT NULL DEFAULT 0, before TEXT NOT NULL DEFAULT 'New', revision INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL, changed INTEGER NOT NULL, closed INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_match ON incident (rule, match, begin, begin_key);
CREATE TABLE incident_alert (
    alert TEXT PRIMARY KEY REFERENCES alert, rule TEXT NOT NULL, match TEXT NOT NULL, first INTEGER NOT NULL,
    key TEXT NOT NULL, is_in INTEGER NOT NULL, incident TEXT REFERENCES incident
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_alert_match ON incident_alert (rule, match, first, key);
CREATE INDEX incident_alert_incident ON incident_alert (incident);
CREATE TABLE comment (
    id INTEGER PRIMARY KEY, about TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL, created INTEGER NOT NULL
) STRICT;
CREATE INDEX comment_about ON comment (about, id);
"""

# Claims, incidents, outputs each with its own progress, what goes to tables, and health: a text for each concept.
_SECOND: Final = "".join(
    (
        _CLAIMS,
        _HEALTH,
        _INCIDENTS,
        _OUTPUTS,
        _RETENTION,
        _WARMING,
        _PUBLICATION,  # its triggers are on tables that the others change
    )
)  # fmt: skip

# Each entry brings a ledger to the form of its number. What a release has had is never changed, only added to.
FORMS: Final = (_FIRST, _SECOND)
