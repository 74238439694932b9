# Sourced: the project's operating system dependencies, and their installation on Debian.
# shellcheck shell=bash

has_command() {
    local name
    for name in "$@"; do command -v "$name" >/dev/null || return 1; done
}

# Links a program, as the build does: a library without its development files is not enough.
has_libpq() {
    local -a search=()
    if has_command pg_config; then search=("-L$(pg_config --libdir)"); fi
    echo 'int PQlibVersion(void); int main(void) { return PQlibVersion() == 0; }' |
        cc -x c - "${search[@]}" -lpq -o /dev/null 2>/dev/null
}

# Searches the same folders as the server: most systems keep these programs off PATH.
has_postgres_server() {
    local folder
    local -a folders=(
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* /usr/local/pgsql*/bin
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin
    )
    if has_command pg_config; then folders+=("$(pg_config --bindir)"); fi
    if has_command postgres; then folders+=("$(dirname "$(readlink -f "$(command -v postgres)")")"); fi
    for folder in "${folders[@]}"; do
        if [[ -x $folder/initdb && -x $folder/postgres ]]; then return 0; fi
    done
    return 1
}

# A browser, and its WebDriver.
has_browser() {
    has_command chromedriver || return
    has_command chromium || has_command chromium-browser || has_command google-chrome
}

# Chromium with its WebDriver. Ubuntu has them under other names, as a snap.
browser_packages() {
    if grep -qx 'ID=ubuntu' /etc/os-release 2>/dev/null; then
        printf '%s\n' chromium-browser chromium-chromedriver
    else
        printf '%s\n' chromium chromium-driver
    fi
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif [[ -t 2 ]]; then
        sudo "$@"
    else
        sudo --non-interactive "$@" # fails rather than prompt for a password
    fi
}

# Debian's package starts a PostgreSQL service on port 5432. The project's server is private to the
# clone, so that service would only use memory and the port.
keep_postgres_from_starting() {
    local settings=/etc/postgresql-common/createcluster.conf
    if [[ -e $settings ]]; then return; fi
    as_root mkdir -p "${settings%/*}"
    as_root tee "$settings" >/dev/null <<'SETTINGS'
# Written by the set-up of ABU Alumni Connect, which needs PostgreSQL's programs, not its service.
# Delete this line to have a cluster made by later installations.
create_main_cluster = false
SETTINGS
}

# Usage: install_packages PACKAGE...
install_packages() {
    local by_hand="install them yourself, on Debian with: apt-get install $*"
    has_command apt-get || die "this machine has no apt-get; the packages above are Debian's names: $by_hand"
    [[ $EUID -eq 0 ]] || has_command sudo || die "installing needs root or sudo; $by_hand"
    as_root true || die "sudo was refused; $by_hand"

    if [[ " $* " == *" postgresql "* ]]; then keep_postgres_from_starting; fi
    # The settings file above exists before its package: keep it, without a prompt.
    local -a apt_get=(env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get -q)
    as_root "${apt_get[@]}" update </dev/null || die "apt-get update failed; $by_hand"
    as_root "${apt_get[@]}" install -y --no-install-recommends "$@" </dev/null ||
        die "apt-get could not install them; $by_hand"
}
