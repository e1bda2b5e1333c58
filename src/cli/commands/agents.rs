//! `agents`: lists the agents that have a preset, whether they are installed, and what is known
//! about them.

use crate::agent::{Installed, adapter, installed, probe};
use crate::cli::args::AgentsArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::{AgentOutcome, AgentRun};
use crate::platform::clock::SystemClock;
use crate::platform::ids::{Ids, RandomIds};
use crate::views::escape;
use crate::views::json;
use crate::views::style::padded;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;

/// The result of a dry call; `None` if none was made.
type Probed = Option<Result<AgentRun, String>>;

pub(super) fn run(args: &AgentsArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let found = installed(&session.world.vars);
    let probed: Vec<(Installed, Probed)> = found
        .into_iter()
        .map(|one| {
            let asked = (args.probe && one.path.is_some()).then(|| dry_call(&one));
            (told(one, asked.as_ref()), asked)
        })
        .collect();
    if args.json {
        let agents: Vec<Value> = probed.iter().map(|(one, asked)| value(one, asked)).collect();
        let all = json!({"schema_version": 1, "agents": agents});
        return Ok(json::write(&all, &mut session.streams.out)?);
    }
    session.print(text(&probed))
}

/// Calls the agent in a temporary folder, which is removed afterwards.
fn dry_call(one: &Installed) -> Result<AgentRun, String> {
    let folder = std::env::temp_dir().join(format!("workloop-probe-{}", RandomIds.hex32()));
    fs::create_dir(&folder)
        .map_err(|error| format!("failed to create {}: {error}", folder.display()))?;
    let run = probe(adapter(one.preset), &folder, &SystemClock);
    // Leftovers only cost space in a folder that the system empties.
    drop(fs::remove_dir_all(&folder));
    run
}

/// Updates the login state from the dry call, which is more reliable than a file or a variable.
fn told(one: Installed, asked: Option<&Result<AgentRun, String>>) -> Installed {
    let Some(Ok(run)) = asked else { return one };
    let logged_in = match run.outcome {
        AgentOutcome::Ok
        | AgentOutcome::UsageLimit { .. }
        | AgentOutcome::TurnLimit
        | AgentOutcome::CostLimit => Some(true),
        AgentOutcome::Auth => Some(false),
        AgentOutcome::AgentError
        | AgentOutcome::Transient
        | AgentOutcome::Killed
        | AgentOutcome::NoResult => one.logged_in,
    };
    Installed { logged_in, ..one }
}

fn value(one: &Installed, asked: &Probed) -> Value {
    let knows: Vec<&str> = one.knows.iter().map(|what| what.word()).collect();
    let mut value = json!({
        "preset": one.preset,
        "path": one.path.as_ref().map(|path| path.display().to_string()),
        "version": one.version,
        "logged_in": one.logged_in,
        "knows": knows,
    });
    match asked {
        Some(Ok(run)) => value["probe"] = json!(run),
        Some(Err(why)) => value["probe"] = json!({"outcome": null, "message": why}),
        None => {}
    }
    value
}

fn text(found: &[(Installed, Probed)]) -> String {
    let mut text = String::new();
    for (one, asked) in found {
        let known = adapter(one.preset);
        let name = padded(one.preset.word(), 9);
        let Some(path) = &one.path else {
            let _ok = writeln!(text, "{name}  not installed: {}", known.install);
            continue;
        };
        let login = match one.logged_in {
            Some(true) => "logged in".to_owned(),
            Some(false) => format!("not logged in: {}", known.login),
            None => "login unknown".to_owned(),
        };
        let knows: Vec<&str> = one.knows.iter().map(|what| what.word()).collect();
        let knows = if knows.is_empty() { "nothing".to_owned() } else { knows.join(", ") };
        let version = one.version.as_deref().unwrap_or("version unknown");
        let (version, path) = (escape::line(version), path.display().to_string());
        let _ok = writeln!(text, "{name}  {version}, {login}");
        let _ok = writeln!(text, "{:9}  {}; reports {knows}", "", escape::line(&path));
        if let Some(line) = asked.as_ref().map(probed) {
            let _ok = writeln!(text, "{:9}  dry call: {}", "", escape::line(&line));
        }
    }
    if found.iter().all(|(one, _)| one.path.is_none()) {
        text.push_str("Any other command can be an agent: set run = \"…\" under [agents.NAME] in workloop.toml.\n");
    }
    text
}

fn probed(asked: &Result<AgentRun, String>) -> String {
    let run = match asked {
        Ok(run) => run,
        Err(why) => return why.clone(),
    };
    let said = run.message.as_deref().and_then(|text| text.lines().next()).unwrap_or_default();
    let cost = run.cost_usd.map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.4} USD"));
    format!("{} (cost {cost}): {said}", run.outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Knows;
    use crate::domain::Preset;

    fn installed(logged_in: Option<bool>) -> Installed {
        Installed {
            preset: Preset::Claude,
            path: Some("/bin/claude".into()),
            version: None,
            logged_in,
            knows: &[Knows::Cost],
        }
    }

    fn run(outcome: AgentOutcome) -> AgentRun {
        AgentRun::new(Preset::Claude, outcome)
    }

    #[test]
    fn a_dry_call_knows_better_than_a_file_whether_it_is_logged_in() {
        let limit = AgentOutcome::UsageLimit { until: None, scope: None };
        for (outcome, wanted) in [
            (AgentOutcome::Ok, Some(true)),
            (limit, Some(true)),
            (AgentOutcome::TurnLimit, Some(true)),
            (AgentOutcome::CostLimit, Some(true)),
            (AgentOutcome::Auth, Some(false)),
        ] {
            for before in [None, Some(true), Some(false)] {
                let asked = Ok(run(outcome.clone()));
                let now = told(installed(before), Some(&asked)).logged_in;
                assert_eq!(now, wanted, "{outcome:?} after {before:?}");
            }
        }
        let unclear = [
            AgentOutcome::AgentError,
            AgentOutcome::Transient,
            AgentOutcome::Killed,
            AgentOutcome::NoResult,
        ];
        let failed = Err("failed to run it".to_owned());
        let unclear = unclear.map(|outcome| Some(Ok(run(outcome))));
        for asked in unclear.into_iter().chain([Some(failed), None]) {
            for before in [None, Some(true), Some(false)] {
                let now = told(installed(before), asked.as_ref()).logged_in;
                assert_eq!(now, before, "{asked:?}");
            }
        }
    }

    #[test]
    fn a_dry_call_is_told_with_its_cost_and_the_first_line() {
        let said = AgentRun {
            message: Some("ready\u{1b}[2J\nmore".to_owned()),
            cost_usd: Some(0.01236),
            ..run(AgentOutcome::Ok)
        };
        let limit = AgentOutcome::UsageLimit { until: None, scope: Some("five_hour".to_owned()) };
        for (asked, wanted) in [
            (Ok(said), "ok (cost 0.0124 USD): ready␛[2J"),
            (Ok(run(limit)), "usage limit reached (five_hour) (cost unknown): "),
            (Err("failed to run claude".to_owned()), "failed to run claude"),
        ] {
            let text = text(&[(installed(None), Some(asked))]);
            let head =
                "claude     version unknown, login unknown\n           /bin/claude; reports cost\n";
            assert_eq!(text, format!("{head}           dry call: {wanted}\n"));
        }
    }

    #[test]
    fn json_has_the_dry_call_only_if_one_was_made() {
        let one = installed(Some(true));
        assert_eq!(value(&one, &None).get("probe"), None);
        let failed = value(&one, &Some(Err("no folder".to_owned())));
        assert_eq!(failed["probe"], json!({"outcome": null, "message": "no folder"}));
        let made = value(&one, &Some(Ok(run(AgentOutcome::Auth))));
        assert_eq!((&made["probe"]["outcome"], &made["logged_in"]), (&json!("auth"), &json!(true)));
    }
}
