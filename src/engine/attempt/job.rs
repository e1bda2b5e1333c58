//! One attempt as data: everything that a slot needs to run it, assembled while nothing is locked.

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
use crate::domain::{ClaimToken, QueueIx, ReasonCode, Task, TaskId, Turn};
use crate::platform::claim_tag::ClaimTag;
use crate::store::attempts::AttemptFolder;
use crate::store::{StateDir, TaskKey, TaskRef, place_of};
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
    /// The service as configured.
    pub(crate) service: Arc<Service>,
    /// The command to run.
    pub(crate) command: Ready,
    /// The command that checks whether the service is ready, if there is one.
    pub(crate) health: Option<Ready>,
}

/// The command of an agent, and the meaning of its exit status.
#[derive(Clone, Debug)]
pub(crate) struct AgentCommand {
    /// The name of the agent.
    pub profile: String,
    /// The tool that it is.
    pub tool: Tool,
    /// The key that it shares with all agents that are paused together.
    pub(crate) pauses: AgentKey,
    /// The command.
    pub command: Ready,
    /// The exit statuses after which verification runs.
    pub ok_exit_codes: BTreeSet<i32>,
}

/// The commands that prepare private trees, each ready to run there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setups {
    /// The commands for the workspace.
    pub(crate) workspace: Vec<Ready>,
    /// The commands for the judge tree.
    pub(crate) judge: Vec<Ready>,
}

/// What decides about the work.
#[derive(Clone, Debug)]
pub(crate) enum Judge {
    /// These steps, in order.
    Steps(Vec<Ready>),
    /// Nothing: verification is switched off, and the verdict is SKIPPED.
    Nobody,
}

/// Why a task cannot be run as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The reason as a code.
    pub code: ReasonCode,
    /// The reason in one line.
    pub reason: String,
}

/// The purpose of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An attempt at a task.
    Attempt,
    /// A verification of the tree, which decides about finished work that was set back.
    SetBack,
    /// A verification of the tree that attempts are to start from.
    Untouched,
    /// A landing of a change that passed. If the target moved, the merged change is judged again.
    Landing,
}

impl Purpose {
    /// Returns whether the job is about a task.
    pub(crate) fn is_attempt(self) -> bool {
        match self {
            Self::Attempt | Self::Landing => true,
            Self::SetBack | Self::Untouched => false,
        }
    }
}

/// One attempt, or one verification of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The purpose of the job.
    pub purpose: Purpose,
    /// The queue of the task. The position of the task in the queue may change while the job runs,
    /// so the task is found by its id.
    pub queue: QueueIx,
    /// The id of the task.
    pub id: String,
    /// The type of the task, as written in the task.
    pub kind: String,
    /// The title of the task, for people.
    pub title: String,
    /// The number of the attempt, also within its budget; `None` if the job is not about a task.
    pub turn: Option<Turn>,
    /// The hooks that people configured for before and after.
    pub(crate) hooks: Hooks,
    /// The name of the task in paths and in the environment.
    pub key: TaskKey,
    /// The claim tag of its processes.
    pub tag: ClaimTag,
    /// The fencing token of the claim.
    pub token: ClaimToken,
    /// The state folder of its queue.
    pub state: StateDir,
    /// The attempt folder.
    pub folder: AttemptFolder,
    /// The project root.
    pub root: PathBuf,
    /// The private trees, if the agent does not work in the project itself.
    pub(crate) apart: Option<Apart>,
    /// The name under which attempts of the task are stored, if they are.
    pub(crate) name: Option<TaskName>,
    /// The commands that prepare the trees.
    pub(crate) setup: Setups,
    /// The change to land.
    pub(crate) to_land: Option<ToLand>,
    /// The real paths of all loaded queues, and of the board.
    pub queues: Arc<[PathBuf]>,
    /// Git, if it can report what changed.
    pub git: Option<Git>,
    /// The task as JSON.
    pub task_json: String,
    /// The prompt, which lacks only the contents of the working directory, or why it could not be
    /// created. `None` if no agent works.
    pub(crate) prompt: Result<Option<PromptDraft>, String>,
    /// Why nothing of it can be run. The task is to blame, and other tasks are not affected.
    pub refusal: Option<Refusal>,
    /// The agent; `None` for a gate.
    pub agent: Option<AgentCommand>,
    /// What decides about the work.
    pub judge: Judge,
    /// Whether work that passed waits for a person's approval.
    pub review: bool,
    /// The rules for known errors.
    pub(crate) known_errors: Vec<KnownErrorRule>,
    /// What the agent must not change.
    pub(crate) watch: Watch,
    /// The checks for its change.
    pub(crate) guarding: Guarding,
    /// What the task declares as its own: `file`, `files`, `scope`.
    pub declares: Vec<String>,
    /// The files that the task names, to detect changes without git.
    pub named_files: Vec<String>,
    /// Hides secrets of the environment in what the agent prints.
    pub mask: Mask,
    /// `completion_promise`, and whether it is required.
    pub promise: Option<(String, bool)>,
    /// The profiles that verify the work.
    pub(crate) profiles: Vec<ProfileKey>,
    /// The steps of those profiles that failed before the task began.
    pub(crate) reds: Vec<Red>,
    /// The services that steps need.
    pub(crate) services: Vec<ServiceReady>,
    /// The key of the steps that report items, and of their tools; `None` if no step reports items.
    pub(crate) items: Option<String>,
    /// The work that a verification without an agent is about.
    pub(crate) begun: Option<Begun>,
    /// Whether tests may be removed: `may_remove_tests` of the task.
    pub(crate) may_remove_tests: bool,
    /// Whether tests may be replaced: `may_change_tests` of the task.
    pub(crate) may_change_tests: bool,
    /// The profile for which the untouched tree is judged.
    pub(crate) tree: Option<ProfileKey>,
}

impl Job {
    /// Makes its own git calls end when the attempt is cancelled.
    pub(super) fn ends_with(&mut self, steering: &Steering) {
        if let Some(apart) = &mut self.apart {
            apart.repository = apart.repository.ended_by(Arc::clone(&steering.cancelled));
        }
    }

    /// Returns the task that it is about; `None` if it verifies the tree.
    pub(crate) fn task(&self) -> Option<TaskRef> {
        match self.purpose {
            Purpose::Attempt | Purpose::Landing => {
                Some(TaskRef { queue: self.queue, id: TaskId::new(&self.id)? })
            }
            Purpose::SetBack | Purpose::Untouched => None,
        }
    }

    /// Returns whether its agent has a private tree.
    pub(crate) fn is_private(&self) -> bool {
        self.name.is_some()
    }
}

/// Returns the claim tag of the processes of `task`, which is claimed, in the queue at the real
/// path `queue`.
pub(crate) fn tag_of(queue: &Path, task: &Task) -> ClaimTag {
    let random = task.claim().map_or("", |claim| &claim.tag);
    TaskKey::new(queue, task.id.as_str()).tag(place_of(queue), random)
}
