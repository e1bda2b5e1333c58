//! Measures the time from a completed dependency in another queue to the start of its dependent.

use super::Plan;
use super::overhead::replace;
use super::report::{Report, Target};
use super::sample::{Sample, pause, time};
use super::scratch::{Scratch, WORKLOOP, id, queue};
use std::fs;
use std::time::{Duration, Instant};

const CONFIG: &str = "[agents.default]\nrun = [\"touch\", \"started-{id}\"]\n\n[[verify]]\n\
                      name = \"check\"\nrun = [\"true\"]\n";
const TASKS: usize = 400;

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    let scratch = Scratch::new();
    scratch.put("workloop.toml", CONFIG.as_bytes());
    let mut first = queue(TASKS, 200, |_| None);
    let path = scratch.put("a.json", first.as_bytes());
    scratch.put("b.json", queue(TASKS, 200, |number| Some(format!("a:{}", id(number)))).as_bytes());
    let words = ["run", "--when-empty", "wait", "b.json"];
    let mut waiting = scratch.command(WORKLOOP, &words).spawn().expect("a loop");
    pause(500);
    let mut delays = Vec::new();
    for number in 0..plan.times(100) {
        let task = format!("\"id\": \"{}\"", id(number));
        let at = first.find(&task).expect("the task");
        let status = at + first[at..].find("pending").expect("its status");
        first.replace_range(status..status + 7, "complete");
        let started = scratch.file(&format!("started-{}", id(number)));
        replace(&path, first.as_bytes());
        let begin = Instant::now();
        while !started.exists() {
            assert!(begin.elapsed() < Duration::from_secs(20), "never started");
            std::thread::sleep(Duration::from_micros(50));
        }
        delays.push(begin.elapsed().as_secs_f64());
        let is_done = |text: &str| text.matches("\"passes\": true").count() > number;
        while !fs::read_to_string(scratch.file("b.json")).is_ok_and(|text| is_done(&text)) {
            pause(1);
        }
        pause(20);
    }
    drop(waiting.kill());
    drop(waiting.wait());
    let delays = Sample::new(delays);
    let shown = delays.shown();
    report.row("wake-up across queues, median, ms", &shown, delays.median() * 1e3, {
        Target::Most(10.0)
    });
    let late = delays.quantile(0.99);
    report.row("wake-up across queues, p99, ms", &time(late), late * 1e3, Target::Most(50.0));
}
