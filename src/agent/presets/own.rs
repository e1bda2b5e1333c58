//! Error texts whose meaning the configuration defines: the built-in rules may be out of date for a
//! tool, or wrong for a wrapper.

use regex::Regex;

/// The meaning of such a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// The account has reached a usage limit.
    UsageLimit,
    /// The service fails temporarily.
    Transient,
    /// The tool is not logged in.
    Auth,
    /// An ordinary error of the agent, even if a built-in rule gives the text another meaning.
    AgentError,
}

impl Means {
    /// The configuration keys and their meanings.
    pub const WORDS: [(&str, Self); 4] = [
        ("usage_limit", Self::UsageLimit),
        ("transient", Self::Transient),
        ("auth", Self::Auth),
        ("agent_error", Self::AgentError),
    ];
}

/// A regular expression for a line on a tool's own error channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnText {
    /// The meaning of a line that matches.
    pub means: Means,
    /// The source of the regular expression.
    pub pattern: String,
}

/// The compiled expressions.
pub(super) struct Own(Vec<(Regex, Means)>);

impl Own {
    /// Compiles the expressions of `texts`. The configuration has already refused invalid ones.
    pub(super) fn new(texts: &[OwnText]) -> Self {
        let one = |text: &OwnText| Some((Regex::new(&text.pattern).ok()?, text.means));
        Self(texts.iter().filter_map(one).collect())
    }

    /// Returns whether there are no expressions.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the first of `texts` that an expression matches, and its meaning.
    pub(super) fn find<'t>(
        &self,
        mut texts: impl Iterator<Item = &'t str>,
    ) -> Option<(Means, &'t str)> {
        texts.find_map(|text| {
            let found = self.0.iter().find(|(regex, _)| regex.is_match(text));
            found.map(|(_, means)| (*means, text))
        })
    }
}
