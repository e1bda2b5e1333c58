//! Decides which variables of this process a command receives, and which are withheld.

use super::Environment;
use super::logins::{is_of_a_session, logins};
use super::secret::{has_password, is_secret_name};
use crate::domain::{CORE, Command, EnvironmentRules, Inherit, LEAST, mentions, pattern_names};
use crate::platform::fault::{self, Fault};
use std::ffi::{OsStr, OsString};
use std::fmt;

/// Why a variable is withheld from a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// `drop` names it.
    Dropped,
    /// Its name looks like that of a secret.
    SecretName,
    /// It contains a URL with a password.
    SecretUrl,
    /// It belongs to an agent session around this process.
    Session,
    /// `inherit` does not include it.
    NotInherited(Inherit),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped => f.write_str("drop names it"),
            Self::SecretName => f.write_str("its name looks like a secret"),
            Self::SecretUrl => f.write_str("it contains a URL with a password"),
            Self::Session => f.write_str("it belongs to an agent around this process"),
            Self::NotInherited(inherit) => write!(f, "inherit is \"{inherit}\""),
        }
    }
}

/// A variable that is withheld from a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Withheld {
    /// The name of the variable.
    pub name: String,
    /// Why it is withheld.
    pub why: Why,
}

/// The rules for one command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy<'a> {
    /// The general rules.
    pub general: &'a EnvironmentRules,
    /// The rules of the agent or the step, which take precedence.
    pub own: &'a EnvironmentRules,
    /// The command, if a person configured it: variables that its text mentions are passed.
    pub configured: Option<&'a Command>,
    /// The command of the agent, to which login variables are passed; `None` for a step.
    pub agent: Option<&'a Command>,
}

/// The result of a policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    /// The environment of the command.
    pub environment: Environment,
    /// The withheld variables, sorted by name.
    pub withheld: Vec<Withheld>,
}

impl Policy<'_> {
    /// Returns how much is inherited.
    pub(crate) fn inherit(&self) -> Inherit {
        self.own.inherit.or(self.general.inherit).unwrap_or_default()
    }

    /// Returns the variables of `vars` that the command receives, and those that the configuration
    /// sets. `WORKLOOP_*` variables in `vars` are never passed: they describe the attempt of an
    /// outer loop.
    pub(crate) fn apply(&self, vars: &[(OsString, OsString)]) -> Given {
        let mut given = Given::default();
        let text = self.configured.map(Command::to_string).unwrap_or_default();
        let logins = self.agent.map(logins).unwrap_or_default();
        for (name, value) in vars.iter().filter(|(name, _)| !is_ours(name)) {
            let shown = name.to_string_lossy();
            match self.why_not(&shown, value, &text, &logins) {
                None => given.environment.set(name.clone(), value.clone()),
                Some(why) => given.withheld.push(Withheld { name: shown.into_owned(), why }),
            }
        }
        self.add_own(&mut given);
        given.withheld.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        given
    }

    /// Returns why a variable is withheld; `None` if it is passed.
    fn why_not(&self, name: &str, value: &OsStr, text: &str, logins: &[&str]) -> Option<Why> {
        let lists = |list: &[String]| list.iter().any(|pattern| pattern_names(pattern, name));
        for rules in [self.own, self.general] {
            if lists(&rules.drop) {
                return Some(Why::Dropped);
            }
            if lists(&rules.pass) {
                return None;
            }
        }
        let among = |list: &[&str]| list.iter().any(|pattern| pattern_names(pattern, name));
        let inherit = self.inherit();
        let inherited = match inherit {
            Inherit::All => true,
            Inherit::Safe => logins.contains(&name) || fault::is(Fault::SecretsPassed),
            Inherit::Core => among(&CORE),
            Inherit::None => among(&LEAST),
        };
        if inherited || mentions(text, name) {
            return None;
        }
        if inherit != Inherit::Safe {
            return Some(Why::NotInherited(inherit));
        }
        if is_secret_name(name) {
            Some(Why::SecretName)
        } else if is_of_a_session(name) {
            Some(Why::Session)
        } else {
            has_password(&value.to_string_lossy()).then_some(Why::SecretUrl)
        }
    }

    /// Adds the variables of files and of `set`. Inherited variables take precedence over files,
    /// and `set` takes precedence over both.
    fn add_own(&self, given: &mut Given) {
        let mut added: Vec<&str> = Vec::new();
        for (name, value) in [self.own, self.general].into_iter().flat_map(|rules| &rules.file.0) {
            if given.environment.get(name).is_none() {
                given.environment.set(name, value);
                added.push(name);
            }
        }
        for (name, value) in [self.general, self.own].into_iter().flat_map(|rules| &rules.set.0) {
            given.environment.set(name, value);
            added.push(name);
        }
        given.withheld.retain(|withheld| !added.contains(&withheld.name.as_str()));
    }
}

/// Returns whether a variable is one that loops set for their commands.
fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"WORKLOOP_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Values;

    fn vars(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn rules(inherit: Option<Inherit>, pass: &[&str], drop: &[&str]) -> EnvironmentRules {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        EnvironmentRules { inherit, pass: owned(pass), drop: owned(drop), ..Default::default() }
    }

    fn values(pairs: &[(&str, &str)]) -> Values {
        Values(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    const OUTSIDE: [(&str, &str); 11] = [
        ("PATH", "/bin"),
        ("HOME", "/h"),
        ("LC_ALL", "C"),
        ("EDITOR", "vi"),
        ("KEYBOARD", "de"),
        ("GITHUB_TOKEN", "t"),
        ("ANTHROPIC_API_KEY", "k"),
        ("OPENAI_API_KEY", "k"),
        ("DATABASE_URL", "postgres://u:p@db/x"),
        ("CLAUDECODE", "1"),
        ("WORKLOOP_TASK_ID", "x"),
    ];

    /// Returns the names that are passed, in order, and those that are withheld.
    fn passed(policy: Policy<'_>) -> (String, String) {
        let given = policy.apply(&vars(&OUTSIDE));
        let names = given.environment.vars().map(|(name, _)| name.to_str().unwrap_or_default());
        let withheld = given.withheld.iter().map(|withheld| withheld.name.as_str());
        (names.collect::<Vec<_>>().join(" "), withheld.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_default_withholds_what_looks_like_a_secret_and_the_session_around() {
        let none = EnvironmentRules::default();
        let mut policy = Policy { general: &none, own: &none, configured: None, agent: None };
        let (given, withheld) = passed(policy);
        assert_eq!(given, "EDITOR HOME KEYBOARD LC_ALL PATH");
        assert_eq!(
            withheld,
            "ANTHROPIC_API_KEY CLAUDECODE DATABASE_URL GITHUB_TOKEN OPENAI_API_KEY"
        );
        let claude = Command::Shell("claude -p \"$GITHUB_TOKEN\"".to_owned());
        policy = Policy { configured: Some(&claude), agent: Some(&claude), ..policy };
        let (given, withheld) = passed(policy);
        assert!(given.contains("ANTHROPIC_API_KEY") && given.contains("GITHUB_TOKEN"), "{given}");
        assert_eq!(withheld, "CLAUDECODE DATABASE_URL OPENAI_API_KEY");
    }

    #[test]
    fn inherit_says_how_much() {
        let none = EnvironmentRules::default();
        let with = |inherit| {
            let own = rules(Some(inherit), &[], &[]);
            let agent = Command::Shell("./agent.sh".to_owned());
            let agent = Some(&agent);
            passed(Policy { general: &none, own: &own, configured: agent, agent }).0
        };
        assert_eq!(with(Inherit::Core), "HOME LC_ALL PATH");
        assert_eq!(with(Inherit::None), "HOME PATH");
        assert_eq!(with(Inherit::All).split(' ').count(), OUTSIDE.len() - 1);
    }

    #[test]
    fn the_own_word_comes_before_the_general_one_and_drop_before_pass() {
        let general = rules(None, &["GITHUB_*", "CLAUDECODE", "WORKLOOP_*"], &["EDITOR"]);
        let own = rules(None, &["EDITOR"], &["CLAUDECODE"]);
        let policy = Policy { general: &general, own: &own, configured: None, agent: None };
        let (given, withheld) = passed(policy);
        assert_eq!(given, "EDITOR GITHUB_TOKEN HOME KEYBOARD LC_ALL PATH");
        assert!(withheld.contains("CLAUDECODE"), "{withheld}");
    }

    #[test]
    fn what_is_set_outweighs_what_is_inherited_and_that_outweighs_files() {
        let file = values(&[("EDITOR", "file"), ("GITHUB_TOKEN", "file"), ("NEW", "file")]);
        let general = EnvironmentRules { file, ..EnvironmentRules::default() };
        let set = values(&[("HOME", "set"), ("OPENAI_API_KEY", "set")]);
        let own = EnvironmentRules { set, ..EnvironmentRules::default() };
        let policy = Policy { general: &general, own: &own, configured: None, agent: None };
        let given = policy.apply(&vars(&OUTSIDE));
        let value = |name| given.environment.get(name).and_then(OsStr::to_str);
        assert_eq!(value("EDITOR"), Some("vi"));
        assert_eq!((value("GITHUB_TOKEN"), value("NEW")), (Some("file"), Some("file")));
        assert_eq!((value("HOME"), value("OPENAI_API_KEY")), (Some("set"), Some("set")));
        assert!(given.withheld.iter().all(|withheld| withheld.name != "GITHUB_TOKEN"));
    }
}
