//! Exit statuses, and the words for each end of a run.

use super::*;

fn root(task: &str, resolution: Resolution, cause: Cause) -> Root<String> {
    Root { task: task.to_owned(), resolution, cause }
}

fn ending(reason: Reason, complete: usize, stuck: usize) -> Ending {
    let backlog = Backlog { total: 3, complete, stuck, ..Backlog::default() };
    let roots = vec![root("A", Resolution::Stuck, Cause::Blocked)];
    let typed = Typed::default();
    Ending { reason, backlog, roots, attempts: 1, words: Vec::new(), typed }
}

#[test]
fn the_first_reason_that_applies_counts() {
    assert_eq!(ending(Reason::Signal(2), 3, 0).exit_status(), 130);
    assert_eq!(ending(Reason::Signal(15), 0, 3).exit_status(), 143);
    assert_eq!(ending(Reason::Environment(String::new()), 3, 0).exit_status(), 2);
    assert_eq!(ending(Reason::UsageLimit(String::new()), 2, 1).exit_status(), 8);
    assert_eq!(ending(Reason::Budget(String::new()), 2, 1).exit_status(), 6);
    assert_eq!(ending(Reason::Budget(String::new()), 3, 0).exit_status(), 0);
    assert_eq!(ending(Reason::Failures(String::new()), 0, 3).exit_status(), 5);
    assert_eq!(ending(Reason::LeftRed(String::new()), 1, 0).exit_status(), 5);
    assert_eq!(ending(Reason::Done, 2, 1).exit_status(), 5);
    assert_eq!(ending(Reason::Done, 2, 0).exit_status(), 7);
    assert_eq!(ending(Reason::Done, 3, 0).exit_status(), 0);
}

#[test]
fn questions_are_no_failures() {
    let backlog = Backlog { total: 3, complete: 1, asked: 2, ..Backlog::default() };
    let roots = vec![root("A", Resolution::Question, Cause::Question)];
    let ending = Ending { backlog, roots, ..ending(Reason::Done, 1, 0) };
    assert_eq!(ending.exit_status(), 7);
    let sentence = "1 of 3 complete; 1 waiting for the answer to a question; \
                    1 question waits: workloop answer A TEXT";
    assert_eq!(ending.sentence(), sentence);
}

#[test]
fn what_a_persons_decision_freed_is_with_no_other_worker() {
    let mut ending = ending(Reason::Done, 1, 0);
    ending.backlog =
        Backlog { total: 4, complete: 1, flowing: 2, running: 1, ..Backlog::default() };
    assert_eq!(ending.sentence(), "1 of 4 complete; 3 with other workers");
    ending.backlog =
        Backlog { total: 4, complete: 1, ready: 1, flowing: 1, running: 1, ..Backlog::default() };
    let sentence =
        "1 of 4 complete; 2 can continue: the same command starts them; 1 with other workers";
    assert_eq!((ending.exit_status(), ending.sentence().as_str()), (7, sentence));
}

#[test]
fn what_is_parked_on_purpose_counts_for_nothing() {
    let mut ending = ending(Reason::Done, 3, 0);
    ending.backlog.parked = 1;
    assert_eq!(ending.exit_status(), 0);
    assert_eq!(ending.sentence(), "all 3 tasks are complete; 1 parked");
    ending.backlog.total = 4;
    assert_eq!(ending.sentence(), "3 of 4 complete; 1 parked; nothing can be started");
    ending.backlog = Backlog { parked: 2, ..Backlog::default() };
    assert_eq!((ending.exit_status(), ending.sentence().as_str()), (0, "nothing to do: 2 parked"));
}

#[test]
fn the_sentence_names_who_holds_it_up() {
    let ending = ending(Reason::Done, 2, 1);
    let sentence = "2 of 3 complete; 1 cannot continue (A): workloop why A, then workloop retry A";
    assert_eq!(ending.sentence(), sentence);
}

/// Checks that the first task of each cause has its command.
#[test]
fn the_sentence_says_what_to_type_next() {
    let mut ending = ending(Reason::Done, 2, 4);
    ending.backlog.person = 2;
    ending.backlog.elsewhere = 1;
    ending.roots = vec![
        root("A", Resolution::Stuck, Cause::Blocked),
        root("B", Resolution::Stuck, Cause::Blocked),
        root("C", Resolution::Stuck, Cause::Parked),
        root("D", Resolution::Stuck, Cause::Budget),
        root("E", Resolution::Person, Cause::Approval),
        root("F", Resolution::Person, Cause::Work),
        root("q:G", Resolution::Elsewhere, Cause::Other),
    ];
    let left = "4 cannot continue (A, B, C, D): workloop why A, then workloop retry A, \
                workloop unpark C, workloop retry D; \
                2 waiting for a person (E, F): workloop approve E, workloop done F; \
                1 waiting for another queue or worker (q:G): workloop why q:G";
    assert_eq!(ending.left(), left);
    ending.reason = Reason::Failures("all fail".to_owned());
    assert!(ending.sentence().contains("complete; workloop why A, then workloop retry A"));
    ending.reason = Reason::Budget("asked to stop".to_owned());
    assert!(ending.sentence().ends_with("complete; the same command continues"));
}

#[test]
fn each_reason_has_a_rank_of_its_own_and_a_signal_has_the_first() {
    let why = || "why".to_owned();
    let all = [
        (Reason::Signal(2), None, None),
        (Reason::Environment(why()), Some("why"), Some("environment")),
        (Reason::UsageLimit(why()), Some("why"), Some("usage_limit")),
        (Reason::Budget(why()), Some("why"), None),
        (Reason::LeftRed(why()), Some("why"), Some("left_red")),
        (Reason::Failures(why()), Some("why"), None),
        (Reason::Done, None, None),
    ];
    for (rank, (reason, words, code)) in all.into_iter().enumerate() {
        assert_eq!(usize::from(reason.rank()), rank, "{reason:?}");
        assert_eq!(reason.words(), words, "{reason:?}");
        assert_eq!(reason.code().map(|(code, _)| code.word()), code, "{reason:?}");
        assert!(reason.code().is_none_or(|(_, text)| text == "why"), "{reason:?}");
    }
}

#[test]
fn the_last_line_says_why_and_how_far() {
    let said = |reason: Reason, complete| ending(reason, complete, 0).sentence();
    let why = || "why".to_owned();
    let goes_on = "2 of 3 complete; the same command continues";
    assert_eq!(said(Reason::Signal(2), 2), format!("interrupted: {goes_on}"));
    assert_eq!(said(Reason::Signal(15), 2), format!("ended by signal 15: {goes_on}"));
    for reason in [Reason::Budget(why()), Reason::UsageLimit(why())] {
        assert_eq!(said(reason.clone(), 2), format!("stopped: why; {goes_on}"));
        assert_eq!(said(reason, 3), "all 3 tasks are complete", "no limit matters any more");
    }
    let environment = "stopped: why; no task was blamed, 3 of 3 complete";
    assert_eq!(said(Reason::Environment(why()), 3), environment);
    let red = "stopped: why; 2 of 3 complete; fix the tree (git status shows what was left), then \
               the same command continues";
    assert_eq!(said(Reason::LeftRed(why()), 2), red);
    let blocked = "stopped: why; 2 of 3 complete; workloop why A, then workloop retry A";
    assert_eq!(said(Reason::Failures(why()), 2), blocked);
    let none = Ending { roots: Vec::new(), ..ending(Reason::Failures(why()), 2, 0) };
    assert_eq!(none.sentence(), format!("stopped: why; {goes_on}"));
}

#[test]
fn a_run_that_began_nothing_had_nothing_to_do() {
    let said = |total, complete, attempts| {
        let backlog = Backlog { total, complete, ..Backlog::default() };
        Ending { backlog, attempts, ..ending(Reason::Done, 0, 0) }.sentence()
    };
    assert_eq!(said(0, 0, 0), "nothing to do: no task is in scope");
    assert_eq!(said(1, 1, 0), "nothing to do: the task is complete");
    assert_eq!(said(2, 2, 0), "nothing to do: all 2 tasks are complete");
    assert_eq!(said(1, 1, 1), "the task is complete");
    assert_eq!(said(2, 2, 1), "all 2 tasks are complete");
    assert_eq!(said(2, 1, 0), "1 of 2 complete; nothing can be started");
}

#[test]
fn a_signal_number_is_part_of_the_exit_status() {
    for (signal, status) in [(1, 129), (2, 130), (15, 143), (127, 255), (128, 255), (900, 255)] {
        assert_eq!(ending(Reason::Signal(signal), 3, 0).exit_status(), status, "{signal}");
    }
}

#[test]
fn at_most_eight_tasks_are_named() {
    let left = |count: usize| {
        let roots = (1..=count).map(|at| root(&at.to_string(), Resolution::Stuck, Cause::Blocked));
        let ending = Ending { roots: roots.collect(), ..ending(Reason::Done, 0, count) };
        ending.left()
    };
    let next = "workloop why 1, then workloop retry 1";
    assert_eq!(left(1), format!("1 cannot continue (1): {next}"));
    let eight = "1, 2, 3, 4, 5, 6, 7, 8";
    assert_eq!(left(8), format!("8 cannot continue ({eight}): {next}"));
    assert_eq!(left(9), format!("9 cannot continue ({eight} and 1 more): {next}"));
    assert_eq!(left(10), format!("10 cannot continue ({eight} and 2 more): {next}"));
}

#[test]
fn a_status_that_is_unknown_is_quoted_with_its_task() {
    let mut ending = ending(Reason::Done, 1, 2);
    ending.roots.push(root("B", Resolution::Stuck, Cause::Other));
    ending.words = vec![None, Some("wip".to_owned())];
    let said = "2 cannot continue (A, B: status `wip` is unknown): workloop why A, then workloop \
                retry A, workloop why B";
    assert_eq!(ending.left(), said);
}

#[test]
fn what_is_left_is_counted_by_what_it_waits_for() {
    let left = |backlog: Backlog, roots: Vec<Root<String>>| {
        Ending { backlog, roots, ..ending(Reason::Done, 0, 0) }.left()
    };
    let none = Backlog::default;
    let later = Backlog { later: 2, ..none() };
    assert_eq!(left(later, Vec::new()), "2 waiting for their time");
    let others = Backlog { flowing: 2, running: 1, ..none() };
    assert_eq!(left(others, Vec::new()), "3 with other workers");
    let person = Backlog { person: 1, ..none() };
    let review = vec![root("A", Resolution::Person, Cause::Review)];
    assert_eq!(left(person, review), "1 waiting for a person (A): workloop approve A");
    // Only the tasks that wait for an answer count besides the questions themselves.
    let asks = |id: &str| root(id, Resolution::Question, Cause::Question);
    let asked = |asked| Backlog { asked, ..none() };
    let one = "1 question waits: workloop answer A TEXT";
    assert_eq!(left(asked(1), vec![asks("A")]), one);
    let behind = "2 waiting for the answer to a question; 1 question waits: workloop answer A TEXT";
    assert_eq!(left(asked(3), vec![asks("A")]), behind);
    let two = "2 questions wait: workloop answer A TEXT";
    assert_eq!(left(asked(2), vec![asks("A"), asks("B")]), two);
    assert_eq!(left(none(), Vec::new()), "nothing can be started");
}

#[test]
fn each_unfinished_root_has_its_next_command() {
    let of = |cause, command: &str| {
        let roots = vec![root("A", Resolution::Stuck, cause)];
        let ending = Ending { roots, ..ending(Reason::Done, 0, 1) };
        assert_eq!(ending.next_steps(), [("A", command.to_owned())], "{cause:?}");
    };
    of(Cause::Blocked, "workloop why A");
    of(Cause::Other, "workloop why A");
    of(Cause::Budget, "workloop retry A");
    of(Cause::Parked, "workloop unpark A");
    of(Cause::Question, "workloop answer A TEXT");
    of(Cause::Approval, "workloop approve A");
    of(Cause::Review, "workloop approve A");
    of(Cause::Work, "workloop done A");
}

#[test]
fn commands_name_the_queues_as_the_person_did() {
    let typed = Typed::naming(" --work-queue x/q.json".to_owned());
    let ending = ending(Reason::Done, 2, 1).typed(&typed);
    let said = "1 cannot continue (A): workloop why A --work-queue x/q.json, then workloop retry A \
                --work-queue x/q.json";
    assert_eq!(ending.left(), said);
}

#[test]
fn tasks_that_were_blocked_in_a_row_are_named_with_what_they_share() {
    let failures = |all: &[(&str, &str)]| {
        let all = all.iter().map(|(id, why)| ((*id).to_owned(), (*why).to_owned()));
        common_reason(&all.collect::<Vec<Failure>>())
    };
    assert_eq!(failures(&[("A", "why")]), "task A was blocked: why");
    let same = "2 different tasks were blocked in a row (A, B), all with: why";
    assert_eq!(failures(&[("A", "why"), ("B", "why")]), same);
    let last = "3 different tasks were blocked in a row (A, B, C), the last with: other";
    assert_eq!(failures(&[("A", "why"), ("B", "why"), ("C", "other")]), last);
}
