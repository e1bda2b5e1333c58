//! JSON for scripts: one object on one line.

use serde::Serialize;

/// `value` with a line break.
///
/// # Errors
/// When it cannot be written as JSON, which no view of ours does.
pub fn object(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
