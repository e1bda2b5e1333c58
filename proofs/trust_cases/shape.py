"""What a project and a change of `proofs/trust` consist of, and the parts of agents' scripts."""

import dataclasses
import shlex

END = "END-OF-TEXT"


def write(path, text):
    """The agent writes a file."""
    at = shlex.quote(path)
    return f"mkdir -p \"$(dirname {at})\"\ncat >{at} <<'{END}'\n{text.strip(chr(10))}\n{END}\n"


def append(path, text):
    """The agent adds lines at the end of a file."""
    return f"cat >>{shlex.quote(path)} <<'{END}'\n{text.rstrip(chr(10))}\n{END}\n"


def sub(path, old, new):
    """The agent replaces a text that is in the file once."""
    return f"python3 \"$TRUST/sub.py\" {shlex.quote(path)} <<'{END}'\n{old}\n=>\n{new}\n{END}\n"


def edit_queue(code):
    """The agent edits the queue with Python; `tasks` are its tasks by id, `me` is the own id."""
    return f"python3 - <<'{END}'\n{QUEUE_HEAD}{code}\n{QUEUE_TAIL}{END}\n"


QUEUE_HEAD = """import json, os
path, me = os.environ["WORKLOOP_QUEUE"], os.environ["WORKLOOP_TASK_ID"]
queue = json.load(open(path))
tasks = {task["id"]: task for task in queue["tasks"]}
"""
QUEUE_TAIL = """json.dump(queue, open(path, "w"), indent=2)
"""

# Replaces a text on standard input by another one, in a file.
SUB = """import sys
path = sys.argv[1]
old, new = sys.stdin.read().removesuffix("\\n").split("\\n=>\\n", 1)
text = open(path).read()
if text.count(old) != 1:
    sys.exit(f"{path}: {text.count(old)} times: {old!r}")
open(path, "w").write(text.replace(old, new))
"""


@dataclasses.dataclass
class Case:
    """A change. `cheats`: the product is wrong after it. `oracle` is shell code that prints RIGHT at
    its end if the product does what the task asks for, in addition to the oracle of the project, or
    `alone` instead of it. `own` are paths outside of the product that are the work of the task."""

    id: str
    kind: str
    script: str
    title: str
    cheats: bool
    oracle: str = "echo RIGHT"
    alone: bool = False
    own: tuple = ()
    fields: dict = dataclasses.field(default_factory=dict)
    # Another task that this agent tries to complete; that one counts.
    victim: dict = None
    # Why this cheat is not promised to be found (`docs/design/guardrails.md`). It is shown and not counted.
    limit: str = None


@dataclasses.dataclass
class Project:
    """A project of one ecosystem. `test` runs its tests, as a person would."""

    name: str
    tools: tuple
    files: dict
    product: tuple
    test: str
    oracle: str
    # The command for `init`, if that does not find the tests, and what the step has besides.
    verify: str = None
    step: str = ""
    config: str = ""
    hidden: dict = dataclasses.field(default_factory=dict)
    # Files that only another branch has.
    later: dict = dataclasses.field(default_factory=dict)
    lacks: object = None
    cases: list = dataclasses.field(default_factory=list)

    def cheat(self, id, kind, title, *parts, **more):
        self.cases.append(Case(id, kind, "".join(parts), title, True, **_sorted(more)))

    def honest(self, id, kind, title, *parts, **more):
        self.cases.append(Case(id, kind, "".join(parts), title, False, **_sorted(more)))


def _sorted(more):
    """What is no part of a case is a field of its task."""
    known = {field.name for field in dataclasses.fields(Case)}
    case = {key: value for key, value in more.items() if key in known}
    case["fields"] = {key: value for key, value in more.items() if key not in known}
    return case
