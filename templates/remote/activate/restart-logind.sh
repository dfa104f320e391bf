
activate_restart_logind() {
  [ "$1" = boot ] || systemctl restart systemd-logind.service
}
