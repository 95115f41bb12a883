#!/usr/bin/env bash
# Build the console's page (console/) into the package, when it is older than its sources. Without Node 18 or later:
# `--if-node` says how to get it and is content, as with a build that fails; else that is a failure.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../console"
page=../src/bluetick/server/console/index.html

if ! command -v npm >/dev/null || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' 2>/dev/null; then
    echo "The console's page is not built: it needs Node 18 or later with npm (Debian: apt-get install nodejs npm), then: make console" >&2
    [[ "${1:-}" == --if-node ]]
    exit
fi

if [[ -f "$page" && -z "$(find src index.html package.json package-lock.json tsconfig.json vite.config.ts -newer "$page" -print -quit)" ]]; then
    exit 0
fi
build() {
    if [[ ! -f node_modules/.package-lock.json || package-lock.json -nt node_modules/.package-lock.json ]]; then
        # Not ci: it refuses a lock without the other platforms' builds, which a mirror of packages may not have.
        npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error || return 1
    fi
    npm run --silent build -- --logLevel error && touch "$page"
}

echo "Building the console's page ..."
if ! build; then
    echo "The console's page is not built; everything else works. Again: make console" >&2
    [[ "${1:-}" == --if-node ]]
fi
