#!/bin/sh
# Checks a task of the five queues by its files: each deliverable exists, and was made by this task
# from everything that the task depends on. Tasks that passed are recorded in passed/. A task
# without deliverables (a gate) passes if all its dependencies did.
set -eu

# A verification of the tree before any task belongs to no task, so there is nothing to check.
[ -z "${WORKLOOP_TREE_CHECK:-}" ] || exit 0

# Prints the strings of a list of the task, one per line.
list() {
    tr '\n' ' ' <"$WORKLOOP_TASK_FILE" |
        sed -n "s/.*\"$1\" *: *\[\([^]]*\)\].*/\1/p" |
        tr '"' '\n' | sed -n 'n;p'
}

fail() {
    echo "$WORKLOOP_TASK_ID: $*" >&2
    exit 1
}

for deliverable in $(list deliverables); do
    grep -qxF "made by: $WORKLOOP_TASK_ID" "$deliverable" || fail "$deliverable was not made"
    for dependency in $(list dependencies); do
        grep -qxF "made from: $dependency" "$deliverable" || fail "$deliverable lacks $dependency"
    done
done
if [ -z "$(list deliverables)" ]; then
    for dependency in $(list dependencies); do
        [ -e "passed/$dependency" ] || fail "$dependency has not passed"
    done
fi
mkdir -p passed
date >"passed/$WORKLOOP_TASK_ID"
echo "$WORKLOOP_TASK_ID: verified"
