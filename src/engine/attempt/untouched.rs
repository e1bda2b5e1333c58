//! What a loop knows about the tree that its attempts start from: for each profile whether it was
//! green or red, and whose attempts left it red. Pure data; `docs/design/untouched.md` explains
//! what counts and why.

use crate::domain::{AttemptReport, Verdict};
use crate::platform::fault::{self, Fault};
use crate::project::QueueSet;
use crate::store::{RedStep, TaskKey, Trees};
use crate::verify::VerifyStep;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The steps of a profile in a project.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProfileKey {
    /// The project root.
    pub(crate) root: PathBuf,
    /// A hash of the steps, usable as a file name.
    pub(crate) steps: String,
}

impl ProfileKey {
    /// Returns the key of `steps` in the project at `root`.
    pub(crate) fn new(root: &Path, steps: &[VerifyStep]) -> Self {
        let mut hash = Sha256::new();
        for step in steps {
            hash.update(format!("{:?}", (&step.profile, &step.name, &step.command)));
            hash.update(format!("{:?}{:?}", step.environment, step.environment.set.0));
            hash.update(format!("{:?}", step.rules));
        }
        let steps = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { root: root.to_owned(), steps }
    }
}

/// A task, and its id for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) key: TaskKey,
    pub(crate) id: String,
}

/// A step that failed on the tree before an attempt changed anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Red {
    pub(crate) step: RedStep,
    /// The tasks that were blocked since the tree was green, in this run.
    pub(crate) left_by: Vec<Named>,
}

/// How the failure of one attempt relates to the tree that it began with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Already {
    /// The text to append to its reason.
    pub(crate) words: String,
    /// Whether other tasks left the tree red and the attempt failed in the same way.
    pub(crate) left_red: bool,
}

impl Red {
    /// Compares it with the failure of an attempt at `task`.
    pub(crate) fn already(&self, task: &TaskKey, report: &AttemptReport) -> Option<Already> {
        let same = self.step.compare(report)?;
        let how = match (same, &self.step.output) {
            (true, _) => ", with the same output",
            (false, Some(_)) => ", with another output",
            // The output of a hidden step is not known.
            (false, None) => "",
        };
        let mut words = format!("it already failed on the untouched tree{how}");
        let by_others =
            !self.left_by.is_empty() && self.left_by.iter().all(|other| other.key != *task);
        let left_red = by_others && same && !fault::is(Fault::LeftRedIgnored);
        if left_red {
            words = format!("{words}, since {}", blocked(&self.left_by));
        }
        Some(Already { words, left_red })
    }
}

/// Returns the tasks that were blocked, as a sentence.
pub(crate) fn blocked(tasks: &[Named]) -> String {
    let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    let verb = if ids.len() == 1 { "was" } else { "were" };
    format!("{} {verb} blocked", ids.join(", "))
}

/// What is known about one profile.
#[derive(Clone, Debug, Default)]
struct Known {
    /// Whether it still describes the present tree: no task was blocked since.
    fresh: bool,
    state: State,
    /// The tasks that were blocked since it was green.
    suspects: Vec<Named>,
    /// The tasks that had left work in the tree when it was judged.
    begun: HashSet<TaskKey>,
}

#[derive(Clone, Debug, Default)]
enum State {
    /// It could not be determined.
    #[default]
    Unknown,
    Green,
    Red(Red),
}

/// What a loop knows about the tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Untouched {
    known: HashMap<ProfileKey, Known>,
    mended: Vec<ProfileKey>,
    /// Projects whose tree a person moved.
    moved: HashSet<PathBuf>,
}

impl Untouched {
    /// Returns the last recorded results, by any loop, for commands that only read.
    pub(crate) fn recorded(set: &QueueSet) -> Self {
        let mut known = HashMap::new();
        for (key, step) in red_steps(set) {
            let state = State::Red(Red { step, left_by: Vec::new() });
            known.insert(key, Known { state, ..Known::default() });
        }
        Self { known, ..Self::default() }
    }

    /// Returns whether the tree must be judged before an attempt begins.
    pub(crate) fn wants(&self, key: &ProfileKey) -> bool {
        self.known.get(key).is_none_or(|known| !known.fresh)
    }

    /// Records the result: the failed step, `Some(None)` for green, `None` if it could not be
    /// determined. `begun` are the tasks that have left work in the tree.
    pub(crate) fn learn(
        &mut self,
        key: &ProfileKey,
        found: Option<Option<RedStep>>,
        begun: HashSet<TaskKey>,
    ) {
        let before = self.known.remove(key).unwrap_or_default();
        let state = match found {
            None => State::Unknown,
            Some(None) => State::Green,
            Some(Some(step)) => {
                let left_by = match before.state {
                    State::Green => before.suspects,
                    State::Red(red) if red.step.is_like(&step) => red.left_by,
                    State::Red(_) | State::Unknown => Vec::new(),
                };
                State::Red(Red { step, left_by })
            }
        };
        self.known.insert(key.clone(), Known { fresh: true, state, begun, suspects: Vec::new() });
    }

    /// Records that an attempt passed the steps of these profiles.
    pub(crate) fn passed(&mut self, keys: &[ProfileKey]) {
        // Of a tree that a person moved, attempts that began before it show nothing.
        let says = |key: &&ProfileKey, known: &HashMap<ProfileKey, Known>| {
            !self.moved.contains(&key.root) || known.contains_key(*key)
        };
        let keys: Vec<&ProfileKey> = keys.iter().filter(|key| says(key, &self.known)).collect();
        for key in keys {
            let green = Known { fresh: true, state: State::Green, ..Known::default() };
            let before = self.known.insert(key.clone(), green);
            let was_green = before.is_some_and(|known| matches!(known.state, State::Green));
            if !was_green && !self.mended.contains(key) {
                self.mended.push(key.clone());
            }
        }
    }

    /// Takes the profiles that attempts passed and that were not known to be green.
    pub(crate) fn take_mended(&mut self) -> Vec<ProfileKey> {
        std::mem::take(&mut self.mended)
    }

    /// Records that a task of the project at `root` was blocked and that its changes are still
    /// there.
    pub(crate) fn blocked(&mut self, root: &Path, task: &Named) {
        for (_, known) in self.known.iter_mut().filter(|(key, _)| key.root == root) {
            known.fresh = false;
            if matches!(known.state, State::Green) && !known.suspects.contains(task) {
                known.suspects.push(task.clone());
            }
        }
    }

    /// Forgets everything, because a person may have changed the tree.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
        self.moved.clear();
    }

    /// Forgets everything about the project at `root`, whose tree a person moved.
    pub(crate) fn forget_at(&mut self, root: &Path) {
        self.known.retain(|key, _| key.root != root);
        self.moved.insert(root.to_owned());
    }

    /// Returns the tasks that left a profile red, as far as that is known.
    pub(crate) fn left_by(&self, key: &ProfileKey) -> Vec<Named> {
        match self.known.get(key).map(|known| &known.state) {
            Some(State::Red(red)) => red.left_by.clone(),
            Some(State::Green | State::Unknown) | None => Vec::new(),
        }
    }

    /// Returns what failed before `task` began, in the profiles that verify it.
    pub(crate) fn reds(&self, keys: &[ProfileKey], task: &TaskKey) -> Vec<Red> {
        let known = keys.iter().filter_map(|key| self.known.get(key));
        let theirs = known.filter(|known| !known.begun.contains(task));
        let red = theirs.filter_map(|known| match &known.state {
            State::Red(red) => Some(red.clone()),
            State::Green | State::Unknown => None,
        });
        red.collect()
    }
}

/// Returns the profiles of the configuration that were red when the tree was last judged.
fn red_steps(set: &QueueSet) -> Vec<(ProfileKey, RedStep)> {
    let mut all = Vec::new();
    if !set.config.limits.untouched.value {
        return all;
    }
    let mut roots: Vec<&Path> = set.all_roots().collect();
    roots.sort_unstable();
    roots.dedup();
    for root in roots {
        for steps in set.config.all_profiles() {
            let key = ProfileKey::new(root, &steps);
            let last = Trees::of(root).last(&key.steps);
            let red = last.filter(|report| report.verdict == Verdict::Fail);
            all.extend(red.and_then(|report| report.red).map(|red| (key, red)));
        }
    }
    all
}

/// Returns a sentence for each profile that was red when the tree was last judged.
pub(crate) fn red_trees(set: &QueueSet) -> Vec<String> {
    let sentence = |(_, red): (ProfileKey, RedStep)| {
        let log = red.shown_log();
        let RedStep { profile, step, outcome, .. } = red;
        format!(
            "the untouched tree was red when it was last verified (profile {profile}): step \
             {step}: {outcome}{log}"
        )
    };
    red_steps(set).into_iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Command, EnvironmentRules, Fingerprint, Values};
    use crate::engine::attempt::samples;
    use crate::engine::attempt::tests::case::Case;
    use crate::platform::ids::RandomIds;
    use crate::store::TreeReport;
    use crate::verify::{Rules, StepRules};
    use std::sync::Arc;
    use std::time::Duration;

    const ROOT: &str = "/p";

    fn key(steps: &str) -> ProfileKey {
        ProfileKey { root: ROOT.into(), steps: steps.to_owned() }
    }

    fn named(id: &str) -> Named {
        Named { key: TaskKey::new(Path::new("/p/q.json"), id), id: id.to_owned() }
    }

    fn red(output: &str) -> Option<Option<RedStep>> {
        Some(Some(RedStep {
            profile: "default".to_owned(),
            step: "test".to_owned(),
            outcome: "exit status 1".to_owned(),
            output: Some(output.to_owned()),
            said: String::new(),
            log: PathBuf::new(),
        }))
    }

    fn failed(step: &str, output: &str) -> AttemptReport {
        let output = Some(output.to_owned());
        samples::failed("B", step, Fingerprint { change: None, output })
    }

    fn none() -> HashSet<TaskKey> {
        HashSet::new()
    }

    /// Returns how the failure of an attempt at `task` relates to the tree.
    fn already(tree: &Untouched, task: &str, report: &AttemptReport) -> Option<(String, bool)> {
        let task = named(task).key;
        let reds = tree.reds(&[key("1")], &task);
        let already = reds.first()?.already(&task, report)?;
        Some((already.words, already.left_red))
    }

    #[test]
    fn a_tree_is_judged_once_and_again_after_a_task_was_blocked() {
        let mut tree = Untouched::default();
        assert!(tree.wants(&key("1")));
        tree.learn(&key("1"), Some(None), none());
        assert!(!tree.wants(&key("1")) && tree.wants(&key("2")));
        tree.blocked(Path::new("/other"), &named("A"));
        assert!(!tree.wants(&key("1")));
        // The closure of an update under the lock may run twice.
        tree.blocked(Path::new(ROOT), &named("A"));
        tree.blocked(Path::new(ROOT), &named("A"));
        assert!(tree.wants(&key("1")));
        // A task that passes has judged the tree.
        tree.passed(&[key("1"), key("2")]);
        assert!(!tree.wants(&key("1")) && !tree.wants(&key("2")));
        assert_eq!(tree.take_mended(), [key("2")]);
        tree.forget();
        assert!(tree.wants(&key("1")));
        // If the result could not be determined, the tree is not judged again and again.
        tree.learn(&key("1"), None, none());
        assert!(!tree.wants(&key("1")));
    }

    #[test]
    fn a_red_tree_is_named_until_a_task_mends_it() {
        let mut tree = Untouched::default();
        tree.learn(&key("1"), red("o"), none());
        let same = "it already failed on the untouched tree, with the same output";
        assert_eq!(already(&tree, "B", &failed("test", "o")), Some((same.to_owned(), false)));
        let other = "it already failed on the untouched tree, with another output";
        assert_eq!(already(&tree, "B", &failed("test", "p")), Some((other.to_owned(), false)));
        assert_eq!(already(&tree, "B", &failed("lint", "o")), None);
        let passed = AttemptReport { verdict: Some(Verdict::Pass), ..failed("test", "o") };
        assert_eq!(already(&tree, "B", &passed), None);
        assert!(tree.reds(&[key("2")], &named("B").key).is_empty());
        tree.passed(&[key("1")]);
        assert_eq!(tree.take_mended(), [key("1")]);
        assert!(tree.take_mended().is_empty());
        assert!(tree.reds(&[key("1")], &named("B").key).is_empty());
    }

    #[test]
    fn a_task_whose_own_work_was_in_the_tree_is_told_nothing() {
        let mut tree = Untouched::default();
        tree.learn(&key("1"), red("o"), HashSet::from([named("A").key]));
        assert!(tree.reds(&[key("1")], &named("A").key).is_empty());
        assert_eq!(tree.reds(&[key("1")], &named("B").key).len(), 1);
    }

    #[test]
    fn a_tree_is_left_red_by_who_was_blocked_since_it_was_green() {
        let left = |first: Option<Option<RedStep>>, second| {
            let mut tree = Untouched::default();
            tree.learn(&key("1"), first, none());
            tree.blocked(Path::new(ROOT), &named("A"));
            tree.learn(&key("1"), second, none());
            tree
        };
        let tree = left(Some(None), red("o"));
        let words = "it already failed on the untouched tree, with the same output, since A was \
                     blocked";
        assert_eq!(already(&tree, "B", &failed("test", "o")), Some((words.to_owned(), true)));
        // The same task again, another output, another step.
        for (task, step, output) in [("A", "test", "o"), ("B", "test", "p"), ("B", "lint", "o")] {
            let found = already(&tree, task, &failed(step, output));
            assert!(found.is_none_or(|(_, left_red)| !left_red), "{task} {step} {output}");
        }
        // The result stays the same when one more task is blocked.
        let mut tree = tree;
        tree.blocked(Path::new(ROOT), &named("C"));
        tree.learn(&key("1"), red("o"), none());
        assert_eq!(tree.left_by(&key("1")), [named("A")]);
        // Red before, or not known to have been green.
        for first in [red("o"), red("p"), None] {
            let tree = left(first, red("o"));
            let found = already(&tree, "B", &failed("test", "o"));
            assert!(found.is_some_and(|(_, left_red)| !left_red));
        }
        assert!(left(Some(None), Some(None)).left_by(&key("1")).is_empty());
    }

    #[test]
    fn blocked_tasks_are_listed() {
        assert_eq!(blocked(&[named("A")]), "A was blocked");
        assert_eq!(blocked(&[named("A"), named("B")]), "A, B were blocked");
    }

    #[test]
    fn of_a_tree_that_a_person_moved_earlier_attempts_show_nothing() {
        let mut tree = Untouched::default();
        tree.learn(&key("1"), red("o"), none());
        let elsewhere = ProfileKey { root: "/q".into(), steps: "1".to_owned() };
        tree.learn(&elsewhere, red("o"), none());
        tree.forget_at(Path::new(ROOT));
        assert!(tree.wants(&key("1")) && !tree.wants(&elsewhere));
        assert!(tree.reds(&[key("1")], &named("B").key).is_empty());
        // An attempt that began before the move passes.
        tree.passed(&[key("1"), elsewhere.clone()]);
        assert!(tree.wants(&key("1")), "it must be judged again");
        assert_eq!(tree.take_mended(), [elsewhere]);
        // Once it was judged after the move, attempts count again.
        tree.learn(&key("1"), red("o"), none());
        tree.passed(&[key("1")]);
        assert_eq!(tree.take_mended(), [key("1")]);
        tree.forget_at(Path::new(ROOT));
        tree.forget();
        tree.passed(&[key("1")]);
        assert!(!tree.wants(&key("1")), "after a break nothing is known to have moved");
    }

    #[test]
    fn a_failure_of_which_no_output_is_known_is_only_told() {
        let mut tree = Untouched::default();
        let Some(Some(step)) = red("o") else { unreachable!() };
        let hidden = RedStep { output: None, ..step };
        tree.learn(&key("1"), Some(None), none());
        tree.blocked(Path::new(ROOT), &named("A"));
        tree.learn(&key("1"), Some(Some(hidden)), none());
        let words = "it already failed on the untouched tree".to_owned();
        for report in [failed("test", "o"), samples::failed("B", "test", Fingerprint::default())] {
            assert_eq!(already(&tree, "B", &report), Some((words.clone(), false)));
        }
        assert_eq!(tree.left_by(&key("1")), [named("A")]);
        assert_eq!(tree.left_by(&key("2")), []);
    }

    #[test]
    fn a_profile_is_known_by_everything_that_its_steps_do() {
        let step = |name: &str, command: &str| VerifyStep {
            name: name.to_owned(),
            profile: "default".to_owned(),
            command: Command::Shell(command.to_owned()),
            timeout: Duration::from_secs(1),
            environment: EnvironmentRules::default(),
            from_queue: false,
            rules: Arc::default(),
        };
        let with_value = |value: &str| {
            let set = Values([("A".to_owned(), value.to_owned())].into());
            let environment = EnvironmentRules { set, ..EnvironmentRules::default() };
            VerifyStep { environment, ..step("a", "x") }
        };
        let retried = StepRules { retries: 1, ..StepRules::default() };
        let rules = Arc::new(Rules { step: retried, ..Rules::default() });
        let of = |steps: &[VerifyStep]| ProfileKey::new(Path::new(ROOT), steps);
        let first = of(&[step("a", "x")]);
        assert_eq!((first.root.as_path(), first.steps.len()), (Path::new(ROOT), 16));
        assert!(first.steps.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(of(&[step("a", "x")]), first);
        let all = [
            of(&[]),
            first.clone(),
            of(&[step("b", "x")]),
            of(&[step("a", "y")]),
            of(&[step("a", "x"), step("b", "x")]),
            of(&[step("b", "x"), step("a", "x")]),
            of(&[with_value("1")]),
            // The value counts, too, although nothing shows it.
            of(&[with_value("2")]),
            of(&[VerifyStep { rules, ..step("a", "x") }]),
            of(&[VerifyStep { profile: "other".to_owned(), ..step("a", "x") }]),
        ];
        let different: HashSet<&ProfileKey> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        // How long a step may take says nothing about the tree.
        assert_eq!(of(&[VerifyStep { timeout: Duration::MAX, ..step("a", "x") }]), first);
    }

    /// Stores the result of the steps of `case` on a tree.
    fn store(case: &Case, verdict: Verdict, step: Option<RedStep>, tree: &str) {
        case.source("A", |source, place, _| {
            let set = source.set;
            let key = ProfileKey::new(set.root(place.queue), &set.config.steps);
            let red = step.clone();
            let report =
                TreeReport { tree: Some(tree.to_owned()), at: String::new(), verdict, red };
            Trees::of(set.root(place.queue)).put(&key.steps, report, &RandomIds).unwrap();
        });
    }

    #[test]
    fn the_last_result_on_any_tree_is_what_commands_that_only_read_show() {
        let case = Case::new();
        let shown = |case: &Case| {
            case.source("A", |source, place, _| {
                let key = ProfileKey::new(source.set.root(place.queue), &source.set.config.steps);
                let recorded = Untouched::recorded(source.set);
                assert_eq!(
                    recorded.reds(std::slice::from_ref(&key), &named("B").key).len(),
                    red_trees(source.set).len()
                );
                assert!(recorded.wants(&key), "it is a hint, and the tree may be another one");
                red_trees(source.set)
            })
        };
        assert_eq!(shown(&case), Vec::<String>::new());
        let Some(Some(step)) = red("o") else { unreachable!() };
        let sentence = "the untouched tree was red when it was last verified (profile default): step \
                        test: exit status 1";
        store(&case, Verdict::Fail, Some(step.clone()), "1");
        assert_eq!(shown(&case), [sentence]);
        case.put("verify.out", "1 failed");
        let log = case.root().join("verify.out");
        let with_log = RedStep { log: log.clone(), ..step.clone() };
        store(&case, Verdict::Fail, Some(with_log), "2");
        assert_eq!(shown(&case), [format!("{sentence}; {}", log.display())]);
        store(&case, Verdict::Pass, Some(step.clone()), "3");
        assert_eq!(shown(&case), Vec::<String>::new(), "the latest one counts");
        // If trees are not verified, an old result says nothing.
        let off = Case::more("[limits]\nuntouched = false\n");
        store(&off, Verdict::Fail, Some(step), "1");
        let found = off.source("A", |source, _, _| red_trees(source.set));
        assert_eq!(found, Vec::<String>::new());
    }
}
