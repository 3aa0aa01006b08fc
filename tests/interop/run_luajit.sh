#!/bin/sh
# Runs the LuaJIT example; check_output.py compares what it prints. Its errors are looked at here.
#
#     sh tests/interop/run_luajit.sh EXAMPLES_FOLDER LIBRARY INCLUDE_FOLDER LABS.csv
set -eu
if ! command -v luajit >/dev/null 2>&1; then
    echo "skipped: luajit is not installed" >&2
    exit 77
fi
MIMIC_LIBRARY=$2
MIMIC_INCLUDE=$3
export MIMIC_LIBRARY MIMIC_INCLUDE
if problem=$(luajit "$1/luajit/summary.lua" "$4.absent" 2>&1); then
    echo "a file that is not there was read" >&2
    exit 1
fi
case $problem in
"cannot open $4.absent: No such file or directory"*) ;;
*)
    echo "a file that is not there: $problem" >&2
    exit 1
    ;;
esac
luajit "$1/luajit/summary.lua" "$4"
