use crate::agent::Means;
use crate::config::{Config, parse};
use crate::domain::Preset;
use std::path::Path;

fn read(text: &str) -> Result<Config, String> {
    parse(Path::new("/p/workloop.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn a_preset_is_a_command_line_that_can_be_changed() {
    let config = read(
        "[agents.default]\npreset = \"claude\"\nmodel = \"opus\"\nargs = [\"--add-dir\", \"x\"]\n\
         account = \"work\"\nfallback = [\"other\"]\nresume = true\ncost_estimate_usd = 0.5\n\
         [agents.other]\npreset = \"codex\"\npermission = \"all\"\n\
         run = [\"nice\", \"codex\", \"{args}\"]\n\
         [agents.own]\npreset = \"claude\"\nrun = \"claude --print\"\n",
    )
    .expect("read");
    let agent = |name: &str| config.agents[name].clone();
    let line = "claude --print --verbose --output-format stream-json --permission-mode acceptEdits \
                --model opus";
    assert_eq!(agent("default").command.to_string(), format!("{line} --add-dir x"));
    let resumed = agent("default").tool.command(Some("s")).to_string();
    assert_eq!(resumed, format!("{line} --resume s --add-dir x"));
    let tool = agent("default").tool;
    assert_eq!((tool.account.as_deref(), tool.cost_estimate_usd), (Some("work"), Some(0.5)));
    assert!(agent("other").command.to_string().starts_with("nice codex exec --json --danger"));
    assert_eq!(agent("other").login.to_string(), "codex");
    assert_eq!(agent("own").tool.preset, Preset::Claude);
}

#[test]
fn texts_of_a_tool_may_be_explained() {
    let text = "[agents.default]\nrun = \"x\"\nusage_limit = [\"^out of\", \"later$\"]\nauth = \"who are you\"\n";
    let texts = read(text).expect("read").agents["default"].tool.texts.clone();
    let found: Vec<_> = texts.iter().map(|text| (text.means, text.pattern.as_str())).collect();
    let limit = Means::UsageLimit;
    assert_eq!(found, [(limit, "^out of"), (limit, "later$"), (Means::Auth, "who are you")]);
}

#[test]
fn a_key_that_would_not_be_obeyed_is_refused() {
    for (text, why) in [
        ("run = \"x\"\ntransient = \"(\"", "transient is no regular expression"),
        ("preset = \"claude\"\nrun = [\"claude\"]\nmodel = \"m\"", "put \"{args}\" into its list"),
        ("run = \"x\"\nresume = true", "resume needs the preset's own arguments"),
        ("preset = \"copilot\"\nresume = true", "copilot cannot resume sessions"),
        ("preset = \"aider\"\npermission = \"all\"", "permission is for the presets"),
        ("preset = \"amp\"\nmodel = \"m\"", "amp chooses its model itself"),
        ("run = \"x\"\nargs = [\"y\"]", "a string for the shell takes no args"),
        ("run = \"x\"\naccount = \"../x\"", "account must be a name"),
        ("run = \"x\"\nfallback = [\"b\"]", "there is no agent b"),
        ("run = \"x\"\ncost_estimate_usd = 0", "cost_estimate_usd must be a number above 0"),
        ("timeout = \"5m\"", "or preset, the name of a known tool"),
    ] {
        let error = read(&format!("[agents.a]\n{text}\n")).expect_err(text);
        assert!(error.contains(why), "{text}\n{error}");
    }
}
