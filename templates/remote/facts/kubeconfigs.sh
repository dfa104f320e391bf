# What the kubeconfigs of accounts and of the host itself hold of logins and of times: kubeconfigs.sh. As with people's
# own files, a home that does not answer keeps no other from being read.
part_kubeconfigs() {
  section kubeconfigs
  [ -n "$kills" ] || { printf 'cannot\n'; return 0; }
  left="system${tab}0"
  [ -z "$homes" ] || left=$left$newline$homes
  for turn in 1 2 3; do
    told=$(
      printf '%s\n' "$left" |
        timeout -s KILL 10 env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C sh -c {{kubeconfigs}} curfew 2>/dev/null |
        head -c 1048576
    )
    [ -z "$told" ] || printf '%s\n' "$told"
    left=$(printf '%s\n%s\n%s\n' "$left" "$token" "$told" | token=$token awk -F '\t' -v at=1 -v word=done "$not_answered")
    [ -n "$left" ] || { printf 'all\t%s\n' "$(printf '%s\n' "$homes" | grep -c .)"; return 0; }
    printf '%s\n' "$left" | awk -F '\t' 'NR == 1 { print "late\t" ($1 == "home" ? $4 : "-") }'
    left=$(printf '%s\n' "$left" | sed 1d)
    [ -n "$left" ] || return 0
  done
  : "$turn"
}
