//! Tests edges that do not come from `dependencies`: free text that may be ids, `blocks`, and
//! `depends_on` of phases.

use super::*;

fn says(id: &str, field: Field, texts: &[&str]) -> Task {
    with(task(id, &[]), |task| task.set_list(field, texts.iter().copied()))
}

fn waits(graph: &Graph, id: &str) -> String {
    names(graph, graph.dependencies(find(graph, id))).join(" ")
}

/// Returns the kind of each broken reference, in list order.
fn broken(graph: &Graph) -> Vec<(String, BrokenKind, bool)> {
    let one = |broken: &Broken| (broken.text.to_string(), broken.why.clone(), broken.holds());
    graph.broken().iter().map(one).collect()
}

#[test]
fn what_may_be_an_id_is_one_if_any_of_it_is() {
    for field in [Field::Requires, Field::Needs, Field::After, Field::Prerequisites] {
        let sample = Sample::new(
            "q",
            vec![
                says("ship", field, &["tests", "paint"]),
                says("tests", field, &["Docker 24 or newer", "postgres"]),
                says("paint", field, &["test"]),
                says("crew", field, &["tests", "nobody-yet"]),
            ],
        );
        let queues = [sample.view()];
        let graph = Graph::build(&queues);
        assert_eq!(waits(&graph, "ship"), "tests paint", "{field:?}");
        assert_eq!(
            (waits(&graph, "tests"), waits(&graph, "crew")),
            (String::new(), "tests".into())
        );
        let expected = [
            ("Docker 24 or newer".to_owned(), BrokenKind::Words, false),
            ("postgres".to_owned(), BrokenKind::Words, false),
            // A misspelled id makes the task wait, and so does any text next to an id.
            ("test".to_owned(), BrokenKind::Unknown, true),
            ("nobody-yet".to_owned(), BrokenKind::Unknown, true),
        ];
        assert_eq!(broken(&graph), expected, "{field:?}");
        let found =
            findings(&FindingsInput { graph: &graph, queues: &queues, description: &|_| None });
        let words = found.iter().find(|finding| finding.code == "no-dependency").unwrap();
        assert_eq!((words.severity, words.field), (Severity::Warning, Some(field)));
        assert!(words.message.contains("holds \"Docker 24 or newer\""), "{}", words.message);
    }
}

#[test]
fn what_a_task_blocks_waits_for_it() {
    let sample = Sample::new(
        "q",
        vec![
            with(says("dig", Field::Blocks, &["sow", "reap"]), is(Status::InProgress)),
            task("sow", &["dig"]),
            task("reap", &[]),
            says("odd", Field::Blocks, &["the whole release"]),
            says("round", Field::Blocks, &["circle"]),
            says("circle", Field::Blocks, &["round"]),
            says("far", Field::Blocks, &["circles"]),
        ],
    );
    let queues = [sample.view()];
    let graph = Graph::build(&queues);
    assert_eq!((waits(&graph, "sow"), waits(&graph, "reap")), ("dig".into(), "dig".into()));
    let by_blocks = |then: &str| graph.is_by_blocks(find(&graph, "dig").0, find(&graph, then).0);
    assert!(by_blocks("reap") && !by_blocks("sow"));
    let cycles: Vec<String> = graph.cycles().map(|cycle| graph.cycle_text(&cycle)).collect();
    assert_eq!(cycles, ["round -> circle -> round"]);
    assert!(broken(&graph).iter().all(|(_, _, holds)| !holds), "{:?}", broken(&graph));
    let conditions = Conditions::at(noon(), Agents::plain(&queues));
    let readiness = readiness(&graph, &queues, &conditions);
    assert_eq!(readiness.state(find(&graph, "odd")), State::Ready);
    let why: Vec<String> = readiness
        .waiting(find(&graph, "reap"), Naming::WithReason)
        .into_iter()
        .map(|waiting| waiting.what)
        .collect();
    assert_eq!(why, ["dig (in_progress), whose `blocks` names it"]);
}

#[test]
fn a_phase_waits_for_those_on_which_it_depends() {
    let of = |id: &str, phase: &str| with(task(id, &[]), |task| task.set_text(Field::Phase, phase));
    let tasks = vec![of("roof", "3"), of("walls", "2"), of("base", "1"), of("garden", "4")];
    let mut sample = Sample::new("q", tasks).phases(&[("1", false), ("2", false), ("3", false)]);
    sample.phases[1].depends_on = ["1".into()].into_iter().collect();
    sample.phases[2].depends_on = ["Walls".into()].into_iter().collect();
    sample.phases[1].name = "Walls".into();
    let waves = |sample: &Sample| {
        let queues = [sample.view()];
        let graph = Graph::build(&queues);
        let conditions = Conditions::at(noon(), Agents::plain(&queues));
        let readiness = readiness(&graph, &queues, &conditions);
        let ready = names(&graph, readiness.ready()).join(" ");
        let waits = readiness.waiting(find(&graph, "roof"), Naming::WithReason);
        (ready, waits.first().map(|waiting| waiting.what.clone()).unwrap_or_default())
    };
    assert_eq!(waves(&sample), ("base garden".into(), "all of phase 2: walls (waiting)".into()));
    sample.tasks[2].status = Status::Complete;
    assert_eq!(waves(&sample).0, "walls garden");
    // A phase without tasks passes on its dependencies.
    sample.tasks[2].status = Status::Pending;
    sample.tasks[1].set_text(Field::Phase, "");
    assert_eq!(waves(&sample).0, "walls base garden");
    sample.phases[2].depends_on = ["cellar".into()].into_iter().collect();
    let text = "phase cellar, which is not in `phases`";
    assert_eq!(waves(&sample), ("walls base garden".into(), text.into()));
}
