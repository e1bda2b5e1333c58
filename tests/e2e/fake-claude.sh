#!/bin/sh
# A fake of Claude Code: replays streams/<task id>.<start> (or streams/<task id>, or
# streams/default), whose first line is "exit CODE". @SECONDS@ is replaced by the time in that many
# seconds. It records its starts with their arguments, and creates what the verification asks for.
cd "$WORKLOOP_ROOT" || exit 9
id=$WORKLOOP_TASK_ID
cat >/dev/null
echo "$id $*" >>starts
start=$(grep -c "^$id " starts)
stream=streams/$id.$start
[ -e "$stream" ] || stream=streams/$id
[ -e "$stream" ] || stream=streams/default
now=$(date +%s)
code=0
mkdir -p made
while IFS= read -r line; do
    case $line in
    "exit "*) code=${line#exit } ;;
    *@*@*)
        before=${line%%@*} more=${line#*@}
        echo "$before$((now + ${more%%@*}))${more#*@}" ;;
    *) printf '%s\n' "$line" ;;
    esac
done <"$stream"
[ "$code" != 0 ] || : >"made/$id"
exit "$code"
