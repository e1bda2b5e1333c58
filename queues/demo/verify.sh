#!/bin/sh
# Verification of the demo: checks what a task produced, never what its agent reported.
#
#   verify.sh complete   all products of the task exist
#   verify.sh works      and they are what the task asks for
set -eu

fail() {
    echo "$WORKLOOP_TASK_ID: $*" >&2
    exit 1
}

products() {
    case $WORKLOOP_TASK_ID in
    rooms | passages | items) echo "world/$WORKLOOP_TASK_ID.txt" ;;
    parser | engine) echo "code/$WORKLOOP_TASK_ID.sh" ;;
    intro | help) echo "text/$WORKLOOP_TASK_ID.txt" ;;
    game) echo game.sh ;;
    playthrough) echo play/walkthrough.txt play/transcript.txt ;;
    release) echo release/lighthouse-1.0.sh release/CKSUM ;;
    *) fail "no check exists for this task" ;;
    esac
}

complete() {
    wanted=$(products)
    for product in $wanted; do
        [ -s "$product" ] || fail "$product is missing or empty"
        echo "$product: $(($(wc -l <"$product"))) lines"
    done
}

is_room() { grep -q "^$1|" world/rooms.txt; }

opposite() {
    case $1 in
    north) echo south ;; south) echo north ;;
    east) echo west ;; west) echo east ;;
    up) echo down ;; down) echo up ;;
    *) fail "$1 is not a direction" ;;
    esac
}

works_rooms() {
    [ "$(wc -l <world/rooms.txt)" -ge 5 ] || fail "fewer than five rooms"
    twice=$(cut -d '|' -f 1 world/rooms.txt | sort | uniq -d)
    [ -z "$twice" ] || fail "described twice: $twice"
    if grep -v '^[a-z]*|.' world/rooms.txt; then fail "the lines above are not of the form room|text"; fi
}

works_passages() {
    while read -r from direction to; do
        is_room "$from" || fail "$from is not a room"
        is_room "$to" || fail "$to is not a room"
        back=$(opposite "$direction")
        grep -q "^$to $back $from\$" world/passages.txt ||
            fail "no way back from $to to $from ($back is missing)"
    done <world/passages.txt
}

works_items() {
    while read -r item room; do
        is_room "$room" || fail "the $item lies in $room, which is not a room"
    done <world/items.txt
}

# Checks the verb and noun that a typed line is parsed into.
understands() {
    parse "$1"
    [ "$verb $noun" = "$2" ] || fail "'$1' was parsed as '$verb $noun', not as '$2'"
}

works_parser() {
    . ./code/parser.sh
    understands 'n' 'go north'
    understands 'GO NORTH' 'go north'
    understands '  take   lamp ' 'take lamp'
    understands 'dance' 'unknown dance'
    understands '' 'unknown '
}

works_engine() {
    . ./code/parser.sh
    . ./code/engine.sh
    rooms() { printf 'beach|Sand.\ntower|Stairs.\n'; }
    passages() { printf 'beach up tower\n'; }
    items() { printf 'lamp beach\nmatches beach\n'; }
    intro() { :; }
    help_page() { :; }
    won=$(printf '%s\n' 'take lamp' 'take matches' 'up' 'light lamp' | play | tail -n 1)
    case $won in *"You have won."*) ;; *) fail "a won game ends with: $won" ;; esac
    lost=$(printf '%s\n' 'up' 'light lamp' | play | tail -n 1)
    [ "$lost" = "You have no lamp." ] || fail "without a lamp the game says: $lost"
}

works_intro() {
    grep -q lamp text/intro.txt || fail "the player is not told what to look for"
    if grep '.\{61\}' text/intro.txt; then fail "longer than 60 characters: the lines above"; fi
}

works_help() {
    . ./code/parser.sh
    for verb in $verbs; do
        grep -q "^  $verb\$" text/help.txt || fail "$verb is not explained"
    done
}

works_game() {
    sh -n game.sh || fail "game.sh is not a valid script"
    copy=$(mktemp -d)
    cp game.sh "$copy/"
    first=$(cd "$copy" && echo quit | sh game.sh | head -n 1)
    rm -r "$copy"
    [ "$first" = "$(head -n 1 text/intro.txt)" ] || fail "alone, the game starts with: $first"
}

works_playthrough() {
    sh game.sh <play/walkthrough.txt | cmp - play/transcript.txt ||
        fail "the transcript differs from the output of the game"
    tail -n 1 play/transcript.txt | grep -q 'You have won' || fail "the game is not won"
}

works_release() {
    cmp game.sh release/lighthouse-1.0.sh || fail "the release is not the game"
    (cd release && cksum lighthouse-1.0.sh) | cmp - release/CKSUM || fail "wrong checksum"
}

# A verification of the tree before any task belongs to no task, so there is nothing to check.
[ -z "${WORKLOOP_TREE_CHECK:-}" ] || exit 0

case ${1:-} in
complete) complete ;;
works) "works_$WORKLOOP_TASK_ID" && echo "$WORKLOOP_TASK_ID works" ;;
*)
    echo "usage: verify.sh complete|works" >&2
    exit 2
    ;;
esac
