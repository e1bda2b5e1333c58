//! The hidden verb: hold the claim, run commands, leave nothing behind.

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

/// How long one attempt to end everything takes at most, when we have to give up.
const ROUND: Duration = Duration::from_secs(60);

/// Runs the supervisor: standard input is the control socket, over which the locked claim files
/// come. Returns when the loop is gone or has let go, and nothing runs any more.
pub fn serve() -> ExitCode {
    let Ok((mut link, mut claim)) = begin() else { return ExitCode::FAILURE };
    if attend(&mut link, &mut claim).is_ok() {
        return ExitCode::SUCCESS;
    }
    // The system refused something that we cannot do without. The claim is still held here, and
    // is let go only when nothing runs for it any more.
    let wanted = Wanted { below: Some(std::process::id()), ..Wanted::default() };
    while end_tree(&wanted, Duration::ZERO, ROUND).is_ok_and(|end| !end.left.is_empty()) {}
    ExitCode::FAILURE
}

/// Takes over the descriptor, so that nothing we start inherits it, and reports.
fn begin() -> io::Result<(Link, Claim)> {
    // The copy is close-on-exec.
    let control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    control.peer_addr()?; // not a socket: somebody typed the hidden verb
    let null = open::null()?;
    rustix::stdio::dup2_stdin(&null)?;
    leave_session()?;
    become_subreaper()?;
    // The umask stays that of whoever started the loop: commands inherit it, and what they make in the
    // project is for others as well. Files of ours name their own mode wherever they are made.
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
