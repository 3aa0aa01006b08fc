#!/bin/sh
# Builds the CSV kernels for aarch64 and runs their test under an emulator. Ends with 77 (skipped)
# where the compiler or the emulator is missing: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and
# qemu-user-static are the Debian packages. On aarch64 itself it uses the machine's own compiler.
#
#     sh tests/neon/run.sh [FOLDER [ROUNDS]]     default build/tests/neon 4
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-build/tests/neon}
rounds=${2:-4}
if [ "$(uname -m)" = aarch64 ]; then
    compiler=${CC:-cc}
    emulator=
else
    compiler=aarch64-linux-gnu-gcc
    emulator=
    for name in qemu-aarch64-static qemu-aarch64; do
        if command -v "$name" >/dev/null; then
            emulator=$name
            break
        fi
    done
    if ! command -v "$compiler" >/dev/null || [ -z "$emulator" ]; then
        echo "skipped: NEON needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static"
        exit 77
    fi
fi
mkdir -p "$folder"
csv=libmimic/csv
"$compiler" -std=c11 -O2 -static -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wconversion -Wshadow -Werror \
    -Iinclude -Ilibmimic -Itests/support -o "$folder/neon_kernels" tests/neon/neon_kernels.c \
    $csv/csv_scan.c $csv/csv_scan_scalar.c $csv/csv_scan_neon.c $csv/csv_utf8_neon.c \
    $csv/csv_grammar.c libmimic/base/utf8.c
$emulator "$folder/neon_kernels" "$rounds"
