#!/bin/sh
# Decides whether a task is complete. It runs in a tree in which no agent works, and once more on
# the merged result if another task landed in the meantime.
set -eu
has() { grep -q "^$1\$" "$2" || { echo "$2 has no line $1" >&2; exit 1; }; }

if grep -n '^[<>=]\{7\}' greetings.txt; then
    echo "greetings.txt has conflict markers" >&2
    exit 1
fi
has hello greetings.txt
case ${WORKLOOP_TASK_ID:-} in
german) has hallo greetings.txt ;;
french) has bonjour greetings.txt ;;
count) [ "$(sh count.sh)" -ge 1 ] ;;
about) [ -s ABOUT.md ] ;;
loud) has HALLO loud.txt; has BONJOUR loud.txt ;;
esac
