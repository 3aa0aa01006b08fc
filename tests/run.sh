#!/bin/sh
# Installs what is missing, builds, and runs every test; the last line counts them.
#
#     sh tests/run.sh
#
# Builds: build/ (gcc, warnings are errors), build-asan/ (address and undefined-behaviour
# sanitizers), build-features/ (each optional feature off, and all of them), build-i386/ and build-s390x/
# (32 bits and big-endian, core only, with their unit tests) and, where clang is installed, build-clang/ (without ISA-L; what
# zlib does is tested in every build).
# Tests on real data read $MIMIC_TEST_DATA, or ../shared/data beside this tree; without either they
# are skipped and say so.
set -eu
cd "$(dirname "$0")/.."
. tests/support/setup.sh

install_packages build-essential meson ninja-build pkg-config python3 check sqlite3 zlib1g-dev \
    libisal-dev libzstd-dev libsqlite3-dev libpq-dev libjansson-dev libxxhash-dev \
    postgresql postgresql-client \
    python3-pytest python3-numpy python3-pandas python3-hypothesis python3-pip python3-venv \
    python3-setuptools python3-wheel mypy
# For the kernels of aarch64, which are tested under an emulator; their test says when it is skipped.
install_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static ||
    say "no compiler or emulator for aarch64: the NEON kernels are not tested"
install_packages doxygen || say "no Doxygen: the pages of the C API are not made"
install_packages luajit || say "no LuaJIT: its example is not tested"
install_packages python3-nbclient python3-ipykernel python3-matplotlib ||
    say "no Jupyter kernel or no matplotlib: the notebooks are not tested"
# For 32 bits and big-endian, and the binary interface.
install_packages gcc-i686-linux-gnu libc6-dev-i386-cross || say "no compiler for i386: 32 bits are not tested"
install_packages gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static ||
    say "no compiler or emulator for s390x: big-endian is not tested"
install_packages abigail-tools || say "no abidiff: the binary interface is not compared"
install_packages musl-tools || say "no musl: the library is not compiled against it"
install_packages slurm-wlm munge || say "no Slurm: the job scripts of examples/slurm are not tested"
install_packages locales || say "no locales: a decimal comma is not tried"
find_meson

if [ -z "${MIMIC_TEST_DATA:-}" ] && [ -d ../shared/data ]; then
    MIMIC_TEST_DATA=$(cd ../shared/data && pwd)
    export MIMIC_TEST_DATA
fi
say "real data: ${MIMIC_TEST_DATA:-none, tests that need it are skipped}"

# The order of the build folders is the order of the report; builds count as one test each.
results=
note() {
    results="$results $1"
}

# compile NAME FOLDER OPTION...: one build, counted.
compile() {
    name=$1
    folder=$2
    shift 2
    say "building $name ($folder)"
    if configure "$folder" "$@" && build "$folder"; then
        note "build:$name=pass"
    else
        note "build:$name=fail"
        return 1
    fi
}

# check FOLDER ARGUMENT...: the tests of one build; its failures are shown and counted at the end.
check() {
    folder=$1
    shift
    say "testing ($folder)"
    "$meson" test -C "$folder" --no-rebuild --print-errorlogs "$@" >"$folder/test-output.txt" 2>&1 \
        </dev/null || sed -n '/^=*.*FAIL\|^=*.*ERROR\|^=*.*TIMEOUT\|stdout\|stderr/,$p' \
        "$folder/test-output.txt"
    note "$folder/meson-logs/testlog.json"
}

rm -f build*/meson-logs/testlog.json
if compile gcc build -Dwerror=true -Dtests=enabled -Dbuildtype=release; then
    check build
fi
# Under sanitizers gcc warns of things that are not so, hence no -Werror there.
if compile sanitizers build-asan -Dwerror=false -Dtests=enabled -Dbuildtype=debugoptimized \
    -Db_sanitize=address,undefined; then
    ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        check build-asan --no-suite lint --no-suite api --no-suite real --no-suite slow --timeout-multiplier 20
fi
say "building with features off (build-features)"
if sh tests/support/features.sh build-features; then
    note "build:features=pass"
else
    note "build:features=fail"
fi
for architecture in i386 s390x; do
    say "building and testing for $architecture (build-$architecture)"
    machine_status=0
    mkdir -p "build-$architecture"
    sh tests/machines/run.sh "$architecture" "build-$architecture" >"build-$architecture/run.txt" 2>&1 </dev/null || machine_status=$?
    case $machine_status in
    0) note "build:$architecture=pass" ;;
    77)
        tail -n 1 "build-$architecture/run.txt"
        note "build:$architecture=skip"
        continue
        ;;
    *)
        tail -n 60 "build-$architecture/run.txt"
        note "build:$architecture=fail"
        ;;
    esac
    [ ! -f "build-$architecture/meson-logs/testlog.json" ] || note "build-$architecture/meson-logs/testlog.json"
done
if command -v clang >/dev/null; then
    CC=clang compile clang build-clang -Dwerror=true -Dtests=disabled -Disal=disabled || true
else
    note "build:clang=skip"
fi

say "done"
# Word splitting is meant: one argument a result.
python3 tests/support/tally.py $results
