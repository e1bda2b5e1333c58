//! Queues that cannot be read or written for a while.

use super::WhenEmpty;
use super::ends::{interrupted, passes};
use super::outside::Outside;
use super::play::{Play, Ran, task};
use crate::platform::trouble::{self, Moment};
use serde_json::json;
use std::cell::Cell;
use std::io;
use std::rc::Rc;

/// Breaks the text of the queue; returns what repairs it.
fn breaks(at: &Outside) -> String {
    let whole = at.site.text("q.json");
    at.site.write("q.json", "{\"tasks\": [");
    whole
}

/// What a loop says about a queue whose text is broken.
fn broken(ran: &Ran) -> String {
    let path = ran.site.key("q.json");
    format!(
        "{}:1:12: error[syntax]: the file ends here; expected a value; attempts continue and their results are kept, \
         nothing is claimed until this is fixed",
        path.display()
    )
}

const WELL: &str = "the queue can be read and written again";

/// A run whose attempt at A ends like this while the queue is broken for so many waits.
fn while_broken(waits: usize, end: impl Fn(&Outside) + 'static) -> Play {
    let whole = Rc::new(Cell::new(String::new()));
    let kept = Rc::clone(&whole);
    Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(move |at| {
            kept.set(breaks(at));
            end(at);
        })
        .waits(waits)
        .then(move |at| at.site.write("q.json", &whole.take()))
}

#[test]
fn a_result_is_kept_until_the_queue_is_whole_again() {
    let ran = while_broken(200, |at| at.end("A", passes())).go();
    assert_eq!(ran.said("warning"), [broken(&ran), WELL.to_owned()], "both are said once");
    assert_eq!(ran.begun(), ["A in 0", "B in 0"]);
    assert_eq!(ran.end(), (0, "all 2 tasks are complete".to_owned()));
}

#[test]
fn an_attempt_goes_on_while_the_queue_is_broken() {
    let play = while_broken(5, |at| assert!(!at.is_cancelled("A")));
    let ran = play.then(|at| at.end("A", passes())).go();
    assert_eq!((ran.begun().len(), ran.end().0), (2, 0));
}

#[test]
fn a_loop_with_nothing_to_keep_gives_up_after_a_minute() {
    // The first look at the broken text is not counted among the waits.
    let ran = while_broken(30, |at| at.dies("A")).go();
    assert_eq!(ran.end().0, 0);
    let play = Play::new(json!([task("A"), task("B")])).stays("A").then(|at| {
        breaks(at);
        at.dies("A");
    });
    let began = std::time::Duration::from_secs(60);
    let clock = std::sync::Arc::clone(&play.site.clock);
    let before = crate::platform::clock::Clock::monotonic(&*clock);
    let ran = play.go();
    let error = ran.ended.as_ref().unwrap_err().to_string();
    let first = error.lines().next().unwrap();
    assert!(first.ends_with("q.json:1:12: error[syntax]: the file ends here; expected a value"));
    let lasted = crate::platform::clock::Clock::monotonic(&*clock) - before;
    assert!(lasted >= began && lasted.as_secs() <= 62, "{lasted:?}");
}

#[test]
fn a_loop_that_waits_for_work_waits_for_the_queue_as_well() {
    let mut play = while_broken(500, |at| at.dies("A")).waits(1).then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    let ran = play.go();
    assert_eq!(ran.end().0, 143);
    assert_eq!(ran.said("warning").last().map(String::as_str), Some(WELL));
}

#[test]
fn a_signal_ends_a_loop_whose_queue_is_broken_and_says_what_was_lost() {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(|at| {
            breaks(at);
            at.end("A", passes());
        })
        .waits(3)
        .then(|at| at.signal(15));
    let ran = play.go();
    assert_eq!(ran.end().0, 143);
    let [said, kept] = ran.said("warning").try_into().unwrap();
    assert_eq!(said, broken(&ran));
    let start = "the result of task A could not be written and is kept in ";
    let folder = kept.strip_prefix(start).unwrap().strip_suffix("; the task runs again").unwrap();
    assert!(std::path::Path::new(folder).join("verdict.json").is_file(), "{folder}");
}

#[test]
fn a_request_to_stop_ends_a_loop_whose_queue_is_broken() {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(|at| {
            breaks(at);
            at.dies("A");
        })
        .then(|at| at.ask("q.json", crate::store::control::Request::Stop));
    let ran = play.go();
    assert_eq!(ran.ending().reason.words(), Some("asked to stop"));
}

#[test]
fn each_trouble_is_said_once() {
    let play = Play::new(json!([task("A")]))
        .stays("A")
        .then(|at| at.site.write("q.json", "["))
        .waits(3)
        .then(|at| at.site.write("q.json", "{\"tasks\": {}}"))
        .waits(3)
        .then(|at| at.site.write("q.json", "["))
        .waits(3)
        .then(|at| at.end("A", interrupted()))
        .then(|at| at.signal(15));
    let said = play.go().said("warning");
    let places: Vec<bool> = [":1:2: ", ":1:11: ", ":1:2: "]
        .iter()
        .zip(&said)
        .map(|(at, text)| text.contains(at))
        .collect();
    assert_eq!((said.len(), places), (4, vec![true; 3]), "{said:#?}");
}

#[test]
fn a_full_disk_costs_no_result() {
    let (left, seen) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (fill, failed) = (Rc::clone(&left), Rc::clone(&seen));
    trouble::at_each_moment(move |moment| {
        if moment == Moment::Before && left.get() > 0 {
            left.set(left.get() - 1);
            seen.set(seen.get() + 1);
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    });
    let play = Play::new(json!([task("A"), task("B")])).stays("A").then(move |at| {
        at.end("A", passes());
        fill.set(4);
    });
    let ran = play.go();
    trouble::at_each_moment(|_| Ok(()));
    assert_eq!((failed.get(), ran.end().0), (4, 0));
    assert_eq!(ran.begun(), ["A in 0", "B in 0"], "nothing is done twice");
    let said = ran.said("warning");
    assert_eq!(said.last().map(String::as_str), Some(WELL));
    assert!(said[0].contains("no space left on device") || said[0].contains("storage"), "{said:?}");
}
