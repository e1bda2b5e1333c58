//! Tests that for any file and any changes nothing else changes and parsing gives the same result.

use super::*;
use crate::domain::Field;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

#[derive(Clone, Debug)]
enum Act {
    Claim(usize),
    Complete(usize),
    Interrupt(usize, String),
    Set(usize, String, Value),
    Remove(usize, String),
    Append(Value),
    Refresh,
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-zé\"\\\\ ]{0,4}", inner), 0..4)
                .prop_map(|list| Value::Object(list.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zé \"\\\\]{1,5}",
        prop::sample::select(vec![
            "title",
            "error",
            "tags",
            "started_at",
            "context",
            "priority",
            "claim",
            "passes",
            "done",
            "state",
            "needs",
            "blocks"
        ])
        .prop_map(str::to_owned),
    ]
}

/// A state under one of the keys that may hold it.
fn state() -> impl Strategy<Value = (&'static str, Value)> {
    let words = vec!["pending", "todo", "done", "complete", "blocked", "odd"];
    let word = prop::sample::select(words).prop_map(Value::from);
    let flag = prop::sample::select(vec!["passes", "done", "completed", "status"]);
    prop_oneof![
        3 => word.clone().prop_map(|word| ("status", word)),
        1 => word.prop_map(|word| ("state", word)),
        2 => (flag, any::<bool>()).prop_map(|(key, flag)| {
            (key, if key == "status" { Value::Null } else { Value::from(flag) })
        }),
    ]
}

fn task() -> impl Strategy<Value = Value> {
    (state(), prop::collection::vec((key(), value()), 0..5)).prop_map(|((key, state), rest)| {
        let mut map = Map::new();
        map.extend(rest.iter().take(2).cloned());
        map.insert("id".into(), Value::Null);
        map.insert(key.into(), state);
        map.extend(rest.into_iter().skip(2).filter(|(key, _)| key != "claim"));
        Value::Object(map)
    })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        any::<usize>().prop_map(Act::Claim),
        any::<usize>().prop_map(Act::Complete),
        (any::<usize>(), ".{0,9}").prop_map(|(n, text)| Act::Interrupt(n, text)),
        (any::<usize>(), key(), value()).prop_map(|(n, key, value)| Act::Set(n, key, value)),
        (any::<usize>(), key()).prop_map(|(n, key)| Act::Remove(n, key)),
        task().prop_map(Act::Append),
        Just(Act::Refresh),
    ]
}

/// The keys under which a list of tasks may be. The empty one means that the list is the whole
/// file.
const LISTS: [&str; 10] = [
    "",
    "tasks",
    "features",
    "queue",
    "userStories",
    "stories",
    "items",
    "backlog",
    "jobs",
    "pending_tasks",
];

/// A file in one of several styles, with the summary before or after the list or absent.
pub(super) fn file() -> impl Strategy<Value = String> {
    let tasks = prop::collection::vec(task(), 0..5);
    let list = prop::sample::select(LISTS.to_vec());
    (tasks, 0..3_u8, 0..5_u8, (list, any::<bool>()), value()).prop_map(
        |(mut tasks, summary, style, (list, numbers), other)| {
            for (n, task) in tasks.iter_mut().enumerate() {
                task["id"] = if numbers { json!(n) } else { json!(format!("T{n}")) };
            }
            styled(&whole(tasks, summary, list, other), style)
        },
    )
}

fn whole(tasks: Vec<Value>, summary: u8, list: &str, other: Value) -> Value {
    if list.is_empty() {
        return tasks.into();
    }
    let counts = json!({"total": 0, "completed": 0, "archived": 1});
    let mut map = Map::new();
    map.insert("other".into(), other);
    if summary == 1 {
        map.insert("summary".into(), counts.clone());
    }
    map.insert(list.into(), tasks.into());
    map.insert("sequence".into(), json!(3));
    map.insert("fingerprints".into(), json!([]));
    if summary == 2 {
        map.insert("summary".into(), counts);
    }
    Value::Object(map)
}

fn styled(whole: &Value, style: u8) -> String {
    match style {
        0 => whole.to_string(),
        1 => whole.to_string() + "\n",
        2 => serde_json::to_string_pretty(whole).unwrap(),
        3 => serde_json::to_string_pretty(whole).unwrap().replace('\n', "\r\n") + "\r\n",
        _ => with_tabs(whole),
    }
}

/// Returns whether `tasks` is one of the lists of a file.
fn has_list(whole: &Value, tasks: &[Value]) -> bool {
    let inside = whole.as_object().into_iter().flat_map(Map::values);
    std::iter::once(whole).chain(inside).any(|list| list.as_array().is_some_and(|l| l == tasks))
}

fn with_tabs(value: &Value) -> String {
    let mut out = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    let mut writer = serde_json::Serializer::with_formatter(&mut out, format);
    serde::Serialize::serialize(value, &mut writer).unwrap();
    String::from_utf8(out).unwrap()
}

fn make(queue: &mut Queue, act: &Act, serial: &mut usize) {
    let count = queue.tasks().len();
    let pick = |n: &usize| (count > 0).then(|| n % count);
    let transition = |queue: &mut Queue, n: &usize, transition: &Transition| {
        let Some(index) = pick(n) else { return };
        if let Ok(changes) = apply(&queue.tasks()[index], transition, now()) {
            drop(queue.apply(index, &changes));
        }
    };
    match act {
        Act::Claim(n) => transition(queue, n, &claim(1)),
        Act::Complete(n) => transition(queue, n, &complete()),
        Act::Interrupt(n, reason) => {
            transition(queue, n, &Transition::Interrupt { reason: reason.clone() });
        }
        Act::Set(n, key, value) => {
            let Some(index) = pick(n) else { return };
            if queue.set_key(index, key, Some(value)).is_ok() {
                let task: Value = serde_json::from_str(queue.task_text(index)).unwrap();
                assert!(crate::queue::json::style::same(&task[key.as_str()], value));
            }
        }
        Act::Remove(n, key) => {
            let Some(index) = pick(n) else { return };
            queue.set_key(index, key, None).unwrap();
            let task: Value = serde_json::from_str(queue.task_text(index)).unwrap();
            assert!(task.get(key.as_str()).is_none());
        }
        Act::Append(task) => {
            let mut task = task.as_object().unwrap().clone();
            *serial += 1;
            let number = serial.is_multiple_of(2);
            task.insert(
                "id".into(),
                if number { json!(*serial + 99) } else { json!(format!("new {serial}")) },
            );
            let before = queue.tasks().len();
            if let Ok(index) = queue.append(&task) {
                assert_eq!(index, before);
                let read: Value = serde_json::from_str(queue.task_text(index)).unwrap();
                assert!(crate::queue::json::style::same(&read, &Value::Object(task)));
            }
        }
        Act::Refresh => queue.refresh(now()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_that_is_not_changed_is_written_as_it_was(text in file()) {
        let queue = parse(&text);
        prop_assert_eq!(written(&queue), text);
        prop_assert!(queue.pieces().count() <= 1);
    }

    #[test]
    fn a_broken_file_is_refused_where_serde_json_refuses_it(
        text in file(), at: prop::sample::Index, with in "[\\[\\]{},:\"\\\\0-9eE.+ \\u{1}nt-]{0,2}",
    ) {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        chars.splice(at..=at, with.chars());
        let text: String = chars.into_iter().collect();
        let ours = Queue::parse(Path::new("q.json"), text.clone().into_bytes());
        match (ours, serde_json::from_str::<Value>(&text)) {
            (Ok(queue), theirs) => {
                let theirs = theirs.unwrap();
                let own = |n: usize| serde_json::from_str(queue.task_text(n)).unwrap();
                let list: Vec<Value> = (0..queue.tasks().len()).map(own).collect();
                prop_assert!(has_list(&theirs, &list), "{}", text);
                for (index, task) in list.iter().enumerate() {
                    let id = queue.tasks()[index].id.as_str();
                    let number = queue.raw(index, Field::Id) == Some(id);
                    prop_assert!(number || task["id"].as_str() == Some(id), "{}", id);
                }
                prop_assert_eq!(written(&queue), text);
            }
            (Err(refused), Ok(_)) => prop_assert!(!refused.is_syntax(), "{}", refused),
            (Err(refused), Err(_)) => prop_assert!(!refused.reason.is_empty()),
        }
    }

    #[test]
    fn a_changed_queue_reads_back_as_it_is(
        text in file(),
        acts in prop::collection::vec(act(), 1..12),
    ) {
        let mut queue = parse(&text);
        let mut serial = 0;
        let crlf = text.contains("\r\n");
        for act in &acts {
            let before: Vec<String> =
                (0..queue.tasks().len()).map(|n| queue.task_text(n).to_owned()).collect();
            make(&mut queue, act, &mut serial);
            let changed = (0..before.len()).filter(|n| queue.task_text(*n) != before[*n]).count();
            prop_assert!(changed <= 1);
        }
        queue.refresh(now());
        let again = parse(&written(&queue));
        prop_assert_eq!(again.tasks(), queue.tasks());
        prop_assert_eq!(again.counts(), queue.counts());
        prop_assert_eq!(again.structure(), queue.structure());
        prop_assert_eq!(again.findings(), queue.findings());
        prop_assert!(!queue.findings().iter().any(|f| f.code == "summary-untrue"));
        for index in 0..again.tasks().len() {
            prop_assert_eq!(again.task_text(index), queue.task_text(index));
            prop_assert_eq!(again.locate(index, Some(Field::Id), None), queue.locate(index, Some(Field::Id), None));
            prop_assert_eq!(again.index_of(again.tasks()[index].id.as_str()), Some(index));
        }
        if crlf {
            let text = written(&queue);
            prop_assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        }
        let value: Value = serde_json::from_slice(&queue.to_bytes()).unwrap();
        let original: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(value.is_array(), original.is_array());
        if value.is_object() {
            prop_assert_eq!(&value["summary"]["total"], &json!(queue.tasks().len()));
            prop_assert_eq!(&value["other"], &original["other"]);
        }
    }

    #[test]
    fn a_file_that_is_read_again_is_as_if_read_first(
        text in file(),
        own in prop::collection::vec(act(), 0..4),
        others in prop::collection::vec(act(), 0..4),
        edit in edit(),
    ) {
        let mut serial = 0;
        let mut queue = parse(&text);
        own.iter().for_each(|act| make(&mut queue, act, &mut serial));
        let mut other = queue.clone();
        others.iter().for_each(|act| make(&mut other, act, &mut serial));
        let text = edit.make(&written(&other));
        let before = queue.clone();
        match (queue.reread(text.clone().into_bytes()), Queue::parse(&queue.path, text.into_bytes())) {
            (Ok(()), Ok(first)) => same_reading(&queue, &first),
            (Err(again), Err(first)) => {
                prop_assert_eq!(again, first);
                same_reading(&queue, &before);
            }
            (again, first) => prop_assert!(false, "{:?} but {:?}", again, first.err()),
        }
    }
}

/// A valid or invalid edit of the text of a file.
#[derive(Clone, Debug)]
enum Edit {
    Nothing,
    Splice(prop::sample::Index, prop::sample::Index, String),
    /// The tasks in another order, some of them repeated or missing.
    Shuffle(Vec<prop::sample::Index>),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        Just(Edit::Nothing),
        (index(), index(), "[\\[\\]{},:\"\\\\0-9eT.+ \u{1}nt-]{0,2}")
            .prop_map(|(at, end, with)| Edit::Splice(at, end, with)),
        prop::collection::vec(index(), 0..7).prop_map(Edit::Shuffle),
    ]
}

impl Edit {
    fn make(&self, text: &str) -> String {
        match self {
            Self::Nothing => text.to_owned(),
            Self::Splice(at, end, with) => {
                let mut chars: Vec<char> = text.chars().collect();
                let at = at.index(chars.len());
                let end = (at + end.index(4)).min(chars.len());
                chars.splice(at..end, with.chars());
                chars.into_iter().collect()
            }
            Self::Shuffle(order) => {
                let queue = parse(text);
                let count = queue.tasks().len();
                if count == 0 {
                    return text.to_owned();
                }
                let tasks = order.iter().map(|index| queue.task_text(index.index(count)));
                let list = tasks.collect::<Vec<_>>().join(", ");
                format!("{}{list}{}", queue.slices.head(), queue.slices.tail())
            }
        }
    }
}

fn same_reading(one: &Queue, other: &Queue) {
    assert_eq!(written(one), written(other));
    assert_eq!(one.tasks(), other.tasks());
    assert_eq!(one.counts(), other.counts());
    assert_eq!(one.structure(), other.structure());
    assert_eq!(one.findings(), other.findings());
    assert_eq!((one.revision(), one.project()), (other.revision(), other.project()));
    assert_eq!(one.phases(), other.phases());
    assert_eq!(format!("{:?}", one.words), format!("{:?}", other.words));
    assert_eq!(one.slices.members, other.slices.members);
    for (index, task) in one.tasks().iter().enumerate() {
        assert_eq!(one.task_text(index), other.task_text(index));
        assert_eq!(one.slices.fields(index), other.slices.fields(index));
        assert_eq!(one.index_of(task.id.as_str()), Some(index));
    }
    assert_eq!(one.index_of("T99"), None);
}
