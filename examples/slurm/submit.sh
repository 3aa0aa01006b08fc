#!/bin/sh
# Trajectories on a cluster: an array job with one task a table, then one with a task a part.
#
#     sh submit.sh OUT DIR...
#
# OUT and the folder WORK (OUT.work) must be seen by every node. Run it again after a failure: tasks
# that were finished find their files and end at once. See README.md beside this file.
set -eu
if [ $# -lt 2 ]; then
    echo "usage: sh submit.sh OUT DIR..." >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
: "${MIMIC:=mimic}"       # the program
: "${WORK:=$out.work}"    # files between the two steps
: "${PARTS:=8}"           # tasks of the second step
: "${MEMORY:=512}"        # MB of a task to work in; Slurm is asked for 128 more
: "${PARTITION_OPTIONS:=}" "${ASSEMBLE_OPTIONS:=}" # more options of the two steps
: "${TABLES:=$here/tables.txt}"
export MIMIC WORK PARTS MEMORY PARTITION_OPTIONS ASSEMBLE_OPTIONS

mkdir -p "$WORK"
tables=$WORK.tables # those of the list that are there, one a line
while read -r table; do
    if [ -n "$(find -L "$@" -type f -iname "$table.csv*" | head -n 1)" ]; then
        echo "$table"
    fi
done <"$TABLES" >"$tables"
count=$(wc -l <"$tables")
if [ "$count" -eq 0 ]; then
    echo "submit.sh: no table of $TABLES is in $*" >&2
    exit 1
fi
export TABLES="$tables"

log=$WORK.log
mkdir -p "$log"
first=$(sbatch --parsable --array="1-$count" --mem="$((MEMORY + 128))M" \
    --output="$log/partition-%a.txt" \
    "$here/partition.sbatch" "$@")
# afterok: every task of the first job ended with 0. Where one did not, the second job goes away.
second=$(sbatch --parsable --array="1-$PARTS" --mem="$((MEMORY + 128))M" \
    --output="$log/assemble-%a.txt" \
    --dependency="afterok:${first%%;*}" --kill-on-invalid-dep=yes \
    "$here/assemble.sbatch" "$out")
echo "partition ${first%%;*} assemble ${second%%;*}"
