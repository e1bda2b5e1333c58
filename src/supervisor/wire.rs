//! Arguments, variables and paths as JSON: text where it is UTF-8, else a list of bytes.

use super::protocol::CommandSpec;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

/// Text of the system, which need not be UTF-8.
pub(super) struct OsText(OsString);

impl Serialize for OsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => self.0.as_bytes().serialize(serializer),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Text(String),
    Bytes(Vec<u8>),
}

impl<'de> Deserialize<'de> for OsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Text(text) => OsString::from(text),
            Either::Bytes(bytes) => OsString::from_vec(bytes),
        }))
    }
}

impl From<OsString> for OsText {
    fn from(text: OsString) -> Self {
        Self(text)
    }
}

impl From<PathBuf> for OsText {
    fn from(path: PathBuf) -> Self {
        Self(path.into_os_string())
    }
}

impl From<OsText> for OsString {
    fn from(text: OsText) -> Self {
        text.0
    }
}

impl From<OsText> for PathBuf {
    fn from(text: OsText) -> Self {
        Self::from(text.0)
    }
}

/// A [`CommandSpec`] as it is sent.
#[derive(Serialize, Deserialize)]
pub(super) struct WireSpec {
    argv: Vec<OsText>,
    cwd: OsText,
    env: Vec<(OsText, OsText)>,
    stdin: Option<OsText>,
    stdout: OsText,
    stderr: Option<OsText>,
    timeout: Duration,
    silence: Option<Duration>,
    grace: Duration,
    cap: u64,
}

impl From<CommandSpec> for WireSpec {
    fn from(spec: CommandSpec) -> Self {
        Self {
            argv: spec.argv.into_iter().map(Into::into).collect(),
            cwd: spec.cwd.into(),
            env: spec.env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            stdin: spec.stdin.map(Into::into),
            stdout: spec.stdout.into(),
            stderr: spec.stderr.map(Into::into),
            timeout: spec.timeout,
            silence: spec.silence,
            grace: spec.grace,
            cap: spec.cap,
        }
    }
}

impl From<WireSpec> for CommandSpec {
    fn from(spec: WireSpec) -> Self {
        Self {
            argv: spec.argv.into_iter().map(Into::into).collect(),
            cwd: spec.cwd.into(),
            env: spec.env.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            stdin: spec.stdin.map(Into::into),
            stdout: spec.stdout.into(),
            stderr: spec.stderr.map(Into::into),
            timeout: spec.timeout,
            silence: spec.silence,
            grace: spec.grace,
            cap: spec.cap,
        }
    }
}
