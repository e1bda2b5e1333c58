//! Parses the text of a `workloop.toml`.

use super::model::{Config, NamedProject, TypeRule};
use super::notify::NotifyRule;
use super::paths::resolve;
use super::problem::Problem;
use super::reader::{Reader, Section};
use super::refused::RefusedConfig;
use super::sections::{
    agents, board, environment, escalation, guardrails, hidden, hooks, isolation, known_errors,
    landing, limits, named, notify, profiles, services, templates, verify, workspaces,
};
use std::path::Path;
use toml::de::DeTable;

/// Parses `text`, the content of `path`, which must be absolute.
///
/// # Errors
/// Returns everything that is wrong in it, with positions.
pub fn parse(path: &Path, text: &str) -> Result<Config, RefusedConfig> {
    let refused = |problems, rest: Config| {
        let rest = Box::new(Config { path: Some(path.to_owned()), ..rest });
        RefusedConfig { path: path.to_owned(), problems, rest }
    };
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let span = error.span().unwrap_or_default();
            let message = error.message().replace('\n', ", ");
            return Err(refused(vec![Problem::at(text, span, message)], Config::default()));
        }
    };
    let reader = Reader::new(text);
    let folder = path.parent().unwrap_or(path);
    let config = read(&reader, &document, folder);
    let problems = reader.into_problems();
    if problems.is_empty() {
        Ok(Config { path: Some(path.to_owned()), ..config })
    } else {
        Err(refused(problems, config))
    }
}

fn read(reader: &Reader<'_>, document: &toml::Spanned<DeTable<'_>>, folder: &Path) -> Config {
    let top = Section::new(reader, String::new(), document.span(), document.get_ref());
    let mut config = Config {
        root: top.text("root").map(|root| resolve(folder, &root.value)),
        create_root: top.flag("create_root").is_some_and(|flag| *flag),
        queues: top.texts("queues"),
        allow_queue_commands: top.flag("allow_queue_commands").is_some_and(|flag| *flag),
        unsafe_fs: top.flag("unsafe_fs").is_some_and(|flag| *flag),
        ..Config::default()
    };
    if let Some(projects) = top.section("project") {
        for (name, _, value) in projects.entries() {
            if let Some(section) = projects.open(&name, value) {
                config.projects.insert(name, read_project(&section, folder));
            }
        }
    }
    read_work(&top, folder, &mut config);
    if let Some(section) = top.section("limits") {
        config.limits = limits::read(&section);
    }
    if let Some(estimates) = top.section("estimates") {
        read_estimates(&estimates, &mut config);
    }
    config.environment = environment::read(&top, folder, &mut config.env_files);
    if let Some(guardrails) = top.section("guardrails") {
        let read = guardrails::read(&guardrails);
        (config.protect, config.require_changes) = (read.protect, read.requires);
        config.guardrails = read.rules;
    }
    if let Some(section) = top.section("escalation") {
        escalation::read(&section, &mut config);
    }
    config.known_errors = known_errors::read(&top.sections("known_errors"));
    if let Some(section) = top.section("isolation") {
        config.isolation = isolation::read(&section);
        config.tree_keys.extend(section.keys());
    }
    if let Some(section) = top.section("workspaces") {
        config.workspaces = workspaces::read(&section, folder);
        config.tree_keys.extend(section.keys());
    }
    hidden::check(&top, &mut config);
    if let Some(section) = top.section("landing") {
        config.landing = landing::read(&section, &config.isolation);
        config.tree_keys.extend(section.keys());
    }
    if let Some(section) = top.section("hooks") {
        config.hooks = hooks::read(&section);
    }
    read_views(&top, folder, &mut config);
    agents::put_budgets(&mut config);
    top.close(&["baseline", "usage", "commit"]);
    config
}

/// Reads what is shown to people and what they are notified of.
fn read_views(top: &Section<'_>, folder: &Path, config: &mut Config) {
    if let Some(section) = top.section("board") {
        config.board = board::read(&section, folder);
    }
    for section in top.sections("notify") {
        config.notify.extend(notify::read(&section));
    }
    // Variables that only channels need are not passed to agents or tests.
    let names = config.notify.iter().flat_map(NotifyRule::variables).map(str::to_owned);
    config.environment.drop.extend(names);
}

/// Reads who does the work and what judges it.
fn read_work(top: &Section<'_>, folder: &Path, config: &mut Config) {
    let agents = top.section("agents");
    if let Some(agents) = &agents {
        agents::read(agents, folder, config);
    }
    read_verification(top, folder, config);
    if let Some(agents) = &agents {
        agents::check_verify(agents, config);
    }
    if let Some(types) = top.section("types") {
        read_types(&types, config);
    }
}

/// Reads the verification: steps, the services that they need, and the settings of profiles.
fn read_verification(top: &Section<'_>, folder: &Path, config: &mut Config) {
    verify::read(&top.sections("verify"), folder, config);
    let services = top.section("services");
    if let Some(section) = &services {
        config.services = services::read(section, folder, &mut config.env_files);
    }
    let templates = top.section("templates");
    if let Some(section) = &templates {
        templates::read(section, config);
    }
    if let Some(section) = top.section("profiles") {
        profiles::read(&section, config);
    }
    if let Some(section) = services {
        config.unused_services = services::unused(&section, config);
    }
    if let Some(section) = templates.filter(|section| section.reader.count() == 0) {
        templates::check_used(&section, config);
    }
}

fn read_project(section: &Section<'_>, folder: &Path) -> NamedProject {
    let mut project = NamedProject {
        root: section.text("root").map(|root| resolve(folder, &root.value)),
        create_root: section.flag("create_root").is_some_and(|flag| *flag),
        queues: Vec::new(),
    };
    if let Some(queues) = section.section("queues") {
        for (name, _, value) in queues.entries() {
            match value.get_ref().as_str() {
                Some(path) => project.queues.push((name, resolve(folder, path))),
                None => queues.wrong(value, &name, "the path of a queue"),
            }
        }
    }
    section.close(&["isolation", "guardrails"]);
    project
}

fn read_types(types: &Section<'_>, config: &mut Config) {
    // A name may be missing only because its section was refused.
    let sound = types.reader.count() == 0;
    for (name, _, value) in types.entries() {
        let Some(section) = types.open(&name, value) else { continue };
        let agent = section.spanned_text("agent");
        if let Some((agent, span)) = agent.as_ref().filter(|_| sound) {
            named::check(&section, span, ("agent", agent), config);
        }
        let verify = section.spanned_texts("verify");
        for (profile, span) in verify.iter().filter(|_| sound) {
            named::check(&section, span, ("verification profile", profile), config);
        }
        let require_changes = guardrails::requires(&section);
        let review = section.flag("review").is_some_and(|flag| *flag);
        section.close(&[]);
        let agent = agent.map(|(agent, _)| agent);
        let verify = verify.into_iter().map(|(profile, _)| profile).collect();
        config.types.insert(name, TypeRule { agent, verify, review, require_changes });
    }
}

fn read_estimates(estimates: &Section<'_>, config: &mut Config) {
    if let Some(effort) = estimates.section("effort") {
        read_efforts(&effort, &mut config.effort_minutes);
    }
    estimates.close(&[]);
}

fn read_efforts(section: &Section<'_>, minutes: &mut [f64; 4]) {
    for (key, minutes) in ["S", "M", "L", "XL"].into_iter().zip(minutes) {
        if let Some(time) = section.duration(key) {
            *minutes = time.as_secs_f64() / 60.0;
        }
    }
    section.close(&[]);
}
