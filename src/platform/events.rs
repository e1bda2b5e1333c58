//! Waits for several things at once: descriptors, ended children, requests to end.
//!
//! For a process that does one thing in one thread, such as the supervisor; the loop itself uses
//! [`super::signal`].

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe::register;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Descriptors that become readable when a signal arrives.
#[derive(Debug)]
pub(crate) struct Wakes {
    children: UnixStream,
    ends: UnixStream,
}

/// What ended a wait.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    /// For each descriptor, whether it is readable (or at its end).
    pub readable: Vec<bool>,
    /// Whether INT, TERM or HUP arrived.
    pub end: bool,
}

impl Wakes {
    /// Starts to catch CHLD, INT, TERM and HUP; started programs get the default actions back.
    pub(crate) fn new() -> io::Result<Self> {
        let (children, child_end) = UnixStream::pair()?;
        let (ends, end_end) = UnixStream::pair()?;
        register(SIGCHLD, child_end)?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            register(signal, end_end.try_clone()?)?;
        }
        children.set_nonblocking(true)?;
        ends.set_nonblocking(true)?;
        Ok(Self { children, ends })
    }

    /// Waits until a descriptor is readable, a signal arrives or `deadline` has passed.
    pub(crate) fn wait(
        &mut self,
        descriptors: &[BorrowedFd<'_>],
        deadline: Option<Instant>,
    ) -> io::Result<Ready> {
        let own = [self.children.as_fd(), self.ends.as_fd()];
        let mut fds: Vec<PollFd<'_>> = own
            .iter()
            .chain(descriptors)
            .map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN))
            .collect();
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // A timeout too long for the kernel is the same as none.
        let timeout = left.and_then(|left: Duration| Timespec::try_from(left).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut came = fds.iter().map(|fd| !fd.revents().is_empty());
        let (child, end) = (came.next() == Some(true), came.next() == Some(true));
        let readable = came.collect();
        if child {
            empty(&mut self.children);
        }
        if end {
            empty(&mut self.ends);
        }
        Ok(Ready { readable, end })
    }
}

fn empty(stream: &mut UnixStream) {
    let mut buffer = [0_u8; 256];
    while matches!(stream.read(&mut buffer), Ok(length) if length == buffer.len()) {}
}
