#!/usr/bin/env bash
# The step of action.yml: its inputs are environment variables, so that nothing in them is a script.
set -euo pipefail

# Words of COMMAND, such as "kube audit"; lines of the others.
read -r -a given <<<"$COMMAND"
if [[ -n $POLICY ]]; then given+=(--policy "$POLICY"); fi
while IFS= read -r line; do
  if [[ -n $line ]]; then given+=(--inventory "$line"); fi
done <<<"$INVENTORY"
while IFS= read -r line; do
  if [[ -n $line ]]; then given+=("$line"); fi
done <<<"$ARGUMENTS"

code=0
if [[ -n $OUTPUT ]]; then
  node "$ACTION/../../src/curfew.js" "${given[@]}" >"$OUTPUT" || code=$?
else
  node "$ACTION/../../src/curfew.js" "${given[@]}" || code=$?
fi
printf 'exit-code=%s\n' "$code" >>"$GITHUB_OUTPUT"
read -r -a accepted_codes <<<"${ACCEPT//,/ }"
for accepted in "${accepted_codes[@]}"; do
  if [[ $accepted == "$code" ]]; then exit 0; fi
done
exit "$code"
