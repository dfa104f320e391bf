# Who has a session with MariaDB's servers of this host now: functions of the parts mariadb and sessions. The body, fields
# apart by tabs: `client NAME ASLEEP SECONDS HOST`, texts in hexadecimal digits; `person NAME TEXT` of id(1); `end`.
part_mariadb_sessions() {
  for_lines mariadb_present "$mariadb_servers"
}

mariadb_present() {
  # shellcheck disable=SC2086 # number, state and path; neither has a blank
  set -- $1
  section mariadb-sessions "$2" "${3:-}"
  [ "$2" = own ] || return 0
  mariadb_here=$(mariadb_ask "$3" "$mariadb_clients" | cut -c 1-3000 | sed 3000q)
  printf '%s\n' "$mariadb_here" | grep -v -e '^name' -e '^end'
  logins=$(printf '%s\n' "$mariadb_here" | sed -n "s/^name$tab//p")
  session_people
  case $mariadb_here in *"${newline}end" | end) echo end ;; esac
}

mariadb_clients="
SET SESSION sql_mode = '', SESSION max_statement_time = 10;
SELECT 'client', HEX(USER), COMMAND = 'Sleep', FLOOR(GREATEST(TIME_MS, 0) / 1000), HEX(HOST)
  FROM information_schema.PROCESSLIST
  WHERE ID <> CONNECTION_ID() AND USER NOT IN ('system user', 'event_scheduler', 'unauthenticated user')
    AND COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Slave_IO', 'Slave_SQL', 'Slave_worker')
  ORDER BY TIME_MS DESC LIMIT 1001;
SELECT DISTINCT 'name', USER FROM information_schema.PROCESSLIST WHERE USER REGEXP '^[A-Za-z0-9_][A-Za-z0-9._@+-]*\$' LIMIT 1000;
SELECT 'end';
"
