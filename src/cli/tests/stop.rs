//! `stop`, `pause` and `resume`: requests to loops.

use super::house::{beside_broken, house, two_houses};
use super::sandbox::Sandbox;
use serde_json::{Value, json};

/// Returns the names of the events and their queues.
fn noted(sandbox: &Sandbox) -> Vec<(Value, Value)> {
    let of = |event: &Value| (event["event"].clone(), event["queue"].clone());
    sandbox.events().iter().map(of).collect()
}

fn row(event: &str, queue: &str) -> (Value, Value) {
    (json!(event), json!(queue))
}

/// Returns what `status` says about B.
fn state(sandbox: &Sandbox) -> String {
    let text = sandbox.reads("status queues/q.json").printed();
    let line = text.lines().find(|line| line.contains("Raise the walls")).expect(&text);
    line.split_whitespace().next().expect("a word").to_owned()
}

#[test]
fn a_request_is_made_recorded_and_withdrawn() {
    let house = house();
    assert_eq!(state(&house), "ready");
    let text = "asked to pause: q (0 loops alive in DIR/queues)\n";
    assert_eq!(house.run("pause").printed(), text);
    assert_eq!(state(&house), "waiting", "nothing is claimed meanwhile");
    assert_eq!(house.run("resume").printed(), "asked to continue: q\n");
    assert_eq!(state(&house), "ready");
    assert_eq!(house.run("resume").printed(), "nothing was stopped or paused: q\n");
    assert_eq!(house.run("stop").printed(), "asked to stop: q (0 loops alive in DIR/queues)\n");
    assert_eq!(state(&house), "ready", "only loops that run now exit");
    assert_eq!(house.run("resume queues/q.json").printed(), "asked to continue: q\n");
    assert_eq!(
        noted(&house),
        [
            row("paused", "q.json"),
            row("resumed", "q.json"),
            row("stopped", "q.json"),
            row("resumed", "q.json"),
        ]
    );
}

#[test]
fn the_queue_itself_is_not_written() {
    let house = house();
    let before = house.text("queues/q.json");
    for line in ["pause", "stop", "resume", "pause --all", "resume --all"] {
        assert_eq!(house.run(&format!("{line} -q")).printed(), "", "{line}");
        assert_eq!(house.text("queues/q.json"), before, "{line}");
    }
}

#[test]
fn without_a_loop_there_is_nothing_to_wait_for() {
    let house = house();
    for verb in ["stop", "pause"] {
        let text = format!("asked to {verb}: q (0 loops alive in DIR/queues)\n");
        assert_eq!(house.run(&format!("{verb} --wait --timeout 1h")).printed(), text);
        assert_eq!(house.run("resume -q").printed(), "");
        let err = house.reads(&format!("{verb} --timeout 1s")).failed(2);
        assert!(err.contains("\n  --wait\n"), "{err}");
        let err = house.reads(&format!("{verb} --wait --timeout soon")).failed(2);
        assert!(err.starts_with("error: invalid value 'soon' for '--timeout <TIME>': "), "{err}");
    }
}

#[test]
fn a_stop_of_paused_loops_says_that_they_exit_after_resume() {
    let house = house();
    house.run("pause").printed();
    let ran = house.run("stop");
    assert_eq!(
        (ran.exit, ran.out.as_str()),
        (0, "asked to stop: q (0 loops alive in DIR/queues)\n")
    );
    assert_eq!(ran.err, "paused loops exit only after workloop resume\n");
    assert_eq!(house.run("stop -q").printed(), "");
    assert_eq!(house.run("resume").printed(), "asked to continue: q\n");
    assert_eq!(house.run("resume").printed(), "nothing was stopped or paused: q\n", "both at once");
}

#[test]
fn all_queues_of_a_folder_are_asked_together_and_withdrawn_together() {
    let both = two_houses();
    let text = "error: failed to choose a queue: there are 2:\n  queues/q.json\n  \
                queues/two.json\nhint: name one, or list those to serve under queues in \
                workloop.toml\n";
    let unlisted = two_houses().config("");
    for verb in ["stop", "pause", "resume"] {
        unlisted.refuses(verb, 2, text);
    }
    let asked = "asked to pause: all queues (0 loops alive in DIR/queues)\n";
    assert_eq!(both.run("pause --all").printed(), asked);
    assert_eq!(state(&both), "waiting");
    let ran = both.run("resume queues/two.json");
    assert_eq!((ran.exit, ran.out.as_str()), (0, "nothing was stopped or paused: two\n"));
    let held = "all queues of this folder are still stopped or paused: workloop resume --all\n";
    assert_eq!(ran.err, held);
    assert_eq!(state(&both), "waiting");
    assert_eq!(both.run("resume --all").printed(), "asked to continue: q, two\n");
    assert_eq!(state(&both), "ready");
    assert_eq!(both.run("stop").printed(), "asked to stop: q, two (0 loops alive in DIR/queues)\n");
}

#[test]
fn queues_of_several_folders_have_a_line_each() {
    let sandbox = Sandbox::empty()
        .file("a/q.json", "[]")
        .file("b/r.json", "[]")
        .config("queues = [\"a/q.json\", \"b/r.json\"]\n");
    let text =
        "asked to stop: q (0 loops alive in DIR/a)\nasked to stop: r (0 loops alive in DIR/b)\n";
    assert_eq!(sandbox.run("stop").printed(), text);
    assert_eq!(sandbox.run("resume b/r.json").printed(), "asked to continue: r\n");
    assert_eq!(sandbox.run("resume").printed(), "asked to continue: q, r\n");
}

#[test]
fn a_broken_queue_does_not_keep_its_loops_from_being_stopped() {
    let house = beside_broken("{");
    for (line, out) in [
        ("stop broken.json", "asked to stop: broken (0 loops alive in DIR)\n"),
        ("resume broken.json", "asked to continue: broken\n"),
    ] {
        let ran = house.run(line);
        assert_eq!((ran.exit, ran.out.as_str()), (0, out), "{line}");
        let warning = "warning: not recorded in the journal: broken.json:1:2: error[syntax]: the file \
                       ends here; expected a key in double quotes\n1 | {\n  |  ^\n";
        assert_eq!(ran.err, warning, "{line}");
    }
}

#[test]
fn a_request_that_is_no_file_is_named_and_left_alone() {
    let house = house();
    house.run("pause").printed();
    let folder = house.path("queues/.workloop");
    let found = std::fs::read_dir(&folder).expect("a folder");
    let names: Vec<String> = found
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let name = names.iter().find(|name| name.contains("pause")).expect("a request");
    std::fs::remove_file(folder.join(name)).expect("removed");
    std::fs::create_dir(folder.join(name)).expect("a folder");
    let ran = house.run("resume");
    assert_eq!((ran.exit, ran.out.as_str()), (0, "nothing was stopped or paused: q\n"));
    let start = "warning: not a request file, not removed: ";
    assert!(ran.err.starts_with(start) && ran.err.contains(name.as_str()), "{}", ran.err);
    assert!(folder.join(name).is_dir());
}

#[test]
fn a_queue_that_is_nowhere_is_refused() {
    let house = house();
    for verb in ["stop", "pause", "resume"] {
        house.refuses(
            &format!("{verb} nope.json"),
            2,
            "error: failed to find the queue nope.json\n",
        );
        house.refuses(&format!("{verb} A"), 2, "error: failed to find the queue A\n");
        house.refuses(&format!("{verb} --project p"), 2, "error: there is no project p\n");
    }
}
