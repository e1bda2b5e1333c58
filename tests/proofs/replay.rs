//! The fuzz targets without a fuzzer: every seed, and random variants of it.

use crate::chance::{Chance, lasts, say};
use crate::fuzzed::{Body, TARGETS, body};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Returns the seeds of a target.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort_unstable();
    paths.into_iter().map(|path| (path.clone(), fs::read(&path).expect("readable"))).collect()
}

#[track_caller]
fn holds(body: Body, bytes: &[u8], whence: &str) {
    let ran = std::panic::catch_unwind(|| body(bytes));
    assert!(ran.is_ok(), "{whence}: {:?}", String::from_utf8_lossy(bytes));
}

#[test]
fn the_seeds_of_every_target_hold() {
    for (target, ..) in TARGETS {
        let (body, seeds) = (body(target), seeds(target));
        assert!(seeds.len() >= 3, "{target} has {} seeds", seeds.len());
        for (path, bytes) in seeds {
            holds(body, &bytes, &path.display().to_string());
        }
        holds(body, b"", target);
    }
}

/// Checks that these are the targets of the fuzzer.
#[test]
fn every_target_is_built() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut built: Vec<String> = fs::read_dir(root)
        .expect("a folder")
        .flatten()
        .filter_map(|entry| entry.path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    built.sort_unstable();
    let mut listed: Vec<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
    listed.sort_unstable();
    assert_eq!(built, listed);
}

/// Returns seeds with pieces cut out, doubled, taken from each other and replaced.
fn changed(chance: &mut Chance, seeds: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    const ODD: &[&str] = &[
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\n",
        "\r",
        "\u{1b}",
        "\u{9b}",
        "\u{202e}",
        "null",
        "1e9",
        "\\u0000",
        "\\ud800",
        "<promise>",
        "</promise>",
        "s3cret-value",
        "é",
        "status",
        "\t",
    ];
    let pick =
        |chance: &mut Chance| chance.pick(seeds).map(|seed| seed.1.clone()).unwrap_or_default();
    let mut bytes = pick(chance);
    for _ in 0..1 + chance.below(5) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(9)).min(bytes.len());
        match chance.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..end, [chance.below(256) as u8])),
            2 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            3 => {
                let other = pick(chance);
                let from = chance.below(other.len() + 1);
                let to = (from + chance.below(60)).min(other.len());
                drop(bytes.splice(at..at, other[from..to].to_vec()));
            }
            _ => {
                let odd = chance.pick(ODD).copied().unwrap_or_default();
                drop(bytes.splice(at..end, odd.bytes()));
            }
        }
    }
    bytes
}

/// The short version has a fixed number of inputs, so that a seed gives the same inputs on every
/// machine; the long one runs for the given time.
#[test]
fn what_chance_makes_of_the_seeds_holds() {
    let seed = Chance::of("replay").next();
    for (target, body, enough) in TARGETS {
        let seeds = seeds(target);
        let mut chance = Chance::from(seed);
        let start = Instant::now();
        let mut times = 0_u32;
        while times < *enough || start.elapsed() < lasts(0) / TARGETS.len() as u32 {
            holds(*body, &changed(&mut chance, &seeds), target);
            times += 1;
        }
        say(&format!("replay: {target}: {times} times"));
    }
}
