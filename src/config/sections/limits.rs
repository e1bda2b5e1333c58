//! `[limits]`: how often, how long and how much an attempt, a task, a run and a day may use.

use crate::config::model::{Limits, ScopeMode};
use crate::config::origin::Sourced;
use crate::config::reader::Section;
use crate::domain::Allowance;

/// Reads the section.
pub(in crate::config) fn read(section: &Section<'_>) -> Limits {
    let default = Limits::default();
    let number = |key, least, default| section.number(key, least).unwrap_or(default);
    let limits = Limits {
        attempts: number("attempts", 1, default.attempts),
        crashes: number("crashes", 1, default.crashes),
        consecutive_failures: number("consecutive_failures", 1, default.consecutive_failures),
        keep_attempts: number("keep_attempts", 1, default.keep_attempts),
        follow_up_depth: number("follow_up_depth", 0, default.follow_up_depth),
        scopes: read_scopes(section).unwrap_or(default.scopes),
        promise: section.flag("promise").unwrap_or(default.promise),
        untouched: section.flag("untouched").unwrap_or(default.untouched),
        progress_every: section.timed("progress_every").unwrap_or(default.progress_every),
        task: allowance(section),
        attempt: part(section, "attempt", &["attempts"]),
        run: part(section, "run", &[]),
        day: part(section, "day", &[]),
    };
    section.close(&["cost_usd_per_day", "usage"]);
    limits
}

fn read_scopes(section: &Section<'_>) -> Option<Sourced<ScopeMode>> {
    let (word, span) = section.spanned_text("scopes")?;
    let mode = match word.as_str() {
        "serialize" => ScopeMode::Serialize,
        "warn" => ScopeMode::Warn,
        "off" => ScopeMode::Off,
        _ => {
            section.reader.report(span, "scopes must be \"serialize\", \"warn\" or \"off\"");
            return None;
        }
    };
    Some(Sourced::new(mode, section.reader.origin(&span)))
}

/// Reads `[limits.NAME]`, refusing the keys that have no meaning there.
fn part(section: &Section<'_>, name: &'static str, never: &[&'static str]) -> Allowance {
    let Some(part) = section.section(name) else { return Allowance::default() };
    let attempts = part.number("attempts", 1).map(|number| u64::from(*number));
    for key in never.iter().filter(|_| attempts.is_some()) {
        part.refuse(key, "an attempt is one attempt; remove attempts");
    }
    let allowance = Allowance { attempts, ..allowance(&part) };
    part.close(&[]);
    allowance
}

fn allowance(section: &Section<'_>) -> Allowance {
    let tokens = section.amount("tokens");
    if tokens.as_ref().is_some_and(|tokens| tokens.value.fract() != 0.0) {
        section.refuse("tokens", "tokens must be a whole number");
    }
    Allowance {
        attempts: None,
        minutes: section.amount("minutes").map(|minutes| minutes.value),
        cost_usd: section.amount("cost_usd").map(|cost| cost.value),
        tokens: tokens.map(|tokens| tokens.value as u64),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::parse;
    use std::path::Path;

    #[test]
    fn what_may_be_used_is_read_and_what_means_nothing_is_refused() {
        let read = |text: &str| parse(Path::new("/p/workloop.toml"), text);
        let text = "[agents.default]\npreset = \"claude\"\n[limits]\ncost_usd = 20\n\
                    tokens = 5_000_000\n[limits.attempt]\ncost_usd = 1.5\n\
                    [limits.day]\nattempts = 3\n";
        let config = read(text).expect("read");
        assert_eq!(config.limits.task.tokens, Some(5_000_000));
        assert_eq!((config.limits.day.attempts, config.limits.run.attempts), (Some(3), None));
        // The tool itself stops at this limit.
        assert!(config.agents["default"].command.to_string().ends_with("--max-budget-usd 1.5"));
        for (text, why) in [
            ("[limits.attempt]\nattempts = 2", "an attempt is one attempt"),
            ("[limits]\ntokens = 1.5", "tokens must be a whole number"),
            ("[limits.run]\ncost_usd = 0", "cost_usd must be a number above 0"),
            ("[limits.day]\ncost = 1", "unknown key cost"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
