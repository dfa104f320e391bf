# shellcheck shell=sh
# What a MariaDB server of this machine is told when it starts. Part of the facts script and of what makes a change take
# effect.

# Limits that its files and its command line set, in the order in which the server reads them: the last one counts.
mariadb_start() {
  { { mariadb_files "$1"; echo --mysqld; } | xargs my_print_defaults; mariadb_words "$1"; } 2>/dev/null |
    sed -n 's/^--\(loose[-_]\)\{0,1\}interactive[-_]timeout=\([0-9]\{1,9\}[kKmMgG]\{0,1\}\)$/\2/p'
}

mariadb_words() {
  tr '\0' '\n' <"/proc/$1/cmdline" | sed 1d
}

# The options by which it reads other files than the usual ones; they have to come first. Without blanks and quotes.
mariadb_files() {
  mariadb_words "$1" | grep -e '^--no-defaults$' -e '^--defaults-file=/[[:alnum:]_./@+-]*$' \
    -e '^--defaults-extra-file=/[[:alnum:]_./@+-]*$' -e '^--defaults-group-suffix=[[:alnum:]_.-]*$'
}
