//! Names in a repository: of objects, and of the refs of tasks.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};

/// The longest part of a ref: a file of that name, and its lock, are created.
const LONGEST: usize = 200;

/// An object name, and nothing that git could parse as something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oid(String);

impl Oid {
    /// Parses `text` as a full object name.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_hex && matches!(text.len(), 40 | 64)).then(|| Self(text.to_owned()))
    }

    /// Parses the output of git as a full object name.
    pub(in super::super) fn of(bytes: &[u8]) -> Option<Self> {
        Self::parse(std::str::from_utf8(bytes).ok()?.trim_end())
    }

    /// Returns its hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name that git uses where there is no object, of the same length.
    pub(in super::super) fn nothing(&self) -> String {
        "0".repeat(self.0.len())
    }

    /// Returns whether it is the name that git uses where there is no object.
    pub(in super::super) fn is_nothing(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Oid {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not the name of an object"))
    }
}

impl From<Oid> for String {
    fn from(oid: Oid) -> Self {
        oid.0
    }
}

/// Returns the id of a task as one part of a ref. Letters, digits, `_`, `-` and inner dots stay,
/// and everything else is percent-encoded. If the result is too long, a hash replaces its end.
pub(crate) fn ref_part(id: &str) -> String {
    let bytes = id.as_bytes();
    let mut part = String::with_capacity(bytes.len());
    for (place, byte) in bytes.iter().enumerate() {
        let next = bytes.get(place + 1);
        let inner = place > 0 && next.is_some_and(|next| *next != b'.');
        // Git refuses two consecutive dots, and ".lock" at the end.
        let stays = match byte {
            b'.' => inner && !bytes[place..].eq_ignore_ascii_case(b".lock"),
            byte => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        };
        if stays {
            part.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(part, "%{byte:02X}");
        }
    }
    shortened(part)
}

/// Shortens a part of a ref that is too long for a file name: a hash replaces its end.
pub(in super::super) fn shortened(mut part: String) -> String {
    if part.len() > LONGEST {
        let mut hash = String::new();
        for byte in Sha256::digest(part.as_bytes()).iter().take(8) {
            // Writing to a string cannot fail.
            let _ = write!(hash, "{byte:02x}");
        }
        part.truncate(LONGEST - hash.len() - 1);
        part = format!("{part}-{hash}");
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_are_whole_and_nothing_else() {
        assert!(Oid::parse(&"a".repeat(40)).is_some());
        assert!(Oid::parse(&"a".repeat(64)).is_some());
        for text in ["", "HEAD", "-q", &"a".repeat(39), &"A".repeat(40), &"g".repeat(40)] {
            assert_eq!(Oid::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_become_parts_of_refs_that_git_takes() {
        for (id, part) in [
            ("T-1_b", "T-1_b"),
            ("1.2", "1.2"),
            (".a.", "%2Ea%2E"),
            ("a..b", "a%2E.b"),
            ("a.lock", "a%2Elock"),
            ("a/b", "a%2Fb"),
            ("100%", "100%25"),
            ("a b~^:?*[\\", "a%20b%7E%5E%3A%3F%2A%5B%5C"),
            ("\u{e4}", "%C3%A4"),
            ("@{", "%40%7B"),
            ("-x", "-x"),
        ] {
            assert_eq!(ref_part(id), part);
        }
        let long = [ref_part(&"\u{e4}".repeat(90)), ref_part(&"\u{e4}".repeat(91))];
        assert!(long[0].len() == LONGEST && long[1].len() == LONGEST && long[0] != long[1]);
    }
}
