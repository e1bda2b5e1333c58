//! The terminals or pipes behind standard output and standard error: their properties, and the
//! characters that they act on.

use super::fault::{self, Fault};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::{stderr, stdout};
use rustix::termios::tcgetwinsize;

/// Returns the columns of the terminal; `None` if standard output is not a terminal.
pub(crate) fn width() -> Option<usize> {
    let columns = tcgetwinsize(stdout()).ok()?.ws_col;
    (columns > 0).then_some(usize::from(columns))
}

/// Returns the columns and the rows of the terminal behind standard error; `None` if it is not a
/// terminal.
pub(crate) fn size_of_stderr() -> Option<(usize, usize)> {
    let size = tcgetwinsize(stderr()).ok()?;
    (size.ws_col > 0).then_some((usize::from(size.ws_col), usize::from(size.ws_row)))
}

/// Returns whether a terminal would act on a character instead of showing it: control characters
/// (and with them OSC and all other sequences), those that change the writing direction or break
/// lines, and tags.
pub(crate) fn steers(letter: char) -> bool {
    let acts = letter.is_control()
        || matches!(letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}');
    acts && !fault::is(Fault::NoEscape)
}

/// Returns whether the reader of standard output is gone, which a write would only detect later.
pub(crate) fn reader_is_gone() -> bool {
    let out = stdout();
    let mut fds = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&at_once)).is_ok()
        && fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)
}
