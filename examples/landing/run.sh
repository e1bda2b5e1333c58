#!/bin/sh
# Shows private workspaces and landing in a scratch repository, in a few seconds: four loops work
# on five tasks, two of which change the same place. Nothing outside a temporary folder is changed;
# KEEP=1 keeps that folder for inspection.
#
#   examples/landing/run.sh                  uses workloop from the PATH or from target/
#   WORKLOOP=/path/to/workloop examples/landing/run.sh
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

for built in "$here/../../target/release/workloop" "$here/../../target/debug/workloop"; do
    if [ -z "${WORKLOOP:-}" ] && ! command -v workloop >/dev/null && [ -x "$built" ]; then
        WORKLOOP=$built
    fi
done
WORKLOOP=${WORKLOOP:-workloop}
command -v "$WORKLOOP" >/dev/null || { echo "$WORKLOOP not found: build it, or set WORKLOOP" >&2; exit 2; }

scratch=$(mktemp -d)
trap '[ -n "${KEEP:-}" ] && echo "kept: $scratch" || rm -rf "$scratch"' EXIT
GREETINGS=$scratch/started
export GREETINGS
mkdir "$scratch/project" "$GREETINGS"
cd "$scratch/project"

say() { printf '\n== %s\n' "$*"; }

say "A project with one file, and a queue of five tasks"
git init -q -b main .
git config user.name "A Person"
git config user.email person@example.org
cp "$here/agent.sh" "$here/verify.sh" "$here/workloop.toml" .
echo hello >greetings.txt
printf '/queue.json\n/.workloop/\n' >.gitignore
git add .
git commit -qm "Say hello"
cp "$here/queue.json" .
# An uncommitted file of the person, which must stay as it is.
echo "mine, not committed" >note.txt

say "Four loops; german and french begin together and change the same line"
"$WORKLOOP" run queue.json --jobs 4

say "One commit for each task, in a linear history"
git log --oneline --graph

say "Both greetings are there"
cat greetings.txt

say "Each commit names its task"
git log --reverse --format='%h  %(trailers:key=Workloop-Task,key=Workloop-Attempt,key=Workloop-Verdict,separator=%x2C )' HEAD~5..HEAD

say "The state of the tasks"
"$WORKLOOP" status queue.json --table

say "The task that did not merge at first"
second=german
grep -q '"french"' queue.json && "$WORKLOOP" why french queue.json | grep -q 'did not merge' && second=french
"$WORKLOOP" why "$second" queue.json
"$WORKLOOP" diff "$second" queue.json

say "The work tree of the person"
git status --short
