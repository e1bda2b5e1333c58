//! `[templates.NAME]`: the wording of tasks that the program creates itself.

use super::super::model::Config;
use super::super::names::fold;
use super::super::reader::Section;
use super::named;
use crate::domain::{Field, nearest};
use crate::verify::OnRed;
use serde_json::{Map, Value, json};
use std::ops::Range;

/// Reads the sections. The keys cannot grant permissions: a task created from a template has none.
pub(in super::super) fn read(templates: &Section<'_>, config: &mut Config) {
    // A name may be missing only because its section was refused.
    let sound = templates.reader.count() == 0;
    for (name, _, value) in templates.entries() {
        let Some(section) = templates.open(&name, value) else { continue };
        let fields = one(&section, config, sound);
        section.close(&[]);
        config.templates.insert(name, fields);
    }
}

fn one(section: &Section<'_>, config: &Config, sound: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    let before = section.reader.count();
    let mut put = |field: Field, value: Option<Value>| {
        fields.extend(value.map(|value| (field.key().to_owned(), value)));
    };
    let known = |what: &str, texts: Vec<(String, Range<usize>)>| {
        for (name, span) in texts.iter().filter(|_| sound) {
            named::check(section, span, (what, name), config);
        }
        texts.into_iter().map(|(name, _)| name).collect::<Vec<String>>()
    };
    let text = |key| section.text(key).map(|text| json!(text.value));
    let list = |list: Vec<String>| (!list.is_empty()).then(|| json!(list));
    put(Field::Title, text("title"));
    put(Field::Description, text("description"));
    put(Field::Type, work_type(section).map(|kind| json!(kind)));
    let agent = known("agent", section.spanned_text("agent").into_iter().collect());
    put(Field::Agent, agent.first().map(|agent| json!(agent)));
    put(Field::Verify, list(known("verification profile", section.spanned_texts("verify"))));
    put(Field::Priority, section.number("priority", 0).map(|number| json!(*number)));
    put(Field::Files, list(section.texts("files")));
    put(Field::Tags, list(section.texts("tags")));
    put(Field::AcceptanceCriteria, list(section.texts("acceptance_criteria")));
    put(Field::MaxIterations, section.number("max_iterations", 1).map(|number| json!(*number)));
    put(Field::RequiresApproval, section.flag("requires_approval").map(|flag| json!(*flag)));
    put(Field::Review, section.flag("review").map(|flag| json!(*flag)));
    if !fields.contains_key(Field::Title.key()) && section.reader.count() == before {
        section.reader.report(section.span.clone(), "a template needs title");
    }
    fields
}

/// Reads the type of the task, which must not be a gate.
fn work_type(section: &Section<'_>) -> Option<String> {
    let (kind, span) = section.spanned_text("type")?;
    if fold(&kind) == "gate" {
        let message = "a template is for work: a gate would wait for a gate";
        section.reader.report(span, message);
        return None;
    }
    Some(kind)
}

/// Reads `on_red` of a profile.
pub(super) fn on_red(section: &Section<'_>, config: &Config) -> OnRed {
    let Some((text, span)) = section.spanned_text("on_red") else {
        return OnRed::Block;
    };
    let report = |span: Range<usize>, message: String| section.reader.report(span, message);
    match text.split_once(char::is_whitespace) {
        None if text == "block" => OnRed::Block,
        Some(("task", name)) if !name.trim().is_empty() => {
            let name = name.trim();
            if !config.templates.contains_key(name) {
                let known = config.templates.keys().map(String::as_str);
                let meant = nearest(name, known);
                let meant =
                    meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
                report(span, format!("there is no [templates.{name}]{meant}"));
            }
            OnRed::Task(name.to_owned())
        }
        None | Some(_) => {
            report(span, "on_red must be \"block\" or \"task TEMPLATE\"".to_owned());
            OnRed::Block
        }
    }
}

/// Reports templates that no profile uses, because no task would be created from them.
pub(in super::super) fn check_used(templates: &Section<'_>, config: &Config) {
    let is_used = |name: &str| {
        let mut all = config.steps.iter().map(|step| &step.rules.profile.on_red);
        all.any(|on_red| matches!(on_red, OnRed::Task(used) if used == name))
    };
    for (name, span, _) in templates.entries().into_iter().filter(|(name, ..)| !is_used(name)) {
        let message = format!("no profile has on_red = \"task {name}\", which would use it");
        templates.reader.report(span, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use std::path::Path;

    fn read(text: &str) -> Result<Config, String> {
        let steps = "[agents.default]\nrun = \"true\"\n[[verify]]\nrun = \"true\"\n";
        parse(Path::new("/p/workloop.toml"), &format!("{steps}{text}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_template_is_read_and_named_by_a_profile() {
        let config = read(
            "[profiles.default]\non_red = \"task mend\"\n[templates.mend]\ntitle = \"Mend {gate}\"\n\
             verify = \"default\"\nagent = \"default\"\npriority = 0\nreview = true\n",
        );
        let config = config.unwrap();
        assert_eq!(config.steps[0].rules.profile.on_red, OnRed::Task("mend".to_owned()));
        let expected = json!({"title": "Mend {gate}", "agent": "default", "verify": ["default"],
            "priority": 0, "review": true});
        assert_eq!(json!(config.templates["mend"]), expected);
        assert_eq!(read("[profiles.default]\non_red = \"block\"\n").unwrap().templates.len(), 0);
    }

    #[test]
    fn what_cannot_become_a_task_is_refused() {
        let on = "[profiles.default]\non_red = \"task mend\"\n[templates.mend]\n";
        for (text, problem) in [
            (on.to_owned(), "a template needs title"),
            (format!("{on}title = \" \""), "title must not be empty"),
            (format!("{on}title = \"a\"\ntype = \"Gate\""), "a template is for work"),
            (format!("{on}title = \"a\"\nagent = \"defalt\""), "did you mean default?"),
            (format!("{on}title = \"a\"\nverify = \"slow\""), "there is no verification profile"),
            (format!("{on}title = \"a\"\nmay_change_tests = true"), "unknown key may_change_tests"),
            (format!("{on}title = \"a\"\nmax_iterations = 0"), "must be a whole number"),
            (
                "[profiles.default]\non_red = \"task mnd\"\n[templates.mend]\ntitle = \"a\"".into(),
                "there is no [templates.mnd]; did you mean mend?",
            ),
            ("[templates.mend]\ntitle = \"a\"".into(), "no profile has on_red = \"task mend\""),
            ("[profiles.default]\non_red = \"mend\"".into(), "on_red must be \"block\" or"),
            ("[profiles.default]\non_red = \"task \"".into(), "on_red must be \"block\" or"),
        ] {
            let refused = read(&text).unwrap_err();
            assert!(refused.contains(problem), "{text}: {refused}");
        }
    }
}
