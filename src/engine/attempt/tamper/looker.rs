//! Decides which words of a command name files that are judged or written, and not judging files.
//!
//! `test -f feature.txt` and `eslint src/a.ts` look at the work. These files are not run or
//! trusted, so a task may change them whatever it owns.

use super::word::{PIPE, base_name, is_assignment};

/// Programs that only look at files.
const LOOKERS: [&str; 16] = [
    "test", "[", "[[", "stat", "wc", "grep", "egrep", "fgrep", "rg", "mkdir", "rm", "touch",
    "chmod", "file", "du", "git",
];
/// Programs that only print, unless their output is piped: `echo check.sh | sh`.
const PRINTERS: [&str; 6] = ["echo", "printf", "ls", "find", "cd", ":"];
/// Compilers, linters and formatters: the files that they read are the work, except their
/// configuration.
const LINTERS: [&str; 42] = [
    "black",
    "cc",
    "clang",
    "clang-format",
    "clang-tidy",
    "clang++",
    "compileall",
    "eslint",
    "flake8",
    "g++",
    "gcc",
    "gofmt",
    "golangci-lint",
    "hadolint",
    "isort",
    "javac",
    "jq",
    "jshint",
    "json.tool",
    "ktlint",
    "luacheck",
    "markdownlint",
    "mdl",
    "mypy",
    "php-cs-fixer",
    "phpstan",
    "prettier",
    "py_compile",
    "pycodestyle",
    "pylint",
    "pyright",
    "rubocop",
    "ruff",
    "rustc",
    "rustfmt",
    "shellcheck",
    "shfmt",
    "standard",
    "stylelint",
    "swiftlint",
    "tsc",
    "yamllint",
];
/// The short flags by which linters take their configuration. The same letters mean something else
/// elsewhere: `prettier -c` checks files, and `gcc -c` compiles one.
const CONFIG_FLAGS: [(&str, &[&str]); 3] = [
    (
        "-c",
        &[
            "eslint",
            "golangci-lint",
            "hadolint",
            "jshint",
            "markdownlint",
            "mdl",
            "phpstan",
            "rubocop",
            "stylelint",
            "yamllint",
        ],
    ),
    ("-p", &["clang-tidy", "pyright", "tsc"]),
    ("-f", &["jq"]),
];
/// Words that precede a program, or start it.
const BEFORE: [&str; 31] = [
    "!", "{", "if", "then", "elif", "else", "while", "until", "do", "time", "exec", "command",
    "env", "timeout", "nice", "nohup", "npx", "bunx", "uvx", "uv", "run", "poetry", "pipenv",
    "pnpm", "yarn", "dlx", "bundle", "xargs", "sudo", "stdbuf", "-m",
];

/// Returns whether the words of a command name only what is judged.
pub(super) fn is_looker(words: &[String]) -> bool {
    let name = program(words).map_or("", |at| base_name(&words[at]));
    let piped = words.last().is_some_and(|word| word == PIPE);
    // `sh -n script` reads the script and runs nothing.
    let checks = matches!(name, "sh" | "bash" | "dash") && words.iter().any(|word| word == "-n");
    LOOKERS.contains(&name) || checks || PRINTERS.contains(&name) && !piped
}

/// Returns the words of a command that judge: all of them, or only the configuration for a linter.
pub(super) fn judging(words: &[String]) -> Vec<&str> {
    let linter = || {
        let at = launched(words)?;
        LINTERS.contains(&base_name(&words[at])).then_some(at)
    };
    let all = || words.iter().map(String::as_str);
    let Some(at) = linter() else { return all().collect() };
    let linter = base_name(&words[at]);
    let is_config = |flag: &str| {
        let long = flag.starts_with("--")
            && ["config", "rc", "project", "ruleset", "from-file"]
                .iter()
                .any(|part| flag.contains(part));
        let is_short =
            |(short, linters): &(&str, &[&str])| *short == flag && linters.contains(&linter);
        long || CONFIG_FLAGS.iter().any(is_short)
    };
    let judges = |n: &usize| {
        let flag = words[*n].split('=').next().unwrap_or_default();
        *n <= at || is_config(flag) || is_config(&words[n - 1]) && !words[n - 1].contains('=')
    };
    (0..words.len()).filter(judges).map(|n| words[n].as_str()).collect()
}

/// Returns the index of the program of a command, after shell words and assignments.
pub(super) fn program(words: &[String]) -> Option<usize> {
    let of_shell = &BEFORE[..12];
    words.iter().position(|word| !of_shell.contains(&word.as_str()) && !is_assignment(word))
}

/// Returns the index of the program that a command starts through other programs.
fn launched(words: &[String]) -> Option<usize> {
    let starts = |word: &str| {
        let name = base_name(word);
        let flag = word.starts_with('-') || word.bytes().all(|byte| byte.is_ascii_digit());
        BEFORE.contains(&name) || flag || is_assignment(word) || name.starts_with("python")
    };
    words.iter().position(|word| !starts(word))
}

/// Returns the words of a command that name what it writes.
pub(super) fn outputs(words: &[String]) -> Vec<&str> {
    const FLAGS: [&str; 10] = [
        "-o",
        "--output",
        "--out",
        "--outfile",
        "--output-file",
        "--junitxml",
        "--junit-xml",
        "--report-file",
        "--log-file",
        "--logfile",
    ];
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let (flag, value) = word.split_once('=').map_or((&**word, None), |(f, v)| (f, Some(v)));
        if FLAGS.contains(&flag) {
            found.extend(value.or_else(|| words.get(at + 1).map(String::as_str)));
        }
        match base_name(word) {
            "tee" => found.extend(words[at + 1..].iter().map(String::as_str)),
            "cp" | "mv" | "install" if at == 0 && words.len() > 2 => {
                found.extend(words.last().map(String::as_str));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn lookers_are_known_behind_words_and_assignments() {
        for (line, looker) in [
            ("! X=1 test -f x", true),
            ("/bin/test -f x", true),
            ("if [ -f x ]", true),
            ("sh -n x.sh", true),
            ("git diff --exit-code x", true),
            ("echo x.sh", true),
            ("echo x.sh |", false),
            ("ls x.sh |", false),
            ("grep -q y x.sh |", true),
            ("sh x", false),
            ("cat x", false),
            ("", false),
            ("X=1", false),
            ("time [[ -f x ]]", true),
            ("then rm -f x", true),
            ("{ wc -l x", true),
            ("/usr/bin/git diff x |", true),
            ("find . -name x.sh", true),
            ("find . -name x.sh |", false),
            ("cd sub |", false),
            (": x.sh", true),
            ("dash -n x.sh", true),
            ("python3 -n x.py", false),
            // The program of `env` may be any, so that its words count.
            ("env X=1 test -f x", false),
            ("tests x", false),
        ] {
            assert_eq!(is_looker(&words(line)), looker, "{line}");
        }
    }

    #[test]
    fn of_a_linter_only_its_configuration_judges() {
        for (line, judging_words) in [
            ("eslint --config e.js src/a.js b.js", "eslint --config e.js"),
            ("npx eslint -c e.js a.js", "npx eslint -c e.js"),
            (
                "timeout 5 uv run ruff check --config=r.toml a.py",
                "timeout 5 uv run ruff --config=r.toml",
            ),
            ("python3 -m py_compile a.py", "python3 -m py_compile"),
            ("tsc -p tsconfig.json", "tsc -p tsconfig.json"),
            ("jq -e -f p.jq a.json", "jq -f p.jq"),
            // The same letters elsewhere: these files are the work.
            ("npx prettier -c src/app.ts", "npx prettier"),
            ("gcc -c src/main.c -o main.o", "gcc"),
            ("isort -c src/app.py", "isort"),
            ("mypy -p app", "mypy"),
            ("markdownlint -f README.md", "markdownlint"),
            ("eslint -f report.js src/a.js", "eslint"),
            ("/usr/bin/yamllint -c y.yml a.yml", "/usr/bin/yamllint -c y.yml"),
            ("pyright -p conf.json a.py", "pyright -p conf.json"),
            ("jq --from-file p.jq a.json", "jq --from-file p.jq"),
            ("pylint --rcfile=r.toml a.py", "pylint --rcfile=r.toml"),
            ("phpstan analyse --configuration=p.neon src", "phpstan --configuration=p.neon"),
            ("tsc --project", "tsc --project"),
            ("X=1 env Y=2 nice -n 5 shellcheck a.sh", "X=1 env Y=2 nice -n 5 shellcheck"),
            ("sh check.sh eslint", "sh check.sh eslint"),
            ("python3 check.py", "python3 check.py"),
        ] {
            assert_eq!(judging(&words(line)).join(" "), judging_words, "{line}");
        }
    }

    #[test]
    fn outputs_are_known_by_flag_and_program() {
        for (line, expected) in [
            ("pytest --junitxml=r.xml -q", vec!["r.xml"]),
            ("cc main.c -o prog", vec!["prog"]),
            ("tee -a x y", vec!["-a", "x", "y"]),
            ("cp a b", vec!["b"]),
            ("npm install", vec![]),
            ("sh x.sh", vec![]),
            ("", vec![]),
            ("mv a", vec![]),
            ("install -m 755 tool bin/tool", vec!["bin/tool"]),
            // Only at the beginning of a command it is the program that copies.
            ("sh cp a b", vec![]),
            ("sh x.sh -o", vec![]),
            ("tar --output=", vec![""]),
            ("x --out a --outfile=b --output-file c", vec!["a", "b", "c"]),
            ("x --log-file l --logfile=m --report-file r", vec!["l", "m", "r"]),
            ("x --junit-xml r.xml --outputs y", vec!["r.xml"]),
            ("sh x.sh | /usr/bin/tee log", vec!["log"]),
        ] {
            assert_eq!(outputs(&words(line)), expected, "{line}");
        }
    }

    #[test]
    fn the_program_of_a_command_comes_after_words_of_the_shell() {
        for (line, at) in [
            ("sh x", Some(0)),
            ("! X=1 Y=2 sh x", Some(3)),
            ("if then elif else while until do time exec command { sh", Some(11)),
            // These are programs themselves.
            ("env sh x", Some(0)),
            ("sudo sh x", Some(0)),
            ("X=1", None),
            ("", None),
        ] {
            assert_eq!(program(&words(line)), at, "{line}");
        }
    }
}
