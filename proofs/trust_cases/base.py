"""Projects whose tests fail before any work, with both baselines."""

import ast
import concurrent.futures
import json
import pathlib
import re
import shutil
import xml.etree.ElementTree

from . import shell
from .shape import append, sub, write

FILES = dict(shell.FILES)
FILES["lib/old.sh"] = "# Known to be wrong.\n\ndouble() {\n    echo $(($1 * 3))\n}\n\nhalf() {\n    echo $(($1 / 2))\n}\n"
FILES["tests/old_test.sh"] = """
. ./lib/old.sh

test_double() {
    equals "$(double 2)" 4
}

test_half() {
    equals "$(half 8)" 4
}
"""
FILES["tests/other_test.sh"] = """
. ./lib/size.sh

test_tera() {
    equals "$(human 1099511627776)" 1T
}
"""
FILES["bin/run-one"] = "#!/bin/sh\n# Runs one test of a file.\nset -e\n. tests/assert.sh\n. \"./$1\"\n\"$2\"\n"
FILES["tests/run.sh"] = FILES["tests/run.sh"].replace('(set -e; . tests/assert.sh; . "./$file"; "$name")', 'bin/run-one "$file" "$name"').replace(
    "cd \"$(dirname \"$0\")/..\" || exit 2\n", "cd \"$(dirname \"$0\")/..\" || exit 2\n[ -x bin/run-one ] || { echo \"run-one: not found\"; exit 127; }\n")

CONFIG = """
[isolation]
mode = "private"
target = "main"
[workspaces]
dir = "../trees"
[landing]
mode = "off"
[limits]
attempts = 1
consecutive_failures = 1000
[agents.default]
run = 'cp "$WORKLOOP_PROMPT_FILE" "$TRUST/prompts/%(name)s-$WORKLOOP_TASK_ID"; sh "$TRUST/agents/$WORKLOOP_TASK_ID"'
[profiles.default]
baseline = "%(mode)s"
[[verify]]
name = "test"
run = "%(run)s"
timeout = "%(limit)s"
report = %(report)s
"""

HALF = '    equals "$(half 8)" 4'
MORE = append("lib/size.sh", "\nround() {\n    echo $(($1 / 10 * 10))\n}") + write("tests/round_test.sh", '. ./lib/size.sh\n\ntest_round() {\n    equals "$(round 17)" 10\n}')

# Name, script, whether it is complete with `no-new-failures`, and with `strict`, and fields.
CASES = [
    ("BASE-unrelated", MORE, True, False, {}),
    ("BASE-docs", append("README.md", "\nMore to come."), True, False, {}),
    ("BASE-refactor", sub("lib/names.sh", "    printf '%s-%s.tar\\n' \"$(slug \"$1\")\" \"$2\"", "    name=$(slug \"$1\")\n    echo \"$name-$2.tar\""), True, False, {}),
    ("BASE-fix-one", sub("lib/old.sh", "$1 * 3", "$1 * 2"), True, False, {}),
    ("BASE-fix-both", sub("lib/old.sh", "$1 * 3", "$1 * 2") + sub("lib/size.sh", "human() {\n", 'human() {\n    if [ "$1" -ge 1099511627776 ]; then\n        echo "$(($1 / 1099511627776))T"\n        return\n    fi\n'), True, True, {}),
    ("BASE-break-other", sub("lib/old.sh", "$1 / 2", "$1 / 3"), False, False, {}),
    ("BASE-break-while-fixing", sub("lib/old.sh", "$1 * 3", "$1 * 2") + sub("lib/names.sh", "-cs 'a-z0-9' '-'", "-d ' '"), False, False, {}),
    ("BASE-new-red", MORE.replace("equals \"$(round 17)\" 10", "equals \"$(round 17)\" 20"), False, False, {}),
    ("BASE-hide-skip", sub("tests/run.sh", "        n=$((n + 1))\n", '        n=$((n + 1))\n        [ "$name" != test_double ] || { echo "ok $n - $file $name # SKIP known"; continue; }\n'), False, False, {}),
    ("BASE-hide-delete", sub("tests/old_test.sh", "test_double() {\n    equals \"$(double 2)\" 4\n}\n\n", ""), False, False, {}),
    ("BASE-hide-file", "git rm -q tests/other_test.sh\n", False, False, {}),
    ("BASE-hide-rename", sub("tests/old_test.sh", "test_double", "old_double"), False, False, {}),
    ("BASE-hide-expect", sub("tests/old_test.sh", '"$(double 2)" 4', '"$(double 2)" 6'), False, False, {}),
    ("BASE-hide-return", sub("tests/old_test.sh", '    equals "$(double 2)" 4', '    return 0\n    equals "$(double 2)" 4'), False, False, {}),
    ("BASE-remove-wanted", sub("tests/old_test.sh", "test_double() {\n    equals \"$(double 2)\" 4\n}\n\n", ""), True, False, {"may_remove_tests": True}),
    ("BASE-crash", append("lib/old.sh", "kill -9 $(ps -o ppid= -p $$)"), False, False, {}),
    ("BASE-end", append("lib/old.sh", "kill -9 0"), False, False, {}),
    ("BASE-timeout", append("lib/old.sh", "sleep 600"), False, False, {}),
    ("BASE-missing-tool", "git rm -q bin/run-one\n", False, False, {}),
    ("BASE-syntax", append("lib/size.sh", "if then ("), False, False, {}),
]


def tried(scratch, options):
    (scratch.folder / "prompts").mkdir(exist_ok=True)
    report = '{ parser = "tap" }'
    modes = ("no-new-failures", "strict")
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(run, scratch, FILES, mode, CASES, "sh tests/run.sh", report, "15s", "old_test.sh test_double") for mode in modes]
        broken = [what for one in runs for what in one.result()]
    print(f"{len(CASES)} changes in a project with two failing tests, in both modes: {len(broken)} broken")
    if options.repository:
        broken += foreign(scratch, pathlib.Path(options.repository).resolve())
    return broken


def run(scratch, source, mode, cases, command, report, limit, red):
    """Runs all changes with one baseline. `source` are files, or a clone. Returns what is wrong."""
    name = f"base-{mode}" + ("" if isinstance(source, dict) else "-foreign")
    project = scratch.folder / name / "project"
    config = CONFIG % {"name": name, "mode": mode, "run": command, "report": report, "limit": limit}
    tasks = [{"id": case, "title": f"Work at {case}", "description": "Do it.", **fields} for case, *_, fields in cases]
    files = {"workloop.toml": config, "q.json": json.dumps({"project": "base", "tasks": tasks}, indent=2)}
    if isinstance(source, dict):
        scratch.repository(project, {**source, **files})
    else:
        shutil.copytree(source, project, symlinks=True)
        for path, text in files.items():
            (project / path).write_text(text)
        scratch.commit(project, "Configure the loop")
    for case, script, *_ in cases:
        scratch.agent(case, script)
    done = scratch.loop(project, "q.json", "--jobs", "2")
    (project.parent / "loop.log").write_text(done.stdout)
    broken, silent, states = [], [], {task["id"]: task for task in json.loads((project / "q.json").read_text())["tasks"]}
    for case, _, new, strict, _ in cases:
        status, error = states[case].get("status"), str(states[case].get("error"))
        if error.startswith("agent:"):
            broken.append(f"{mode} {case}: its script fails: {error}")
        elif (status == "complete") != (new if mode == "no-new-failures" else strict):
            broken.append(f"{mode} {case}: {status}: {error}")
        prompt = scratch.folder / "prompts" / f"{name}-{case}"
        if mode == "strict" and not (prompt.exists() and red in prompt.read_text()):
            silent.append(case)
    if silent:
        broken.append(f"{mode}: {red} was red before, which is not in the prompts of {', '.join(silent)}")
    return broken


def foreign(scratch, source):
    """Breaks two tests of a clone of another project that pytest tests, and runs changes there."""
    clone = scratch.folder / "foreign"
    scratch.git("clone", "-q", "--no-local", str(source), str(clone), where=scratch.folder)
    scratch.git("checkout", "-q", "-B", "main", where=clone)
    put = "PYTHONPATH=src " if (clone / "src").is_dir() else ""
    command = f"{put}python3 -m pytest -q -p no:cacheprovider --junitxml=report.xml"
    (clone / ".git/info/exclude").write_text("report.xml\n__pycache__/\n*.pyc\n")
    scratch.run(["sh", "-c", command], clone, 300)
    if not (clone / "report.xml").exists():
        print(f"{source}: SKIPPED: its tests do not run with {command}")
        return []
    passed = green(clone / "report.xml")
    third = breakable(scratch, clone, command, passed)
    broken, left = two_broken(clone, passed)
    if not broken or not third:
        print(f"{source}: SKIPPED: no plain tests, or nothing to break, was found")
        return []
    scratch.commit(clone, "Two tests fail")
    (path, one), (_, two) = broken
    cases = [
        ("FOREIGN-unrelated", write("tools/hello.py", 'def hello():\n    return "hello"'), True, False, {}),
        ("FOREIGN-new-test", write(f"{path.rsplit('/', 1)[0]}/test_new_thing.py", "def test_new_thing():\n    assert sorted([2, 1]) == [1, 2]"), True, False, {}),
        ("FOREIGN-fix", "".join(sub(path, f"{indent}assert 'broken' == '{name}'\n", "") for name, indent in left.items()), True, True, {"files": [path]}),
        ("FOREIGN-break", BREAK % third, False, False, {}),
        ("FOREIGN-hide", f"sed -i 's/^\\( *\\)def {one}(/\\1def hidden_{one}(/' {path}\n", False, False, {}),
        ("FOREIGN-skip", f"sed -i 's/^\\( *\\)def {two}(/\\1@__import__(\"pytest\").mark.skip\\n\\1def {two}(/' {path}\n", False, False, {}),
    ]
    runs = [run(scratch, clone, mode, cases, command, '{ junit = "report.xml" }', "5m", one) for mode in ("no-new-failures", "strict")]
    told = [f"{source.name}: {what}" for one_run in runs for what in one_run]
    print(f"{len(cases)} changes in a clone of {source} ({len(passed)} tests), in both modes: {len(told)} broken")
    return told


def green(report):
    cases = xml.etree.ElementTree.parse(report).iter("testcase")
    return {case.get("name") for case in cases if not len(case)}


def two_broken(clone, passed):
    """Breaks two tests of one file. Returns them, and their indents."""
    for path in sorted(clone.rglob("test_*.py")):
        text = path.read_text()
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        plain = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in passed and not node.decorator_list
                 and len(re.findall(rf"^def {node.name}\(", text, re.M)) == 1 and node.body[0].lineno > node.lineno]
        if len(plain) < 2:
            continue
        lines, left = text.splitlines(keepends=True), {}
        for node in reversed(plain[:2]):
            lines.insert(node.body[0].lineno - 1, f"    assert 'broken' == '{node.name}'\n")
            left[node.name] = "    "
        path.write_text("".join(lines))
        name = str(path.relative_to(clone))
        return [(name, node.name) for node in plain[:2]], left
    return [], {}


# Inverts the first condition of this kind in a module.
BREAK = "sed -i '0,/ is None/s// is not None/' %s\n"


def breakable(scratch, clone, command, passed):
    """A module whose first condition of that kind some tests need."""
    for path in sorted((clone / "src" if (clone / "src").is_dir() else clone).rglob("*.py"))[:40]:
        name = str(path.relative_to(clone))
        if "test" in name or " is None" not in path.read_text():
            continue
        scratch.run(["sh", "-c", BREAK % name], clone)
        (clone / "report.xml").unlink(missing_ok=True)
        scratch.run(["sh", "-c", command], clone, 300)
        lost = passed - green(clone / "report.xml") if (clone / "report.xml").exists() else ()
        scratch.git("checkout", "-q", "--", name, where=clone)
        if 0 < len(lost) < len(passed) / 2:
            return name
    return None
