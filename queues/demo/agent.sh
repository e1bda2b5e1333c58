#!/bin/sh
# The agent of the demo: a script that does what a coding agent would do.
#
# It is called like any other agent: in the project root, with its prompt on stdin and in
# $WORKLOOP_PROMPT_FILE. It may report what it did in $WORKLOOP_RESULT_FILE.
set -eu

prompt_lines=$(wc -l)
echo "task $WORKLOOP_TASK_ID, attempt $WORKLOOP_ATTEMPT, a prompt of $((prompt_lines)) lines"
mkdir -p world code text play release

# Takes some time, as a coding agent would.
think() { sleep "$1"; }

# Writes stdin to a file atomically.
put() {
    cat >"$1.new"
    mv "$1.new" "$1"
    made="${made:+$made, }\"$1\""
    echo "wrote $1"
}

rooms() {
    think 0.4
    put world/rooms.txt <<'END'
beach|A pebble beach. The sea is loud and the night is coming.
hall|The hall of the lighthouse. Dust, a coat on a hook, stairs.
cellar|A cellar that smells of oil and salt.
store|A store room with more shelves than things.
tower|The top of the tower. The great lens waits for a light.
END
}

passages() {
    think 0.4
    # The first attempt leaves the cellar without a way out. The verification fails with a message,
    # and the prompt of the next attempt contains that message.
    way_out=''
    if grep -q 'no way back from cellar' "$WORKLOOP_PROMPT_FILE"; then
        echo "the verification missed a way out of the cellar: adding it"
        way_out='cellar up hall'
    fi
    put world/passages.txt <<END
beach north hall
hall south beach
hall down cellar
hall east store
store west hall
hall up tower
tower down hall${way_out:+
$way_out}
END
}

items() {
    think 0.2
    put world/items.txt <<'END'
lamp cellar
matches store
END
}

parser() {
    think 0.4
    put code/parser.sh <<'END'
verbs='go look take light bag help quit'

# Sets `verb` and `noun` from a typed line.
parse() {
    set -- $(printf '%s' "$*" | tr '[:upper:]' '[:lower:]' | tr -cd 'a-z ')
    verb=${1:-} noun=${2:-}
    case $verb in
    n) verb=go noun=north ;;
    s) verb=go noun=south ;;
    e) verb=go noun=east ;;
    w) verb=go noun=west ;;
    u) verb=go noun=up ;;
    d) verb=go noun=down ;;
    north | south | east | west | up | down) noun=$verb verb=go ;;
    l) verb=look ;;
    get) verb=take ;;
    esac
    case " $verbs " in
    *" $verb "*) ;;
    *) noun=$verb verb=unknown ;;
    esac
}
END
}

engine() {
    think 0.5
    put code/engine.sh <<'END'
# Needs `parse` and the functions `rooms`, `passages`, `items`, `intro`, `help_page`.

describe() { rooms | while IFS='|' read -r name text; do
    if [ "$name" = "$here" ]; then printf '%s\n' "$text"; fi
done; }

lying_here() { items | while read -r item room; do
    case " $bag " in *" $item "*) continue ;; esac
    if [ "$room" = "$here" ]; then printf ' %s' "$item"; fi
done; }

look() {
    describe
    things=$(lying_here)
    if [ -n "$things" ]; then echo "You see:$things"; fi
}

way() { passages | while read -r from direction to; do
    if [ "$from $direction" = "$here $1" ]; then echo "$to"; fi
done; }

go() {
    to=$(way "$1")
    if [ -z "$to" ]; then echo "There is no way $1."; else here=$to && look; fi
}

take() {
    case "$(lying_here) " in
    *" $1 "*) bag="$bag $1" && echo "Taken: $1." ;;
    *) echo "There is no $1 here." ;;
    esac
}

light() {
    case " $bag " in *" lamp "*) ;; *) echo "You have no lamp." && return ;; esac
    case " $bag " in *" matches "*) ;; *) echo "You have no matches." && return ;; esac
    if [ "$here" = tower ]; then won=yes; else echo "It would shine for nobody here."; fi
}

play() {
    here=beach bag='' won=''
    intro
    look
    while [ -z "$won" ] && read -r line; do
        echo "> $line"
        parse "$line"
        case $verb in
        go) go "$noun" ;;
        look) look ;;
        take) take "$noun" ;;
        light) light ;;
        bag) echo "You carry:${bag:- nothing}" ;;
        help) help_page ;;
        quit) return ;;
        *) echo "I do not know the word '$noun'." ;;
        esac
    done
    if [ -n "$won" ]; then echo "The light goes round. Far out, a ship turns. You have won."; fi
}
END
}

intro() {
    think 0.2
    put text/intro.txt <<'END'
THE LIGHTHOUSE

The keeper is gone, and a ship is out there.
Find the lamp and something to light it with,
and carry both to the top of the tower.
Type `help` when you are lost.

END
}

help_page() {
    think 0.2
    . ./code/parser.sh
    put text/help.txt <<END
Words that this place understands:
$(printf '  %s\n' $verbs)
Directions may be shortened to their first letter.
END
}

# Prints a shell function that prints a file.
as_function() {
    printf "%s() { cat <<'PART'\n" "$1"
    cat "$2"
    printf 'PART\n}\n'
}

game() {
    think 0.2
    put game.sh <<END
#!/bin/sh
# Generated: edit the parts instead.

$(as_function rooms world/rooms.txt)

$(as_function passages world/passages.txt)

$(as_function items world/items.txt)

$(as_function intro text/intro.txt)

$(as_function help_page text/help.txt)

$(cat code/parser.sh)

$(cat code/engine.sh)

play
END
}

playthrough() {
    think 0.2
    put play/walkthrough.txt <<'END'
help
n
dance
d
take lamp
light lamp
up
go east
GET MATCHES
w
bag
up
light lamp
END
    put play/transcript.txt <<END
$(sh game.sh <play/walkthrough.txt)
END
}

release() {
    think 0.1
    put release/lighthouse-1.0.sh <game.sh
    put release/CKSUM <<END
$(cd release && cksum lighthouse-1.0.sh)
END
}

made=''
case $WORKLOOP_TASK_ID in
rooms | passages | items | parser | engine | intro | game | playthrough | release)
    "$WORKLOOP_TASK_ID" ;;
help) help_page ;;
*)
    echo "no idea how to do $WORKLOOP_TASK_ID" >&2
    exit 1
    ;;
esac
printf '{"status": "done", "summary": "wrote %s", "artifacts": [%s]}\n' \
    "$(printf '%s' "$made" | tr -d '"')" "$made" >"$WORKLOOP_RESULT_FILE"
