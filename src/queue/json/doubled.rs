//! Finds keys that occur twice in an object.

use super::object::members;
use super::values::elements;

/// Returns the first key on the way of a JSON pointer that its object has twice, so that different
/// readers find different values at that pointer. `text` must be valid JSON.
pub fn doubled_key(text: &str, pointer: &str) -> Option<String> {
    let mut value = text.trim();
    for token in pointer.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        let mut found = members(value).filter(|entry| entry.name == key);
        value = match (found.next(), found.next()) {
            (Some(_), Some(_)) => return Some(key),
            (Some(entry), None) => &value[entry.start..entry.end],
            (None, _) => elements(value).nth(key.parse().ok()?)?,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::doubled_key;

    #[test]
    fn only_keys_on_the_way_count() {
        let text = r#" {"a": 1, "b": [{"c": 1}, {"c/~": 2, "c/~": 3, "d": {"e": 1}}], "a": 2} "#;
        for (pointer, key) in [
            ("/a", Some("a")),
            ("/b/0/c", None),
            ("/b/1/c~1~0", Some("c/~")),
            ("/b/1/d/e", None),
            ("/b/7/c", None),
            ("/b/x", None),
            ("/none/a", None),
            ("", None),
        ] {
            assert_eq!(doubled_key(text, pointer).as_deref(), key, "{pointer}");
        }
        let escaped = r#"{"t": 1, "\u0074": 2}"#;
        assert_eq!(doubled_key(escaped, "/t").as_deref(), Some("t"));
    }
}
