//! Output of agents: capped on its way to the disk, searched, truncated for a prompt, and shown.

use super::capture::Stream;
use std::fs::{self, File};
use std::io::Write as _;
use workloop::testing::agent::{bound, bound_file, has_promise};
use workloop::testing::views::escape::{Screen, lines};
use workloop::testing::views::mask::Mask;
use workloop::testing::views::output::Tail;

/// The smallest cap of the supervisor.
const CAP: u64 = 4096;

const SECRET: &str = "s3cret-value";

/// The first bytes determine how the output arrives; the rest is the output.
pub(super) fn streams(bytes: &[u8]) {
    let (head, rest) = bytes.split_at(bytes.len().min(2));
    let step = 1 + head.iter().fold(0, |sum, byte| sum * 251 + usize::from(*byte)) % 9000;
    // Enough to fill the ring more than once.
    let times = if rest.is_empty() { 0 } else { 1 + 12_000 / rest.len() };
    let output = if step.is_multiple_of(2) { rest.repeat(times.min(4000)) } else { rest.to_vec() };
    capped(&output, step);
    promised(rest);
    bounded(&output, step);
    shown(&output, step);
}

fn capped(output: &[u8], step: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    let (mut stream, writer) = Stream::new(&path, CAP).expect("a pipe");
    assert!(stream.descriptor().is_some());
    let mut writer = File::from(writer);
    for part in output.chunks(step) {
        writer.write_all(part).expect("the pipe has room");
        stream.drain();
    }
    drop(writer);
    stream.drain();
    let (total, error) = stream.finish();
    assert_eq!((total, error), (output.len() as u64, None));
    let kept = fs::read(&path).unwrap_or_default();
    if output.len() as u64 <= CAP {
        return assert_eq!(kept, output);
    }
    assert_eq!(kept.len() as u64, CAP);
    let half = kept.len() / 2;
    assert_eq!(&kept[..half], &output[..half], "the beginning is not kept");
    // The end follows the line about what is missing, unchanged.
    let end = 128;
    assert!(output.ends_with(&kept[kept.len() - end..]), "the end is not kept");
    let middle = String::from_utf8_lossy(&kept[half..half + 80]).into_owned();
    assert!(middle.contains("bytes are left out here"), "{middle:?}");
}

/// Compares the search with the simplest implementation.
fn promised(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for promise in ["DONE", " DONE\n", ""] {
        let mut plain = false;
        for (at, opening) in text.match_indices("<promise>") {
            let inside = &text[at + opening.len()..];
            let next = inside.find("<promise>").unwrap_or(inside.len());
            let end = inside[..next].find("</promise>");
            plain |= end.is_some_and(|end| inside[..end].trim() == promise.trim());
        }
        assert_eq!(has_promise(&text, promise), plain, "{promise:?} in {text:?}");
    }
}

fn bounded(output: &[u8], limit: usize) {
    let text = String::from_utf8_lossy(output);
    let short = bound(&text, limit);
    assert!(short.len() <= limit, "{} bytes of {limit}", short.len());
    assert!(text.len() > limit || short == text);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    fs::write(&path, output).expect("written");
    let short = bound_file(&path, limit).expect("read");
    // Invalid bytes become three bytes each.
    assert!(short.len() <= limit.max(64) * 3, "{} bytes of {limit}", short.len());
}

/// Text shown piece by piece equals text shown at once, without the secret.
fn shown(output: &[u8], step: usize) {
    let mask = Mask::new(&[("A_TOKEN".into(), SECRET.into())]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    let mut file = File::create(&path).expect("a file");
    let (mut tail, mut plain) = (Tail::new(&path), Vec::new());
    for part in output.chunks(step.max(output.len() / 8)) {
        file.write_all(part).expect("written");
        tail.copy(&mask, &mut plain).expect("copied");
    }
    tail.finish(&mask, &mut plain).expect("copied");
    let held = plain.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
    assert!(!held, "the secret is shown");
    screened(&plain, step);
    let mut whole = Vec::new();
    mask.bytes(output, &mut whole);
    if !whole.is_empty() && whole.last() != Some(&b'\n') {
        whole.push(b'\n');
    }
    assert_eq!(String::from_utf8_lossy(&plain), String::from_utf8_lossy(&whole));
}

/// A terminal gets the same bytes in pieces as at once.
fn screened(output: &[u8], step: usize) {
    let mut screen = Screen::default();
    let mut safe = Vec::new();
    for part in output.chunks(step.max(output.len() / 8)) {
        safe.extend_from_slice(&screen.pass(part));
    }
    safe.extend(screen.rest());
    let safe = std::str::from_utf8(&safe).expect("text for a terminal");
    super::is_inert(safe);
    assert_eq!(safe, lines(&String::from_utf8_lossy(output)));
}
