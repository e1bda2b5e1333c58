//! Tests which files steer which tools, and what of a manifest is put back.

use super::super::{Part, Reach, Versions, steering, steering_part, tools_of};
use serde_json::{Value, json};

#[test]
fn files_that_steer_are_told_with_whose_tools_read_them() {
    let python = "conftest.py sitecustomize.py usercustomize.py a.pth a.egg-info/x a.dist-info/x \
                  pytest.ini .pytest.ini pytest.toml tox.ini setup.cfg noxfile.py pytest.py \
                  unittest.py pytest/__init__.py _pytest/__init__.py coverage.py .coveragerc \
                  ruff.toml .ruff.toml mypy.ini .flake8 .pylintrc pylintrc pyrightconfig.json \
                  pytest_x.py pyproject.toml poetry.lock uv.lock pdm.lock Pipfile.lock";
    let script = "jest.config.ts jest.setup.js jest-setup.js jest.preset.js setupTests.ts \
                  setup-tests.js setup-jest.ts vitest.config.ts vitest.setup.ts vitest.workspace.ts \
                  vite.config.js .mocharc.yml mocha.opts ava.config.js karma.conf.js \
                  playwright.config.ts cypress.config.ts babel.config.js .babelrc .swcrc \
                  tsconfig.json tsconfig.build.json jsconfig.json .eslintrc.js eslint.config.mjs \
                  .eslintignore biome.json .prettierrc prettier.config.js .nycrc .c8rc.json .npmrc \
                  .yarnrc.yml .pnpmfile.cjs __mocks__/a.js nx.json turbo.json deno.json bunfig.toml \
                  .nvmrc package.json package-lock.json npm-shrinkwrap.json yarn.lock \
                  pnpm-lock.yaml bun.lock bun.lockb";
    let rust = "build.rs .cargo/config .cargo/config.toml rust-toolchain rust-toolchain.toml \
                clippy.toml .clippy.toml rustfmt.toml deny.toml .config/nextest.toml Cargo.toml \
                Cargo.lock";
    let go = ".golangci.yml .golangci.yaml .golangci.toml go.work sub/go.mod go.sum go.work.sum";
    let runner = "Makefile makefile GNUmakefile a.mk justfile .justfile Taskfile.yml Rakefile \
                  gradlew gradle.properties settings.gradle.kts gradle/wrapper/x.jar mvnw \
                  .mvn/jvm.config .rspec phpunit.xml.dist .proverc Test/More.pm Test2/API/X.pm \
                  minitest.rb rspec/core.rb docker-compose.test.yml compose.yaml .env .env.test \
                  .tool-versions mise.toml .envrc";
    let nothing = ".github/workflows/a.yml .github/actions/a/action.yml .gitlab-ci.yml \
                   .circleci/config.yml azure-pipelines.yml Jenkinsfile .travis.yml \
                   .pre-commit-config.yaml lefthook.yml .husky/pre-commit .githooks/x codecov.yml \
                   CODEOWNERS .github/CODEOWNERS";
    for (paths, reach) in [
        (python, Reach::Python),
        (script, Reach::Script),
        (rust, Reach::Rust),
        (go, Reach::Go),
        (runner, Reach::Runner),
        (nothing, Reach::Nothing),
    ] {
        for path in paths.split_whitespace() {
            for path in [path.to_owned(), format!("a/b/{path}")] {
                assert_eq!(steering(&path).map(|row| row.reach), Some(reach), "{path}");
            }
        }
    }
    let others = "src/a.py conftest.pyc my_conftest.py a.egg-info nextest.toml cargo/config go.mod \
                  a.config.js jest.config xMakefile Makefile.am .env.example workflows/a.yml \
                  wrapper/x Test.pm test/More.pm Cargo.tom package.jsonc lib/tests.rs .cargo/x";
    for path in others.split_whitespace() {
        assert_eq!(steering(path), None, "{path}");
    }
}

#[test]
fn a_lock_follows_the_manifest_of_its_tool() {
    for (path, manifest) in [
        ("poetry.lock", "pyproject.toml"),
        ("Pipfile.lock", "Pipfile"),
        ("yarn.lock", "package.json"),
        ("Cargo.lock", "Cargo.toml"),
        ("go.sum", "go.mod"),
    ] {
        let part = steering(path).map(|row| row.part);
        assert!(matches!(part, Some(Part::LockOf([one])) if *one == manifest), "{path}: {part:?}");
    }
}

#[test]
fn a_command_runs_the_tools_of_one_language_or_of_any() {
    for (reach, commands) in [
        (
            Reach::Python,
            &[
                "pytest",
                "py.test -q",
                "ruff check .",
                "mypy a",
                "flake8",
                "black --check .",
                "python -m pytest",
                "python3 -m unittest discover",
                "python -m mypy a",
            ][..],
        ),
        (Reach::Script, &["jest", "vitest run", "tsc --noEmit", "eslint .", "prettier -c ."]),
        (
            Reach::Rust,
            &["cargo test", "cargo nextest run", "cargo clippy", "cargo fmt --check", "cargo doc"],
        ),
        (Reach::Go, &["go test ./...", "go vet", "go build", "golangci-lint run"]),
        (
            Reach::Any,
            &[
                "python pytest",
                "python -m",
                "python -m http.server",
                "python -c pytest",
                "cargo",
                "cargo run",
                "go",
                "go run .",
                "npx jest",
                "pytest | tee x",
                "pytest $X",
                "pytest 'a'",
                "pytest # x",
                "pytest; true",
                "pytest > x",
                "pytest\nsh x",
                "tests/*.py",
                "! pytest",
                "   ",
            ],
        ),
    ] {
        for command in commands {
            assert_eq!(tools_of(command), reach, "{command}");
        }
    }
}

#[test]
fn a_file_reaches_the_steps_of_its_tools_and_those_of_unknown_ones() {
    use Reach::{Any, Go, Nothing, Python, Runner, Rust, Script};
    for (file, step, reaches) in [
        (Python, Python, true),
        (Python, Script, false),
        (Rust, Go, false),
        (Runner, Rust, false),
        (Runner, Any, true),
        (Any, Rust, true),
        (Any, Any, true),
        (Nothing, Any, false),
        (Nothing, Nothing, false),
        (Rust, Any, true),
    ] {
        assert_eq!(file.reaches(step), reaches, "{file:?} {step:?}");
    }
}

/// Returns what a manifest at `path` becomes, as a value; `None` if it stays as it is.
fn put_back(path: &str, base: Value, new: Value) -> Option<Value> {
    let part = steering(path).expect("steers").part;
    let [base, new] = [base, new].map(|value| value.to_string());
    let versions = Versions { base: Some(base.as_bytes()), new: Some(new.as_bytes()) };
    let mixed = steering_part(part, versions, false, &|path| path.contains("gone"))??;
    assert_eq!(mixed.last(), Some(&b'\n'), "a text file ends with a newline");
    Some(serde_json::from_slice(&mixed).expect("JSON"))
}

#[test]
fn every_key_of_a_package_that_steers_is_put_back() {
    let keys = "scripts config jest vitest mocha ava tap nyc c8 babel eslintConfig eslintIgnore \
                prettier stylelint lint-staged husky ts-node xo standard overrides resolutions pnpm \
                packageManager browserslist";
    for key in keys.split_whitespace() {
        let (base, new) =
            (json!({"name": "a", key: {"x": 1}}), json!({"name": "b", key: {"x": 2}}));
        let expected = json!({"name": "b", key: {"x": 1}});
        assert_eq!(put_back("package.json", base.clone(), new), Some(expected.clone()), "{key}");
        assert_eq!(put_back("package.json", base, json!({"name": "b"})), Some(expected), "{key}");
        let added = put_back("package.json", json!({"name": "a"}), json!({"name": "b", key: 1}));
        assert_eq!(added, Some(json!({"name": "b"})), "{key}");
    }
    for key in
        "name version dependencies devDependencies type main exports files engines".split(' ')
    {
        let new = json!({key: {"x": 2}, "scripts": {"test": "jest"}});
        let base = json!({"scripts": {"test": "jest"}});
        assert_eq!(put_back("package.json", base, new), None, "{key}");
    }
}

#[test]
fn a_workspace_keeps_its_members_and_gets_new_ones() {
    let of = |base: Value, new: Value| put_back("package.json", base, new);
    let list = |members: &[&str]| json!({"workspaces": members});
    assert_eq!(of(list(&["a"]), list(&["a", "b"])), None);
    assert_eq!(of(list(&["a", "b"]), list(&["c"])), Some(list(&["c", "a", "b"])));
    assert_eq!(of(list(&["a", "gone"]), list(&["a"])), None);
    assert_eq!(of(list(&["a"]), json!({})), Some(list(&["a"])));
    assert_eq!(of(json!({}), list(&["a"])), None);
    let packages = |members: &[&str]| json!({"workspaces": {"packages": members}});
    assert_eq!(of(packages(&["a"]), packages(&["b"])), Some(packages(&["b", "a"])));
}

#[test]
fn a_file_that_cannot_be_compared_is_put_back_as_a_whole() {
    let part = |path: &str| steering(path).expect("steers").part;
    let mixed = |path: &str, base: Option<&str>, new: Option<&[u8]>| {
        let versions = Versions { base: base.map(str::as_bytes), new };
        let mixed = steering_part(part(path), versions, false, &|_| false);
        mixed.map(|bytes| bytes.map(|bytes| String::from_utf8(bytes).expect("UTF-8")))
    };
    let base = "{\"scripts\": {}}";
    for new in [&b"{"[..], b"[]", b"3", b"\xff", b"{\"a\": 1} x"] {
        let back = mixed("package.json", Some(base), Some(new));
        assert_eq!(back, Some(Some(base.to_owned())), "{new:?}");
    }
    // The file is gone: it comes back. It was broken before: so it stays.
    assert_eq!(mixed("package.json", Some(base), None), Some(Some(base.to_owned())));
    assert_eq!(mixed("package.json", Some("{"), Some(b"{}")), Some(Some("{".to_owned())));
    // A new manifest without steering keys is work, and one with them loses them.
    assert_eq!(mixed("package.json", None, Some(b"{\"name\": \"a\"}")), None);
    let emptied = mixed("package.json", None, Some(b"{\"scripts\": {\"test\": \"true\"}}"));
    assert_eq!(emptied, Some(Some("{}\n".to_owned())));
    assert_eq!(mixed("package.json", Some(" \n"), Some(b"{\"name\": \"a\"}")), None);
    assert_eq!(mixed("Cargo.toml", None, Some(b"[dependencies]\n")), None);
    let profile = mixed("Cargo.toml", None, Some(b"[profile.test]\nx = 1\n[dependencies]\n"));
    assert_eq!(profile, Some(Some("[dependencies]\n".to_owned())));
    assert_eq!(mixed("conftest.py", None, Some(b"x")), Some(None));
    assert_eq!(mixed("sub/go.mod", None, Some(b"x")), Some(None));
    assert_eq!(mixed("sub/go.mod", Some("y"), Some(b"x")), None);
}
