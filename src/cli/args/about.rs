//! The parts of the help that are not sentences of verbs and flags: groups of verbs, examples, and
//! extra sections of some verbs.

use super::reading::finding_codes;

/// The verbs in groups, in the order in which a new user needs them.
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

/// The help that `workloop` without arguments and `workloop -h` print.
pub(super) const FIRST_SCREEN: &str = include_str!("first_screen.txt");

/// The help that `workloop --help` prints: each verb with its sentence, and the global flags.
pub(super) const ALL_VERBS: &str = include_str!("all_verbs.txt");

/// The exit statuses of `run` and `wait`, for the help and the manual.
pub const EXIT_STATUS: &str = "\
\x20 0    all tasks in scope are complete, or nothing was asked for
  1    the program failed
  2    wrong usage or configuration, or a missing tool
  3    a queue file was refused, or check found errors
  4    a lock was not acquired in time
  5    blocked tasks remain and nothing else can be done
  6    a limit of the run ended it with work left, or wait timed out
  7    the remaining work waits for approval, another queue or another worker
  8    only a usage limit is in the way, and run --no-wait does not wait for it
  130  after SIGINT (Ctrl-C); 143 after SIGTERM";

/// The warning for scripts that lock a queue themselves.
const LOCKED: &str = "\
\x20 Every change is made under a lock on the queue's folder, held for milliseconds. A script that
  holds this lock itself (flock FOLDER sh -c '…') and calls workloop inside it deadlocks.";

/// The files that workloop uses, for the manual.
pub const FILES: &[(&str, &str)] = &[
    ("workloop.toml", "the configuration, in the queue's folder or the nearest parent"),
    ("queues/*.json, tasks/*.json", "the queues, if none is named"),
    (".workloop/", "beside a queue: claims, attempt folders, verification.log; may be deleted"),
    (".git/workloop/", "the journal and the last valid text of each queue"),
    ("~/.local/state/workloop/", "the copy of the journal outside git repositories"),
    (
        "~/.cache/workloop/",
        "private trees of agents; workspace prune removes those that no loop uses",
    ),
];

/// The environment variables that workloop reads or sets, for the manual.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("WORKLOOP_CONFIG", "the configuration file, like --config"),
    ("WORKLOOP_AGENT", "the agent for all tasks, like run --agent"),
    ("WORKLOOP_JOBS", "how many tasks run at the same time, like run --jobs"),
    ("WORKLOOP_TRUST", "paths to trust regardless of their owner, like --trust"),
    ("XDG_STATE_HOME", "where copies of the journal are kept outside git repositories"),
    ("XDG_CACHE_HOME", "where private trees are kept, unless workspaces.dir is set"),
    ("VISUAL, EDITOR", "the editor that edit opens"),
    ("NO_COLOR, TERM=dumb", "no colour"),
    ("CI=true", "never prompts, like --non-interactive"),
    ("WORKLOOP_TASK_ID and others", "set for agents and verification; see README"),
];

/// A command line and what it does.
pub type Example = (&'static str, &'static str);

/// The examples of each verb.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "init",
        &[
            ("workloop init", "finds an agent and tests, and configures them"),
            ("workloop init --agent claude --verify 'make test'", "names both"),
        ],
    ),
    (
        "run",
        &[
            ("workloop run", "the queues of workloop.toml, or the only one"),
            ("workloop run queues/q.json --jobs 4", "four tasks at the same time"),
            (
                "workloop run --until 07:00 --type bugfix",
                "until the morning, only tasks of one type",
            ),
            ("workloop run --agent ./agent.sh --verify 'npm test'", "without workloop.toml"),
        ],
    ),
    (
        "status",
        &[
            ("workloop status --watch", "keeps running and shows every change"),
            ("workloop status --exit-code -q", "for scripts: 0 complete, 5 blocked, 7 work left"),
        ],
    ),
    (
        "since",
        &[
            ("workloop since 22:00", "what happened overnight"),
            ("workloop since 2h --json", "for programs"),
        ],
    ),
    (
        "stuck",
        &[(
            "workloop stuck",
            "silent, slow or repeatedly failing tasks, and tasks behind blocked ones",
        )],
    ),
    ("blockers", &[("workloop blockers", "which decision of yours frees the most tasks")]),
    ("next", &[("workloop next --all", "every ready task, with the reason for its rank")]),
    ("why", &[("workloop why TASK-7", "what it waits for, and its attempts")]),
    ("check", &[("workloop check --strict", "treats warnings as errors")]),
    (
        "plan",
        &[
            ("workloop plan --loops 1,3,6", "how many loops are worth running"),
            ("workloop plan --by 2026-01-30", "how many loops it takes to finish by then"),
            ("workloop plan --by epic --loops 4", "each epic separately, and when it ends"),
            ("workloop plan --days --from 2026-01-19 --hours-per-day 8", "day by day"),
            ("workloop plan --sprint", "the sprints, and whether they end in time"),
        ],
    ),
    ("graph", &[("workloop graph --format dot | dot -Tsvg > graph.svg", "a picture")]),
    ("board", &[("workloop board --style todo", "a checklist by phase")]),
    (
        "report",
        &[
            ("workloop report --since 8h", "a summary of the night"),
            ("workloop report --format html > report.html", "a page to share"),
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
    ("answer", &[("workloop answer TASK-7 'Use the second table'", "makes it pending again")]),
    ("verify", &[("workloop verify TASK-7", "exits 0 if it passes, 5 if it fails")]),
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
    ("block", &[("workloop block TASK-7 --because 'needs a key'", "a person must act")]),
    ("park", &[("workloop park TASK-7 TASK-8", "parks both, or neither if one is refused")]),
    ("unpark", &[("workloop unpark TASK-7", "makes it pending again")]),
    ("release", &[("workloop release TASK-7", "ends the claim of a worker that is gone")]),
    ("progress", &[("workloop progress --percent 40 --next 'tests'", "inside an attempt")]),
    (
        "wait",
        &[
            ("workloop wait --timeout 2h", "exits like run, or with 6 at the timeout"),
            ("workloop wait TASK-7 --work-queue queues/q.json", "for one task"),
            ("workloop stop && workloop wait --until gone", "until no loop is left"),
        ],
    ),
    ("stop", &[("workloop stop --wait", "running tasks finish, then the loops exit")]),
    ("pause", &[("workloop pause --wait && git merge main && workloop resume", "for a merge")]),
    ("resume", &[("workloop resume --all", "withdraws every stop and pause")]),
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
            ("workloop diff TASK-7", "the newest attempt, or what landed"),
            ("workloop diff TASK-7 --attempt 2 | git apply", "applies it to your own tree"),
        ],
    ),
    (
        "workspace",
        &[
            ("workloop workspace ls", "the trees on disk, and the kept attempts"),
            ("cd \"$(workloop workspace restore TASK-7)\"", "goes to what an attempt left"),
            ("workloop workspace prune", "removes what no loop uses"),
        ],
    ),
    (
        "land",
        &[
            ("workloop land status", "what waits to land, and why"),
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
            ("workloop doctor", "whether a run could start, and how to fix what prevents it"),
            ("workloop doctor notify", "sends a test to every channel of [[notify]]"),
        ],
    ),
    ("help", &[("workloop help run", "the same as workloop run --help")]),
    ("agents", &[("workloop agents --probe", "whether they answer; may cost a little")]),
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

/// Returns the examples of `verb`; none if there is no such verb.
pub fn examples(verb: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(name, _)| *name == verb).map_or(&[], |(_, examples)| examples)
}

/// Returns the extra help section of `verb`, if it has one: the heading and the text.
pub fn more(verb: &str) -> Option<(&'static str, String)> {
    match verb {
        "run" | "wait" => Some(("Exit status", EXIT_STATUS.to_owned())),
        "add" | "edit" => Some(("Locks", LOCKED.to_owned())),
        "check" => Some(("Findings", finding_codes())),
        _ => None,
    }
}

/// Returns the help text below the flags of `verb`.
pub(super) fn below(verb: &str) -> String {
    let mut text = String::from("Examples:\n");
    text.push_str(&example_lines(verb));
    if let Some((heading, body)) = more(verb) {
        text.push_str(&format!("\n\n{heading}:\n{body}"));
    }
    text
}

/// Formats the examples of `verb` with two lines each: the command, and what it does.
pub fn example_lines(verb: &str) -> String {
    let lines = examples(verb).iter().map(|(line, what)| format!("  {line}\n      {what}"));
    lines.collect::<Vec<_>>().join("\n")
}
