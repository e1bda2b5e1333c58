//! Messages about tasks that wait for a person at the end of a run without an event in the journal:
//! approvals, and work that people do.

use super::message::Message;
use crate::config::NotifyEvent;
use chrono::{DateTime, Local, SecondsFormat, Utc};

/// The prefix of the keys of these messages.
const KEY: &str = "needs:";

/// A task that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// The reference of the task.
    pub task: String,
    /// What it waits for, in words.
    pub what: &'static str,
    /// The next command for the person.
    pub next: String,
}

/// Returns the messages about those of `needs` that are not in `told`, and removes from `told` the
/// tasks that no longer wait.
pub(super) fn messages(needs: &[Need], told: &mut Vec<String>, now: DateTime<Utc>) -> Vec<Message> {
    let keys: Vec<String> = needs.iter().map(|need| format!("{KEY}{}", need.task)).collect();
    told.retain(|key| !key.starts_with(KEY) || keys.contains(key));
    let new = needs.iter().zip(keys).filter(|(_, key)| !told.contains(key));
    let one = |(need, key): (&Need, String)| {
        let time = now.with_timezone(&Local).format("%H:%M");
        let Need { task, what, next } = need;
        Message {
            place: None,
            key,
            event: NotifyEvent::NeedsYou,
            at: now.to_rfc3339_opts(SecondsFormat::Millis, true),
            queue: None,
            task: Some(task.clone()),
            title: None,
            reason: Some((*what).to_owned()),
            code: None,
            text: format!("{time} - task {task} {what}; {next}"),
        }
    };
    new.map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_told_once_until_it_waits_again() {
        let need = |task: &str| Need {
            task: task.to_owned(),
            what: "waits for approval",
            next: format!("workloop approve {task}"),
        };
        let mut told = vec!["silent:q.json:B:1".to_owned()];
        let both = messages(&[need("A"), need("B")], &mut told, DateTime::UNIX_EPOCH);
        assert!(both[0].text.ends_with(" - task A waits for approval; workloop approve A"));
        told.extend(both.into_iter().map(|message| message.key));
        assert_eq!(messages(&[need("A")], &mut told, DateTime::UNIX_EPOCH), []);
        assert_eq!(told, ["silent:q.json:B:1", "needs:A"]);
        assert_eq!(messages(&[need("B")], &mut told, DateTime::UNIX_EPOCH).len(), 1);
    }
}
