
install_all "$@"
