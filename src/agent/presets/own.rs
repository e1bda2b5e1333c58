//! Texts of a tool that the configuration explains: what is built in may be too old for a tool, or wrong for a
//! wrapper.

use regex::Regex;

/// What such a text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// The account may not be used for a while.
    UsageLimit,
    /// The service fails for now.
    Transient,
    /// Nobody is logged in.
    Auth,
    /// An error of the agent like any other, whatever is built in says.
    AgentError,
}

impl Means {
    /// The keys of the configuration.
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
    /// What it means.
    pub means: Means,
    /// The expression.
    pub pattern: String,
}

/// The expressions, ready to look with.
pub(super) struct Own(Vec<(Regex, Means)>);

impl Own {
    /// Those of `texts`; the configuration has refused what is none.
    pub(super) fn new(texts: &[OwnText]) -> Self {
        let one = |text: &OwnText| Some((Regex::new(&text.pattern).ok()?, text.means));
        Self(texts.iter().filter_map(one).collect())
    }

    /// Whether there are any.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first text that one of them finds, and what it means.
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
