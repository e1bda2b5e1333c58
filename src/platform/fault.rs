//! Faults that can be switched on, so that every proof is shown to notice what it is for.
//!
//! They exist only with the feature `seeded-faults`, which a release build refuses; without it
//! every question here is `false` at compile time and costs nothing. With it, the variable
//! `WORKLOOP_FAULT` names those that are on, with commas between them. `proofs/README.md` says which proof catches which.

#[cfg(all(feature = "seeded-faults", not(debug_assertions)))]
compile_error!("the feature seeded-faults breaks every promise on purpose: never in a release");

/// A promise that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Updates of a queue do not exclude each other.
    NoLock,
    /// The file is truncated and written again instead of being replaced.
    WriteInPlace,
    /// A new content is renamed into place before it is on the disk.
    NoFileSync,
    /// A rename is acknowledged before it is on the disk.
    NoDirSync,
    /// What changed between reading and writing is overwritten.
    NoSecondLook,
    /// Temp files of dead writers stay.
    NoSweep,
    /// A result is written back whoever has the task now.
    TokenIgnored,
    /// A claim is taken over without a look at the processes.
    NoProcessScan,
    /// A process that hides its environment is taken for somebody else's.
    HiddenIgnored,
    /// A claim is taken over beside processes of it that do not end.
    StubbornIgnored,
    /// A claim is taken over although its loop and its supervisor live, if its lock is free.
    LivingEnded,
    /// A claim of another boot is taken over without a look at the processes.
    BootBelieved,
    /// The path of the folder does not tell whose a process is.
    PathIgnored,
    /// The inode of the folder does not tell whose a process is.
    InodeIgnored,
    /// The tag in the claim does not tell whose a process is.
    ClaimTagIgnored,
    /// A process that cannot be looked at for want of means is nobody's.
    ShortageIgnored,
    /// Start times decide who lives, and time namespaces are not told apart.
    StartsBelieved,
    /// The supervisor does not hold the lock of the claim.
    ClaimUnlocked,
    /// A task is complete when its agent ends, whatever the verification would say.
    NoVerification,
    /// What judges is looked at once, when the agent ended.
    GuardOnce,
    /// Only the first word of a step is looked at.
    GuardFirstWord,
    /// What an agent leaves behind is not ended.
    LeftoversStay,
    /// What commands make is private, whatever the caller's umask says.
    ForcedUmask,
    /// An attempt continues when its loop is dead.
    OutlivesLoop,
    /// The journal is not written.
    NoJournal,
    /// The copy outside of the project is not looked at.
    BackupIgnored,
    /// Finished work that was set back is done again.
    NoRestore,
    /// A step of the verification that somebody else ended has failed.
    SignalBelieved,
    /// Finished work that was set back is complete again without a look at the work.
    SetBackBelieved,
    /// A queue that cannot be read ends its loops.
    BrokenEnds,
    /// Edits of the file are taken although attempts ran beside them.
    EditsTaken,
    /// A claim that is a second old is taken over, whoever lives.
    TakeOverByTime,
    /// What passed lands or counts although a person is to say yes first.
    ReviewForgotten,
    /// Attempts that come to the same again are repeated until the budget is used up.
    NoProgressIgnored,
    /// A text about a limit counts wherever an agent finds it.
    TaskTextMatched,
    /// Limits of money, tokens and time hold nothing.
    SpendingUnlimited,
    /// An agent that says that it may not work is started again at once.
    LimitIgnored,
    /// An agent that fails within seconds is started again at once.
    NoBackOff,
    /// The tree is judged beside attempts, and attempts begin beside that.
    JudgedBeside,
    /// What was found on a tree is not remembered.
    TreesForgotten,
    /// A run continues although a blocked task left the tree red.
    LeftRedIgnored,
    /// A question of an agent counts as a failure and costs budget.
    QuestionCounts,
    /// A change that waits to land is made again when its loop died.
    ChangeForgotten,
    /// A task is complete when its change passed, wherever that is.
    CompleteUnlanded,
    /// What steers a terminal is printed as it is.
    NoEscape,
    /// What a killed loop did not tell its channels is told by nobody.
    CursorForgotten,
    /// Values of secret variables are written and shown.
    NoMask,
    /// What changed while several attempts ran is the work of each.
    OverlapIgnored,
    /// Commands in a private tree keep the variables that lead git elsewhere.
    GitDirKept,
    /// A further attempt begins with the tree of the last one, whatever landed since.
    StaleRetry,
    /// Commands get variables that look like secrets.
    SecretsPassed,
    /// Git is called as anybody would call it: by the loop, with its environment.
    SoftGit,
    /// Files that somebody else can write are believed.
    NoRefusals,
    /// An attempt may do to the queues of its own project what a person may.
    InsideAllowed,
    /// A loop says that it has stopped before that is so, and writes results all the same.
    PauseBlind,
    /// A file is opened whatever it is, and waited for.
    BlockingOpen,
    /// Trees that loops have are removed when a person tidies up.
    PruneBlind,
    /// A loop that is only to land what waits begins attempts as well.
    LandNowClaims,
    /// The target is moved wherever it is.
    TargetOverwritten,
    /// What a change became on another target lands without a verdict.
    UnjudgedLands,
    /// The target moves before the work trees that have it checked out.
    RefFirst,
    /// A change lands whatever became of its objects.
    ObjectsBelieved,
    /// An index of ours is believed, whoever wrote it.
    IndexBelieved,
    /// A file that a step is to write is believed, however old it is.
    StaleBelieved,
    /// Tests that do not run any more are not missed.
    LostIgnored,
    /// A step looks at what this attempt changed, and not at what earlier ones left.
    InputsOfAttempt,
    /// A task passes that changed nothing of what it declares.
    NothingRequired,
    /// A change that touches what judges it is judged as it is, and no more.
    JudgedOnce,
    /// The folder of a hidden step stays in the judge tree.
    HiddenStays,
    /// What a hidden step printed is told as that of any other.
    HiddenTold,
    /// Nothing is looked for in the lines and files of a change.
    GuardrailsDown,
    /// A task whose state is a flag (`passes`, `done`, `completed`) has none.
    FlagUnread,
    /// What becomes of such a task is written elsewhere.
    FlagUnwritten,
    /// Hooks are not run, whatever they would say.
    HooksIgnored,
    /// A gate makes a task each time that it is red.
    RedTaskAgain,
    /// The lines of a write that never came to be count as judged and recorded.
    VoidBelieved,
    /// Not a fault but a condition: the clock of this process is an hour ahead.
    ClockAhead,
    /// Not a fault but a condition: attempts run in the loop's own thread and nothing is watched,
    /// so that a tracer that follows one thread sees every call, and the same ones in each run.
    OneThread,
}

impl Fault {
    /// Its name in `WORKLOOP_FAULT`.
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
            Self::BackupIgnored => "backup-ignored",
            Self::NoRestore => "no-restore",
            Self::SignalBelieved => "signal-believed",
            Self::SetBackBelieved => "set-back-believed",
            Self::BrokenEnds => "broken-ends",
            Self::EditsTaken => "edits-taken",
            Self::TakeOverByTime => "take-over-by-time",
            Self::ReviewForgotten => "review-forgotten",
            Self::NoProgressIgnored => "no-progress-ignored",
            Self::TaskTextMatched => "task-text-matched",
            Self::SpendingUnlimited => "spending-unlimited",
            Self::LimitIgnored => "limit-ignored",
            Self::NoBackOff => "no-back-off",
            Self::JudgedBeside => "judged-beside",
            Self::TreesForgotten => "trees-forgotten",
            Self::LeftRedIgnored => "left-red-ignored",
            Self::QuestionCounts => "question-counts",
            Self::ChangeForgotten => "change-forgotten",
            Self::CompleteUnlanded => "complete-unlanded",
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

/// Whether `fault` is on.
#[cfg(feature = "seeded-faults")]
pub fn is(fault: Fault) -> bool {
    let on = std::env::var("WORKLOOP_FAULT");
    on.is_ok_and(|names| names.split(',').any(|name| name == fault.name()))
}

#[cfg(all(test, not(feature = "seeded-faults")))]
thread_local! {
    /// Those that are on in this thread, a bit each.
    static SWITCHED: std::cell::Cell<u128> = const { std::cell::Cell::new(0) };
}

/// Switches these on for this thread alone, and all others off: for unit tests, whose other threads keep
/// their promises.
#[cfg(all(test, not(feature = "seeded-faults")))]
pub fn switch(on: &[Fault]) {
    SWITCHED.set(on.iter().fold(0, |bits, fault| bits | 1 << *fault as u32));
}

/// Whether `fault` is on in this thread.
#[cfg(all(test, not(feature = "seeded-faults")))]
pub fn is(fault: Fault) -> bool {
    SWITCHED.get() >> fault as u32 & 1 == 1
}

/// Whether `fault` is on: never, in this build.
#[cfg(not(any(test, feature = "seeded-faults")))]
pub const fn is(_: Fault) -> bool {
    false
}

/// The program that supervisors are started as: `exe`, or what `WORKLOOP_SUPERVISOR` names, which
/// a proof puts in between to trace them.
#[cfg(feature = "seeded-faults")]
pub fn supervisor(exe: std::path::PathBuf) -> std::path::PathBuf {
    std::env::var_os("WORKLOOP_SUPERVISOR").map_or(exe, Into::into)
}

/// The program that supervisors are started as: `exe`, in this build.
#[cfg(not(feature = "seeded-faults"))]
pub fn supervisor(exe: std::path::PathBuf) -> std::path::PathBuf {
    exe
}
