#!/bin/sh
# The agent of the torture. It logs to a folder that no loop knows. A lock for each task is held while
# any process of the attempt is alive, and "overlap" is logged if it was not free. In a hostile round,
# the last digit of a task selects what the agent does to the loop's folder.
o=$(cat "$WORKLOOP_ROOT/oracle-is-in") || exit 9
cd "$WORKLOOP_ROOT" || exit 9
exec 9>>"$o/$WORKLOOP_TASK_ID.lock"
flock -n -E 99 9
# Any other status: flock itself was killed.
[ $? != 99 ] || echo "overlap $WORKLOOP_TASK_ID" >>"$o/log"
echo "start $WORKLOOP_TASK_ID" >>"$o/log"
case $(cat "$o/hostile"):$WORKLOOP_TASK_ID in
deletes:*3) rm -rf .workloop && echo harm >>"$o/harm" ;;
deletes:*6) git clean -fdxq && echo harm >>"$o/harm" ;;
deletes:*9) rm -rf .workloop/claims .workloop/attempts && echo harm >>"$o/harm" ;;
checkout:*3) git checkout -q . && echo harm >>"$o/harm" ;;
checkout:*6)
    # Do not commit a missing or half-written queue while another agent checks out.
    git add --ignore-removal . && { git show :q.json | jq -e . >/dev/null 2>&1 || git reset -q q.json; } &&
        git commit -qm work && echo harm >>"$o/harm" ;;
esac
sleep 0.0$((WORKLOOP_ATTEMPT % 10))
: >"$o/$WORKLOOP_TASK_ID.made"
echo "end $WORKLOOP_TASK_ID" >>"$o/log"
