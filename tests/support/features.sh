#!/bin/sh
# Builds the library and the program with each optional feature off, one at a time, and with none at all;
# quickly, without the tests: what is looked for is code that a feature was forgotten in. Warnings are errors.
# With musl-gcc the bare library is compiled against musl as well, and not linked: Debian has no JSON library for it.
#
#     sh tests/support/features.sh [FOLDER]      build-features by default
set -eu
cd "$(dirname "$0")/../.."
builds=${1:-build-features}
. tests/support/setup.sh
find_meson
off="-Dzlib=disabled -Disal=disabled -Dzstd=disabled -Dsqlite=disabled -Dpostgres=disabled"
for feature in none zlib isal zstd sqlite postgres; do
    case $feature in
    none) options=$off ;;
    zlib) options="-Dzlib=disabled -Disal=disabled" ;; # nothing could write what ISA-L reads
    *) options="-D$feature=disabled" ;;
    esac
    # Word splitting is meant: one argument an option.
    configure "$builds/$feature" -Dwerror=true -Dtests=disabled -Dbuildtype=debug -Ddebug=false $options
    build "$builds/$feature"
    # With none of them the library stands on libc, libm and the JSON library.
    if [ "$feature" = none ] && readelf -d "$builds/none/libmimic/libmimic.so" |
        grep NEEDED | grep -v 'libc\.\|libm\.\|libjansson\.\|ld-linux'; then
        echo "with every feature off the library still needs these" >&2
        exit 1
    fi
    case $feature in none) say "with no feature: built" ;; *) say "without $feature: built" ;; esac
done

if command -v musl-gcc >/dev/null; then
    mkdir -p "$builds/musl-include"
    for header in jansson.h jansson_config.h xxhash.h; do
        path=$(printf '#include <%s>\n' "$header" | cc -E -x c - | sed -n "s/^# 1 \"\(.*$header\)\".*/\1/p" | head -n 1)
        ln -sf "$path" "$builds/musl-include/$header"
    done
    CC=musl-gcc configure "$builds/musl" -Dwerror=true -Dtests=disabled -Dbuildtype=debug -Ddebug=false $off \
        "-Dc_args=-I$(cd "$builds" && pwd)/musl-include"
    build "$builds/musl" libmimic/libmimic.a
    say "against musl: compiled"
else
    say "no musl-gcc: not compiled against musl"
fi
