# Which PostgreSQL servers run here, asked as their owner over their own sockets: no password, and nothing is changed.
part_postgresql() {
  pg_installed=no
  set +f
  for pg_binary in /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/bin/postgres /usr/libexec/postgresql*/postgres; do
    [ ! -x "$pg_binary" ] || pg_installed=yes
  done
  set -f
  pg_count=0
  for_lines pg_cluster "$database_sockets"
  if [ "$pg_count" -gt 0 ] || [ "$pg_installed" = yes ]; then
    pg_hidden
    section postgresql "$pg_installed"
    database_watchdog postgresql
  fi
}

# A server without a socket: nobody can ask it without a password. Of its processes it is the one whose parent is another
# program.
pg_hidden() {
  pg_inodes=$(awk '$4 == "00010000" && /[.]s[.]PGSQL[.][0-9]+$/ { printf " socket:[%s]\n", $7 }' /proc/net/unix 2>/dev/null)
  set +f
  set -- /proc/[0-9]*
  set -f
  for process in "$@"; do
    name=''
    { read -r name <"$process/comm"; } 2>/dev/null
    case $name in postgres | postmaster) ;; *) continue ;; esac
    parent_of "${process#/proc/}" || continue
    case $name in postgres | postmaster) continue ;; esac
    ours "$process" || continue
    # shellcheck disable=SC2010 # what links point to
    if [ -z "$pg_inodes" ] || ! ls -l "$process/fd" 2>/dev/null | grep -qF "$pg_inodes"; then
      pg_count=$((pg_count + 1))
      section postgresql-hidden "${process#/proc/}"
      return 0
    fi
  done
}

pg_cluster() {
  case $1 in */.s.PGSQL.*) ;; *) return 0 ;; esac
  printable "$1" || return 0
  pg_count=$((pg_count + 1))
  pg_owner_of "$1"
  section postgresql-cluster "$1" "$pg_owner"
  [ -n "$pg_owner" ] || return 0
  pg_ask "$1" "$pg_question"
}

# Sets pg_owner, empty where it is not known: a socket of another mount namespace is not to be seen here.
pg_owner_of() {
  pg_owner=''
  [ ! -S "$1" ] || pg_owner=$(stat -c %U -- "$1" 2>/dev/null)
  case $pg_owner in '' | UNKNOWN | *[!A-Za-z0-9_.-]* | -*) pg_owner='' ;; esac
}

# pg_ask SOCKET SQL: its lines, or why there is none. Where there is no database postgres, template1 answers.
pg_ask() {
  for pg_database in postgres template1; do
    pg_said=$(pg_client "$1" "$pg_database" "$2" 2>&1 | head -c 2097152)
    case $pg_said in *'database "postgres" does not exist'*) ;; *) break ;; esac
  done
  printf '%s\n' "$pg_said"
}

# shellcheck disable=SC2086 # $bounded is nothing, or two words
pg_client() {
  as_owner "$pg_owner" $bounded env -i PATH="$PATH" LC_ALL=C PGCLIENTENCODING=UTF8 PGCONNECT_TIMEOUT=5 PGAPPNAME=curfew \
    PGOPTIONS='-c statement_timeout=10000 -c standard_conforming_strings=on' \
    "$(pg_psql)" -XAtqw -h "${1%/*}" -p "${1##*.}" -d "$2" -c "$3"
}

# Not Debian's wrapper, which asks more of a host than that there is a server.
pg_psql() {
  pg_found=psql
  set +f
  for pg_binary in /usr/lib/postgresql/*/bin/psql /usr/pgsql-*/bin/psql; do
    [ ! -x "$pg_binary" ] || pg_found=$pg_binary
  done
  printf '%s' "$pg_found"
}

# Names and text of any kind are JSON strings here. Roles that can log in, and what is set for them, at most 2,000.
# shellcheck disable=SC2016 # SQL
pg_question='select json_build_object(
  $$version$$, current_setting($$server_version_num$$)::int,
  $$recovery$$, pg_is_in_recovery(),
  $$superuser$$, (select rolsuper from pg_roles where rolname = current_user),
  $$settings$$, (select json_agg(json_build_object($$name$$, name, $$value$$, setting, $$source$$, source, $$file$$, sourcefile, $$line$$, sourceline))
    from pg_settings where name in ($$idle_session_timeout$$, $$idle_in_transaction_session_timeout$$, $$track_activities$$)),
  $$roles$$, (select json_agg(rolname) from (select rolname from pg_roles where rolcanlogin order by rolname limit 2001) roles),
  $$own$$, (select json_agg(json_build_array(who, base, config)) from (
    select coalesce(r.rolname, $$$$) as who, coalesce(d.datname, $$$$) as base, left(c, 200) as config
    from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase,
      unnest(s.setconfig) c where c ~ $$^(idle_session_timeout|idle_in_transaction_session_timeout|track_activities)=$$ order by 1, 2, 3 limit 2001) own))'
