#!/usr/bin/env bash
# Runs every example against a daemon of its own and checks what each one prints.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d /tmp/jocker-examples-XXXXXX)
export JOCKER_HOST="unix://$work/jocker.sock"
node=$PWD/.tools/node
trap './jocker daemon stop --run-root "$work/run" >/dev/null; rm -rf "$work"' EXIT
./jocker daemon start --socket "$work/jocker.sock" --data-root "$work/data" --run-root "$work/run" --plugin "$PWD/examples/hello-plugin" >/dev/null

expect() { # NAME EXPECTED ACTUAL
  if [ "$2" != "$3" ]; then printf 'example %s printed:\n%s\ninstead of:\n%s\n' "$1" "$3" "$2" >&2; exit 1; fi
  echo "  $1"
}

expect run-a-container $'stdout: 6 x 7 = 42\nexit code 5' "$("$node" --conditions=jocker-source examples/run-a-container/run-a-container.ts)"
expect hello-plugin 'hello, world' "$(./jocker run --rm hello:world 2>/dev/null)"

"$node" --conditions=jocker-source examples/watch-events/watch-events.ts watched >"$work/events" &
watcher=$!
for _ in $(seq 100); do grep -q watching "$work/events" && break; sleep 0.1; done
./jocker run --rm --name watched host:busybox true 2>/dev/null
wait "$watcher"
expect watch-events 'container:created container:attached container:started container:exited container:detached container:removed' "$(grep -o 'container:[a-z]* watched' "$work/events" | cut -d' ' -f1 | tr '\n' ' ' | sed 's/ $//')"
expect embed-the-engine $'hello from inside\nexit code 3' "$("$node" --conditions=jocker-source examples/embed-the-engine/embed-the-engine.ts)"
