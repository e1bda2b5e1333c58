#!/bin/sh
# A scripted agent: runs the commands in script/<task id> (or script/default), one command with its
# value per line, and keeps its own log of what ran when:
#
#   sleep SECONDS     sleeps
#   fail K            produces nothing in the first K attempts
#   nothing           never produces anything
#   exit CODE         exits with this status
#   keep-prompt       copies its prompt to prompts/<id>.<attempt>
#   result JSON       writes this as its result
#   say TEXT          prints it
#   ignore-term       ignores TERM, INT and HUP
#   hang              never exits
#   daemonise         leaves a child behind, in its own session
#   flood BYTES       prints that many bytes
#   drain-stdin       reads its stdin to the end
#   read-tty          waits for a key on the terminal
#   create FILE       creates an empty file
#   sh COMMAND        runs a shell command
#   meet ID           waits until an agent of that task has started as well
#   await FILE        waits until the file exists
#
# A lock for each task is held as long as any process of the attempt is alive, and "overlap" is
# logged if it was not free. Each line is appended by a single write, so lines do not mix.
cd "$WORKLOOP_ROOT" || exit 9
id=$WORKLOOP_TASK_ID
mkdir -p oracle made prompts
note() { echo "$1 $id $WORKLOOP_ATTEMPT $$ $(date +%s%N)" >>oracle/log; }
script=script/$id
[ -e "$script" ] || script=script/default
# Opened before the start is logged: a test that waits for the start and then replaces the script
# changes the next attempt, never this one.
exec 7<"$script" 8<&0 9>>"oracle/$id.lock"
flock -n 9 || note overlap
note start

code=0
make=yes
while read -r word rest; do
    case $word in
    sleep) sleep "$rest" ;;
    fail) [ "$WORKLOOP_ATTEMPT" -gt "$rest" ] || make=no ;;
    nothing) make=no ;;
    exit) code=$rest ;;
    keep-prompt) cp "$WORKLOOP_PROMPT_FILE" "prompts/$id.$WORKLOOP_ATTEMPT" ;;
    result) printf '%s\n' "$rest" >"$WORKLOOP_RESULT_FILE" ;;
    say) printf '%s\n' "$rest" ;;
    ignore-term) trap '' TERM INT HUP ;;
    hang) while :; do sleep 5; done ;;
    daemonise) setsid sh -c 'trap "" TERM HUP; while :; do sleep 5; done' </dev/null >/dev/null 2>&1 & ;;
    flood) head -c "$rest" /dev/zero | tr '\0' '#' ;;
    drain-stdin) cat <&8 >/dev/null ;;
    read-tty) read -r key </dev/tty ;;
    create) : >"$rest" ;;
    sh) eval "$rest" ;;
    await) n=0; until [ -e "$rest" ] || [ $((n += 1)) -gt 1000 ]; do sleep 0.02; done ;;
    meet) n=0; until grep -q "^start $rest " oracle/log || [ $((n += 1)) -gt 1000 ]; do sleep 0.02; done ;;
    esac
done <&7

if [ "$make" = yes ]; then echo "attempt $WORKLOOP_ATTEMPT" >"made/$id"; fi
note end
exit "$code"
