//! Transfers open files from one process to another over a socket.
//!
//! A lock of the `flock` kind belongs to the open file, so the process that receives the file holds
//! the lock. It stays held while the message is in transit, even if the sender dies meanwhile.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::retry_on_intr;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;

/// The maximum number of open files that one read accepts; this program sends one per message.
const MOST: usize = 4;

/// Sends `bytes` with `file`, which arrives with the first of them.
pub fn send(mut socket: &UnixStream, bytes: &[u8], file: BorrowedFd<'_>) -> io::Result<()> {
    let files = [file];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut with = SendAncillaryBuffer::new(&mut space);
    if !with.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let parts = [IoSlice::new(bytes)];
    let sent = retry_on_intr(|| sendmsg(socket, &parts, &mut with, SendFlags::empty()))?;
    socket.write_all(bytes.get(sent..).unwrap_or_default())
}

/// Reads what is available into `buffer`, and the open files that came with it into `files`.
pub fn receive(
    socket: &UnixStream,
    buffer: &mut [u8],
    files: &mut impl Extend<OwnedFd>,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut with = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(buffer)];
    let came = retry_on_intr(|| recvmsg(socket, &mut parts, &mut with, flags()))?;
    for message in with.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            for file in received {
                close_on_exec(&file)?;
                files.extend([file]);
            }
        }
    }
    Ok(came.bytes)
}

#[cfg(target_os = "linux")]
fn flags() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

#[cfg(not(target_os = "linux"))]
fn flags() -> RecvFlags {
    RecvFlags::empty()
}

/// Sets the flag where the system cannot do so during the read; the receiver starts nothing
/// meanwhile.
fn close_on_exec(file: &impl AsFd) -> io::Result<()> {
    if cfg!(not(target_os = "linux")) {
        rustix::io::fcntl_setfd(file, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::lock::FileLock;

    #[test]
    fn the_lock_goes_with_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.lock");
        let lock = FileLock::try_acquire(&path).unwrap().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        send(&ours, b"take it", lock.file().as_fd()).unwrap();
        drop((lock, ours));
        assert!(FileLock::try_acquire(&path).unwrap().is_none(), "free while on its way");
        let (mut buffer, mut files) = ([0; 64], Vec::new());
        let length = receive(&theirs, &mut buffer, &mut files).unwrap();
        assert_eq!((&buffer[..length], files.len()), (&b"take it"[..], 1));
        assert!(FileLock::try_acquire(&path).unwrap().is_none(), "free while it is held");
        let flags = rustix::io::fcntl_getfd(&files[0]).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        drop(files);
        assert!(FileLock::acquire_soon(&path).unwrap().is_some());
        assert_eq!(receive(&theirs, &mut buffer, &mut Vec::new()).unwrap(), 0);
    }
}
