//! What can be asked of the terminal or pipe at the other end of standard output.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;

/// The columns of the terminal; `None` where standard output is none.
pub fn width() -> Option<usize> {
    let columns = tcgetwinsize(stdout()).ok()?.ws_col;
    (columns > 0).then_some(usize::from(columns))
}

/// Whether the reader of standard output has gone, which a write would only find out later.
pub fn reader_is_gone() -> bool {
    let out = stdout();
    let mut fds = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&at_once)).is_ok()
        && fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)
}
