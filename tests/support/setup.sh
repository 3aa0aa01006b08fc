# Sourced by tests/run.sh and examples/quickstart.sh, from the top of the tree: what both need of
# the machine. Assumes Debian 12 or a relative of it; on anything else it only says what is missing.

started=$(date +%s)

say() {
    printf '[%4d s] %s\n' "$(($(date +%s) - started))" "$*"
}

# Runs a step without its talk; shows the end of it when it fails.
quietly() {
    quietly_log=$(mktemp)
    if "$@" >"$quietly_log" 2>&1 </dev/null; then
        rm -f "$quietly_log"
        return 0
    fi
    tail -n 60 "$quietly_log" >&2
    printf 'failed: %s\n' "$*" >&2
    rm -f "$quietly_log"
    return 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -- env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# install_packages NAME...: installs those that are not there, and does nothing when all are.
install_packages() {
    missing=
    for package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
        "install ok installed") ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "this machine has no apt-get; install by hand:$missing" >&2
        return 1
    fi
    say "installing:$missing"
    quietly as_root apt-get update
    # Word splitting is meant: one argument a package.
    quietly as_root apt-get install -y --no-install-recommends --no-remove $missing
}

# The meson on PATH may belong to a Python that lacks its modules; Debian's own always runs.
find_meson() {
    for meson in meson /usr/bin/meson; do
        if "$meson" --version >/dev/null 2>&1; then
            return 0
        fi
    done
    echo "no meson that runs was found" >&2
    return 1
}

# configure DIR OPTION...: makes a build folder, or sets the options of one that is there.
configure() {
    folder=$1
    shift
    if [ -f "$folder/build.ninja" ]; then
        quietly "$meson" configure "$folder" "$@"
    else
        quietly "$meson" setup "$folder" "$@"
    fi
}

build() {
    quietly ninja -C "$@"
}
