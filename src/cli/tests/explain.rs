use super::sandbox::Sandbox;
use crate::domain::ReasonCode;

#[test]
fn every_code_is_listed_once_with_what_it_means() {
    let text = Sandbox::empty().reads("explain").printed();
    let codes: Vec<&str> =
        text.lines().map(|line| line.split_once("  ").expect("two columns").0).collect();
    let all: Vec<&str> = ReasonCode::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(codes, all);
    let timeout = "timeout              A command ran longer than its limit and was ended.\n";
    assert!(text.contains(timeout), "{text}");
    assert!(text.lines().all(|line| line.ends_with('.')), "{text}");
}

#[test]
fn a_code_is_explained_with_its_causes_and_what_to_do() {
    let text = Sandbox::empty().reads("explain tampered").printed();
    assert_eq!(
        text,
        "tampered: The attempt changed something that judges it: a script that the verification \
         runs, the configuration, or a path under guardrails.protect.\n\
         \n\
         Usual causes:\n\
         \x20 - the agent repaired the check instead of the work\n\
         \x20 - the task asks for a change of that script, which a person has to declare\n\
         \n\
         What to do next:\n\
         \x20 workloop why ID               shows every attempt and what the task holds up\n\
         \x20 workloop edit ID --file PATH  lets the task change that file\n\
         \x20 workloop retry ID             makes the task pending, with a new budget\n"
    );
}

#[test]
fn json_has_one_code_or_all_of_them() {
    let sandbox = Sandbox::empty();
    let one = sandbox.reads("explain tampered --json").json("explain");
    assert_eq!(one["code"], "tampered");
    let all: serde_json::Value =
        serde_json::from_str(&sandbox.reads("explain --json").printed()).expect("JSON");
    let all = all.as_array().expect("a list");
    assert_eq!(all.len(), ReasonCode::ALL.len());
    assert!(all.contains(&one), "{one}");
}

#[test]
fn an_unknown_code_is_refused_with_the_nearest_one() {
    let sandbox = Sandbox::empty();
    let hint = "hint: workloop explain lists all of them\n";
    for (code, text) in [
        ("tampred", "there is no reason code `tampred`; did you mean `tampered`?"),
        ("TAMPERED", "there is no reason code `TAMPERED`; did you mean `tampered`?"),
        ("xyzzy", "there is no reason code `xyzzy`"),
        ("''", "there is no reason code ``"),
        ("'a\u{1b}[2J\nb'", "there is no reason code `a␛[2J\nb`"),
    ] {
        sandbox.refuses(&format!("explain {code}"), 2, &format!("error: {text}\n{hint}"));
    }
}
