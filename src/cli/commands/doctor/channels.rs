//! Checks the channels of `[[notify]]`.

use crate::cli::session::Session;
use crate::config::{Config, NotifyTarget};
use crate::notify::{self, Channel};
use crate::platform::programs;
use crate::views::doctor::Sign;

const CHECK: &str = "channel";

/// Checks whether each channel can be used, as far as possible without sending anything.
pub(super) fn usable(config: &Config, session: &Session<'_>) -> Vec<Sign> {
    let (usable, mut signs) = all(config, session);
    for channel in usable {
        let program = match channel.target() {
            NotifyTarget::Command(_) => None,
            NotifyTarget::Desktop if cfg!(target_os = "macos") => Some("osascript"),
            NotifyTarget::Desktop => Some("notify-send"),
            NotifyTarget::Webhook(_)
            | NotifyTarget::Slack(_)
            | NotifyTarget::Discord(_)
            | NotifyTarget::Ntfy(_) => Some("curl"),
        };
        let missing = program.filter(|program| !has(program, session));
        signs.push(match missing {
            Some(program) => {
                let text = format!("{channel}: {program} is not installed");
                Sign::warn(CHECK, text, format!("install {program}"))
            }
            None => Sign::ok(CHECK, format!("{channel} (workloop doctor notify sends a test)")),
        });
    }
    signs
}

/// Sends a test to each channel.
pub(super) fn tested(config: &Config, session: &Session<'_>) -> Vec<Sign> {
    let tools = session.tools(config);
    let (usable, signs) = all(config, session);
    let fail = |sign: Sign| {
        let mend = sign.mend.unwrap_or_default();
        Sign::fail(CHECK, sign.detail, mend)
    };
    let mut signs: Vec<Sign> = signs.into_iter().map(fail).collect();
    for channel in usable {
        signs.push(match notify::test(&channel, &tools) {
            Ok(()) => Sign::ok(CHECK, format!("{channel}: a test was delivered")),
            Err(why) => {
                let line = channel.line();
                let mend = format!("check [[notify]] in workloop.toml line {line}");
                Sign::fail(CHECK, format!("{channel}: {why}"), mend)
            }
        });
    }
    if signs.is_empty() {
        signs.push(Sign::ok(CHECK, "there is no [[notify]] in workloop.toml"));
    }
    signs
}

/// Returns the channels that can be used, and a warning for each of the others.
fn all(config: &Config, session: &Session<'_>) -> (Vec<Channel>, Vec<Sign>) {
    let (usable, wrong) = notify::channels(&config.notify, &session.world.vars);
    let mend = "set the variable where the loop is started";
    (usable, wrong.into_iter().map(|text| Sign::warn(CHECK, text, mend)).collect())
}

fn has(program: &str, session: &Session<'_>) -> bool {
    let path = session.world.var("PATH").unwrap_or_default();
    programs::find(program, &programs::absolute_path(path)).is_some()
}
