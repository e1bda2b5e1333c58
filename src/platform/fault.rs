//! Faults that can be switched on, to show that every proof detects what it is for.
//!
//! They exist only with the feature `seeded-faults`, which a release build refuses. Without it,
//! every check here is `false` at compile time and costs nothing. With it, the variable
//! `WORKLOOP_FAULT` contains the names of the active faults, separated by commas.
//! `proofs/README.md` lists which proof detects which fault.

#[cfg(all(feature = "seeded-faults", not(debug_assertions)))]
compile_error!("the feature seeded-faults breaks every promise on purpose: never in a release");

/// A guarantee that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Updates of a queue do not exclude each other.
    NoLock,
    /// The file is truncated and rewritten instead of being replaced.
    WriteInPlace,
    /// New content is renamed into place before it is synced.
    NoFileSync,
    /// A rename is acknowledged before it is synced.
    NoDirSync,
    /// A change made between reading and writing is overwritten.
    NoSecondLook,
    /// Temp files of dead writers stay.
    NoSweep,
    /// A result is written even if another worker has the task.
    TokenIgnored,
    /// A claim is taken over without a scan of the processes.
    NoProcessScan,
    /// A process with an unreadable environment is treated as one of another program.
    HiddenIgnored,
    /// A claim is taken over although processes of it do not end.
    StubbornIgnored,
    /// A claim with a free lock is taken over although its loop and its supervisor are alive.
    LivingEnded,
    /// A claim of another boot is taken over without a scan of the processes.
    BootBelieved,
    /// The path of the folder does not identify the processes of a task.
    PathIgnored,
    /// The inode of the folder does not identify the processes of a task.
    InodeIgnored,
    /// The tag in the claim does not identify the processes of a task.
    ClaimTagIgnored,
    /// A process that cannot be inspected for lack of resources is treated as one without a claim.
    ShortageIgnored,
    /// Start times decide who is alive, and time namespaces are not distinguished.
    StartsBelieved,
    /// The supervisor does not hold the lock of the claim.
    ClaimUnlocked,
    /// A task is complete when its agent ends, regardless of verification.
    NoVerification,
    /// What judges is checked only once, when the agent ended.
    GuardOnce,
    /// Only the first word of a step is checked.
    GuardFirstWord,
    /// Processes that an agent leaves behind are not ended.
    LeftoversStay,
    /// Files that commands create are private, regardless of the caller's umask.
    ForcedUmask,
    /// An attempt continues when its loop is dead.
    OutlivesLoop,
    /// The journal is not written.
    NoJournal,
    /// The journal is written after the text of the queue is in place.
    JournalLate,
    /// A write of new content that fails counts as done.
    WriteErrorsIgnored,
    /// A sync that fails counts as done.
    SyncErrorsIgnored,
    /// The result of an attempt is forgotten if it cannot be written at once.
    ResultsDropped,
    /// Every finding of `check` is kept in memory, not only those that are listed.
    FindingsUnbounded,
    /// All entries of a hash table fall into one bucket.
    OneBucket,
    /// The backup outside of the project is not read.
    BackupIgnored,
    /// Finished work that was set back is done again.
    NoRestore,
    /// A verification step that another process killed counts as failed.
    SignalBelieved,
    /// Finished work that was set back is complete again without a check of the work.
    SetBackBelieved,
    /// A queue that cannot be read ends its loops.
    BrokenEnds,
    /// Edits of the file are taken although attempts ran at the same time.
    EditsTaken,
    /// Attempts are forgotten if the file records fewer of them.
    BudgetForgotten,
    /// A claim that is a second old is taken over, even if its worker is alive.
    TakeOverByTime,
    /// What passed lands or counts although a person must approve it first.
    ReviewForgotten,
    /// Attempts without progress are repeated until the budget is used up.
    NoProgressIgnored,
    /// A message about a limit counts wherever an agent finds it.
    TaskTextMatched,
    /// Limits of money, tokens and time have no effect.
    SpendingUnlimited,
    /// What attempts may use is reserved only after they are claimed.
    SpendingUnreserved,
    /// An agent that reports a limit is started again at once.
    LimitIgnored,
    /// An agent that fails within seconds is started again at once.
    NoBackOff,
    /// The tree is judged while attempts run, and attempts start during that.
    JudgedBeside,
    /// Results of verified trees are not remembered.
    TreesForgotten,
    /// A run continues although a blocked task left the tree failing.
    LeftRedIgnored,
    /// A question of an agent counts as a failure and uses budget.
    QuestionCounts,
    /// A change that waits to land is made again when its loop died.
    ChangeForgotten,
    /// A task is complete when its change passed, even if it did not land.
    CompleteUnlanded,
    /// A change of a claim that is no longer in the queue is landed as if its loop had died.
    StaleAdopted,
    /// The claim of a result that is not written yet counts as the claim of a dead worker.
    ResultsForgotten,
    /// Terminal control sequences are printed unchanged.
    NoEscape,
    /// Notifications that a killed loop did not deliver are lost.
    CursorForgotten,
    /// Values of secret variables are written and shown.
    NoMask,
    /// A file that changed while several attempts ran counts as the work of each.
    OverlapIgnored,
    /// Commands in a private tree keep the variables that point git elsewhere.
    GitDirKept,
    /// A further attempt starts from the tree of the last one, even if changes landed since.
    StaleRetry,
    /// Commands get variables that look like secrets.
    SecretsPassed,
    /// Git is called without protection: by the loop, with its environment.
    SoftGit,
    /// Files that other users can write are trusted.
    NoRefusals,
    /// An attempt may do with the queues of its own project what a person may do.
    InsideAllowed,
    /// A loop reports too early that it has stopped, and then still writes results.
    PauseBlind,
    /// A file is opened whatever its type is, and the open may block.
    BlockingOpen,
    /// Trees that loops use are removed when a person prunes.
    PruneBlind,
    /// A loop that must only land waiting changes also starts attempts.
    LandNowClaims,
    /// The target is moved regardless of where it is.
    TargetOverwritten,
    /// A change rebased on a new target lands without a verdict on the result.
    UnjudgedLands,
    /// The target moves before the work trees that have it checked out.
    RefFirst,
    /// A change lands even if its objects are damaged.
    ObjectsBelieved,
    /// An index of this program is trusted, whoever wrote it.
    IndexBelieved,
    /// A file that a step must write is accepted, however old it is.
    StaleBelieved,
    /// Tests that do not run any more are not reported.
    LostIgnored,
    /// A step that cannot run uses budget of its task.
    LackingBlamed,
    /// A gate is compared with the current tree, not with the tree that its work began with.
    GateForgives,
    /// Every task may change the files that steps of other profiles name.
    OthersUnguarded,
    /// A check script that an attempt rewrote judges the next task.
    TamperedBelieved,
    /// What judged an attempt, and what it left of that, is known only to its own run.
    JudgesForgotten,
    /// A step sees what this attempt changed, but not what earlier attempts left.
    InputsOfAttempt,
    /// A task passes although it changed nothing that it declares.
    NothingRequired,
    /// A change that touches what judges it is judged only in its changed form.
    JudgedOnce,
    /// The folder of a hidden step stays in the judge tree.
    HiddenStays,
    /// The output of a hidden step is shown like that of any other step.
    HiddenTold,
    /// The lines and files of a change are not checked by guardrails.
    GuardrailsDown,
    /// The state of a task that stores it in a flag (`passes`, `done`, `completed`) is not read.
    FlagUnread,
    /// The new state of such a task is written to another key.
    FlagUnwritten,
    /// Hooks do not run, regardless of what they would report.
    HooksIgnored,
    /// A gate creates a task each time that it fails.
    RedTaskAgain,
    /// The lines of a write that never took place count as judged and recorded.
    VoidBelieved,
    /// Not a fault but a condition: the clock of this process is an hour ahead.
    ClockAhead,
    /// Not a fault but a condition: attempts run in the loop's own thread and no directory is
    /// watched. A tracer that follows one thread then sees every call, and the same calls in each
    /// run.
    OneThread,
}

impl Fault {
    /// The name of the fault in `WORKLOOP_FAULT`.
    #[cfg(feature = "seeded-faults")]
    const fn name(self) -> &'static str {
        match self {
            Self::NoLock => "no-lock",
            Self::WriteInPlace => "write-in-place",
            Self::NoFileSync => "no-file-sync",
            Self::NoDirSync => "no-dir-sync",
            Self::NoSecondLook => "no-second-look",
            Self::NoSweep => "no-sweep",
            Self::TokenIgnored => "token-ignored",
            Self::NoProcessScan => "no-process-scan",
            Self::HiddenIgnored => "hidden-ignored",
            Self::StubbornIgnored => "stubborn-ignored",
            Self::LivingEnded => "living-ended",
            Self::BootBelieved => "boot-believed",
            Self::PathIgnored => "path-ignored",
            Self::InodeIgnored => "inode-ignored",
            Self::ClaimTagIgnored => "claim-tag-ignored",
            Self::ShortageIgnored => "shortage-ignored",
            Self::StartsBelieved => "starts-believed",
            Self::ClaimUnlocked => "claim-unlocked",
            Self::NoVerification => "no-verification",
            Self::GuardOnce => "guard-once",
            Self::GuardFirstWord => "guard-first-word",
            Self::LeftoversStay => "leftovers-stay",
            Self::ForcedUmask => "forced-umask",
            Self::OutlivesLoop => "outlives-loop",
            Self::NoJournal => "no-journal",
            Self::JournalLate => "journal-late",
            Self::WriteErrorsIgnored => "write-errors-ignored",
            Self::SyncErrorsIgnored => "sync-errors-ignored",
            Self::ResultsDropped => "results-dropped",
            Self::FindingsUnbounded => "findings-unbounded",
            Self::OneBucket => "one-bucket",
            Self::BackupIgnored => "backup-ignored",
            Self::NoRestore => "no-restore",
            Self::SignalBelieved => "signal-believed",
            Self::SetBackBelieved => "set-back-believed",
            Self::BrokenEnds => "broken-ends",
            Self::EditsTaken => "edits-taken",
            Self::BudgetForgotten => "budget-forgotten",
            Self::TakeOverByTime => "take-over-by-time",
            Self::ReviewForgotten => "review-forgotten",
            Self::NoProgressIgnored => "no-progress-ignored",
            Self::TaskTextMatched => "task-text-matched",
            Self::SpendingUnlimited => "spending-unlimited",
            Self::SpendingUnreserved => "spending-unreserved",
            Self::LimitIgnored => "limit-ignored",
            Self::NoBackOff => "no-back-off",
            Self::JudgedBeside => "judged-beside",
            Self::TreesForgotten => "trees-forgotten",
            Self::LeftRedIgnored => "left-red-ignored",
            Self::QuestionCounts => "question-counts",
            Self::ChangeForgotten => "change-forgotten",
            Self::CompleteUnlanded => "complete-unlanded",
            Self::StaleAdopted => "stale-adopted",
            Self::ResultsForgotten => "results-forgotten",
            Self::NoEscape => "no-escape",
            Self::CursorForgotten => "cursor-forgotten",
            Self::NoMask => "no-mask",
            Self::OverlapIgnored => "overlap-ignored",
            Self::GitDirKept => "git-dir-kept",
            Self::StaleRetry => "stale-retry",
            Self::SecretsPassed => "secrets-passed",
            Self::SoftGit => "soft-git",
            Self::NoRefusals => "no-refusals",
            Self::InsideAllowed => "inside-allowed",
            Self::PauseBlind => "pause-blind",
            Self::BlockingOpen => "blocking-open",
            Self::PruneBlind => "prune-blind",
            Self::LandNowClaims => "land-now-claims",
            Self::TargetOverwritten => "target-overwritten",
            Self::UnjudgedLands => "unjudged-lands",
            Self::RefFirst => "ref-first",
            Self::ObjectsBelieved => "objects-believed",
            Self::IndexBelieved => "index-believed",
            Self::StaleBelieved => "stale-believed",
            Self::LostIgnored => "lost-ignored",
            Self::LackingBlamed => "lacking-blamed",
            Self::GateForgives => "gate-forgives",
            Self::OthersUnguarded => "others-unguarded",
            Self::TamperedBelieved => "tampered-believed",
            Self::JudgesForgotten => "judges-forgotten",
            Self::InputsOfAttempt => "inputs-of-attempt",
            Self::NothingRequired => "nothing-required",
            Self::JudgedOnce => "judged-once",
            Self::HiddenStays => "hidden-stays",
            Self::HiddenTold => "hidden-told",
            Self::GuardrailsDown => "guardrails-down",
            Self::FlagUnread => "flag-unread",
            Self::FlagUnwritten => "flag-unwritten",
            Self::HooksIgnored => "hooks-ignored",
            Self::RedTaskAgain => "red-task-again",
            Self::VoidBelieved => "void-believed",
            Self::ClockAhead => "clock-ahead",
            Self::OneThread => "one-thread",
        }
    }
}

/// Returns whether `fault` is on.
#[cfg(feature = "seeded-faults")]
pub(crate) fn is(fault: Fault) -> bool {
    let on = std::env::var("WORKLOOP_FAULT");
    on.is_ok_and(|names| names.split(',').any(|name| name == fault.name()))
}

#[cfg(all(test, not(feature = "seeded-faults")))]
thread_local! {
    /// The faults that are on in this thread, one bit each.
    static SWITCHED: std::cell::Cell<u128> = const { std::cell::Cell::new(0) };
}

/// Switches exactly these faults on for this thread. For unit tests, whose other threads must not
/// be affected.
#[cfg(all(test, not(feature = "seeded-faults")))]
pub(crate) fn switch(on: &[Fault]) {
    SWITCHED.set(on.iter().fold(0, |bits, fault| bits | 1 << *fault as u32));
}

/// Returns whether `fault` is on in this thread.
#[cfg(all(test, not(feature = "seeded-faults")))]
pub(crate) fn is(fault: Fault) -> bool {
    SWITCHED.get() >> fault as u32 & 1 == 1
}

/// Returns whether `fault` is on: always `false` in this build.
#[cfg(not(any(test, feature = "seeded-faults")))]
pub(crate) const fn is(_: Fault) -> bool {
    false
}

/// Returns the program that supervisors are started as: `exe`, or the program in
/// `WORKLOOP_SUPERVISOR`, with which a proof traces them.
#[cfg(feature = "seeded-faults")]
pub(crate) fn supervisor(exe: std::path::PathBuf) -> std::path::PathBuf {
    std::env::var_os("WORKLOOP_SUPERVISOR").map_or(exe, Into::into)
}

/// Returns the program that supervisors are started as: always `exe` in this build.
#[cfg(not(feature = "seeded-faults"))]
pub(crate) fn supervisor(exe: std::path::PathBuf) -> std::path::PathBuf {
    exe
}
