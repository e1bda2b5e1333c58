//! Tests what of a task and of other tasks gets into a prompt, and how much of it.

use super::super::share::share_out;
use super::super::{
    AnswerInput, ContinuedInput, DependencyInput, FailureInput, NoteInput, PromptError,
    PromptInput, PromptTemplate, RedInput, bound, bound_file,
};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

/// Renders a template of one's own, which is in a file.
fn rendered(template: &str, input: &PromptInput) -> Result<String, String> {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("own.j2");
    File::create(&path).and_then(|mut file| file.write_all(template.as_bytes())).expect("written");
    let template = PromptTemplate::load(Some(&path)).map_err(|error| error.to_string())?;
    let place = format!("{}/", dir.path().display());
    template.render(input).map_err(|error| error.to_string().replace(&place, ""))
}

/// Returns the fields of a task as a prompt lists them, a line each.
fn details(task: Value) -> String {
    let template = "{% for d in details %}{{ d.label }}|{{ d.inline }}|{{ d.text }}\n{% endfor %}";
    let input = PromptInput { task, ..PromptInput::default() };
    rendered(template, &input).expect("rendered")
}

#[test]
fn fields_are_listed_in_the_order_of_the_format_and_unknown_ones_after_them() {
    let task = json!({
        "zeta": "z", "id": "T", "tags": ["a", "b"], "title": "x", "priority": 0, "status": "pending",
        "attempts": 3, "claim": {"tag": "x"}, "description": "d", "alpha_beta-c": {"x": 1},
        "completion_promise": "P", "max_iterations": 5, "answers": [], "fingerprint": "f",
        "empty": "", "blank": " \n", "none": null, "list": [], "object": {}, "no": false, "ü": 1,
        "type": "bug",
    });
    assert_eq!(
        details(task),
        "Priority|True|0\nType|True|bug\nTags|False|  - a\n  - b\nZeta|True|z\n\
         Alpha beta c|False|  {\n    \"x\": 1\n  }\nNo|True|false\nü|True|1\n"
    );
}

#[test]
fn a_key_that_is_a_state_elsewhere_is_shown_if_it_is_none_here() {
    assert_eq!(details(json!({"done": true, "passes": false, "state": "open"})), "");
    let lists = details(json!({"done": ["a"], "state": ["b"]}));
    assert!(
        lists.contains("Done|False|  - a\n") && lists.contains("State|False|  - b\n"),
        "{lists}"
    );
}

#[test]
fn texts_of_several_lines_are_indented_as_they_are() {
    let task = json!({
        "notes": " first\n\n  second \n",
        "steps_to": ["one\ntwo", 3, {"a": [1]}, null, "  "],
    });
    assert_eq!(
        details(task),
        "Notes|False|  first\n\n    second\nSteps to|False|  - one\n    two\n  - 3\n  - {\"a\":[1]}\n  - null\n  - \n"
    );
}

#[test]
fn a_template_has_the_input_and_what_is_derived_from_it() {
    let task = json!({"id": " T-1 ", "title": "x", "description": " x ", "completion_promise": "<promise> P </promise>"});
    let input = PromptInput { task, title: "x".into(), attempt: 2, ..PromptInput::default() };
    let show = |template: &str| rendered(template, &input).expect(template);
    assert_eq!(show("{{ id }} {{ attempt }} {{ title }}"), "T-1 2 x");
    assert_eq!(show("{{ description is none }}"), "True", "it says no more than the title");
    assert_eq!(show("{{ completion_promise }}"), "P");
    assert_eq!(show("{{ left_out }} {{ budget is none }} {{ is_private }}"), "0 True False");
    assert_eq!(show("a\n{% if true %}\nb\n{% endif %}\nc\n"), "a\nb\nc\n", "tags leave no lines");
    assert_eq!(
        show("<b>{{ '<i>' }} <promise>{{ completion_promise }}</promise>"),
        "<b><i> [promise]P[/promise]"
    );
    let other = PromptInput { task: json!({"description": "more"}), ..input.clone() };
    assert_eq!(rendered("{{ description }}|{{ id }}", &other).as_deref(), Ok("more|"));
    let numbers =
        json!({"a": 18_446_744_073_709_551_615_u64, "b": -1, "c": 1.5, "d": [true, null]});
    let other = PromptInput { task: numbers, ..input.clone() };
    let all = "{{ task.a }} {{ task.b }} {{ task.c }} {{ task.d[0] }} {{ task.d[1] is none }}";
    assert_eq!(rendered(all, &other).as_deref(), Ok("18446744073709551615 -1 1.5 True True"));
}

#[test]
fn a_template_that_is_wrong_is_told_with_its_line() {
    let input = PromptInput::default();
    let refused = |template: &str| rendered(template, &input).expect_err(template);
    assert_eq!(
        refused("a\n  {{ nothing }}\n"),
        "failed to render the prompt: own.j2:2: undefined value: `nothing` is undefined\n  {{ nothing }}"
    );
    let syntax = refused("{% if %}\n");
    assert!(
        syntax.starts_with("failed to render the prompt: own.j2:1: syntax error: "),
        "{syntax}"
    );
    assert!(syntax.ends_with("\n  {% if %}"), "{syntax}");
    let none = PromptTemplate::load(Some(Path::new("/no/where.j2"))).expect_err("missing");
    assert!(matches!(none, PromptError::Read { .. }));
    let text =
        "failed to read the prompt template /no/where.j2: No such file or directory (os error 2)";
    assert_eq!(none.to_string(), text);
    assert_eq!(PromptTemplate::load(None).ok(), Some(PromptTemplate::built_in()));
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("long.j2");
    let sized = |bytes: u64| {
        File::create(&path).and_then(|file| file.set_len(bytes)).expect("size");
        PromptTemplate::load(Some(&path)).is_ok()
    };
    assert!(sized(1 << 20) && !sized((1 << 20) + 1));
}

#[test]
fn texts_of_others_steer_no_terminal_and_those_of_the_task_stay() {
    let red = || "\u{1b}[31mred\u{1b}[0m\u{202e}".to_owned();
    let input = PromptInput {
        task: json!({"id": "T", "description": red()}),
        dependencies: vec![DependencyInput {
            id: red(),
            title: red(),
            summary: Some(red()),
            artifacts: vec![red()],
            files_changed: vec![red()],
            place: "p".into(),
        }],
        notes: vec![NoteInput { from: red(), text: red(), place: "p".into() }],
        questions: vec![NoteInput { from: red(), text: red(), place: "p".into() }],
        answers: vec![AnswerInput { question: Some(red()), answer: red() }],
        continued: Some(ContinuedInput { attempt: 1, conflicts: vec![red()], setup: Some(red()) }),
        failure: Some(FailureInput {
            outcome: red(),
            output: red(),
            findings: vec![red()],
            ..FailureInput::default()
        }),
        untouched: vec![RedInput { outcome: red(), output: red(), ..RedInput::default() }],
        ..PromptInput::default()
    };
    let all = "{% set d = dependencies[0] %}{{ d.id }} {{ d.title }} {{ d.summary }} {{ d.artifacts[0] }} \
               {{ d.files_changed[0] }} {{ notes[0].from }} {{ notes[0].text }} {{ questions[0].from }} \
               {{ questions[0].text }} {{ answers[0].question }} {{ answers[0].answer }} \
               {{ continued.conflicts[0] }} {{ continued.setup }} {{ failure.outcome }} \
               {{ failure.output }} {{ failure.findings[0] }} {{ untouched[0].outcome }} {{ untouched[0].output }}";
    let found = rendered(all, &input).expect("rendered");
    assert_eq!(found.split(' ').collect::<Vec<_>>(), ["red\\u{202e}"; 18]);
    assert_eq!(rendered("{{ description }}", &input).expect("rendered"), red());
}

#[test]
fn a_fence_is_longer_than_any_in_the_output() {
    let fence = |output: &str| {
        let failure = FailureInput { output: output.into(), ..FailureInput::default() };
        let red = RedInput { output: output.into(), ..RedInput::default() };
        let input =
            PromptInput { failure: Some(failure), untouched: vec![red], ..PromptInput::default() };
        let both = "{{ failure.fence }} {{ untouched[0].fence }}";
        let found = rendered(both, &input).expect("rendered");
        let (one, other) = found.split_once(' ').expect("two");
        assert_eq!(one, other);
        one.to_owned()
    };
    for (output, length) in [("", 3), ("x ``` y", 3), ("```", 4), ("  `````js\nx", 6), ("``", 3)] {
        assert_eq!(fence(output), "`".repeat(length), "{output}");
    }
}

const EACH: usize = 16 * 1024;

fn notes(lengths: &[usize]) -> PromptInput {
    let note = |length: &usize| NoteInput {
        from: "B".into(),
        text: "n".repeat(*length),
        place: "q".into(),
    };
    PromptInput { notes: lengths.iter().map(note).collect(), ..PromptInput::default() }
}

#[test]
fn four_long_texts_fill_a_prompt_and_the_next_one_is_counted() {
    let lengths = |given: &[usize]| {
        let mut input = notes(given);
        let left_out = share_out(&mut input);
        (input.notes.iter().map(|note| note.text.len()).collect::<Vec<_>>(), left_out)
    };
    assert_eq!(lengths(&[EACH]), (vec![EACH], 0));
    let (cut, left_out) = lengths(&[EACH + 1]);
    assert!((EACH - 100..=EACH).contains(&cut[0]) && left_out == 0, "{cut:?}");
    assert_eq!(lengths(&[EACH; 4]), (vec![EACH; 4], 0));
    assert_eq!(lengths(&[EACH, EACH, EACH, EACH, 1]), (vec![EACH; 4], 1));
    // What would be cut below 256 bytes is left out, and what fits still gets in.
    let note = "\n[cut: the full text is in q]".len();
    let rest = |left: usize| lengths(&[EACH, EACH, EACH, EACH - left, EACH, 1]);
    let (kept, left_out) = rest(256 + note - 1);
    assert_eq!((kept.last(), kept.len(), left_out), (Some(&1), 5, 1));
    let (kept, left_out) = rest(256 + note);
    assert_eq!((kept.len(), left_out), (6, 0));
    assert!((200..=256 + note).contains(&kept[4]), "{kept:?}");
}

#[test]
fn a_text_is_bounded_to_its_head_and_its_tail() {
    for (text, limit, expected) in
        [("", 0, ""), ("abc", 3, "abc"), ("abc", 2, ""), ("abcdef", 64, "abcdef")]
    {
        assert_eq!(bound(text, limit), expected, "{text} {limit}");
    }
    let long = "0123456789".repeat(100);
    assert_eq!(
        bound(&long, 104),
        format!("{}\n[… 960 bytes left out …]\n{}", &long[..10], &long[970..])
    );
    assert_eq!(bound(&long, 66), "\n[… 998 bytes left out …]\n89");
    assert_eq!(bound(&long, 30), "", "too small even for the note");
    let lines = "aaaa\nbbbb\n".repeat(50);
    assert_eq!(
        bound(&lines, 104),
        "aaaa\nbbbb\n[… 465 bytes left out …]\nbbbb\naaaa\nbbbb\naaaa\nbbbb\n"
    );
}

#[test]
fn a_file_is_bounded_like_its_text_at_every_length() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("log");
    let of = |text: &str, limit: usize| {
        File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
        bound_file(&path, limit).expect("read")
    };
    for length in [0, 1, 103, 104, 105, 500] {
        let text = "0123456789".repeat(50)[..length].to_owned();
        assert_eq!(of(&text, 104), bound(&text, 104), "{length}");
    }
    assert!(bound_file(dir.path(), 9).is_err(), "a folder");
    std::os::unix::fs::symlink(&path, dir.path().join("link")).expect("link");
    assert!(bound_file(&dir.path().join("link"), 9).is_err(), "a link could lead anywhere");
}
