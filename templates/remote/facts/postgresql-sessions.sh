# Who has a session with the PostgreSQL servers of this host now: functions of the parts postgresql and sessions. The body,
# fields apart by tabs: `client JSON`, `person NAME TEXT` of id(1), and `end`; other lines say why there is no answer.
part_postgresql_sessions() {
  case $database_sockets in *.s.PGSQL.*) ;; *) return 0 ;; esac
  pg_pooler=false
  set +f
  if cat /proc/[0-9]*/comm 2>/dev/null | grep -qE '^(pgbouncer|pgpool|pgcat|odyssey|pgagroal|supavisor)'; then pg_pooler=true; fi
  set -f
  for_lines pg_present "$database_sockets"
}

pg_present() {
  case $1 in */.s.PGSQL.*) ;; *) return 0 ;; esac
  printable "$1" || return 0
  section postgresql-sessions "$1"
  pg_owner_of "$1"
  if [ -z "$pg_owner" ]; then printf 'its socket is not to be seen on this host\n'; return 0; fi
  pg_here=$(pg_ask "$1" "$(pg_clients "$pg_pooler")")
  printf '%s\n' "$pg_here" | awk -v OFS='\t' '/^0 / { print "client", substr($0, 3); next } !/^(1|end) / && NF'
  logins=$(printf '%s\n' "$pg_here" | sed -n 's/^1 //p')
  session_people
  case $pg_here in 'end '* | *"${newline}end "*) echo end ;; esac
}

# One line for each client, the longest idle first, and one for each name that an account of this host may have.
# shellcheck disable=SC2016 # SQL
pg_clients() {
  printf '%s' 'with clients as (select usename, state, backend_start, state_change,
      application_name ~* $a$(pgbouncer|pgpool|pgcat|odyssey|pgagroal|supavisor|connection.?pool|hikari)$a$
        and ('"$1"' or coalesce(not (client_addr <<= $a$127.0.0.0/8$a$ or client_addr = $a$::1$a$), false)) as pool, host(client_addr) as whence
    from pg_stat_activity where backend_type = $a$client backend$a$ and pid <> pg_backend_pid() order by state_change limit 1001)
  select $a$0 $a$ || json_build_array(usename, state, floor(extract(epoch from clock_timestamp() - state_change)),
    floor(extract(epoch from clock_timestamp() - backend_start)), whence, coalesce(pool, false)) from clients
  union all select distinct $a$1 $a$ || usename from clients where usename ~ $a$^[A-Za-z0-9_][A-Za-z0-9._@+-]*$$a$
  union all select $a$end $a$'
}
