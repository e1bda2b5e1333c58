//! The canonical form of a JSON text, without its formatting.

use super::kind::Kind;
use super::object::members;
use super::values::elements;
use serde_json::Value;

/// Passes to `out` the pieces of the scanned value `raw` as a program would write them after
/// parsing: without white space, and with numbers and strings in canonical form. The values are
/// never all in memory at once, since they take many times the memory of their text.
pub fn canonical(raw: &str, out: &mut dyn FnMut(&str)) {
    match Kind::of(raw) {
        Kind::Array => {
            out("[");
            for (n, element) in elements(raw).enumerate() {
                out(if n > 0 { "," } else { "" });
                canonical(element, out);
            }
            out("]");
        }
        Kind::Object => {
            out("{");
            for (n, member) in members(raw).enumerate() {
                out(if n > 0 { "," } else { "" });
                out(&Value::from(&*member.name).to_string());
                out(":");
                canonical(&raw[member.start..member.end], out);
            }
            out("}");
        }
        Kind::Null | Kind::Bool | Kind::Number | Kind::String => {
            let value = serde_json::from_str::<Value>(raw).map(|value| value.to_string());
            out(value.as_deref().unwrap_or(raw));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_a_value_is_written_as() {
        for text in [
            "null",
            " [ 1.0, 1E2, -0, 1.50, {} , [ ] ] ",
            r#"{ "a" : "\u0041\/\u00e9\n" , "\u0062": [true,false, {"x": 18446744073709551615}] }"#,
            "99999999999999999999999",
        ] {
            let text = text.trim();
            let mut written = String::new();
            canonical(text, &mut |piece| written.push_str(piece));
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(written, value.to_string());
        }
    }
}
