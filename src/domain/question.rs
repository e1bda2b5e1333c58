//! What an agent asked or found instead of finishing, as a field of its task.

use super::reason::ReasonCode;
use serde::{Deserialize, Serialize};

/// `open_question` of a blocked task: the whole of what its `error` says in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenQuestion {
    /// Why the agent stopped.
    pub code: ReasonCode,
    /// The question, or what it found, as it wrote it.
    pub text: String,
    /// What it found it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The task that was asked, by its id; a person where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What an agent shows for what it says: one text or several, kept in the form in which it wrote them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Evidence {
    /// One text.
    Text(String),
    /// Several.
    List(Vec<String>),
}

impl Evidence {
    /// The texts.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(list) => list,
        }
    }

    /// The same, to cut or to hide something.
    pub fn texts_mut(&mut self) -> &mut [String] {
        match self {
            Self::Text(text) => std::slice::from_mut(text),
            Self::List(list) => list,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn evidence_keeps_its_form() {
        for form in [json!("a"), json!(["a", "b"])] {
            let evidence: Evidence = serde_json::from_value(form.clone()).unwrap();
            assert_eq!(evidence.texts()[0], "a");
            assert_eq!(serde_json::to_value(evidence).unwrap(), form);
        }
        assert!(serde_json::from_value::<Evidence>(json!([1])).is_err());
    }
}
