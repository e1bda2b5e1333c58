//! The current state of every task: ready, or waiting and for what.
//!
//! Computed in one pass in topological order over states and edges. Descriptions are created only
//! on request, for single tasks ([`Readiness::waiting`]). The state of an epic is derived from its
//! children, whatever its own record says, except that a parked epic is parked.

use super::conditions::{AgentLimit, AgentPause, Conditions, ScopeMode};
use crate::domain::{Approval, Liveness, Status, Task, budget_of, budget_used_now};
use crate::plan::graph::{Graph, Helper, Hints, Node, QueueTasks};
use crate::plan::paths::{CommonRoot, RunningPaths, owns_anything};

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It can start.
    Ready,
    /// It has not started and cannot start yet: see [`Readiness::waiting`].
    Waiting,
    /// A worker has claimed it.
    InProgress,
    /// It is complete.
    Complete,
    /// A person must look.
    Blocked,
    /// It was parked.
    Parked,
}

impl State {
    /// Returns the word, which is the same in text and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::InProgress => "in_progress",
            Self::Complete => "complete",
            Self::Blocked => "blocked",
            Self::Parked => "parked",
        }
    }
}

/// The holder of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A loaded task.
    Task(Node),
    /// A task that is not loaded, by its index in [`Conditions::outside`].
    Outside(usize),
}

/// The reasons why a task cannot start, as bits.
pub(super) mod hold {
    pub(crate) const DEPENDENCY: u16 = 1;
    pub(crate) const BROKEN: u16 = 1 << 1;
    pub(crate) const CYCLE: u16 = 1 << 2;
    pub(crate) const INVALID: u16 = 1 << 3;
    pub(crate) const APPROVAL: u16 = 1 << 4;
    pub(crate) const NOT_BEFORE: u16 = 1 << 5;
    pub(crate) const PAUSE: u16 = 1 << 6;
    pub(crate) const MANUAL: u16 = 1 << 7;
    pub(crate) const AGENT: u16 = 1 << 8;
    pub(crate) const SCOPE: u16 = 1 << 9;
    pub(crate) const CHILDREN: u16 = 1 << 10;
    pub(crate) const FOREIGN: u16 = 1 << 11;
    pub(crate) const BUDGET: u16 = 1 << 12;
    pub(crate) const REST: u16 = 1 << 13;
}

/// The states of all tasks at one moment.
pub struct Readiness<'a> {
    pub(super) graph: &'a Graph,
    pub(crate) queues: &'a [QueueTasks<'a>],
    pub(crate) conditions: &'a Conditions,
    pub(super) states: Vec<State>,
    pub(super) holds: Vec<u16>,
    /// Whether a node, including helpers, counts as satisfied for the nodes that wait for it.
    pub(super) done: Vec<bool>,
    pub(super) held: RunningPaths,
    /// The number of running tasks, by agent.
    pub(super) running: Vec<u32>,
    pub(super) reasons: Option<Box<Reasons<'a>>>,
    pub(super) hints: Hints,
}

/// Returns why a task is blocked, from the text of its queue.
pub(super) type Reasons<'a> = dyn Fn(Node) -> Option<String> + 'a;

/// Computes the state of every task. `graph` must be built from these `queues`.
pub fn readiness<'a>(
    graph: &'a Graph,
    queues: &'a [QueueTasks<'a>],
    conditions: &'a Conditions,
) -> Readiness<'a> {
    let mut readiness = Readiness {
        graph,
        queues,
        conditions,
        states: vec![State::Waiting; graph.len()],
        holds: vec![0; graph.len()],
        done: vec![false; graph.size()],
        held: RunningPaths::new(CommonRoot::of(queues.iter().map(|queue| queue.root))),
        running: vec![0; conditions.agents.table().len()],
        reasons: None,
        hints: Hints::default(),
    };
    readiness.enter_running();
    readiness.settle();
    readiness
}

impl<'a> Readiness<'a> {
    /// Lets [`waiting`](Self::waiting) describe why a task is blocked, or which unknown status word
    /// it has. The typed task does not contain these texts.
    pub fn with_reasons(mut self, reasons: impl Fn(Node) -> Option<String> + 'a) -> Self {
        self.reasons = Some(Box::new(reasons));
        self
    }

    /// Returns the state of a task.
    pub fn state(&self, node: Node) -> State {
        self.states[node.0 as usize]
    }

    /// Returns the ready tasks, in list order.
    pub fn ready(&self) -> impl Iterator<Item = Node> + '_ {
        self.graph.nodes().filter(|&node| self.state(node) == State::Ready)
    }

    /// Returns the task of a node.
    pub fn task(&self, node: Node) -> &'a Task {
        let (queue, index) = self.graph.location(node);
        &self.queues[queue].tasks[index]
    }

    /// Returns the graph from which the states were computed.
    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// Records that `node` is claimed, so that tasks claimed after it at the same moment find its
    /// paths and its agent taken.
    pub fn claim(&mut self, node: Node) {
        self.states[node.0 as usize] = State::InProgress;
        self.hold_for(node.0);
        self.held.sort();
    }

    /// Returns whether a ready task can still be claimed after the earlier [`claim`](Self::claim)s.
    pub fn is_free(&self, node: Node) -> bool {
        self.state(node) == State::Ready && self.collisions(node.0) == 0
    }

    /// Returns a holder of a path of a task, and the path. [`ScopeMode::Warn`] runs it anyway.
    pub fn scope_holder(&self, node: Node) -> Option<(Holder, String)> {
        let task = self.task(node);
        if self.held.is_empty() || !owns_anything(task) {
            return None;
        }
        let (holder, path) = self.held.first(self.root(node.0), task)?;
        let holder = match (holder as usize).checked_sub(self.graph.size()) {
            Some(outside) => Holder::Outside(outside),
            None if holder == node.0 => return None,
            None => Holder::Task(Node(holder)),
        };
        Some((holder, path))
    }

    /// Returns the epics whose recorded state differs from the state derived from their children.
    /// The engine settles them. A finished epic with an open child is left to `check`.
    pub fn unsettled(&self) -> Vec<(Node, Status, Option<String>)> {
        let epics = self.graph.nodes().filter(|&node| self.graph.is_epic(node));
        epics.filter_map(|node| self.settlement(node)).collect()
    }

    /// Returns all tasks that cannot start or complete before `node` is complete, in list order.
    /// Dependencies through complete tasks do not count.
    pub fn held_up_by(&self, node: Node) -> Vec<Node> {
        let mut seen = vec![false; self.graph.size()];
        let mut stack = vec![node.0];
        let mut held = Vec::new();
        while let Some(at) = stack.pop() {
            for &next in self.graph.succs(at) {
                let passed = self.graph.is_helper(at) || at == node.0 || !self.done[at as usize];
                if passed && !std::mem::replace(&mut seen[next as usize], true) {
                    stack.push(next);
                    held.push(Node(next));
                }
            }
        }
        held.retain(|&held| !self.graph.is_helper(held.0) && held != node);
        held.sort_unstable();
        held
    }

    fn settlement(&self, node: Node) -> Option<(Node, Status, Option<String>)> {
        let recorded = self.task(node).status;
        match self.state(node) {
            State::Complete if recorded != Status::Complete => Some((node, Status::Complete, None)),
            State::Blocked if recorded.is_open() => {
                let blocked =
                    self.graph.children(node).find(|&c| self.state(c) == State::Blocked)?;
                let reason = format!("child {} is blocked", self.graph.reference(blocked));
                Some((node, Status::Blocked, Some(reason)))
            }
            State::Waiting if recorded == Status::Blocked => Some((node, Status::Pending, None)),
            State::Ready
            | State::Waiting
            | State::InProgress
            | State::Complete
            | State::Blocked
            | State::Parked => None,
        }
    }

    fn root(&self, node: u32) -> &'a std::path::Path {
        self.queues[self.graph.location(Node(node)).0].root
    }

    fn liveness(&self, node: u32) -> Option<&Liveness> {
        self.conditions.claims.get(&Node(node))
    }

    /// Returns whether the task is being worked on. A task for a person needs no claim.
    fn is_running(&self, node: u32) -> bool {
        self.task(Node(node)).status == Status::InProgress
            // A change that waits to land is landed by whichever worker takes it over.
            && (!self.liveness(node).is_some_and(Liveness::is_over)
                || self.is_manual(node)
                || self.task(Node(node)).change().is_some())
            && !self.graph.is_epic(Node(node))
    }

    pub(super) fn is_manual(&self, node: u32) -> bool {
        self.conditions.agents.of(Node(node)).is_some_and(|agent| agent.manual)
    }

    /// Returns the pause of the agent of a task that is not complete. A gate has none.
    pub fn agent_pause(&self, node: Node) -> Option<&'a AgentPause> {
        let conditions = self.conditions;
        if conditions.agent_pauses.is_empty() || self.task(node).is_gate() {
            return None;
        }
        let (name, root) = (&conditions.agents.of(node)?.name, self.root(node.0));
        let mut pauses = conditions.agent_pauses.iter();
        let holds = |pause: &&AgentPause| pause.agent == *name && pause.root == root;
        pauses.find(holds).filter(|pause| pause.stand_in.is_none())
    }

    /// Returns whether a task waits only for its agent.
    pub fn waits_for_agent(&self, node: Node) -> bool {
        self.holds[node.0 as usize] == hold::REST
    }

    /// Returns all agents that are not started now.
    pub fn agent_pauses(&self) -> &'a [AgentPause] {
        &self.conditions.agent_pauses
    }

    /// Returns whether no attempt of the task is left. An edit or `git checkout` that makes a task
    /// pending does not renew its budget.
    fn budget_is_used_up(&self, node: u32) -> bool {
        let task = self.task(Node(node));
        budget_used_now(task) >= budget_of(task, self.conditions.attempts) && !self.is_manual(node)
    }

    fn enter_running(&mut self) {
        for node in 0..self.graph.len() as u32 {
            if self.is_running(node) {
                self.hold_for(node);
            }
        }
        let conditions = self.conditions;
        for (place, neighbour) in conditions.outside.iter().enumerate() {
            let same = |limit: &AgentLimit| limit.name == neighbour.agent;
            if let Some(agent) = conditions.agents.table().iter().position(same) {
                self.running[agent] += 1;
            }
            if conditions.scopes != ScopeMode::Off && owns_anything(&neighbour.task) {
                let tag = (self.graph.size() + place) as u32;
                self.held.push(&neighbour.root, &neighbour.task, tag);
            }
        }
        self.held.sort();
    }

    fn hold_for(&mut self, node: u32) {
        if let Some(agent) = self.conditions.agents.index(node) {
            self.running[agent] += 1;
        }
        let task = self.task(Node(node));
        if self.conditions.scopes != ScopeMode::Off && owns_anything(task) {
            self.held.push(self.root(node), task, node);
        }
    }

    /// Determines the state of all nodes, each after everything it waits for.
    fn settle(&mut self) {
        let broken = self.graph.held_by_broken();
        for &node in self.graph.order() {
            if let Some(helper) = self.graph.helper(node) {
                let shut = matches!(helper, Helper::Barrier { gate_missing: true, .. });
                self.done[node as usize] = !shut && !self.is_held_back(node);
                continue;
            }
            let state = if self.graph.is_epic(Node(node)) {
                self.epic(node, broken[node as usize])
            } else {
                self.task_state(node, broken[node as usize])
            };
            self.states[node as usize] = state;
            self.done[node as usize] = state == State::Complete;
        }
    }

    /// Returns whether anything that `node` waits for is not satisfied. An edge inside a cycle
    /// never is.
    fn is_held_back(&self, node: u32) -> bool {
        let open = |&first: &u32| !self.done[first as usize] || self.graph.share_cycle(first, node);
        self.graph.preds(node).iter().any(open)
    }

    fn task_state(&mut self, node: u32, broken: bool) -> State {
        match self.task(Node(node)).status {
            Status::Complete => return State::Complete,
            Status::Blocked => return State::Blocked,
            Status::Parked => return State::Parked,
            Status::InProgress if self.is_running(node) => {
                if self.liveness(node).is_some_and(Liveness::is_untold) {
                    self.holds[node as usize] = hold::FOREIGN;
                }
                return State::InProgress;
            }
            Status::Pending | Status::InProgress | Status::Unknown => {}
        }
        let mut holds = self.own_holds(node, broken);
        if self.is_held_back(node) {
            holds |= hold::DEPENDENCY;
        }
        if holds == 0 {
            holds = self.collisions(node);
        }
        self.holds[node as usize] = holds;
        if holds == 0 { State::Ready } else { State::Waiting }
    }

    fn own_holds(&self, node: u32, broken: bool) -> u16 {
        let task = self.task(Node(node));
        let conditions = self.conditions;
        let paused = !conditions.paused.is_empty()
            && conditions.paused.contains(&self.graph.location(Node(node)).0);
        let holds = [
            (hold::BROKEN, broken),
            (hold::CYCLE, self.graph.in_cycle(node)),
            (hold::INVALID, task.has_problems() || task.status == Status::Unknown),
            (hold::APPROVAL, task.approval == Approval::Required),
            (hold::NOT_BEFORE, task.not_before().is_some_and(|time| time > conditions.now)),
            (hold::PAUSE, paused),
            (hold::MANUAL, self.is_manual(node)),
            (hold::REST, self.agent_pause(Node(node)).is_some()),
            (hold::BUDGET, self.budget_is_used_up(node)),
        ];
        holds.into_iter().filter(|(_, holds)| *holds).map(|(bit, _)| bit).sum()
    }

    /// Returns how running tasks prevent a task from starting that could start otherwise.
    fn collisions(&self, node: u32) -> u16 {
        let agents = &self.conditions.agents;
        let full = agents.index(node).is_some_and(|agent| {
            agents.table()[agent].max_parallel.is_some_and(|most| self.running[agent] >= most)
        });
        let scope = self.conditions.scopes == ScopeMode::Serialize
            && self.scope_holder(Node(node)).is_some();
        u16::from(full) * hold::AGENT + u16::from(scope) * hold::SCOPE
    }

    fn epic(&mut self, node: u32, broken: bool) -> State {
        let children = self.graph.children_of(node);
        let all_done = children
            .iter()
            .all(|&child| self.done[child as usize] && !self.graph.share_cycle(child, node));
        match self.task(Node(node)).status {
            _ if all_done && !broken => return State::Complete,
            Status::Parked => return State::Parked,
            Status::Pending
            | Status::InProgress
            | Status::Complete
            | Status::Blocked
            | Status::Unknown => {}
        }
        if children.iter().any(|&child| self.states[child as usize] == State::Blocked) {
            return State::Blocked;
        }
        let cycle = u16::from(self.graph.in_cycle(node)) * hold::CYCLE;
        let broken = u16::from(broken) * hold::BROKEN;
        self.holds[node as usize] = hold::CHILDREN | cycle | broken;
        State::Waiting
    }
}
