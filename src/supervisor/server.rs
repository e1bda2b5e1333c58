//! The hidden verb: holds the claim, runs commands, leaves nothing behind.

use super::claim::Claim;
use super::link::{End, Link};
use super::protocol::{Ended, Reply};
use super::run::run;
use crate::domain::Outcome;
use crate::platform::fault::{self, Fault};
use crate::platform::open;
use crate::platform::process::{
    Children, become_subreaper, end_tree, leave_session, peek_children, reap,
};
use crate::platform::scan::{Wanted, process};
use rustix::fs::Mode;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

/// The maximum time of one attempt to end everything, before this process gives up.
const ROUND: Duration = Duration::from_secs(60);

/// Runs the supervisor. Standard input is the control socket, which also transfers the locked claim
/// files. Returns when the loop is gone or has released it, and nothing runs any more.
pub fn serve() -> ExitCode {
    let Ok((mut link, mut claim)) = begin() else { return ExitCode::FAILURE };
    if attend(&mut link, &mut claim).is_ok() {
        return ExitCode::SUCCESS;
    }
    // The system refused a resource that is indispensable. This process still holds the claim and
    // releases it only when nothing runs for it any more.
    let wanted = Wanted { below: Some(std::process::id()), ..Wanted::default() };
    while end_tree(&wanted, Duration::ZERO, ROUND).is_ok_and(|end| !end.left.is_empty()) {}
    ExitCode::FAILURE
}

/// Takes over the descriptor, so that no started process inherits it, and reports.
fn begin() -> io::Result<(Link, Claim)> {
    // The copy is close-on-exec.
    let control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    control.peer_addr()?; // fails if a person ran the hidden verb
    let null = open::null()?;
    rustix::stdio::dup2_stdin(&null)?;
    leave_session()?;
    become_subreaper()?;
    // Keep the umask of the loop's caller: commands inherit it, and the files that they create in
    // the project may be for others as well. This program sets the mode of its own files
    // explicitly.
    if fault::is(Fault::ForcedUmask) {
        rustix::process::umask(Mode::RWXG | Mode::RWXO);
    }
    let mut link = Link::new(control)?;
    let own = process(std::process::id()).ok_or(io::ErrorKind::NotFound)?;
    link.tell(&Reply::Ready { pid: own.pid, start: own.start });
    Ok((link, Claim::none(own)))
}

fn attend(link: &mut Link, claim: &mut Claim) -> io::Result<()> {
    loop {
        if let Some((file, tags)) = link.orders.hold.take() {
            claim.hold(file, tags)?;
            link.tell(&Reply::Holds);
        }
        let held = link.orders.paused && link.orders.end.is_none();
        if !held && let Some(spec) = link.orders.commands.pop_front() {
            let ended = match link.orders.end {
                Some(End::Term | End::Kill) => Ended::never(Outcome::Interrupted, None),
                None => run(link, claim, &spec)?,
            };
            link.tell(&Reply::Ended { ended });
            continue;
        }
        if held && let Some(number) = link.orders.unanswered.take() {
            link.tell(&Reply::Paused { number });
        }
        if link.orders.leave {
            return Ok(());
        }
        link.wait(&mut [], None)?;
        while let Children::Ended(pid) = peek_children()? {
            let _ = reap(pid);
        }
    }
}
