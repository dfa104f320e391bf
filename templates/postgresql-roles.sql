-- The roles of curfew's history in PostgreSQL, for the administrator of the database:
--   createdb --encoding UTF8 --template template0 curfew
--   psql -X -v ON_ERROR_STOP=1 --single-transaction -d curfew -f postgresql-roles.sql
-- It may be run again. Then each login becomes a member of what it needs:
--   CREATE ROLE controller1 LOGIN PASSWORD '…' IN ROLE curfew_writer;
--   CREATE ROLE grafana     LOGIN PASSWORD '…' IN ROLE curfew_reader;
--   CREATE ROLE worker1     LOGIN PASSWORD '…' IN ROLE curfew_worker;
-- and the tables are made, or upgraded with a new curfew, by one run of `curfew history` as a login in curfew_owner;
-- those of the queue, where there are to be workers, by one run of `curfew worker --check` as the same.

DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['curfew_owner', 'curfew_reader', 'curfew_writer', 'curfew_keeper', 'curfew_worker'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
END
$$;

-- reader: reports and dashboards. writer: controllers; adds audits and ends them, takes nothing away.
-- worker: does hosts of shared runs; reads neither the history nor what others answered.
-- keeper: also forgets old audits (curfew history prune, curfew audit --keep).
GRANT curfew_reader TO curfew_writer;
GRANT curfew_writer TO curfew_keeper;

CREATE SCHEMA IF NOT EXISTS curfew;
ALTER SCHEMA curfew OWNER TO curfew_owner;
REVOKE ALL ON SCHEMA curfew FROM PUBLIC;
GRANT USAGE ON SCHEMA curfew TO curfew_reader;

-- What each may do with the tables. Whenever curfew makes or upgrades them, it does the same.
DO $$
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

-- The queue of shared runs, in a schema of its own.
CREATE SCHEMA IF NOT EXISTS curfew_queue;
ALTER SCHEMA curfew_queue OWNER TO curfew_owner;
REVOKE ALL ON SCHEMA curfew_queue FROM PUBLIC;
GRANT USAGE ON SCHEMA curfew_queue TO curfew_writer, curfew_worker;

DO $$
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
