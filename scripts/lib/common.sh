# Sourced by the scripts: strict mode, the repository root as working folder, cargo on PATH.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT"

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# rustup adds its folder to PATH in login shells only.
if ! command -v cargo >/dev/null; then
    PATH="${CARGO_HOME:-${HOME:-}/.cargo}/bin:$PATH"
    export PATH
fi
