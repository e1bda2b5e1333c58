//! Files in the forms of other tools: each is read, run and written back in its own words.

use super::*;
use serde_json::json;

/// The lists that are read, as a head and a tail around the tasks.
const LISTS: [(&str, &str); 10] = [
    ("[", "]"),
    ("{\"tasks\": [", "]}"),
    ("{\"features\": [", "], \"mode\": 1}"),
    ("{\"queue\": [", "], \"version\": \"1.0\"}"),
    ("{\"branch\": \"b\", \"userStories\": [", "]}"),
    ("{\"stories\": [", "], \"backlog\": []}"),
    ("{\"items\": [", "]}"),
    ("{\"backlog\": [", "], \"items\": [\"a\", \"b\"]}"),
    ("{\"jobs\": [", "], \"queue\": \"main\"}"),
    ("{\"stories\": null, \"pending_tasks\": [", "]}"),
];

#[test]
fn a_list_is_found_wherever_it_is_looked_for() {
    for (head, tail) in LISTS {
        let tasks =
            "{\"id\": 1, \"title\": \"x\"}, {\"id\": 2, \"title\": \"y\", \"depends_on\": [1]}";
        let text = format!("{head}{tasks}{tail}");
        let mut queue = parse(&text);
        assert_eq!(written(&queue), text);
        assert_eq!(queue.tasks()[1].dependencies(), ["1"], "{text}");
        assert_eq!(queue.index_of("2"), Some(1));
        let error = |f: &crate::queue::Finding| f.severity == crate::queue::Severity::Error;
        assert!(!queue.findings().iter().any(error), "{:?}", queue.findings());
        step(&mut queue, 0, &claim(1));
        step(&mut queue, 0, &complete());
        queue.append(json!({"id": 3, "title": "z"}).as_object().unwrap()).unwrap();
        queue.refresh(now());
        let after = written(&queue);
        let first = after.split_once(", {\"id\": 2").unwrap().0;
        assert!(first.ends_with("\"src/b.rs\"]}"), "{after}");
        let end = format!(
            "{{\"id\": 2, \"title\": \"y\", \"depends_on\": [1]}}, {{\"id\": 3, \"title\": \"z\"}}{tail}"
        );
        assert!(after.ends_with(&end), "{after}");
        assert_eq!(head == "[", !after.contains("summary"));
        let again = parse(&after);
        assert_eq!((again.tasks(), again.counts()), (queue.tasks(), queue.counts()));
        queue.reread(text.clone().into_bytes()).unwrap();
        assert_eq!(written(&queue), text);
    }
}

#[test]
fn a_file_may_change_its_form() {
    let mut queue = parse(&format!("{}{}{}", LISTS[0].0, "{\"id\": \"a\"}", LISTS[0].1));
    for (head, tail) in LISTS.iter().chain(&LISTS[..2]) {
        let text = format!("{head}{{\"id\": \"a\", \"status\": \"done\"}}, {{\"id\": 7}}{tail}");
        queue.reread(text.clone().into_bytes()).unwrap();
        assert_eq!((written(&queue), queue.tasks()), (text.clone(), parse(&text).tasks()));
        assert!(queue.reread(b"{}".to_vec()).is_err());
        assert_eq!(written(&queue), text);
    }
}

#[test]
fn a_list_by_itself_keeps_its_layout() {
    for text in [
        "[\n  {\n    \"id\": 1,\n    \"title\": \"x\"\n  }\n]\n",
        "[\n]",
        "[]",
        " [ {\"id\":1} ]\n",
    ] {
        let mut queue = parse(text);
        queue.append(json!({"id": 9, "tags": ["a"]}).as_object().unwrap()).unwrap();
        queue.refresh(now());
        insta::assert_snapshot!(format!("list_{}", text.len()), written(&queue));
    }
}
