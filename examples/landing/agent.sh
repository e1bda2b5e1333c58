#!/bin/sh
# In place of a coding agent: does the task of this queue that it is asked for, in the workspace
# that it was given. It is as careless as agents are: german and french put their line at the same
# place, and neither knows of the other.
set -eu

# The two begin together, so that the second to land meets what the first one landed.
meet() {
    : >"$GREETINGS/$WORKLOOP_TASK_ID"
    tries=0
    until [ -e "$GREETINGS/$1" ] || [ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
}

# Adds a line after hello; where an earlier attempt is continued that did not merge, the file has
# both lines with markers around them, and both are to stay.
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
*) summary="done again on what others landed meanwhile" ;;
esac
printf '{"status": "done", "summary": "%s"}\n' "$summary" >"$WORKLOOP_RESULT_FILE"
