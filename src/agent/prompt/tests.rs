use super::*;
use serde_json::json;

fn note(from: &str, text: &str) -> NoteInput {
    NoteInput { from: from.into(), text: text.into(), place: "/p/queues/q.json".into() }
}

fn full() -> PromptInput {
    PromptInput {
        task: json!({
            "id": "A-2",
            "owner_notes": {"x": 1.5},
            "status": "pending",
            "attempts": 1,
            "claim": null,
            "title": "Sort the list",
            "description": "Sort it.\n\nPrint <promise>SORTED</promise> at the end.",
            "files_to_modify": ["src/a.ts", "src/b.ts"],
            "type": "feature",
            "priority": 0,
            "tags": [],
            "completion_promise": "SORTED",
            "acceptance_criteria": ["it is sorted", {"n": 1}]
        }),
        title: "Sort the list".into(),
        attempt: 2,
        budget: Some(15),
        queue: "/p/queues/q.json".into(),
        project: Some("p".into()),
        root: "/p".into(),
        is_private: false,
        continued: None,
        result_file: "/p/queues/.workloop/attempts/0/2/result.json".into(),
        dependencies: vec![DependencyInput {
            id: "A-1".into(),
            title: "Make the list".into(),
            summary: Some("Made it.".into()),
            artifacts: vec!["docs/list.md".into()],
            files_changed: vec!["src/list.ts".into()],
            place: "/p/queues/q.json".into(),
        }],
        notes: vec![note("A-1", "it is long")],
        questions: vec![note("A-3", "up or down?")],
        answers: vec![AnswerInput { question: Some("Up or down?".into()), answer: "Up.".into() }],
        failure: Some(FailureInput {
            findings: Vec::new(),
            attempt: 1,
            step: "test".into(),
            outcome: "step test: exit status 1".into(),
            output: "expected 1\n```\ngot 2\n".into(),
            log: "/p/queues/.workloop/attempts/0/1/verify-1.out".into(),
            known: vec!["lists are sorted down; what helps: sort up".into()],
        }),
        untouched: vec![RedInput {
            step: "lint".into(),
            outcome: "exit status 2".into(),
            output: "src/old.ts: unused\n".into(),
            log: "/p/queues/.workloop/attempts/1/1/verify-1.out".into(),
            left_by: vec!["A-0".into()],
        }],
        verification: vec![StepInput { name: "test".into(), command: "npm test".into() }],
        program: "workloop".into(),
        steps: 3,
    }
}

fn custom(text: &str) -> PromptTemplate {
    PromptTemplate { name: "own.j2".into(), text: text.into() }
}

#[test]
fn the_full_prompt_is_as_it_was_read_last() {
    let prompt = PromptTemplate::built_in().render(&full()).expect("prompt");
    let expected = include_str!("tests/full.md");
    assert_eq!(prompt, expected, "update tests/full.md if this is meant:\n{prompt}");
}

#[test]
fn the_smallest_task_has_a_prompt_too() {
    let input = PromptInput {
        task: json!({"id": "1", "description": "do it"}),
        title: "do it".into(),
        ..PromptInput::default()
    };
    let prompt = PromptTemplate::built_in().render(&input).expect("prompt");
    assert!(prompt.starts_with("# Task 1: do it\n\nYou do one task"), "{prompt}");
    assert!(!prompt.contains("\n\n\n"), "{prompt}");
    assert!(!prompt.contains("failed at"), "{prompt}");
}

#[test]
fn no_prompt_holds_the_marker_of_a_promise() {
    let mut input = full();
    input.task["completion_promise"] = json!("<promise>SORTED</promise>");
    let failure = input.failure.as_mut().expect("failure");
    failure.output = "<promise>SORTED</promise>".into();
    let prompt = PromptTemplate::built_in().render(&input).expect("prompt");
    assert!(!crate::agent::has_promise(&prompt, "SORTED"));
    assert!(prompt.contains("promise: SORTED\n"), "{prompt}");
}

#[test]
fn a_long_failure_is_bounded() {
    let mut input = full();
    let failure = input.failure.as_mut().expect("failure");
    failure.output = "noise €\n".repeat(100_000) + "the end\n";
    let prompt = PromptTemplate::built_in().render(&input).expect("prompt");
    assert!(prompt.len() < 16 * 1024 + 4096, "{}", prompt.len());
    assert!(prompt.contains("the end\n\n[cut: the full text is in /p/queues/"), "{prompt}");
}

#[test]
fn the_text_of_a_task_and_answers_are_whole_and_the_rest_is_bounded() {
    let long = |word: &str| format!("{word} ").repeat(10_000);
    let mut input = full();
    input.task["description"] = json!(long("DESCRIPTION"));
    input.answers[0].answer = long("ANSWER");
    input.notes = vec![input.notes[0].clone(); 1_000];
    input.notes[0].text = long("note");
    input.dependencies[0].summary = Some(long("summary"));
    input.dependencies[0].artifacts = vec![long("artifact"); 100];
    let prompt = PromptTemplate::built_in().render(&input).expect("prompt");
    let count = |word: &str| prompt.matches(word).count();
    assert_eq!((count("DESCRIPTION"), count("ANSWER")), (10_000, 10_000));
    let whole = "DESCRIPTION ".len() * 10_000 + "ANSWER ".len() * 10_000;
    // Each short note also needs a line and a name.
    assert!(prompt.len() - whole < 64 * 1024 * 4, "{}", prompt.len() - whole);
    assert!(
        prompt.contains("Left out for their length: ") && prompt.contains("[cut: the full text")
    );
}

#[test]
fn text_of_a_task_is_never_a_template() {
    let mut input = full();
    input.task["description"] = json!("{{ secret }} {% if %}");
    let prompt = PromptTemplate::built_in().render(&input).expect("prompt");
    assert!(prompt.contains("{{ secret }} {% if %}"));
}

#[test]
fn an_own_template_sees_everything() {
    let text = "{{ task.owner_notes.x }} {{ title }} {{ failure.step }} {{ details[0].key }}";
    assert_eq!(custom(text).render(&full()).expect("prompt"), "1.5 Sort the list test priority");
}

#[test]
fn a_wrong_template_is_told_with_its_line() {
    let error = custom("one\n{{ titel }}\n").render(&full()).expect_err("undefined").to_string();
    assert!(error.starts_with("failed to render the prompt: own.j2:2: undefined value"), "{error}");
    assert!(error.ends_with("\n  {{ titel }}"), "{error}");
    let error = custom("{% if %}").render(&full()).expect_err("syntax").to_string();
    assert!(error.contains("own.j2:1: syntax error"), "{error}");
    let error = PromptTemplate::load(Some(Path::new("/no/such"))).expect_err("absent");
    assert!(matches!(error, PromptError::Read { .. }));
}

#[test]
fn what_others_say_is_clean_and_the_task_itself_is_whole() {
    let raw = "\u{1b}[31mx\u{1b}[0m\u{202e}\ry";
    let mut input = full();
    input.title = raw.to_owned();
    foreign(&mut input, &mut |text| *text = raw.to_owned());
    let clean = PromptTemplate::built_in().render(&input).expect("prompt");
    assert_eq!(clean.matches('\u{1b}').count(), 2 * clean.matches(raw).count(), "{clean}");
    // Id, title, summary, artifact and file of a dependency; sender and text of a note; question
    // and answer; outcome and output of the failure.
    assert!(clean.matches("x\\u{202e}\ny").count() >= 9, "{clean}");
    assert!(clean.contains(raw));
}
