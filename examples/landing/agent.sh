#!/bin/sh
# Replaces a coding agent: does the requested task of this queue in its workspace. german and
# french insert their lines at the same place without regard to each other, as agents do.
set -eu

# Waits until the other task has started as well, so that the second of the two to land conflicts
# with the first.
meet() {
    : >"$GREETINGS/$WORKLOOP_TASK_ID"
    tries=0
    until [ -e "$GREETINGS/$1" ] || [ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
}

# Adds a line after hello. If this attempt continues one that did not merge, the file contains both
# lines between conflict markers: both lines are kept.
greet() {
    if grep -q '^<<<<<<<' greetings.txt; then
        sed '/^<<<<<<< /d; /^||||||| /d; /^=======$/d; /^>>>>>>> /d' greetings.txt >new
    elif grep -q "^$1\$" greetings.txt; then
        return
    else
        sed "s/^hello\$/&\\
$1/" greetings.txt >new
    fi
    mv new greetings.txt
}

case $WORKLOOP_TASK_ID in
german) meet french; greet hallo ;;
french) meet german; greet bonjour ;;
count) printf '#!/bin/sh\nwc -l <greetings.txt\n' >count.sh ;;
about) echo 'Greetings in the languages of the world.' >ABOUT.md ;;
loud) tr '[:lower:]' '[:upper:]' <greetings.txt >loud.txt ;;
esac

case $WORKLOOP_ATTEMPT in
1) summary="done as asked" ;;
*) summary="done again on the current target" ;;
esac
printf '{"status": "done", "summary": "%s"}\n' "$summary" >"$WORKLOOP_RESULT_FILE"
