//! `tsc`: `src/a.ts(1,7): error TS2322: …`, or with `--pretty` `src/a.ts:1:7 - error TS2322: …`.

use super::super::found::{Found, counted};
use crate::domain::{ItemId, ItemState};

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let found: Found = text.lines().filter_map(item).collect();
    let told = text.lines().rev().find_map(|line| {
        let (number, rest) = line.strip_prefix("Found ")?.split_once(' ')?;
        rest.starts_with("error").then(|| number.parse().ok()).flatten()
    });
    // Only the pretty format ends with a count.
    let is_pretty = text.contains(" - error TS");
    if is_pretty && told.is_none() {
        return Err("it has no last line: it is cut off".to_owned());
    }
    counted(found.len(), told.unwrap_or(found.len()))?;
    Ok(found)
}

fn item(line: &str) -> Option<(ItemId, ItemState)> {
    let (place, rest) = match line.split_once(": error TS") {
        Some((place, rest)) => (place.rsplit_once('(')?.0, rest),
        None => match line.split_once(" - error TS") {
            Some((place, rest)) => (place.rsplitn(3, ':').nth(2)?, rest),
            None => ("", line.strip_prefix("error TS")?),
        },
    };
    let (code, message) = rest.split_once(": ")?;
    code.parse::<u32>().ok()?;
    Some((ItemId::new(place, format!("TS{code}: {message}")), ItemState::Failed))
}
