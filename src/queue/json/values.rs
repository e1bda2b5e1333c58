//! Readers for single raw JSON values that were scanned before.

use super::kind::Kind;
use super::scan::Scanner;
use std::borrow::Cow;

/// Returns the text of a raw key or string (with its quotes), with escapes resolved.
pub(crate) fn unquote(raw: &str) -> Cow<'_, str> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if inner.contains('\\') {
        serde_json::from_str::<String>(raw).unwrap_or_default().into()
    } else {
        inner.into()
    }
}

/// Returns the text of a string. Returns `None` for anything else.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    (Kind::of(raw) == Kind::String).then(|| unquote(raw))
}

/// Returns the raw elements of a list. Returns none for anything else.
pub(crate) fn elements(raw: &str) -> impl Iterator<Item = &str> {
    let mut scanner = Scanner::new(raw);
    let mut more = Kind::of(raw) == Kind::Array;
    if more {
        scanner.bump();
        scanner.white();
        more = scanner.peek() != Some(b']');
    }
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        more = false;
        let start = scanner.pos();
        scanner.value(0).ok()?;
        let end = scanner.pos();
        more = scanner.next_element().unwrap_or(false);
        Some(&raw[start..end])
    })
}

/// Reads a float from a number or a numeric string.
pub(crate) fn float(raw: &str) -> Option<f64> {
    let text = match Kind::of(raw) {
        Kind::Number => Cow::Borrowed(raw),
        Kind::String => unquote(raw),
        Kind::Null | Kind::Bool | Kind::Array | Kind::Object => return None,
    };
    text.trim().parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Reads a whole number from an integer, a float without fraction, or a numeric string.
pub(crate) fn whole(raw: &str) -> Option<i64> {
    if let Ok(value) = raw.parse() {
        return Some(value);
    }
    let value = float(raw)?;
    // Beyond 2^53, a float no longer identifies a single integer.
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}

/// Reads a count: a whole number from 0 to 4,294,967,295.
pub(crate) fn count(raw: &str) -> Option<u32> {
    whole(raw).and_then(|value| u32::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_numbers_in_any_form() {
        assert_eq!(count("3"), Some(3));
        assert_eq!(count("3.0"), Some(3));
        assert_eq!(count(r#""3""#), Some(3));
        assert_eq!(count("-1"), None);
        assert_eq!(count("4294967296"), None);
    }

    #[test]
    fn elements_are_raw() {
        let three: Vec<&str> = elements(r#"[ 1, "a,]", [2, 3] ]"#).collect();
        assert_eq!(three, ["1", r#""a,]""#, "[2, 3]"]);
        assert_eq!(elements("[]").next(), None);
    }
}
