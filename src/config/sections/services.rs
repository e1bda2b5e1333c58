//! `[services.NAME]`: programs that must run during steps.

use super::super::model::Config;
use super::super::problem::Problem;
use super::super::reader::Section;
use super::environment;
use super::verify::inside;
use crate::verify::{Health, Service};
use regex::Regex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The default time that a service has to become ready.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Reads the sections of `services`. Paths are relative to `folder`.
pub(in super::super) fn read(
    services: &Section<'_>,
    folder: &Path,
    files: &mut Vec<PathBuf>,
) -> BTreeMap<String, Arc<Service>> {
    let mut all = BTreeMap::new();
    for (name, span, value) in services.entries() {
        let Some(section) = services.open(&name, value) else { continue };
        let before = section.reader.count();
        let command = section.command("run");
        let ready = section.section("ready").and_then(|section| health(&section));
        if section.reader.count() == before && (command.is_none() || ready.is_none()) {
            let message = format!(
                "service {name} needs run, and ready: {{ port = 5432 }}, {{ command = \"…\" }} or \
                 {{ line = \"regex\" }}"
            );
            section.reader.report(span, message);
        }
        let mut environment = environment::read(&section, folder, files);
        environment.set.0.extend(environment::values(&section, "env").0);
        let cwd = inside(&section, "cwd");
        let timeout = section.duration("timeout").unwrap_or(TIMEOUT);
        section.close(&[]);
        if let (Some(command), Some(ready)) = (command, ready) {
            let service = Service { name: name.clone(), command, cwd, environment, timeout, ready };
            all.insert(name, Arc::new(service));
        }
    }
    all
}

/// Returns the services that no profile names, and that are never started for this reason.
pub(in super::super) fn unused(services: &Section<'_>, config: &Config) -> Vec<Problem> {
    let is_used =
        |name: &String| config.steps.iter().any(|step| step.rules.profile.services.contains(name));
    let unused = services.entries().into_iter().filter(|(name, ..)| !is_used(name));
    let message = |name: &str| {
        format!(
            "no profile names service {name}, so it is never started: add it to services of a \
             profile, such as [profiles.default] services = [\"{name}\"]"
        )
    };
    unused.map(|(name, span, _)| services.reader.at(span, message(&name))).collect()
}

fn health(section: &Section<'_>) -> Option<Health> {
    let before = section.reader.count();
    let port = section.number("port", 0).map(|port| *port);
    let command = section.command("command");
    let line = section.text("line").map(|line| line.value);
    section.close(&[]);
    let found = [
        port.map(|port| u16::try_from(port).map(Health::Port)),
        command.map(|command| Ok(Health::Command(command))),
        line.map(|line| Ok(Health::Line(line))),
    ];
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    match (found.pop(), found.is_empty()) {
        (Some(Ok(health)), true) => {
            if let Health::Line(line) = &health
                && let Err(error) = Regex::new(line)
            {
                let why = error.to_string().lines().last().unwrap_or_default().to_owned();
                section.report_at("line", format!("line cannot be used: {why}"));
            }
            Some(health)
        }
        (Some(Err(_)), true) => {
            section.report_at("port", "port must be a TCP port, or 0 for a free one");
            None
        }
        (None, _) if section.reader.count() > before => None,
        (Some(_), false) | (None, _) => {
            let message = "ready needs one of port, command and line";
            section.reader.report(section.span.clone(), message);
            None
        }
    }
}
