//! Names: what counts as the same one, what a step without one is called, and how long it may run.

use std::time::Duration;

/// Wall-clock limit of a verification step that has none of its own.
pub(super) const VERIFY_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// A name without what does not count: case and separators.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The name of a step that has none: the beginning of its command.
pub(super) fn step_name(command: &str) -> String {
    let line = command.trim().lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
