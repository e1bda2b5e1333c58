//! The question or objection with which an agent stopped, as a field of its task.

use super::reason::ReasonCode;
use serde::{Deserialize, Serialize};

/// `open_question` of a blocked task: the full text of what its `error` summarizes in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenQuestion {
    /// The reason code of the question or objection.
    pub code: ReasonCode,
    /// The question or objection, as the agent wrote it.
    pub text: String,
    /// The evidence that the agent gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The id of the task that was asked. `None` if a person was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// The evidence that an agent gives for a claim: one text or several, stored in the form in which
/// the agent wrote them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Evidence {
    /// A single text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
}

impl Evidence {
    /// Returns the texts.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(list) => list,
        }
    }

    /// Returns the texts for truncating or masking.
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

    #[test]
    fn each_text_of_the_evidence_can_be_changed() {
        let list = vec!["a".to_owned(), "b".to_owned()];
        for mut evidence in [Evidence::Text("a".to_owned()), Evidence::List(list)] {
            let count = evidence.texts().len();
            evidence.texts_mut().iter_mut().for_each(|text| text.push('!'));
            assert_eq!(evidence.texts(), &["a!", "b!"][..count]);
        }
    }
}
