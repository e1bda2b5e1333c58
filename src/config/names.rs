//! Names: when two are the same, the default name of a step, and its default time limit.

use std::time::Duration;

/// The wall-clock limit of a verification step without one of its own.
pub(super) const VERIFY_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Returns a name without the differences that are ignored: case and separators.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns the name of a step without one: the beginning of its command.
pub(super) fn step_name(command: &str) -> String {
    let line = command.trim().lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
