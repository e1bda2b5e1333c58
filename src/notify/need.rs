//! What waits for a person when a run ends, and is in no line of the journal: approvals and work that
//! people do.

use super::message::Message;
use crate::config::NotifyEvent;
use chrono::{DateTime, Local, SecondsFormat, Utc};

/// How the keys of these messages begin.
const KEY: &str = "needs:";

/// A task that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Its reference.
    pub task: String,
    /// What it waits for, in words.
    pub what: &'static str,
    /// What a person types next.
    pub next: String,
}

/// The messages about those of `needs` that `told` does not hold; what waits no longer is forgotten
/// there.
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
