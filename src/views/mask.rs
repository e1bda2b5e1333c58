//! Hides the values of environment variables that look like secrets.
//!
//! Only the environment of the reader is known here, which is usually the one in which the loop
//! ran. Short values are not hidden: they would tear holes into ordinary text.

use crate::platform::fault::{self, Fault};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

/// The replacement for a secret.
const MASK: &str = "[masked]";

/// The shortest value that is hidden.
const SHORTEST: usize = 6;

/// Words in the names of secrets.
const WORDS: [&str; 4] = ["KEY", "TOKEN", "SECRET", "PASS"];

/// The values to hide.
#[derive(Clone, Default)]
pub struct Mask {
    /// The longest first, so that no part of one remains.
    values: Vec<String>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mask").field("values", &self.values.len()).finish()
    }
}

impl Mask {
    /// Hides the values of those of `vars` whose names look like secrets; for a value with several
    /// lines, each line.
    pub fn new(vars: &[(OsString, OsString)]) -> Self {
        let hides = !fault::is(Fault::NoMask);
        let secret = vars.iter().filter(|(name, _)| hides && is_secret(name));
        let texts = secret.filter_map(|(_, value)| value.to_str());
        let lines = texts.flat_map(str::lines).map(str::trim);
        let mut values: Vec<String> =
            lines.filter(|line| line.len() >= SHORTEST).map(str::to_owned).collect();
        values.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { values }
    }

    /// Returns `text` without secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for value in &self.values {
            if masked.contains(value) {
                masked = Cow::Owned(masked.replace(value, MASK));
            }
        }
        masked
    }

    /// Appends `bytes` without secrets to `out`; bytes that are not UTF-8 stay as they are.
    pub fn bytes(&self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.values.is_empty() {
            out.extend_from_slice(bytes);
            return;
        }
        for chunk in bytes.utf8_chunks() {
            out.extend_from_slice(self.text(chunk.valid()).as_bytes());
            out.extend_from_slice(chunk.invalid());
        }
    }

    /// Returns how many bytes at the end of `bytes` may be the beginning of a secret.
    pub fn unsure(&self, bytes: &[u8]) -> usize {
        let begins = |value: &String| {
            let most = bytes.len().min(value.len().saturating_sub(1));
            (1..=most).rev().find(|&n| bytes.ends_with(&value.as_bytes()[..n]))
        };
        self.values.iter().filter_map(begins).max().unwrap_or(0)
    }
}

fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(vars: &[(&str, &str)]) -> Mask {
        let owned: Vec<_> = vars.iter().map(|(n, v)| (n.into(), v.into())).collect();
        Mask::new(&owned)
    }

    #[test]
    fn secrets_are_hidden_by_the_names_of_their_variables() {
        let mask = mask(&[
            ("API_KEY", "hunter2-long"),
            ("gh_token", "hunter2"),
            ("DB_PASSWORD", "a-b-c-d"),
            ("PATH", "/usr/bin:/bin"),
            ("TOKEN_COUNT", "100"),
        ]);
        let text = "hunter2-long hunter2 a-b-c-d /usr/bin:/bin 100";
        assert_eq!(mask.text(text), "[masked] [masked] [masked] /usr/bin:/bin 100");
        assert!(matches!(mask.text("nothing"), Cow::Borrowed(_)));
        assert!(!format!("{mask:?}").contains("hunter"));
    }

    #[test]
    fn every_line_of_a_long_secret_counts() {
        let mask = mask(&[("SSH_KEY", "BEGIN KEY\nabcdefgh\nEND")]);
        assert_eq!(mask.text("x abcdefgh y END"), "x [masked] y END");
        assert_eq!((mask.unsure(b"x BEGIN"), mask.unsure(b"x y")), (5, 0));
    }

    #[test]
    fn a_value_is_hidden_if_its_name_has_a_word_of_secrets_and_it_is_long_enough() {
        for (name, value, hidden) in [
            ("MY_KEY", "123456", true),
            ("my_passphrase", "123456", true),
            ("Secrets", "123456", true),
            ("TOKENS", "123456", true),
            ("MONKEYS", "123456", true),
            ("PATH", "123456", false),
            ("", "123456", false),
            ("MY_KEY", "12345", false),
            ("MY_KEY", "  12345  ", false),
            ("MY_KEY", "", false),
        ] {
            let masked = mask(&[(name, value)]).text("a 123456 z").into_owned();
            assert_eq!(masked == "a [masked] z", hidden, "{name}={value}: {masked}");
        }
    }

    /// A shorter secret inside a longer one must not leave the rest of it.
    #[test]
    fn the_longest_secret_is_hidden_first_and_each_occurrence() {
        let both = mask(&[("A_KEY", "abcdef"), ("B_KEY", "abcdefgh"), ("C_KEY", "abcdef")]);
        assert_eq!(both.text("abcdefgh abcdef abcdefg"), "[masked] [masked] [masked]g");
        assert_eq!(format!("{both:?}"), "Mask { values: 2 }");
    }

    #[test]
    fn the_beginning_of_a_secret_at_the_end_is_not_shown_yet() {
        let mask = mask(&[("A_KEY", "abcabd"), ("B_KEY", "xyz-xyz-")]);
        for (bytes, held) in [
            (&b""[..], 0),
            (b"abcabd", 0),
            (b"abcab", 5),
            (b"abcabc", 3),
            (b"..a", 1),
            (b"xyz-xyz", 7),
            (b"xyz-xyzx", 1),
            (b"\xffab", 2),
        ] {
            assert_eq!(mask.unsure(bytes), held, "{bytes:?}");
        }
    }

    #[test]
    fn without_secrets_the_bytes_are_copied() {
        let mut out = b"before ".to_vec();
        Mask::default().bytes(b"\xff any\n", &mut out);
        assert_eq!(out, b"before \xff any\n");
        assert_eq!(Mask::default().unsure(b"any"), 0);
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let mut out = Vec::new();
        mask(&[("A_SECRET", "s3cret!")]).bytes(b"\xff s3cret! \xfe", &mut out);
        assert_eq!(out, b"\xff [masked] \xfe");
    }
}
