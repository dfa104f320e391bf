# Lines about TMOUT and autologout that fail once it is readonly, and what shells skip then: lost-lines.sh. Which files
# are concerned the parts own-files and timeouts have found.
part_lost_lines() {
  section lost-lines
  [ -n "$limit_files" ] || { printf 'read\n'; return 0; }
  [ -n "$kills" ] || return 0
  printf '%s' "$limit_files" |
    timeout -s KILL 10 env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C sh -c {{lost_lines}} curfew 2>/dev/null
}
