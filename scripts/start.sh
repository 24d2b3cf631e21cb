#!/usr/bin/env bash
# From a clean clone to a running container: sets up, starts the daemon when none runs, and walks through one container.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
./jocker daemon start
exec .tools/node --conditions=jocker-source scripts/walkthrough.ts
