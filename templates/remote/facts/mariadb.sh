# What MariaDB's servers here have in force; mariadb-ask.sh and mariadb-start.sh stand in front of it. Names are read as
# hexadecimal digits: an account may be called anything.
part_mariadb() {
  section mariadb
  mariadb_servers=$(mariadb_find)
  for_lines mariadb_server "$mariadb_servers"
  database_watchdog mariadb
}

mariadb_server() {
  # shellcheck disable=SC2086 # number, state and path; neither has a blank
  set -- $1
  case $2 in own) ;; *) section mariadb-server "$2"; return 0 ;; esac
  section mariadb-server own "$3"
  # Lines of any other form, and whatever comes after so many, are no answer.
  mariadb_ask "$3" "$mariadb_questions" | cut -c 1-3000 | sed 8000q
  section mariadb-start
  mariadb_start "$1" | sed 100q
  section mariadb-directories
  mariadb_directories "$1" | sed 50q
}

# Of which directories it reads every file.
mariadb_directories() {
  case $(mariadb_files "$1") in
    *--no-defaults*) ;;
    *--defaults-file=*) mariadb_included "$(mariadb_files "$1" | sed -n 's/^--defaults-file=//p')" ;;
    *) for mariadb_main in /etc/my.cnf /etc/mysql/my.cnf; do mariadb_included "$mariadb_main"; done ;;
  esac
}

mariadb_included() {
  [ ! -r "$1" ] || sed -n 's/^[[:blank:]]*!includedir[[:blank:]]\{1,\}\(\/[^[:space:]]*[^[:space:]/]\)\/*[[:space:]]*$/\1/p' "$1"
}

# MySQL leaves out what stands between /*M! and */, so it says 0; what comes after is for MariaDB, and fails elsewhere.
mariadb_questions="
SELECT 'product', 0 /*M! + 1 */, HEX(LEFT(VERSION(), 100));
SET SESSION sql_mode = '', SESSION max_statement_time = 10;
SELECT 'right', PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES
  WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')
  AND PRIVILEGE_TYPE IN ('SUPER', 'PROCESS', 'CONNECTION ADMIN') ORDER BY 2;
SELECT 'variable', LOWER(VARIABLE_NAME), HEX(LEFT(GLOBAL_VALUE, 300)), HEX(LEFT(DEFAULT_VALUE, 300))
  FROM information_schema.SYSTEM_VARIABLES
  WHERE VARIABLE_NAME IN ('INTERACTIVE_TIMEOUT', 'WAIT_TIMEOUT', 'INIT_CONNECT') ORDER BY 2;
SELECT 'account', HEX(User), MAX(is_role) FROM mysql.user GROUP BY User ORDER BY 2 LIMIT 3001;
SELECT 'member', HEX(User), HEX(Role) FROM mysql.roles_mapping GROUP BY User, Role ORDER BY 2, 3 LIMIT 3001;
SELECT 'end';
"
