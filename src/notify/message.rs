//! Messages, and deliveries of one or more messages.

use crate::config::NotifyEvent;
use crate::domain::{Event, ReasonCode, Typed};
use crate::store::cursors::Place;
use crate::views::mask::Mask;
use serde_json::Value;

/// The maximum length of a text in a message, in bytes.
const MOST: usize = 2 << 10;

/// One event to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The position of the event in the journal; `None` if it is not from the journal.
    pub(super) place: Option<Place>,
    /// An identifier that is the same in every process.
    pub(super) key: String,
    /// The kind of event.
    pub(super) event: NotifyEvent,
    /// When it happened, in RFC 3339.
    pub(super) at: String,
    /// The file name of the queue.
    pub(super) queue: Option<String>,
    /// The id of the task.
    pub(super) task: Option<String>,
    /// The title of the task.
    pub(super) title: Option<String>,
    /// The reason, in words.
    pub(super) reason: Option<String>,
    /// The reason, as a code.
    pub(super) code: Option<String>,
    /// The whole message in one line.
    pub(super) text: String,
}

/// The messages that are sent together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivery<'m> {
    /// The identifier of the delivery; the same for every retry.
    pub(super) id: &'m str,
    /// The messages; at least one.
    pub(super) messages: &'m [Message],
}

impl Message {
    /// Creates the message for `event`, whose line in a log is `line`.
    pub(super) fn of(kind: NotifyEvent, event: &Event, line: String, mask: &Mask) -> Self {
        let place = Place::of(event);
        let said = |key: &str| event.data.get(key)?.as_str().filter(|text| !text.is_empty());
        let reason = said("reason").map(|why| cut(&mask.text(why)).to_owned());
        Self {
            key: format!("{}:{}", place.seq, place.at),
            place: Some(place),
            event: kind,
            at: event.at.clone(),
            queue: Some(event.queue.clone()).filter(|queue| !queue.is_empty()),
            task: event.task.clone(),
            title: None,
            reason,
            // The code of a hook is a word that a person chose, so it is kept as text.
            code: said("reason_code").map(str::to_owned),
            text: cut(&line).to_owned(),
        }
    }

    /// Appends the next command for a person, if there is one.
    pub(super) fn with_next(mut self) -> Self {
        let Some(task) = &self.task else { return self };
        let code = self.code.clone().map(Value::String);
        let asked = matches!(
            code.and_then(|code| serde_json::from_value(code).ok()),
            Some(ReasonCode::Question | ReasonCode::Impossible | ReasonCode::Contradiction)
        );
        // The message is read elsewhere, where flags with paths may be wrong; it names its queue.
        let typed = Typed::default();
        let next = match self.event {
            NotifyEvent::NeedsYou | NotifyEvent::Blocked if asked => {
                typed.with("answer", task, "TEXT")
            }
            NotifyEvent::NeedsYou | NotifyEvent::Blocked => typed.about("why", task),
            NotifyEvent::Silent => typed.about("log", task),
            NotifyEvent::Complete
            | NotifyEvent::Failed
            | NotifyEvent::Lost
            | NotifyEvent::Landed
            | NotifyEvent::Added
            | NotifyEvent::Tampered
            | NotifyEvent::Limit
            | NotifyEvent::RunStarted
            | NotifyEvent::RunFinished
            | NotifyEvent::Test => return self,
        };
        self.text.push_str("; ");
        self.text.push_str(&next);
        self
    }
}

impl Delivery<'_> {
    /// Returns the event of a single message, or `digest`.
    pub(super) fn event(&self) -> &'static str {
        if let [one] = self.messages { one.event.as_str() } else { "digest" }
    }

    /// Returns the task of a single message.
    pub(super) fn task(&self) -> Option<&str> {
        if let [one] = self.messages { one.task.as_deref() } else { None }
    }

    /// Returns the text of at most `most` characters: a line for each message, and the number of
    /// those left out.
    pub(super) fn text(&self, most: usize) -> String {
        const MORE: usize = 24;
        let mut text = String::new();
        let mut room = most.saturating_sub(MORE);
        for (number, message) in self.messages.iter().enumerate() {
            let line: String = message.text.chars().take(room).collect();
            if number > 0 && line.len() < message.text.len() {
                text.push_str(&format!("\n… and {} more", self.messages.len() - number));
                break;
            }
            if number > 0 {
                text.push('\n');
            }
            room = room.saturating_sub(line.chars().count() + 1);
            text.push_str(&line);
        }
        text
    }
}

/// Cuts a text that is too long for a message.
fn cut(text: &str) -> &str {
    let end = (0..=text.len().min(MOST)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::super::tests::message;
    use super::*;

    #[test]
    fn a_text_ends_with_how_many_are_left_out() {
        let messages: Vec<Message> =
            (0..9).map(|n| message(&format!("T{n}"), "a".into())).collect();
        let all = Delivery { id: "", messages: &messages };
        assert_eq!(all.text(1000).lines().count(), 9);
        let some = all.text(30);
        assert!(some.chars().count() <= 30 && some.ends_with("more"), "{some}");
        let one = Delivery { messages: &messages[..1], ..all };
        assert_eq!(
            (one.event(), one.task(), all.event(), all.task()),
            ("complete", Some("T0"), "digest", None)
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(MOST)).len(), MOST);
        assert_eq!(cut(&format!("a{}", "é".repeat(MOST))).len(), MOST - 1);
    }
}
