//! The identity of this machine and of its current boot.
//!
//! A claim of another host is never judged from here, so the identity includes the pid namespace:
//! two containers on one machine cannot see each other's processes and are two hosts. It also
//! includes the time namespace, because start times of processes differ between time namespaces.

use super::fault::{self, Fault};
use super::files::open::kernel_text;
use sha2::{Digest, Sha256};

/// The identity of this machine as used in claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// The host name, for people.
    pub name: String,
    /// 8 hex digits of machine id, pid namespace and time namespace.
    pub id: String,
    /// 8 hex digits of the boot id. If it differs, no process of that boot is alive.
    pub boot: String,
}

impl Host {
    /// Reads the identity of the current machine.
    pub(crate) fn current() -> Self {
        let name = host_name();
        let machine = machine_id().unwrap_or_else(|| name.clone());
        let [pid, time] = ["pid", "time"].map(namespace);
        let time = if fault::is(Fault::StartsBelieved) { String::new() } else { time };
        let id = short_hash(&[machine.as_bytes(), pid.as_bytes(), time.as_bytes()]);
        Self { name, id, boot: short_hash(&[boot_id().as_bytes()]) }
    }
}

fn short_hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn line_of(path: &str) -> Option<String> {
    let text = kernel_text(path)?;
    let line = text.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(target_os = "linux")]
fn host_name() -> String {
    line_of("/proc/sys/kernel/hostname").unwrap_or_else(|| "localhost".to_owned())
}

#[cfg(target_os = "linux")]
fn machine_id() -> Option<String> {
    line_of("/etc/machine-id").or_else(|| line_of("/var/lib/dbus/machine-id"))
}

#[cfg(target_os = "linux")]
fn namespace(kind: &str) -> String {
    std::fs::read_link(format!("/proc/self/ns/{kind}"))
        .map(|link| link.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(target_os = "linux")]
fn boot_id() -> String {
    line_of("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn sysctl(name: &str) -> Option<String> {
    let output = duct::cmd("/usr/sbin/sysctl", ["-n", name]).stderr_null().read().ok()?;
    (!output.is_empty()).then_some(output)
}

#[cfg(not(target_os = "linux"))]
fn host_name() -> String {
    sysctl("kern.hostname").unwrap_or_else(|| "localhost".to_owned())
}

#[cfg(not(target_os = "linux"))]
fn machine_id() -> Option<String> {
    sysctl("kern.uuid").or_else(|| line_of("/etc/machine-id"))
}

#[cfg(not(target_os = "linux"))]
fn namespace(_: &str) -> String {
    String::new()
}

#[cfg(not(target_os = "linux"))]
fn boot_id() -> String {
    sysctl("kern.bootsessionuuid").or_else(|| sysctl("kern.boottime")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_stable_and_short() {
        let host = Host::current();
        assert_eq!(host, Host::current());
        assert_eq!((host.id.len(), host.boot.len()), (8, 8));
        assert!(!host.name.is_empty());
    }
}
