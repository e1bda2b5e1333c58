//! The codes in error events, and in bodies of services that tools print. Codes give the meaning of
//! an error whatever its text says.

use super::texts::{self, Meaning};
use serde_json::Value;

/// The fields of an error that hold a code or a status.
const FIELDS: [&str; 12] = [
    "code",
    "type",
    "status",
    "name",
    "reason",
    "statusCode",
    "status_code",
    "errorType",
    "error_type",
    "codexErrorInfo",
    "codex_error_info",
    "api_error_status",
];
/// The fields that hold an inner error.
const INNER: [&str; 4] = ["error", "data", "details", "cause"];
/// How many errors may be inside each other.
const DEPTH: usize = 4;

/// Codes without case and punctuation.
const CODES: [(Meaning, &[&str]); 3] = [
    (
        Meaning::UsageLimit,
        &[
            "ratelimiterror",
            "ratelimitexceeded",
            "ratelimitreached",
            "ratelimit",
            "ratelimited",
            "usagelimit",
            "usagelimitreached",
            "usagelimitexceeded",
            "usagenotincluded",
            "insufficientquota",
            "quotaexceeded",
            "quota",
            "resourceexhausted",
            "toomanyrequests",
            "billingerror",
            "billinghardlimitreached",
        ],
    ),
    (
        Meaning::Transient,
        &[
            "overloaded",
            "overloadederror",
            "serveroverloaded",
            "servererror",
            "internalservererror",
            "unavailable",
            "serviceunavailable",
            "gatewaytimeout",
        ],
    ),
    (
        Meaning::Auth,
        &[
            "authentication",
            "authenticationerror",
            "authenticationfailed",
            "authorization",
            "unauthenticated",
            "unauthorized",
            "invalidapikey",
            "providerautherror",
        ],
    ),
];

/// Returns the meaning of the codes of an error.
pub(super) fn of_error(error: &Value) -> Option<Meaning> {
    of_fields(error, DEPTH)
}

fn of_fields(error: &Value, depth: usize) -> Option<Meaning> {
    let fields = error.as_object()?;
    let found = FIELDS.iter().filter_map(|name| fields.get(*name)).find_map(of_code);
    found.or_else(|| {
        let inner = INNER.iter().filter_map(|name| fields.get(*name)).filter(|_| depth > 0);
        let mut all = inner.flat_map(|inner| match inner {
            Value::Array(list) => list.iter().collect(),
            Value::Object(_) => vec![inner],
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        });
        all.find_map(|inner| of_fields(inner, depth - 1))
    })
}

fn of_code(code: &Value) -> Option<Meaning> {
    match code {
        Value::Number(status) => status.as_i64().and_then(texts::of_status),
        Value::String(word) => {
            let letters = word.chars().filter(char::is_ascii_alphanumeric);
            let word: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
            let of_word = || CODES.iter().find(|(_, all)| all.contains(&word.as_str()));
            let status = word.parse().ok().and_then(texts::of_status);
            status.or_else(|| of_word().map(|(meaning, _)| *meaning))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the meaning of the body of a service that a tool prints after an introduction. A body
/// that the prompt contains is quoted.
pub(super) fn of_body(text: &str, prompt: &str) -> Option<Meaning> {
    let at = text.find('{')?;
    let mut bodies = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
    let body = bodies.next()?.ok()?;
    let whole = &text[at..at + bodies.byte_offset()];
    let introduced = texts::is_introduction(&text[..at]) && !prompt.contains(whole);
    of_error(&body).filter(|_| introduced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn codes_are_found_in_every_spelling() {
        for (error, meaning) in [
            (json!({"code": 429}), Meaning::UsageLimit),
            (json!({"status": "429"}), Meaning::UsageLimit),
            (json!({"type": "error", "error": {"type": "rate_limit_error"}}), Meaning::UsageLimit),
            (json!({"codexErrorInfo": "usageLimitExceeded"}), Meaning::UsageLimit),
            (json!({"error": {"status": "RESOURCE_EXHAUSTED"}}), Meaning::UsageLimit),
            (json!({"name": "ProviderAuthError", "data": {"statusCode": 500}}), Meaning::Auth),
            (json!({"data": {"statusCode": 502}}), Meaning::Transient),
            (json!({"error": [{"type": "overloaded_error"}]}), Meaning::Transient),
        ] {
            assert_eq!(of_error(&error), Some(meaning), "{error}");
        }
        for error in [
            json!({"message": "rate_limit_error", "title": "429"}),
            json!({"code": "ENOENT", "status": 200}),
            json!("rate_limit_error"),
        ] {
            assert_eq!(of_error(&error), None, "{error}");
        }
    }

    #[test]
    fn a_body_counts_after_an_introduction() {
        let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"?"}}"#;
        for before in ["", "API Error: 400 ", "litellm.SomeError: AnthropicException - "] {
            let text = format!("{before}{body}");
            assert_eq!(of_body(&text, ""), Some(Meaning::UsageLimit), "{text}");
            assert_eq!(of_body(&text, &format!("Return {body}")), None, "{text}");
        }
        assert_eq!(of_body(&format!("The client must understand {body}"), ""), None);
    }
}
