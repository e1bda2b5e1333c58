//! A git that does harm at one of its calls: it kills its caller before, during or in the middle of
//! it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What happens at a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// Nothing, but each call is traced.
    Traced,
    /// The caller dies, and git does not start.
    Before,
    /// The caller dies, and git continues.
    Beside,
    /// Git dies before the n-th system call of that name, and the caller with it.
    Both(String, usize),
    /// Git alone dies there.
    Git(String, usize),
}

/// Calls with which git changes visible state.
pub(super) const CHANGES: &str = "rename,unlink,rmdir,mkdir,link,symlink,openat,write,ftruncate";

/// Returns the arguments of each call of the git in `folder`, in the order of their numbers.
pub(super) fn calls(folder: &Path) -> Vec<String> {
    let call = |number: usize| fs::read_to_string(folder.join(format!("call.{number}"))).ok();
    (1..).map_while(call).collect()
}

/// Creates a git in `folder` that does `harm` at its call number `at`.
pub(super) fn git(folder: &Path, at: usize, harm: &Harm) -> PathBuf {
    let real = super::git();
    let (real, here) = (real.display(), folder.display());
    let strace = |call: &str, number: &usize| {
        format!(
            "strace -qq -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={number} {real} \"$@\""
        )
    };
    let harmed = match harm {
        Harm::Traced => {
            format!("exec strace -qq -o {here}/trace.$n -e trace={CHANGES} {real} \"$@\"")
        }
        Harm::Before => "kill -9 $PPID; exit 1".to_owned(),
        Harm::Beside => format!("kill -9 $PPID; exec {real} \"$@\""),
        Harm::Both(call, number) => {
            format!("{} || true; kill -9 $PPID; exit 1", strace(call, number))
        }
        Harm::Git(call, number) => format!("exec {}", strace(call, number)),
    };
    let here_only = if *harm == Harm::Traced {
        String::new()
    } else {
        format!("[ $n = {at} ] || exec {real} \"$@\"\n")
    };
    // Calls may run at the same time: whoever creates the file of a number has that number.
    let number = format!(
        "read n <{here}/count\nset -C\n\
         until {{ echo \"$*\" >{here}/call.$((n = n + 1)); }} 2>/dev/null; do :; done\n\
         set +C\necho $n >{here}/count\n"
    );
    let script = format!("#!/bin/sh\n{number}{here_only}touch {here}/harmed\n{harmed}\n");
    fs::write(folder.join("count"), "0\n").expect("written");
    let program = folder.join("git");
    // Not by this process: another thread could start a program while the file is open.
    let text = folder.join("git.text");
    fs::write(&text, script).expect("written");
    fs::set_permissions(&text, fs::Permissions::from_mode(0o755)).expect("set");
    super::sh(folder, "rm -f git harmed call.*; cp -p git.text git");
    program
}
