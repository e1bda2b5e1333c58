//! Tests how flags and the environment override the file, and how a file is loaded.

use super::load::{explicit, load_found, load_named, overlay};
use super::*;
use crate::agent::AgentProfile;
use crate::domain::Preset;
use std::collections::BTreeMap;

fn env(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
    let pairs: BTreeMap<&str, &str> = pairs.iter().copied().collect();
    move |name| pairs.get(name).map(|value| (*value).to_owned())
}

fn read(text: &str) -> Config {
    parse(Path::new("/p/workloop.toml"), text).expect(text)
}

fn laid(
    text: &str,
    overrides: &Overrides,
    vars: &'static [(&str, &str)],
) -> Result<Config, String> {
    let mut config = read(text);
    overlay(&mut config, overrides, &env(vars)).map_err(|error| error.to_string())?;
    Ok(config)
}

#[test]
fn the_state_of_accounts_is_in_the_state_folder_of_the_user() {
    for (vars, expected) in [
        (&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")][..], Some("/s/workloop/accounts")),
        (&[("HOME", "/h")], Some("/h/.local/state/workloop/accounts")),
        // The specification has relative paths ignored.
        (&[("XDG_STATE_HOME", "s"), ("HOME", "/h")], Some("/h/.local/state/workloop/accounts")),
        (&[("XDG_STATE_HOME", ""), ("HOME", "h")], None),
        (&[], None),
    ] {
        let config = laid("[agents.a]\nrun = \"x\"\n", &Overrides::default(), vars).expect("laid");
        assert_eq!(config.accounts.as_deref(), expected.map(Path::new), "{vars:?}");
        let with = laid("[agents.a]\nrun = \"x\"\naccount = \"b\"\n", &Overrides::default(), vars);
        let refused = "an agent has an account, whose limits are kept in the state folder of the \
                       user; set HOME or XDG_STATE_HOME";
        assert_eq!(with.err().as_deref(), expected.is_none().then_some(refused), "{vars:?}");
    }
}

#[test]
fn an_account_is_a_folder_with_one_name_for_each_tool() {
    let text = "[agents.a]\npreset = \"claude\"\naccount = \"team\"\n[agents.b]\nrun = \"x\"\n\
                account = \"team\"\n[agents.c]\nrun = \"x\"\n[agents.d]\npreset = \"aider\"\naccount = \"own\"\n";
    let config = laid(text, &Overrides::default(), &[("HOME", "/h")]).expect("laid");
    let of = |name: &str| config.account_of(&config.agents[name]);
    let at = |folder: &str, name: &str| {
        let folder = PathBuf::from("/h/.local/state/workloop/accounts").join(folder);
        Some((folder, name.to_owned()))
    };
    assert_eq!(of("a"), at("team", "claude"));
    assert_eq!(of("b"), at("team", "b"));
    assert_eq!(of("c"), None);
    assert_eq!(of("d"), at("own", "aider"));
    assert_eq!(read(text).account_of(&config.agents["a"]), None, "there is no folder for it");
}

#[test]
fn a_number_of_jobs_comes_from_the_flag_the_environment_or_the_default() {
    let jobs = |flag: Option<u32>, vars| {
        let overrides = Overrides { jobs: flag, ..Overrides::default() };
        laid("", &overrides, vars).map(|config| (config.jobs.value, config.jobs.origin.to_string()))
    };
    assert_eq!(jobs(None, &[]), Ok((1, "default".to_owned())));
    assert_eq!(jobs(Some(3), &[("WORKLOOP_JOBS", "x")]), Ok((3, "flag --jobs".to_owned())));
    let from = "environment variable WORKLOOP_JOBS".to_owned();
    assert_eq!(jobs(None, &[("WORKLOOP_JOBS", "1")]), Ok((1, from)));
    for (vars, value) in [
        (&[("WORKLOOP_JOBS", "0")][..], "0"),
        (&[("WORKLOOP_JOBS", "")], ""),
        (&[("WORKLOOP_JOBS", "-1")], "-1"),
        (&[("WORKLOOP_JOBS", "two")], "two"),
        (&[("WORKLOOP_JOBS", "4294967296")], "4294967296"),
    ] {
        let error =
            format!("failed to read WORKLOOP_JOBS: {value:?} is not a whole number of at least 1");
        assert_eq!(jobs(None, vars), Err(error));
    }
}

#[test]
fn the_agent_of_the_command_line_has_the_limits_of_the_default_one() {
    let text = "[agents.default]\nrun = \"x\"\ntimeout = \"3m\"\nprompt = \"p\"\nverify = \"quick\"\n\
                max_parallel = 2\n[[verify]]\nrun = \"x\"\nprofile = \"quick\"\n";
    let overrides = Overrides { agent: Some("./a b".into()), ..Overrides::default() };
    let config = laid(text, &overrides, &[("WORKLOOP_AGENT", "other")]).expect("laid");
    let agent = config.agent.clone().expect("agent");
    assert_eq!(agent.origin, Origin::Flag("--agent"));
    let command = Command::Shell("./a b".into());
    let fresh = AgentProfile::new("command-line", command.clone());
    let expected = AgentProfile {
        name: "command-line".into(),
        tool: fresh.tool.clone(),
        login: command.clone(),
        command,
        ..config.agents["default"].clone()
    };
    assert_eq!(agent.value, expected);
    let names =
        |config: &Config| config.all_agents().map(|agent| agent.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&config), ["default", "command-line"]);
    // Without a default agent it has the built-in limits.
    let alone = laid("", &overrides, &[]).expect("laid");
    assert_eq!(alone.agent.as_deref(), Some(&fresh));
    assert_eq!(names(&alone), ["command-line"]);
    // A configured agent is not listed twice, whoever names it.
    let named = Overrides { agent: Some("default".into()), ..Overrides::default() };
    assert_eq!(names(&laid(text, &named, &[]).expect("laid")), ["default"]);
    // Only the exact name is that of an agent: other spellings may be commands.
    let other = Overrides { agent: Some("Default".into()), ..Overrides::default() };
    let config = laid(text, &other, &[]).expect("laid");
    assert_eq!(config.agent.expect("agent").command, Command::Shell("Default".into()));
}

#[test]
fn a_tool_that_is_not_configured_is_called_by_its_preset() {
    let overrides = Overrides { agent: Some("claude".into()), ..Overrides::default() };
    let config = laid("[limits.attempt]\ncost_usd = 3\n", &overrides, &[]).expect("laid");
    let claude = config.agent.expect("agent").value;
    assert_eq!((claude.name.as_str(), claude.tool.preset), ("claude", Preset::Claude));
    assert_eq!(claude.tool.budget_usd, Some(3.0));
    assert_eq!(claude.login, Command::List(vec!["claude".into()]));
    // Only claude stops at a cost by itself.
    let overrides = Overrides { agent: Some("codex".into()), ..Overrides::default() };
    let config = laid("[limits.attempt]\ncost_usd = 3\n", &overrides, &[]).expect("laid");
    let codex = config.agent.expect("agent").value;
    assert_eq!((codex.tool.preset, codex.tool.budget_usd), (Preset::Codex, None));
    assert_eq!(codex.login, Command::List(vec!["codex".into()]));
}

#[test]
fn isolation_of_the_command_line_must_fit_the_file() {
    let with = |mode| Overrides { isolation: Some(mode), ..Overrides::default() };
    let (private, shared) = (with(IsolationMode::Private), with(IsolationMode::Shared));
    let mode = |text: &str, overrides: &Overrides| {
        laid(text, overrides, &[]).map(|config| config.isolation.mode)
    };
    let flag = |mode| Ok(Sourced::new(mode, Origin::Flag("--isolation")));
    assert_eq!(mode("", &private), flag(IsolationMode::Private));
    assert_eq!(mode("[isolation]\nmode = \"private\"\n", &shared), flag(IsolationMode::Shared));
    let none = "[landing]\ncommit = \"none\"\n";
    let error = "commit = \"none\" contradicts isolation.mode = \"private\", where work lands as \
                 commits; mode = \"off\" lands nothing";
    assert_eq!(mode(none, &private), Err(error.to_owned()));
    assert_eq!(mode(none, &shared), flag(IsolationMode::Shared));
    assert_eq!(mode("[landing]\ncommit = \"task\"\n", &private), flag(IsolationMode::Private));
    let hidden = "[[verify]]\nrun = \"x\"\nhidden = \"h\"\n[isolation]\nmode = \"private\"\n";
    let error = "hidden needs mode = \"private\" under [isolation]: its folder is laid over a judge \
                 tree, and never over the project";
    assert_eq!(mode(hidden, &shared), Err(error.to_owned()));
    assert_eq!(mode(hidden, &private), flag(IsolationMode::Private));
}

#[test]
fn verification_of_the_command_line_takes_the_place_of_all_profiles() {
    let text = "[[verify]]\nrun = \"x\"\n";
    let overrides = Overrides {
        verify: vec!["make test".into(), " lint\nmore".into()],
        ..Overrides::default()
    };
    let config = laid(text, &overrides, &[]).expect("laid");
    let steps = config.profiles_for(&task(None, None), &PhaseProfiles::default()).expect("steps");
    let of = |step: &crate::verify::VerifyStep| {
        (step.name.clone(), step.profile.clone(), step.command.to_string(), step.timeout.as_secs())
    };
    let step = |name: &str, command: &str| {
        (name.to_owned(), "command-line".to_owned(), command.to_owned(), 600)
    };
    assert_eq!(
        steps.iter().map(of).collect::<Vec<_>>(),
        [step("make test", "make test"), step("lint", " lint\nmore")]
    );
    assert!(!steps[0].from_queue);
    assert_eq!(config.profiles_of(&task(None, None), &PhaseProfiles::default()), [steps]);
    assert!(config.is_verified() && config.has_verification());
    let off = Overrides { no_verify: true, ..overrides };
    let config = laid(text, &off, &[]).expect("laid");
    assert_eq!(config.verification, Verification::Off);
    assert_eq!(config.profiles_of(&task(None, None), &PhaseProfiles::default()), [[]; 0]);
    assert!(laid("", &Overrides::default(), &[]).expect("laid").is_verified());
}

#[test]
fn a_configuration_is_named_by_the_flag_or_else_by_the_environment() {
    let cwd = Path::new("/w/d");
    let flag = |path: &str| Overrides { config: Some(path.into()), ..Overrides::default() };
    let vars = env(&[("WORKLOOP_CONFIG", "../env.toml")]);
    assert_eq!(explicit(&flag("./a.toml"), cwd, &vars), Some("/w/d/a.toml".into()));
    assert_eq!(explicit(&flag("/x/./a.toml"), cwd, &vars), Some("/x/a.toml".into()));
    assert_eq!(explicit(&Overrides::default(), cwd, &vars), Some("/w/env.toml".into()));
    assert_eq!(explicit(&Overrides::default(), cwd, &no_env), None);
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_leaves_the_defaults() {
    let (_dir, root) = folder(&["sub/x"]);
    let path = root.join("workloop.toml");
    let none = "No such file or directory (os error 2)";
    let expected = format!("failed to read {}: {none}", path.display());
    for error in [load_named(&path), load_found(&path, &root)].map(Result::unwrap_err) {
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.rest(), Config::default());
    }
    fs::create_dir(&path).expect("folder");
    let error = load_named(&path).expect_err("a folder").to_string();
    assert!(error.starts_with(&format!("failed to read {}: ", path.display())), "{error}");
    fs::remove_dir(&path).expect("removed");
    put(&path, &format!("#{}\n", "x".repeat((4 << 20) - 2)));
    assert_eq!(load_named(&path).expect("as long as allowed").path, Some(path.clone()));
    put(&path, &format!("#{}\n", "x".repeat(4 << 20)));
    assert!(matches!(load_named(&path), Err(ConfigError::Read { .. })), "too long");
    fs::write(&path, b"root = \"\xff\"\n").expect("write");
    assert!(matches!(load_named(&path), Err(ConfigError::Read { .. })), "no UTF-8");
    put(&path, "root = \"x\"\nodd = 1\n");
    let error = load_named(&path).expect_err("refused");
    let begin =
        format!("failed to read the configuration\n{}:2:1: unknown key odd;", path.display());
    assert!(error.to_string().starts_with(&begin), "{error}");
    assert_eq!(error.rest().root, Some(root.join("x")));
}

#[test]
fn a_file_that_others_could_have_put_there_is_not_trusted() {
    let (_dir, root) = folder(&["open/below/x", "open/below/workloop.toml"]);
    let path = root.join("open/below/workloop.toml");
    let mode = |folder: &str, mode: u32| {
        let path = root.join(folder);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
    };
    let found = |from: &str| load_found(&path, &root.join(from)).map_err(|error| error.to_string());
    let trust = |why: &str| {
        let begin = format!("failed to trust {}: {why}", path.display());
        move |error: &String| assert!(error.starts_with(&begin), "{error}\n{begin}")
    };
    assert!(found("open/below").is_ok());
    let open = "every user may write to its folder or one below it, and its contents are run as \
                commands; ";
    mode("open/below", 0o777);
    trust(open)(&found("open/below").expect_err("anybody could put it there"));
    // In a sticky folder only the owner can replace a file.
    mode("open/below", 0o1777);
    assert!(found("open/below").is_ok());
    // Folders above that of the file do not matter, and neither do group members.
    mode("open/below", 0o775);
    mode("open", 0o777);
    assert!(found("open/below").is_ok());
    // A file that was named is trusted unless everybody can change it.
    mode("open/below", 0o777);
    assert!(load_named(&path).is_ok());
    mode("open/below/workloop.toml", 0o602);
    let writable =
        "every user may write to it, and its contents are run as commands: chmod o-w it; ";
    trust(writable)(&load_named(&path).expect_err("writable").to_string());
    mode("open/below/workloop.toml", 0o600);
    mode("open/below", 0o755);
    fs::hard_link(&path, root.join("second")).expect("link");
    let links = "it has more than one hard link and can be changed by another name: keep one";
    trust(links)(&found("open/below").expect_err("two links"));
    assert!(load_named(&path).is_ok());
}
