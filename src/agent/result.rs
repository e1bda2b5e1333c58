//! The result file, in which an agent may report its result, and the promise that it may print.
//!
//! Reading is lenient: invalid content is a warning, never a failure, because only verification
//! decides.

use super::feedback::cut;
use crate::domain::{Evidence, OpenQuestion, ReasonCode};
use crate::platform::open::{self, Links};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// The maximum size of a result file, in bytes.
pub(crate) const RESULT_BYTES: u64 = 1024 * 1024;

/// The maximum length of a summary, a question or a note, in bytes.
const TEXT_BYTES: usize = 16 * 1024;
/// The maximum length of an artifact, and of the id of a note, in bytes.
const ITEM_BYTES: usize = 1024;
/// The maximum number of artifacts, and of notes.
const ITEMS: usize = 100;

/// The status that an agent reports for its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    /// The task is done.
    Done,
    /// The agent needs an answer first.
    NeedsInput,
    /// The agent could not do the task.
    Failed,
    /// The task cannot be done.
    Impossible,
    /// The task contradicts something else.
    Contradiction,
}

impl ResultStatus {
    const ALL: [Self; 5] =
        [Self::Done, Self::NeedsInput, Self::Failed, Self::Impossible, Self::Contradiction];

    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NeedsInput => "needs_input",
            Self::Failed => "failed",
            Self::Impossible => "impossible",
            Self::Contradiction => "contradiction",
        }
    }

    /// Returns why the agent stopped early; `None` if it finished.
    fn stopped(self) -> Option<ReasonCode> {
        match self {
            Self::NeedsInput => Some(ReasonCode::Question),
            Self::Impossible => Some(ReasonCode::Impossible),
            Self::Contradiction => Some(ReasonCode::Contradiction),
            Self::Done | Self::Failed => None,
        }
    }
}

/// The content of a result file. All fields are optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentResult {
    /// `status`.
    pub status: Option<ResultStatus>,
    /// `summary`: what was done, for the tasks that build on it.
    pub summary: Option<String>,
    /// `question`, with `needs_input`.
    pub question: Option<String>,
    /// `to`: the task that is asked; `None` if a person is asked.
    #[serde(default)]
    pub to: Option<String>,
    /// `evidence`: what the agent found, with `impossible` and `contradiction`.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// `answers`: task id to text, for tasks that asked this one.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// `artifacts`: paths or texts for the tasks that build on it.
    pub artifacts: Vec<Value>,
    /// `notes_for`: task id to text.
    pub notes_for: BTreeMap<String, String>,
    /// `follow_ups`: tasks to add.
    pub follow_ups: Vec<Map<String, Value>>,
    /// `cost_usd`: the cost, if the tool does not report it.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// `tokens`: the number of tokens, if the tool does not report it.
    #[serde(default)]
    pub tokens: Option<u64>,
}

/// A result, with warnings about invalid content.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultReading {
    /// The valid content.
    pub result: AgentResult,
    /// The warnings about invalid content.
    pub warnings: Vec<String>,
}

/// Reads the result file. A missing or empty file is an empty result. Every text in it is passed
/// through `hide`, because much of it is written to the queue.
///
/// # Errors
/// Fails, with the reason in words, if the file exists but cannot be read: it may contain a
/// question.
pub fn read_result(path: &Path, hide: &dyn Fn(&str) -> String) -> Result<ResultReading, String> {
    match open::read(path, Links::Refuse, RESULT_BYTES) {
        Ok(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => Ok(ResultReading::default()),
        Ok(bytes) => Ok(parse_hiding(&bytes, hide)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(ResultReading::default()),
        Err(error) => {
            let text = format!("the result file cannot be read: {error}");
            let is_odd = open::not_a_file(&error).is_some();
            if !is_odd && error.kind() != ErrorKind::FileTooLarge {
                return Err(text);
            }
            Ok(ResultReading { warnings: vec![text], ..Default::default() })
        }
    }
}

/// Parses the content of a result file.
pub fn parse_result(bytes: &[u8]) -> ResultReading {
    parse_hiding(bytes, &|text| text.to_owned())
}

fn parse_hiding(bytes: &[u8], hide: &dyn Fn(&str) -> String) -> ResultReading {
    let mut reading = ResultReading::default();
    match serde_json::from_slice(bytes).map(|value| hidden(value, hide)) {
        Ok(Value::Object(fields)) => {
            read_fields(&fields, &mut reading);
            reading.bound();
            reading.ask_beside();
        }
        Ok(_) => reading.warnings.push("the result file is not a JSON object".to_owned()),
        Err(error) => reading.warnings.push(format!("the result file is not valid JSON: {error}")),
    }
    reading
}

fn hidden(value: Value, hide: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(hide(&text)),
        Value::Array(items) => items.into_iter().map(|item| hidden(item, hide)).collect(),
        Value::Object(fields) => {
            let hide_field = |(key, value): (String, Value)| (hide(&key), hidden(value, hide));
            Value::Object(fields.into_iter().map(hide_field).collect())
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

/// Reads the cost or the tokens. Returns whether the value is valid.
fn read_usage(key: &str, value: &Value, result: &mut AgentResult) -> bool {
    if key == "tokens" {
        result.tokens = value.as_u64();
        return result.tokens.is_some();
    }
    result.cost_usd = value.as_f64().filter(|cost| cost.is_finite() && *cost >= 0.0);
    result.cost_usd.is_some()
}

fn read_fields(fields: &Map<String, Value>, reading: &mut ResultReading) {
    let ResultReading { result, warnings } = reading;
    let mut wrong = |key: &str, expected: &str| {
        warnings.push(format!("{key} of the result file must be {expected}"));
    };
    for (key, value) in fields {
        if value.is_null() {
            continue;
        }
        match key.as_str() {
            "status" => {
                result.status = value.as_str().and_then(status);
                if result.status.is_none() {
                    wrong(key, "done, needs_input, failed, impossible or contradiction");
                }
            }
            "summary" => match value.as_str() {
                Some(text) => result.summary = Some(text.to_owned()),
                None => wrong(key, "a text"),
            },
            "question" => match value.as_str() {
                Some(text) => result.question = Some(text.to_owned()),
                None => wrong(key, "a text"),
            },
            "to" => match value.as_str() {
                Some(id) => result.to = Some(id.to_owned()).filter(|id| !id.is_empty()),
                None => wrong(key, "the id of a task"),
            },
            "evidence" => match serde_json::from_value(value.clone()) {
                Ok(evidence) => result.evidence = Some(evidence),
                Err(_) => wrong(key, "a text or a list of texts"),
            },
            "answers" => match notes(value) {
                Some(answers) => result.answers = answers,
                None => wrong(key, "an object of task ids and texts"),
            },
            "cost_usd" | "tokens" if !read_usage(key, value, result) => wrong(key, "a number"),
            "cost_usd" | "tokens" => {}
            "artifacts" => match value {
                Value::Array(items) => result.artifacts.clone_from(items),
                Value::String(_) => result.artifacts.push(value.clone()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                    wrong(key, "a list of paths or texts");
                }
            },
            "notes_for" => match notes(value) {
                Some(notes) => result.notes_for = notes,
                None => wrong(key, "an object of task ids and texts"),
            },
            "follow_ups" => match tasks(value) {
                Some(tasks) => result.follow_ups = tasks,
                None => wrong(key, "a list of tasks"),
            },
            _ => {}
        }
    }
}

impl ResultReading {
    /// Cuts texts and lists that are too long, because all of it is written to the queue and to
    /// prompts.
    fn bound(&mut self) {
        let Self { result, warnings } = self;
        let mut told = |key: &str, most: String| {
            warnings.push(format!("{key} of the result file is cut to {most}"));
        };
        let texts = [("summary", &mut result.summary), ("question", &mut result.question)];
        for (key, text) in texts {
            if text.as_mut().is_some_and(|text| cut(text, TEXT_BYTES)) {
                told(key, format!("{TEXT_BYTES} bytes"));
            }
        }
        if let Some(evidence) = &mut result.evidence {
            let mut many = false;
            if let Evidence::List(list) = evidence {
                many = list.len() > ITEMS;
                list.truncate(ITEMS);
            }
            let texts = evidence.texts_mut().iter_mut();
            if texts.fold(many, |long, text| cut(text, TEXT_BYTES) | long) {
                told("evidence", format!("{ITEMS} texts of {TEXT_BYTES} bytes"));
            }
        }
        let artifacts = result.artifacts.len();
        result.artifacts.truncate(ITEMS);
        let mut long = false;
        result.artifacts.retain_mut(|artifact| {
            let fits = artifact.is_string() || artifact.to_string().len() <= ITEM_BYTES;
            if let Value::String(text) = artifact {
                long |= cut(text, ITEM_BYTES);
            }
            long |= !fits;
            fits
        });
        if artifacts > ITEMS || long {
            told("artifacts", format!("{ITEMS} of {ITEM_BYTES} bytes each"));
        }
        for (key, texts) in [("notes_for", &mut result.notes_for), ("answers", &mut result.answers)]
        {
            if bound_texts(texts) {
                told(key, format!("{ITEMS} of {TEXT_BYTES} bytes each"));
            }
        }
    }

    /// Turns a question to another task into a note if the agent finished its own work, so that the
    /// question does not hold up the task.
    fn ask_beside(&mut self) {
        let result = &mut self.result;
        if result.status.is_some_and(|status| status.stopped().is_some()) {
            return;
        }
        if let (Some(to), Some(question)) = (result.to.take(), result.question.clone()) {
            let note = result.notes_for.entry(to).or_default();
            let gap = if note.is_empty() { "" } else { "\n\n" };
            note.push_str(&format!("{gap}It asks: {question}"));
        }
    }
}

/// Cuts texts by task id. Returns whether anything was lost.
fn bound_texts(texts: &mut BTreeMap<String, String>) -> bool {
    let before = texts.len();
    let kept = std::mem::take(texts).into_iter();
    *texts = kept.filter(|(id, _)| id.len() <= ITEM_BYTES).take(ITEMS).collect();
    let lost = texts.len() < before;
    texts.values_mut().fold(lost, |long, text| cut(text, TEXT_BYTES) | long)
}

impl AgentResult {
    /// Returns why the agent stopped early, if it did.
    pub fn stopped(&self) -> Option<OpenQuestion> {
        let code = self.status?.stopped()?;
        let said = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let (question, summary) = (said(&self.question), said(&self.summary));
        let shown = self.evidence.as_ref().and_then(|shown| shown.texts().first().cloned());
        let text = if code == ReasonCode::Question {
            question.or(summary).unwrap_or_else(|| "the agent asks for input".to_owned())
        } else {
            let silent = "the agent gave no reason".to_owned();
            summary.or(question).or(shown).unwrap_or(silent)
        };
        // Only a question can go to another task. Whether a task is impossible is for a person to
        // decide.
        let to = self.to.clone().filter(|_| code == ReasonCode::Question);
        Some(OpenQuestion { code, text, evidence: self.evidence.clone(), to })
    }
}

fn status(word: &str) -> Option<ResultStatus> {
    ResultStatus::ALL.into_iter().find(|status| status.word() == word)
}

fn notes(value: &Value) -> Option<BTreeMap<String, String>> {
    let note = |(id, text): (&String, &Value)| Some((id.clone(), text.as_str()?.to_owned()));
    value.as_object()?.iter().map(note).collect()
}

fn tasks(value: &Value) -> Option<Vec<Map<String, Value>>> {
    value.as_array()?.iter().map(|task| task.as_object().cloned()).collect()
}

/// Returns whether `output` contains `<promise>TEXT</promise>` with this text, ignoring surrounding
/// white space.
pub fn has_promise(output: &str, promise: &str) -> bool {
    let openings = output.split("<promise>").skip(1);
    openings
        .filter_map(|rest| rest.split_once("</promise>"))
        .any(|(text, _)| text.trim() == promise.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::fs::File;

    #[test]
    fn a_full_result_is_read() {
        let reading = parse_result(
            br#"{"status": "needs_input", "summary": "s", "question": "q", "artifacts": ["a", 1],
                "notes_for": {"B": "n"}, "follow_ups": [{"title": "t"}], "later": 1, "tokens": 3}"#,
        );
        assert_eq!(reading.warnings, Vec::<String>::new());
        assert_eq!(reading.result.status, Some(ResultStatus::NeedsInput));
        assert_eq!(reading.result.artifacts, [json!("a"), json!(1)]);
        assert_eq!(reading.result.notes_for["B"], "n");
        assert_eq!(reading.result.follow_ups.len(), 1);
    }

    #[test]
    fn an_honest_stop_says_why_with_its_evidence() {
        let stopped = |text: &str| parse_result(text.as_bytes()).result.stopped();
        let found = stopped(
            r#"{"status": "impossible", "summary": "no such API", "evidence": ["grep: 0"], "to": "B"}"#,
        );
        let found = found.expect("a stop");
        assert_eq!((found.code, found.text.as_str()), (ReasonCode::Impossible, "no such API"));
        assert_eq!((found.evidence.unwrap().texts()[0].as_str(), found.to), ("grep: 0", None));
        let bare = stopped(r#"{"status": "contradiction", "summary": " ", "evidence": "x"}"#);
        assert_eq!(bare.map(|found| found.text), Some("x".to_owned()));
        let asked = stopped(r#"{"status": "needs_input", "question": "q", "to": "B"}"#).unwrap();
        assert_eq!((asked.code, asked.to.as_deref()), (ReasonCode::Question, Some("B")));
        assert_eq!(stopped(r#"{"status": "failed", "question": "q"}"#), None);
    }

    #[test]
    fn who_finishes_and_asks_beside_it_leaves_a_note() {
        let text = br#"{"question": "which?", "to": "B", "notes_for": {"B": "n"}}"#;
        let result = parse_result(text).result;
        assert_eq!(result.notes_for["B"], "n\n\nIt asks: which?");
    }

    #[test]
    fn what_is_wrong_is_a_warning_and_the_rest_counts() {
        let reading = parse_result(br#"{"status": "finished", "summary": 3, "question": "q"}"#);
        assert_eq!(reading.warnings.len(), 2);
        assert_eq!(reading.result.question.as_deref(), Some("q"));
        for bytes in [&b"{"[..], b"[]", b"\xff", b"{\"a\":1} x"] {
            let reading = parse_result(bytes);
            assert_eq!(reading.result, AgentResult::default());
            assert_eq!(reading.warnings.len(), 1);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_told() {
        let notes: Map<String, Value> =
            (0..200).map(|n| (format!("T{n}"), json!("€".repeat(TEXT_BYTES)))).collect();
        let result = json!({
            "summary": "€".repeat(TEXT_BYTES), "question": "q",
            "artifacts": vec![json!("a".repeat(2000)); 300], "notes_for": notes,
        });
        let ResultReading { result, warnings } = parse_result(result.to_string().as_bytes());
        assert!(result.summary.is_some_and(|text| text.len() > TEXT_BYTES - 3));
        let lengths = result.artifacts.iter().map(|text| text.as_str().map_or(0, str::len));
        assert_eq!(lengths.collect::<Vec<_>>(), [ITEM_BYTES; ITEMS]);
        assert_eq!(result.notes_for.len(), ITEMS);
        assert!(result.notes_for.values().all(|text| text.len() <= TEXT_BYTES));
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        let odd = json!({"artifacts": [{"a": "x".repeat(2000)}, {"a": 1}], "notes_for": {}});
        let reading = parse_result(odd.to_string().as_bytes());
        assert_eq!((reading.result.artifacts.len(), reading.warnings.len()), (1, 1));
    }

    #[test]
    fn an_odd_file_is_a_warning() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("result.json");
        assert_eq!(read_result(&path, &str::to_owned), Ok(ResultReading::default()));
        File::create(&path).expect("file").set_len(RESULT_BYTES + 1).expect("grow");
        assert_eq!(read_result(&path, &str::to_owned).unwrap().warnings.len(), 1);
        let folder = read_result(dir.path(), &str::to_owned).unwrap().warnings.concat();
        assert!(folder.ends_with("is a folder, not a regular file"), "{folder}");
    }

    #[test]
    fn a_promise_is_found_only_as_a_whole() {
        assert!(has_promise("x <promise>\n DONE </promise>", "DONE"));
        assert!(has_promise("<promise>A</promise><promise>DONE</promise>", "DONE"));
        assert!(!has_promise("<promise>DONE", "DONE"));
        assert!(!has_promise("<promise>NOT DONE</promise>", "DONE"));
    }
}
