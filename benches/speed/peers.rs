//! Measures the same work done by other programs: `true` many times, one after another.
//!
//! This program verifies and durably records each task; the peers do not.

use super::Plan;
use super::report::{Report, Target};
use super::sample::{Sample, seconds};
use super::scratch::{Scratch, WORKLOOP, id, is_installed, queue};
use std::cell::Cell;
use std::fmt::Write as _;

/// A program, the target of our ratio to it, and how it does `count` tasks in a folder; chained, if
/// it supports dependencies.
type Peer = (&'static str, Target, fn(&Scratch, usize, bool) -> bool);

const PEERS: [Peer; 7] = [
    ("make", Target::Most(6.0), make),
    ("ninja", Target::Most(6.0), ninja),
    ("xargs", Target::None, xargs),
    ("nq", Target::Most(3.0), nq),
    ("tsp", Target::Most(3.0), tsp),
    ("parallel", Target::Most(1.0), parallel),
    ("pueue", Target::Most(0.02), pueue),
];

/// How often each does its work; the median counts.
const TIMES: usize = 3;

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    for (name, count, chained) in [("independent", 500, false), ("chained", 200, true)] {
        let count = plan.times(count);
        let needs = |number: usize| (chained && number > 0).then(|| id(number - 1));
        let text = queue(count, 200, needs);
        let ours = || {
            let scratch = Scratch::with_text(&text);
            seconds(|| scratch.run(WORKLOOP, &["run", "q.json"]))
        };
        let there: Vec<&Peer> =
            PEERS.iter().filter(|(program, ..)| is_installed(program)).collect();
        // The time of a peer that failed is meaningless.
        let failed: Vec<Cell<bool>> = there.iter().map(|_| Cell::new(false)).collect();
        let mut works: Vec<Box<dyn FnMut() -> f64>> = vec![Box::new(ours)];
        for ((program, _, run), failed) in there.iter().zip(&failed) {
            works.push(Box::new(move || {
                let scratch = Scratch::new();
                let mut done = false;
                let took = seconds(|| done = run(&scratch, part(program, count), chained));
                failed.set(failed.get() || !done);
                took
            }));
        }
        let samples = Sample::in_turn(TIMES, &mut works);
        let ours = samples[0].per(count);
        report.note(&format!("{count} {name} tasks, ours, a task"), &ours.shown());
        for (((program, target, _), failed), theirs) in there.iter().zip(&failed).zip(&samples[1..])
        {
            if !failed.get() {
                let count = part(program, count);
                let theirs = theirs.per(count);
                let what = format!("{count} {name} tasks, ours against {program}");
                report.row(&what, &theirs.shown(), ours.median() / theirs.median(), *target);
            }
        }
    }
}

/// Returns how many of `count` tasks a program does: a slow one does only a part.
fn part(program: &str, count: usize) -> usize {
    if program == "pueue" { count.min(20) } else { count }
}

fn ran(scratch: &Scratch, program: &str, words: &[&str]) -> bool {
    scratch.command(program, words).status().is_ok_and(|status| status.success())
}

fn make(scratch: &Scratch, count: usize, chained: bool) -> bool {
    let mut text = String::from("all:");
    (0..count).for_each(|number| text.push_str(&format!(" {}", id(number))));
    text.push_str("\n.PHONY: all\n");
    for number in 0..count {
        let needs = if chained && number > 0 { id(number - 1) } else { String::new() };
        let _ok = writeln!(text, "{}: {needs}\n\ttrue", id(number));
    }
    scratch.put("Makefile", text.as_bytes());
    ran(scratch, "make", &["-s"])
}

fn ninja(scratch: &Scratch, count: usize, chained: bool) -> bool {
    let mut text = String::from("rule r\n  command = true\n");
    for number in 0..count {
        let needs = if chained && number > 0 { id(number - 1) } else { String::new() };
        let _ok = writeln!(text, "build {}: r {needs}", id(number));
    }
    scratch.put("build.ninja", text.as_bytes());
    ran(scratch, "ninja", &["-j1", "--quiet"])
}

fn xargs(scratch: &Scratch, count: usize, _: bool) -> bool {
    let words: String = (0..count).map(|number| id(number) + "\n").collect();
    scratch.put("words", words.as_bytes());
    ran(scratch, "xargs", &["-a", "words", "-n", "1", "true"])
}

fn nq(scratch: &Scratch, count: usize, _: bool) -> bool {
    (0..count).all(|_| ran(scratch, "nq", &["-q", "true"])) && ran(scratch, "nq", &["-w"])
}

fn tsp(scratch: &Scratch, count: usize, _: bool) -> bool {
    let socket = scratch.file("socket");
    let tsp = |words: &[&str]| {
        let mut command = scratch.command("tsp", words);
        command.env("TS_SOCKET", &socket).status().is_ok_and(|status| status.success())
    };
    let done = (0..count).all(|_| tsp(&["-n", "true"])) && tsp(&["-w"]);
    tsp(&["-K"]) && done
}

fn parallel(scratch: &Scratch, count: usize, _: bool) -> bool {
    let words: String = (0..count).map(|number| id(number) + "\n").collect();
    scratch.put("words", words.as_bytes());
    ran(scratch, "parallel", &["--will-cite", "-j1", "--joblog", "log", "-a", "words", "true"])
}

fn pueue(scratch: &Scratch, count: usize, _: bool) -> bool {
    let pueue = |program: &str, words: &[&str]| {
        let mut command = scratch.command(program, words);
        let dirs = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"];
        command.envs(dirs.map(|name| (name, scratch.path())));
        command.status().is_ok_and(|status| status.success())
    };
    let done = pueue("pueued", &["-d"])
        && (0..count).all(|_| pueue("pueue", &["add", "true"]))
        && pueue("pueue", &["wait", "--quiet"]);
    pueue("pueue", &["shutdown"]) && done
}
