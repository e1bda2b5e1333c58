//! `[profiles.NAME]`: the settings of all steps of a profile.

use super::super::model::Config;
use super::super::names::fold;
use super::super::reader::{Section, word};
use super::{guardrails, templates};
use crate::domain::nearest;
use crate::verify::{Baseline, Flaky, ProfileRules, Rules};
use std::sync::Arc;

/// Applies the sections of `profiles` to the steps, which were read before.
pub(in super::super) fn read(profiles: &Section<'_>, config: &mut Config) {
    let known: Vec<String> = config.services.keys().cloned().collect();
    let mut seen: Vec<String> = Vec::new();
    for (name, span, value) in profiles.entries() {
        let Some(section) = profiles.open(&name, value) else { continue };
        if seen.contains(&fold(&name)) {
            let message =
                format!("profile {name} is defined twice: case and separators are ignored");
            profiles.reader.report(span.clone(), message);
        }
        seen.push(fold(&name));
        if let Some(requires) = guardrails::requires(&section) {
            config.profile_requires.insert(name.clone(), requires);
        }
        let rules = rules(&name, &section, (&known, config));
        let is_of = |profile: &str| fold(profile) == fold(&name);
        let mut steps = config.steps.iter_mut().filter(|step| is_of(&step.profile)).peekable();
        if steps.peek().is_none() {
            let known = config.steps.iter().map(|step| step.profile.as_str());
            let meant = nearest(&name, known);
            let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            let message = format!("no [[verify]] step has the profile {name}{meant}");
            profiles.reader.report(span, message);
            continue;
        }
        for step in steps {
            let own = step.rules.step.clone();
            step.rules = Arc::new(Rules { step: own, profile: rules.clone() });
        }
    }
}

/// Reads the names of services, which must exist.
fn services(section: &Section<'_>, known: &[String]) -> Vec<String> {
    let names = section.spanned_texts("services");
    for (name, span) in names.iter().filter(|(name, _)| !known.contains(name)) {
        let meant = nearest(name, known.iter().map(String::as_str));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        section.reader.report(span.clone(), format!("there is no service {name}{meant}"));
    }
    names.into_iter().map(|(name, _)| name).collect()
}

fn rules(name: &str, section: &Section<'_>, (known, config): (&[String], &Config)) -> ProfileRules {
    let flaky = [("pass", Flaky::Pass), ("fail", Flaky::Fail)];
    let baseline = [("strict", Baseline::Strict), ("no-new-failures", Baseline::NoNewFailures)];
    let rules = ProfileRules {
        name: name.to_owned(),
        parallel: section.flag("parallel").is_some_and(|flag| *flag),
        baseline: word(section, "baseline", &baseline).map_or(Baseline::Strict, |word| *word),
        services: services(section, known),
        flaky: word(section, "flaky", &flaky).map_or(Flaky::Pass, |word| *word),
        review: section.flag("review").is_some_and(|flag| *flag),
        on_red: templates::on_red(section, config),
    };
    section.close(&["teeth"]);
    rules
}
