//! The request bodies for each service, and the signature of a webhook.

use super::message::{Delivery, Message};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The maximum length of a text that Slack accepts, in characters.
const SLACK: usize = 30_000;
/// The maximum length of a text that Discord accepts, in characters.
const DISCORD: usize = 2_000;
/// The maximum length of a message for ntfy, in characters. Its limit is about 4 kB, and a
/// character may have four bytes.
const NTFY: usize = 1_000;

/// Returns the JSON for a webhook and for a command.
pub(super) fn webhook(delivery: &Delivery<'_>) -> String {
    let body = match delivery.messages {
        [one] => of_one(one),
        all => {
            let mut body = json!({
                "schema_version": 1, "event": delivery.event(),
                "at": all.last().map(|last| last.at.as_str()),
                "queue": null, "task": null, "title": null, "reason": null, "reason_code": null,
                "text": delivery.text(usize::MAX),
            });
            body["events"] = all.iter().map(of_one).collect();
            body
        }
    };
    body.to_string()
}

fn of_one(message: &Message) -> Value {
    json!({
        "schema_version": 1, "event": message.event.as_str(), "at": message.at,
        "queue": message.queue, "task": message.task, "title": message.title,
        "reason": message.reason, "reason_code": message.code, "text": message.text,
    })
}

/// Returns the JSON for Slack. Markup is escaped, so that a title cannot mention anybody.
pub(super) fn slack(delivery: &Delivery<'_>) -> String {
    let text = delivery.text(SLACK);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({ "text": text }).to_string()
}

/// Returns the JSON for Discord, with mentions disabled.
pub(super) fn discord(delivery: &Delivery<'_>) -> String {
    json!({ "content": delivery.text(DISCORD), "allowed_mentions": { "parse": [] } }).to_string()
}

/// Returns the text for ntfy.
pub(super) fn ntfy(delivery: &Delivery<'_>) -> String {
    delivery.text(NTFY)
}

/// Returns the value of `X-Workloop-Signature`.
pub(super) fn signature(secret: &str, body: &str) -> String {
    let mut text = "sha256=".to_owned();
    // HMAC accepts keys of any length. If it did not, the signature would be empty, which every
    // receiver rejects.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        mac.update(body.as_bytes());
        for byte in mac.finalize().into_bytes() {
            text.push_str(&format!("{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::message;
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", "what do ya want for nothing?"), expected);
    }

    #[test]
    fn bodies_have_the_forms_of_the_contract() {
        let messages = [message("A", "10:05 - A <!channel> & b".to_owned())];
        let one = Delivery { id: "d", messages: &messages };
        let body: Value = serde_json::from_str(&webhook(&one)).unwrap();
        let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        for key in ["schema_version", "event", "at", "queue", "task", "title", "reason", "text"] {
            assert!(keys.contains(&key), "{key}");
        }
        assert_eq!((&body["schema_version"], &body["event"]), (&json!(1), &json!("complete")));
        assert_eq!(slack(&one), r#"{"text":"10:05 - A &lt;!channel&gt; &amp; b"}"#);
        assert!(discord(&one).starts_with(r#"{"content":"10:05 - A <!channel> & b","#));
        let both = [messages[0].clone(), message("B", "b".to_owned())];
        let body: Value =
            serde_json::from_str(&webhook(&Delivery { id: "d", messages: &both })).unwrap();
        assert_eq!((&body["event"], &body["events"][1]["task"]), (&json!("digest"), &json!("B")));
        assert_eq!(body["text"], "10:05 - A <!channel> & b\nb");
    }
}
