//! What the help says besides sentences and flags: groups of verbs, examples, and more of some.

use super::reading::finding_codes;

/// The verbs in groups, as a person meets them.
pub const GROUPS: [(&str, &[&str]); 5] = [
    ("Begin", &["init", "agents", "add", "check", "run"]),
    (
        "Look",
        &[
            "status",
            "since",
            "stuck",
            "blockers",
            "next",
            "why",
            "log",
            "diff",
            "workspace",
            "land",
            "events",
            "plan",
            "graph",
            "board",
            "report",
            "prompt",
            "doctor",
        ],
    ),
    (
        "Tasks",
        &[
            "edit", "approve", "answer", "done", "verify", "retry", "reset", "cancel", "block",
            "park", "unpark", "release", "progress",
        ],
    ),
    ("Loops", &["stop", "pause", "resume", "wait"]),
    ("Help", &["help", "explain", "schema", "completions", "man"]),
];

/// What `workloop` alone and `-h` show.
pub(super) const FIRST_SCREEN: &str = include_str!("first_screen.txt");

/// What `--help` shows: each verb with its sentence, and the flags of all.
pub(super) const ALL_VERBS: &str = include_str!("all_verbs.txt");

/// Exit status of `run` and `wait`.
pub const EXIT_STATUS: &str = "\
\x20 0    all tasks in scope are complete, or nothing was asked for
  1    the program failed
  2    wrong usage or configuration, or a missing tool
  3    a queue file was refused, or check found errors
  4    a lock could not be had in time
  5    blocked tasks remain and nothing else can be done
  6    a limit of the run ended it with work left, or wait was over its time
  7    the work left waits for approval, another queue or another worker
  8    only a usage limit is in the way, and run --no-wait does not wait for it
  130  after SIGINT (Ctrl-C); 143 after SIGTERM";

/// What a script that locks a queue by itself must know.
const LOCKED: &str = "\
\x20 Every change is made under the lock of the queue's folder, held for milliseconds. A script that
  holds this lock itself (flock FOLDER sh -c '…') and calls workloop inside waits for itself.";

/// Files, for the manual.
pub const FILES: &[(&str, &str)] = &[
    ("workloop.toml", "the configuration, found upwards from the queue's folder"),
    ("queues/*.json, tasks/*.json", "queues, where none is named"),
    (".workloop/", "beside a queue: claims, attempt folders, verification.log; may be deleted"),
    (".git/workloop/", "the journal and the last good text of each queue"),
    ("~/.local/state/workloop/", "a copy of the journal where there is no git"),
    (
        "~/.cache/workloop/",
        "private trees of agents; workspace prune removes those that no loop uses",
    ),
];

/// Variables, for the manual.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("WORKLOOP_CONFIG", "the configuration file, as --config"),
    ("WORKLOOP_AGENT", "the agent for all tasks, as run --agent"),
    ("WORKLOOP_JOBS", "how many tasks run at the same time, as run --jobs"),
    ("WORKLOOP_TRUST", "paths that are believed, whoever owns them, as --trust"),
    ("XDG_STATE_HOME", "where copies of the journal are kept where there is no git"),
    ("XDG_CACHE_HOME", "where private trees lie, unless workspaces.dir says it"),
    ("VISUAL, EDITOR", "the editor of edit"),
    ("NO_COLOR, TERM=dumb", "no colour"),
    ("CI=true", "never asks anything, as --non-interactive"),
    ("WORKLOOP_TASK_ID and others", "what an agent and a verification get; see README"),
];

/// A command line, and what it does.
pub type Example = (&'static str, &'static str);

/// The examples of each verb.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "init",
        &[
            ("workloop init", "looks for an agent and for tests, and writes what it finds"),
            ("workloop init --agent claude --verify 'make test'", "says both"),
        ],
    ),
    (
        "run",
        &[
            ("workloop run", "the queues of workloop.toml, or the only one"),
            ("workloop run queues/q.json --jobs 4", "four tasks at the same time"),
            ("workloop run --until 07:00 --type bugfix", "until the morning, and only these"),
            ("workloop run --agent ./agent.sh --verify 'npm test'", "without workloop.toml"),
        ],
    ),
    (
        "status",
        &[
            ("workloop status --watch", "stays and shows every change"),
            ("workloop status --exit-code -q", "for scripts: 0 complete, 5 blocked, 7 work left"),
        ],
    ),
    (
        "since",
        &[
            ("workloop since 22:00", "what happened over night"),
            ("workloop since 2h --json", "for programs"),
        ],
    ),
    ("stuck", &[("workloop stuck", "what is silent, slow, fails alike, or waits in vain")]),
    ("blockers", &[("workloop blockers", "which word of yours frees most")]),
    ("next", &[("workloop next --all", "every ready task, with the reason of its rank")]),
    ("why", &[("workloop why TASK-7", "what it waits for, and its attempts")]),
    ("check", &[("workloop check --strict", "warnings count, too")]),
    (
        "plan",
        &[
            ("workloop plan --loops 1,3,6", "how many loops pay"),
            ("workloop plan --by 2026-01-30", "how many it takes to be done by then"),
            ("workloop plan --by epic --loops 4", "each epic by itself, and when it is done"),
            ("workloop plan --days --from 2026-01-19 --hours-per-day 8", "day by day"),
            ("workloop plan --sprint", "the sprints, and whether they hold"),
        ],
    ),
    ("graph", &[("workloop graph --format dot | dot -Tsvg > graph.svg", "a picture")]),
    ("board", &[("workloop board --style todo", "a check list, phase by phase")]),
    (
        "report",
        &[
            ("workloop report --since 8h", "what the night came to"),
            ("workloop report --format html > report.html", "a page for others"),
        ],
    ),
    ("prompt", &[("workloop prompt TASK-7 | less", "what the next attempt would get")]),
    (
        "add",
        &[
            ("workloop add --title 'Round totals' --file src/cart.ts", "one task"),
            ("workloop add - < tasks.json", "a list of tasks"),
        ],
    ),
    (
        "edit",
        &[
            ("workloop edit TASK-7", "opens it in $EDITOR"),
            ("workloop edit TASK-7 --priority P0 --tag urgent", "changes two fields"),
        ],
    ),
    ("approve", &[("workloop approve TASK-7 TASK-8 --by anna", "two tasks may start")]),
    ("answer", &[("workloop answer TASK-7 'Use the second table'", "it is pending again")]),
    ("verify", &[("workloop verify TASK-7", "exits 0 if it holds, 5 if it does not")]),
    ("done", &[("workloop done TASK-7 --note 'by hand' --verify", "if its verification passes")]),
    (
        "retry",
        &[
            ("workloop retry TASK-7", "with a new budget"),
            ("workloop retry --failed", "every blocked task"),
            ("workloop retry --fresh TASK-7", "without the work of its last attempt"),
        ],
    ),
    ("reset", &[("workloop reset TASK-7", "as if it had never run")]),
    ("cancel", &[("workloop cancel TASK-7", "ends its attempt and parks it")]),
    ("block", &[("workloop block TASK-7 --because 'needs a key'", "a person must look")]),
    ("park", &[("workloop park TASK-7 TASK-8", "both, or neither if one cannot be")]),
    ("unpark", &[("workloop unpark TASK-7", "pending again")]),
    ("release", &[("workloop release TASK-7", "ends the claim of a worker that is gone")]),
    ("progress", &[("workloop progress --percent 40 --next 'tests'", "inside an attempt")]),
    (
        "wait",
        &[
            ("workloop wait --timeout 2h", "exits as run would, or 6 when the time is over"),
            ("workloop wait TASK-7 --work-queue queues/q.json", "for one task"),
            ("workloop stop && workloop wait --until gone", "until no loop is left"),
        ],
    ),
    ("stop", &[("workloop stop --wait", "what runs is finished, then the loops end")]),
    ("pause", &[("workloop pause --wait && git merge main && workloop resume", "for a merge")]),
    ("resume", &[("workloop resume --all", "takes back every stop and pause")]),
    (
        "log",
        &[
            ("workloop log", "the latest attempt"),
            ("workloop log TASK-7 --attempt 2", "one attempt of a task"),
            ("workloop log TASK-7 --follow", "while it runs"),
        ],
    ),
    (
        "diff",
        &[
            ("workloop diff TASK-7", "of the newest attempt, or what landed"),
            ("workloop diff TASK-7 --attempt 2 | git apply", "takes it into your own tree"),
        ],
    ),
    (
        "workspace",
        &[
            ("workloop workspace ls", "the trees on the disk, and the attempts that are kept"),
            ("cd \"$(workloop workspace restore TASK-7)\"", "looks at what an attempt left"),
            ("workloop workspace prune", "removes what no loop uses"),
        ],
    ),
    (
        "land",
        &[
            ("workloop land status", "what waits to land, and what for"),
            ("workloop land now", "without starting an agent"),
        ],
    ),
    (
        "events",
        &[
            ("workloop events --since 2h", "the last two hours"),
            ("workloop events --follow --json", "for programs"),
        ],
    ),
    (
        "doctor",
        &[
            ("workloop doctor", "whether a run could start, and what mends what keeps it from it"),
            ("workloop doctor notify", "sends a test to every channel of [[notify]]"),
        ],
    ),
    ("help", &[("workloop help run", "as workloop run --help")]),
    ("agents", &[("workloop agents --probe", "whether they answer, which may cost a little")]),
    ("explain", &[("workloop explain no_progress", "what it means, and what to do")]),
    ("schema", &[("workloop schema status > status.schema.json", "what --json prints")]),
    (
        "completions",
        &[
            ("source <(workloop completions bash)", "for bash, in ~/.bashrc"),
            ("source <(workloop completions zsh)", "for zsh, in ~/.zshrc"),
            ("workloop completions fish | source", "for fish, in config.fish"),
        ],
    ),
    ("man", &[("workloop man --dir ~/.local/share/man/man1", "then: man workloop-run")]),
];

/// The examples of a verb; none where there is no such verb.
pub fn examples(verb: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(name, _)| *name == verb).map_or(&[], |(_, examples)| examples)
}

/// What else there is to say of a verb: a heading and its text.
pub fn more(verb: &str) -> Option<(&'static str, String)> {
    match verb {
        "run" | "wait" => Some(("Exit status", EXIT_STATUS.to_owned())),
        "add" | "edit" => Some(("Locks", LOCKED.to_owned())),
        "check" => Some(("Findings", finding_codes())),
        _ => None,
    }
}

/// What is below the flags of a verb.
pub(super) fn below(verb: &str) -> String {
    let mut text = String::from("Examples:\n");
    text.push_str(&example_lines(verb));
    if let Some((heading, body)) = more(verb) {
        text.push_str(&format!("\n\n{heading}:\n{body}"));
    }
    text
}

/// The examples of a verb, a command and what it does in two lines each.
pub fn example_lines(verb: &str) -> String {
    let lines = examples(verb).iter().map(|(line, what)| format!("  {line}\n      {what}"));
    lines.collect::<Vec<_>>().join("\n")
}
