//! `eslint`: its default format, or `-f json`. Warnings are not items.

use super::super::found::{Found, counted, documents, number_before};
use crate::domain::{ItemId, ItemState};
use serde_json::Value;

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let reports = documents(text, "[{\"filePath\"")?;
    if !reports.is_empty() {
        return Ok(reports.iter().flat_map(of_json).collect());
    }
    let mut found = Found::new();
    let (mut file, mut warnings) = (String::new(), 0);
    for line in text.lines() {
        if let Some(end) = line.strip_prefix("✖ ") {
            let told = number_before(end, "problems") + number_before(end, "problem");
            counted(found.len() + warnings, told)?;
            return Ok(found);
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [place, "error", message @ .., rule] if is_place(place) => {
                let name = format!("{rule}: {}", message.join(" "));
                found.push((ItemId::new(file.as_str(), name), ItemState::Failed));
            }
            [place, "warning", ..] if is_place(place) => warnings += 1,
            _ if !line.starts_with(' ') && !line.trim().is_empty() => line.clone_into(&mut file),
            _ => {}
        }
    }
    if found.is_empty() && warnings == 0 { Ok(found) } else { Err("it is cut off".to_owned()) }
}

fn of_json(report: &Value) -> Found {
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let files = report.as_array().map_or(&[][..], Vec::as_slice).iter();
    let messages = files.flat_map(|file| {
        let list = file.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
        list.into_iter().map(|message| (text(file, "filePath"), message)).collect::<Vec<_>>()
    });
    let errors = messages.filter(|(_, message)| message.get("severity") == Some(&Value::from(2)));
    errors
        .map(|(file, message)| {
            // The default format omits the full stop.
            let message_text = text(&message, "message");
            let name =
                format!("{}: {}", text(&message, "ruleId"), message_text.trim_end_matches('.'));
            (ItemId::new(file, name), ItemState::Failed)
        })
        .collect()
}

fn is_place(word: &str) -> bool {
    let numbers = word.split_once(':').map(|(line, column)| [line, column]);
    numbers.is_some_and(|numbers| numbers.iter().all(|number| number.parse::<u32>().is_ok()))
}
