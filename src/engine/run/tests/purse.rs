//! What attempts may use, over all loops of a project: before they are claimed, while they run, and
//! after they ended.

use super::super::purse::Purse;
use super::ends::{End, passed, passes, uses};
use super::outside::Site;
use super::play::{Play, task};
use crate::domain::{
    Allowance, HookPoint, HookReport, Ledger, Outcome, QueueIx, ReasonCode, Usage, Verdict,
};
use crate::engine::attempt::Job;
use crate::engine::dispatch::TooDear;
use crate::platform::ids::RandomIds;
use crate::project::Project;
use crate::store::Ledgers;
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

const WAITS: &str = "waiting for running attempts: what they may use is all that a limit leaves";
/// The kind of the attempts of [`Bench::job`].
const KIND: &str = "command default ";

/// A project with limits, and its attempts.
struct Bench {
    site: Rc<Site>,
    project: Project,
}

impl Bench {
    /// Creates it with these limits of the day.
    fn new(day: &str) -> Self {
        let limits = format!("untouched = false\n[limits.day]\n{day}\n");
        Self::with(if day.is_empty() { "untouched = false\n" } else { &limits })
    }

    fn with(limits: &str) -> Self {
        let play = Play::with(limits, json!([task("A"), task("B"), task("C")]));
        let project = play.site.open();
        Self { site: play.site, project }
    }

    fn root(&self) -> PathBuf {
        self.project.set().root(QueueIx::FIRST).to_owned()
    }

    fn day(&self) -> Ledger {
        Ledgers::of(&self.root()).read().unwrap()
    }

    /// Returns an attempt at this task by the first slot of loop `pid`.
    fn job(&self, id: &str, pid: u32) -> Job {
        self.site.job(&self.project, id, pid)
    }

    /// Sets aside what `count` attempts may use. Returns whether any may begin.
    fn aside(&self, purse: &mut Purse, count: usize) -> bool {
        let set = self.project.set();
        let (aside, unstored) = purse.set_aside(set, count, &*self.site.clock, &RandomIds);
        assert!(unstored.is_none(), "{unstored:?}");
        aside.is_some()
    }

    fn keep(&self, purse: &mut Purse, jobs: &[&Job]) {
        let day = self.project.config().limits.day;
        purse.keep(jobs, &day, &*self.site.clock, &RandomIds).unwrap();
    }

    fn settle(&self, purse: &mut Purse, job: &Job, end: End) {
        let mut finished = passed(job.clone(), &*self.site.clock);
        end(&mut finished);
        let has_day = self.project.config().limits.day.is_any();
        purse.settle(&finished, has_day, &*self.site.clock, &RandomIds).unwrap();
    }

    fn spent(&self, purse: &mut Purse) -> Option<String> {
        purse.spent(self.project.set(), &*self.site.clock)
    }

    /// Claims one attempt. Returns `false` if none may begin.
    fn claims(&self, purse: &mut Purse, job: &Job) -> bool {
        let may = self.aside(purse, 1);
        self.keep(purse, if may { std::slice::from_ref(&job) } else { &[] });
        may
    }
}

/// Returns the purse of loop `pid`.
fn purse(pid: u32, allowance: Allowance) -> Purse {
    Purse::new(allowance, format!("h:{pid}:00000000"))
}

fn cost(cost_usd: f64) -> Allowance {
    Allowance { cost_usd: Some(cost_usd), ..Allowance::default() }
}

/// Returns the claims for which something is reserved, with what.
fn reserved(day: &Ledger) -> Vec<(&str, f64, bool)> {
    let one = |(claim, it): (&'_ String, &crate::domain::Reserved)| {
        (claim.clone(), it.usage.cost_usd, it.unclaimed)
    };
    let all: Vec<(String, f64, bool)> = day.reserved.iter().map(one).collect();
    let name = |claim: &str| day.reserved.get_key_value(claim).unwrap().0.as_str();
    all.iter().map(|(claim, cost, aside)| (name(claim), *cost, *aside)).collect()
}

#[test]
fn without_a_limit_nothing_is_counted() {
    let bench = Bench::new("");
    let (mut purse, job) = (purse(7, Allowance::default()), bench.job("A", 7));
    assert!(bench.claims(&mut purse, &job));
    bench.settle(&mut purse, &job, passes());
    assert_eq!((bench.spent(&mut purse), purse.waits()), (None, None));
    assert_eq!(bench.day(), Ledger::default());
    assert!(!bench.root().join(".workloop/spent").exists());
    // A cost that a tool reports is worth knowing before a limit is set.
    bench.settle(&mut purse, &job, uses(0.5, 10));
    assert_eq!((bench.day().used.cost_usd, bench.day().used.attempts), (0.5, 1));
}

#[test]
fn the_limit_of_a_run_counts_for_this_run_alone() {
    let bench = Bench::new("");
    let limit = Allowance { attempts: Some(1), ..Allowance::default() };
    let (mut first, mut second) = (purse(7, limit), purse(8, limit));
    let job = bench.job("A", 7);
    assert!(bench.claims(&mut first, &job));
    assert!(!bench.aside(&mut first, 1));
    assert_eq!(first.waits(), Some((None, WAITS)));
    assert_eq!(bench.spent(&mut first), None, "the attempt may end without using any");
    assert!(bench.claims(&mut second, &bench.job("B", 8)));
    bench.settle(&mut first, &job, passes());
    let why = "the run's limit attempts = 1 (1 made) is reached";
    assert_eq!(bench.spent(&mut first).as_deref(), Some(why));
    assert_eq!(bench.day(), Ledger::default());
}

#[test]
fn what_one_loop_sets_aside_no_other_can_use() {
    let bench = Bench::new("cost_usd = 2.0");
    let (mut first, mut second) = (purse(7, Allowance::default()), purse(8, Allowance::default()));
    assert!(bench.aside(&mut first, 2));
    let day = bench.day();
    assert_eq!(reserved(&day), [("h:7:00000000", 2.0, true)], "nothing is known about a price");
    assert!(!bench.aside(&mut second, 1));
    assert_eq!(second.waits(), Some((Some(Duration::from_millis(50)), WAITS)), "it takes a moment");
    let job = bench.job("A", 7);
    bench.keep(&mut first, &[&job]);
    let day = bench.day();
    assert_eq!(reserved(&day), [("h:7:00000000 1", 2.0, false)]);
    assert!(!bench.aside(&mut second, 1));
    assert_eq!(second.waits(), Some((None, WAITS)), "an attempt takes long");
    bench.settle(&mut first, &job, uses(0.5, 10));
    assert!(bench.aside(&mut second, 2));
    assert_eq!(second.waits(), None);
    let day = bench.day();
    assert_eq!(
        reserved(&day),
        [("h:8:00000000", 1.0, true)],
        "two attempts cost half a dollar each"
    );
    bench.keep(&mut second, &[]);
    assert_eq!(bench.day().reserved.len(), 0, "nothing was claimed");
}

#[test]
fn what_is_set_aside_by_a_loop_that_was_killed_is_free_after_two_minutes() {
    let bench = Bench::new("cost_usd = 2.0");
    let (mut killed, mut other) = (purse(7, Allowance::default()), purse(8, Allowance::default()));
    assert!(bench.aside(&mut killed, 1));
    for (seconds, may) in [(119, false), (1, true)] {
        bench.site.clock.pass(Duration::from_secs(seconds));
        assert_eq!(bench.aside(&mut other, 1), may, "{seconds}");
    }
    // An attempt is assumed to run for two hours longer than its agent may.
    let job = bench.job("A", 8);
    bench.keep(&mut other, &[&job]);
    let until = bench.day().reserved["h:8:00000000 1"].until;
    let timeout = job.agent.as_ref().unwrap().command.timeout;
    let lasts = (until - crate::platform::clock::Clock::now(&*bench.site.clock)).to_std().unwrap();
    assert_eq!(lasts, timeout + Duration::from_secs(2 * 3600));
}

#[test]
fn the_limit_of_a_day_is_reached_by_all_loops_together() {
    let bench = Bench::new("cost_usd = 2.0");
    let (mut first, mut second) = (purse(7, Allowance::default()), purse(8, Allowance::default()));
    for (purse, pid, id) in [(&mut first, 7, "A"), (&mut second, 8, "B")] {
        let job = bench.job(id, pid);
        assert!(bench.claims(purse, &job));
        bench.settle(purse, &job, uses(1.0, 10));
    }
    let why = "today's limit cost_usd = 2 (2.00 measured by command) is reached, over all loops; \
               raise limits.day, or run again tomorrow";
    assert_eq!(bench.spent(&mut first).as_deref(), Some(why));
    assert_eq!(bench.spent(&mut second).as_deref(), Some(why));
    // The price that was learnt counts tomorrow as well, what was used does not.
    bench.site.clock.pass(Duration::from_secs(24 * 3600));
    assert_eq!(bench.spent(&mut first), None);
    assert!(bench.aside(&mut first, 1));
    let day = bench.day();
    assert_eq!((day.used, day.kinds[KIND].attempts), (Usage::default(), 2));
    assert_eq!(reserved(&day), [("h:7:00000000", 1.0, true)]);
}

#[test]
fn usage_that_is_deleted_from_the_file_is_still_counted() {
    let bench = Bench::new("attempts = 1");
    let (mut first, mut second) = (purse(7, Allowance::default()), purse(8, Allowance::default()));
    let job = bench.job("A", 7);
    assert!(bench.claims(&mut first, &job));
    bench.settle(&mut first, &job, passes());
    fs::remove_dir_all(bench.root().join(".workloop/spent")).unwrap();
    let why = "today's limit attempts = 1 (1 made) is reached, over all loops; raise limits.day, or \
               run again tomorrow";
    assert_eq!(bench.spent(&mut first).as_deref(), Some(why));
    assert_eq!(bench.spent(&mut second), None, "another loop cannot know it");
}

#[test]
fn a_reservation_that_is_deleted_from_the_file_is_still_counted() {
    let bench = Bench::new("attempts = 1");
    let (mut first, mut second) = (purse(7, Allowance::default()), purse(8, Allowance::default()));
    let job = bench.job("A", 7);
    assert!(bench.claims(&mut first, &job));
    fs::remove_dir_all(bench.root().join(".workloop/spent")).unwrap();
    assert!(!bench.aside(&mut first, 1), "its attempt runs");
    assert!(bench.aside(&mut second, 1), "another loop cannot know it");
    bench.keep(&mut second, &[]);
    // The next change of the loop that knows it writes it again.
    bench.keep(&mut first, &[&bench.job("B", 7)]);
    let day = bench.day();
    assert_eq!(day.reserved.len(), 1, "{day:?}");
    bench.settle(&mut first, &job, passes());
    assert_eq!((bench.day().used.attempts, bench.day().reserved.len()), (1, 0));
}

#[test]
fn an_attempt_whose_loop_died_counts_although_its_use_is_unknown() {
    let bench = Bench::new("cost_usd = 2.0");
    let (mut dead, mut other) = (purse(7, Allowance::default()), purse(8, Allowance::default()));
    let job = bench.job("A", 7);
    assert!(bench.claims(&mut dead, &job));
    let root = bench.root();
    other.lose(&job.token, Some(&root), &*bench.site.clock, &RandomIds).unwrap();
    other.lose(&job.token, Some(&root), &*bench.site.clock, &RandomIds).unwrap();
    let day = bench.day();
    assert_eq!(day.reserved.len(), 0);
    let unknown = Usage { attempts: 1, cost_unknown: 1, tokens_unknown: 1, ..Usage::default() };
    assert_eq!(day.used, unknown, "it is counted once");
    // Without a limit of the day, only the run is told.
    let mut alone = purse(7, Allowance { attempts: Some(1), ..Allowance::default() });
    assert!(bench.claims(&mut alone, &job));
    alone.lose(&job.token, None, &*bench.site.clock, &RandomIds).unwrap();
    let why = "the run's limit attempts = 1 (1 made) is reached";
    assert_eq!(bench.spent(&mut alone).as_deref(), Some(why));
}

#[test]
fn an_own_attempt_that_vanished_reserves_nothing_any_more() {
    let bench = Bench::new("cost_usd = 2.0");
    let mut purse = purse(7, Allowance::default());
    let job = bench.job("A", 7);
    assert!(bench.claims(&mut purse, &job));
    purse.lose(&job.token, Some(&bench.root()), &*bench.site.clock, &RandomIds).unwrap();
    let other = bench.job("B", 7);
    assert!(bench.claims(&mut purse, &other), "all is left");
    let day = bench.day();
    assert_eq!(reserved(&day), [("h:7:00000000 1", 2.0, false)]);
    bench.settle(&mut purse, &other, passes());
    assert_eq!(bench.day().reserved.len(), 0);
    // It counts even if its file was deleted in between.
    let mut alone = self::purse(8, Allowance::default());
    let job = bench.job("C", 8);
    assert!(bench.claims(&mut alone, &job));
    fs::remove_dir_all(bench.root().join(".workloop/spent")).unwrap();
    alone.lose(&job.token, Some(&bench.root()), &*bench.site.clock, &RandomIds).unwrap();
    assert_eq!((bench.day().used.attempts, bench.day().reserved.len()), (3, 0));
}

#[test]
fn a_veto_before_the_agent_uses_nothing() {
    let vetoed = |hook: HookPoint| -> End {
        Box::new(move |it| {
            let (outcome, out) = (Outcome::Exited { code: 1 }, ("freeze", ""));
            it.report.hooks = vec![HookReport::new(hook, (outcome, 1), out)];
            it.report.reason_code = Some(ReasonCode::Hook);
            it.report.verdict = Some(Verdict::Blocked);
        })
    };
    for (hook, attempts) in [(HookPoint::BeforeTask, 0), (HookPoint::BeforeLanding, 1)] {
        let bench = Bench::new("attempts = 5");
        let mut purse = purse(7, Allowance { attempts: Some(1), ..Allowance::default() });
        let job = bench.job("A", 7);
        assert!(bench.claims(&mut purse, &job));
        bench.settle(&mut purse, &job, vetoed(hook));
        let day = bench.day();
        assert_eq!((day.used.attempts, day.reserved.len()), (attempts, 0), "{hook}");
        assert_eq!(bench.aside(&mut purse, 1), attempts == 0, "{hook}");
    }
}

#[test]
fn an_attempt_without_an_agent_uses_nothing() {
    let bench = Bench::new("attempts = 1");
    let mut purse = purse(7, Allowance::default());
    let mut gate = bench.job("A", 7);
    gate.agent = None;
    assert!(bench.claims(&mut purse, &gate));
    assert_eq!(bench.day().reserved.len(), 0);
    bench.settle(&mut purse, &gate, passes());
    assert_eq!((bench.day().used, bench.spent(&mut purse)), (Usage::default(), None));
}

#[test]
fn a_task_that_is_too_dear_for_what_is_left_is_named_with_its_limit() {
    let dear = |bench: &Bench| TooDear { root: bench.root(), kind: KIND.to_owned() };
    let told = |bench: &Bench, purse: &Purse| {
        purse.too_dear(&dear(bench), bench.project.set(), &*bench.site.clock)
    };
    let bench = Bench::new("");
    let mut of_run = purse(7, cost(1.5));
    assert_eq!(told(&bench, &of_run), None, "nothing was used");
    let job = bench.job("A", 7);
    assert!(bench.claims(&mut of_run, &job));
    bench.settle(&mut of_run, &job, uses(1.0, 10));
    let why = "the run's limit cost_usd = 1.5 (1.00 measured by command, 1.00 expected for the next \
               attempt) is reached";
    assert_eq!(told(&bench, &of_run).as_deref(), Some(why));

    let bench = Bench::new("tokens = 15");
    let mut of_day = purse(7, Allowance::default());
    assert_eq!(told(&bench, &of_day), None, "nothing is known about the day");
    let job = bench.job("A", 7);
    assert!(bench.claims(&mut of_day, &job));
    assert_eq!(told(&bench, &of_day), None, "an attempt runs, and may use less");
    bench.settle(&mut of_day, &job, uses(1.0, 10));
    let why = "today's limit tokens = 15 (10 measured by command, 10 expected for the next attempt) \
               is reached, over all loops; raise limits.day, or run again tomorrow";
    assert_eq!(told(&bench, &of_day).as_deref(), Some(why));
}

#[test]
fn a_loop_that_cannot_store_its_reservations_counts_alone_and_says_so() {
    let bench = Bench::new("attempts = 1");
    let folder = bench.root().join(".workloop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("spent"), "").unwrap();
    let mut purse = purse(7, Allowance::default());
    let set = bench.project.set();
    let (aside, unstored) = purse.set_aside(set, 1, &*bench.site.clock, &RandomIds);
    assert!(aside.is_some());
    let text = format!("failed to reserve what attempts may use in {}", folder.display());
    assert_eq!(unstored.map(|error| error.to_string()), Some(text));
    let (day, job) = (bench.project.config().limits.day, bench.job("A", 7));
    assert!(purse.keep(&[&job], &day, &*bench.site.clock, &RandomIds).is_err());
    let (aside, _) = purse.set_aside(set, 1, &*bench.site.clock, &RandomIds);
    assert!(aside.is_none(), "its own reservation counts");
    let finished = passed(job.clone(), &*bench.site.clock);
    assert!(purse.settle(&finished, true, &*bench.site.clock, &RandomIds).is_err());
    let why = "today's limit attempts = 1 (1 made) is reached, over all loops; raise limits.day, or \
               run again tomorrow";
    assert_eq!(bench.spent(&mut purse).as_deref(), Some(why));
    assert!(purse.lose(&job.token, Some(&bench.root()), &*bench.site.clock, &RandomIds).is_err());
}
