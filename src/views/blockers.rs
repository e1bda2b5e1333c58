//! `blockers`: tasks that do not continue by themselves, with all that they hold up, so that a
//! person sees which decision frees the most tasks.

use super::escape;
use super::fold::folded;
use super::style::{Look, color, count, fitted, listed};
use super::view::Sources;
use crate::domain::{QueueIx, Typed};
use crate::plan::{Minutes, Node, State, duration_text};
use anstyle::AnsiColor;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write;

/// The most blockers that are listed for people.
const LISTED: usize = 20;
/// The most names of tasks behind one blocker.
const NAMED: usize = 5;

/// A task that holds others up and waits for a person, or for nothing at all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlockerView {
    /// Its reference.
    pub id: String,
    /// Its queue.
    pub queue: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: &'static str,
    /// Why it does not continue, as a code.
    pub reason_code: Option<String>,
    /// The same in words.
    pub text: String,
    /// All tasks that cannot start or complete before it is complete, in list order.
    pub holds_up: Vec<String>,
    /// The number of those that wait behind no other blocker.
    pub frees: usize,
    /// The time of all of them, one after the other.
    pub work_minutes: Minutes,
    /// The command for a person.
    pub command: String,
}

/// All blockers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlockerList {
    /// Version of this shape.
    pub schema_version: u32,
    /// The blockers; what frees most comes first.
    pub blockers: Vec<BlockerView>,
    /// How many tasks wait behind them, each counted once.
    pub held_up: usize,
    /// How many tasks wait for a person and hold up nothing.
    pub harmless: usize,
    /// How suggested commands name the queues.
    #[serde(skip)]
    pub typed: Typed,
}

impl Sources<'_> {
    /// Returns the blockers among the tasks that are `selected`.
    pub fn blockers(&self, selected: &dyn Fn(Node) -> bool) -> BlockerList {
        let graph = self.readiness.graph();
        let nodes = QueueIx::first(self.served).flat_map(|queue| graph.queue_nodes(queue));
        let roots: Vec<Node> =
            nodes.filter(|node| selected(*node)).filter(|node| self.is_root(*node)).collect();
        let behind: Vec<(Node, Vec<Node>)> =
            roots.into_iter().map(|root| (root, self.behind(root))).collect();
        let mut times: HashMap<Node, usize> = HashMap::new();
        for held in behind.iter().flat_map(|(_, held)| held) {
            *times.entry(*held).or_default() += 1;
        }
        let mut list = BlockerList {
            typed: self.readiness.conditions.typed.clone(),
            schema_version: 1,
            blockers: Vec::new(),
            held_up: times.len(),
            harmless: 0,
        };
        for (root, held) in behind {
            if held.is_empty() {
                list.harmless += 1;
                continue;
            }
            let frees = held.iter().filter(|held| times[held] == 1).count();
            list.blockers.push(self.blocker(root, &held, frees));
        }
        let rank = |one: &BlockerView| std::cmp::Reverse((one.frees, one.holds_up.len()));
        list.blockers.sort_by_key(rank);
        list
    }

    /// Returns whether a task continues only if a person acts, and waits for no other task.
    fn is_root(&self, node: Node) -> bool {
        match self.readiness.state(node) {
            State::Parked => true,
            // An epic is blocked by one of its children, which is listed itself.
            State::Blocked => !self.readiness.graph().is_epic(node),
            State::Waiting | State::InProgress => self.readiness.need(node).is_some(),
            State::Ready | State::Complete => false,
        }
    }

    /// Returns the open tasks behind a task.
    fn behind(&self, root: Node) -> Vec<Node> {
        let is_open = |node: &Node| match self.readiness.state(*node) {
            State::Waiting | State::Blocked => true,
            State::Ready | State::InProgress | State::Complete | State::Parked => false,
        };
        let graph = self.readiness.graph();
        let held = self.readiness.held_up_by(root).into_iter();
        held.filter(|node| is_open(node) && !graph.is_epic(*node)).collect()
    }

    fn blocker(&self, root: Node, held: &[Node], frees: usize) -> BlockerView {
        let task = self.task(root);
        let need = self.needs(root).map(|need| self.need((root, need)));
        let text = match (&need, &task.error) {
            (Some(need), _) if !need.text.is_empty() => need.text.clone(),
            (_, Some(error)) => error.clone(),
            (_, None) => String::new(),
        };
        let command = match (need, task.state) {
            (Some(need), _) => need.command,
            (None, State::Parked) => self.readiness.conditions.typed.about("unpark", &task.id),
            (None, _) => self.readiness.conditions.typed.about("why", &task.id),
        };
        let seconds = held.iter().map(|node| self.estimates.seconds(*node)).sum();
        let graph = self.readiness.graph();
        BlockerView {
            queue: self.queue_of(root).to_owned(),
            title: task.title,
            state: task.word,
            reason_code: task.reason_code,
            text,
            holds_up: held.iter().map(|node| graph.reference(*node)).collect(),
            frees,
            work_minutes: Minutes::of(seconds),
            command,
            id: task.id,
        }
    }
}

/// Renders the list for people.
pub(crate) fn text(list: &BlockerList, look: Look) -> String {
    let harmless = match list.harmless {
        0 => String::new(),
        many => format!(
            "{} a person and {} nothing up: {}\n",
            count(many, "task waits for", "tasks wait for"),
            if many == 1 { "holds" } else { "hold" },
            list.typed.verb("status")
        ),
    };
    if list.blockers.is_empty() {
        return folded(&format!("nothing holds other tasks up\n{harmless}"), look);
    }
    let most = look.width.unwrap_or(usize::MAX);
    let held = count(list.held_up, "task waits", "tasks wait");
    let mut text = format!("{held} behind tasks that need a person\n\n");
    let shown = &list.blockers[..list.blockers.len().min(LISTED)];
    for one in shown {
        let why = if one.text.is_empty() { one.title.as_str() } else { &one.text };
        let state = look.paint(color(AnsiColor::Red), one.state);
        let id = escape::line(&one.id);
        let room = most.saturating_sub(crate::platform::cells::width(&id) + one.state.len() + 4);
        let _ok = writeln!(text, "{}  {state}  {}", look.head(&id), fitted(why, room));
        let held = count(one.holds_up.len(), "task", "tasks");
        let work = duration_text(one.work_minutes.seconds());
        let names = listed(&one.holds_up, NAMED);
        let line = format!("  holds up {held}, {work} of work: {names}");
        let _ok = writeln!(text, "{}", fitted(&line, most));
        let frees = match one.frees {
            frees if frees == one.holds_up.len() => "",
            0 => "  each of them waits for others, too\n",
            1 => "  one of them waits for nothing else\n",
            _ => &format!("  {} of them wait for nothing else\n", one.frees),
        };
        text.push_str(frees);
        let _ok = writeln!(text, "  {}", fitted(&one.command, usize::MAX));
    }
    if list.blockers.len() > shown.len() {
        let more = list.blockers.len() - shown.len();
        let all = list.typed.verb("blockers");
        let _ok = writeln!(text, "… and {more} more: {all} --json has all");
    }
    if !harmless.is_empty() {
        let _ok = write!(text, "\n{harmless}");
    }
    folded(&text, look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::sample::seen;
    use serde_json::json;

    #[test]
    fn what_frees_most_comes_first() {
        let queue = json!({"tasks": [
            {"id": "A", "title": "a", "status": "blocked", "error": "step t: exit status 1"},
            {"id": "B", "title": "b", "requires_approval": true},
            {"id": "C", "title": "c", "dependencies": ["A"], "estimated_minutes": 60},
            {"id": "D", "title": "d", "dependencies": ["B"], "estimated_minutes": 60},
            {"id": "E", "title": "e", "dependencies": ["D"], "estimated_minutes": 60},
            {"id": "F", "title": "f", "dependencies": ["C", "D"], "estimated_minutes": 60},
            {"id": "G", "title": "g", "status": "blocked", "error": "question: which?"},
            {"id": "H", "title": "h", "status": "parked"},
            {"id": "I", "title": "i", "dependencies": ["H"], "status": "complete"},
        ]});
        let list = seen(&[("q.json", &queue)], |sources| sources.blockers(&|_| true));
        let schema = serde_json::from_str(include_str!("../../schemas/blockers.schema.json"));
        let value = serde_json::to_value(&list).expect("JSON");
        jsonschema::validate(&schema.expect("JSON"), &value).expect("as its schema says");
        let rows: Vec<(&str, usize, Vec<&str>)> = list
            .blockers
            .iter()
            .map(|b| (b.id.as_str(), b.frees, b.holds_up.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(rows, [("B", 2, vec!["D", "E", "F"]), ("A", 1, vec!["C", "F"])]);
        assert_eq!((list.held_up, list.harmless), (4, 2));
        let text = text(&list, Look { color: false, width: Some(60) });
        let a = "A  blocked  step t: exit status 1\n  holds up 2 tasks, 2 h of work: C and F\n  \
                 one of them waits for nothing else\n  workloop why A, then workloop retry A\n";
        assert!(text.contains(a), "{text}");
        assert!(text.starts_with("4 tasks wait behind tasks that need a person\n"), "{text}");
        assert!(
            text.ends_with("\n2 tasks wait for a person and hold nothing up:\n  workloop status\n"),
            "{text}"
        );
    }

    #[test]
    fn how_many_are_freed_is_told_only_if_it_differs() {
        let one = |holds: usize, frees| BlockerView {
            id: "my A".to_owned(),
            queue: "q.json".to_owned(),
            title: "a title\u{1b}".to_owned(),
            state: "parked",
            reason_code: None,
            text: String::new(),
            holds_up: (0..holds).map(|n| format!("T{n}")).collect(),
            frees,
            work_minutes: Minutes(90.0),
            command: "workloop unpark 'my A'".to_owned(),
        };
        let list = |blockers: Vec<BlockerView>, harmless| BlockerList {
            schema_version: 1,
            blockers,
            held_up: 1,
            harmless,
            typed: Typed::naming(" --work-queue q.json".to_owned()),
        };
        let told = |holds, frees| text(&list(vec![one(holds, frees)], 0), Look::PLAIN);
        let head = "1 task waits behind tasks that need a person\n\nmy A  parked  a title␛\n";
        let end = "  workloop unpark 'my A'\n";
        for (holds, frees, held, freed) in [
            (1, 1, "1 task, 1 h 30 min of work: T0", ""),
            (
                2,
                0,
                "2 tasks, 1 h 30 min of work: T0 and T1",
                "  each of them waits for others, too\n",
            ),
            (
                2,
                1,
                "2 tasks, 1 h 30 min of work: T0 and T1",
                "  one of them waits for nothing else\n",
            ),
            (
                6,
                2,
                "6 tasks, 1 h 30 min of work: T0, T1, T2, T3, T4 and 1 more",
                "  2 of them wait for nothing else\n",
            ),
        ] {
            assert_eq!(told(holds, frees), format!("{head}  holds up {held}\n{freed}{end}"));
        }
        let many = |number: usize| text(&list(vec![one(1, 1); number], 0), Look::PLAIN);
        assert!(many(20).ends_with(end));
        let more = "… and 1 more: workloop blockers --work-queue q.json --json has all\n";
        assert!(many(21).ends_with(&format!("{end}{more}")));
        assert_eq!(
            text(&list(Vec::new(), 1), Look::PLAIN),
            "nothing holds other tasks up\n\
             1 task waits for a person and holds nothing up: workloop status --work-queue q.json\n"
        );
    }

    /// A parked task is unparked, and an epic is blocked by its child, which is listed itself.
    #[test]
    fn each_blocker_has_the_command_that_frees_what_is_behind_it() {
        let queue = json!({"tasks": [
            {"id": "P", "title": "p", "status": "parked", "error": "later"},
            {"id": "E", "title": "e", "child_tasks": ["R"]},
            {"id": "R", "title": "r", "status": "blocked", "error": "question: which?"},
            {"id": "M", "title": "m", "agent": "manual"},
            {"id": "A", "title": "a", "dependencies": ["P"]},
            {"id": "B", "title": "b", "dependencies": ["E"]},
            {"id": "C", "title": "c", "dependencies": ["M"]},
            {"id": "D", "title": "d", "dependencies": ["C", "A"]},
        ]});
        let list = seen(&[("q.json", &queue)], |sources| sources.blockers(&|node| node.0 != 2));
        let rows: Vec<[&str; 4]> = list
            .blockers
            .iter()
            .map(|b| [b.id.as_str(), b.state, b.text.as_str(), b.command.as_str()])
            .collect();
        assert_eq!(
            rows,
            [
                ["P", "parked", "later", "workloop unpark P"],
                ["M", "waiting", "", "workloop done M"],
            ],
            "R is not selected"
        );
        let all = seen(&[("q.json", &queue)], |sources| sources.blockers(&|_| true));
        let of = |id: &str| all.blockers.iter().find(|b| b.id == id).expect("a blocker");
        assert_eq!(
            (of("R").text.as_str(), of("R").command.as_str()),
            ("which?", "workloop answer R TEXT")
        );
        assert_eq!(of("R").holds_up, ["B"]);
        assert_eq!((all.held_up, of("P").frees, of("P").holds_up.len()), (4, 1, 2));
    }

    #[test]
    fn nothing_may_be_in_the_way() {
        let queue = json!({"tasks": [{"id": "A", "title": "a"}]});
        let list = seen(&[("q.json", &queue)], |sources| sources.blockers(&|_| true));
        assert_eq!(text(&list, Look::PLAIN), "nothing holds other tasks up\n");
    }
}
