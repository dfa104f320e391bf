part_curtain() {
  section curtain "$(sed -n 's/^idle //p' /run/curtain 2>/dev/null)"
}
