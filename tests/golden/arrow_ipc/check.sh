#!/bin/sh
# Compares what the Arrow writer writes today with the files in this folder, byte by byte.
#
#     sh check.sh WRITE_ARROW_CASES            compare
#     sh check.sh WRITE_ARROW_CASES --write    write the files anew
set -eu

writer=$1
here=$(cd "$(dirname "$0")" && pwd)

if [ "${2:-}" = --write ]; then
    "$writer" "$here" golden
    exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$writer" "$work" golden
for file in fixture.arrow fixture.arrows fixture.ndjson; do
    cmp "$here/$file" "$work/$file"
done
