//! Measures how soon a waiting loop starts a task of its queue after another process has completed
//! a task of another queue in another folder: `cargo bench --bench wakeup`.
//!
//! The time runs from the moment at which the completed queue file was written to the first action
//! of the dependent task's agent.

#![expect(clippy::print_stdout, reason = "a table on standard output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "it starts the program and writes its input files")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;
const TARGET: Duration = Duration::from_millis(100);

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    println!("{:<44} {:>8} {:>8} {:>8}", "a loop that", "least", "median", "most");
    for (what, flags) in [
        ("waits (--when-empty wait)", ["--when-empty", "wait"]),
        ("stays for the other (--when-empty exit)", ["--when-empty", "exit"]),
    ] {
        let mut times = (0..ROUNDS).map(|_| round(&flags)).collect::<Done<Vec<Duration>>>()?;
        times.sort();
        let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
        let (least, median, most) = (times[0], times[ROUNDS / 2], times[ROUNDS - 1]);
        let verdict = if most <= TARGET { "" } else { "  over the target" };
        println!("{what:<44} {:>8} {:>8} {:>8}{verdict}", ms(least), ms(median), ms(most));
    }
    println!("target: {} ms", TARGET.as_millis());
    Ok(())
}

fn round(flags: &[&str]) -> Done<Duration> {
    let folder = tempfile::tempdir()?;
    let top = folder.path();
    fs::create_dir_all(top.join("one"))?;
    fs::create_dir_all(top.join("other"))?;
    let task = |id: &str, needs: &str| {
        format!(
            "{{\"tasks\": [{{\"id\": \"{id}\", \"title\": \"{id}\", \"status\": \"pending\", \
             \"dependencies\": [{needs}]}}]}}\n"
        )
    };
    fs::write(top.join("one/q.json"), task("FIRST", ""))?;
    fs::write(top.join("other/q.json"), task("SECOND", "\"../one/q.json#FIRST\""))?;
    fs::write(
        top.join("workloop.toml"),
        "[agents.default]\nrun = 'case $WORKLOOP_TASK_ID in SECOND) : >second ;; \
         *) : >first; until [ -e go ]; do sleep 0.01; done ;; esac'\n",
    )?;
    let first = run(top, "one/q.json", &[])?;
    until(&top.join("first"))?;
    let second = run(top, "other/q.json", flags)?;
    // The waiting loop is ready once it has printed that.
    until_said(&top.join("other/q.json.err"))?;
    fs::write(top.join("go"), "")?;
    until(&top.join("second"))?;
    let started = fs::metadata(top.join("second"))?.modified()?;
    let completed = fs::metadata(top.join("one/q.json"))?.modified()?;
    for mut child in [first, second] {
        drop(child.kill());
        child.wait()?;
    }
    // A file's timestamp has the granularity of a tick: a start in the same tick counts as 0.
    Ok(started.duration_since(completed).unwrap_or_default())
}

fn run(top: &Path, queue: &str, flags: &[&str]) -> Done<Child> {
    let err = fs::File::create(top.join(format!("{queue}.err")))?;
    let child = Command::new(env!("CARGO_BIN_EXE_workloop"))
        .args(["run", "--no-verify", queue])
        .args(flags)
        .current_dir(top)
        .env("XDG_STATE_HOME", top.join("state"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(err)
        .spawn()?;
    Ok(child)
}

fn until(path: &Path) -> Done<()> {
    wait(|| path.exists())
}

fn until_said(path: &Path) -> Done<()> {
    wait(|| fs::read_to_string(path).is_ok_and(|text| text.contains("waiting")))
}

fn wait(mut holds: impl FnMut() -> bool) -> Done<()> {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        if Instant::now() > end {
            return Err("waited in vain".into());
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    Ok(())
}
