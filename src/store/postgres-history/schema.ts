/**
 * The tables of the history in PostgreSQL, as steps from one version to the next. A step that was released is never
 * edited: a change is one more step. As in SQLite, what seldom changes is stored once, named by its sha256.
 *
 * JSON is text, not jsonb, which refuses NUL and keeps no order; texts that are compared are in the order of bytes.
 */
export const TABLES: readonly string[] = [
  `
  CREATE TABLE curfew.run (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    -- Whoever began it, so that a beginning whose answer was lost can be told from somebody else's.
    writer uuid NOT NULL,
    started text COLLATE "C" NOT NULL,
    finished text COLLATE "C",
    written text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    profile text COLLATE "C",
    verified boolean NOT NULL,
    host_limit text COLLATE "C" NOT NULL,
    header bigint NOT NULL,
    baseline bigint,
    planned bigint NOT NULL,
    findings bigint NOT NULL,
    -- Of a finished run; those of others are counted when they are asked for.
    hosts_pass integer NOT NULL DEFAULT 0,
    hosts_fail integer NOT NULL DEFAULT 0,
    hosts_unknown integer NOT NULL DEFAULT 0,
    findings_pass integer NOT NULL DEFAULT 0,
    findings_fail integer NOT NULL DEFAULT 0,
    findings_unknown integer NOT NULL DEFAULT 0,
    findings_waived integer NOT NULL DEFAULT 0
  );
  CREATE INDEX run_by_time ON curfew.run (started, id);

  CREATE TABLE curfew.host (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
  );

  CREATE TABLE curfew.run_host (
    run integer NOT NULL REFERENCES curfew.run ON DELETE CASCADE,
    host integer NOT NULL,
    position integer NOT NULL,
    -- 1 where it counts as this; a host that is unknown and has a failed finding counts as both.
    pass smallint NOT NULL,
    fail smallint NOT NULL,
    unknown smallint NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    -- Milliseconds since 1970.
    written bigint NOT NULL,
    findings bigint NOT NULL,
    about bigint NOT NULL,
    -- Null: empty.
    ladder bigint,
    probes bigint,
    drift bigint,
    evidence bigint,
    PRIMARY KEY (run, host)
  );

  CREATE INDEX run_host_by_host ON curfew.run_host (host, run);

  CREATE TABLE curfew.finding (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    body text NOT NULL
  );
  CREATE TABLE curfew.finding_list (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    members bigint[] NOT NULL,
    -- Of these, those that are not a pass.
    open bigint[] NOT NULL,
    pass integer NOT NULL,
    fail integer NOT NULL,
    unknown integer NOT NULL,
    waived integer NOT NULL
  );

  CREATE TABLE curfew.applied (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    started text COLLATE "C" NOT NULL,
    finished text COLLATE "C",
    policy text COLLATE "C",
    -- JSON: what else a line of the list shows.
    about text NOT NULL
  );
  CREATE INDEX applied_by_time ON curfew.applied (started, id);
  CREATE TABLE curfew.applied_host (
    applied integer NOT NULL REFERENCES curfew.applied ON DELETE CASCADE,
    host integer NOT NULL,
    position integer NOT NULL,
    result bigint NOT NULL,
    PRIMARY KEY (applied, host)
  );
  CREATE INDEX applied_by_host ON curfew.applied_host (host, applied);

  -- JSON, as it is or deflated.
  CREATE TABLE curfew.content (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    body text,
    packed bytea,
    CHECK ((body IS NULL) <> (packed IS NULL))
  );
  ALTER TABLE curfew.content ALTER COLUMN packed SET STORAGE EXTERNAL;

  -- One row. generation: rises whenever contents were taken away, so that no writer rests on ids that are gone.
  CREATE TABLE curfew.history_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL,
    generation bigint NOT NULL DEFAULT 0
  );
  INSERT INTO curfew.history_state (version) VALUES (0);
  `,
  `
  -- A schedule that many machines have: whose turn it is, and what came of the last.
  CREATE TABLE curfew.schedule (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    host_limit text COLLATE "C" NOT NULL,
    hosts text[] COLLATE "C" NOT NULL,
    -- Rises whenever somebody takes it: what was begun under an earlier one counts no more.
    turn integer NOT NULL DEFAULT 0,
    -- Null: it is free, as it is after a while without a sign of life.
    holder uuid,
    owner text NOT NULL,
    seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    began timestamptz,
    -- JSON: the last result.
    result text,
    UNIQUE (name, policy, host_limit)
  );
  -- Alerts that were not delivered yet.
  CREATE TABLE curfew.alert (
    scope text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    destination text COLLATE "C" NOT NULL,
    body text NOT NULL,
    -- Who is about to deliver it, since when, and under which turn of a schedule.
    claim uuid,
    claimed timestamptz,
    schedule integer,
    turn integer,
    PRIMARY KEY (scope, id)
  );
  -- The audit that the next one is compared with, for those who are told.
  CREATE TABLE curfew.told (
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    audit text NOT NULL,
    PRIMARY KEY (scope, key)
  );
  `,
];

/** The first number of curfew's advisory locks: `curf` in ASCII. The second is a run's id, or one of these. */
export const LOCKS = 0x63757266;
/** Of the rows of `pg_locks`: those locks of this database that somebody holds; `objid` is the second number. */
export const HELD = `locktype = 'advisory' AND granted AND objsubid = 2 AND classid::bigint = ${LOCKS}
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
/** Held together by all who write, alone by whoever upgrades or prunes. */
export const GATE = 0;

/** What the roles of `templates/postgresql-roles.sql` may do, where there are such roles; that file has the same text. */
export const GRANTS = `DO $$
BEGIN
  IF to_regclass('curfew.history_state') IS NULL OR to_regrole('curfew_keeper') IS NULL THEN
    RETURN;
  END IF;
  GRANT SELECT ON ALL TABLES IN SCHEMA curfew TO curfew_reader;
  GRANT INSERT ON curfew.run, curfew.host, curfew.run_host, curfew.finding, curfew.finding_list, curfew.content,
    curfew.applied, curfew.applied_host TO curfew_writer;
  GRANT UPDATE (finished, written, findings, hosts_pass, hosts_fail, hosts_unknown, findings_pass, findings_fail,
    findings_unknown, findings_waived) ON curfew.run TO curfew_writer;
  GRANT UPDATE (started, finished, policy, about) ON curfew.applied TO curfew_writer;
  GRANT UPDATE (position, result) ON curfew.applied_host TO curfew_writer;
  GRANT INSERT, UPDATE ON curfew.schedule, curfew.told, curfew.alert TO curfew_writer;
  GRANT DELETE ON curfew.alert TO curfew_writer;
  GRANT DELETE ON curfew.run, curfew.host, curfew.finding, curfew.finding_list, curfew.content, curfew.applied,
    curfew.applied_host TO curfew_keeper;
  GRANT UPDATE (generation) ON curfew.history_state TO curfew_keeper;
END
$$;
`;
