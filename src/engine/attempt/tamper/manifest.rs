//! Files that a command reads without naming them: the `Makefile` of `make test`, the scripts of
//! `npm test`.

use super::fingerprint::{Part, scripts, text};
use super::word::{base_name, fragments, plain};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Longer manifests are not parsed, but they are still compared.
const LIMIT: u64 = 1 << 20;

/// The files that programs read in their working directory, and whether they can run without them.
const READS: [(&[&str], bool, &[&str]); 9] = [
    (&["cargo"], true, &[".cargo/config.toml", ".cargo/config"]),
    (&["pytest", "py.test"], true, &["pytest.ini", ".pytest.ini", "tox.ini"]),
    (&["tox"], false, &["tox.ini"]),
    (&["nox"], false, &["noxfile.py"]),
    (
        &["gradlew", "gradle"],
        true,
        &["gradle/wrapper/gradle-wrapper.properties", "gradle/wrapper/gradle-wrapper.jar"],
    ),
    (
        &["mvnw", "mvn"],
        true,
        &[".mvn/wrapper/maven-wrapper.properties", ".mvn/wrapper/maven-wrapper.jar"],
    ),
    (&["task", "go-task"], false, &["Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml"]),
    (&["pre-commit"], false, &[".pre-commit-config.yaml"]),
    (
        &["docker", "docker-compose", "podman", "podman-compose"],
        false,
        &["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"],
    ),
];

/// What a command reads, and the commands in those files.
#[derive(Debug, Default)]
pub(super) struct Behind {
    /// Files, with the part that counts. A file that does not exist must not be created, because it
    /// would take precedence over the one that does.
    pub(super) files: Vec<(PathBuf, Part)>,
    /// Files without which the command cannot run and none of which exists: creating one is the
    /// work of a task.
    pub(super) missing: Vec<PathBuf>,
    /// The manifests that were parsed: nothing else in them is run.
    pub(super) parsed: Vec<PathBuf>,
    /// The shell lines in them that this command runs.
    pub(super) lines: Vec<String>,
    /// Files that they include, whether they exist or not.
    pub(super) included: Vec<PathBuf>,
}

impl Behind {
    /// Finds what is behind `words` in the folders in which it may run.
    pub(super) fn of(words: &[String], folders: &[PathBuf]) -> Self {
        let mut behind = Self::default();
        for (at, word) in words.iter().enumerate() {
            for folder in folders {
                behind.look(base_name(word), &words[at..], folder);
            }
        }
        behind
    }

    /// Adds what the program `name`, the first of `words`, reads in `folder`.
    fn look(&mut self, name: &str, words: &[String], folder: &Path) {
        for (_, optional, files) in READS.iter().filter(|(programs, ..)| programs.contains(&name)) {
            self.read(folder, files, *optional);
        }
        match name {
            "make" | "gmake" => {
                self.recipes(words, folder, &["GNUmakefile", "makefile", "Makefile"]);
            }
            "just" => self.recipes(words, folder, &["justfile", ".justfile", "Justfile"]),
            "npm" | "pnpm" | "yarn" | "bun" | "npx" => self.package(words, folder),
            _ => {}
        }
    }

    fn read(&mut self, folder: &Path, names: &[&str], optional: bool) {
        let all: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
        if optional || all.iter().any(|path| path.exists()) {
            self.files.extend(all.into_iter().map(|path| (path, Part::Whole)));
        } else {
            self.missing.extend(all);
        }
    }

    fn recipes(&mut self, words: &[String], folder: &Path, names: &[&str]) {
        self.read(folder, names, false);
        let targets: Vec<&str> = words
            .iter()
            .skip(1)
            .map(String::as_str)
            .filter(|word| !word.starts_with('-'))
            .collect();
        // Any other file is named by the command itself (`-f ci.mk`, `-fci.mk`, `--file=ci.mk`), and
        // is guarded for that reason.
        let named = words.iter().skip(1).flat_map(|word| fragments(word));
        for path in names.iter().copied().chain(named).map(|name| folder.join(name)) {
            if self.parsed.contains(&path) {
                continue;
            }
            let Some(text) = text(&path, LIMIT) else { continue };
            let lines = recipes(&text, &targets, &|word| folder.join(word).exists());
            self.include(&lines, folder);
            self.lines.extend(lines);
            self.parsed.push(path);
        }
    }

    /// Adds the files that lines of a Makefile or justfile include, and those that they include.
    fn include(&mut self, lines: &[String], folder: &Path) {
        let included = lines.iter().filter_map(|line| line.split_once("include "));
        for name in included.flat_map(|(_, names)| names.split_whitespace()) {
            let path = plain(&folder.join(name));
            if self.included.contains(&path) {
                continue;
            }
            self.read(folder, &[name], false);
            let found = text(&path, LIMIT).unwrap_or_default();
            self.included.push(path);
            self.include(&found.lines().map(recipe_line).collect::<Vec<_>>(), folder);
        }
    }

    /// Adds the lines of the scripts that `words` name, and of those that these scripts name.
    fn package(&mut self, words: &[String], folder: &Path) {
        let path = folder.join("package.json");
        if !path.exists() {
            self.missing.push(path);
            return;
        }
        let found = text(&path, LIMIT).and_then(|text| scripts(text.as_bytes()));
        self.files.push((path, Part::Scripts));
        let Some(scripts) = found else { return };
        let mut wanted: Vec<String> = words.to_vec();
        // `npm t` and `npm start` need no `run`.
        wanted.extend(words.iter().any(|word| word == "t" || word == "tst").then(|| "test".into()));
        let mut seen = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            let around = [format!("pre{name}"), format!("post{name}"), name];
            for name in around.into_iter().filter(|name| seen.insert(name.clone())) {
                let Some(line) = scripts.get(&name).and_then(|line| line.as_str()) else {
                    continue;
                };
                wanted.extend(line.split_whitespace().map(str::to_owned));
                self.lines.push(line.to_owned());
            }
        }
    }
}

/// Returns the lines of a Makefile or justfile that these targets run, and the lines outside of all
/// targets; every line if a target is not found. Without targets, the first one counts. A word that
/// is a path (`-f ci.mk`, `-C sub`) or a number (`-j 4`) need not be a target.
fn recipes(text: &str, targets: &[&str], is_path: &dyn Fn(&str) -> bool) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let header = |line: &str| -> Option<(Vec<String>, Vec<String>)> {
        let (names, needs) =
            line.split_once(':').filter(|_| !line.starts_with([' ', '\t', '#']))?;
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        (!needs.starts_with('=') && !names.contains('=')).then(|| (words(names), words(needs)))
    };
    let headers: Vec<_> = text.lines().filter_map(header).collect();
    let found = |name: &str| headers.iter().any(|(names, _)| names.iter().any(|n| n == name));
    let is_target = |target: &&&str| {
        let other = target.contains('=') || target.parse::<u32>().is_ok() || is_path(target);
        found(target) || !other
    };
    let mut wanted: Vec<String> =
        targets.iter().filter(is_target).map(|target| (*target).to_owned()).collect();
    if wanted.is_empty() {
        let first = headers.iter().find(|(names, _)| !names.iter().any(|n| n.starts_with('.')));
        wanted.extend(first.and_then(|(names, _)| names.first().cloned()));
    }
    if !wanted.iter().all(|name| found(name)) {
        return text.lines().map(recipe_line).collect();
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        let needs = headers.iter().filter(|(names, _)| names.contains(&name));
        let needs = needs.flat_map(|(_, needs)| needs.iter().cloned()).collect::<Vec<_>>();
        if seen.insert(name) {
            wanted.extend(needs);
        }
    }
    let mut ours = true;
    let mut lines = Vec::new();
    for line in text.lines() {
        match header(line) {
            Some((names, _)) => {
                ours = names.iter().any(|name| seen.contains(name));
                // A recipe may follow the header on the same line: `test: ; sh check.sh`.
                lines.extend(
                    line.split_once(';').filter(|_| ours).map(|(_, rest)| recipe_line(rest)),
                );
            }
            None if !line.trim().is_empty() && !line.starts_with([' ', '\t']) => {
                ours = true;
                lines.push(recipe_line(line));
            }
            None if ours => lines.push(recipe_line(line)),
            None => {}
        }
    }
    lines
}

/// Removes the prefixes by which make and just control how to run a line.
fn recipe_line(line: &str) -> String {
    line.trim().trim_start_matches(['@', '-', '+']).replace("{{", "${").replace("}}", "}")
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;
    use std::fs;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn recipes_of_the_wanted_targets_and_of_what_they_need() {
        let makefile = "SH := sh\nall: test\n.PHONY: all\ntest: unit\n\t@$(SH) test.sh\n\
                        unit:\n\t-sh \\\n\t\tunit.sh\nlint:\n\tsh lint.sh\ninclude more.mk\n\
                        quick: ; sh quick.sh\n";
        let found = |targets: &[&str]| recipes(makefile, targets, &|word| word == "sub").join("|");
        assert_eq!(found(&["test"]), "SH := sh|$(SH) test.sh|sh  \t\tunit.sh|include more.mk");
        assert_eq!(found(&[]), found(&["all"]));
        assert_eq!(found(&["sub", "4", "X=1", "test"]), found(&["test"]));
        assert!(found(&["lint"]).contains("lint.sh") && !found(&["lint"]).contains("unit.sh"));
        assert!(found(&["quick"]).contains("sh quick.sh"));
        assert!(found(&["a.o"]).contains("lint.sh"), "all lines in doubt");
    }

    #[test]
    fn what_stands_behind_a_command_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().to_owned();
        let put = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        put("Makefile", "include more.mk\ntest:\n\tsh check.sh\n");
        put("more.mk", "-include local.inc more.mk\n");
        put(
            "package.json",
            r#"{"scripts": {"test": "npm run unit && node b.js", "unit": "sh u.sh",
            "pretest": "sh p.sh", "other": "sh o.sh"}}"#,
        );
        put("justfile", "test arg:\n    sh j.sh\n");
        let of = |line: &str| {
            let behind = Behind::of(&words(line), std::slice::from_ref(&folder));
            let name = |(path, _): &(PathBuf, Part)| base_name(path.to_str().unwrap()).to_owned();
            (behind.files.iter().map(name).collect::<Vec<_>>(), behind.lines.join("|"))
        };
        let (files, lines) = of("timeout 5 make -s test");
        assert!(
            files.contains(&"Makefile".to_owned()) && files.contains(&"GNUmakefile".to_owned())
        );
        assert!(lines.contains("sh check.sh"), "{lines}");
        let included = Behind::of(&words("make test"), std::slice::from_ref(&folder)).included;
        assert_eq!(included, ["more.mk", "local.inc"].map(|name| folder.join(name)));
        let (files, lines) = of("npm test");
        assert_eq!(files, ["package.json"]);
        assert!(["u.sh", "b.js", "p.sh"].iter().all(|name| lines.contains(name)), "{lines}");
        assert!(!lines.contains("o.sh"), "{lines}");
        assert!(of("just test").1.contains("sh j.sh"));
        assert!(of("uv run pytest -q").0.contains(&"pytest.ini".to_owned()));
        assert!(of("./gradlew check").0.iter().any(|name| name.ends_with(".jar")));
        assert_eq!(of("sh check.sh").0, Vec::<String>::new());
    }

    /// Returns the names of what is behind `line` in a folder with these files: the files that are
    /// guarded, and those whose creation is work.
    fn names(there: &[&str], line: &str) -> (Vec<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        for name in there {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let behind = Behind::of(&words(line), &[dir.path().to_owned()]);
        let name = |path: PathBuf| path.strip_prefix(dir.path()).unwrap().display().to_string();
        let files = behind.files.into_iter().map(|(path, _)| name(path)).collect();
        (files, behind.missing.into_iter().map(name).collect())
    }

    #[test]
    fn what_a_program_reads_by_itself_is_guarded_whether_it_exists_or_not() {
        let optional: &[(&str, &[&str])] = &[
            ("cargo test", &[".cargo/config.toml", ".cargo/config"]),
            ("python3 -m pytest -q", &["pytest.ini", ".pytest.ini", "tox.ini"]),
            ("py.test", &["pytest.ini", ".pytest.ini", "tox.ini"]),
            (
                "gradle check",
                &["gradle/wrapper/gradle-wrapper.properties", "gradle/wrapper/gradle-wrapper.jar"],
            ),
            (
                "./mvnw verify",
                &[".mvn/wrapper/maven-wrapper.properties", ".mvn/wrapper/maven-wrapper.jar"],
            ),
        ];
        for (line, files) in optional {
            let (guarded, missing) = names(&[], line);
            assert_eq!((guarded.as_slice(), missing.len()), (owned(files).as_slice(), 0), "{line}");
        }
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_without_which_a_program_cannot_run_may_be_the_work() {
        let compose = ["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"];
        let needed: &[(&str, &[&str])] = &[
            ("tox -e py", &["tox.ini"]),
            ("nox", &["noxfile.py"]),
            ("task test", &["Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml"]),
            ("go-task", &["Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml"]),
            ("pre-commit run", &[".pre-commit-config.yaml"]),
            ("docker compose up", &compose),
            ("podman-compose up", &compose),
            ("gmake", &["GNUmakefile", "makefile", "Makefile"]),
            ("just", &["justfile", ".justfile", "Justfile"]),
            ("npx jest", &["package.json"]),
        ];
        for (line, files) in needed {
            assert_eq!(names(&[], line), (Vec::new(), owned(files)), "{line}");
            // One of them is enough, and the others would take its place.
            let last = files[files.len() - 1];
            assert_eq!(names(&[last], line), (owned(files), Vec::new()), "{line} with {last}");
        }
        assert_eq!(names(&["tox.ini"], "sh tox.sh"), (Vec::new(), Vec::new()));
    }

    #[test]
    fn targets_that_need_each_other_are_read_once() {
        let found = |text: &str, targets: &[&str]| recipes(text, targets, &|_| false);
        let circle = "a: b\n\tsh a.sh\nb: a\n\tsh b.sh\nc:\n\tsh c.sh\n";
        assert_eq!(found(circle, &["a"]), ["sh a.sh", "sh b.sh"]);
        assert_eq!(found(circle, &["c", "a"]), ["sh a.sh", "sh b.sh", "sh c.sh"]);
        assert_eq!(found("", &[]), Vec::<String>::new());
        // A target with several names, and with a double colon.
        assert_eq!(found("x y:: z\n\tsh xy.sh\nz:\n\tsh z.sh\n", &["y"]), ["sh xy.sh", "sh z.sh"]);
        // A variable is no target, and a comment neither.
        let text = "A := 1\nB:=2\n# c: d\nt: A = 3\n\tsh t.sh\n";
        assert_eq!(found(text, &["t"]), ["A := 1", "B:=2", "# c: d", "sh t.sh"]);
        // A name with a dot at its beginning is not the first target.
        assert_eq!(found(".PHONY: all\n.x:\n\tsh x.sh\nall:\n\tsh all.sh\n", &[]), ["sh all.sh"]);
    }

    #[test]
    fn what_controls_a_recipe_line_is_no_part_of_its_command() {
        for (line, expected) in [
            ("\t@sh a.sh", "sh a.sh"),
            ("  -@+sh a.sh  ", "sh a.sh"),
            ("@./{{dir}}/a.sh", "./${dir}/a.sh"),
            ("", ""),
        ] {
            assert_eq!(recipe_line(line), expected, "{line}");
        }
    }

    /// Returns the lines and the files of `npm` called with `line` for this `package.json`.
    fn of_package(text: &str, line: &str) -> (Vec<String>, usize) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("package.json"), text).unwrap();
        let behind = Behind::of(&words(line), &[dir.path().to_owned()]);
        assert!(behind.files.iter().all(|(_, part)| *part == Part::Scripts));
        assert_eq!(behind.missing, Vec::<PathBuf>::new());
        (behind.lines, behind.files.len())
    }

    #[test]
    fn scripts_of_a_package_are_followed_to_their_end() {
        let scripts = r#"{"scripts": {"test": "npm test", "posttest": "sh post.sh", "a": "npm run b",
            "b": "npm run a", "n": 3, "start": "node s.js"}}"#;
        let lines = |line: &str| of_package(scripts, line).0;
        assert_eq!(lines("npm test"), ["sh post.sh", "npm test"]);
        assert_eq!(lines("npm t"), ["sh post.sh", "npm test"]);
        assert_eq!(lines("npm tst"), ["sh post.sh", "npm test"]);
        assert_eq!(lines("yarn b"), ["npm run a", "npm run b"]);
        assert_eq!(lines("npm start"), ["node s.js"]);
        assert_eq!(lines("npm run n"), Vec::<String>::new());
        assert_eq!(lines("npm ci"), Vec::<String>::new());
    }

    #[test]
    fn a_package_that_cannot_be_parsed_is_guarded_all_the_same() {
        for text in ["", "{", "[]", "3", "{}", r#"{"scripts": []}"#, r#"{"scripts": null}"#] {
            assert_eq!(of_package(text, "npm test"), (Vec::new(), 1), "{text}");
        }
        let long = |spaces: u64| {
            let begin = r#"{"scripts": {"test": "sh x.sh"}"#;
            let rest = usize::try_from(LIMIT + spaces).unwrap() - begin.len() - 1;
            format!("{begin}{}}}", " ".repeat(rest))
        };
        assert_eq!(of_package(&long(0), "npm test"), (vec!["sh x.sh".to_owned()], 1));
        assert_eq!(of_package(&long(1), "npm test"), (Vec::new(), 1));
    }

    #[test]
    fn files_that_include_each_other_are_found_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("Makefile"), "include a.mk ./b.mk\nall:\n\ttrue\n").unwrap();
        fs::write(at("a.mk"), "include b.mk\nsinclude sub/../c.mk\n").unwrap();
        fs::write(at("b.mk"), "include a.mk Makefile\n").unwrap();
        let behind = Behind::of(&words("make -f ci.mk"), &[dir.path().to_owned()]);
        assert_eq!(behind.included, ["a.mk", "b.mk", "Makefile", "c.mk"].map(at));
        assert_eq!(behind.parsed, [at("Makefile")]);
        assert_eq!(behind.missing, [at("sub/../c.mk")]);
    }
}
