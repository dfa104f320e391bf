#!/bin/sh
# apt-install.sh PACKAGE…
# Installs packages so that no service starts: in a mount namespace of its own the policy that package
# scripts ask before starting anything says no. The machine's own policy, if it has one, stays untouched.
set -eu
policy=/usr/sbin/policy-rc.d
if [ "${CURFEW_LAB_POLICY:-}" = "" ]; then
    ours=$(mktemp)
    printf '#!/bin/sh\nexit 101\n' > "$ours"
    chmod 755 "$ours"
    made=
    # a bind mount needs something to stand on
    [ -e "$policy" ] || { made=yes; install -m 755 "$ours" "$policy"; }
    trap 'rm -f "$ours"; [ -z "$made" ] || rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    CURFEW_LAB_POLICY=$ours unshare --mount --propagation private sh "$0" "$@"
    exit $?
fi
mount --bind "$CURFEW_LAB_POLICY" "$policy"
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
