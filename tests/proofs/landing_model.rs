//! Landing as a small state machine, explored in every order of its steps: two loops, two tasks
//! whose changes passed, the queue, an entry for each, the target, and a person who has it checked
//! out and commits.
//!
//! Loops die at any moment, at most twice. Everything on the target was judged or is the person's.
//! The change of a complete task is on the target, once. A waiting change is given to no agent. No
//! commit of the person undoes what landed. A commit is identified by its content: a tree is a set
//! of the two changes and the person's work.

use std::collections::{HashSet, VecDeque};

/// How the machine is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    No,
    /// The target is set, wherever it is now.
    NoCompareAndSwap,
    /// A merge result lands without being judged.
    NoTreeIdentity,
    /// The target moves before the checkout of the person.
    RefFirst,
    /// A task is complete before its commit is on the target.
    CompletionFirst,
    /// A take-over gives a waiting change to an agent again.
    GivenToAgent,
    /// Recovery trusts an entry and does not check the target.
    EntryBelieved,
    /// A loop that loses the race restores the old checkout.
    CheckoutPutBack,
    /// Landings do not hold the landing lock.
    NoLandingLock,
}

/// A set of the changes `1`, `2` and of the person's work, `4`.
type Tree = u8;
const PERSON: Tree = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Commit {
    /// Its author: a change, or [`PERSON`].
    by: Tree,
    tree: Tree,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Task {
    /// Its change waits; a loop holds its claim, or none does.
    Waits(Option<usize>),
    Complete,
}

/// The state of its change according to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Entry {
    Waiting,
    /// The target is about to move from the first number of commits to a commit with this tree.
    Moving(usize, Tree),
    Landed,
    /// Its task is complete.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Loop {
    Dead,
    Idle,
    /// It has the landing lock, and lands this change.
    Has(usize),
    /// It has read the target: the number of commits, and the tree to land.
    Looked(usize, usize, Tree),
    /// The intent is in the entry.
    Intends(usize, usize, Tree),
    /// The checkout has the new files.
    Brought(usize, usize, Tree),
    /// The target has moved.
    Moved(usize),
    /// The lock is released, and the queue must be updated.
    Done(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    target: Vec<Commit>,
    /// The files that the person has.
    checkout: Tree,
    tasks: [Task; 2],
    entries: [Entry; 2],
    /// What passed, by change: bit n is the tree n.
    judged: [u8; 2],
    loops: [Loop; 2],
    lock: Option<usize>,
    crashes: u8,
    commits: u8,
    wrong: Option<&'static str>,
}

fn bit(change: usize) -> Tree {
    1 << change
}

type Next = Vec<(&'static str, State)>;

impl State {
    fn start() -> Self {
        Self {
            target: Vec::new(),
            checkout: 0,
            tasks: [Task::Waits(Some(0)), Task::Waits(Some(1))],
            entries: [Entry::Waiting; 2],
            // Each passed on the base.
            judged: [1 << bit(0), 1 << bit(1)],
            loops: [Loop::Idle; 2],
            lock: None,
            crashes: 2,
            commits: 2,
            wrong: None,
        }
    }

    fn tip(&self) -> Tree {
        self.target.last().map_or(0, |commit| commit.tree)
    }

    fn has_landed(&self, change: usize) -> bool {
        self.target.iter().any(|commit| commit.by == bit(change))
    }

    /// Returns every state that one step leads to, with the name of the step.
    fn steps(&self, broken: Broken) -> Next {
        let mut next = Vec::new();
        for who in 0..2 {
            if self.crashes > 0 && self.loops[who] != Loop::Dead {
                next.push(("loop dies", self.without(who)));
            }
            self.steps_of_loop(who, broken, &mut next);
        }
        if self.commits > 0 {
            // With everything in the checkout, as `git commit -a` does.
            let tree = self.checkout | PERSON;
            let mut more = Self { commits: self.commits - 1, checkout: tree, ..self.clone() };
            let undone = self.tip() & !tree;
            more.target.push(Commit { by: PERSON, tree });
            more.wrong = (undone != 0).then_some("a person's commit undoes what was there");
            next.push(("person commits", more));
        }
        next
    }

    fn without(&self, who: usize) -> Self {
        let mut dead = Self { crashes: self.crashes - 1, ..self.clone() };
        dead.loops[who] = Loop::Dead;
        if dead.lock == Some(who) {
            dead.lock = None;
        }
        for task in &mut dead.tasks {
            if *task == Task::Waits(Some(who)) {
                *task = Task::Waits(None);
            }
        }
        dead
    }

    fn to(&self, who: usize, state: Loop) -> Self {
        let mut next = self.clone();
        next.loops[who] = state;
        next
    }

    fn steps_of_loop(&self, who: usize, broken: Broken, next: &mut Next) {
        match self.loops[who] {
            Loop::Dead => next.push(("loop starts", self.to(who, Loop::Idle))),
            Loop::Idle => self.steps_of_idle(who, broken, next),
            Loop::Has(change) => next.extend(self.look(who, change, broken)),
            Loop::Looked(change, at, tree) => {
                let mut intends = self.to(who, Loop::Intends(change, at, tree));
                intends.entries[change] = Entry::Moving(at, tree);
                next.push(("intent", intends));
            }
            Loop::Intends(change, at, tree) if broken == Broken::RefFirst => {
                next.push(("move the target", self.move_target(who, (change, at, tree), broken)));
            }
            Loop::Intends(change, at, tree) => {
                let mut brought = self.to(who, Loop::Brought(change, at, tree));
                // What the person committed meanwhile stays.
                brought.checkout |= tree;
                next.push(("bring the checkout", brought));
            }
            Loop::Brought(_, _, tree) if broken == Broken::RefFirst => {
                let Loop::Brought(change, ..) = self.loops[who] else { return };
                let mut brought = self.to(who, Loop::Moved(change));
                brought.checkout |= tree;
                next.push(("bring the checkout", brought));
            }
            Loop::Brought(change, at, tree) => {
                next.push(("move the target", self.move_target(who, (change, at, tree), broken)));
            }
            Loop::Moved(change) => {
                let mut noted = self.to(who, Loop::Done(change));
                noted.entries[change] = Entry::Landed;
                noted.lock = None;
                next.push(("note", noted));
            }
            Loop::Done(change) => next.push(("complete", self.complete(who, change))),
        }
    }

    fn steps_of_idle(&self, who: usize, broken: Broken, next: &mut Next) {
        for change in 0..2 {
            match self.tasks[change] {
                Task::Waits(None) if broken == Broken::GivenToAgent => {
                    let mut given = self.clone();
                    given.wrong = Some("a change that waits is given to an agent");
                    next.push(("claim", given));
                }
                Task::Waits(None) => {
                    let mut adopted = self.clone();
                    adopted.tasks[change] = Task::Waits(Some(who));
                    next.push(("take over", adopted));
                }
                Task::Waits(Some(owner))
                    if owner == who && (self.lock.is_none() || broken == Broken::NoLandingLock) =>
                {
                    let mut locked = self.to(who, Loop::Has(change));
                    locked.lock = Some(who);
                    if broken == Broken::CompletionFirst {
                        locked.tasks[change] = Task::Complete;
                    }
                    next.push(("take the landing lock", locked));
                }
                Task::Waits(Some(_)) | Task::Complete => {}
            }
        }
    }

    /// Handles half-done landings first, then the change to land.
    fn look(&self, who: usize, change: usize, broken: Broken) -> Option<(&'static str, Self)> {
        let left = (0..2).find(|one| {
            let others = self.loops.iter().enumerate().any(|(other, state)| {
                let busy = matches!(state, Loop::Looked(c, ..) | Loop::Intends(c, ..)
                    | Loop::Brought(c, ..) | Loop::Moved(c) if c == one);
                other != who && busy
            });
            matches!(self.entries[*one], Entry::Moving(..)) && !others
        });
        if let Some(left) = left {
            return Some(("recover", self.recover(who, left, broken)));
        }
        if self.entries[change] == Entry::Landed || self.tip() & bit(change) != 0 {
            let mut done = self.to(who, Loop::Done(change));
            done.entries[change] = Entry::Landed;
            done.lock = None;
            return Some(("is there already", done));
        }
        let tree = self.tip() | bit(change);
        let passed = self.judged[change] & (1 << tree) != 0;
        if !passed && broken != Broken::NoTreeIdentity {
            let mut judged = self.clone();
            judged.judged[change] |= 1 << tree;
            return Some(("judge", judged));
        }
        Some(("look", self.to(who, Loop::Looked(change, self.target.len(), tree))))
    }

    fn recover(&self, who: usize, left: usize, broken: Broken) -> Self {
        let Entry::Moving(at, tree) = self.entries[left] else { return self.clone() };
        let mut next = self.clone();
        if self.has_landed(left) || self.tip() & bit(left) != 0 || broken == Broken::EntryBelieved {
            next.entries[left] = Entry::Landed;
        } else if self.target.len() == at && self.judged[left] & (1 << tree) != 0 {
            // Each step is idempotent.
            next.loops[who] = Loop::Looked(left, at, tree);
        } else {
            next.entries[left] = Entry::Waiting;
            next.checkout &= !(tree & !self.tip());
        }
        next
    }

    fn move_target(
        &self,
        who: usize,
        (change, at, tree): (usize, usize, Tree),
        broken: Broken,
    ) -> Self {
        let early = broken == Broken::RefFirst;
        let is_there = self.target.len() == at;
        if is_there || broken == Broken::NoCompareAndSwap {
            let then = if early { Loop::Brought(change, at, tree) } else { Loop::Moved(change) };
            let mut moved = self.to(who, then);
            moved.target.truncate(at);
            moved.target.push(Commit { by: bit(change), tree });
            if !is_there {
                moved.wrong = Some("what somebody put on the target is gone");
            }
            return moved;
        }
        // It starts again from the current target.
        let mut lost = self.to(who, Loop::Has(change));
        lost.entries[change] = Entry::Waiting;
        if broken == Broken::CheckoutPutBack {
            lost.checkout &= !bit(change);
        } else if !early {
            lost.checkout &= !(bit(change) & !self.tip());
        }
        lost
    }

    /// Requires the claim's token: only the current owner of the task writes the completion.
    fn complete(&self, who: usize, change: usize) -> Self {
        let mut done = self.to(who, Loop::Idle);
        if self.tasks[change] == Task::Waits(Some(who)) {
            done.tasks[change] = Task::Complete;
            done.entries[change] = Entry::Gone;
        }
        done
    }

    fn violation(&self) -> Option<&'static str> {
        for change in 0..2 {
            let times = self.target.iter().filter(|commit| commit.by == bit(change)).count();
            if times > 1 {
                return Some("a change landed twice");
            }
            if self.tasks[change] == Task::Complete && self.tip() & bit(change) == 0 {
                return Some("a complete task is not on the target");
            }
            let judged = |commit: &Commit| self.judged[change] & (1 << commit.tree) != 0;
            if self.target.iter().any(|commit| commit.by == bit(change) && !judged(commit)) {
                return Some("what landed was not judged");
            }
        }
        let quiet = self.loops.iter().all(|one| *one == Loop::Idle);
        let over = self.tasks == [Task::Complete; 2];
        if quiet && over && self.checkout != self.tip() {
            return Some("the person's files are not those of the target");
        }
        self.wrong
    }
}

/// Explores all states. Returns the number of states and of those in which everything is done, or
/// the path to the first violation.
fn explore(broken: Broken) -> Result<(usize, usize), String> {
    let mut seen = HashSet::from([State::start()]);
    let mut all = vec![(State::start(), usize::MAX, "start")];
    let mut left = VecDeque::from([0]);
    let mut over = 0;
    while let Some(at) = left.pop_front() {
        let state = all[at].0.clone();
        if let Some(violation) = state.violation() {
            let mut way = vec![violation];
            let mut step = at;
            while step != usize::MAX {
                way.push(all[step].2);
                step = all[step].1;
            }
            way.reverse();
            return Err(way.join(", "));
        }
        over += usize::from(state.tasks == [Task::Complete; 2]);
        for (name, next) in state.steps(broken) {
            if seen.insert(next.clone()) {
                all.push((next, at, name));
                left.push_back(all.len() - 1);
            }
        }
    }
    Ok((seen.len(), over))
}

#[test]
fn no_order_of_steps_lands_wrongly() {
    let explored = explore(Broken::No);
    crate::chance::say(&format!("model of landing: {explored:?}"));
    let enough = |(states, over): &(usize, usize)| *states > 1_000 && *over > 10;
    assert!(explored.as_ref().is_ok_and(enough), "{explored:?}");
}

#[test]
fn every_broken_landing_is_found() {
    for broken in [
        Broken::NoCompareAndSwap,
        Broken::NoTreeIdentity,
        Broken::RefFirst,
        Broken::CompletionFirst,
        Broken::GivenToAgent,
        Broken::EntryBelieved,
        Broken::CheckoutPutBack,
        Broken::NoLandingLock,
    ] {
        let explored = explore(broken);
        crate::chance::say(&format!("model of landing, {broken:?}: {explored:?}"));
        assert!(explored.is_err(), "{broken:?} is not found");
    }
}
