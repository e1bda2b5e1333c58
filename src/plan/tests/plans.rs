use super::*;

struct Made {
    samples: Vec<Sample>,
}

impl Made {
    fn with<T>(&self, use_it: impl FnOnce(&Graph, &[QueueTasks], &Estimates) -> T) -> T {
        let queues: Vec<QueueTasks> = self.samples.iter().map(Sample::view).collect();
        let graph = Graph::build(&queues);
        let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
        use_it(&graph, &queues, &estimates)
    }

    fn plan(&self, loops: &[usize]) -> PlanReport {
        self.with(|graph, queues, estimates| {
            let input = PlanInput { graph, queues, estimates, agents: None, respect_scopes: false };
            plan(&input, loops, |_| true)
        })
    }
}

fn minutes(id: &str, dependencies: &[&str], minutes: f64) -> Task {
    with(task(id, dependencies), |task| task.set(Detail::Minutes(minutes)))
}

fn made(tasks: Vec<Task>) -> Made {
    Made { samples: vec![Sample::new("q", tasks)] }
}

/// A dinner: two long chains that meet, and one short independent task.
fn dinner() -> Made {
    made(vec![
        minutes("shop", &[], 60.0),
        minutes("dough", &["shop"], 20.0),
        minutes("bake", &["dough"], 90.0),
        minutes("salad", &["shop"], 25.0),
        minutes("table", &[], 10.0),
        minutes("serve", &["bake", "salad", "table"], 5.0),
    ])
}

#[test]
fn a_plan_in_the_shape_of_the_contract() {
    let report = dinner().plan(&[1, 2, 4]);
    let json = serde_json::to_value(&report).expect("json");
    assert_eq!(json["schema_version"], 1);
    assert_eq!((&json["tasks"], &json["edges"]), (&6.into(), &6.into()));
    let waves = serde_json::json!([["shop", "table"], ["dough", "salad"], ["bake"], ["serve"]]);
    assert_eq!(json["waves"], waves);
    assert_eq!(json["width"], 2);
    let path = serde_json::json!({"tasks": ["shop", "dough", "bake", "serve"], "minutes": 175});
    assert_eq!(json["critical_path"], path);
    assert_eq!(json["work_minutes"], 210);
    assert_eq!(json["estimates"], "given");
    let one = serde_json::json!({"loops": 1, "makespan_minutes": 210, "speedup": 1.0});
    let two = serde_json::json!({"loops": 2, "makespan_minutes": 175, "speedup": 1.2});
    assert_eq!((&json["loops"][0], &json["loops"][1]), (&one, &two));
    let slack = serde_json::json!(
        {"shop": 0, "dough": 0, "bake": 0, "salad": 85, "table": 160, "serve": 0}
    );
    assert_eq!(json["slack"], slack);
    assert_eq!(json["recommended_loops"], 2);
    assert!(report.advice.starts_with("Worth it: 2 loops take 2 h 55 min"), "{}", report.advice);
    for key in ["cycles", "stuck", "barriers"] {
        assert_eq!(json[key], serde_json::json!([]), "{key}");
    }
}

#[test]
fn what_cannot_run_is_stuck_and_not_in_a_wave() {
    let report = made(vec![
        with(task("bad", &[]), is(Status::Blocked)),
        task("behind", &["bad"]),
        task("A", &["B"]),
        task("B", &["A"]),
        task("typo", &["nothing"]),
        with(task("runs", &["bad"]), is(Status::InProgress)),
        task("next", &["runs"]),
    ])
    .plan(&[1]);
    assert_eq!(report.waves, [["runs"], ["next"]]);
    assert_eq!(report.stuck, ["behind", "A", "B", "typo"]);
    assert_eq!(report.cycles, [["A", "B"]]);
    assert_eq!(report.tasks, 6);
}

#[test]
fn estimates_come_from_the_surest_source() {
    let mut rules = EstimateRules::default();
    rules.history.insert((history_key(Some("bug-fix")), history_key(None)), 12.0);
    let with_estimate = |change: fn(&mut Task)| rules.minutes(&with(task("T", &[]), change));
    assert_eq!(with_estimate(|task| task.set(Detail::Minutes(5.0))), (5.0, Source::Given));
    assert_eq!(with_estimate(|task| task.set(Detail::Hours(2.0, 3.0))), (150.0, Source::Given));
    let effort = |task: &mut Task| task.set(Detail::Effort(crate::domain::Effort::L));
    assert_eq!(with_estimate(effort), (480.0, Source::Given));
    assert_eq!(with_estimate(|task| task.set_text(Field::Type, "BugFix")), (12.0, Source::History));
    assert_eq!(with_estimate(|_| {}), (30.0, Source::Default));
    assert_eq!(with_estimate(|task| task.set(Detail::Minutes(-1.0))), (30.0, Source::Default));
    assert_eq!(with_estimate(|task| task.set(Detail::Minutes(f64::NAN))).1, Source::Default);
}

#[test]
fn a_plan_of_a_selection_keeps_the_order_of_what_lies_between() {
    let made = made(vec![
        with(task("a", &[]), |task| task.set_text(Field::Track, "x")),
        task("between", &["a"]),
        with(task("b", &["between"]), |task| task.set_text(Field::Track, "x")),
    ]);
    let waves = made.with(|graph, queues, estimates| {
        let work = Workload::new(graph, queues, estimates, |node| {
            queues[0].tasks[node.0 as usize].track().is_some()
        });
        waves(&work).into_iter().map(|wave| names(graph, wave)).collect::<Vec<_>>()
    });
    assert_eq!(waves, [["a"], ["b"]]);
}

#[test]
fn schedules_respect_paths_and_agents() {
    let owning = |id: &str, agent: &str, file: &str| {
        with(minutes(id, &[], 60.0), |task| {
            task.set_text(Field::Agent, agent.to_owned());
            task.set_list(Field::Files, [file]);
        })
    };
    let made = made(vec![
        owning("a", "one", "src"),
        owning("b", "two", "src/b"),
        owning("c", "one", "c"),
        owning("d", "one", "d"),
    ]);
    made.with(|graph, queues, estimates| {
        let agents = Agents::new(queues, |task| AgentLimit {
            name: task.agent().unwrap_or_default().to_owned(),
            max_parallel: (task.agent() == Some("one")).then_some(2),
            manual: false,
        });
        let hours = |scopes: bool, limited: bool| {
            let work = Workload::new(graph, queues, estimates, |_| true);
            let order = Order::new(graph, queues, estimates);
            let limits = Limits {
                scopes: scopes.then(|| Owned::new(queues)),
                agents: limited.then_some(&agents),
            };
            Scheduler::new(work, &order, limits).makespan(4) / 3600
        };
        assert_eq!(hours(false, false), 1);
        assert_eq!(hours(true, false), 2);
        assert_eq!(hours(false, true), 2);
        assert_eq!(hours(true, true), 2);
    });
}

#[test]
fn findings_name_task_field_and_element() {
    let mut samples = vec![Sample::new(
        "q",
        vec![
            task("early", &["late"]),
            task("late", &["lste"]),
            task("A", &["B"]),
            task("B", &["A"]),
            task("I", &["I"]),
            with(task("done", &["late"]), is(Status::Complete)),
            with(task("bad", &[]), is(Status::Blocked)),
            with(task("aside", &[]), is(Status::Parked)),
            task("x", &["bad", "aside"]),
            with(task("dup1", &[]), |task| task.set_list(Field::Files, ["a", "b"])),
            with(task("dup2", &[]), |task| task.set_list(Field::Files, ["./b", "a/"])),
        ],
    )];
    samples.push(Sample::new("p", vec![task("late", &[]), task("z", &["q:late"])]));
    samples.push(Sample::new("r", vec![task("both", &["late"])]));
    let made = Made { samples };
    let found = made.with(|graph, queues, _| {
        let description = |node: Node| {
            let id = graph.id(node);
            id.starts_with("dup").then(|| if id == "dup1" { "Do it!" } else { "do  it" }.to_owned())
        };
        let input = FindingsInput { graph, queues, description: &description };
        let line = |found: &PlanFinding| {
            let name = found.node.map(|node| graph.reference(node)).unwrap_or_default();
            let element = found.element.clone().unwrap_or_default();
            format!("{name} {}[{}] {element}", found.severity.word(), found.code)
        };
        findings(&input).iter().map(line).collect::<Vec<_>>()
    });
    let expected = [
        "early warning[listed-before-dependency] late",
        "q:late error[unknown-id] lste",
        "A error[cycle] B",
        "I error[self-dependency] I",
        "done warning[done-before-dependency] late",
        "x warning[dependency-blocked] bad",
        "x warning[dependency-parked] aside",
        "dup2 warning[duplicate-work] ./b",
        "p:late warning[same-id-different-dependencies] ",
        "both error[ambiguous-id] late",
    ];
    assert_eq!(found, expected);
    for line in found {
        let code = line.split(['[', ']']).nth(1).unwrap_or_default();
        let listed = CODES.iter().find(|(known, ..)| *known == code);
        assert!(listed.is_some_and(|(_, severity, _)| line.contains(severity)), "{line}");
    }
    assert!(too_many_loops(15).is_none());
    assert_eq!(too_many_loops(16).map(|found| found.code), Some("too-many-loops"));
}

#[test]
fn pictures_escape_titles_and_mark_what_matters() {
    let made = made(vec![
        with(task("done", &[]), is(Status::Complete)),
        minutes("first", &["done"], 60.0),
        minutes("se\"cond", &["first"], 60.0),
        with(task("bad", &[]), is(Status::Blocked)),
        with(task("kid", &[]), |task| task.set_text(Field::Parent, "epic")),
        task("epic", &[]),
    ]);
    made.with(|graph, queues, estimates| {
        let conditions = Conditions::at(noon(), Agents::plain(queues));
        let readiness = crate::plan::readiness(graph, queues, &conditions);
        let work = Workload::new(graph, queues, estimates, |_| true);
        let critical = critical_path(&work);
        let title = |node: Node| match node.0 {
            1 => "Say \"hi\"; <b>#1</b> \\ [x]\nand a\u{202e}second line".to_owned(),
            _ => graph.reference(node),
        };
        let picture = Picture {
            readiness: &readiness,
            critical: &critical,
            title: &title,
            selected: &|_| true,
            all: true,
        };
        let mermaid = written(|out| picture.mermaid(out));
        let label = "n1[\"first<br/>Say #34;hi#34;#59; #60;b#62;#35;1#60;/b#62; #92; [x] and a \
                     second line\"]:::ready";
        for part in [
            label,
            "n1 ==> n2",
            "n4 -.-> n5",
            "n0[\"done\"]:::done",
            "n3[\"bad\"]:::blocked",
            "class n1,n2 critical",
            "linkStyle 1 ",
        ] {
            assert!(mermaid.contains(part), "{part}\n{mermaid}");
        }
        let dot = written(|out| picture.dot(out));
        for part in [
            "n1 [label=\"first\\nSay \\\"hi\\\"; <b>#1</b> \\\\ [x] and a second line\"",
            "n2 [label=\"se\\\"cond\"",
            "n1 -> n2 [color",
            "n4 -> n5 [style=dashed]",
        ] {
            assert!(dot.contains(part), "{part}\n{dot}");
        }
        let open = Picture { all: false, ..picture };
        assert!(!written(|out| open.dot(out)).contains("n0"));
    });
}

#[test]
fn a_gantt_is_aligned_and_keeps_its_width() {
    let made = dinner();
    let text = made.with(|graph, queues, estimates| {
        let input = PlanInput { graph, queues, estimates, agents: None, respect_scopes: false };
        let work = Workload::new(graph, queues, estimates, |_| true);
        gantt(graph, &schedule(&input, 2, |_| true), &critical_path(&work).tasks, 60)
    });
    let expected = "\
1  shop   #############.........................         1 h
2  table  ==....................................      10 min
1  dough  .............####.....................      20 min
2  salad  .............=====....................      25 min
1  bake   .................###################..  1 h 30 min
1  serve  ....................................##       5 min
          0                           2 h 55 min
";
    assert_eq!(text, expected);
    let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|&width| width <= 60), "{text}");
}

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("a vector takes everything");
    String::from_utf8(bytes).expect("text")
}
