//! `[[notify]]`: each entry is one channel.

use super::super::notify::{Address, NotifyEvent, NotifyRule, NotifySeverity, NotifyTarget, Quiet};
use super::super::origin::Origin;
use super::super::reader::{Section, word};
use crate::domain::nearest;

/// The keys of which a channel has exactly one.
const TARGETS: &str = "webhook, command, desktop, slack, discord or ntfy";

/// Reads one channel. Returns `None` if a required setting is wrong.
pub(in super::super) fn read(section: &Section<'_>) -> Option<NotifyRule> {
    let on = events(section);
    let target = target(section);
    let secret_env = name(section, "secret_env");
    let (queues, tasks) = (globs(section, "queues"), globs(section, "tasks"));
    let severity = word(section, "severity", &NotifySeverity::ALL).map(|word| *word);
    let rule = NotifyRule {
        on,
        target: target?,
        secret_env,
        queues,
        tasks,
        severity: severity.unwrap_or_default(),
        quiet: quiet(section),
        every: section.duration("every"),
        line: line(section),
    };
    if rule.secret_env.is_some() && !matches!(rule.target, NotifyTarget::Webhook(_)) {
        let message = "secret_env signs the messages of a webhook, and this channel has none";
        section.reader.report(section.span.clone(), message);
    }
    section.close(&[]);
    Some(rule)
}

fn line(section: &Section<'_>) -> u32 {
    match section.reader.origin(&section.span) {
        Origin::File { line } => line,
        Origin::Flag(_) | Origin::Environment(_) | Origin::Default => 0,
    }
}

fn events(section: &Section<'_>) -> Vec<NotifyEvent> {
    let before = section.reader.count();
    let words = section.spanned_texts("on");
    if words.is_empty() && section.reader.count() == before {
        let message = "a channel needs on, such as on = [\"needs_you\", \"run_finished\"]";
        section.reader.report(section.span.clone(), message);
    }
    let mut events = Vec::new();
    for (word, span) in words {
        match NotifyEvent::ALL.iter().find(|(known, _)| *known == word) {
            Some((_, event)) => events.push(*event),
            None => {
                let known = || NotifyEvent::ALL.iter().map(|(known, _)| *known);
                let meant = nearest(&word, known()).map_or_else(
                    || format!("known: {}", known().collect::<Vec<_>>().join(", ")),
                    |meant| format!("did you mean {meant}?"),
                );
                section.reader.report(span, format!("there is no event {word}; {meant}"));
            }
        }
    }
    events
}

fn target(section: &Section<'_>) -> Option<NotifyTarget> {
    let before = section.reader.count();
    let found = [
        address(section, "webhook").map(NotifyTarget::Webhook),
        section.command("command").map(NotifyTarget::Command),
        desktop(section),
        address(section, "slack").map(NotifyTarget::Slack),
        address(section, "discord").map(NotifyTarget::Discord),
        address(section, "ntfy").map(NotifyTarget::Ntfy),
    ];
    let mut found = found.into_iter().flatten();
    let first = found.next();
    if first.is_none() && section.reader.count() == before {
        let message = format!("a channel needs one of {TARGETS}");
        section.reader.report(section.span.clone(), message);
    }
    if let Some(second) = found.next() {
        let first = first.as_ref().map_or("", NotifyTarget::kind);
        let message = format!("{} next to {first}: a channel has one of {TARGETS}", second.kind());
        section.reader.report(section.span.clone(), message);
    }
    first
}

fn desktop(section: &Section<'_>) -> Option<NotifyTarget> {
    let flag = section.flag("desktop")?;
    if !*flag {
        section.reader.report(section.span.clone(), "desktop must be true or left out");
    }
    Some(NotifyTarget::Desktop)
}

fn address(section: &Section<'_>, key: &'static str) -> Option<Address> {
    let (text, span) = section.spanned_text(key)?;
    if let Some(name) = text.strip_prefix("env:") {
        if is_name(name) {
            return Some(Address::Variable(name.to_owned()));
        }
        section.reader.report(span, format!("{key}: {name:?} cannot be the name of a variable"));
        return None;
    }
    let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if rest.is_none_or(str::is_empty) || text.contains(odd) {
        let message =
            format!("{key} must be a URL that begins with https:// or http://, or env:NAME");
        section.reader.report(span, message);
        return None;
    }
    Some(Address::Url(text))
}

fn name(section: &Section<'_>, key: &'static str) -> Option<String> {
    let (name, span) = section.spanned_text(key)?;
    if !is_name(&name) {
        let message = format!(
            "{key} must be the name of a variable that holds the secret: a secret is never in this file"
        );
        section.reader.report(span, message);
        return None;
    }
    Some(name)
}

/// Returns whether a shell could set a variable with this name.
fn is_name(name: &str) -> bool {
    let part = |c: char| c == '_' || c.is_ascii_alphanumeric();
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(part)
}

fn globs(section: &Section<'_>, key: &'static str) -> Vec<String> {
    let globs = section.spanned_texts(key);
    for (glob, span) in &globs {
        if glob.is_empty() || fast_glob::validate(glob).is_err() {
            section.reader.report(span.clone(), format!("{key} must be globs"));
        }
    }
    globs.into_iter().map(|(glob, _)| glob).collect()
}

fn quiet(section: &Section<'_>) -> Option<Quiet> {
    let (text, span) = section.spanned_text("quiet")?;
    let quiet = Quiet::parse(&text);
    if quiet.is_none() {
        section.reader.report(span, "quiet must be two times of day, such as \"22:00-07:00\"");
    }
    quiet
}

#[cfg(test)]
mod tests {
    use super::super::super::{Config, parse};
    use super::*;
    use std::path::Path;
    use std::time::Duration;

    fn read(text: &str) -> Result<Config, String> {
        let text = format!("[[notify]]\n{text}");
        parse(Path::new("/p/workloop.toml"), &text).map_err(|error| error.to_string())
    }

    #[test]
    fn all_keys_are_read() {
        let config = read(
            "on = [\"needs_you\", \"complete\"]\nwebhook = \"env:HOOK\"\nsecret_env = \"SIGNS\"\n\
             queues = \"a*\"\ntasks = [\"T-*\"]\nseverity = \"warning\"\nquiet = \"22:00-07:00\"\n\
             every = \"30m\"\n[[notify]]\non = \"limit\"\ndesktop = true\n",
        );
        let config = config.unwrap();
        let [first, second] = config.notify.as_slice() else { panic!("two channels") };
        assert_eq!(first.on, [NotifyEvent::NeedsYou, NotifyEvent::Complete]);
        assert_eq!(first.target, NotifyTarget::Webhook(Address::Variable("HOOK".to_owned())));
        assert_eq!(first.variables().collect::<Vec<_>>(), ["HOOK", "SIGNS"]);
        assert_eq!((&*first.queues[0], &*first.tasks[0]), ("a*", "T-*"));
        assert_eq!(first.severity, NotifySeverity::Warning);
        assert_eq!(first.every, Some(Duration::from_secs(1800)));
        assert!(first.quiet.is_some());
        assert_eq!((&second.target, second.line), (&NotifyTarget::Desktop, 10));
        // Variables that only channels need are withheld from all commands.
        assert_eq!(config.environment.drop, ["HOOK", "SIGNS"]);
    }

    #[test]
    fn what_could_not_be_obeyed_is_refused() {
        for (text, problem) in [
            ("desktop = true", "a channel needs on"),
            ("on = [\"finished\"]\ndesktop = true", "there is no event finished"),
            ("on = [\"completed\"]\ndesktop = true", "did you mean complete?"),
            ("on = \"limit\"", "a channel needs one of webhook"),
            ("on = \"limit\"\ndesktop = true\nslack = \"https://x/\"", "slack next to desktop"),
            ("on = \"limit\"\ndesktop = false", "desktop must be true or left out"),
            ("on = \"limit\"\nwebhook = \"ftp://x/\"", "begins with https://"),
            ("on = \"limit\"\nwebhook = \"http://x/ y\"", "begins with https://"),
            ("on = \"limit\"\nwebhook = \"env:A B\"", "cannot be the name"),
            ("on = \"limit\"\nwebhook = \"http://x/\"\nsecret_env = \"a b\"", "never in this file"),
            (
                "on = \"limit\"\nwebhook = \"http://x/\"\nsecret = \"ab\"",
                "unknown key secret in [notify]",
            ),
            ("on = \"limit\"\ndesktop = true\nsecret_env = \"S\"", "and this channel has none"),
            ("on = \"limit\"\ndesktop = true\nquiet = \"at night\"", "two times of day"),
            ("on = \"limit\"\ndesktop = true\nseverity = \"high\"", "severity must be"),
            ("on = \"limit\"\ndesktop = true\ntasks = \"[\"", "tasks must be globs"),
            ("on = \"limit\"\ndesktop = true\nevery = \"0\"", "every must not be zero"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(problem), "{text}: {refused}");
        }
    }
}
