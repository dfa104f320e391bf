/**
 * The tables of the history, as steps from one version to the next. A step that was released is never edited: a
 * change is one more step.
 *
 * What seldom changes is stored once: a finding, a list of findings and every other part of a host is a row named by
 * its sha256, and a run refers to it. A fleet that stays as it is costs about thirty bytes per host and run.
 */

/** `curf` in ASCII: what file(1) and curfew know the file by. */
export const APPLICATION_ID = 0x63757266;

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    started TEXT NOT NULL,
    finished TEXT,
    -- The time of the last write, and who writes; without a process the writing has ended.
    written TEXT NOT NULL,
    process TEXT,
    policy TEXT NOT NULL,
    profile TEXT,
    verified INTEGER NOT NULL,
    host_limit TEXT NOT NULL,
    header INTEGER NOT NULL,
    baseline INTEGER,
    planned INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    hosts_pass INTEGER NOT NULL DEFAULT 0,
    hosts_fail INTEGER NOT NULL DEFAULT 0,
    hosts_unknown INTEGER NOT NULL DEFAULT 0,
    findings_pass INTEGER NOT NULL DEFAULT 0,
    findings_fail INTEGER NOT NULL DEFAULT 0,
    findings_unknown INTEGER NOT NULL DEFAULT 0,
    findings_waived INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX run_by_time ON run (started, id);

  CREATE TABLE host (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE run_host (
    run INTEGER NOT NULL,
    host INTEGER NOT NULL,
    position INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    findings INTEGER NOT NULL,
    about INTEGER NOT NULL,
    -- Null: empty.
    ladder INTEGER,
    probes INTEGER,
    drift INTEGER,
    evidence INTEGER,
    PRIMARY KEY (run, host)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE finding (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
  -- members: a JSON array of finding ids, in order.
  CREATE TABLE finding_list (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, members TEXT NOT NULL) STRICT;
  -- body: JSON, as it is or deflated.
  CREATE TABLE content (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, body ANY NOT NULL) STRICT;
  `,
  // What is looked at from above: per list what did not pass, and who changed hosts.
  `
  ALTER TABLE finding_list ADD COLUMN open TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE finding_list ADD COLUMN fail INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE finding_list ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE finding_list ADD COLUMN waived INTEGER NOT NULL DEFAULT 0;
  CREATE TEMP TABLE judged AS
    SELECT id, coalesce(json_extract(iif(json_valid(body), body, '{}'), '$.outcome'), 'unknown') AS outcome FROM finding;
  CREATE UNIQUE INDEX temp.judged_id ON judged (id);
  CREATE TEMP TABLE opened AS
    SELECT finding_list.id AS list, member.key AS place, judged.id AS finding, judged.outcome AS outcome
    FROM finding_list, json_each(iif(json_valid(members), members, '[]')) AS member
    JOIN judged ON judged.id = member.value
    WHERE judged.outcome <> 'pass';
  CREATE INDEX temp.opened_list ON opened (list, place);
  UPDATE finding_list SET
    open = (SELECT json_group_array(finding) FROM (SELECT finding FROM opened WHERE list = id ORDER BY place)),
    fail = (SELECT count(*) FROM opened WHERE list = id AND outcome = 'fail'),
    unknown = (SELECT count(*) FROM opened WHERE list = id AND outcome = 'unknown'),
    waived = (SELECT count(*) FROM opened WHERE list = id AND outcome = 'waived')
    WHERE id IN (SELECT list FROM opened);
  DROP TABLE opened;
  DROP TABLE judged;

  CREATE TABLE applied (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    started TEXT NOT NULL,
    finished TEXT,
    policy TEXT,
    -- JSON: what else a line of the list shows.
    about TEXT NOT NULL
  ) STRICT;
  CREATE INDEX applied_by_time ON applied (started, id);
  CREATE TABLE applied_host (
    applied INTEGER NOT NULL,
    host INTEGER NOT NULL,
    position INTEGER NOT NULL,
    result INTEGER NOT NULL,
    PRIMARY KEY (applied, host)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX applied_by_host ON applied_host (host, applied);
  `,
];
