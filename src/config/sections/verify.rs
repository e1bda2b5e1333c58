//! `[[verify]]`: the steps that judge work.

use super::super::model::Config;
use super::super::names::{VERIFY_TIMEOUT, fold, step_name};
use super::super::paths::resolve;
use super::super::reader::{Section, word};
use super::environment;
use crate::domain::nearest;
use crate::verify::{
    How, MeasureRule, Parser, ReportRule, Rules, StepRules, VerifyStep, is_pattern,
};
use regex::Regex;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A step, with the positions of the names that it needs.
struct Read {
    step: VerifyStep,
    needs: Vec<(String, Range<usize>)>,
}

/// Reads all steps of `sections` into `config`, with paths relative to `folder`. Each step comes
/// after those that it needs; otherwise they are in file order.
pub(in super::super) fn read(sections: &[Section<'_>], folder: &Path, config: &mut Config) {
    let mut all: Vec<Read> = Vec::new();
    for section in sections {
        let Some(read) = read_step(section, folder, config) else { continue };
        let VerifyStep { profile, name, .. } = &read.step;
        if all.iter().any(|other| other.step.profile == *profile && other.step.name == *name) {
            let message = format!("profile {profile} already has a step {name}");
            section.reader.report(section.span.clone(), message);
        }
        all.push(read);
    }
    let Some(first) = sections.first() else { return };
    check_needs(first, &all);
    config.steps = in_order(first, all);
}

fn read_step(section: &Section<'_>, folder: &Path, config: &mut Config) -> Option<Read> {
    let profile = section.text("profile").map_or_else(|| "default".to_owned(), |text| text.value);
    let before = section.reader.count();
    let name = section.text("name");
    let command = section.command("run");
    if command.is_none() && section.reader.count() == before {
        let message =
            "a verification step needs run: a string for the shell, or a list of arguments";
        section.reader.report(section.span.clone(), message);
    }
    let timeout = section.duration("timeout").unwrap_or(VERIFY_TIMEOUT);
    let mut environment = environment::read(section, folder, &mut config.env_files);
    let own = environment::values(section, "env");
    environment.set.0.extend(own.0);
    let needs = section.spanned_texts("needs");
    let rules = StepRules {
        cwd: inside(section, "cwd"),
        inputs: globs(section, "inputs"),
        hidden: section.text("hidden").map(|path| resolve(folder, &path.value)),
        blocked_exit_codes: section.exit_codes("blocked_exit_codes", 1),
        allow_failure: section.flag("allow_failure").is_some_and(|flag| *flag),
        retries: section.number("retries", 0).map_or(0, |number| *number),
        needs: needs.iter().map(|(name, _)| name.clone()).collect(),
        measure: section.section("measure").and_then(|section| measure(&section)),
        report: section.section("report").and_then(|section| report(&section)),
    };
    section.close(&["network", "sandbox"]);
    let command = command?;
    let name = name.map_or_else(|| step_name(&command.to_string()), |name| name.value);
    let rules = Arc::new(Rules { step: rules, ..Rules::default() });
    let from_queue = false;
    let step = VerifyStep { name, profile, command, timeout, environment, from_queue, rules };
    Some(Read { step, needs })
}

/// Reads a path that stays in the project.
pub(super) fn inside(section: &Section<'_>, key: &'static str) -> Option<PathBuf> {
    let (text, span) = section.spanned_text(key)?;
    if stays_inside(&text) {
        return Some(PathBuf::from(text));
    }
    section
        .reader
        .report(span, format!("{key} must be a path in the project, relative to its root"));
    None
}

/// Reads a path in the project, or a pattern of such paths.
fn files(section: &Section<'_>, key: &'static str) -> Option<String> {
    let path = inside(section, key)?.to_string_lossy().into_owned();
    if is_pattern(&path) && fast_glob::validate(&path).is_err() {
        section.report_at(key, format!("{key} is not a path pattern"));
        return None;
    }
    Some(path)
}

fn stays_inside(text: &str) -> bool {
    let mut parts = Path::new(text).components();
    let is_inside = parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    is_inside && !text.trim().is_empty() && !text.contains('\0')
}

fn globs(section: &Section<'_>, key: &'static str) -> Vec<String> {
    let globs = section.spanned_texts(key);
    for (glob, span) in &globs {
        if !stays_inside(glob) || fast_glob::validate(glob).is_err() {
            let message = format!("{key} must be globs relative to the project root");
            section.reader.report(span.clone(), message);
        }
    }
    globs.into_iter().map(|(glob, _)| glob).collect()
}

fn measure(section: &Section<'_>) -> Option<MeasureRule> {
    let before = section.reader.count();
    let how = match (section.text("regex"), section.text("json_pointer")) {
        (Some(regex), None) => {
            if let Err(error) = Regex::new(&regex.value) {
                let why = error.to_string().lines().last().unwrap_or_default().to_owned();
                section.report_at("regex", format!("regex cannot be used: {why}"));
            }
            Some(How::Regex(regex.value))
        }
        (None, Some(pointer)) => {
            if !pointer.value.starts_with('/') {
                let message = "json_pointer must begin with /, such as \"/total/lines/pct\"";
                section.report_at("json_pointer", message);
            }
            Some(How::Pointer(pointer.value))
        }
        (None, None) if section.reader.count() > before => None,
        (None, None) | (Some(_), Some(_)) => {
            let message = "measure needs one of regex and json_pointer";
            section.reader.report(section.span.clone(), message);
            None
        }
    };
    let file = files(section, "file");
    let (min, max) = (section.float("min"), section.float("max"));
    if let (Some(min), Some(max)) = (min, max)
        && min.get() > max.get()
    {
        section.report_at("min", "min must not be more than max");
    }
    let unit = section.text("unit").map(|unit| unit.value);
    section.close(&[]);
    Some(MeasureRule { how: how?, file, min, max, unit })
}

fn report(section: &Section<'_>) -> Option<ReportRule> {
    let parsers: Vec<(&str, Parser)> = Parser::words().collect();
    let before = section.reader.count();
    let junit = files(section, "junit");
    let parser = word(section, "parser", &parsers).map(|word| *word);
    let file = files(section, "file");
    section.close(&[]);
    match (junit, parser) {
        (Some(path), None) if file.is_none() => {
            Some(ReportRule { parser: Parser::Junit, file: Some(path) })
        }
        (None, Some(parser)) => Some(ReportRule { parser, file }),
        (None, None) if section.reader.count() > before => None,
        (Some(_), None) | (None, None) | (Some(_), Some(_)) => {
            let message = "report needs junit, the path of a file, or parser, the name of a tool";
            section.reader.report(section.span.clone(), message);
            None
        }
    }
}

/// Reports needed steps that do not exist in the profile.
fn check_needs(section: &Section<'_>, all: &[Read]) {
    for Read { step, needs } in all {
        let others = all.iter().filter(|other| fold(&other.step.profile) == fold(&step.profile));
        let others: Vec<&str> = others.map(|other| other.step.name.as_str()).collect();
        for (needed, span) in needs {
            if *needed == step.name {
                section.reader.report(span.clone(), format!("step {needed} needs itself"));
            } else if !others.contains(&needed.as_str()) {
                let meant = nearest(needed, others.iter().copied());
                let meant =
                    meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
                let profile = &step.profile;
                let message = format!("profile {profile} has no step {needed}{meant}");
                section.reader.report(span.clone(), message);
            }
        }
    }
}

/// Sorts the steps so that each comes after those that it needs. Reports a cycle.
fn in_order(section: &Section<'_>, mut left: Vec<Read>) -> Vec<VerifyStep> {
    let mut ordered: Vec<VerifyStep> = Vec::with_capacity(left.len());
    loop {
        let waits = |read: &Read| {
            let needs = |other: &Read| {
                let same = fold(&other.step.profile) == fold(&read.step.profile);
                same && read.needs.iter().any(|(name, _)| *name == other.step.name)
            };
            left.iter().any(needs)
        };
        match left.iter().position(|read| !waits(read)) {
            Some(next) => ordered.push(left.remove(next).step),
            None => break,
        }
    }
    let own = |read: &Read| read.needs.iter().any(|(name, _)| *name == read.step.name);
    if let Some((_, span)) = left.first().and_then(|read| read.needs.first())
        && !left.iter().any(own)
    {
        let names: Vec<&str> = left.iter().map(|read| read.step.name.as_str()).collect();
        let message = format!("steps need each other in a cycle: {}", names.join(", "));
        section.reader.report(span.clone(), message);
    }
    ordered.extend(left.into_iter().map(|read| read.step));
    ordered
}
