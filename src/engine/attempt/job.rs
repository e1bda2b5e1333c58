//! One attempt as data: all that a slot needs to run it, put together while nothing is locked.

use super::apart::Apart;
use super::begun::Begun;
use super::carried::ToLand;
use super::draft::PromptDraft;
use super::guarding::Guarding;
use super::pause_key::AgentKey;
use super::ready_hooks::Hooks;
use super::tamper::Watch;
use super::untouched::{ProfileKey, Red};
use super::with::Steering;
use crate::agent::Tool;
use crate::config::KnownErrorRule;
use crate::domain::{ClaimToken, ReasonCode, Task, Turn};
use crate::platform::claim_tag::ClaimTag;
use crate::store::attempts::AttemptFolder;
use crate::store::{Place, StateDir, TaskKey, place_of};
use crate::verify::Service;
use crate::views::mask::Mask;
use crate::workspace::{Git, TaskName};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use super::ready::Ready;

/// A service, ready to start.
#[derive(Clone, Debug)]
pub(crate) struct ServiceReady {
    /// As configured.
    pub(crate) service: Arc<Service>,
    /// What to run.
    pub(crate) command: Ready,
    /// What says that it is ready, where a command does.
    pub(crate) health: Option<Ready>,
}

/// An agent's command, and what its exit status means.
#[derive(Clone, Debug)]
pub struct AgentCommand {
    /// The agent's name.
    pub profile: String,
    /// Which tool it is.
    pub tool: Tool,
    /// What it pauses with.
    pub(crate) pauses: AgentKey,
    /// The command.
    pub command: Ready,
    /// Exit statuses after which verification runs.
    pub ok_exit_codes: BTreeSet<i32>,
}

/// The commands that make private trees ready, each as it is run there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setups {
    /// Where the agent works.
    pub(crate) workspace: Vec<Ready>,
    /// Where its change is judged.
    pub(crate) judge: Vec<Ready>,
}

/// What decides about the work.
#[derive(Clone, Debug)]
pub enum Judge {
    /// These steps, in order.
    Steps(Vec<Ready>),
    /// Nothing: verification is switched off, and the verdict is SKIPPED.
    Nobody,
}

/// Why a task cannot be run as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason as a code.
    pub code: ReasonCode,
    /// The same in one line.
    pub reason: String,
}

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An attempt at a task.
    Attempt,
    /// A verification of the tree, which decides about finished work that was set back.
    SetBack,
    /// A verification of the tree that attempts are to begin with.
    Untouched,
    /// A landing of a change that passed; what it became on a target that moved is judged again.
    Landing,
}

impl Purpose {
    /// Whether a task is worked on.
    pub(crate) fn is_attempt(self) -> bool {
        match self {
            Self::Attempt | Self::Landing => true,
            Self::SetBack | Self::Untouched => false,
        }
    }
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Job {
    /// What it is for.
    pub purpose: Purpose,
    /// The task's place in the store when it was claimed; it may move.
    pub place: Place,
    /// The task's id.
    pub id: String,
    /// Its type, as the task has it.
    pub kind: String,
    /// Its title, for people.
    pub title: String,
    /// Which attempt it is, also of its budget; `None` where no task is worked on.
    pub turn: Option<Turn>,
    /// What people want to be run before and after.
    pub(crate) hooks: Hooks,
    /// Its name on paths and in the environment.
    pub key: TaskKey,
    /// The claim tag of its processes.
    pub tag: ClaimTag,
    /// The fencing token.
    pub token: ClaimToken,
    /// The state folder of its queue.
    pub state: StateDir,
    /// The attempt folder.
    pub folder: AttemptFolder,
    /// The project root.
    pub root: PathBuf,
    /// The private trees, where the agent does not work in the project itself.
    pub(crate) apart: Option<Apart>,
    /// Whose attempts are kept, where they are.
    pub(crate) name: Option<TaskName>,
    /// What makes the trees ready.
    pub(crate) setup: Setups,
    /// The change that is to land.
    pub(crate) to_land: Option<ToLand>,
    /// The real paths of all loaded queues, and of the board.
    pub queues: Arc<[PathBuf]>,
    /// Git, if it can tell what changed.
    pub git: Option<Git>,
    /// The task as JSON.
    pub task_json: String,
    /// The prompt, of which only is missing what the working directory will hold, or why it could
    /// not be made; none where no agent works.
    pub(crate) prompt: Result<Option<PromptDraft>, String>,
    /// Why nothing of it can be run: the task is to blame, and others are not held up by it.
    pub refusal: Option<Refusal>,
    /// The agent; `None` for a gate.
    pub agent: Option<AgentCommand>,
    /// The verification.
    pub judge: Judge,
    /// Whether work that passed waits for a person's yes.
    pub review: bool,
    /// What is known about errors.
    pub(crate) known_errors: Vec<KnownErrorRule>,
    /// What the agent must not change.
    pub(crate) watch: Watch,
    /// What is looked for in its change.
    pub(crate) guarding: Guarding,
    /// What the task declares as its own: `file`, `files`, `scope`.
    pub declares: Vec<String>,
    /// Files that the task names, for what changed without git.
    pub named_files: Vec<String>,
    /// Hides secrets of the environment in what the agent says.
    pub mask: Mask,
    /// `completion_promise`, and whether it is required.
    pub promise: Option<(String, bool)>,
    /// The profiles that verify the work.
    pub(crate) profiles: Vec<ProfileKey>,
    /// What of them failed before the task began.
    pub(crate) reds: Vec<Red>,
    /// The services that steps need.
    pub(crate) services: Vec<ServiceReady>,
    /// What the steps are called that report items, where there are such: of which steps and tools items
    /// are.
    pub(crate) items: Option<String>,
    /// The work that a verification without an agent is about.
    pub(crate) begun: Option<Begun>,
    /// Whether tests may go: `may_remove_tests` of the task.
    pub(crate) may_remove_tests: bool,
    /// Whether tests may be replaced by others: `may_change_tests` of the task.
    pub(crate) may_change_tests: bool,
    /// The profile for which the untouched tree is judged.
    pub(crate) tree: Option<ProfileKey>,
}

impl Job {
    /// Its own calls of git end when nothing more is to begin.
    pub(super) fn ends_with(&mut self, steering: &Steering) {
        if let Some(apart) = &mut self.apart {
            apart.repository = apart.repository.ended_by(Arc::clone(&steering.cancelled));
        }
    }

    /// Whether its agent has a tree of its own.
    pub(crate) fn is_private(&self) -> bool {
        self.name.is_some()
    }
}

/// The claim tag of the processes of `task`, which is claimed, of the queue at the real path `queue`.
pub(crate) fn tag_of(queue: &Path, task: &Task) -> ClaimTag {
    let random = task.claim().map_or("", |claim| &claim.tag);
    TaskKey::new(queue, task.id.as_str()).tag(place_of(queue), random)
}
