//! Tests what a task has to change, whether it is reviewed, and which settings have no effect.

use super::*;
use crate::domain::{Phase, ReasonCode, Text};

fn read(text: &str) -> Config {
    parse(Path::new("/p/workloop.toml"), text).expect(text)
}

fn verified(names: &[&str]) -> Task {
    let mut task = task(None, None);
    task.set_list(Field::Verify, names.iter().copied());
    task
}

#[test]
fn the_strictest_profile_says_what_must_change() {
    let steps = ["none", "declared", "any", "silent", "default"]
        .map(|name| format!("[[verify]]\nrun = \"x\"\nprofile = \"{name}\"\n"));
    let rules = ["none", "declared", "any"]
        .map(|name| format!("[profiles.{name}]\nrequire_changes = \"{name}\"\n"));
    let text = format!("{}{}", steps.concat(), rules.concat());
    let config = read(&text);
    let strict = read(&format!("{text}[guardrails]\nrequire_changes = \"any\"\n"));
    let phases = PhaseProfiles::default();
    use Requires::{Any, Declared, None};
    for (names, wanted, strictly) in [
        (&[][..], Declared, Any),
        (&["silent"], Declared, Any),
        (&["none"], None, None),
        (&["NONE"], None, None),
        (&["declared"], Declared, Declared),
        (&["any"], Any, Any),
        (&["none", "declared"], Declared, Declared),
        (&["declared", "none"], Declared, Declared),
        (&["none", "any"], Any, Any),
        (&["any", "declared", "none"], Any, Any),
        // A profile that says nothing does not weaken another.
        (&["silent", "none"], None, None),
    ] {
        assert_eq!(config.requires(&verified(names), &phases), wanted, "{names:?}");
        assert_eq!(strict.requires(&verified(names), &phases), strictly, "{names:?}");
    }
    // Of the profile `default` that is used because nothing is named, the setting counts too.
    let default = read(&format!("{text}[profiles.default]\nrequire_changes = \"none\"\n"));
    assert_eq!(default.requires(&verified(&[]), &phases), None);
    let typed =
        format!("{text}[types]\nbug = {{ verify = \"none\", require_changes = \"any\" }}\n");
    assert_eq!(read(&typed).requires(&task(Option::None, Some("BUG")), &phases), Any);
}

#[test]
fn a_review_is_asked_for_by_the_task_its_type_or_any_of_its_profiles() {
    let text = "[[verify]]\nrun = \"x\"\n[[verify]]\nrun = \"y\"\nprofile = \"looked\"\n\
                [profiles.looked]\nreview = true\n[types]\nbug = { review = true }\nwork = {}\n";
    let config = read(text);
    let phases = PhaseProfiles::default();
    let reviews =
        |task: &Task| config.reviews(task, &config.profiles_for(task, &phases).expect("steps"));
    assert!(!reviews(&task(None, None)));
    assert!(!reviews(&task(None, Some("work"))));
    assert!(reviews(&task(None, Some("Bug"))));
    assert!(reviews(&verified(&["default", "looked"])));
    let mut own = task(None, Some("work"));
    own.set(crate::domain::Detail::Flag(Field::Review));
    assert!(reviews(&own));
}

#[test]
fn the_profiles_of_a_task_are_listed_once_and_unknown_ones_not_at_all() {
    let config = read(
        "allow_queue_commands = true\n[[verify]]\nrun = \"a\"\n[[verify]]\nrun = \"b\"\nprofile = \"Quick-Look\"\n\
         [[verify]]\nrun = \"c\"\n",
    );
    let phases = PhaseProfiles::default();
    let commands = |profiles: Vec<Vec<crate::verify::VerifyStep>>| -> Vec<Vec<String>> {
        let of = |steps: Vec<crate::verify::VerifyStep>| {
            steps.iter().map(|step| step.command.to_string()).collect()
        };
        profiles.into_iter().map(of).collect()
    };
    let profiles = |names: &[&str]| commands(config.profiles_of(&verified(names), &phases));
    assert_eq!(profiles(&[]), [vec!["a", "c"]]);
    assert_eq!(profiles(&["quick_look", "default"]), [vec!["b"], vec!["a", "c"]]);
    assert_eq!(profiles(&["QuickLook", "quick look", "make it"]), [vec!["b"]]);
    assert_eq!(profiles(&["make it"]), [[""; 0]; 0]);
    assert_eq!(commands(config.all_profiles()), [vec!["a", "c"], vec!["b"]]);
    // A command of the queue is a step of its task, and never looks at variables.
    let steps =
        config.profiles_for(&verified(&["quicklook", "make it\nso"]), &phases).expect("steps");
    let [look, make] = &steps[..] else { panic!("two steps: {steps:?}") };
    assert!(!look.from_queue && make.from_queue);
    assert_eq!((make.name.as_str(), make.profile.as_str()), ("make it", "queue"));
    assert_eq!(make.command, Command::Shell("make it\nso".into()));
}

#[test]
fn a_task_without_a_profile_needs_the_default_one() {
    let phases = PhaseProfiles::default();
    let error = |config: &Config| {
        let error = config.profiles_for(&task(None, None), &phases).expect_err("none");
        (error.to_string(), error.code())
    };
    let named = read(
        "[[verify]]\nrun = \"x\"\nprofile = \"quick\"\n[[verify]]\nrun = \"y\"\nprofile = \"quick\"\n",
    );
    let unknown = "unknown profile default; there are: quick".to_owned();
    assert_eq!(error(&named), (unknown, Some(ReasonCode::UnknownProfile)));
    let none = ("no verification is configured".to_owned(), None);
    assert_eq!(error(&Config::default()), none);
    // A command that a queue could give is verification, if it is allowed.
    let allowed = read("allow_queue_commands = true\n");
    assert_eq!(error(&allowed), none);
    assert!(allowed.has_verification() && !Config::default().has_verification());
    assert!(named.has_verification());
}

#[test]
fn a_new_task_of_any_agent_says_default_where_agents_would_choose() {
    let text = "[agents.a]\nrun = \"x\"\nverify = \"quick\"\n[[verify]]\nrun = \"x\"\n\
                [[verify]]\nrun = \"y\"\nprofile = \"quick\"\n";
    let (choosing, plain) = (read(text), read(&text.replace("verify = \"quick\"\n", "")));
    let phase =
        Phase { phase: "1".into(), verify: [Text::from("quick")].into(), ..Phase::default() };
    let (none, phases) = (PhaseProfiles::default(), PhaseProfiles::of(&[phase]));
    let mut phased = task(None, None);
    phased.set_text(Field::Phase, "1");
    for (task, phases, of_choosing, of_plain) in [
        (&task(None, None), &none, &["default"][..], &[][..]),
        (&task(Some("a"), None), &none, &["quick"], &[]),
        (&verified(&["default"]), &none, &["default"], &["default"]),
        (&phased, &phases, &["quick"], &["quick"]),
    ] {
        assert_eq!(choosing.verify_for_any_agent(task, phases), of_choosing, "{task:?}");
        assert_eq!(plain.verify_for_any_agent(task, phases), of_plain, "{task:?}");
    }
}

#[test]
fn an_agent_that_is_gone_or_missing_is_told_with_those_that_there_are() {
    let error = |text: &str, agent: Option<&str>| {
        let error = read(text).agent_for(&task(agent, None)).expect_err("no agent");
        (error.to_string(), error.code())
    };
    let unknown = Some(ReasonCode::UnknownAgent);
    let two = "[agents.writer]\nrun = \"x\"\n[agents.tester]\nrun = \"x\"\n";
    let there = "there are: tester, writer";
    assert_eq!(error(two, None), (format!("unknown agent default; {there}"), unknown));
    assert_eq!(
        error(two, Some("Writter")),
        (format!("unknown agent Writter (did you mean writer?); {there}"), unknown)
    );
    assert_eq!(error("", Some("x")), ("no agent is configured".into(), None));
    let strict = format!("[agents]\nstrict = true\n{two}[agents.default]\nrun = \"x\"\n");
    let there = "there are: default, tester, writer";
    assert_eq!(error(&strict, Some("x")), (format!("unknown agent x; {there}"), unknown));
    assert_eq!(
        error("[agents]\nstrict = true\n", Some("x")),
        ("unknown agent x; there are: none".into(), unknown)
    );
    assert_eq!(chosen(&read(&strict), &task(None, None)), ("default".into(), None));
    // A name without a letter names nobody.
    assert_eq!(chosen(&read(&strict), &task(Some(" - "), None)), ("default".into(), None));
}

#[test]
fn an_escalated_task_keeps_its_new_agent_while_that_exists() {
    let config = read("[agents.default]\nrun = \"x\"\n[agents.strong]\nrun = \"y\"\n");
    let mut escalated = task(Some("default"), None);
    escalated.set_text(Field::EscalatedTo, "Strong");
    assert_eq!(chosen(&config, &escalated), ("strong".into(), None));
    escalated.set_text(Field::EscalatedTo, "gone");
    assert_eq!(chosen(&config, &escalated), ("default".into(), None));
    escalated.set_text(Field::EscalatedTo, "strong");
    escalated.set_text(Field::Agent, "human");
    assert_eq!(config.agent_for(&escalated), Ok(Runner::Person));
    escalated.set_text(Field::Type, "gate");
    assert_eq!(config.agent_for(&escalated), Ok(Runner::Gate));
}

#[test]
fn an_agent_of_the_command_line_leaves_only_persons_to_escalate_to() {
    let text = "[agents.default]\nrun = \"x\"\n[agents.strong]\nrun = \"y\"\n\
                [escalation]\ntests_failed = \"agent: strong\"\nquestion = \"person\"\n";
    let config = read(text);
    let agent = config.agent_named("default").cloned().map(Sourced::default_value);
    let overridden = Config { agent, ..config.clone() };
    let strong = Escalation::Agent("strong".into());
    let to = |config: &Config, code| config.escalation_of(code, "default").cloned();
    assert_eq!(to(&config, ReasonCode::TestsFailed), Some(strong));
    assert_eq!(to(&overridden, ReasonCode::TestsFailed), None);
    assert_eq!(to(&overridden, ReasonCode::Question), Some(Escalation::Person));
    assert_eq!(config.escalation_of(ReasonCode::TestsFailed, "STRONG"), None);
}

#[test]
fn each_reason_code_says_whether_an_agent_a_person_or_nobody_helps() {
    let (mut anybody, mut person, mut nobody) = (Vec::new(), Vec::new(), Vec::new());
    for code in ReasonCode::ALL {
        let word = code.word();
        let to = |who: &str| {
            problems(&format!("[agents.a]\nrun = \"x\"\n[escalation]\n{word} = \"{who}\"\n"))
        };
        let column = word.len() + 4;
        let blames = format!("4:{column}: {word} blames no task, so there is none to escalate");
        let needs =
            format!("4:{column}: {word} needs a person: no other agent may continue after it");
        match (to("agent:a"), to("person")) {
            (agent, by) if agent.is_empty() && by.is_empty() => anybody.push(word),
            (agent, by) if agent == [needs] && by.is_empty() => person.push(word),
            (agent, by) => {
                assert_eq!((agent, by), (vec![blames.clone()], vec![blames]));
                nobody.push(word);
            }
        }
    }
    nobody.sort_unstable();
    assert_eq!(nobody, ["auth", "crash", "environment", "transient", "usage_limit"]);
    person.sort_unstable();
    assert_eq!(
        person,
        [
            "bad_task",
            "budget",
            "capture_failed",
            "cost_limit",
            "hook",
            "left_red",
            "review",
            "submodule_changed",
            "tampered",
            "unknown_agent",
            "unknown_profile"
        ]
    );
    assert_eq!(anybody.len(), 17);
}

#[test]
fn work_lands_from_private_trees_unless_the_file_says_off() {
    for (text, lands) in [
        ("", false),
        ("[landing]\nmode = \"branch\"\n", false),
        ("[isolation]\nmode = \"private\"\n", true),
        ("[isolation]\nmode = \"private\"\n[landing]\nmode = \"branch\"\n", true),
        ("[isolation]\nmode = \"private\"\n[landing]\nmode = \"off\"\n", false),
    ] {
        assert_eq!(read(text).lands(), lands, "{text}");
    }
}

#[test]
fn keys_and_hooks_without_effect_are_told_with_the_reason() {
    let told = |text: &str| {
        let found = read(text).without_effect();
        let one = |found: &Sourced<String>| format!("{}: {}", found.origin, found.value);
        found.iter().map(one).collect::<Vec<_>>()
    };
    let hooks = "[hooks]\nbefore_task = \"x\"\nafter_landing = \"x\"\nbefore_landing = \"x\"\n";
    let idle = [
        "workloop.toml line 4: hooks.before_landing has no effect: nothing lands here",
        "workloop.toml line 3: hooks.after_landing has no effect: nothing lands here",
    ];
    assert_eq!(told(hooks), idle);
    assert_eq!(told(&format!("{hooks}[isolation]\nmode = \"private\"\n")), [""; 0]);
    let shared = "it is for private trees, and isolation.mode is \"shared\"";
    assert_eq!(
        told(
            "[isolation]\ntarget = \"main\"\nmode = \"shared\"\n[landing]\ncommit = \"task\"\n[workspaces]\nkeep = []\n"
        ),
        [
            format!("workloop.toml line 2: isolation.target has no effect: {shared}"),
            format!("workloop.toml line 7: workspaces.keep has no effect: {shared}"),
            format!("workloop.toml line 5: landing.commit has no effect: {shared}"),
        ]
    );
    let off = "landing.mode = \"off\" lands nothing";
    assert_eq!(
        told(
            "[isolation]\nmode = \"private\"\ntarget = \"x\"\n[landing]\nmode = \"off\"\ncommit = \"task\"\nconflicts = 1\n[workspaces]\nkeep = []\n"
        ),
        [
            format!("workloop.toml line 6: landing.commit has no effect: {off}"),
            format!("workloop.toml line 7: landing.conflicts has no effect: {off}"),
        ]
    );
}
