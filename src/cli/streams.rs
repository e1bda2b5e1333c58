//! The output handles: passed in, with colour decided once.
//!
//! All output is escaped, so that a terminal never interprets control characters in it, even if a
//! verb forgot to escape them. There are two exceptions, each with its own method: clearing the
//! screen, and exact bytes for a script, which a terminal never gets.
//!
//! A closed pipe is not an error: later output is dropped.

use super::args::ColorWhen;
use crate::platform::escape::Screen;
use anstyle::Style;
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// Standard output and standard error.
pub struct Streams {
    /// Results.
    pub out: Sink,
    /// Progress and diagnostics.
    pub err: Sink,
}

impl Streams {
    /// Returns the handles of this process.
    pub fn standard() -> Self {
        Self {
            out: Sink::new(Box::new(io::stdout()), io::stdout().is_terminal()),
            err: Sink::stderr(),
        }
    }

    /// Decides on colour for both handles.
    pub fn choose_color(&mut self, when: ColorWhen, no_color: bool) {
        for sink in [&mut self.out, &mut self.err] {
            sink.screen.colors = match when {
                ColorWhen::Always => true,
                ColorWhen::Never => false,
                ColorWhen::Auto => sink.terminal && !no_color,
            };
        }
    }
}

/// One output handle.
pub struct Sink {
    inner: Box<dyn Write + Send>,
    terminal: bool,
    screen: Screen,
    closed: bool,
}

/// The escape sequence that clears a terminal.
const CLEAR: &[u8] = b"\x1b[H\x1b[J";

impl Sink {
    /// Creates a handle that writes to `inner`, without colour until [`Streams::choose_color`].
    pub fn new(inner: Box<dyn Write + Send>, terminal: bool) -> Self {
        Self { inner, terminal, screen: Screen::default(), closed: false }
    }

    /// Returns the standard error of this process, for code that has no access to the streams.
    pub fn stderr() -> Self {
        Self::new(Box::new(io::stderr()), io::stderr().is_terminal())
    }

    /// Returns whether this is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Returns whether output is coloured.
    pub fn color(&self) -> bool {
        self.screen.colors
    }

    /// Returns whether the reader is gone; a verb that follows something may then exit.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Returns `style` if output is coloured, else the plain style.
    pub fn style(&self, style: Style) -> Style {
        if self.color() { style } else { Style::new() }
    }

    /// Returns a handle for exact bytes, which a script gets unchanged and a terminal escaped.
    pub fn exact(&mut self) -> Exact<'_> {
        Exact(self)
    }

    /// Clears the screen if this is a terminal.
    ///
    /// # Errors
    /// Fails if the write fails.
    pub fn clear(&mut self) -> io::Result<()> {
        if self.terminal { self.put(CLEAR) } else { Ok(()) }
    }

    /// Writes buffered output, then `bytes` unchanged.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let held = self.screen.rest();
        for part in [held.as_slice(), bytes] {
            if !self.closed && !part.is_empty() {
                let result = self.inner.write_all(part);
                self.unless_closed(result, ())?;
            }
        }
        Ok(())
    }

    /// Returns whether an error means that the reader is gone: a closed pipe, or a lost terminal.
    fn is_gone(&self, error: &io::Error) -> bool {
        let lost = self.terminal && error.raw_os_error() == Some(libc::EIO);
        lost || error.kind() == io::ErrorKind::BrokenPipe
    }

    fn unless_closed<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if self.is_gone(&error) => {
                self.closed = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.closed {
            let result = self.inner.write_all(&self.screen.pass(bytes));
            self.unless_closed(result, ())?;
        }
        Ok(bytes.len())
    }

    /// Writes in one piece, so that lines of several processes do not mix.
    fn write_fmt(&mut self, words: fmt::Arguments<'_>) -> io::Result<()> {
        self.write_all(fmt::format(words).as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.put(&[])?;
        if self.closed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.unless_closed(result, ())
    }
}

/// A handle for exact bytes; see [`Sink::exact`].
pub struct Exact<'a>(&'a mut Sink);

impl Write for Exact<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.terminal {
            // Colours in exact bytes are not ours, so they are escaped too.
            let ours = std::mem::replace(&mut self.0.screen.colors, false);
            let written = self.0.write_all(bytes);
            self.0.screen.colors = ours;
            written?;
        } else {
            self.0.put(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
pub(in crate::cli) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    struct Gone(fn() -> io::Error);

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(self.0())
        }
    }

    #[test]
    fn a_closed_pipe_is_not_an_error() {
        let pipe = || io::ErrorKind::BrokenPipe.into();
        let mut sink = Sink::new(Box::new(Gone(pipe)), false);
        writeln!(sink, "hello").expect("dropped");
        sink.flush().expect("dropped");
        assert!(sink.is_closed());
    }

    /// A handle that keeps what is written.
    #[derive(Clone, Default)]
    pub(in crate::cli) struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("lock").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Kept {
        fn bytes(&self) -> Vec<u8> {
            self.0.lock().expect("lock").clone()
        }

        pub(in crate::cli) fn text(&self) -> String {
            String::from_utf8(self.bytes()).expect("text")
        }
    }

    /// Returns pipes, with colour or without, and what is written to standard output and error.
    pub(in crate::cli) fn pipes(color: ColorWhen) -> (Streams, [Kept; 2]) {
        let kept = [Kept::default(), Kept::default()];
        let [out, err] = kept.clone().map(|kept| Sink::new(Box::new(kept), false));
        let mut streams = Streams { out, err };
        streams.choose_color(color, false);
        (streams, kept)
    }

    /// Returns the output of a verb that does not escape, and of one that writes exact bytes.
    fn written(terminal: bool, when: ColorWhen) -> Vec<u8> {
        let kept = Kept::default();
        let out = Sink::new(Box::new(kept.clone()), terminal);
        let mut streams = Streams { out, err: Sink::new(Box::new(io::sink()), false) };
        streams.choose_color(when, false);
        let red = streams.out.style(Style::new().bold());
        writeln!(streams.out, "{red}a{red:#}\u{1b}]0;x\u{7}\u{9b}2J").expect("written");
        streams.out.exact().write_all(b"\x1b[31m\xff\x1b").expect("written");
        streams.out.flush().expect("written");
        kept.bytes()
    }

    #[test]
    fn nothing_that_was_forgotten_steers_a_terminal() {
        let shown = "␛]0;x␇\\u{9b}2J\n";
        let exact = b"\x1b[31m\xff\x1b".as_slice();
        let pipe = [b"a", shown.as_bytes(), exact].concat();
        assert_eq!(written(false, ColorWhen::Auto), pipe);
        let terminal = format!("\u{1b}[1ma\u{1b}[0m{shown}␛[31m\u{fffd}␛");
        assert_eq!(String::from_utf8(written(true, ColorWhen::Auto)).expect("text"), terminal);
        let plain = format!("a{shown}␛[31m\u{fffd}␛");
        assert_eq!(String::from_utf8(written(true, ColorWhen::Never)).expect("text"), plain);
    }

    #[test]
    fn a_lost_terminal_is_not_an_error_and_a_broken_disk_is() {
        let lost = || io::Error::from_raw_os_error(libc::EIO);
        let mut sink = Sink::new(Box::new(Gone(lost)), true);
        writeln!(sink, "hello").expect("dropped");
        assert!(sink.is_closed());
        assert!(writeln!(Sink::new(Box::new(Gone(lost)), false), "hello").is_err());
    }

    #[test]
    fn colour_is_for_terminals_unless_it_is_asked_for_or_unwanted() {
        for (when, no_color, terminal, colored) in [
            (ColorWhen::Auto, false, true, true),
            (ColorWhen::Auto, false, false, false),
            (ColorWhen::Auto, true, true, false),
            (ColorWhen::Always, true, false, true),
            (ColorWhen::Never, false, true, false),
        ] {
            let [out, err] = [(); 2].map(|()| Sink::new(Box::new(io::sink()), terminal));
            let mut streams = Streams { out, err };
            assert!(!streams.out.color(), "nothing is coloured before that is decided");
            streams.choose_color(when, no_color);
            let case = format!("{when:?} {no_color} {terminal}");
            assert_eq!((streams.out.color(), streams.err.color()), (colored, colored), "{case}");
            let bold = Style::new().bold();
            assert_eq!(streams.err.style(bold) == bold, colored, "{case}");
        }
    }

    #[test]
    fn only_a_terminal_is_cleared() {
        for (terminal, wanted) in [(false, "a\nb\n"), (true, "a\n\u{1b}[H\u{1b}[Jb\n")] {
            let kept = Kept::default();
            let mut sink = Sink::new(Box::new(kept.clone()), terminal);
            writeln!(sink, "a").expect("written");
            sink.clear().expect("written");
            writeln!(sink, "b").expect("written");
            sink.flush().expect("written");
            assert_eq!(kept.text(), wanted);
        }
    }

    #[test]
    fn output_in_the_middle_of_a_letter_or_a_sequence_is_completed_later() {
        let kept = Kept::default();
        let mut sink = Sink::new(Box::new(kept.clone()), false);
        let (first, rest) = "日\u{1b}[31m".as_bytes().split_at(2);
        sink.write_all(first).expect("written");
        assert_eq!(kept.text(), "");
        sink.write_all(&rest[..2]).expect("written");
        sink.write_all(&rest[2..]).expect("written");
        sink.flush().expect("written");
        assert_eq!(kept.text(), "日␛[31m");
        // What is never completed is shown as far as it goes.
        sink.write_all(first).expect("written");
        sink.flush().expect("written");
        assert_eq!(kept.text(), "日␛[31m\u{fffd}");
    }

    #[test]
    fn nothing_reaches_a_reader_that_is_gone() {
        let pipe = || io::ErrorKind::BrokenPipe.into();
        let mut sink = Sink::new(Box::new(Gone(pipe)), false);
        sink.exact().write_all(b"x").expect("dropped");
        assert!(sink.is_closed());
        sink.exact().flush().expect("dropped");
        sink.clear().expect("dropped");
        let full = || io::ErrorKind::StorageFull.into();
        let mut sink = Sink::new(Box::new(Gone(full)), true);
        let error = sink.clear().expect_err("a disk is full");
        assert_eq!((error.kind(), sink.is_closed()), (io::ErrorKind::StorageFull, false));
        assert!(sink.flush().is_err());
    }
}
