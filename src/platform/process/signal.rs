//! Signals of the loop, passed to a closure in an ordinary thread.
//!
//! A broken pipe needs no handling here: the runtime ignores its signal, and writes fail instead. A
//! signal that was ignored when this process was started (`nohup`, a script's background job) stays
//! ignored.

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals as Iterator};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The number of the signal of Ctrl-C.
pub const INT: i32 = SIGINT;

/// What a signal requests of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// INT, TERM or HUP: end.
    End {
        /// The number of the signal; the exit status is 128 more.
        signal: i32,
    },
    /// TSTP (Ctrl-Z): pause; call [`stop_ourselves`] when everything has stopped.
    Pause,
    /// CONT: continue.
    Continue,
}

/// Lets a write past the file size limit (`ulimit -f`) fail with an error that can be reported; by
/// default its signal would kill the process without a message. Commands are not affected: a
/// handler does not survive the start of another program.
///
/// # Errors
/// When the system refuses; writes past the limit then end the process.
pub fn survive_file_limit() -> io::Result<()> {
    let noticed = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, noticed).map(drop)
}

/// Listens for signals until it is dropped.
#[derive(Debug)]
pub struct Listener {
    handle: Handle,
    count: Arc<AtomicU32>,
}

impl Listener {
    /// Starts to call `tell` for each request, from its own thread.
    pub fn start(mut tell: impl FnMut(Request) + Send + 'static) -> io::Result<Self> {
        let wanted = [SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT];
        let ignored = ignored_mask();
        let heard = wanted.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let mut signals = Iterator::new(heard)?;
        let handle = signals.handle();
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let listen = move || {
            for signal in signals.forever() {
                tell(match signal {
                    SIGTSTP => Request::Pause,
                    SIGCONT => Request::Continue,
                    signal => {
                        counted.fetch_add(1, Ordering::AcqRel);
                        Request::End { signal }
                    }
                });
            }
        };
        drop(std::thread::Builder::new().name("signals".to_owned()).spawn(listen)?);
        Ok(Self { handle, count })
    }

    /// Returns how often this process was asked to end.
    pub fn ends(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.handle.close();
    }
}

/// Stops this process as Ctrl-Z would have done; returns when it is continued.
pub fn stop_ourselves() -> io::Result<()> {
    signal_hook::low_level::emulate_default_handler(SIGTSTP)
}

/// Returns the currently ignored signals, one bit each from the lowest; 0 if they are unknown.
fn ignored_mask() -> u64 {
    let status = crate::platform::open::kernel_text("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn counts_the_requests_to_end() {
        let (sender, told) = channel();
        let listener = Listener::start(move |request| sender.send(request).unwrap()).unwrap();
        for expected in [1, 2] {
            signal_hook::low_level::raise(SIGTERM).unwrap();
            let request = told.recv_timeout(Duration::from_secs(10)).unwrap();
            assert_eq!(request, Request::End { signal: SIGTERM });
            assert_eq!(listener.ends(), expected);
        }
        assert_eq!(listener.ends(), 2);
    }
}
