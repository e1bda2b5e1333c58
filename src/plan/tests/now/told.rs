//! What is told about a task that waits.

use super::*;

#[test]
fn a_pause_of_an_agent_says_when_it_ends() {
    let typed = Typed::naming(" --queue q".to_owned());
    let at = |hours| noon() + chrono::TimeDelta::hours(hours);
    let local =
        |hours, format: &str| at(hours).with_timezone(&chrono::Local).format(format).to_string();
    let said = |hours, pause: AgentPause| AgentPause { until: at(hours), ..pause }.sentence(&typed);
    let soon = local(19, "%H:%M:%S");
    let what = "agent tired failed once within seconds";
    let resume = "or at once after workloop resume --queue q";
    assert_eq!(said(19, pause()), format!("{what}; next try at {soon}, {resume}"));
    let day = local(20, "%a %-d %b %H:%M");
    let helped = AgentPause { stand_in: Some("codex".to_owned()), ..pause() };
    let expected = format!("{what}; next try at {day}, {resume}; codex works meanwhile");
    assert_eq!(said(20, helped), expected);
    let out = AgentPause { kind: PauseKind::Auth, ..pause() };
    assert_eq!(said(1, out), format!("{what}; tried again by the next run"));
    let trying = AgentPause { trying: true, ..pause() };
    assert_eq!(said(1, trying), format!("{what}; one attempt tries it now"));
}

#[test]
fn a_stand_in_or_another_project_does_not_hold_a_task_back() {
    let samples = project();
    let rests = |change: &dyn Fn(&mut AgentPause)| {
        let mut pause = pause();
        change(&mut pause);
        let setting = move |all: &mut Conditions, _: &Graph| all.agent_pauses = vec![pause];
        look(&samples, setting, |readiness| {
            let node = find(readiness.graph(), "rests");
            let pauses = readiness.agent_pauses().len();
            (readiness.agent_pause(node).is_some(), readiness.waits_for_agent(node), pauses)
        })
    };
    assert_eq!(rests(&|_| {}), (true, true, 1));
    assert_eq!(rests(&|pause| pause.stand_in = Some("codex".to_owned())), (false, false, 1));
    assert_eq!(rests(&|pause| pause.root = PathBuf::from("/other")), (false, false, 1));
    assert_eq!(rests(&|pause| pause.agent = "other".to_owned()), (false, false, 1));
}

#[test]
fn long_lists_are_counted() {
    let of = |children: usize| {
        let child = |number: usize| child(&format!("c{number}"), "epic", Status::Pending);
        let all = std::iter::once(task("epic", &[])).chain((0..children).map(child));
        waiting(&[Sample::new("q", all.collect())], "epic").remove(0).1
    };
    assert_eq!(of(3), "c0 (ready), c1 (ready), c2 (ready)");
    assert_eq!(of(4), "c0 (ready), c1 (ready), c2 (ready), 1 more");
    let behind = |count: usize| {
        let firsts: Vec<String> = (0..count).map(|number| format!("T{number}")).collect();
        let mut tasks: Vec<Task> = firsts.iter().map(|id| task(id, &[])).collect();
        tasks.push(task("last", &firsts.iter().map(String::as_str).collect::<Vec<_>>()));
        let samples = [Sample::new("q", tasks)];
        let last = |readiness: &Readiness| {
            readiness.waiting(find(readiness.graph(), "last"), Naming::Brief)
        };
        look(&samples, |_, _| {}, last)
    };
    assert_eq!(behind(100).len(), 100);
    let list = behind(102);
    let last = Waiting { kind: WaitingKind::Dependency, what: "2 more".to_owned(), count: 2 };
    assert_eq!((list.len(), list.last()), (101, Some(&last)));
}

#[test]
fn reasons_are_told_unless_they_are_shown_elsewhere() {
    let samples = [Sample::new(
        "q",
        vec![
            with(task("odd", &[]), is(Status::Unknown)),
            with(task("bad", &[]), is(Status::Blocked)),
            task("open", &["typo"]),
            task("last", &["odd", "bad", "open"]),
        ],
    )];
    let said = |naming| {
        look(
            &samples,
            |_, _| {},
            |readiness| {
                let (graph, queues) = (readiness.graph(), readiness.queues);
                let told = crate::plan::readiness(graph, queues, readiness.conditions)
                    .with_reasons(|node| Some(format!("reason {}", node.0)));
                let list = told.waiting(find(graph, "last"), naming);
                let odd = told.waiting(find(graph, "odd"), naming).remove(0).what;
                (odd, list.into_iter().map(|one| one.what).collect::<Vec<_>>())
            },
        )
    };
    let reason = "reason 0".to_owned();
    let all = ["odd (waiting: reason 0)", "bad (blocked: reason 1)", "open (waiting)"];
    assert_eq!(said(Naming::WithReason), (reason.clone(), all.map(str::to_owned).to_vec()));
    let brief = ["odd (waiting)", "bad (blocked)", "open (waiting)"];
    assert_eq!(said(Naming::Brief), (reason, brief.map(str::to_owned).to_vec()));
}

#[test]
fn a_phase_waits_for_a_phase_and_tells_if_there_is_none() {
    let phased =
        |id: &str, phase: &str| with(task(id, &[]), |task| task.set_text(Field::Phase, phase));
    let tasks = vec![phased("A", "one"), phased("B", "two"), phased("C", "three")];
    let mut sample =
        Sample::new("q", tasks).phases(&[("one", true), ("two", false), ("three", false)]);
    sample.phases[2].depends_on = ["nine".into()].into_iter().collect();
    let samples = [sample];
    let held = (WaitingKind::Phase, "all of phase one: A (ready)".to_owned());
    assert_eq!(waiting(&samples, "B"), [held]);
    let unknown = "phase nine, which is not in `phases`".to_owned();
    assert_eq!(waiting(&samples, "C")[0], (WaitingKind::Phase, unknown));
}

#[test]
fn a_missing_gate_is_told_when_its_phase_is_done() {
    let phased = |id: &str, phase: &str, status| {
        with(task(id, &[]), |task| {
            task.set_text(Field::Phase, phase);
            task.status = status;
        })
    };
    let said = |first, gate: &[&str]| {
        let tasks = vec![phased("A", "one", first), phased("B", "two", Status::Pending)];
        let mut sample = Sample::new("q", tasks).phases(&[("one", true), ("two", false)]);
        sample.phases[0].gate = gate.iter().map(|name| Text::from(*name)).collect();
        waiting(&[sample], "B").into_iter().map(|(_, what)| what).collect::<Vec<_>>()
    };
    let missing = "the gate of phase one, which is not in the queue yet";
    assert_eq!(said(Status::Complete, &["full"]), [missing]);
    assert_eq!(said(Status::Pending, &["full"]), ["all of phase one: A (ready)"]);
    assert_eq!(said(Status::Pending, &[]), ["all of phase one: A (ready)"]);
    assert_eq!(said(Status::Complete, &[]), [""; 0]);
}

#[test]
fn switched_off_scopes_have_no_holder() {
    let samples = project();
    let off = |all: &mut Conditions, graph: &Graph| {
        conditions(&samples)(all, graph);
        all.scopes = ScopeMode::Off;
    };
    look(&samples, off, |readiness| {
        for id in ["wants far", "wants hand", "wants held", "wants other"] {
            let node = find(readiness.graph(), id);
            assert_eq!(readiness.scope_holder(node), None, "{id}");
            assert_eq!(readiness.state(node), State::Ready, "{id}");
        }
    });
}
