//! The combined effect of the sections about trees and landing: whether anything lands, and which
//! keys have no effect.

use super::hooks::HookRule;
use super::model::Config;
use super::origin::{Origin, Sourced};
use super::trees::{CommitMode, IsolationMode, LandingMode};
use crate::domain::HookPoint;

impl Config {
    /// Returns whether verified work lands on the target.
    pub fn lands(&self) -> bool {
        let mode = self.landing.mode.as_deref().copied().unwrap_or(LandingMode::Branch);
        *self.isolation.mode == IsolationMode::Private && mode == LandingMode::Branch
    }

    /// Returns the keys of the file that are set but have no effect, each as a sentence.
    pub fn without_effect(&self) -> Vec<Sourced<String>> {
        let is_private = *self.isolation.mode == IsolationMode::Private;
        if is_private && self.lands() {
            return Vec::new();
        }
        let why = if is_private {
            "landing.mode = \"off\" lands nothing"
        } else {
            "it is for private trees, and isolation.mode is \"shared\""
        };
        let said = |key: &str| match key {
            "isolation.mode" => true,
            // These values match what happens anyway.
            "landing.mode" => self.landing.mode.as_deref() == Some(&LandingMode::Off),
            "landing.commit" => self.landing.commit.as_deref() == Some(&CommitMode::None),
            key => is_private && !key.starts_with("landing."),
        };
        let keys = self.tree_keys.iter().filter(|key| !said(key));
        let one = |key: &Sourced<String>| {
            Sourced::new(format!("{} has no effect: {why}", key.value), key.origin.clone())
        };
        let hooks = self.hooks.iter().filter(|_| !self.lands());
        let hooks = hooks.filter(|hook| {
            matches!(hook.point, HookPoint::BeforeLanding | HookPoint::AfterLanding)
        });
        let idle = |hook: &HookRule| {
            let text = format!("hooks.{} has no effect: nothing lands here", hook.point);
            Sourced::new(text, Origin::File { line: hook.line })
        };
        keys.map(one).chain(hooks.map(idle)).collect()
    }
}
