#!/usr/bin/env bash
# Installs the real VS Code workbench (code-server) and what drives it, beside this script. Two minutes the first time.
set -euo pipefail
cd "$(dirname "$0")"
[ -e node_modules/code-server/out/node/entry.js ] && [ -e node_modules/playwright-core/package.json ] && exit 0

packages=()
for pair in chromium:chromium pkg-config:pkg-config g++:g++ make:make python3:python3; do
  command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
done
for pair in gssapi/gssapi.h:libkrb5-dev libsecret-1/libsecret/secret.h:libsecret-1-dev X11/Xlib.h:libx11-dev X11/extensions/XKBfile.h:libxkbfile-dev; do
  [ -e "/usr/include/${pair%%:*}" ] || packages+=("${pair##*:}")
done
if [ ${#packages[@]} -gt 0 ]; then
  install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}")
  "${install[@]}" >setup.log 2>&1 || { apt-get update >>setup.log 2>&1 && "${install[@]}" >>setup.log 2>&1; } ||
    { echo "jocker: ${packages[*]} could not be installed (see test/workbench/setup.log)" >&2; exit 1; }
fi
# Under `npm test` the outer npm's variables would tell code-server's set-up that this is the outer Node.
unset "${!npm_@}" NODE_OPTIONS
node=$(readlink -f ../../.tools/node)
export PATH="${node%/*}:$PATH" npm_config_nodedir="${node%/bin/node}"
# Its native modules are compiled; a second try costs little beside a lost run.
npm ci --no-audit --no-fund >>setup.log 2>&1 || npm ci --no-audit --no-fund >>setup.log 2>&1 ||
  { echo "jocker: code-server could not be installed (see test/workbench/setup.log)" >&2; exit 1; }
