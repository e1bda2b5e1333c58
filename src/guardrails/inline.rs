//! Tests inside product files: the modules of a Rust file that exist only for tests.

use std::ops::Range;

/// The attributes of such modules, without blanks.
const ATTRIBUTES: [&str; 2] = ["#[cfg(test)]", "#[cfg(all(test,"];

/// A module for tests.
#[derive(Debug)]
struct Module {
    name: String,
    /// From its attribute to its closing brace.
    range: Range<usize>,
}

/// Returns whether a file may have tests inside.
pub(crate) fn may_have_tests(path: &str) -> bool {
    path.ends_with(".rs")
}

/// Returns `new` with the test modules of `base`; `None` if it has them already. A module that is
/// gone is added at the end.
pub(crate) fn with_tests_of(base: &str, new: &str) -> Option<String> {
    let (before, now) = (modules(base), modules(new));
    let mut text = new.to_owned();
    let mut is_changed = false;
    // From the end, so that the positions before it stay right.
    for module in now.iter().rev() {
        let of_base = before.iter().find(|other| other.name == module.name);
        let Some(of_base) = of_base.map(|other| &base[other.range.clone()]) else { continue };
        if text[module.range.clone()] != *of_base {
            text.replace_range(module.range.clone(), of_base);
            is_changed = true;
        }
    }
    for gone in before.iter().filter(|one| now.iter().all(|other| other.name != one.name)) {
        text.push('\n');
        text.push_str(&base[gone.range.clone()]);
        text.push('\n');
        is_changed = true;
    }
    is_changed.then_some(text)
}

/// Finds the test modules that have a body.
fn modules(text: &str) -> Vec<Module> {
    let code = blanked(text);
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(start) = code[from..].find("#[cfg(").map(|at| from + at) {
        from = start + 1;
        let end = code[start..].find('\n').map_or(code.len(), |at| start + at);
        let line: String = code[start..end].split_whitespace().collect();
        if !ATTRIBUTES.iter().any(|attribute| line.starts_with(attribute)) {
            continue;
        }
        let Some(open) = code[start..].find(['{', ';']).map(|at| start + at) else { continue };
        let head = code[start..open].rsplit(']').next().unwrap_or_default();
        let mut words = head.split_whitespace().skip_while(|word| *word != "mod").skip(1);
        let (Some(name), true) = (words.next(), code[open..].starts_with('{')) else { continue };
        let Some(close) = closing(&code, open) else { continue };
        found.push(Module { name: name.to_owned(), range: start..close + 1 });
        from = close;
    }
    found
}

/// Returns the position of the brace that closes the one at `open`.
fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Returns the text with spaces for comments and for the content of strings and characters, so that
/// every byte keeps its position.
fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = vec![b' '; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let end = opaque(bytes, at);
        if end == at {
            code[at] = if bytes[at].is_ascii() { bytes[at] } else { b'_' };
            at += 1;
        } else {
            for (to, byte) in code[at..end].iter_mut().zip(&bytes[at..end]) {
                if *byte == b'\n' {
                    *to = b'\n';
                }
            }
            at = end;
        }
    }
    String::from_utf8(code).unwrap_or_default()
}

/// Returns the end of the comment, string or character that begins at `at`; `at` itself if none
/// does.
fn opaque(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let past = |needle: &[u8], from: usize| {
        let found = rest[from..].windows(needle.len()).position(|window| window == needle);
        found.map_or(bytes.len(), |found| at + from + found + needle.len())
    };
    if rest.starts_with(b"//") {
        return past(b"\n", 2) - usize::from(rest[2..].contains(&b'\n'));
    }
    if rest.starts_with(b"/*") {
        return block(bytes, at);
    }
    if rest[0] == b'r' && !at.checked_sub(1).is_some_and(|before| is_name(bytes[before])) {
        let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
        if rest.get(1 + hashes) == Some(&b'"') {
            let mut end = vec![b'"'];
            end.resize(1 + hashes, b'#');
            return past(&end, 2 + hashes);
        }
    }
    match rest {
        [b'"', ..] => quoted(bytes, at, b'"'),
        // A lifetime has no second quote.
        [b'\'', b'\\', ..] => quoted(bytes, at, b'\''),
        [b'\'', _, b'\'', ..] => at + 3,
        _ => at,
    }
}

/// Returns the end of a comment that may contain others.
fn block(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0_usize, start);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn quoted(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += 1 + usize::from(bytes[at] == b'\\');
    }
    (at + 1).min(bytes.len())
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "fn add() {}\n\n#[cfg(test)]\nmod tests {\n    fn one() { assert!(\"}\" == r#\"\"}\"#); }\n}\n\
                        fn last() {}\n";

    #[test]
    fn a_changed_module_is_put_back_and_the_work_stays() {
        let new = BASE.replace("fn add() {}", "fn add() { '{'; }").replace("one()", "two()");
        let mixed = with_tests_of(BASE, &new).unwrap();
        assert_eq!(mixed, BASE.replace("fn add() {}", "fn add() { '{'; }"));
        assert_eq!(with_tests_of(BASE, &mixed), None);
        assert_eq!(with_tests_of(BASE, BASE), None);
    }

    #[test]
    fn a_module_that_is_gone_or_no_longer_for_tests_is_added() {
        for gone in ["fn add() {}\n", &BASE.replace("cfg(test)", "cfg(never)")] {
            let mixed = with_tests_of(BASE, gone).unwrap();
            assert!(mixed.starts_with(gone) && mixed.contains("#[cfg(test)]\nmod tests {"));
        }
    }

    #[test]
    fn a_new_module_is_the_work() {
        let new = format!("{BASE}#[cfg(test)]\n#[expect(x)]\nmod more {{ fn a() {{}} }}\n");
        assert_eq!(with_tests_of(BASE, &new), None);
        assert_eq!(with_tests_of("fn a() {}", BASE), None);
        assert_eq!(modules(&new)[1].name, "more");
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "// #[cfg(test)] mod a {}\n",
            "/* /* */ #[cfg(test)] mod a {} */",
            "const A: &str = \"#[cfg(test)] mod a {}\";",
            "#[cfg(test)]\nmod a;\n",
            "#[cfg(test)]\nfn a() {}\n",
            "#[cfg(test)] mod a {",
            "#[cfg(not(test))] mod a {}",
            "'\"' #[cfg(unix)] mod a {}",
            "#[cfg(",
            "é\\",
        ] {
            assert!(modules(text).is_empty(), "{text}");
        }
        let text =
            "fn f<'a>(x: &'a str) -> char { '\\'' } #[cfg(all(test, unix))]\npub mod t { /* } */ }";
        assert_eq!(modules(text).len(), 1);
    }
}
