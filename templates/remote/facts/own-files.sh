# What of people's own may keep their shells from ending: own-files.sh. Those who do not answer, as their home is on a
# network that does not, keep nobody else from being read: after each the rest is begun again.
part_own_files() {
  section own-files
  if [ "$openssh" != yes ] || [ -z "$homes" ]; then return 0; fi
  [ -n "$kills" ] || return 0
  left=$homes
  for turn in 1 2 3; do
    told=$(
      printf '%s%s\n' "$own_by_sshd" "$left" |
        timeout -s KILL 6 env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C sh -c {{own_files}} curfew 2>/dev/null
    )
    [ -z "$told" ] || printf '%s\n' "$told"
    limit_files=$limit_files$(printf '%s\n' "$told" | awk -F '\t' "$with_limit")$newline
    left=$(printf '%s\n%s\n%s\n' "$left" "$token" "$told" | token=$token awk -F '\t' -v at=3 -v word=read "$not_answered")
    [ -n "$left" ] || return 0
    printf '%s\n' "$left" | awk -F '\t' 'NR == 1 { print $2 "\t" $4 "\tunread\t-\tthe home did not answer in time" }'
    left=$(printf '%s\n' "$left" | sed 1d)
    [ -n "$left" ] || return 0
  done
  : "$turn"
}

# shellcheck disable=SC2016 # an awk program
with_limit='$3 == "tmout" { sub(/:[0-9]+$/, "", $5); print $1 "\t" $2 "\t" $5 }'

# Of the lines before the token, those whose answer behind it has not come to its end: `word` in column `at`.
# shellcheck disable=SC2016 # an awk program
not_answered='
$0 == ENVIRON["token"] { answers = 1; next }
!answers { line[++n] = $0; next }
$at == word { done++ }
END { for (i = done + 1; i <= n; i++) print line[i] }
'
