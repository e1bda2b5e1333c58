//! The protocol as a small state machine, explored in every order of its steps: two loops, one
//! task, a supervisor and an agent for each attempt, the queue file, the lock of the claim, the
//! journal.
//!
//! Every process may die at any moment, the folder of locks may be deleted, the file set back, the
//! task cancelled by a person. Two agents must never run at once, nothing acknowledged may be lost,
//! and nothing that is complete may run again. To add a step, add a line in [`State::steps`].

use std::collections::{HashSet, VecDeque};

/// How many attempts are explored.
const ATTEMPTS: usize = 4;

/// How the machine is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    No,
    /// Reading and writing the queue are two steps.
    NoLock,
    /// A result is written whoever has the task.
    TokenIgnored,
    /// A claim is taken over although its processes are alive.
    TakeOverByTime,
    /// A claim is taken over, or a new lock file trusted, without a scan of the processes.
    NoProcessScan,
    /// The lock of the claim belongs to the loop, and is released with it.
    LockOfTheLoop,
    /// What the journal records is not restored.
    NoRestore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Status {
    Pending,
    InProgress,
    Complete,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct File {
    status: Status,
    claim: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Loop {
    Dead,
    Idle,
    /// Only without the lock of the queue: it acts on what it read.
    Read(File),
    /// The claim is in the file, its lock is held, no supervisor runs yet.
    Claimed(usize),
    /// The supervisor has the claim.
    Waits(usize),
    /// The agent succeeded.
    Result(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Life {
    No,
    Alive,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Attempt {
    owner: usize,
    supervisor: Life,
    agent: Life,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    file: File,
    loops: [Loop; 2],
    attempts: [Attempt; ATTEMPTS],
    begun: usize,
    /// The attempt that holds the lock file that exists now.
    lock: Option<usize>,
    /// Whether the journal records that the work is done.
    journal: bool,
    acknowledged: bool,
    cancelled: bool,
    crashes: u8,
    edits: u8,
    deletions: u8,
    wrong: Option<&'static str>,
}

impl State {
    fn start() -> Self {
        let attempt = Attempt { owner: 0, supervisor: Life::No, agent: Life::No };
        Self {
            file: File { status: Status::Pending, claim: None },
            loops: [Loop::Idle; 2],
            attempts: [attempt; ATTEMPTS],
            begun: 0,
            lock: None,
            journal: false,
            acknowledged: false,
            cancelled: false,
            crashes: 2,
            edits: 1,
            deletions: 1,
            wrong: None,
        }
    }

    /// Returns every state that one step leads to, with the name of the step.
    fn steps(&self, broken: Broken) -> Vec<(&'static str, Self)> {
        let mut next = Vec::new();
        for who in 0..2 {
            self.steps_of_loop(who, broken, &mut next);
        }
        for n in 0..self.begun {
            self.steps_of_attempt(n, &mut next);
        }
        if self.edits > 0 {
            let mut set_back = Self { edits: self.edits - 1, ..self.clone() };
            set_back.file = File { status: Status::Pending, claim: None };
            set_back.cancelled = false;
            next.push(("set back", set_back));
            // To a moment when an earlier attempt had the task.
            for n in 0..self.begun {
                let mut older = Self { edits: self.edits - 1, ..self.clone() };
                older.file = File { status: Status::InProgress, claim: Some(n) };
                older.cancelled = false;
                next.push(("set back to an older claim", older));
            }
        }
        if self.deletions > 0 {
            let deletions = self.deletions - 1;
            next.push(("delete locks", Self { deletions, lock: None, ..self.clone() }));
        }
        if !self.cancelled && !self.acknowledged && self.file.status != Status::Complete {
            let file = File { status: Status::Cancelled, claim: None };
            next.push(("cancel", Self { file, cancelled: true, ..self.clone() }));
        }
        next
    }

    fn steps_of_loop(&self, who: usize, broken: Broken, next: &mut Vec<(&'static str, Self)>) {
        let mut push = |name, state: Self| next.push((name, state));
        if self.crashes > 0 && self.loops[who] != Loop::Dead {
            push("loop dies", self.without(who, broken));
        }
        match self.loops[who] {
            Loop::Dead => {
                let mut again = self.clone();
                again.loops[who] = Loop::Idle;
                push("loop starts", again);
            }
            Loop::Idle => {
                if broken == Broken::NoLock {
                    let mut read = self.clone();
                    read.loops[who] = Loop::Read(self.file);
                    push("read", read);
                } else if let Some(state) = self.transact(who, self.file, broken) {
                    push("claim or take over", state);
                }
            }
            Loop::Read(file) => {
                let mut idle = self.clone();
                idle.loops[who] = Loop::Idle;
                push("write", idle.transact(who, file, broken).unwrap_or(idle));
            }
            Loop::Claimed(n) => {
                let mut started = self.clone();
                started.loops[who] = Loop::Waits(n);
                started.attempts[n].supervisor = Life::Alive;
                push("hand over", started);
            }
            Loop::Waits(n) => match (self.attempts[n].supervisor, self.attempts[n].agent) {
                (Life::Alive, Life::Gone) => {
                    let mut ended = self.clone();
                    ended.loops[who] = Loop::Result(n);
                    push("agent ended", ended);
                }
                (Life::Gone, _) => {
                    let mut lost = self.clone();
                    lost.end(n);
                    lost.loops[who] = Loop::Idle;
                    if lost.accepts(n, broken) {
                        lost.file = File { status: Status::Pending, claim: None };
                    }
                    push("supervisor lost", lost);
                }
                _ => {}
            },
            Loop::Result(n) => {
                if self.attempts[n].supervisor == Life::Alive {
                    // A supervisor may die first: until the result is recorded, only the loop holds
                    // the claim.
                    let mut goes_on = self.clone();
                    goes_on.attempts[n].supervisor = Life::Gone;
                    push("supervisor takes the next task", goes_on);
                }
                push("record", self.record(who, n, broken));
            }
        }
    }

    /// Returns the state after the loop has died and released what only it held.
    fn without(&self, who: usize, broken: Broken) -> Self {
        let mut dead = Self { crashes: self.crashes - 1, ..self.clone() };
        dead.loops[who] = Loop::Dead;
        let loses = match self.loops[who] {
            Loop::Claimed(n) => Some(n),
            Loop::Waits(n) | Loop::Result(n) if broken == Broken::LockOfTheLoop => Some(n),
            Loop::Result(n) if self.attempts[n].supervisor == Life::Gone => Some(n),
            Loop::Dead | Loop::Idle | Loop::Read(_) | Loop::Waits(_) | Loop::Result(_) => None,
        };
        if loses.is_some() && dead.lock == loses {
            dead.lock = None;
        }
        dead
    }

    /// Makes one change under the lock of the queue, decided by `file`.
    fn transact(&self, who: usize, file: File, broken: Broken) -> Option<Self> {
        let mut state = self.clone();
        let open = matches!(file.status, Status::Pending | Status::InProgress);
        if self.journal && open && broken != Broken::NoRestore {
            state.file = File { status: Status::Complete, claim: None };
            return Some(state);
        }
        let alive = |n: usize| {
            self.attempts[n].supervisor == Life::Alive || self.attempts[n].agent == Life::Alive
        };
        match (file.status, file.claim) {
            (Status::InProgress, Some(n)) => {
                let by_time = broken == Broken::TakeOverByTime;
                let owner = self.loops[self.attempts[n].owner];
                let runs = [Loop::Claimed(n), Loop::Waits(n), Loop::Result(n)].contains(&owner);
                let free =
                    self.lock.is_none() && !runs && self.attempts[n].supervisor != Life::Alive;
                if !(free || by_time) {
                    return None;
                }
                if by_time {
                    state.lock = None;
                } else if broken != Broken::NoProcessScan {
                    state.end(n);
                }
                state.file = File { status: Status::Pending, claim: None };
                Some(state)
            }
            (Status::Pending, _) if self.begun < ATTEMPTS && self.lock.is_none() => {
                // Nor does a scan help if the processes have emptied their environment: then only
                // the lock is evidence.
                let blind = [Broken::NoProcessScan, Broken::TakeOverByTime, Broken::LockOfTheLoop];
                if !blind.contains(&broken) && (0..self.begun).any(alive) {
                    return None;
                }
                let n = self.begun;
                state.begun += 1;
                state.attempts[n].owner = who;
                state.lock = Some(n);
                state.file = File { status: Status::InProgress, claim: Some(n) };
                state.loops[who] = Loop::Claimed(n);
                Some(state)
            }
            _ => None,
        }
    }

    fn accepts(&self, n: usize, broken: Broken) -> bool {
        let open = matches!(self.file.status, Status::Pending | Status::InProgress);
        // The journal contains the last claim: an older one in the file was set back.
        let last = n + 1 == self.begun;
        let ours = match self.file.claim {
            Some(claim) => claim == n || claim < n && last,
            None => open && last,
        };
        ours || broken == Broken::TokenIgnored
    }

    fn record(&self, who: usize, n: usize, broken: Broken) -> Self {
        let mut state = self.clone();
        if self.accepts(n, broken) {
            state.file = File { status: Status::Complete, claim: None };
            state.journal = true;
            state.acknowledged = true;
        }
        state.end(n);
        state.loops[who] = Loop::Idle;
        state
    }

    /// Ends everything of attempt `n` and releases its lock.
    fn end(&mut self, n: usize) {
        self.attempts[n].supervisor = Life::Gone;
        self.attempts[n].agent = Life::Gone;
        if self.lock == Some(n) {
            self.lock = None;
        }
    }

    fn steps_of_attempt(&self, n: usize, next: &mut Vec<(&'static str, Self)>) {
        let Attempt { owner, supervisor, agent } = self.attempts[n];
        let heard = self.loops[owner] == Loop::Waits(n);
        if supervisor == Life::Alive && heard && agent == Life::No {
            let mut go = self.clone();
            // The loop checks that its lock file still exists before it starts the agent.
            if self.lock != Some(n) {
                go.end(n);
            } else {
                go.attempts[n].agent = Life::Alive;
                go.wrong = self.acknowledged.then_some("finished work runs again");
            }
            next.push(("go", go));
        }
        if agent == Life::Alive {
            let mut ends = self.clone();
            ends.attempts[n].agent = Life::Gone;
            next.push(("agent ends", ends));
        }
        if supervisor == Life::Alive
            && !heard
            && !matches!(self.loops[owner], Loop::Result(m) if m == n)
        {
            let mut ends = self.clone();
            ends.end(n);
            next.push(("supervisor ends the tree", ends));
        }
        if supervisor == Life::Alive && self.crashes > 0 {
            let mut dies = Self { crashes: self.crashes - 1, ..self.clone() };
            dies.attempts[n].supervisor = Life::Gone;
            if dies.lock == Some(n) {
                dies.lock = None;
            }
            next.push(("supervisor dies", dies));
        }
    }

    fn violation(&self) -> Option<&'static str> {
        let agents = self.attempts.iter().filter(|one| one.agent == Life::Alive).count();
        if agents > 1 {
            return Some("two agents run");
        }
        let complete = self.file.status == Status::Complete;
        if self.acknowledged && !complete && !self.journal {
            return Some("an acknowledged result is lost");
        }
        if self.cancelled && self.file.status != Status::Cancelled {
            return Some("a person's verb is lost");
        }
        self.wrong
    }
}

/// Explores all states. Returns the number of states, or the path to the first violation.
fn explore(broken: Broken) -> Result<usize, String> {
    let mut seen = HashSet::from([State::start()]);
    let mut all = vec![(State::start(), usize::MAX, "start")];
    let mut left = VecDeque::from([0]);
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
        for (name, next) in state.steps(broken) {
            if seen.insert(next.clone()) {
                all.push((next, at, name));
                left.push_back(all.len() - 1);
            }
        }
    }
    Ok(seen.len())
}

#[test]
fn no_order_of_steps_breaks_a_promise() {
    let explored = explore(Broken::No);
    crate::chance::say(&format!("model: {explored:?}"));
    assert!(explored.as_ref().is_ok_and(|states| *states > 1_000), "{explored:?}");
}

#[test]
fn every_broken_machine_is_found() {
    for broken in [
        Broken::NoLock,
        Broken::TokenIgnored,
        Broken::TakeOverByTime,
        Broken::NoProcessScan,
        Broken::LockOfTheLoop,
        Broken::NoRestore,
    ] {
        let explored = explore(broken);
        crate::chance::say(&format!("model, {broken:?}: {explored:?}"));
        assert!(explored.is_err(), "{broken:?} is not found");
    }
}
