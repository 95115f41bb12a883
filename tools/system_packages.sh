#!/usr/bin/env bash
# Make sure of a program that Python's packages do not bring: `system_packages.sh java|node|venv|chromium`.
# On Debian, as root, it is installed; elsewhere the script says what to install.
set -euo pipefail

is_there() {
    case "$1" in
    java) command -v java >/dev/null ;;
    node) command -v node >/dev/null && command -v npm >/dev/null ;;
    chromium) command -v chromium >/dev/null || command -v google-chrome >/dev/null ;;
    venv) python3 -c 'import ensurepip' 2>/dev/null ;;
    esac
}

case "${1:-}" in
java) packages=(default-jre-headless) why="Java 17 or later runs the Spark tests (without it: .venv/bin/pytest -m 'not slow and not spark')" ;;
node) packages=(nodejs npm) why="Node 18 or later runs the analyzer that the slow tests ask" ;;
chromium) packages=(chromium) why="Chromium runs the slow tests of the console's page" ;;
venv) packages=(python3-venv) why="Python's venv module sets up the environment" ;;
*)
    echo "usage: system_packages.sh java|node|venv|chromium" >&2
    exit 2
    ;;
esac

if is_there "$1"; then
    exit 0
fi
if [[ -f /etc/debian_version && "$(id -u)" == 0 ]]; then
    echo "Installing ${packages[*]}: $why ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null
    apt-get install -qq -y --no-install-recommends "${packages[@]}" </dev/null >/dev/null
    exit 0
fi
echo "$why, and it is not here. Please install it (Debian: apt-get install ${packages[*]})." >&2
exit 1
