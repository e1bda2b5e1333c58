use super::sandbox::Sandbox;
use crate::config;
use crate::platform::programs::lacks;

/// The steps after the first one, for a configuration and a queue in this folder.
fn next(first: &str, folder: &str, queue: &str) -> String {
    format!(
        "\nNext:\n\
         \x20 1. {first}\n\
         \x20 2. workloop add {folder}queues/{queue} --title \"…\" --description \"…\"   (or edit the file)\n\
         \x20 3. workloop check             errors and likely mistakes\n\
         \x20 4. workloop next              what would start, and why in this order\n\
         \x20 5. workloop prompt ID         the exact text that the agent gets\n\
         \x20 6. workloop run               the loop\n"
    )
}

const NO_GIT: &str = "isolation: shared; git is not on the PATH\n";

/// Returns a folder in which two agents are installed, of which the second is logged in.
fn tools() -> Sandbox {
    Sandbox::empty()
        .program("claude", "")
        .program("codex", "")
        .program("npm", "")
        .var("HOME", "DIR/home")
        .file("home/.codex/auth.json", "{}")
}

#[test]
fn what_is_found_is_written_and_told() {
    let sandbox = tools().file("package.json", "{\"scripts\": {\"test\": \"jest\"}}");
    let text = sandbox.run("init").printed();
    let first = if cfg!(target_os = "linux") {
        "agent: preset = \"codex\" (codex, found on the PATH)\n\x20 also installed: claude\n"
    } else {
        "agent: preset = \"claude\" (claude, found on the PATH)\n\x20 also installed: codex\n"
    };
    let review =
        next("review workloop.toml: which agent runs and what verifies its work", "", "p.json");
    assert_eq!(
        text,
        format!(
            "wrote workloop.toml\nwrote queues/p.json\n{first}\
             verification: \"npm test\" (from package.json)\n{NO_GIT}{review}"
        )
    );
    let config = sandbox.text("workloop.toml");
    let parsed = config::parse(&sandbox.path("workloop.toml"), &config).expect("valid");
    assert_eq!(parsed.steps[0].command.to_string(), "npm test");
    assert!(config.contains("\nrun = \"npm test\"   # from package.json\n"), "{config}");
    assert!(
        config.contains("\nmode = \"shared\"\n# Not private: git is not on the PATH\n"),
        "{config}"
    );
    assert_eq!(sandbox.run("check").exit, 0);
}

#[test]
fn what_is_given_is_written_instead_of_what_is_found() {
    let sandbox = tools().file("sub/package.json", "{\"scripts\": {\"test\": \"jest\"}}");
    let line = "init ./sub --project 'My Shop/2' --agent './run me.sh' --verify 'make \"x\"'";
    let review = "review sub/workloop.toml: which agent runs and what verifies its work";
    assert_eq!(
        sandbox.run(line).printed(),
        format!(
            "wrote sub/workloop.toml\nwrote sub/queues/My-Shop-2.json\n\
             agent: run = \"./run me.sh\" (--agent)\n\
             \x20 also installed: {}\n\
             verification: 'make \"x\"' (--verify)\n{NO_GIT}{}",
            if cfg!(target_os = "linux") { "codex, claude" } else { "claude, codex" },
            next(review, "sub/", "My-Shop-2.json")
        )
    );
    let path = sandbox.path("sub/workloop.toml");
    let parsed = config::parse(&path, &sandbox.text("sub/workloop.toml")).expect("valid");
    assert_eq!(parsed.agents["default"].command.to_string(), "./run me.sh");
    assert_eq!(parsed.steps[0].command.to_string(), "make \"x\"");
    let queue = sandbox.text("sub/queues/My-Shop-2.json");
    let queue: serde_json::Value = serde_json::from_str(&queue).expect("JSON");
    assert_eq!((&queue["project"], &queue["tasks"]), (&"My Shop/2".into(), &serde_json::json!([])));
}

#[test]
fn an_agent_with_a_preset_says_what_it_still_needs() {
    for (agent, line, others) in [
        (
            "gemini",
            "  gemini is not installed: npm install -g @google/gemini-cli\n",
            "codex, claude",
        ),
        ("claude", "  not logged in; log in with: claude, then /login\n", "codex"),
        ("codex", "", "claude"),
    ] {
        if cfg!(not(target_os = "linux")) {
            return;
        }
        let text = tools().run(&format!("init --agent {agent} --verify true")).printed();
        let wanted = format!(
            "agent: preset = \"{agent}\" (--agent)\n{line}\x20 also installed: {others}\nverification: "
        );
        assert!(text.contains(&wanted), "{text}");
    }
}

#[test]
fn what_is_missing_is_the_first_step() {
    let none = "agent: none found; configure one in workloop.toml\n";
    let unverified = "verification: none found; configure one in workloop.toml\n";
    let agent = "agent: run = \"x\" (--agent)\n";
    let verified = "verification: \"true\" (--verify)\n";
    for (line, found, first) in [
        ("init", format!("{none}{unverified}"), "which agent runs and what verifies its work"),
        ("init --verify true", format!("{none}{verified}"), "which agent runs"),
        ("init --agent x", format!("{agent}{unverified}"), "what verifies the work"),
    ] {
        let first = next(&format!("set in workloop.toml {first}"), "", "p.json");
        let wanted = format!("wrote workloop.toml\nwrote queues/p.json\n{found}{NO_GIT}{first}");
        assert_eq!(Sandbox::empty().run(line).printed(), wanted, "{line}");
    }
}

#[test]
fn what_exists_is_kept_and_flags_that_were_not_written_are_told() {
    let sandbox = Sandbox::empty()
        .config("# mine\n")
        .file("queues/b.json", "{}")
        .file("queues/a.json", "{}")
        .file("queues/.hidden.json", "{}")
        .file("queues/notes.txt", "");
    let ran = sandbox.reads("init --agent x");
    let review = "review workloop.toml: which agent runs and what verifies its work";
    let text = format!("kept workloop.toml\nkept queues/a.json\n{}", next(review, "", "a.json"));
    let warning = "warning: --agent and --verify were not written, because workloop.toml exists already; \
                   set them in it under [agents.default] and [[verify]]\n";
    assert_eq!((ran.exit, ran.out, ran.err.as_str()), (0, text, warning));
    let quiet = sandbox.reads("init -q --verify x");
    assert_eq!((quiet.exit, quiet.out.as_str(), quiet.err.as_str()), (0, "", warning));
    assert_eq!(sandbox.reads("init -q").printed(), "");
}

#[test]
fn the_project_is_called_like_its_folder() {
    let sandbox = Sandbox::empty();
    sandbox.run("init -q 'größe 1'").printed();
    assert!(sandbox.text("größe 1/queues/größe-1.json").contains("\"project\": \"größe 1\""));
    sandbox.run("init -q x --project '..'").printed();
    assert!(sandbox.text("x/queues/queue.json").contains("\"project\": \"..\""));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let sandbox = Sandbox::empty().file("file", "");
    let text =
        "error: failed to create the folder DIR/file/queues: Not a directory (os error 20)\n";
    sandbox.refuses("init file", 1, text);
    let err = sandbox.run("init --agent ''").failed(2);
    assert!(
        err.starts_with("error: a value is required for '--agent <CMD>' but none was supplied\n"),
        "{err}"
    );
    let blocked = Sandbox::empty();
    blocked.sh("mkdir workloop.toml");
    let err = blocked.run("init").exit;
    assert_eq!(err, 0, "what is there is kept, whatever it is");
    assert!(blocked.path("workloop.toml").is_dir());
}

#[test]
fn in_a_repository_private_trees_are_proposed() {
    if lacks("git") {
        return;
    }
    let sandbox = Sandbox::empty().file("a.txt", "one\n").git();
    let text = sandbox.run("init --agent x --verify true").printed();
    let isolation = text.lines().skip_while(|line| !line.starts_with("isolation: ")).take(2);
    let untried =
        "  not tried yet: a run verifies the branch in such a tree before an agent starts";
    let lines: Vec<&str> = isolation.collect();
    assert!(lines[0].starts_with("isolation: private"), "{text}");
    assert_eq!(lines[1], untried, "{text}");
    let path = sandbox.path("workloop.toml");
    let parsed = config::parse(&path, &sandbox.text("workloop.toml")).expect("valid");
    assert_eq!(*parsed.isolation.mode, config::IsolationMode::Private);
}
