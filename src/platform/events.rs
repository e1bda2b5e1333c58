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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Other tests of this process start children and raise signals, so a wait may end early: only
    /// what is said about the descriptors is certain.
    #[test]
    fn each_descriptor_is_readable_when_something_came_or_its_other_end_is_closed() {
        let mut wakes = Wakes::new().unwrap();
        let ((quiet, _open), (loud, mut writer), (ended, closed)) =
            (UnixStream::pair().unwrap(), UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
        writer.write_all(b"x").unwrap();
        drop(closed);
        let fds = [quiet.as_fd(), loud.as_fd(), ended.as_fd()];
        let ready = wakes.wait(&fds, Some(Instant::now() + Duration::from_secs(20))).unwrap();
        assert_eq!(ready.readable, [false, true, true]);
        let past = Instant::now();
        assert_eq!(wakes.wait(&fds[..1], Some(past)).unwrap().readable, [false]);
        assert!(wakes.wait(&[], Some(past)).unwrap().readable.is_empty());
    }

    #[test]
    fn a_signal_that_is_noticed_wakes_no_second_wait() {
        let (mut stream, mut other) = UnixStream::pair().unwrap();
        stream.set_nonblocking(true).unwrap();
        for bytes in [0, 1, 255, 256, 257, 1_000] {
            other.write_all(&vec![0; bytes]).unwrap();
            empty(&mut stream);
            let mut rest = [0];
            assert!(
                stream.read(&mut rest).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock),
                "{bytes}"
            );
        }
    }
}
