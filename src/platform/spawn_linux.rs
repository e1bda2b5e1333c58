//! The C library's fast way to start a program in a session of its own: the new process borrows our
//! memory until it runs the program, instead of getting a copy of it.

use super::Start;
use rustix::fs::{Access, access};
use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr::null_mut;

/// Starts the command; `None` when that is better left to the ordinary way, which also says what
/// is wrong with it.
pub(super) fn start(start: &Start<'_>) -> Option<u32> {
    let program = program(start)?;
    let path = text(program.as_os_str().as_bytes())?;
    let argv: Vec<CString> =
        start.argv.iter().map(|word| text(word.as_bytes())).collect::<Option<_>>()?;
    // Of a variable that stands twice the last one counts.
    let env: BTreeMap<_, _> = start.env.iter().map(|(name, value)| (name, value)).collect();
    let variable = |(name, value): (&OsString, &OsString)| {
        text(&[name.as_bytes(), b"=", value.as_bytes()].concat())
    };
    let env: Vec<CString> = env.into_iter().map(variable).collect::<Option<_>>()?;
    let plan = Plan::new(start)?;
    plan.spawn(&path, &pointers(&argv), &pointers(&env)).ok()
}

/// The file that `start` runs, when that is beyond doubt: by its path, or the first of that name in
/// the folders of its `PATH`.
fn program(start: &Start<'_>) -> Option<PathBuf> {
    let name = start.argv.first()?;
    let runs = |path: &PathBuf| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if name.as_bytes().contains(&b'/') {
        return Some(start.dir.join(name)).filter(runs);
    }
    let (_, path) = start.env.iter().rev().find(|(name, _)| name == "PATH")?;
    for folder in std::env::split_paths(path) {
        if !folder.is_absolute() {
            return None;
        }
        let found = folder.join(name);
        if runs(&found) {
            return Some(found);
        }
    }
    None
}

fn text(bytes: &[u8]) -> Option<CString> {
    CString::new(bytes).ok()
}

/// As the system wants lists: pointers, and a null one at the end.
fn pointers(texts: &[CString]) -> Vec<*mut libc::c_char> {
    texts.iter().map(|text| text.as_ptr().cast_mut()).chain([null_mut()]).collect()
}

/// What is done in the new process before the program runs.
struct Plan {
    attributes: libc::posix_spawnattr_t,
    actions: libc::posix_spawn_file_actions_t,
    /// Lives as long as the actions, which point to it.
    _folder: CString,
}

impl Plan {
    #[expect(unsafe_code, reason = "the C library's lists are built by its functions")]
    fn new(start: &Start<'_>) -> Option<Self> {
        let folder = text(start.dir.as_os_str().as_bytes())?;
        let files = [&start.stdin, &start.stdout, &start.stderr].map(|file| file.as_raw_fd());
        if files.iter().any(|file| *file < 3) {
            return None; // one could overwrite another
        }
        let flags = libc::POSIX_SPAWN_SETSID
            | libc::POSIX_SPAWN_SETSIGMASK as libc::c_short
            | libc::POSIX_SPAWN_SETSIGDEF as libc::c_short;
        let mut attributes = MaybeUninit::uninit();
        let mut actions = MaybeUninit::uninit();
        let mut none = MaybeUninit::uninit();
        let mut pipe = MaybeUninit::uninit();
        // SAFETY: each `init` and `sigemptyset` fills in what it is given and cannot fail on Linux
        // (they set fields); only filled in values are used afterwards. The other calls are given
        // pointers to values that live until they return, and what the actions keep (the name of
        // the folder) lives as long as they do.
        unsafe {
            libc::sigemptyset(none.as_mut_ptr());
            libc::sigemptyset(pipe.as_mut_ptr());
            libc::sigaddset(pipe.as_mut_ptr(), libc::SIGPIPE);
            libc::posix_spawnattr_init(attributes.as_mut_ptr());
            libc::posix_spawn_file_actions_init(actions.as_mut_ptr());
            let mut plan = Self {
                attributes: attributes.assume_init(),
                actions: actions.assume_init(),
                _folder: folder,
            };
            let (attributes, actions) = (&raw mut plan.attributes, &raw mut plan.actions);
            let mut failed = libc::posix_spawnattr_setflags(attributes, flags);
            // Ours ignores it, and blocks what it waits for.
            failed |= libc::posix_spawnattr_setsigmask(attributes, none.as_ptr());
            failed |= libc::posix_spawnattr_setsigdefault(attributes, pipe.as_ptr());
            failed |= libc::posix_spawn_file_actions_addchdir_np(actions, plan._folder.as_ptr());
            for (file, number) in files.into_iter().zip(0..) {
                failed |= libc::posix_spawn_file_actions_adddup2(actions, file, number);
            }
            (failed == 0).then_some(plan)
        }
    }

    #[expect(unsafe_code, reason = "the call wants pointers")]
    fn spawn(
        &self,
        path: &CString,
        argv: &[*mut libc::c_char],
        env: &[*mut libc::c_char],
    ) -> io::Result<u32> {
        let mut pid = 0;
        // SAFETY: both lists end with a null pointer, and what they point to outlives the call,
        // which changes none of it; the plan was filled in by `new`.
        let failed = unsafe {
            libc::posix_spawn(
                &raw mut pid,
                path.as_ptr(),
                &raw const self.actions,
                &raw const self.attributes,
                argv.as_ptr(),
                env.as_ptr(),
            )
        };
        if failed == 0 {
            u32::try_from(pid).map_err(io::Error::other)
        } else {
            Err(io::Error::from_raw_os_error(failed))
        }
    }
}

impl Drop for Plan {
    #[expect(unsafe_code, reason = "the C library frees what it made")]
    fn drop(&mut self) {
        // SAFETY: both were filled in by `new`, and are not used again.
        unsafe {
            libc::posix_spawn_file_actions_destroy(&raw mut self.actions);
            libc::posix_spawnattr_destroy(&raw mut self.attributes);
        }
    }
}
