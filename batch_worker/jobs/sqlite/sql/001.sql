-- A job's row decides everything. What is long lies beside it, so that lists and polls read little.
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    priority INTEGER NOT NULL,
    stages TEXT NOT NULL,
    records TEXT NOT NULL,
    stage TEXT,
    progress REAL NOT NULL DEFAULT 0,
    blob TEXT,
    size INTEGER NOT NULL,
    filename TEXT,
    language TEXT,
    duration REAL,
    options TEXT NOT NULL,
    metadata TEXT NOT NULL,
    webhook_url TEXT,
    created_at REAL NOT NULL,
    started_at REAL,
    completed_at REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    restarts INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,     -- in a row, without anything committed between them
    handed_back INTEGER NOT NULL DEFAULT 0, -- the next claim goes on with the attempt instead of beginning another
    committed_end REAL NOT NULL DEFAULT 0,  -- seconds of the recording whose segments are safe
    error TEXT,
    resumed_from REAL NOT NULL DEFAULT 0,
    resumed_at REAL,
    idempotency_key TEXT UNIQUE,
    fingerprint TEXT NOT NULL,
    lease TEXT,
    worker TEXT,
    lease_until REAL,
    last_event INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_queued ON jobs (priority DESC, seq) WHERE status = 'queued';
CREATE INDEX jobs_by_status ON jobs (status, seq);
CREATE INDEX jobs_ended ON jobs (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX jobs_blob ON jobs (blob) WHERE blob IS NOT NULL;

CREATE TABLE documents (
    seq INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    draft BLOB NOT NULL,
    result BLOB
);
CREATE TABLE segments (
    seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (seq, number)
) WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    type TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (seq, id)
) WITHOUT ROWID;
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL,
    url TEXT NOT NULL,
    body BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due);
CREATE INDEX deliveries_job ON deliveries (job_id, id);
CREATE TABLE expired (
    id TEXT PRIMARY KEY,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX expired_at ON expired (at);
CREATE TABLE costs (
    stage TEXT PRIMARY KEY,
    seconds REAL NOT NULL,
    audio REAL NOT NULL
) WITHOUT ROWID;

-- How many jobs are in which state, without counting them.
CREATE TABLE counts (
    status TEXT PRIMARY KEY,
    jobs INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counts VALUES ('queued', 0), ('running', 0), ('completed', 0), ('failed', 0), ('cancelled', 0);
CREATE TRIGGER jobs_added AFTER INSERT ON jobs BEGIN
    UPDATE counts SET jobs = jobs + 1 WHERE status = new.status;
END;
CREATE TRIGGER jobs_removed AFTER DELETE ON jobs BEGIN
    UPDATE counts SET jobs = jobs - 1 WHERE status = old.status;
END;
CREATE TRIGGER jobs_moved AFTER UPDATE OF status ON jobs WHEN old.status <> new.status BEGIN
    UPDATE counts SET jobs = jobs - 1 WHERE status = old.status;
    UPDATE counts SET jobs = jobs + 1 WHERE status = new.status;
END;
