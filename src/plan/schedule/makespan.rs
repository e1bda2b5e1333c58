//! Computes how long the work takes with a number of loops: list scheduling in exactly the order in
//! which the loops claim tasks.
//!
//! Whenever a loop is free, the first task in this order that can start is started. Tasks in
//! progress come first. A task whose paths or agent are taken is queued at their holder and is
//! reconsidered when the holder ends, so the cost stays close to linear in the number of tasks.

use super::workload::Workload;
use crate::plan::graph::Node;
use crate::plan::now::{Agents, Order};
use crate::plan::paths::{Owned, Taken};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// What a schedule takes into account besides dependencies and loops.
#[derive(Clone, Default)]
pub struct Limits<'a> {
    /// Tasks with overlapping paths run one after the other.
    pub scopes: Option<Owned>,
    /// The limits of agents apply.
    pub agents: Option<&'a Agents>,
}

/// When and where a task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The task.
    pub node: Node,
    /// The loop that runs the task, counted from 0.
    pub lane: u32,
    /// The start in seconds from now.
    pub start: u64,
    /// The end in seconds from now.
    pub end: u64,
}

/// All tasks with their times.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// When the last task ends, in seconds.
    pub seconds: u64,
    /// The slots in the order in which they start: all of them, or the first ones.
    pub slots: Vec<Slot>,
    /// The number of further slots.
    pub hidden: usize,
}

/// Computes schedules of one workload for several numbers of loops.
pub struct Scheduler<'a> {
    work: Workload<'a>,
    /// The tasks in the order in which they are claimed.
    ranked: Vec<u32>,
    /// The index of each node in `ranked`.
    place: Vec<u32>,
    /// The number of active nodes for which each node waits.
    waits: Vec<u32>,
    owned: Option<Owned>,
    agents: Option<&'a Agents>,
}

impl<'a> Scheduler<'a> {
    /// Prepares what the schedules for all numbers of loops share.
    pub fn new(work: Workload<'a>, order: &Order, limits: Limits<'a>) -> Self {
        let size = work.graph().size();
        let mut ranked: Vec<Node> = Vec::with_capacity(work.open().count());
        ranked.extend(work.open());
        order.sort(&mut ranked);
        ranked.sort_by_key(|node| !work.is_running(node.0));
        let ranked: Vec<u32> = ranked.into_iter().map(|node| node.0).collect();
        let mut place = vec![0; size];
        for (at, &node) in ranked.iter().enumerate() {
            place[node as usize] = at as u32;
        }
        let mut waits = vec![0; size];
        for node in work.order() {
            work.after(node).for_each(|next| waits[next as usize] += 1);
        }
        Self { work, ranked, place, waits, owned: limits.scopes, agents: limits.agents }
    }

    /// Returns the workload that is scheduled.
    pub fn work(&self) -> &Workload<'a> {
        &self.work
    }

    /// Returns the workload, when nothing more is to be scheduled.
    pub fn into_work(self) -> Workload<'a> {
        self.work
    }

    /// Returns the time that `loops` loops take, in seconds.
    pub fn makespan(&self, loops: usize) -> u64 {
        Run::new(self, loops, 0).go().seconds
    }

    /// Returns the schedule of `loops` loops, with its first `most` slots.
    pub fn schedule(&self, loops: usize, most: usize) -> Schedule {
        Run::new(self, loops, most).go()
    }

    /// Returns the schedule with the duration of each node taken from `seconds`.
    pub(super) fn drawn(&self, loops: usize, most: usize, seconds: &[u32]) -> Schedule {
        Run { seconds: Some(seconds), ..Run::new(self, loops, most) }.go()
    }
}

/// One simulation.
struct Run<'a> {
    plan: &'a Scheduler<'a>,
    waits: Vec<u32>,
    ready: BinaryHeap<Reverse<u32>>,
    busy: BinaryHeap<Reverse<(u64, u32, u32)>>,
    lanes: BinaryHeap<Reverse<u32>>,
    shared: Shared<'a>,
    /// The maximum number of slots that are kept.
    most: usize,
    /// The duration of each node, if it differs from the plan.
    seconds: Option<&'a [u32]>,
    schedule: Schedule,
}

/// The paths and agents that tasks have to themselves, and who waits for them.
struct Shared<'a> {
    taken: Option<Taken<'a>>,
    /// Indexes in `ranked` that wait until a node ends.
    behind: HashMap<u32, Vec<u32>>,
    /// The number of running tasks of each agent.
    running: Vec<u32>,
    /// Indexes in `ranked` that wait for each agent.
    queued: Vec<BinaryHeap<Reverse<u32>>>,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Scheduler<'a>, loops: usize, most: usize) -> Self {
        let agents = plan.agents.map_or(0, |agents| agents.table().len());
        // More lanes than tasks are never used.
        let lanes = loops.clamp(1, plan.ranked.len().max(1));
        Self {
            plan,
            waits: plan.waits.clone(),
            ready: BinaryHeap::with_capacity(plan.ranked.len()),
            busy: BinaryHeap::with_capacity(lanes),
            lanes: (0..lanes as u32).map(Reverse).collect(),
            shared: Shared {
                taken: plan.owned.as_ref().map(Taken::new),
                behind: HashMap::new(),
                running: vec![0; agents],
                queued: vec![BinaryHeap::new(); agents],
            },
            most,
            seconds: None,
            schedule: Schedule::default(),
        }
    }

    fn go(mut self) -> Schedule {
        for node in self.plan.work.order() {
            if self.plan.waits[node as usize] == 0 {
                self.arrive(node);
            }
        }
        let mut now = 0;
        loop {
            self.start_all(now);
            let Some(&Reverse((end, ..))) = self.busy.peek() else { break };
            now = end;
            while let Some(&Reverse((end, node, lane))) = self.busy.peek()
                && end == now
            {
                self.busy.pop();
                self.lanes.push(Reverse(lane));
                self.finish(node);
            }
        }
        self.schedule.seconds = now;
        self.schedule
    }

    /// Handles a node that no longer waits for anything. A node that takes no time ends at once.
    fn arrive(&mut self, node: u32) {
        let work = &self.plan.work;
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            if work.counts(node) {
                self.ready.push(Reverse(self.plan.place[node as usize]));
                continue;
            }
            for next in work.after(node) {
                self.waits[next as usize] -= 1;
                if self.waits[next as usize] == 0 {
                    stack.push(next);
                }
            }
        }
    }

    fn start_all(&mut self, now: u64) {
        while let Some(&Reverse(lane)) = self.lanes.peek() {
            let Some(Reverse(place)) = self.ready.pop() else { return };
            let node = self.plan.ranked[place as usize];
            if self.is_put_aside(node, place) {
                continue;
            }
            self.lanes.pop();
            let end = now + self.time(node);
            self.busy.push(Reverse((end, node, lane)));
            if self.schedule.slots.len() == self.most {
                self.schedule.hidden += 1;
            } else {
                self.schedule.slots.push(Slot { node: Node(node), lane, start: now, end });
            }
            if let Some(taken) = &mut self.shared.taken {
                taken.add(node, node);
            }
            if let Some(agent) = self.agent(node) {
                self.shared.running[agent] += 1;
            }
        }
    }

    fn time(&self, node: u32) -> u64 {
        self.seconds
            .map_or_else(|| self.plan.work.time(node), |seconds| u64::from(seconds[node as usize]))
    }

    fn agent(&self, node: u32) -> Option<usize> {
        self.plan.agents?.index(node)
    }

    fn is_full(&self, agent: usize) -> bool {
        let limit = self.plan.agents.and_then(|agents| agents.table()[agent].max_parallel);
        limit.is_some_and(|most| self.shared.running[agent] >= most.max(1))
    }

    /// Returns whether `node` must wait for the paths or agent of others. Then it is queued at the
    /// holder.
    fn is_put_aside(&mut self, node: u32, place: u32) -> bool {
        if self.plan.work.is_running(node) {
            return false;
        }
        let agent = self.agent(node);
        if let Some(agent) = agent
            && self.is_full(agent)
        {
            self.shared.queued[agent].push(Reverse(place));
            return true;
        }
        let Some(holder) = self.shared.taken.as_ref().and_then(|taken| taken.holders(node).next())
        else {
            return false;
        };
        self.shared.behind.entry(holder).or_default().push(place);
        // The place of the agent is still free for the next task in its queue.
        if let Some(agent) = agent {
            self.ready.extend(self.shared.queued[agent].pop());
        }
        true
    }

    fn finish(&mut self, node: u32) {
        if let Some(taken) = &mut self.shared.taken {
            taken.remove(node, node);
        }
        self.ready
            .extend(self.shared.behind.remove(&node).unwrap_or_default().into_iter().map(Reverse));
        if let Some(agent) = self.agent(node) {
            self.shared.running[agent] -= 1;
            self.ready.extend(self.shared.queued[agent].pop());
        }
        for next in self.plan.work.after(node) {
            self.waits[next as usize] -= 1;
            if self.waits[next as usize] == 0 {
                self.arrive(next);
            }
        }
    }
}
