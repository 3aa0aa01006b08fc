#!/bin/sh
# Where the time goes: perf on each of our jobs, the top functions and libraries as Markdown.
#
#     sh tests/bench/profile.sh [--mb N] [--jobs N] [--only ROW] [--tables NAMES] [--docs]
set -eu
exec sh "$(dirname "$0")/run.sh" --profile "$@"
