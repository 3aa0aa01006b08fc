#!/bin/sh
# Unpacks the libraries that libmimic stands on, built for another architecture, into a folder: the
# compiler and the C library for it are the machine's own cross packages. Nothing of this machine is
# changed: apt keeps its state for that architecture inside the folder, and only main of the release is asked.
# Ends with 77 (skipped) where that cannot be had.
#
#     sh tests/machines/sysroot.sh ARCHITECTURE FOLDER      such as: i386 build-i386/sysroot
set -eu
architecture=$1
mkdir -p "$2"
root=$(cd "$2" && pwd)
packages="zlib1g zlib1g-dev libzstd1 libzstd-dev libsqlite3-0 libsqlite3-dev libjansson4 libjansson-dev
    libxxhash0 libxxhash-dev check libsubunit0 libsubunit-dev"

skip() {
    echo "skipped: $*"
    exit 77
}

[ ! -f "$root/complete" ] || exit 0
command -v apt-get >/dev/null || skip "this machine has no apt-get"
. /etc/os-release
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' \
    'Origin: Debian' "Codename: ${VERSION_CODENAME:-none}" 2>/dev/null | head -n 1)
[ -n "$mirror" ] || skip "no Debian mirror is known to apt"

apt=$root/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/packages"
: >"$apt/status"
echo "deb [arch=$architecture signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $VERSION_CODENAME main" \
    >"$apt/sources.list"
# root would hand the downloads to a user that may not enter the folder
cat >"$apt/apt.conf" <<END
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Update::Post-Invoke { };
END
APT_CONFIG=$apt/apt.conf
export APT_CONFIG
apt-get -q update >"$apt/log.txt" 2>&1 || skip "no package index for $architecture, see $apt/log.txt"
# Word splitting is meant: one argument a package.
(cd "$apt/packages" && apt-get -q download $packages) >>"$apt/log.txt" 2>&1 ||
    skip "packages for $architecture could not be fetched, see $apt/log.txt"
for package in "$apt"/packages/*.deb; do
    dpkg -x "$package" "$root"
done
rm -rf "$apt/lists" "$apt/cache" "$apt/packages"
: >"$root/complete"
