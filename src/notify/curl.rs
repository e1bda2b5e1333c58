//! HTTP requests with `curl`, which uses the TLS, proxy and certificate settings of the machine.
//!
//! URL, headers and body are passed on standard input, because they may be secrets and arguments
//! are visible to everybody in `ps`. The user's own configuration of curl is not read.

use super::refused::Refused;
use crate::platform::command::Short;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A POST request.
pub(super) struct Post<'a> {
    /// The URL.
    pub(super) url: &'a str,
    /// Headers, each as `Name: value`.
    pub(super) headers: &'a [String],
    /// The request body.
    pub(super) body: &'a str,
}

/// Sends the request with the curl at `program`.
///
/// # Errors
/// Fails if the request was not accepted. The error includes whether to retry.
pub(super) fn post(
    program: &Path,
    post: &Post<'_>,
    cancelled: &Arc<AtomicBool>,
) -> Result<(), Refused> {
    let argv = [program.as_os_str(), "-q".as_ref(), "--config".as_ref(), "-".as_ref()];
    let command = Short {
        argv: argv.map(OsString::from).to_vec(),
        stdin: settings(post).into_bytes(),
        limit: Some(LIMIT + Duration::from_secs(2)),
        cancelled: Some(Arc::clone(cancelled)),
        ..Short::default()
    };
    let finished = command.run().map_err(|error| Refused::again(error.to_string()))?;
    let said = String::from_utf8_lossy(&finished.stdout);
    let status = said.rsplit('\n').next().and_then(|last| last.trim().parse().ok()).unwrap_or(0);
    if finished.code != 0 || status == 0 {
        let why = String::from_utf8_lossy(&finished.stderr);
        let why = why.lines().next().unwrap_or("curl failed");
        return Err(Refused::again(why.to_owned()));
    }
    answer(status, &said)
}

/// Interprets the status of a response.
fn answer(status: u16, headers: &str) -> Result<(), Refused> {
    let why = format!("HTTP {status}");
    match status {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500..=599 => {
            Err(Refused { after: retry_after(headers), ..Refused::again(why) })
        }
        // Redirects are not followed: the configuration must contain the current address.
        _ => Err(Refused::for_good(why)),
    }
}

/// Returns the value of `Retry-After`, if it is in seconds.
fn retry_after(headers: &str) -> Option<Duration> {
    let named = headers.lines().filter_map(|line| line.split_once(':'));
    let mut named = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("retry-after"));
    named.next()?.1.trim().parse().ok().map(Duration::from_secs)
}

/// Returns the curl configuration of one request.
fn settings(post: &Post<'_>) -> String {
    let mut text =
        "silent\nshow-error\ngloboff\ndump-header = \"-\"\noutput = \"/dev/null\"\n".to_owned();
    let mut set = |key: &str, value: &str| {
        text.push_str(&format!("{key} = \"{}\"\n", escaped(value)));
    };
    set("proto", "=http,https");
    set("max-time", &LIMIT.as_secs().to_string());
    set("connect-timeout", "5");
    set("write-out", "\n%{http_code}");
    set("url", post.url);
    set("header", concat!("User-Agent: workloop/", env!("CARGO_PKG_VERSION")));
    set("header", "Expect:");
    for header in post.headers {
        set("header", header);
    }
    set("data-raw", post.body);
    text
}

/// Escapes a quoted value of a curl configuration.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\0' => {}
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_ends_its_line() {
        let post =
            Post { url: "http://x/\"\nproxy = \"evil", headers: &[], body: "@/etc/passwd\\" };
        let text = settings(&post);
        assert!(text.contains("url = \"http://x/\\\"\\nproxy = \\\"evil\"\n"), "{text}");
        assert!(text.contains("data-raw = \"@/etc/passwd\\\\\"\n"), "{text}");
        assert!(!text.contains("\nproxy"), "{text}");
    }

    #[test]
    fn what_passes_is_tried_again() {
        let again = |status| answer(status, "").err().map(|refused| refused.again);
        assert_eq!((again(204), again(503), again(404)), (None, Some(true), Some(false)));
        assert_eq!((again(301), again(429)), (Some(false), Some(true)));
        let headers = "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n\r\n\n429";
        assert_eq!(answer(429, headers).unwrap_err().after, Some(Duration::from_secs(7)));
    }
}
