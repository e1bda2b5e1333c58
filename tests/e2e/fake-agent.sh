#!/bin/sh
# An agent that does what script/<task id> (else script/default) says, one word and its value a
# line, and that keeps a log of its own about what ran when:
#
#   sleep SECONDS     works for so long
#   fail K            makes nothing in the first K attempts
#   nothing           never makes anything
#   exit CODE         ends with this status
#   keep-prompt       copies its prompt to prompts/<id>.<attempt>
#   result JSON       writes this as its result
#   say TEXT          prints it
#   ignore-term       cannot be asked to end
#   hang              works for ever
#   daemonise         leaves a child behind, in a session of its own
#   flood BYTES       prints so much
#   drain-stdin       reads its stdin to the end, if there is one
#   read-tty          waits for a key on the terminal
#   create FILE       makes an empty file
#   sh COMMAND        has the shell run it
#   meet ID           works until an agent of that task has started, too
#   await FILE        works until the file is there
#
# A lock for each task is held as long as anything of the attempt lives, and "overlap" is logged
# when it was not free. Lines are appended by single writes, which do not mix.
cd "$WORKLOOP_ROOT" || exit 9
id=$WORKLOOP_TASK_ID
mkdir -p oracle made prompts
note() { echo "$1 $id $WORKLOOP_ATTEMPT $$ $(date +%s%N)" >>oracle/log; }
script=script/$id
[ -e "$script" ] || script=script/default
# Opened before the start is noted: who waits for the start and then gives the task another script
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
