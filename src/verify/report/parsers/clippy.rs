//! `cargo clippy`: errors, which include warnings under `-D warnings`, and code that does not
//! compile.

use super::super::found::Found;
use crate::domain::{ItemId, ItemState};

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let mut found = Found::new();
    let mut waits: Option<String> = None;
    let mut is_over = false;
    for line in text.lines() {
        if line.starts_with("error: could not compile ")
            || line.trim_start().starts_with("Finished ")
        {
            is_over = true;
            waits = None;
        } else if let Some(message) = error(line) {
            waits = Some(message.to_owned());
        } else if line.starts_with("warning") {
            waits = None;
        } else if let Some(place) = line.trim_start().strip_prefix("--> ") {
            let file = place.rsplitn(3, ':').nth(2).unwrap_or(place);
            found.extend(waits.take().map(|name| (ItemId::new(file, name), ItemState::Failed)));
        }
    }
    if is_over { Ok(found) } else { Err("it has no last line: it is cut off".to_owned()) }
}

/// Parses `error: message`, or `error[E0308]: message`.
fn error(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("error")?;
    let message = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]: ")?.1,
        None => rest.strip_prefix(": ")?,
    };
    (!message.starts_with("aborting due to")).then_some(message)
}
