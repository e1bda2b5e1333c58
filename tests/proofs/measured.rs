//! Commands whose memory is measured.
//!
//! A command may take a given amount of memory: the system refuses any more, so that it ends with a
//! crash. It may also be given an amount of processor time, after which the system kills it. Only the command's own memory counts. The program text does not: how much of it is
//! resident differs between machines by 11 MB. Neither does memory that the allocator retains after
//! it was freed; it is configured to retain nothing large.
//!
//! The peak is measured for reports. The system adds the memory of the process that starts a
//! command to it, so commands are started by another instance of this test binary, which is small
//! because it runs a single test: [`measures`] reads a list from a file and records how each
//! command ended.

use crate::sandbox::{DEADLINE, Sandbox, holds_within};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use wait4::Wait4 as _;

/// Larger blocks are returned to the system at once (see mallopt(3)).
const KEPT: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "131072");
/// The memory that any command may take, whatever it reads: twice what it needs for one plain task,
/// and a few threads.
pub(crate) const PLAIN: u64 = 12 << 20;

/// The path of the list: set only for the small process.
const LIST: &str = "WORKLOOP_PROOF_MEASURE";

/// One command: the arguments of the program, and its stdin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) arguments: Vec<String>,
    pub(crate) input: Option<String>,
}

impl Asked {
    pub(crate) fn of(arguments: &[&str]) -> Self {
        Self { arguments: arguments.iter().map(|&word| word.to_owned()).collect(), input: None }
    }

    pub(crate) fn with(arguments: &[&str], input: &str) -> Self {
        Self { input: Some(input.to_owned()), ..Self::of(arguments) }
    }
}

/// What a command may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// Its memory, in bytes.
    pub(crate) memory: u64,
    /// Its processor time in seconds, if that is limited.
    pub(crate) seconds: Option<u64>,
}

impl Bound {
    /// A bound of memory only.
    pub(crate) fn memory(bytes: u64) -> Self {
        Self { memory: bytes, seconds: None }
    }
}

/// How a command ended.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) what: String,
    /// The exit status; 128 plus the number of the signal that ended it.
    pub(crate) status: i64,
    /// The peak memory, in bytes.
    pub(crate) peak: u64,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// The file `q.json` after it ended.
    pub(crate) queue: Option<Vec<u8>>,
    /// Whether there was a state folder afterwards.
    pub(crate) state: bool,
}

impl Measured {
    /// Returns what it printed on both streams.
    pub(crate) fn said(&self) -> String {
        let [out, err] = [&self.stdout, &self.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        format!("{out}{err}")
    }
}

/// Runs the commands one after the other in `sandbox`; each may take `most`.
#[track_caller]
pub(crate) fn measure(sandbox: &Sandbox, all: &[Asked], most: Bound) -> Vec<Measured> {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("list");
    let asked: Vec<Value> =
        all.iter().map(|one| json!({"arguments": one.arguments, "input": one.input})).collect();
    let work = json!({
        "program": sandbox.program, "folder": sandbox.path(""), "asked": asked,
        "variables": sandbox.variables, "most": most.memory >> 10,
        "seconds": most.seconds,
    });
    fs::write(&list, work.to_string()).expect("written");
    let mut small = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "measured::measures", "--test-threads", "1"])
        .env(LIST, &list)
        .stdout(Stdio::null())
        .spawn()
        .expect("this program starts");
    let mut status = None;
    let count = || {
        let noted = fs::read_to_string(folder.path().join("noted")).unwrap_or_default();
        noted.lines().count()
    };
    // Each command has its own deadline, independent of their number. On a busy machine, processor time
    // passes slowly.
    let deadline = DEADLINE + Duration::from_secs(10 * most.seconds.unwrap_or_default());
    let mut done = 0;
    while holds_within(deadline, || {
        status = small.try_wait().expect("a child");
        status.is_some() || count() > done
    }) && status.is_none()
    {
        done = count();
    }
    if status.is_none() {
        drop(small.kill());
        drop(small.wait());
    }
    assert!(status.is_some(), "it hangs: {:?}", all.get(done));
    let noted = fs::read_to_string(folder.path().join("noted")).unwrap_or_default();
    let done = noted.lines().count();
    assert!(done == all.len(), "only {done} of {} commands ran: {status:?}", all.len());
    let one = |(number, (line, asked)): (usize, (&str, &Asked))| {
        let ended: Value = serde_json::from_str(line).expect("JSON");
        let read = |name: &str| fs::read(folder.path().join(format!("{number}.{name}")));
        Measured {
            what: asked.arguments.join(" "),
            status: ended["status"].as_i64().unwrap_or(-1),
            peak: ended["peak"].as_u64().unwrap_or(u64::MAX),
            stdout: read("out").unwrap_or_default(),
            stderr: read("err").unwrap_or_default(),
            queue: read("queue").ok(),
            state: ended["state"].as_bool().unwrap_or(true),
        }
    };
    noted.lines().zip(all).enumerate().map(one).collect()
}

/// The small process; does nothing in a normal run of the tests.
#[test]
fn measures() {
    let Some(list) = std::env::var_os(LIST).map(PathBuf::from) else { return };
    let work: Value = serde_json::from_slice(&fs::read(&list).expect("there")).expect("JSON");
    let folder = list.parent().expect("a folder");
    for (number, asked) in work["asked"].as_array().expect("a list").iter().enumerate() {
        let line = one(&work, asked, &folder.join(number.to_string()));
        let mut noted = File::options().append(true).create(true).open(folder.join("noted"));
        let noted = noted.as_mut().expect("a file");
        std::io::Write::write_all(noted, format!("{line}\n").as_bytes()).expect("noted");
    }
}

/// Runs one command to its end; its streams and the queue are stored beside `base`.
fn one(work: &Value, asked: &Value, base: &Path) -> Value {
    use std::os::unix::process::ExitStatusExt as _;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let words = asked["arguments"].as_array().into_iter().flatten();
    let root = PathBuf::from(text(&work["folder"]));
    let stdin = asked["input"].as_str().map_or_else(Stdio::null, |input| {
        fs::write(base.with_extension("in"), input).expect("written");
        File::open(base.with_extension("in")).expect("there").into()
    });
    let pairs = work["variables"].as_array().into_iter().flatten();
    let seconds = work["seconds"].as_u64().map(|seconds| seconds.to_string());
    let mut child = Command::new("/bin/sh")
        .args(["-c", "ulimit -d \"$0\" && ulimit -t \"$1\" && shift && exec \"$@\""])
        .args([work["most"].to_string(), seconds.unwrap_or_else(|| "unlimited".to_owned())])
        .arg(text(&work["program"]))
        .args(words.map(text))
        .current_dir(&root)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &root)
        .env("XDG_STATE_HOME", root.with_file_name("state"))
        .envs([("LC_ALL", "C.UTF-8"), ("NO_COLOR", "1"), ("CI", "true"), KEPT])
        .envs(pairs.map(|pair| (text(&pair[0]), text(&pair[1]))))
        .stdin(stdin)
        .stdout(File::create(base.with_extension("out")).expect("a file"))
        .stderr(File::create(base.with_extension("err")).expect("a file"))
        .spawn()
        .expect("the program starts");
    let ended = child.wait4().expect("a child of this process");
    let status = ended.status.code().unwrap_or_else(|| 128 + ended.status.signal().unwrap_or(0));
    drop(fs::copy(root.join("q.json"), base.with_extension("queue")));
    json!({"status": status, "peak": ended.rusage.maxrss, "state": root.join(".workloop").exists()})
}

/// Tests the measurement itself: a program that needs memory is measured, and gets no more than its
/// limit.
#[test]
fn memory_is_seen() {
    let mut sandbox = Sandbox::new();
    sandbox.program = "/bin/sh".into();
    let hungry = "x=$(head -c 50000000 /dev/zero | tr '\\0' x); : \"$x\"";
    let all = [Asked::of(&["-c", ":"]), Asked::of(&["-c", hungry])];
    let measured = measure(&sandbox, &all, Bound::memory(1 << 30));
    let [little, much] = [measured[0].peak, measured[1].peak];
    assert!(little < 16 << 20, "{little} bytes of a shell that does nothing");
    assert!(much > 48 << 20, "{much} bytes of a shell that holds 50 MB");
    assert_eq!((measured[0].status, measured[1].status), (0, 0));
    let refused = measure(&sandbox, &all, Bound::memory(PLAIN));
    assert_eq!(refused[0].status, 0, "{:?}", refused[0]);
    assert!(refused[1].status != 0 || !cfg!(target_os = "linux"), "{:?}", refused[1].said());
}
