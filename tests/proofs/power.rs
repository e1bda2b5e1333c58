//! Power cuts on a separate ext4: the file system is shut down without writing anything back at the
//! moment a transition was acknowledged, and mounted again. `WORKLOOP_PROOF_ROUNDS` makes it
//! longer. Needs root, a loop device and `mkfs.ext4`; otherwise prints `SKIPPED` to stderr.

use crate::chance::{counted, number, say};
use crate::room::mounts;
use crate::sandbox::{Sandbox, queue};
use crate::twin::twin;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `EXT4_IOC_SHUTDOWN` with `NOLOGFLUSH`: what the journal of the file system has not written to
/// disk is lost, as after a power cut.
const CUT: &str = "import fcntl,os,struct,sys; \
                   fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587d,struct.pack('I',2))";

/// How many cuts the short run makes, and the long one.
const SHORT: u64 = 40;
const LONG: usize = 1000;

struct Disk {
    sandbox: Sandbox,
    mount: PathBuf,
}

impl Disk {
    /// Creates a file system in a file, mounted beside the sandbox's folder.
    fn new() -> Option<Self> {
        let sandbox = Sandbox::new();
        let made = "mkdir -p ../disk && truncate -s 32M ../image && mkfs.ext4 -q -F ../image && \
                    mount -o loop ../image ../disk && test -n \"$(python3 -c 'print(1)')\"";
        let _mounts = mounts();
        let works = rustix::process::geteuid().is_root() && sandbox.shell(made);
        let mount = sandbox.path("../disk");
        if !works {
            say("SKIPPED: power cuts need root, loop devices, mkfs.ext4 and python3");
            return None;
        }
        Some(Self { sandbox, mount })
    }

    fn cut(&self) {
        let cut = Command::new("python3").args(["-c", CUT]).arg(&self.mount).status();
        assert!(cut.is_ok_and(|status| status.success()), "the file system shuts down");
        let _mounts = mounts();
        assert!(self.sandbox.shell("umount ../disk && mount -o loop ../image ../disk"));
    }

    /// Runs rounds in which a task is added and acknowledged and the power is cut. Returns what was
    /// lost.
    fn rounds(&self, program: &Path, fault: &str, rounds: u64) -> Vec<String> {
        let text = queue(&[("A", &[])]).to_string();
        fs::write(self.mount.join("q.json"), text).expect("written");
        self.sandbox.shell("sync");
        let mut lost = Vec::new();
        for round in 0..rounds {
            let path = self.mount.join("q.json").display().to_string();
            let id = format!("P{round}");
            let title = format!("Round {round}");
            let arguments = ["add", "--id", &id, "--title", &title, &path];
            let variables = [("WORKLOOP_FAULT", fault)];
            self.sandbox.spawn_as(program, &variables, &arguments).ends().exits(0);
            self.cut();
            let bytes = fs::read(&path).unwrap_or_default();
            let queue: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let tasks = queue["tasks"].as_array().cloned().unwrap_or_default();
            if !tasks.iter().any(|task| task["id"] == id.as_str()) {
                lost.push(format!("{id} was acknowledged and is gone"));
                if tasks.is_empty() {
                    break;
                }
            }
        }
        lost
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _mounts = mounts();
        self.sandbox.shell("umount ../disk");
    }
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let Some(disk) = Disk::new() else { return };
    let rounds = number("WORKLOOP_PROOF_ROUNDS").unwrap_or(SHORT);
    counted("power cuts", usize::try_from(rounds).expect("a number"), LONG);
    assert_eq!(disk.rounds(&disk.sandbox.program, "", rounds), Vec::<String>::new());
    let Some(program) = twin() else { return };
    let lost = disk.rounds(program, "no-dir-sync", 5);
    say(&format!("power: {rounds} cuts, nothing lost; no-dir-sync: {} of 5", lost.len()));
    assert!(!lost.is_empty(), "no-dir-sync was not noticed");
}
