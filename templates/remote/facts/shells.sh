# What /etc/shells lists and what accounts really use, with the real file behind each.
part_shells() {
  section shells
  links=''
  used=$newline$(printf '%s\n' "$people" | sed -n "s/^shell$tab//p")$newline
  listed=$(
    {
      for list in /etc/shells /usr/etc/shells; do
        [ ! -f "$list" ] || sed -n 's/[[:space:]]*$//; /^\//p' "$list"
      done
      printf '%s' "$used" | sed -n '/^\//p'
    } | sort -u
  )
  for_lines one_shell "$listed"
  linked_shells
}

one_shell() {
  if ! [ -x "$1" ] || ! [ -f "$1" ]; then return 0; fi
  if [ -h "$1" ]; then links="$links$1$newline"; else said_shell "$1" "$1"; fi
}

said_shell() {
  case $used in *"$newline$1$newline"*) in_use=yes ;; *) in_use=no ;; esac
  printf '%s\t%s\t%s\n' "$1" "$2" "$in_use"
}

# One readlink for all where it takes more than one path, else one for each.
linked_shells() {
  IFS=$newline
  # shellcheck disable=SC2086 # split at newlines on purpose
  targets=$(readlink -f -- $links 2>/dev/null)
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $targets
  count=$#
  # shellcheck disable=SC2086 # split at newlines on purpose
  set -- $links
  IFS=$default_ifs
  for link in "$@"; do
    if [ "$count" -eq $# ]; then
      target=${targets%%"$newline"*}
      targets=${targets#*"$newline"}
    else
      target=$(readlink -f -- "$link")
    fi
    said_shell "$link" "$target"
  done
}
