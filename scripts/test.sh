#!/usr/bin/env bash
#   test.sh [--workbench]    with --workbench the extension in a real VS Code (code-server in Chromium) instead of the other tests
# Sets up, then runs every check and every test. The test runner comes last, so that its summary closes the run.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --tests
export PATH="$PWD/.tools/node_modules/.bin:$(dirname "$(readlink -f .tools/node)"):$PWD/node_modules/.bin:$PATH"

echo "types";       tsc -b
echo "lint";        oxlint --type-aware --deny-warnings
echo "format";      oxfmt --check
echo "unused code"; knip
echo "examples";    bash examples/run-all.sh
export NODE_OPTIONS=--conditions=jocker-source
if [ "${1:-}" = --workbench ]; then
  bash test/workbench/setup.sh
  exec vitest run --config test/workbench/vitest.config.ts
fi
vitest run "$@"
