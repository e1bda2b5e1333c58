//! The data of tasks that a plan with dates needs, extracted before the tasks are dropped.

use super::asked::Asked;
use super::meant::Meant;
use crate::cli::args::GroupBy;
use crate::domain::{Field, QueueIx, Status, Task};
use crate::plan::{Minutes, Node, Shape};
use crate::views::dates::{At, GroupRow};
use crate::views::deadline;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

/// An open task with a deadline.
pub(super) struct Deadline {
    pub(super) node: Node,
    pub(super) text: String,
    pub(super) at: DateTime<Utc>,
}

/// The tasks of one row.
pub(super) struct Group {
    pub(super) row: GroupRow,
    /// The tasks that are not complete.
    pub(super) nodes: Vec<Node>,
}

/// The deadlines and groups to compute dates for.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) deadlines: Vec<Deadline>,
    pub(super) groups: Vec<Group>,
    /// All planned tasks as one group; `None` without groups.
    pub(super) total: Option<Group>,
}

impl Wanted {
    /// Extracts the data of the `selected` tasks. `shape` plans a subset of them on its own.
    pub(super) fn of(
        meant: &Meant<'_>,
        asked: &Asked,
        selected: &[bool],
        shape: &dyn Fn(&[bool]) -> Shape,
    ) -> Self {
        let nodes = || meant.graph.nodes().filter(|node| selected[node.0 as usize]);
        let has: Vec<bool> =
            meant.queues.iter().map(|queue| queue.may_mention(Field::Deadline)).collect();
        let due = |node: Node| {
            let (queue, index) = meant.graph.location(node);
            let is_over = matches!(meant.task(node).status, Status::Complete | Status::Parked);
            if is_over || !has[queue] {
                return None;
            }
            let found = deadline::of(&meant.queues[queue], index, asked.now)?;
            Some(Deadline { node, at: found.at?, text: found.text })
        };
        let mut wanted = Self { deadlines: nodes().filter_map(due).collect(), ..Self::default() };
        if let Some(by) = asked.group {
            wanted.sort(meant, by, nodes());
            let due: HashMap<Node, DateTime<Utc>> =
                wanted.deadlines.iter().map(|due| (due.node, due.at)).collect();
            for group in &mut wanted.groups {
                let mut own = vec![false; selected.len()];
                group.nodes.iter().for_each(|node| own[node.0 as usize] = true);
                group.measure(shape(&own));
                let last = group.nodes.iter().filter_map(|node| due.get(node)).max();
                let named = group.row.name.as_deref().filter(|_| by == GroupBy::Sprint);
                let named = named.and_then(deadline::sprint_end);
                group.row.due_at = named.or(last.copied()).map(At);
            }
            let mut total = Group::new(meant, None, nodes());
            total.measure(shape(selected));
            wanted.total = Some(total);
        }
        wanted
    }

    /// Sorts tasks into groups, in the order of the first task of each group.
    fn sort(&mut self, meant: &Meant<'_>, by: GroupBy, nodes: impl Iterator<Item = Node>) {
        let mut places: HashMap<Option<String>, usize> = HashMap::new();
        let mut all: Vec<(Option<String>, Vec<Node>)> = Vec::new();
        for node in nodes.filter(|node| !meant.graph.is_epic(*node)) {
            let name = name(meant, by, node);
            let place = *places.entry(name.clone()).or_insert_with(|| {
                all.push((name, Vec::new()));
                all.len() - 1
            });
            all[place].1.push(node);
        }
        let group =
            |(name, nodes): (Option<String>, Vec<Node>)| Group::new(meant, name, nodes.into_iter());
        self.groups = all.into_iter().map(group).collect();
    }
}

/// Returns the name of the group to which a task belongs.
fn name(meant: &Meant<'_>, by: GroupBy, node: Node) -> Option<String> {
    let task: &Task = meant.task(node);
    let (queue, _) = meant.graph.location(node);
    let shown = || meant.set.queue(queue).shown().to_string();
    let owned = |text: Option<&str>| text.map(str::to_owned);
    match by {
        GroupBy::Epic => owned(task.epic().or(task.parent())),
        GroupBy::Phase if meant.set.served() > 1 => {
            task.phase().map(|phase| format!("{}: {phase}", shown()))
        }
        GroupBy::Phase => owned(task.phase()),
        GroupBy::Queue => Some(shown()),
        GroupBy::Sprint => meant.sprint(node),
        GroupBy::Track => owned(task.track()),
        GroupBy::Type => owned(task.kind()),
    }
}

impl Group {
    fn new(meant: &Meant<'_>, name: Option<String>, nodes: impl Iterator<Item = Node>) -> Self {
        let mut phases: HashSet<(QueueIx, &str)> = HashSet::new();
        let (mut tasks, mut complete) = (0, 0);
        let mut open = Vec::new();
        for node in nodes.filter(|node| !meant.graph.is_epic(*node)) {
            let task = meant.task(node);
            tasks += 1;
            let queue = meant.graph.location(node).0;
            phases.extend(task.phase().map(|phase| (queue, phase)));
            if task.status == Status::Complete {
                complete += 1;
            } else {
                open.push(node);
            }
        }
        let row = GroupRow {
            name,
            tasks,
            complete,
            open: 0,
            stuck: 0,
            phases: phases.len(),
            waves: 0,
            width: 0,
            work_minutes: Minutes(0.0),
            parallel_minutes: Minutes(0.0),
            speedup: 1.0,
            ends_at: None,
            p90_at: None,
            due_at: None,
            lateness: None,
        };
        Self { row, nodes: open }
    }

    fn measure(&mut self, shape: Shape) {
        let Shape { open, stuck, waves, width, seconds, shortest } = shape;
        let row = &mut self.row;
        (row.open, row.stuck, row.waves, row.width) = (open, stuck, waves, width);
        row.work_minutes = Minutes::of(seconds);
        row.parallel_minutes = Minutes::of(shortest);
        if shortest > 0 {
            row.speedup = (seconds as f64 / shortest as f64 * 100.0).round() / 100.0;
        }
    }
}
