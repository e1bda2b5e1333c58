//! A namespace of processes of its own, in which the table of processes, which a loop reads, is the
//! same in each run: then a program makes the same calls each time.

use crate::chance::say;
use crate::processes;
use crate::sandbox::{Sandbox, holds_within};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Programs started in it see each other and nobody else. Everything in it ends with it.
pub(crate) struct Room {
    holder: Child,
    first: u32,
}

impl Room {
    /// Makes one where that is allowed (root); said loudly where not.
    pub(crate) fn new() -> Option<Self> {
        // Who ignores the end of its children need not reap them, and it gets all orphans in here.
        let first = "trap '' CHLD; exec sleep infinity";
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", first]);
        let started = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().ok();
        let holder = started?;
        let mut room = Self { holder, first: 0 };
        let there = holds_within(Duration::from_secs(5), || {
            room.first = processes::children(room.holder.id()).first().copied().unwrap_or(0);
            room.first > 0 && processes::command_line(room.first).contains("sleep infinity")
        });
        if !there || !room.works() {
            say("SKIPPED: a namespace of processes cannot be made here: fewer kills hit");
            return None;
        }
        Some(room)
    }

    fn works(&self) -> bool {
        let sandbox = self.furnish(Sandbox::new());
        sandbox.run(["--version"]).status == 0
    }

    /// Starts what `sandbox` starts in here.
    pub(crate) fn furnish(&self, mut sandbox: Sandbox) -> Sandbox {
        sandbox.room = Some(self.first);
        sandbox
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}
