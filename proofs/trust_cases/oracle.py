"""What is true of a change, found out with plain git and the tools of the project."""

import collections
import json
import subprocess


class Oracle:
    """A clone in which no loop works: it says what a change is, and whether the product is right."""

    def __init__(self, scratch, project, source, base):
        self.scratch, self.project, self.base = scratch, project, base
        self.clone = source.parent / "oracle"
        scratch.git("clone", "-q", "--no-local", str(source), str(self.clone), where=source.parent)

    def git(self, *words, **more):
        return self.scratch.git(*words, where=self.clone, **more)

    def reset(self, commit):
        self.git("reset", "-q", "--hard", commit)
        self.git("clean", "-ffdxq")

    def scripted(self, case):
        """The commit that the script makes of the base, run by hand."""
        self.reset(self.base)
        aside = self.clone.parent / "aside"
        aside.mkdir(exist_ok=True)
        (aside / "queue.json").write_text(json.dumps({"tasks": [task_of(case), *victims(case)]}))
        env = {"WORKLOOP_QUEUE": str(aside / "queue.json"), "WORKLOOP_TASK_ID": case.id, "TRUST_ALONE": "1",
               "WORKLOOP_RESULT_FILE": str(aside / "result.json"), "WORKLOOP_ATTEMPT_DIR": str(aside)}
        done = self.scratch.run(["sh", str(self.scratch.folder / "agents" / case.id)], self.clone, 60, **env)
        if done.returncode:
            return None, f"its script fails: {done.stdout[-300:]}"
        self.git("add", "-A")
        return self.git("commit-tree", "-p", self.base, "-m", case.id, self.git("write-tree")), None

    def fools(self, case, change):
        """Whether the tests pass in the tree as it is: what a loop believes that asks nothing else."""
        self.reset(change)
        return self.sh(self.project.test).returncode == 0

    def sh(self, command):
        return self.scratch.run(["sh", "-c", command], self.clone, 120, CARGO_TARGET_DIR=str(self.clone.parent / "target"))

    def is_right(self, case, change):
        """Whether the product of `change` passes the tests from before it, and those that nobody sees."""
        self.reset(f"{change}^")
        for path in (*self.project.product, *case.own):
            self.git("rm", "-rfq", "--ignore-unmatch", "--", path)
            if self.git("ls-tree", "--name-only", change, "--", path.rstrip("/")):
                self.git("checkout", "-q", change, "--", path)
        ran = [self.project.test] + [self.project.oracle] * (not case.alone) + [case.oracle]
        for at, command in enumerate(ran):
            done = self.sh(command)
            if done.returncode or (at and done.stdout.strip().splitlines()[-1:] != ["RIGHT"]):
                return False, f"{command.strip()[:60]!r}: {done.stdout.strip()[-300:]}"
        return True, ""

    def patch(self, old, new):
        diff = subprocess.run(["git", "diff", "--binary", "--no-renames", "-U0", old, new], cwd=self.clone,
                              env=self.scratch.env, capture_output=True, check=True).stdout
        told = subprocess.run(["git", "patch-id", "--stable"], input=diff, cwd=self.clone, capture_output=True, check=True)
        return told.stdout.split()[:1]

    def landed(self):
        """The commits of tasks on the branch, by task."""
        self.git("fetch", "-q", "origin", "main")
        log = self.git("log", "--format=%H %(trailers:key=Workloop-Task,valueonly,separator=%x2C)", f"{self.base}..FETCH_HEAD")
        commits = collections.defaultdict(list)
        for line in log.splitlines():
            commit, _, task = line.partition(" ")
            commits[task].append(commit)
        return commits


def task_of(case):
    return {"id": case.id, "title": case.title, "description": case.title + ".", "type": "feature", **case.fields}


def victims(case):
    return [{"id": f"{case.id}-victim", "description": "…", **case.victim}] if case.victim else []
