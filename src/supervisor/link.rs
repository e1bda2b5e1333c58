//! The events of the supervisor in one wait: requests of the loop, signals, ended children, output.

use super::capture::Stream;
use super::protocol::{CommandSpec, Reply, Request, line};
use crate::platform::events::Wakes;
use crate::platform::fault::{self, Fault};
use crate::platform::handover;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

/// How urgently everything is to end; never downgraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// TERM, grace, KILL.
    Term,
    /// KILL.
    Kill,
}

/// The current requests of the loop.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// A claim to hold instead of the previous one: its locked file, and its tags.
    pub(super) hold: Option<(File, String)>,
    /// Commands that wait for their turn; the loop sends one at a time.
    pub(super) commands: VecDeque<CommandSpec>,
    /// Everything must end, and nothing more may start.
    pub(super) end: Option<End>,
    /// What runs must stop.
    pub(super) paused: bool,
    /// The number of that request, until it is answered.
    pub(super) unanswered: Option<u64>,
    /// The loop is gone, or this process was asked to end: exit when nothing runs any more.
    pub(super) leave: bool,
}

/// The connection to the loop and to the events of the system.
#[derive(Debug)]
pub(super) struct Link {
    control: Option<UnixStream>,
    received: Vec<u8>,
    files: VecDeque<OwnedFd>,
    wakes: Wakes,
    /// The current requests of the loop.
    pub(super) orders: Orders,
}

impl Link {
    pub(super) fn new(control: UnixStream) -> io::Result<Self> {
        let (received, files, orders) = (Vec::new(), VecDeque::new(), Orders::default());
        Ok(Self { control: Some(control), received, files, wakes: Wakes::new()?, orders })
    }

    /// Sends a reply to the loop. If the loop is gone, that is noticed when the socket is read.
    pub(super) fn tell(&mut self, reply: &Reply) {
        let written = self.control.as_mut().map(|control| control.write_all(&line(reply)));
        if matches!(written, Some(Err(_))) {
            self.lose();
        }
    }

    /// Waits until something happens or `deadline` has passed, and reads requests and output.
    /// Returns whether there was output.
    pub(super) fn wait(
        &mut self,
        streams: &mut [Stream],
        deadline: Option<Instant>,
    ) -> io::Result<bool> {
        let control = self.control.as_ref().map(AsFd::as_fd);
        let has_control = control.is_some();
        let descriptors: Vec<_> =
            control.into_iter().chain(streams.iter().filter_map(Stream::descriptor)).collect();
        let ready = self.wakes.wait(&descriptors, deadline)?;
        drop(descriptors);
        let mut readable = ready.readable.into_iter();
        let from_control = has_control && readable.next() == Some(true);
        let mut printed = 0;
        for stream in streams.iter_mut().filter(|stream| stream.descriptor().is_some()) {
            if readable.next() == Some(true) {
                printed += stream.drain();
            }
        }
        if from_control {
            self.receive();
        }
        if ready.end {
            self.orders.end = self.orders.end.max(Some(End::Term));
            self.orders.leave = true;
        }
        Ok(printed > 0)
    }

    fn lose(&mut self) {
        self.control = None;
        if !fault::is(Fault::OutlivesLoop) {
            self.orders.end = self.orders.end.max(Some(End::Term));
        }
        self.orders.leave = true;
    }

    fn receive(&mut self) {
        const BLOCK: usize = 64 * 1024;
        let Some(control) = &self.control else { return };
        let before = self.received.len();
        self.received.resize(before + BLOCK, 0);
        let result = handover::receive(control, &mut self.received[before..], &mut self.files);
        self.received.truncate(before + result.as_ref().map_or(0, |length| *length));
        match result {
            Ok(0) => self.lose(),
            Ok(_) => self.take_lines(before),
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(_) => self.lose(),
        }
    }

    /// Executes each complete line; the first `before` bytes contain no line end.
    fn take_lines(&mut self, before: usize) {
        let Some(last) = self.received[before..].iter().rposition(|byte| *byte == b'\n') else {
            return;
        };
        let rest = self.received.split_off(before + last + 1);
        let whole = std::mem::replace(&mut self.received, rest);
        for text in whole.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
            match serde_json::from_slice(text) {
                Ok(request) => self.obey(request),
                // Only another version of this program could send this: end rather than guess.
                Err(_) => self.lose(),
            }
        }
    }

    fn obey(&mut self, request: Request) {
        let orders = &mut self.orders;
        match request {
            Request::Hold { tags } => match self.files.pop_front() {
                Some(file) => {
                    orders.hold = Some((file.into(), tags));
                    // A pause that was requested under the previous claim does not apply to this
                    // one.
                    (orders.paused, orders.unanswered) = (false, None);
                }
                None => self.lose(),
            },
            Request::Run { command } => orders.commands.push_back(*command),
            Request::Term => orders.end = orders.end.max(Some(End::Term)),
            Request::Kill => orders.end = Some(End::Kill),
            Request::Pause { number } => {
                (orders.paused, orders.unanswered) = (true, Some(number));
            }
            Request::Resume => (orders.paused, orders.unanswered) = (false, None),
        }
    }
}

#[cfg(test)]
mod tests;
