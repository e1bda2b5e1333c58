//! Which file systems support the protocol.
//!
//! Locks and renames of network file systems differ from those of a local one: a lock may exclude
//! nobody, and an old file may be visible after its replacement.

#[cfg(target_os = "linux")]
use super::open;
use std::io;
use std::path::Path;

/// Returns why the file system of `dir` does not support the protocol; `None` if it does.
pub(crate) fn refusal(dir: &Path) -> io::Result<Option<String>> {
    let Some(kind) = network_kind(dir)? else { return Ok(None) };
    Ok(Some(format!(
        "{} is on {kind}, where file locks and renames are not reliable for all users, so two \
         workers could run one task: keep the queue on a local disk, use the PostgreSQL store, or \
         take the risk with --unsafe-fs (unsafe_fs = true in workloop.toml)",
        dir.display()
    )))
}

/// Returns how many bytes this user may still write to the file system of `dir`.
///
/// # Errors
/// The error of the operating system.
pub(crate) fn free_bytes(dir: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(target_os = "linux")]
fn network_kind(dir: &Path) -> io::Result<Option<String>> {
    let stat = rustix::fs::statfs(dir)?;
    // The kernel's type is signed on some machines; magic numbers have 32 bits.
    let magic = u32::try_from(i128::from(stat.f_type) & 0xffff_ffff).unwrap_or(0);
    let Some(kind) = kind_of_magic(magic) else { return Ok(None) };
    // All FUSE file systems share one magic number; people know them by their own names.
    let named = || {
        let mounts = open::kernel_text("/proc/self/mountinfo")?;
        fs_name(&mounts, rustix::fs::stat(dir).ok()?.st_dev)
    };
    Ok(Some(match named().filter(|_| kind == FUSE) {
        Some(name) if name == "virtiofs" => name,
        Some(name) => format!("{} (FUSE)", name.trim_start_matches("fuse.")),
        None => kind.to_owned(),
    }))
}

/// Returns the name of the file system with device number `device` in the text of
/// `/proc/self/mountinfo`.
#[cfg(target_os = "linux")]
fn fs_name(mounts: &str, device: u64) -> Option<String> {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let wanted = format!("{major}:{minor}");
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let is_it = mount.split(' ').nth(2) == Some(wanted.as_str());
        is_it.then(|| kind.split(' ').next().unwrap_or_default().to_owned())
    })
}

/// The result of [`kind_of_magic`] for all FUSE file systems.
#[cfg(target_os = "linux")]
const FUSE: &str = "FUSE";

#[cfg(target_os = "linux")]
fn kind_of_magic(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some(FUSE),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd3 => Some("Lustre"),
        0x7375_7245 => Some("Coda"),
        0x4750_4653 => Some("GPFS"),
        0x786f_4256 => Some("a VirtualBox share"),
        0x7c7c_6673 => Some("a Parallels share"),
        0xbacb_acbc => Some("a VMware share"),
        0x1983_0326 => Some("BeeGFS"),
        0x2003_0528 => Some("OrangeFS"),
        0xaad7_aaea => Some("PanFS"),
        _ => None,
    }
}

#[cfg(target_os = "macos")]
fn network_kind(dir: &Path) -> io::Result<Option<String>> {
    let stat = rustix::fs::statfs(dir)?;
    let name: Vec<u8> = stat
        .f_fstypename
        .iter()
        .take_while(|byte| **byte != 0)
        .map(|byte| byte.to_ne_bytes()[0])
        .collect();
    let kind = match name.as_slice() {
        b"nfs" => Some("NFS"),
        b"smbfs" | b"cifs" => Some("SMB"),
        b"9p" | b"virtio9p" => Some("9p"),
        b"afpfs" => Some("AFP"),
        b"webdav" => Some("WebDAV"),
        b"virtiofs" | b"AppleVirtIOFS" => Some("virtiofs"),
        name if name.starts_with(b"osxfuse") || name.starts_with(b"macfuse") => Some("FUSE"),
        _ => None,
    };
    Ok(kind.map(str::to_owned))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn network_kind(_dir: &Path) -> io::Result<Option<String>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_folder_is_fine() {
        assert_eq!(refusal(Path::new("/proc")).unwrap(), None);
        assert!(refusal(Path::new("/no/such/folder")).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn network_kinds_are_known() {
        for (magic, kind) in [
            (0x6969, Some("NFS")),
            (0x517b, Some("SMB")),
            (0xff53_4d42, Some("SMB")),
            (0xfe53_4d42, Some("SMB")),
            (0x0102_1997, Some("9p")),
            (0x6573_5546, Some("FUSE")),
            (0x5346_414f, Some("AFS")),
            (0x6b41_4653, Some("AFS")),
            (0x00c3_6400, Some("Ceph")),
            (0x0bd0_0bd3, Some("Lustre")),
            (0x7375_7245, Some("Coda")),
            (0x4750_4653, Some("GPFS")),
            (0x786f_4256, Some("a VirtualBox share")),
            (0x7c7c_6673, Some("a Parallels share")),
            (0xbacb_acbc, Some("a VMware share")),
            (0x1983_0326, Some("BeeGFS")),
            (0x2003_0528, Some("OrangeFS")),
            (0xaad7_aaea, Some("PanFS")),
            // ext4, tmpfs, btrfs, xfs, overlayfs
            (0xef53, None),
            (0x0102_1994, None),
            (0x9123_683e, None),
            (0x5846_5342, None),
            (0x794c_7630, None),
        ] {
            assert_eq!(kind_of_magic(magic), kind, "{magic:#x}");
        }
    }

    #[test]
    fn the_room_of_a_folder_is_known_and_that_of_none_is_an_error() {
        assert!(free_bytes(&std::env::temp_dir()).unwrap() > 0);
        let error = free_bytes(Path::new("/no/such/folder")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    /// The name in the mount table shows which file system FUSE serves.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_fuse_file_system_has_a_name() {
        let mounts = "22 1 254:0 / / rw - ext4 /dev/vda rw\n\
            31 22 0:27 / /work rw,relatime shared:1 - virtiofs work rw\n\
            32 22 0:28 / /mnt/a\\040b rw - fuse.sshfs host:/x rw\n";
        let name = |minor| fs_name(mounts, rustix::fs::makedev(0, minor));
        assert_eq!(name(27).as_deref(), Some("virtiofs"));
        assert_eq!(name(28).as_deref(), Some("fuse.sshfs"));
        assert_eq!(name(29), None);
    }
}
