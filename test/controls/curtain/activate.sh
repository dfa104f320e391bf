activate_draw_curtain() {
  if [ -e /etc/curtain.conf ]; then cp /etc/curtain.conf /run/curtain; else rm -f /run/curtain; fi
}
