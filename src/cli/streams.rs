//! Where output goes: handles that are passed in, with colour decided once.
//!
//! A closed pipe is not an error: what is written after it was closed is dropped.

use super::args::ColorWhen;
use anstyle::Style;
use std::io::{self, IsTerminal, Write};

/// Standard output and standard error.
pub struct Streams {
    /// Results.
    pub out: Sink,
    /// Progress and diagnostics.
    pub err: Sink,
}

impl Streams {
    /// The process's own.
    pub fn standard() -> Self {
        Self {
            out: Sink::new(Box::new(io::stdout()), io::stdout().is_terminal()),
            err: Sink::new(Box::new(io::stderr()), io::stderr().is_terminal()),
        }
    }

    /// Decides on colour for both.
    pub fn choose_color(&mut self, when: ColorWhen, no_color: bool) {
        for sink in [&mut self.out, &mut self.err] {
            sink.color = match when {
                ColorWhen::Always => true,
                ColorWhen::Never => false,
                ColorWhen::Auto => sink.terminal && !no_color,
            };
        }
    }
}

/// One handle.
pub struct Sink {
    inner: Box<dyn Write + Send>,
    terminal: bool,
    color: bool,
    closed: bool,
}

impl Sink {
    /// Writes to `inner`, without colour until [`Streams::choose_color`] says otherwise.
    pub fn new(inner: Box<dyn Write + Send>, terminal: bool) -> Self {
        Self { inner, terminal, color: false, closed: false }
    }

    /// Whether a person looks at it.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether to colour.
    pub fn color(&self) -> bool {
        self.color
    }

    /// Whether the reader has gone; a verb that follows something may leave then.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// `style` where colour is wanted, else the plain style.
    pub fn style(&self, style: Style) -> Style {
        if self.color { style } else { Style::new() }
    }

    /// Whether an error says that nobody reads any more: a closed pipe, or a lost terminal.
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
        if self.closed {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.unless_closed(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.unless_closed(result, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_lost_terminal_is_not_an_error_and_a_broken_disk_is() {
        let lost = || io::Error::from_raw_os_error(libc::EIO);
        let mut sink = Sink::new(Box::new(Gone(lost)), true);
        writeln!(sink, "hello").expect("dropped");
        assert!(sink.is_closed());
        assert!(writeln!(Sink::new(Box::new(Gone(lost)), false), "hello").is_err());
    }
}
