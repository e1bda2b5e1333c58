//! Runs one hot path a number of times, so that `benches/check` can count its instructions.
//!
//!     instructions PATH TIMES
//!
//! Everything is the same in every run, so two counts differ only by the code.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark ends where it cannot measure")]

use chrono::{DateTime, Utc};
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use workloop::domain::{Field, Status, Task, TaskId, Transition, apply};
use workloop::plan::{
    Agents, Conditions, EstimateRules, Estimates, Graph, Order, QueueTasks, best, readiness,
};
use workloop::queue::Queue;

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (Some(path), Some(times)) = (words.next(), words.next()) else {
        // `cargo bench` without arguments runs every target.
        return;
    };
    let times: usize = times.parse().expect("TIMES is a number");
    match path.as_str() {
        "read" => read(times),
        "reread" => reread(times),
        "change" => change(times),
        "pick" => pick(times),
        other => panic!("there is no path {other}: read, reread, change or pick"),
    }
}

/// Returns a queue of tasks of about 1 KB, as in `benches/speed`.
fn text(count: usize) -> String {
    let fill = "Words about it. ".repeat(55);
    let mut text = "{\n  \"project\": \"bench\",\n  \"tasks\": [\n".to_owned();
    for number in 0..count {
        let comma = if number + 1 == count { "" } else { "," };
        let _ok = writeln!(
            text,
            "    {{\n      \"id\": \"T-{number:06}\",\n      \"title\": \"Task {number}\",\n      \
             \"description\": \"{fill}\",\n      \"status\": \"pending\",\n      \
             \"priority\": {},\n      \"dependencies\": []\n    }}{comma}",
            number % 5,
        );
    }
    text.push_str("  ]\n}\n");
    text
}

fn parse(text: &str) -> Queue {
    Queue::parse(Path::new("q.json"), text.as_bytes().to_vec()).expect("a queue")
}

/// Reads a queue of 1,000 tasks and finds one.
fn read(times: usize) {
    let text = text(1_000);
    for _ in 0..times {
        let queue = parse(&text);
        assert_eq!(black_box(&queue).index_of("T-000777"), Some(777));
    }
}

/// Reads a queue of 1,000 tasks again after another process changed one of them.
fn reread(times: usize) {
    let one = text(1_000);
    let other = one.replacen("Task 500\"", "Task five hundred\"", 1);
    let mut queue = parse(&one);
    for number in 0..times {
        let text = if number % 2 == 0 { &other } else { &one };
        queue.reread(text.as_bytes().to_vec()).expect("a queue");
        assert_eq!(black_box(&queue).index_of("T-000777"), Some(777));
    }
}

/// Makes a transition of one of 1,000 tasks and collects the text.
fn change(times: usize) {
    let mut queue = parse(&text(1_000));
    for number in 0..times {
        let parked = queue.tasks()[500].status == Status::Parked;
        let transition = if parked { Transition::Unpark } else { Transition::Park };
        let now = DateTime::from_timestamp(1_700_000_000 + number as i64, 0).expect("a time");
        let changes = apply(&queue.tasks()[500], &transition, now).expect("a legal transition");
        queue.apply(500, &changes).expect("a change");
        queue.refresh(now);
        black_box(queue.to_bytes());
    }
}

/// Finds the first task to start among 10,000: graph, readiness, ranking.
fn pick(times: usize) {
    let id = |number: usize| format!("T-{number:06}");
    let task = |number: usize| {
        let mut task = Task::new(TaskId::new(&id(number)).expect("an id"));
        let near = [7, 13, 101]
            .into_iter()
            .filter(|step| !number.is_multiple_of(*step) && number >= *step);
        task.set_list(Field::Dependencies, near.map(|step| id(number - step)));
        task.priority = Some((number % 5) as i64);
        task.set_list(Field::Files, [format!("src/part{}/file{number}.rs", number % 50)]);
        task
    };
    let tasks: Vec<Task> = (0..10_000).map(task).collect();
    let queues = [QueueTasks {
        name: "q",
        path: Path::new("/project/q.json"),
        root: Path::new("/project"),
        tasks: &tasks,
        phases: &[],
    }];
    for _ in 0..times {
        let graph = Graph::build(&queues);
        let conditions = Conditions::at(DateTime::<Utc>::UNIX_EPOCH, Agents::plain(&queues));
        let ready = readiness(&graph, &queues, &conditions);
        let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
        let order = Order::new(&graph, &queues, &estimates);
        assert!(black_box(best(&ready, &order, |_| true)).is_some());
    }
}
