//! Describes what a task waits for.

use super::readiness::{Holder, Readiness, State, hold};
use crate::domain::{Field, Status, Task, budget_of, budget_used_now, timestamp};
use crate::plan::graph::{BrokenKind, Helper, Node, broken_text};
use serde::Serialize;

/// The number of names that a sentence lists.
const NAMED: usize = 3;

/// The kind of thing that a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is the kind's own word in the command line's JSON")]
pub enum WaitingKind {
    Dependency,
    Approval,
    Scope,
    Phase,
    NotBefore,
    Cycle,
    Unknown,
    Ambiguous,
    Children,
    AgentLimit,
    ForeignClaim,
    Pause,
    Invalid,
    Manual,
    Budget,
}

/// One thing that a task waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The kind.
    pub kind: WaitingKind,
    /// The description.
    pub what: String,
    /// How many things this is: more than one if the rest of a long list is only counted.
    #[serde(skip)]
    pub count: usize,
}

/// The number of things of one kind that are described for a task. The others are only counted.
const MOST: usize = 100;

/// How much is reported about the tasks that a task waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// The state of each task, and the reason.
    #[default]
    WithReason,
    /// Only the state of each task: the reason is shown elsewhere.
    Brief,
}

impl Readiness<'_> {
    /// Returns what a task waits for. Empty if the task is ready or does not wait for anything any
    /// more.
    pub fn waiting(&self, node: Node, naming: Naming) -> Vec<Waiting> {
        let mut list = Vec::new();
        let holds = self.holds[node.0 as usize];
        if holds == 0 {
            return list;
        }
        let mut counts: Vec<(WaitingKind, usize)> = Vec::new();
        let mut say = |kind, what| {
            let at = counts.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
                counts.push((kind, 0));
                counts.len() - 1
            });
            counts[at].1 += 1;
            if counts[at].1 <= MOST {
                list.push(Waiting { kind, what, count: 1 });
            }
        };
        self.say_structure((node, naming), holds, &mut say);
        self.say_own(node, holds, &mut say);
        self.say_others(node, holds, &mut say);
        for (kind, count) in counts.into_iter().filter(|(_, count)| *count > MOST) {
            let count = count - MOST;
            list.push(Waiting { kind, what: format!("{count} more"), count });
        }
        list
    }

    /// Describes broken references, cycles and what must be complete first.
    fn say_structure(
        &self,
        (node, naming): (Node, Naming),
        holds: u16,
        say: &mut dyn FnMut(WaitingKind, String),
    ) {
        let graph = self.graph;
        if holds & hold::BROKEN != 0 {
            for broken in graph.broken_of(node).iter().filter(|broken| broken.holds()) {
                let kind = match &broken.why {
                    BrokenKind::Itself => WaitingKind::Cycle,
                    BrokenKind::Unknown if broken.field == Field::Phase => WaitingKind::Phase,
                    BrokenKind::Unknown | BrokenKind::Words => WaitingKind::Unknown,
                    BrokenKind::Ambiguous(_) => WaitingKind::Ambiguous,
                };
                say(kind, broken_text(graph, broken, &self.hints));
            }
        }
        if holds & hold::CYCLE != 0 {
            let cycle = graph.cycle_of(node).unwrap_or_default();
            say(WaitingKind::Cycle, graph.cycle_text(&cycle));
        }
        if holds & hold::DEPENDENCY != 0 {
            for &first in graph.preds(node.0) {
                self.say_pred((node.0, naming), first, say);
            }
        }
        if holds & hold::CHILDREN != 0 {
            let open = graph.children(node).filter(|&child| self.state(child) != State::Complete);
            say(WaitingKind::Children, self.names(open, naming));
        }
    }

    fn say_pred(
        &self,
        (node, naming): (u32, Naming),
        first: u32,
        say: &mut dyn FnMut(WaitingKind, String),
    ) {
        if self.done[first as usize] || self.graph.share_cycle(first, node) {
            return;
        }
        match self.graph.helper(first) {
            None if self.graph.is_by_blocks(first, node) => {
                let what = format!("{}, whose `blocks` names it", self.named(Node(first), naming));
                say(WaitingKind::Dependency, what);
            }
            None => say(WaitingKind::Dependency, self.named(Node(first), naming)),
            Some(Helper::Start(epic)) => self.say_epic(*epic, (first, naming), say),
            Some(Helper::Barrier { phase, gate_missing, .. }) => {
                let open = self.open_before(first);
                let what = if *gate_missing && open.is_empty() {
                    format!("the gate of phase {phase}, which is not in the queue yet")
                } else {
                    format!("all of phase {phase}: {}", self.names(open.into_iter(), naming))
                };
                say(WaitingKind::Phase, what);
            }
            Some(Helper::Body) => {
                let open = self.open_before(first);
                say(
                    WaitingKind::Phase,
                    format!("the phase before it: {}", self.names(open.into_iter(), naming)),
                );
            }
        }
    }

    /// What an epic waits for also delays its children.
    fn say_epic(
        &self,
        epic: u32,
        (start, naming): (u32, Naming),
        say: &mut dyn FnMut(WaitingKind, String),
    ) {
        let owner = self.graph.reference(Node(epic));
        for &first in self.graph.preds(start) {
            if matches!(self.graph.helper(first), Some(Helper::Start(_))) {
                if !self.done[first as usize] {
                    say(WaitingKind::Dependency, format!("what the epics of {owner} wait for"));
                }
                continue;
            }
            self.say_pred((start, naming), first, &mut |kind, what| {
                say(kind, format!("{what}, for which its epic {owner} waits"));
            });
        }
    }

    fn open_before(&self, helper: u32) -> Vec<Node> {
        let open = |&&first: &&u32| !self.graph.is_helper(first) && !self.done[first as usize];
        self.graph.preds(helper).iter().filter(open).map(|&first| Node(first)).collect()
    }

    /// Returns the statement that the budget of a task is used up, with the numbers.
    pub fn used_up(&self, node: Node) -> String {
        let task = self.task(node);
        let (used, budget) = (budget_used_now(task), budget_of(task, self.conditions.attempts));
        let used = used.min(budget);
        let attempts = if budget == 1 { "attempt" } else { "attempts" };
        format!("its budget is used up ({used} of {budget} {attempts})")
    }

    fn say_own(&self, node: Node, holds: u16, say: &mut dyn FnMut(WaitingKind, String)) {
        let (task, typed) = (self.task(node), &self.conditions.typed);
        if holds & hold::INVALID != 0 {
            if task.status == Status::Unknown {
                let word = self.reasons.as_ref().and_then(|reasons| reasons(node));
                let what = word.unwrap_or_else(|| "its status is an unknown word".to_owned());
                say(WaitingKind::Invalid, what);
            }
            for problem in task.problems() {
                let what = format!("{} {}", problem.field.key(), problem.expected);
                say(WaitingKind::Invalid, what);
            }
        }
        if holds & hold::APPROVAL != 0 {
            say(WaitingKind::Approval, typed.about("approve", &self.graph.reference(node)));
        }
        if holds & hold::MANUAL != 0 {
            let done = typed.about("done", &self.graph.reference(node));
            say(WaitingKind::Manual, format!("a person does it; {done} completes it"));
        }
        if holds & hold::BUDGET != 0 {
            let retry = typed.about("retry", &self.graph.reference(node));
            let used = self.used_up(node);
            say(WaitingKind::Budget, format!("{used}; {retry} gives a new one"));
        }
        if holds & hold::NOT_BEFORE != 0
            && let Some(time) = task.not_before()
        {
            say(WaitingKind::NotBefore, timestamp(time));
        }
        if holds & hold::PAUSE != 0 {
            let queue = self.graph.queue_name(self.graph.location(node).0);
            say(WaitingKind::Pause, format!("queue {queue} is paused"));
        }
    }

    fn say_others(&self, node: Node, holds: u16, say: &mut dyn FnMut(WaitingKind, String)) {
        if holds & hold::REST != 0
            && let Some(pause) = self.agent_pause(node)
        {
            say(WaitingKind::Pause, pause.sentence(&self.conditions.typed));
        }
        if holds & hold::AGENT != 0
            && let Some(agent) = self.conditions.agents.of(node)
        {
            let most = agent.max_parallel.unwrap_or(0);
            let what = format!("agent {} runs {most} of at most {most} tasks", agent.name);
            say(WaitingKind::AgentLimit, what);
        }
        if holds & hold::SCOPE != 0
            && let Some((holder, path)) = self.scope_holder(node)
        {
            let root = self.queues[self.graph.location(node).0].root.to_string_lossy();
            let short =
                path.strip_prefix(root.as_ref()).map_or(&*path, |p| p.trim_start_matches('/'));
            let (name, task) = match holder {
                Holder::Task(holder) => (self.graph.reference(holder), self.task(holder)),
                Holder::Outside(place) => {
                    let neighbour = &self.conditions.outside[place];
                    (neighbour.name.clone(), &neighbour.task)
                }
            };
            say(WaitingKind::Scope, format!("{short}, held by {name}{}", worker(task)));
        }
        if holds & hold::FOREIGN != 0 {
            let what = format!("the claim of another machine{}", worker(self.task(node)));
            say(WaitingKind::ForeignClaim, what);
        }
    }

    /// Returns a task with its state: `B (ready)`, `B (blocked: tests fail)`.
    fn named(&self, node: Node, naming: Naming) -> String {
        let state = self.state(node).word();
        let reasons = self.reasons.as_ref().filter(|_| naming == Naming::WithReason);
        let reason = match (reasons, self.state(node)) {
            (Some(reasons), State::Blocked) => reasons(node),
            (Some(reasons), State::Waiting) if self.task(node).status == Status::Unknown => {
                reasons(node)
            }
            _ => None,
        };
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{} ({state}{reason})", self.graph.reference(node))
    }

    fn names(&self, nodes: impl Iterator<Item = Node>, naming: Naming) -> String {
        let nodes: Vec<Node> = nodes.collect();
        let mut words: Vec<String> =
            nodes.iter().take(NAMED).map(|&node| self.named(node, naming)).collect();
        if nodes.len() > NAMED {
            words.push(format!("{} more", nodes.len() - NAMED));
        }
        words.join(", ")
    }
}

fn worker(task: &Task) -> String {
    let claim = task.claim();
    claim.map_or_else(String::new, |claim| format!(" ({})", claim.worker))
}
