/** What the queue needs in PostgreSQL beside pg-boss's own tables, which stand in the same schema. */

export const SCHEMA = "curfew_queue";

/** Steps from one version to the next; one that was released is never edited. JSON is text and deflated, as in the history. */
export const QUEUE_TABLES: readonly string[] = [
  `
  CREATE TABLE curfew_queue.shared_run (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    curfew text NOT NULL,
    -- JSON: what workers read, and what only coordinators read.
    work text NOT NULL,
    head text NOT NULL,
    queues text[] NOT NULL,
    owner text NOT NULL,
    -- Who goes on with the run, and when that one was last heard of: another may take over after a while.
    coordinator uuid NOT NULL,
    seen timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE curfew_queue.shared_result (
    run integer NOT NULL REFERENCES curfew_queue.shared_run ON DELETE CASCADE,
    position integer NOT NULL,
    worker text NOT NULL,
    body bytea NOT NULL,
    taken boolean NOT NULL DEFAULT false,
    -- Each host counts once, whoever else did it as well.
    PRIMARY KEY (run, position)
  );
  ALTER TABLE curfew_queue.shared_result ALTER COLUMN body SET STORAGE EXTERNAL;
  CREATE INDEX shared_result_new ON curfew_queue.shared_result (run) WHERE NOT taken;
  CREATE TABLE curfew_queue.shared_worker (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    curfew text NOT NULL,
    zones text[] NOT NULL,
    lanes integer NOT NULL,
    seen timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE curfew_queue.shared_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL
  );
  INSERT INTO curfew_queue.shared_state (version) VALUES (0);
  `,
  `
  ALTER TABLE curfew_queue.shared_worker ADD COLUMN applies boolean NOT NULL DEFAULT false;
  -- That a worker was allowed to change a host: written right before it does. Whoever finds it lost knows by this whether
  -- there is anything to find out.
  CREATE TABLE curfew_queue.shared_begun (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run integer NOT NULL REFERENCES curfew_queue.shared_run ON DELETE CASCADE,
    position integer NOT NULL,
    worker text NOT NULL,
    changes text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX shared_begun_run ON curfew_queue.shared_begun (run, position);
  `,
];

/**
 * What the roles of `templates/postgresql-roles.sql` may do, where there are such roles; that file has the same text.
 * A worker takes jobs and adds answers: it reads neither answers nor the history, and changes no job but its state.
 */
export const QUEUE_GRANTS = `DO $$
BEGIN
  IF to_regclass('curfew_queue.shared_state') IS NULL OR to_regrole('curfew_worker') IS NULL THEN
    RETURN;
  END IF;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA curfew_queue TO curfew_writer;
  GRANT SELECT ON curfew_queue.version, curfew_queue.queue, curfew_queue.job, curfew_queue.job_common,
    curfew_queue.shared_state, curfew_queue.shared_worker TO curfew_worker;
  GRANT SELECT (id, name, curfew, work, queues, owner, seen) ON curfew_queue.shared_run TO curfew_worker;
  GRANT UPDATE (state, started_on, completed_on, heartbeat_on, retry_count, output, blocked,
    pending_dependencies) ON curfew_queue.job,
    curfew_queue.job_common TO curfew_worker;
  GRANT INSERT ON curfew_queue.shared_result TO curfew_worker;
  IF to_regclass('curfew_queue.shared_begun') IS NOT NULL THEN
    GRANT INSERT ON curfew_queue.shared_begun TO curfew_worker;
  END IF;
  GRANT INSERT, UPDATE, DELETE ON curfew_queue.shared_worker TO curfew_worker;
END
$$;
`;
