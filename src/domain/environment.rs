//! Which variables of the loop's environment are passed to commands, as configured.

use std::collections::BTreeMap;
use std::fmt;

/// How much of the loop's environment a command inherits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inherit {
    /// Everything except what looks like a secret or belongs to an agent that runs workloop itself.
    #[default]
    Safe,
    /// Everything.
    All,
    /// The variables that a shell and its tools need, see [`CORE`].
    Core,
    /// Only the variables that no program can do without, see [`LEAST`].
    None,
}

/// The variables passed by `inherit = "core"`. A trailing `*` matches any suffix.
pub const CORE: [&str; 10] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_*", "TZ", "TMPDIR"];

/// The variables passed by `inherit = "none"`.
pub const LEAST: [&str; 4] = ["PATH", "HOME", "TERM", "LANG"];

impl Inherit {
    /// All variants with the word used in the configuration.
    pub const ALL: [(&'static str, Self); 4] =
        [("safe", Self::Safe), ("all", Self::All), ("core", Self::Core), ("none", Self::None)];

    /// Returns the word used in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::All => "all",
            Self::Core => "core",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Inherit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Variables with their values. The values may be secrets, so `Debug` shows only the names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values(pub BTreeMap<String, String>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// One `[environment]` section: the general one, or that of an agent or a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentRules {
    /// `inherit`. For an agent or a step, `None` means the general setting.
    pub inherit: Option<Inherit>,
    /// `pass`: names that are always passed, whatever they look like. A trailing `*` matches any
    /// suffix.
    pub pass: Vec<String>,
    /// `drop`: names that are withheld.
    pub drop: Vec<String>,
    /// `set`: variables with fixed values.
    pub set: Values,
    /// The variables read from `file`.
    pub file: Values,
}

/// Returns whether `pattern` matches `name`. A trailing `*` matches any suffix.
pub fn names(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// Returns whether `text` contains the variable name `name` as a whole word.
pub fn mentions(text: &str, name: &str) -> bool {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_word() {
        for text in ["A_B", "$A_B", "${A_B:-x}", "é A_B.", "xA_B A_B"] {
            assert!(mentions(text, "A_B"), "{text}");
        }
        for text in ["A_BC", "xA_B", "A_", "éA_B", ""] {
            assert!(!mentions(text, "A_B"), "{text}");
        }
    }

    #[test]
    fn debug_hides_values() {
        let values = Values([("A".to_owned(), "secret".to_owned())].into());
        assert_eq!(format!("{values:?}"), "{\"A\"}");
    }

    #[test]
    fn words_are_those_of_the_configuration() {
        for (word, inherit) in Inherit::ALL {
            assert_eq!((inherit.as_str(), inherit.to_string()), (word, word.to_owned()));
        }
        assert!(names("LC_*", "LC_ALL") && names("*", "A") && names("A", "A"));
        assert!(!names("LC_*", "LANG") && !names("A", "AB") && !names("AB", "A"));
    }
}
