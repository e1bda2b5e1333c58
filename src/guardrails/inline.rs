//! Tests inside product files: the modules and functions of a Rust file that exist only for tests.

use std::ops::Range;

/// The attributes of such modules, without blanks.
const ATTRIBUTES: [&str; 2] = ["cfg(test)", "cfg(all(test,"];

/// A module for tests, its declaration, or a function that is a test.
#[derive(Debug)]
struct Module {
    name: String,
    /// From its first attribute to its closing brace or semicolon.
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

/// Returns the text of all test modules.
pub(crate) fn tests_of(text: &str) -> String {
    modules(text).into_iter().map(|module| &text[module.range]).collect::<Vec<_>>().join("\n")
}

/// Finds the test modules, declarations of them, and tests outside of modules. Where the tests of
/// a declared module are depends on its attributes, so that these belong to it.
fn modules(text: &str) -> Vec<Module> {
    let code = blanked(text);
    let (mut found, mut from): (Vec<Module>, usize) = (Vec::new(), 0);
    while let Some(start) = code[from..].find("#[").map(|at| from + at) {
        let after = start + 2;
        from = after;
        let Some(end) = closing(&code, start + 1, (b'[', b']')) else { continue };
        let attribute: String = code[after..end].split_whitespace().collect();
        let Some(word) = word_of(&attribute) else { continue };
        let Some(open) = code[end..].find(['{', ';']).map(|at| end + at) else { continue };
        let head = code[end..open].rsplit(']').next().unwrap_or_default();
        let mut words = head.split_whitespace().skip_while(|other| *other != word).skip(1);
        let name = words.next().and_then(|name| name.split(['(', '<']).next());
        let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
        let end = match code[open..].starts_with('{') {
            true => closing(&code, open, (b'{', b'}')),
            false => Some(open),
        };
        let Some(end) = end else { continue };
        let last = found.last().map_or(0, |module| module.range.end);
        let start = first_attribute(&code, start).max(last);
        found.push(Module { name: format!("{word} {name}"), range: start..end + 1 });
        from = end;
    }
    found
}

/// Returns what an attribute without blanks makes a test; `None` if it does not.
fn word_of(attribute: &str) -> Option<&'static str> {
    let path = attribute.split('(').next().unwrap_or_default();
    if ATTRIBUTES.iter().any(|module| attribute.starts_with(module)) {
        return Some("mod");
    }
    (path.rsplit("::").next() == Some("test")).then_some("fn")
}

/// Returns where the attributes begin of which the one at `start` is the last.
fn first_attribute(code: &str, start: usize) -> usize {
    let mut first = start;
    loop {
        let before = code[..first].trim_end();
        let ends =
            |at: &usize| closing(before, at + 1, (b'[', b']')) == before.len().checked_sub(1);
        match before.rfind("#[").filter(ends) {
            Some(at) => first = at,
            None => return first,
        }
    }
}

/// Returns the position of the bracket that closes the one at `open`.
fn closing(code: &str, open: usize, (opens, closes): (u8, u8)) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            _ if byte == opens => depth += 1,
            _ if byte == closes && depth == 1 => return Some(at),
            _ if byte == closes => depth = depth.checked_sub(1)?,
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
    if rest[0] == b'r' && begins_raw(&bytes[..at]) {
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

/// Returns whether an `r` after `before` may begin a raw string: it begins a word, or is the second
/// letter of `br` or `cr`.
fn begins_raw(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"b").or_else(|| before.strip_suffix(b"c")).unwrap_or(before);
    !before.last().is_some_and(|last| is_name(*last))
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
        assert_eq!(modules(&new)[1].name, "mod more");
    }

    #[test]
    fn a_declaration_stays_as_it_is() {
        let base = "fn add() {}\n#[cfg(test)]\nmod tests;\nfn last() {}\n";
        for new in [
            base.replace("#[cfg(test)]\n", "#[cfg(test)]\n#[path = \"easy.rs\"]\n"),
            base.replace("#[cfg(test)]\n", "#[path = \"easy.rs\"]\n#[cfg(test)]\n"),
            base.replace("mod tests;", "mod tests { }"),
        ] {
            assert_eq!(with_tests_of(base, &new).as_deref(), Some(base), "{new}");
        }
        let gone = "fn add() {}\nfn last() {}\n";
        assert!(with_tests_of(base, gone).unwrap().ends_with("\n#[cfg(test)]\nmod tests;\n"));
        let inline = base.replace("mod tests;", "mod tests {\n}");
        assert_eq!(with_tests_of(&inline, base).as_deref(), Some(&*inline));
    }

    #[test]
    fn a_test_outside_of_modules_is_one() {
        let base = "fn add() { a[0] }\n#[tokio::test(flavor = \"x\")]\n#[ignore]\nasync fn adds<T>() { 4; }\n\n#[test] fn b() {}\n";
        assert_eq!(with_tests_of(base, &base.replace("4;", "5;")).as_deref(), Some(base));
        assert_eq!(with_tests_of(base, &base.replace("a[0]", "a[1]")), None);
        assert_eq!(tests_of(base).matches("fn").count(), 2);
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "// #[cfg(test)] mod a {}\n",
            "/* /* */ #[cfg(test)] mod a {} */",
            "const A: &str = \"#[cfg(test)] mod a {}\";",
            "#[attest] fn a() {}",
            "#[test_case(1)] fn a() {}",
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
