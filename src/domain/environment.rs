//! Which variables of the loop's environment commands get, as configured.

use std::collections::BTreeMap;
use std::fmt;

/// How much of the loop's environment a command begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inherit {
    /// Everything but what looks like a secret or belongs to an agent around us.
    #[default]
    Safe,
    /// Everything.
    All,
    /// What a shell and its tools need, see [`CORE`].
    Core,
    /// Only what no program can do without, see [`LEAST`].
    None,
}

/// What `inherit = "core"` passes; `*` at the end stands for anything.
pub const CORE: [&str; 10] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_*", "TZ", "TMPDIR"];

/// What `inherit = "none"` passes.
pub const LEAST: [&str; 4] = ["PATH", "HOME", "TERM", "LANG"];

impl Inherit {
    /// All of them, as the configuration writes them.
    pub const ALL: [(&'static str, Self); 4] =
        [("safe", Self::Safe), ("all", Self::All), ("core", Self::Core), ("none", Self::None)];

    /// The word of the configuration.
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

/// Variables with their values, which may be secrets: `Debug` shows the names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values(pub BTreeMap<String, String>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// One `[environment]`: the general one, or that of an agent or a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentRules {
    /// `inherit`; of an agent or a step `None` means what the general one says.
    pub inherit: Option<Inherit>,
    /// `pass`: names that are passed whatever they look like; `*` at the end stands for anything.
    pub pass: Vec<String>,
    /// `drop`: names that are withheld.
    pub drop: Vec<String>,
    /// `set`.
    pub set: Values,
    /// What `file` holds.
    pub file: Values,
}

/// Whether `pattern`, where `*` at the end stands for anything, is about `name`.
pub fn names(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// Whether `text` has `name` as a whole word, as names of variables are written.
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
}
