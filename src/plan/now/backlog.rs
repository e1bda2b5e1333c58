//! What can still happen to the work: what resolves by itself, what waits for a person, what is
//! stuck, and because of which tasks.
//!
//! The resolution of a task is the worst of its own and of those of all tasks it waits for. A task
//! that waits for a running and a blocked one is stuck, because the running one alone cannot free
//! it.

use super::readiness::{Holder, Readiness, State, hold};
use crate::domain::{Change, Need, Status};
use crate::plan::graph::{Helper, Node};

/// What must happen before a task can be done, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// Nothing: it is done.
    Done,
    /// It is running, is ready for this loop, or waits only for such tasks.
    Flowing,
    /// A time must be reached.
    Later,
    /// Another loop must run something: another queue, another filter, a pause, another host.
    Elsewhere,
    /// A person must answer a question.
    Question,
    /// A person must approve something or do the work.
    Person,
    /// It is blocked, parked or in a cycle, has used up its budget, needs an edit, or waits for
    /// such a task.
    Stuck,
}

/// Why a task does not get done, as far as a person can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It is blocked.
    Blocked,
    /// Its attempt budget is used up.
    Budget,
    /// It is parked.
    Parked,
    /// It waits for an answer.
    Question,
    /// It waits for an approval.
    Approval,
    /// Its work passed and waits for a person's review.
    Review,
    /// It is a task for a person.
    Work,
    /// Anything else: a cycle, a missing dependency, another worker.
    Other,
}

/// A task at the root of work that does not get done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root<T> {
    /// The task.
    pub task: T,
    /// What must happen before it can be done.
    pub resolution: Resolution,
    /// Why it cannot continue.
    pub cause: Cause,
}

/// The work of a loop, counted by state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Tasks in scope, except for those counted as `parked`.
    pub total: usize,
    /// Complete tasks.
    pub complete: usize,
    /// Ready tasks.
    pub ready: usize,
    /// Tasks that a live worker has claimed.
    pub running: usize,
    /// Waiting tasks that running or ready tasks will free.
    pub flowing: usize,
    /// Waiting tasks for which only a time must be reached.
    pub later: usize,
    /// Tasks that wait for another loop.
    pub elsewhere: usize,
    /// Tasks that wait for an answer, and the tasks that wait for them.
    pub asked: usize,
    /// Tasks that wait for a person's approval or work.
    pub person: usize,
    /// Tasks that cannot continue without an edit or a person's decision: blocked and parked tasks,
    /// and all tasks that wait for them.
    pub stuck: usize,
    /// Parked tasks on which no open task depends. They were parked on purpose and count for
    /// nothing else.
    pub parked: usize,
    /// The tasks that cause others to wait for another loop or a person, or to be stuck. The worst
    /// come first, then list order. A root may be in a queue that is not in scope.
    pub roots: Vec<Root<Node>>,
}

impl Readiness<'_> {
    /// Counts the tasks for which `in_scope` returns that this loop may run them.
    pub fn backlog(&self, in_scope: impl Fn(Node) -> bool) -> Backlog {
        let resolutions = self.resolutions(&in_scope);
        let needed = self.needed(&in_scope);
        let is_aside = |node: Node| self.state(node) == State::Parked && !needed[node.0 as usize];
        let mut backlog = Backlog::default();
        for node in self.graph.nodes().filter(|&node| in_scope(node)) {
            if is_aside(node) {
                backlog.parked += 1;
                continue;
            }
            backlog.total += 1;
            let running = self.state(node) == State::InProgress;
            let count = match resolutions[node.0 as usize] {
                Resolution::Done => &mut backlog.complete,
                Resolution::Flowing if self.state(node) == State::Ready => &mut backlog.ready,
                Resolution::Flowing if running => &mut backlog.running,
                Resolution::Flowing => &mut backlog.flowing,
                Resolution::Later => &mut backlog.later,
                Resolution::Elsewhere => &mut backlog.elsewhere,
                Resolution::Question => &mut backlog.asked,
                Resolution::Person => &mut backlog.person,
                Resolution::Stuck => &mut backlog.stuck,
            };
            *count += 1;
        }
        backlog.roots = self.roots(&resolutions, &|node| in_scope(node) && !is_aside(node));
        backlog
    }

    /// Returns for each node whether an open task in scope depends on it, directly or through tasks
    /// that are not done.
    fn needed(&self, in_scope: &impl Fn(Node) -> bool) -> Vec<bool> {
        let mut needed = vec![false; self.graph.size()];
        if self.graph.nodes().all(|node| self.state(node) != State::Parked) {
            return needed;
        }
        let is_open = |node: &Node| {
            in_scope(*node) && !matches!(self.state(*node), State::Complete | State::Parked)
        };
        let mut stack: Vec<u32> = self.graph.nodes().filter(is_open).map(|node| node.0).collect();
        while let Some(node) = stack.pop() {
            if self.is_underway(node) {
                continue;
            }
            for &first in self.graph.preds(node) {
                let waits = !self.done[first as usize];
                if waits && !std::mem::replace(&mut needed[first as usize], true) {
                    stack.push(first);
                }
            }
        }
        needed
    }

    /// Returns the resolution of every task, by node.
    pub fn resolutions(&self, in_scope: impl Fn(Node) -> bool) -> Vec<Resolution> {
        let mut resolutions = vec![Resolution::Flowing; self.graph.size()];
        for &node in self.graph.order() {
            let own = self.own_resolution(node, &in_scope);
            let waits = own != Resolution::Done && !self.is_underway(node);
            let behind = self.graph.preds(node).iter().map(|&first| {
                if self.graph.share_cycle(first, node) {
                    Resolution::Stuck
                } else {
                    resolutions[first as usize]
                }
            });
            let worst = if waits { behind.max() } else { None };
            resolutions[node as usize] = worst.map_or(own, |worst| worst.max(own));
        }
        resolutions
    }

    /// Returns whether the predecessors of a node no longer matter.
    fn is_underway(&self, node: u32) -> bool {
        !self.graph.is_helper(node) && self.state(Node(node)) == State::InProgress
    }

    /// Returns whether a person has to act before its change can land.
    fn is_obstructed(&self, node: u32) -> bool {
        self.task(Node(node)).change().is_some_and(Change::is_obstructed)
    }

    /// Returns the resolution of a node by itself.
    fn own_resolution(&self, node: u32, in_scope: &impl Fn(Node) -> bool) -> Resolution {
        if self.graph.is_helper(node) {
            let shut =
                matches!(self.graph.helper(node), Some(Helper::Barrier { gate_missing: true, .. }));
            return match (self.done[node as usize], shut) {
                (true, _) => Resolution::Done,
                (false, true) => Resolution::Elsewhere,
                (false, false) => Resolution::Flowing,
            };
        }
        let holds = self.holds[node as usize];
        match self.state(Node(node)) {
            State::Complete => Resolution::Done,
            // An epic is blocked because of a child, and it waits for that child anyway.
            State::Blocked if self.graph.is_epic(Node(node)) => Resolution::Flowing,
            State::Blocked if self.conditions.questions.contains(&Node(node)) => {
                Resolution::Question
            }
            State::Blocked if self.conditions.reviews.contains(&Node(node)) => Resolution::Person,
            State::Blocked | State::Parked => Resolution::Stuck,
            State::InProgress if holds & hold::FOREIGN != 0 => Resolution::Elsewhere,
            State::InProgress if self.is_manual(node) || self.is_obstructed(node) => {
                Resolution::Person
            }
            State::InProgress => Resolution::Flowing,
            State::Ready if in_scope(Node(node)) => Resolution::Flowing,
            State::Ready => Resolution::Elsewhere,
            State::Waiting if holds & hold::SCOPE != 0 => self.scope_resolution(Node(node)),
            State::Waiting => waiting_resolution(holds),
        }
    }

    /// A task whose paths are taken waits as long as the task that has them.
    fn scope_resolution(&self, node: Node) -> Resolution {
        match self.scope_holder(node) {
            Some((Holder::Outside(holder), _)) if self.conditions.outside[holder].foreign => {
                Resolution::Elsewhere
            }
            Some((Holder::Task(holder), _))
                if self.holds[holder.0 as usize] & hold::FOREIGN != 0 =>
            {
                Resolution::Elsewhere
            }
            Some((Holder::Task(holder), _))
                if self.is_manual(holder.0) || self.is_obstructed(holder.0) =>
            {
                Resolution::Person
            }
            Some(_) | None => Resolution::Flowing,
        }
    }

    /// Walks back from all tasks that do not flow to the tasks that cause this.
    fn roots(
        &self,
        resolutions: &[Resolution],
        in_scope: &impl Fn(Node) -> bool,
    ) -> Vec<Root<Node>> {
        let mut seen = vec![false; self.graph.size()];
        let mut stack: Vec<u32> = Vec::new();
        let mut roots = Vec::new();
        let held = |node: u32| resolutions[node as usize] >= Resolution::Elsewhere;
        for node in self.graph.nodes().filter(|&node| in_scope(node) && held(node.0)) {
            seen[node.0 as usize] = true;
            stack.push(node.0);
        }
        while let Some(node) = stack.pop() {
            let own = self.own_resolution(node, in_scope);
            let by_children = !self.graph.is_helper(node)
                && self.graph.is_epic(Node(node))
                && self.task(Node(node)).status != Status::Parked
                && self.holds[node as usize] & (hold::BROKEN | hold::CYCLE) == 0;
            if own >= Resolution::Elsewhere && !self.graph.is_helper(node) && !by_children {
                let task = Node(node);
                roots.push(Root { task, resolution: own, cause: self.cause(task, own) });
            }
            for &first in self.graph.preds(node) {
                if held(first) && !seen[first as usize] && !self.is_underway(node) {
                    seen[first as usize] = true;
                    stack.push(first);
                }
            }
        }
        roots.sort_unstable_by_key(|root| (std::cmp::Reverse(root.resolution), root.task));
        roots
    }

    /// Returns why a task with this resolution cannot continue.
    fn cause(&self, node: Node, resolution: Resolution) -> Cause {
        let holds = self.holds[node.0 as usize];
        let any = |bits: u16| holds & bits != 0;
        match (resolution, self.state(node)) {
            (Resolution::Question, _) => Cause::Question,
            (Resolution::Stuck, State::Blocked) => Cause::Blocked,
            (Resolution::Stuck, State::Parked) => Cause::Parked,
            (Resolution::Stuck, _) if any(hold::BROKEN | hold::CYCLE | hold::INVALID) => {
                Cause::Other
            }
            (Resolution::Stuck, _) => Cause::Budget,
            (Resolution::Person, _) if self.need(node) == Some(Need::Review) => Cause::Review,
            (Resolution::Person, _) if any(hold::APPROVAL) => Cause::Approval,
            (Resolution::Person, _) if self.is_manual(node.0) => Cause::Work,
            (
                Resolution::Done
                | Resolution::Flowing
                | Resolution::Later
                | Resolution::Elsewhere
                | Resolution::Person,
                _,
            ) => Cause::Other,
        }
    }
}

fn waiting_resolution(holds: u16) -> Resolution {
    let any = |bits: u16| holds & bits != 0;
    if any(hold::BROKEN | hold::CYCLE | hold::INVALID | hold::BUDGET) {
        Resolution::Stuck
    } else if any(hold::APPROVAL | hold::MANUAL) {
        Resolution::Person
    } else if any(hold::PAUSE | hold::FOREIGN) {
        Resolution::Elsewhere
    } else if any(hold::NOT_BEFORE) {
        Resolution::Later
    } else {
        Resolution::Flowing
    }
}
