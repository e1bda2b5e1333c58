//! The prompt of an attempt, rendered from a template and plain data.
//!
//! A prompt never contains the marker of a completion promise, so that an agent that echoes its
//! prompt does not make the promise.

use super::feedback::clean;
use super::share::share_out;
use crate::domain::Field;
use crate::platform::open::{self, Links};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

mod input;

pub(crate) use input::{
    AnswerInput, ContinuedInput, DependencyInput, FailureInput, NoteInput, PromptInput, RedInput,
    StepInput,
};

/// The built-in template.
const BUILT_IN: &str = include_str!("prompt.md.j2");

/// The name of the built-in template in messages.
const BUILT_IN_NAME: &str = "built-in prompt";

/// The maximum size of a template, in bytes.
const TEMPLATE_BYTES: u64 = 1 << 20;

/// A field of the task, formatted for the prompt.
#[derive(Serialize)]
struct Detail {
    key: String,
    label: String,
    text: String,
    inline: bool,
}

/// Why a prompt could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The template cannot be read.
    #[error("failed to read the prompt template {}: {source}", path.display())]
    Read {
        /// The path of the template.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The template is invalid, or uses a variable that does not exist.
    #[error("failed to render the prompt: {name}:{line}: {message}\n  {text}")]
    Template {
        /// The name of the template.
        name: String,
        /// The line of the error, 1-based.
        line: usize,
        /// The error.
        message: String,
        /// The text of the line.
        text: String,
    },
}

/// A prompt template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PromptTemplate {
    name: String,
    text: String,
}

impl PromptTemplate {
    /// Returns the built-in template.
    pub(crate) fn built_in() -> Self {
        Self { name: BUILT_IN_NAME.to_owned(), text: BUILT_IN.to_owned() }
    }

    /// Loads the template of an agent: its own file, else the built-in one.
    ///
    /// # Errors
    /// Fails with [`PromptError::Read`].
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, PromptError> {
        let Some(path) = path else { return Ok(Self::built_in()) };
        let text = open::read_text(path, Links::Follow, TEMPLATE_BYTES)
            .map_err(|source| PromptError::Read { path: path.to_owned(), source })?;
        Ok(Self { name: path.display().to_string(), text })
    }

    /// Renders the prompt.
    ///
    /// # Errors
    /// Fails with [`PromptError::Template`] and the line; an undefined variable is an error.
    pub(crate) fn render(&self, input: &PromptInput) -> Result<String, PromptError> {
        let context = template_value(context(input));
        let rendered = if self.text == BUILT_IN {
            compiled().and_then(|all| all.get_template(BUILT_IN_NAME)?.render(context))
        } else {
            environment().and_then(|all| all.render_named_str(&self.name, &self.text, context))
        };
        rendered.map(|text| without_markers(&text)).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &minijinja::Error) -> PromptError {
        let line = error.line().unwrap_or(1);
        let detail = error.detail().map_or_else(String::new, |detail| format!(": {detail}"));
        let text = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
        PromptError::Template {
            name: self.name.clone(),
            line,
            message: format!("{}{detail}", error.kind()),
            text: text.to_owned(),
        }
    }
}

/// Returns the template environment.
fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build()?);
    Ok(environment)
}

/// Returns the built-in template, compiled once per process.
fn compiled() -> Result<&'static Environment<'static>, minijinja::Error> {
    static COMPILED: OnceLock<Environment<'static>> = OnceLock::new();
    if let Some(compiled) = COMPILED.get() {
        return Ok(compiled);
    }
    let mut environment = environment()?;
    environment.add_template(BUILT_IN_NAME, BUILT_IN)?;
    Ok(COMPILED.get_or_init(|| environment))
}

/// Returns the variables of the template: the input, and values derived from it.
fn context(input: &PromptInput) -> Value {
    let mut bounded = input.clone();
    foreign(&mut bounded, &mut |text| *text = clean(text).into_owned());
    let left_out = share_out(&mut bounded);
    let mut context = serde_json::to_value(&bounded).unwrap_or_default();
    let output = bounded.failure.map(|failure| failure.output);
    context["left_out"] = left_out.into();
    let text = |key: Field| input.task.get(key.key()).and_then(Value::as_str).map(str::trim);
    context["id"] = text(Field::Id).unwrap_or_default().into();
    // A description that equals the title is left out.
    let description = text(Field::Description).filter(|text| *text != input.title);
    context["description"] = description.into();
    context["completion_promise"] = text(Field::CompletionPromise).map(bare_promise).into();
    context["details"] = serde_json::to_value(details(&input.task)).unwrap_or_default();
    if let Some(output) = output {
        let output = output.trim_end();
        context["failure"]["fence"] = fence(output).into();
        context["failure"]["output"] = output.into();
    }
    for (at, red) in bounded.untouched.iter().enumerate() {
        let output = red.output.trim_end();
        context["untouched"][at]["fence"] = fence(output).into();
        context["untouched"][at]["output"] = output.into();
    }
    context
}

/// Calls `see` with every text that comes neither from the task itself nor from the configuration:
/// output of agents and commands, and texts of other tasks.
fn foreign(input: &mut PromptInput, see: &mut dyn FnMut(&mut String)) {
    for dependency in &mut input.dependencies {
        [&mut dependency.id, &mut dependency.title].into_iter().for_each(&mut *see);
        let texts = dependency.artifacts.iter_mut().chain(&mut dependency.files_changed);
        texts.chain(&mut dependency.summary).for_each(&mut *see);
    }
    for note in input.notes.iter_mut().chain(&mut input.questions) {
        [&mut note.from, &mut note.text].into_iter().for_each(&mut *see);
    }
    for answer in &mut input.answers {
        answer.question.iter_mut().for_each(&mut *see);
        see(&mut answer.answer);
    }
    if let Some(continued) = &mut input.continued {
        continued.conflicts.iter_mut().chain(&mut continued.setup).for_each(&mut *see);
    }
    if let Some(failure) = &mut input.failure {
        let texts = [&mut failure.outcome, &mut failure.output].into_iter();
        texts.chain(&mut failure.findings).for_each(&mut *see);
    }
    for red in &mut input.untouched {
        [&mut red.outcome, &mut red.output].into_iter().for_each(&mut *see);
    }
}

/// Converts a value to the type of the template engine.
fn template_value(value: Value) -> minijinja::Value {
    match value {
        Value::Null => ().into(),
        Value::Bool(flag) => flag.into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.as_f64().unwrap_or_default().into(),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => {
            items.into_iter().map(template_value).collect::<Vec<minijinja::Value>>().into()
        }
        Value::Object(fields) => minijinja::Value::from_pairs(
            fields.into_iter().map(|(key, value)| (key, template_value(value))),
        ),
    }
}

/// Strips the marker from a promise that was written with it.
fn bare_promise(promise: &str) -> &str {
    let inner = promise.strip_prefix("<promise>").and_then(|rest| rest.strip_suffix("</promise>"));
    inner.unwrap_or(promise).trim()
}

/// Returns a code fence longer than any in `text`.
fn fence(text: &str) -> String {
    let ticks = |line: &str| line.trim_start().bytes().take_while(|byte| *byte == b'`').count();
    "`".repeat(text.lines().map(ticks).max().unwrap_or_default().max(2) + 1)
}

/// Replaces the markers of a promise, so that the prompt contains none.
fn without_markers(text: &str) -> String {
    text.replace("<promise>", "[promise]").replace("</promise>", "[/promise]")
}

/// Returns the fields of the task: known ones in the order of the format, then the others.
fn details(task: &Value) -> Vec<Detail> {
    let Some(task) = task.as_object() else { return Vec::new() };
    let mut shown: Vec<(Option<Field>, &String, &Value)> = task
        .iter()
        .map(|(key, value)| (Field::from_key(key), key, value))
        .filter(|(field, key, value)| {
            let shown = |field| is_shown(field) || is_foreign(field, key, value);
            field.is_none_or(shown) && !is_empty(value)
        })
        .collect();
    shown.sort_by_key(|(field, ..)| field.map_or(usize::MAX, |field| field as usize));
    shown.into_iter().map(|(_, key, value)| detail(key, value)).collect()
}

/// Returns whether a field belongs in the list: it is neither bookkeeping nor shown elsewhere.
fn is_shown(field: Field) -> bool {
    let elsewhere = matches!(
        field,
        Field::Id
            | Field::Title
            | Field::Description
            | Field::CompletionPromise
            | Field::Answers
            | Field::Fingerprint
            | Field::MaxIterations
            | Field::ApprovedBy
            | Field::ApprovedAt
    );
    !elsewhere && !field.is_runtime()
}

/// Returns whether a key that is a state in other files is an ordinary field here, such as `done`
/// with a list of things to do.
fn is_foreign(field: Field, key: &str, value: &Value) -> bool {
    let is_state = if key == "state" { value.is_string() } else { value.is_boolean() };
    field == Field::Status && key != field.key() && !is_state
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn detail(key: &str, value: &Value) -> Detail {
    let text = in_words(value);
    let inline = !text.contains('\n') && !value.is_array();
    let text = if inline { text } else { indented(&text) };
    let mut label = key.replace(['_', '-'], " ");
    if let Some(first) = label.get(..1) {
        label = first.to_ascii_uppercase() + &label[1..];
    }
    Detail { key: key.to_owned(), label, text, inline }
}

fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("  {line}") };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Formats a value: text as it is, a list with a line for each item, anything else as JSON.
fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) => {
            let line = |item: &Value| match item {
                Value::String(text) => format!("- {}", text.trim().replace('\n', "\n  ")),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_) => format!("- {item}"),
            };
            items.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Value::Object(_) => serde_json::to_string_pretty(value).unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
