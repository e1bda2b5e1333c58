//! The paths in a word.

use std::path::{Component, Path, PathBuf};

/// The last word of a command whose output is piped to another one.
pub(super) const PIPE: &str = "|";

/// Returns whether `word` is a `NAME=value` before a command.
pub(super) fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns the last part of a path.
pub(super) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Returns the parts of a word that may be paths: `--config=x`, `-fx`, `@x`, `x::test`, `a:b`.
pub(super) fn fragments(word: &str) -> impl Iterator<Item = &str> {
    let flag = word.strip_prefix('-').and_then(|rest| rest.get(1..));
    let parts = word.split(['=', ':', ',', '@']);
    let all = [Some(word), flag].into_iter().flatten().chain(parts);
    all.filter(|part| !part.is_empty() && part.len() < 4096 && !part.contains('\0'))
}

/// Returns a path without `.` and `..`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}

pub(super) fn is_interpreter(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "sh", "bash", "dash", "zsh", "node", "nodejs", "tsx", "ts-node", "deno", "bun", "ruby",
        "perl", "php", "go",
    ];
    NAMES.contains(&name) || name.starts_with("python") || name.starts_with("pypy")
}

/// Returns the runs of characters that paths consist of.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let of_path = |c: char| c.is_alphanumeric() || "_./+@~-$}".contains(c);
    text.split(move |c| !of_path(c)).filter(|token| !token.is_empty() && token.len() < 4096)
}

/// Returns a path in a script without the part that only the shell knows: `$DIR/x`,
/// `$(dirname "$0")/x`.
pub(super) fn called(token: &str) -> &str {
    let unknown = token.starts_with(['$', '}', '/']) && !Path::new(token).exists();
    let rest = token.split_once('/').filter(|_| unknown);
    rest.map_or(token, |(_, rest)| rest.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_in_a_word_is_tried() {
        let parts = |word: &str| fragments(word).map(str::to_owned).collect::<Vec<_>>();
        for (word, part) in [
            ("--config=a.js", "a.js"),
            ("-fMakefile.ci", "Makefile.ci"),
            ("@args.txt", "args.txt"),
            ("tests/a.py::test_x", "tests/a.py"),
            ("./bin:$PATH", "./bin"),
            ("a,b", "b"),
            ("-é", "-é"),
        ] {
            assert!(parts(word).contains(&part.to_owned()), "{word}: {:?}", parts(word));
        }
        assert_eq!(plain(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }

    #[test]
    fn parts_of_a_word_that_cannot_be_paths_are_left_out() {
        let parts = |word: &str| fragments(word).map(str::to_owned).collect::<Vec<_>>();
        let all: &[(&str, &[&str])] = &[
            ("", &[]),
            ("x", &["x", "x"]),
            ("-x", &["-x", "-x"]),
            ("-xy", &["-xy", "y", "-xy"]),
            ("a==b", &["a==b", "a", "b"]),
            ("a@b,c:d", &["a@b,c:d", "a", "b", "c", "d"]),
            ("a\0b=c", &["c"]),
        ];
        for (word, expected) in all {
            assert_eq!(parts(word), *expected, "{word:?}");
        }
        // No path of the system is as long as 4096 bytes.
        let long = "a".repeat(4095);
        assert_eq!(parts(&long).len(), 2);
        assert_eq!(parts(&format!("{long}a")), Vec::<String>::new());
        assert_eq!(parts(&format!("x={long}a,b")), ["x", "b"]);
        assert_eq!(tokens(&format!("{long}a {long} b")).collect::<Vec<_>>(), [&*long, "b"]);
    }

    #[test]
    fn a_variable_before_a_command_has_a_plain_name() {
        for (word, expected) in [
            ("A=1", true),
            ("_a1=", true),
            ("a=b=c", true),
            ("A", false),
            ("=x", false),
            ("A-B=x", false),
            ("--flag=x", false),
            ("./a=b", false),
            ("\u{e9}=1", false),
            ("", false),
        ] {
            assert_eq!(is_assignment(word), expected, "{word}");
        }
    }

    #[test]
    fn an_interpreter_is_known_by_its_whole_name() {
        for name in ["sh", "bash", "zsh", "node", "deno", "go", "python3.11", "python", "pypy3"] {
            assert!(is_interpreter(name), "{name}");
        }
        for name in ["", "shx", "xsh", "npm", "ruby2", "Python", "gofmt", "bin/sh"] {
            assert!(!is_interpreter(name), "{name}");
        }
        for (path, name) in [("a/b", "b"), ("b", "b"), ("/usr/bin/sh", "sh"), ("a/", ""), ("", "")]
        {
            assert_eq!(base_name(path), name, "{path}");
        }
    }

    #[test]
    fn dots_never_lead_above_the_top() {
        for (path, expected) in [
            ("a/../b", "b"),
            ("./a/./b/.", "a/b"),
            ("../a", "a"),
            ("a/../../b", "b"),
            ("/../a", "/a"),
            ("/a/..", "/"),
            (".", ""),
        ] {
            assert_eq!(plain(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn only_the_part_behind_an_unknown_folder_is_looked_up() {
        for (token, expected) in [
            ("$DIR/x.sh", "x.sh"),
            ("$DIR//deep/x.sh", "deep/x.sh"),
            ("}/x.sh", "x.sh"),
            ("/no-such-folder-here/x.sh", "no-such-folder-here/x.sh"),
            ("$DIR", "$DIR"),
            ("./x.sh", "./x.sh"),
            ("a/b", "a/b"),
            ("/etc", "/etc"),
        ] {
            assert_eq!(called(token), expected, "{token}");
        }
        let found: Vec<&str> = tokens("f('./a.sh'); \u{fc}ber/b~1 | c@d\tx=y\0z").collect();
        assert_eq!(found, ["f", "./a.sh", "\u{fc}ber/b~1", "c@d", "x", "y", "z"]);
    }

    #[test]
    fn a_path_behind_a_variable_is_what_stands_behind_it() {
        let found = |text: &str| tokens(text).map(called).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(found("sh \"$DIR/x.sh\" y"), ["sh", "x.sh", "y"]);
        assert!(found("$(dirname \"$0\")/x.sh").contains(&"x.sh".to_owned()));
        assert!(found("subprocess.run(['./tools/x.sh'])").contains(&"./tools/x.sh".to_owned()));
        assert_eq!(called("/"), "/");
    }
}
