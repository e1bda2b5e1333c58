//! A loop on a terminal: keys that end and stop it, a lost terminal, readers of the keyboard; and
//! agents that print endlessly or multiply.

use crate::chance::{is_long, say};
use crate::fake_agent::CONFIG;
use crate::measured::{Asked, Bound, measure};
use crate::processes::{self, lacks};
use crate::sandbox::{Sandbox, flat_queue, holds_within, queue, wait_until};
use rustix::process::Signal;
use std::fs;

use std::time::Duration;

/// A loop in its own terminal (tmux), in which keys can be typed.
struct Terminal {
    sandbox: Sandbox,
    socket: String,
}

impl Terminal {
    /// Starts a loop with an agent; `None`, with a message, if there is no tmux.
    fn with(script: &str) -> Option<Self> {
        Self::patient(script, "1s")
    }

    /// Does the same with this grace period between TERM and KILL.
    fn patient(script: &str, grace: &str) -> Option<Self> {
        let config = CONFIG.replace(r#"timeout = "30s""#, r#"timeout = "300s""#);
        let config = config.replace(r#"grace = "1s""#, &format!("grace = \"{grace}\""));
        let list = queue(&[("A", &[]), ("B", &["A"])]);
        let sandbox = Sandbox::new().config(&config).queue("q.json", &list).script("A", script);
        if lacks("tmux") {
            return None;
        }
        let socket = sandbox.path("tmux").display().to_string();
        let terminal = Self { sandbox, socket };
        // The inner shell has job control, like a person's shell.
        terminal.tmux("new-session -d -x 100 -y 30 'env -u TMUX sh -i'");
        let program = terminal.sandbox.program.display();
        terminal.tmux(&format!("send-keys '{program} run q.json; echo ended $? >>ends' Enter"));
        wait_until("the agent runs", || terminal.sandbox.oracle().starts("A") == 1);
        Some(terminal)
    }

    fn tmux(&self, words: &str) {
        let done = self.sandbox.shell(&format!("tmux -S '{}' -f /dev/null {words}", self.socket));
        assert!(done, "tmux {words}");
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    fn shows(&self, text: &str) {
        let capture = format!("tmux -S '{}' capture-pane -p -t : | grep -qF '{text}'", self.socket);
        wait_until(text, || self.sandbox.shell(&capture));
    }

    /// Types Ctrl-C and waits for the reaction: two that arrive together count as one.
    fn interrupt(&self) {
        self.tmux("send-keys C-c");
        self.shows("Ctrl-C again ends it now");
        self.tmux("send-keys C-c");
    }

    /// Takes the terminal away, if it still exists.
    fn close(&self) -> bool {
        self.sandbox.shell(&format!("tmux -S '{}' kill-server 2>/dev/null", self.socket))
    }

    fn ends(&self) -> String {
        fs::read_to_string(self.sandbox.path("ends")).unwrap_or_default()
    }

    /// Returns the process id of the loop.
    fn loop_pid(&self) -> u32 {
        let is_loop = |pid: &u32| processes::command_line(*pid).trim_end().ends_with("run q.json");
        self.sandbox.strays().into_iter().find(is_loop).expect("a loop")
    }

    /// Checks that the task can be taken again and nothing of the attempt is alive.
    #[track_caller]
    fn is_free_again(&self) {
        wait_until("the task is free", || self.sandbox.status("A") == "pending");
        self.close();
        let gone = holds_within(Duration::from_secs(30), || self.sandbox.strays().is_empty());
        let left: Vec<String> =
            self.sandbox.strays().into_iter().map(processes::command_line).collect();
        assert!(gone, "still alive: {left:?}");
        let all = "for lock in .workloop/claims/*.lock; do flock -n $lock true || exit 1; done";
        assert!(self.sandbox.shell(&format!("flock -n . true && {{ {all}; }}")));
        self.sandbox.nothing_left();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.close();
    }
}

/// Running attempts finish: their results count, and nothing more starts.
#[test]
fn ctrl_c_on_a_terminal() {
    let Some(terminal) = Terminal::with("await go") else { return };
    terminal.tmux("send-keys C-c");
    terminal.shows("finishing 1 attempt; Ctrl-C again ends it now");
    assert!(terminal.sandbox.shell("touch go"));
    wait_until("it ends", || terminal.ends() == "ended 130\n");
    assert_eq!(terminal.sandbox.status("A"), "complete");
    assert_eq!(terminal.sandbox.oracle().started(), ["A"]);
    terminal.close();
    terminal.sandbox.nothing_left();
}

#[test]
fn ctrl_c_twice_on_a_terminal() {
    let Some(terminal) = Terminal::with("daemonise\nhang") else { return };
    terminal.interrupt();
    wait_until("it ends", || terminal.ends() == "ended 130\n");
    terminal.is_free_again();
}

#[test]
fn ctrl_c_three_times_on_a_terminal() {
    let Some(terminal) = Terminal::patient("ignore-term\ndaemonise\nhang", "100s") else { return };
    terminal.interrupt();
    terminal.shows("ending 1 attempt");
    terminal.tmux("send-keys C-c");
    wait_until("it ends", || terminal.ends() == "ended 130\n");
    terminal.is_free_again();
}

#[test]
fn ctrl_z_and_back() {
    let Some(terminal) = Terminal::with("daemonise\nhang") else { return };
    let pid = terminal.loop_pid();
    terminal.tmux("send-keys C-z");
    let state = |wanted: char| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(wanted))
    };
    wait_until("it is stopped", || state('T'));
    assert_eq!(terminal.sandbox.status("A"), "in_progress");
    terminal.tmux("send-keys fg Enter");
    wait_until("it continues", || !state('T'));
    terminal.interrupt();
    terminal.is_free_again();
    assert_eq!(terminal.sandbox.oracle().starts("A"), 1);
}

/// The window is closed, or its server killed: nobody sees how the loop ends.
#[test]
fn a_lost_terminal() {
    for how in ["kill-session", "kill -9"] {
        let Some(terminal) = Terminal::with("ignore-term\ndaemonise\nhang") else { return };
        let pid = terminal.loop_pid();
        if how == "kill-session" {
            terminal.tmux("kill-server");
        } else {
            let is_tmux = |pid: &u32| processes::command_line(*pid).contains("tmux -S");
            let servers: Vec<u32> = terminal.sandbox.strays().into_iter().filter(is_tmux).collect();
            assert!(!servers.is_empty());
            for server in servers {
                processes::signal(server, Signal::KILL);
            }
        }
        wait_until("the loop ends", || !processes::command_line(pid).contains("run q.json"));
        terminal.is_free_again();
    }
}

/// Endless output uses neither disk nor memory of the loop or its supervisor: each may take 24 MiB.
#[test]
fn a_flood() {
    let bytes: u64 = if is_long() { 2_000_000_000 } else { 400_000_000 };
    let sandbox = Sandbox::new()
        .config(&CONFIG.replace(r#"timeout = "30s""#, r#"timeout = "300s""#))
        .queue("q.json", &queue(&[("A", &[])]))
        .script("A", &format!("flood {bytes}"));
    let ran =
        measure(&sandbox, &[Asked::of(&["run", "q.json"])], Bound::memory(24 << 20)).remove(0);
    assert_eq!(ran.status, 0, "{}", ran.said());
    say(&format!("flood: {bytes} bytes, the most memory {} KiB", ran.peak >> 10));
    assert!(sandbox.shell(
        "test $(du -sm .workloop | cut -f1) -lt 72 && test $(du -sm .workloop | cut -f1) -gt 32"
    ));
    sandbox.nothing_left();
}

/// Readers of stdin and of the terminal end, on a terminal as well.
#[test]
fn readers_of_the_keyboard() {
    let Some(terminal) = Terminal::with("drain-stdin\nread-tty\ncreate was-there\nhang") else {
        return;
    };
    wait_until("both reads ended", || terminal.sandbox.path("was-there").exists());
    terminal.interrupt();
    terminal.is_free_again();
}

/// A few hundred processes that start another when they die. A count on disk limits their number,
/// so that the machine survives a program that does not end them.
const BOMB: &str = r#"
[ "$(wc -c <count)" -lt 600 ] || exit 0
printf x >>count
trap 'sh bomb.sh & exit' TERM HUP
sh bomb.sh & sh bomb.sh &
while :; do sleep 1; done
"#;

#[test]
fn a_bomb_of_bounded_size() {
    let agent = "run = 'sh bomb.sh & until [ $(wc -c <count) -ge 600 ]; do sleep 0.05; done'";
    let config = CONFIG.replace(r#"run = ["sh", "fake-agent.sh"]"#, agent);
    let config = config.replace("test -e \"made/$WORKLOOP_TASK_ID\"", "true");
    let (list, _) = flat_queue(1);
    let sandbox = Sandbox::new()
        .config(&config.replace(r#"timeout = "30s""#, r#"timeout = "5m""#))
        .queue("q.json", &list)
        .file("bomb.sh", BOMB)
        .file("count", "");
    let ran = sandbox.run(["run", "q.json"]);
    let started = fs::read(sandbox.path("count")).unwrap_or_default().len();
    assert!(started >= 600, "only {started} processes: {ran}");
    sandbox.nothing_left();
    assert_eq!(ran.status, 0, "{ran}");
}
