//! One run of three loops, step by step, over each kind of place.

use super::chance::Chance;
use super::end::End;
use super::schedule::settle;
use super::world::World;
use crate::store::tests::places::Kind;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Lets every loop make turns, some time later.
fn turns(world: &mut World) -> Result<(), String> {
    world.common.machine.pass(Duration::from_secs(2));
    (0..world.loops.len()).try_for_each(|at| world.turn(at))
}

fn task(world: &World, id: &str) -> Value {
    let queue = world.queue().unwrap_or_default();
    let tasks = queue["tasks"].as_array().cloned().unwrap_or_default();
    tasks.into_iter().find(|task| task["id"] == id).unwrap_or_default()
}

/// Returns the running attempts: the process of the loop, and the task.
fn attempts(world: &World) -> Vec<(u32, String)> {
    let all = world.common.hands.all();
    all.iter().map(|attempt| (attempt.owner, attempt.job.id.clone())).collect()
}

/// Returns which of the running attempts is the one of loop `pid`.
fn of(world: &World, pid: u32) -> usize {
    attempts(world).iter().position(|(owner, _)| *owner == pid).expect("an attempt")
}

fn edited(world: &mut World, edit: impl FnOnce(&mut Value)) {
    let mut queue = world.queue().expect("a queue");
    edit(&mut queue["tasks"]);
    world.put(&serde_json::to_vec_pretty(&queue).expect("JSON"));
}

fn run(world: &mut World) -> Result<(), String> {
    let needs = |id: &str, needs: &[&str]| {
        (id.to_owned(), needs.iter().map(|need| (*need).to_owned()).collect())
    };
    world.begin_with(&[
        needs("T0", &[]),
        needs("T1", &[]),
        needs("T2", &[]),
        needs("T3", &["T0"]),
        needs("T4", &["T1", "T2"]),
    ]);
    // Three loops with one slot each take one task each.
    (0..3).for_each(|_| world.enter_loop(1));
    turns(world)?;
    let loops: Vec<u32> = world.loops.iter().map(|it| it.pid).collect();
    let mut begun = attempts(world);
    begun.sort_unstable_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(begun.iter().map(|it| it.1.as_str()).collect::<Vec<_>>(), ["T0", "T1", "T2"]);
    (0..3).try_for_each(|at| world.start(at))?;

    // An edit beside attempts: the text is taken, the state is put back.
    edited(world, |tasks| {
        tasks[3]["status"] = json!("complete");
        tasks[4]["title"] = json!("better");
    });

    // While the queue is broken, an attempt ends. Its result is kept, and written afterwards.
    let whole = world.text();
    world.put(&whole[..whole.len() / 2]);
    world.whole = Some(whole.clone());
    let at = of(world, loops[1]);
    let done = attempts(world)[at].1.clone();
    world.end(at, End::Passes);
    turns(world)?;
    assert_eq!(world.text(), whole[..whole.len() / 2], "nothing is written over it");
    assert_eq!(attempts(world).len(), 2, "nothing is claimed");
    world.put(&whole);
    world.whole = None;
    turns(world)?;
    assert_eq!(task(world, &done)["status"], "complete");
    // The next write judges the edit.
    assert_eq!(task(world, "T3")["status"], "pending");
    assert_eq!(task(world, "T4")["title"], "better");

    // A loop dies. Its task is taken over once its supervisor has ended.
    let left = attempts(world)[of(world, loops[0])].1.clone();
    let at = world.loops.iter().position(|it| it.pid == loops[0]).expect("the loop");
    world.crash(at);
    turns(world)?;
    let claim = task(world, &left)["claim"]["worker"].as_str().unwrap_or_default().to_owned();
    assert!(claim.contains(&loops[0].to_string()), "it is still its claim: {claim}");
    let at = of(world, loops[0]);
    world.end(at, End::Interrupted);
    turns(world)?;
    turns(world)?;
    let again = attempts(world).into_iter().find(|(_, id)| *id == left);
    let claim = task(world, &left)["claim"]["worker"].as_str().unwrap_or_default().to_owned();
    assert!(!claim.contains(&loops[0].to_string()), "taken over: {claim} {again:?}");

    settle(world, &mut Chance::new(1))?;
    for id in ["T0", "T1", "T2", "T3", "T4"] {
        assert_eq!(task(world, id)["status"], "complete", "{id}");
    }
    assert_eq!(task(world, &left)["attempts"], 2);
    Ok(())
}

fn script(kind: Kind) {
    let start = Instant::now();
    let mut world = World::empty(kind, &[], 3);
    if let Err(why) = run(&mut world) {
        panic!("{why}\n{}\n{}", world.trace.join("\n"), world.journal().join("\n"));
    }
    println!("{kind:?}: {} steps in {:?}", world.trace.len(), start.elapsed());
}

#[test]
fn three_loops_over_files() {
    script(Kind::Files);
}

#[test]
fn three_loops_over_memory() {
    script(Kind::Memory);
}
