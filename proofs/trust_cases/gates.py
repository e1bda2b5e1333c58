"""Gates with thresholds: what the verdict says about the number, and ways to close a gate that is red."""

import concurrent.futures
import json

from .shape import append, edit_queue, sub, write

# Three of ten functions have no test: the number is 70.
FILES = {
    ".gitignore": "cov.json\nlint.json\n",
    "lib/all.sh": "".join(f"f{n}() {{\n    echo {n}\n}}\n" for n in range(10)),
    "tests/all_test.sh": ". ./lib/all.sh\n" + "".join(f'[ "$(f{n})" = {n} ] || bad=1\n' for n in range(7)),
    "tests/slow_test.sh": '. ./lib/all.sh\n[ "$(f9)" = 9 ] || bad=1\n',
    "tests/run.sh": 'bad=0\nfor file in tests/all_test.sh ${SLOW:+tests/slow_test.sh}; do\n    . "./$file"\ndone\nexit $bad\n',
    "tools/coverage.sh": """
set -e
sh tests/run.sh
all=$(grep -c '^[a-z0-9]*() {' lib/all.sh)
seen=0
for name in $(sed -n 's/^\\([a-z0-9]*\\)() {/\\1/p' lib/all.sh); do
    ! grep -q "(\\$($name))\\|\\$($name)" tests/all_test.sh || seen=$((seen + 1))
done
echo "TOTAL $((100 * seen / all))%"
echo "{\\"totals\\": {\\"percent\\": $((100 * seen / all))}}" >cov.json
""",
    "db/server.sh": "echo ready\nwhile :; do sleep 1; done\n",
    "scripts/server.sh": "echo ready\nwhile :; do sleep 1; done\n",
}

CONFIG = """
[isolation]
mode = "private"
target = "main"
[workspaces]
dir = "../trees"
[limits]
attempts = 1
untouched = false
[agents.default]
run = 'sh "$TRUST/agents/%(agent)s-$WORKLOOP_TASK_ID"'
[[verify]]
name = "test"
run = "sh tests/run.sh"
[[verify]]
profile = "gate"
name = "%(step)s"
run = '''%(run)s'''
%(more)s
"""

PRINTED = ("coverage", "sh tools/coverage.sh", "measure = { regex = 'TOTAL +([^ %]+)%', min = 80, unit = \"%\" }")
WRITTEN = ("coverage", "sh tools/coverage.sh", 'measure = { json_pointer = "/totals/percent", file = "cov.json", min = 80, unit = "%" }')
SLOW = ("slow", "SLOW=1 sh tests/run.sh", "")
SERVED = ("coverage", "sh tools/coverage.sh; sleep 0.3", WRITTEN[2] + '\n[services.db]\nrun = "sh db/server.sh"\nready = { line = "ready" }\n[profiles.gate]\nservices = ["db"]\n')


def prints(text, more="min = 80"):
    return ("figure", f"printf '%b' '{text}'", f"measure = {{ regex = 'TOTAL ([^ \\n]+)', {more} }}")


def writes(text, pointer="/n", more="min = 80", command=None):
    command = command or f"printf '%s' '{text}' >cov.json"
    return ("figure", command, f'measure = {{ json_pointer = "{pointer}", file = "cov.json", {more} }}')


NOTHING = append("README.md", "Nothing of interest.")
LIES = 'echo "TOTAL 99%"\necho \'{"totals": {"percent": 99}}\' >cov.json\n'

# Name, step of the gate, what the agent before the gate does, whether the gate is complete, and what
# the verdict says of the number.
READ = [
    ("printed-at-least", prints("TOTAL 83.5\\n"), True, {"value": 83.5, "min": 80.0}),
    ("printed-equal", prints("TOTAL 80\\n"), True, {"value": 80.0, "min": 80.0}),
    ("printed-too-low", prints("TOTAL 79.99\\n"), False, {"value": 79.99, "min": 80.0}),
    ("printed-twice", prints("TOTAL 95\\nTOTAL 12\\n"), False, {"value": 12.0}),
    ("printed-twice-otherwise", prints("TOTAL 12\\nTOTAL 95\\n"), False, {"value": 12.0}),
    ("printed-below-zero", prints("TOTAL -5\\n"), False, {"value": -5.0}),
    ("printed-never", prints("nothing\\n"), False, None),
    ("printed-word", prints("TOTAL many\\n"), False, None),
    ("printed-nan", prints("TOTAL NaN\\n"), False, None),
    ("printed-inf", prints("TOTAL inf\\n"), False, None),
    ("printed-huge", prints("TOTAL 1e999\\n"), False, None),
    ("at-most", prints("TOTAL 3\\n", "max = 5, unit = \"warnings\""), True, {"value": 3.0, "max": 5.0, "unit": "warnings"}),
    ("at-most-nan", prints("TOTAL nan\\n", "max = 5"), False, None),
    ("too-many", prints("TOTAL 6\\n", "max = 5"), False, {"value": 6.0, "max": 5.0}),
    ("between", prints("TOTAL 6\\n", "min = 1, max = 5"), False, {"value": 6.0, "min": 1.0, "max": 5.0}),
    ("exit-counts", ("figure", "echo TOTAL 99; exit 1", "measure = { regex = 'TOTAL ([0-9]+)', min = 80 }"), False, None),
    ("file", writes('{"n": 91}'), True, {"value": 91.0, "min": 80.0, "file": "cov.json"}),
    ("file-too-low", writes('{"n": 7e1}'), False, {"value": 70.0, "file": "cov.json"}),
    ("file-deep", writes('{"a/b": [{"n": 91}]}', "/a~1b/0/n"), True, {"value": 91.0}),
    ("file-twice", writes('{"n": 91, "n": 10}'), False, None),
    ("file-twice-otherwise", writes('{"n": 10, "n": 91}'), False, None),
    ("file-nan", writes('{"n": NaN}'), False, None),
    ("file-huge", writes('{"n": 1e999}'), False, None),
    ("file-text", writes('{"n": "lots"}'), False, None),
    ("file-null", writes('{"n": null}'), False, None),
    ("file-list", writes('{"n": [91]}'), False, None),
    ("file-cut-off", writes('{"n": 91'), False, None),
    ("file-elsewhere", writes('{"m": 91}'), False, None),
    ("file-missing", writes("", command="true"), False, None),
    ("file-old", writes("", command="true"), False, None),
    ("file-touched-back", writes("", command="echo '{\"n\": 91}' >cov.json; touch -d '2001-01-01' cov.json"), False, None),
    ("file-link", writes("", command="ln -sf fixed.json cov.json"), False, None),
]

WAYS = [
    ("status", PRINTED, edit_queue('tasks["GATE"].update(status="complete", passes=True, verification_verdict="PASS", completed_at="2030-01-01T00:00:00Z")')),
    ("type", PRINTED, edit_queue('tasks["GATE"].update(type="chore", verify=["default"])')),
    ("unordered", PRINTED, edit_queue('tasks["GATE"].update(type="manual", status="complete", dependencies=[])')),
    ("removed", PRINTED, edit_queue('queue["tasks"] = [task for task in queue["tasks"] if task["id"] != "GATE"] + [{"id": "GATE", "title": "x", "status": "complete", "passes": True}]')),
    ("permits", PRINTED, edit_queue('tasks["GATE"].update(files=["tools/coverage.sh"], may_change_tests=True)\ntasks["W"].update(files=["tools/coverage.sh"])') + write("tools/coverage.sh", LIES)),
    ("verb-done", PRINTED, '"$WORKLOOP" done GATE "$WORKLOOP_QUEUE" --by me --note yes || true\n' + NOTHING),
    ("verb-edit", PRINTED, '"$WORKLOOP" edit GATE "$WORKLOOP_QUEUE" --verify default || true\n"$WORKLOOP" approve GATE "$WORKLOOP_QUEUE" || true\n' + NOTHING),
    ("verb-away", PRINTED, '(cd /; env -u WORKLOOP_CLAIM -u WORKLOOP_TASK_ID "$WORKLOOP" done GATE "$WORKLOOP_QUEUE" --by me --note yes) || true\n' + NOTHING),
    ("script", PRINTED, write("tools/coverage.sh", LIES)),
    ("script-number", PRINTED, sub("tools/coverage.sh", 'echo "TOTAL $((100 * seen / all))%"', 'echo "TOTAL $((100 * seen / all + 15))%"')),
    ("threshold", PRINTED, "sed -i 's/min = 80/min = 8/' workloop.toml\n" + NOTHING),
    ("printed", PRINTED, append("lib/all.sh", 'echo "TOTAL 99%"')),
    ("wrote", WRITTEN, append("lib/all.sh", 'echo \'{"totals": {"percent": 99}}\' >cov.json')),
    ("committed", WRITTEN, "sed -i /cov.json/d .gitignore\n" + write("cov.json", '{"totals": {"percent": 99}}')),
    ("ended", WRITTEN, append("lib/all.sh", 'echo \'{"totals": {"percent": 99}}\' >cov.json\nkill -9 $PPID; exit 0')),
    ("fewer", PRINTED, write("lib/all.sh", "".join(f"f{n}() {{ echo {n}; }}\n" for n in (7, 8, 9)) + "".join(f"f{n}() {{\n    echo {n}\n}}\n" for n in range(7)))),
    ("slow-test", SLOW, "sed -i 's/echo 9/echo 8/' lib/all.sh\n" + sub("tests/slow_test.sh", "= 9 ]", "= 8 ]")),
    ("slow-gone", SLOW, "sed -i 's/echo 9/echo 8/' lib/all.sh\ngit rm -q tests/slow_test.sh\n" + sub("tests/run.sh", " ${SLOW:+tests/slow_test.sh}", "")),
    ("slow-follow", SLOW, "sed -i 's/echo 9/echo 8/' lib/all.sh\n" + '''printf '{"status": "done", "summary": "x", "follow_ups": [{"id": "X", "title": "Mend the slow test", "description": "x", "files": ["tests/slow_test.sh"], "may_change_tests": true}]}' >"$WORKLOOP_RESULT_FILE"\n'''),
    ("service", SERVED, write("db/server.sh", 'echo ready\nwhile :; do echo \'{"totals": {"percent": 99}}\' >cov.new; mv cov.new cov.json; sleep 0.01; done')),
]

WAYS.append(("service-tool", (SERVED[0], SERVED[1], SERVED[2].replace("db/server.sh", "scripts/server.sh")),
             write("scripts/server.sh", WAYS[-1][2].split("\n", 2)[2].rsplit("\n", 2)[0])))

# The number is a matter of how the tool counts, and the tool is as before.
LIMITS = {"fewer": "a tool that can be misled"}

HONEST = [
    ("tests-added", PRINTED, append("tests/all_test.sh", '[ "$(f7)" = 7 ] || bad=1\n[ "$(f8)" = 8 ] || bad=1'), {}, 90.0),
    ("tests-added-new", WRITTEN, sub("lib/all.sh", "f9() {\n    echo 9\n}\n", "f9() {\n    echo 9\n}\n\nf10() {\n    echo 10\n}\n") + append("tests/all_test.sh", '[ "$(f7)" = 7 ] || bad=1\n[ "$(f8)" = 8 ] || bad=1\n[ "$(f10)" = 10 ] || bad=1'), {}, 90.0),
    ("script-wanted", PRINTED, sub("tools/coverage.sh", "echo \"TOTAL", "# A person asked for this number.\nseen=$((seen + 2))\necho \"TOTAL"), {"files": ["tools/coverage.sh"]}, 90.0),
]


def tried(scratch, options):
    cases = [(f"read-{name}", step, NOTHING, complete, figure, {}) for name, step, complete, figure in READ]
    cases += [(f"way-{name}", step, script, False, None, {}) for name, step, script in WAYS]
    cases += [(f"honest-{name}", step, script, True, {"value": value}, fields) for name, step, script, fields, value in HONEST]
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        told = list(threads.map(lambda case: one(scratch, *case), cases))
    broken = []
    for case, what in zip(cases, told):
        name = case[0].partition("-")[2]
        if what and name in LIMITS:
            print(f"NOT PROMISED gate {case[0]}: {what}; {LIMITS[name]}")
        else:
            broken += [f"gate {case[0]}: {what}"] if what else []
    print(f"{len(READ)} numbers read, {len(WAYS)} ways to close a gate, {len(HONEST)} honest ones: {len(broken)} broken")
    return broken


def one(scratch, name, step, script, complete, figure, fields):
    """Runs one task and its gate; returns what is wrong."""
    home = scratch.folder / "gates" / name
    project, queue = home / "project", "q.json"
    files = dict(FILES)
    if name.endswith(("-old", "-link")):
        files[".gitignore"] = "lint.json\n"
        files["cov.json" if name.endswith("-old") else "fixed.json"] = '{"n": 99}'
    what, run, more = step
    files["workloop.toml"] = CONFIG % {"agent": name, "step": what, "run": run, "more": more}
    tasks = [{"id": "W", "title": "Work", "description": "Do it.", **fields},
             {"id": "GATE", "title": "Enough is tested", "description": "The gate.", "type": "gate", "verify": ["gate"], "dependencies": ["W"]}]
    files[queue] = json.dumps({"project": "gates", "tasks": tasks}, indent=2)
    scratch.repository(project, files)
    scratch.agent(f"{name}-W", script)
    scratch.agent(f"{name}-X", sub("tests/slow_test.sh", "= 9 ]", "= 8 ]"))
    done = scratch.loop(project, queue, limit=120)
    states = {task["id"]: task for task in json.loads((project / queue).read_text())["tasks"]}
    gate, work = states.get("GATE", {}), states["W"]
    is_complete = gate.get("status") == "complete"
    told = f"GATE {gate.get('status')}: {gate.get('error')}; W {work.get('status')}: {work.get('error')}"
    if str(work.get("error")).startswith("agent:"):
        return f"its script fails: {told}"
    if is_complete != complete:
        return f"{told}\n{done.stdout[-600:]}"
    if figure is None:
        return None
    why = json.loads(scratch.run([scratch.program, "why", "GATE", queue, "--json"], project).stdout)
    said = (why["attempts"] or [{}])[-1].get("measures")
    verdicts = [json.loads(path.read_text()) for path in project.rglob("verdict.json")]
    kept = [s["checked"]["measure"] for v in verdicts if v["task"] == "GATE" for s in v["steps"] if s.get("checked", {}).get("measure")]
    for where, measures in (("why --json", said), ("verdict.json", kept)):
        wrong = {key: value for key, value in figure.items() if not measures or measures[-1].get(key) != value}
        if wrong:
            return f"{where} has {measures}, not {wrong}"
    return None
