-- raw_files: every request that was made, and what came of it.
--
-- What:  one event of the ledger: who was asked for what, what the answer was, where its bytes lie.
-- Grain: one request (or one adopted file).
-- Key:   event_id.
-- Why:   row-level lineage ends here (data_source = raw_key), and gaps are explained here: a throttled
--        answer is not "no data", and a failed request never disappears. Events are written as small
--        journal objects first and folded into this table once per run.
CREATE TABLE meta.raw_files (
    event_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    iso VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    road VARCHAR NOT NULL,
    part VARCHAR,
    period_start TIMESTAMPTZ,
    period_end TIMESTAMPTZ,
    scope VARCHAR,
    url VARCHAR,
    raw_key VARCHAR,
    sha256 VARCHAR,
    content_sha256 VARCHAR,
    bytes BIGINT,
    http_status INTEGER,
    etag VARCHAR,
    last_modified TIMESTAMPTZ,
    attempts INTEGER,
    status VARCHAR NOT NULL,
    message VARCHAR,
    published_at TIMESTAMPTZ,
    published_at_basis VARCHAR,
    fetched_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (event_id),
    CHECK (iso IN ('CAISO', 'ERCOT', 'ISONE', 'MISO', 'NYISO', 'PJM', 'SPP')),
    CHECK (
        status IN (
            'ok', 'unchanged', 'empty', 'not_published', 'throttled', 'failed', 'not_asked',
            'quarantined', 'expired'
        )
    ),
    CHECK (status <> 'ok' OR raw_key IS NOT NULL),
    CHECK (period_end >= period_start),
    CHECK (published_at_basis IN ('source', 'schedule', 'fetch')),
    CHECK (bytes >= 0),
    CHECK (attempts >= 0)
);

COMMENT ON TABLE meta.raw_files IS
'The ledger: one row per request made to a source or file adopted, with its outcome and where its '
'bytes lie.';
COMMENT ON COLUMN meta.raw_files.event_id IS
'Id of the event; sorts by the moment it was written.';
COMMENT ON COLUMN meta.raw_files.run_id IS
'The run that made the request.';
COMMENT ON COLUMN meta.raw_files.iso IS
'The market operator: CAISO, ERCOT, ISONE, MISO, NYISO, PJM or SPP.';
COMMENT ON COLUMN meta.raw_files.dataset IS
'Name of the dataset, as in the registry of sources.';
COMMENT ON COLUMN meta.raw_files.road IS
'The way the publication was asked for: a road of the dataset, or import for a file adopted.';
COMMENT ON COLUMN meta.raw_files.part IS
'Which part of the period, where one period takes several requests (a page, a group, a component).';
COMMENT ON COLUMN meta.raw_files.period_start IS
'Start of the period asked for, UTC, inclusive. NULL where it is not known (an adopted file not yet '
'built).';
COMMENT ON COLUMN meta.raw_files.period_end IS
'End of the period asked for, UTC, exclusive. NULL where it is not known.';
COMMENT ON COLUMN meta.raw_files.scope IS
'Which locations were asked for: hubs or all.';
COMMENT ON COLUMN meta.raw_files.url IS
'What was asked, without secrets.';
COMMENT ON COLUMN meta.raw_files.raw_key IS
'Key of the raw object, relative to the lake; data_source of every row built from it. NULL where the '
'answer left no object.';
COMMENT ON COLUMN meta.raw_files.sha256 IS
'SHA-256 of the bytes served, in hexadecimal.';
COMMENT ON COLUMN meta.raw_files.content_sha256 IS
'SHA-256 of the content without what a source stamps on every answer; it decides whether anything changed.';
COMMENT ON COLUMN meta.raw_files.bytes IS
'Size of what was served, in bytes.';
COMMENT ON COLUMN meta.raw_files.http_status IS
'HTTP status of the last answer. NULL where there was none.';
COMMENT ON COLUMN meta.raw_files.etag IS
'ETag header of the answer.';
COMMENT ON COLUMN meta.raw_files.last_modified IS
'Last-Modified header of the answer, UTC.';
COMMENT ON COLUMN meta.raw_files.attempts IS
'How many times the source was asked for this answer.';
COMMENT ON COLUMN meta.raw_files.status IS
'ok, unchanged, empty (the source says there is none, and may), not_published, throttled, failed, '
'not_asked (the host had stopped answering), quarantined or expired.';
COMMENT ON COLUMN meta.raw_files.message IS
'What a person should know: the cause, and the remedy where there is one.';
COMMENT ON COLUMN meta.raw_files.published_at IS
'When the source published the content, UTC, as far as known; published_at_basis says how.';
COMMENT ON COLUMN meta.raw_files.published_at_basis IS
'How published_at is known: source (it says so), schedule (the source publishes at that time) or '
'fetch (first seen).';
COMMENT ON COLUMN meta.raw_files.fetched_at IS
'When the answer was complete, UTC.';
