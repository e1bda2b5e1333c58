//! A separate pid namespace, so that the process table that a loop reads is the same in each run: a
//! program then makes the same calls each time.

use crate::chance::say;
use crate::processes;
use crate::sandbox::{Sandbox, holds_within};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Held while mounting or unmounting, and while a namespace is created, which copies all mounts.
pub(crate) fn mounts() -> MutexGuard<'static, ()> {
    static MOUNTS: Mutex<()> = Mutex::new(());
    MOUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A namespace whose programs see only each other. Everything in it ends with it.
pub(crate) struct Room {
    holder: Child,
    first: u32,
}

impl Room {
    /// Creates a namespace if that is allowed (root); prints a message if not.
    pub(crate) fn new() -> Option<Self> {
        // Its copy of other mounts must not keep those busy.
        let mounts = mounts();
        // The first process, a shell that waits, adopts all orphans here and so reaps them: with
        // hundreds of dead processes, a scan of the process table takes long.
        let first = "for at in $(cut -d' ' -f2 /proc/mounts | grep /workloop-e2e-); do \
                     umount $at; done; exec sh -c 'sleep infinity & wait'";
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", first]);
        let started = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().ok();
        let holder = started?;
        let mut room = Self { holder, first: 0 };
        let there = holds_within(Duration::from_secs(20), || {
            room.first = processes::children(room.holder.id()).first().copied().unwrap_or(0);
            let line = processes::command_line(room.first);
            line.split_once(": ")
                .is_some_and(|(_, line)| line.trim() == "sh -c sleep infinity & wait")
        });
        drop(mounts);
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

    /// Starts the programs of `sandbox` in this namespace.
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
