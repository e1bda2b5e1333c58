//! The table of files that steer runners, linters and compilers, by ecosystem.

use super::super::paths::name;
use super::reach::Reach;

/// Which part of a file steers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// These tables of a JSON file.
    Json(&'static [Table]),
    /// These tables of a TOML file.
    Toml(&'static [Table]),
    /// All of it, if it is new in a folder that has files at the base. There it takes tests away
    /// from the project around it; a new folder is work.
    New,
    /// All of it, unless one of these manifests in the same folder changed too.
    LockOf(&'static [&'static str]),
}

/// A table of a manifest, by its path from the top, and what of it steers.
pub(crate) type Table = (&'static [&'static str], Keys);

/// What of a table steers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// All of it.
    All,
    /// These keys. Of a list of tables, those of each table that has the same `name`.
    These(&'static [&'static str]),
    /// These lists of folders with manifests: no entry may go while its folder stays, and a new
    /// entry is work.
    Members(&'static [&'static str]),
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steering {
    /// The ecosystem whose tools read it.
    pub reach: Reach,
    /// Which part of it steers.
    pub part: Part,
}

/// Reach, part, and globs of file names or path suffixes.
type Row = (Reach, Part, &'static [&'static str]);

/// Tables of a `package.json` that determine what runs and how.
const PACKAGE: &[Table] = &[
    (&[], Keys::These(PACKAGE_KEYS)),
    (&[], Keys::Members(&["workspaces"])),
    (&["workspaces"], Keys::Members(&["packages"])),
];

/// Dependencies are part of the work.
const PACKAGE_KEYS: &[&str] = &[
    "scripts",
    "config",
    "jest",
    "vitest",
    "mocha",
    "ava",
    "tap",
    "nyc",
    "c8",
    "babel",
    "eslintConfig",
    "eslintIgnore",
    "prettier",
    "stylelint",
    "lint-staged",
    "husky",
    "ts-node",
    "xo",
    "standard",
    "overrides",
    "resolutions",
    "pnpm",
    "packageManager",
    "browserslist",
];

/// Keys of a target in a `Cargo.toml`.
const TARGET: Keys = Keys::These(&["path", "test", "doctest", "harness", "bench"]);

/// Tables of a `Cargo.toml` that determine how a crate is built and tested.
const CARGO: &[Table] = &[
    (&["package"], Keys::These(CARGO_PACKAGE)),
    (&["lib"], TARGET),
    (&["bin"], TARGET),
    (&["example"], TARGET),
    (&["test"], Keys::All),
    (&["bench"], Keys::All),
    (&["profile"], Keys::All),
    (&["lints"], Keys::All),
    (&["patch"], Keys::All),
    (&["replace"], Keys::All),
    (&["workspace", "lints"], Keys::All),
    (&["workspace"], Keys::Members(&["members"])),
    (&["workspace"], Keys::These(&["exclude", "default-members"])),
];

const CARGO_PACKAGE: &[&str] = &[
    "build",
    "autolib",
    "autotests",
    "autobins",
    "autobenches",
    "autoexamples",
    "default-run",
    "workspace",
];

/// Tables of a `pyproject.toml` that determine how a project is checked.
const PYPROJECT: &[Table] = &[
    (&["build-system"], Keys::All),
    (&["project", "entry-points", "pytest11"], Keys::All),
    (&["tool", "pytest"], Keys::All),
    (&["tool", "coverage"], Keys::All),
    (&["tool", "ruff"], Keys::All),
    (&["tool", "mypy"], Keys::All),
    (&["tool", "pyright"], Keys::All),
    (&["tool", "basedpyright"], Keys::All),
    (&["tool", "pylint"], Keys::All),
    (&["tool", "black"], Keys::All),
    (&["tool", "isort"], Keys::All),
    (&["tool", "tox"], Keys::All),
    (&["tool", "hatch", "envs"], Keys::All),
    (&["tool", "pdm", "scripts"], Keys::All),
    (&["tool", "poe"], Keys::All),
    (&["tool", "taskipy"], Keys::All),
    (&["tool", "uv", "workspace"], Keys::Members(&["members"])),
    (&["tool", "uv", "workspace"], Keys::These(&["exclude"])),
];

/// The table. The first matching row applies.
const ROWS: &[Row] = &[
    (
        Reach::Python,
        Part::Whole,
        &[
            "conftest.py",
            "sitecustomize.py",
            "usercustomize.py",
            "*.pth",
            // In a project folder, these register plugins with any Python tool that runs there.
            "*.egg-info/*",
            "*.dist-info/*",
            "pytest.ini",
            ".pytest.ini",
            "pytest.toml",
            ".pytest.toml",
            "tox.ini",
            "setup.cfg",
            "noxfile.py",
            "pytest.py",
            "unittest.py",
            "pytest/__init__.py",
            "unittest/__init__.py",
            "_pytest/__init__.py",
            "coverage.py",
            ".coveragerc",
            "ruff.toml",
            ".ruff.toml",
            "mypy.ini",
            ".mypy.ini",
            ".flake8",
            ".pylintrc",
            "pylintrc",
            "pyrightconfig.json",
            "pytest_*.py",
        ],
    ),
    (Reach::Python, Part::Toml(PYPROJECT), &["pyproject.toml"]),
    (Reach::Python, Part::LockOf(&["pyproject.toml"]), &["poetry.lock", "uv.lock", "pdm.lock"]),
    (Reach::Python, Part::LockOf(&["Pipfile"]), &["Pipfile.lock"]),
    (
        Reach::Script,
        Part::Whole,
        &[
            "jest.config.*",
            "jest.setup.*",
            "jest-setup.*",
            "jest.preset.*",
            "setupTests.*",
            "setup-tests.*",
            "setup-jest.*",
            "vitest.config.*",
            "vitest.setup.*",
            "vitest.workspace.*",
            "vite.config.*",
            ".mocharc*",
            "mocha.opts",
            "ava.config.*",
            "karma.conf.*",
            "playwright.config.*",
            "cypress.config.*",
            "babel.config.*",
            ".babelrc*",
            ".swcrc",
            "tsconfig*.json",
            "jsconfig.json",
            ".eslintrc*",
            "eslint.config.*",
            ".eslintignore",
            "biome.json",
            "biome.jsonc",
            ".prettierrc*",
            "prettier.config.*",
            ".nycrc*",
            ".c8rc*",
            ".npmrc",
            ".yarnrc",
            ".yarnrc.yml",
            ".pnpmfile.cjs",
            "__mocks__/*",
            "nx.json",
            "turbo.json",
            "lerna.json",
            "deno.json",
            "deno.jsonc",
            "bunfig.toml",
            ".node-version",
            ".nvmrc",
        ],
    ),
    (Reach::Script, Part::Json(PACKAGE), &["package.json"]),
    (
        Reach::Script,
        Part::LockOf(&["package.json"]),
        &[
            "package-lock.json",
            "npm-shrinkwrap.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock",
            "bun.lockb",
        ],
    ),
    (
        Reach::Rust,
        Part::Whole,
        &[
            "build.rs",
            ".cargo/config",
            ".cargo/config.toml",
            "rust-toolchain",
            "rust-toolchain.toml",
            "clippy.toml",
            ".clippy.toml",
            "rustfmt.toml",
            ".rustfmt.toml",
            "deny.toml",
            ".config/nextest.toml",
        ],
    ),
    (Reach::Rust, Part::Toml(CARGO), &["Cargo.toml"]),
    (Reach::Rust, Part::LockOf(&["Cargo.toml"]), &["Cargo.lock"]),
    (Reach::Go, Part::Whole, &[".golangci.y*ml", ".golangci.toml", "go.work"]),
    (Reach::Go, Part::New, &["*/go.mod"]),
    (Reach::Go, Part::LockOf(&["go.mod"]), &["go.sum", "go.work.sum"]),
    (
        Reach::Runner,
        Part::Whole,
        &[
            "Makefile",
            "makefile",
            "GNUmakefile",
            "*.mk",
            "justfile",
            "Justfile",
            ".justfile",
            "Taskfile*.y*ml",
            "Rakefile",
            "gradlew",
            "gradle.properties",
            "settings.gradle*",
            "gradle/wrapper/*",
            "mvnw",
            ".mvn/*",
            ".mvn/wrapper/*",
            ".rspec",
            "phpunit.xml*",
            "phpunit.dist.xml",
            "junit-platform.properties",
            ".proverc",
            // In a folder of modules, these replace the ones that tests use.
            "Test/*.pm",
            "Test/Builder/*",
            "Test2/*",
            "Test2/*/*",
            "minitest.rb",
            "minitest/*.rb",
            "rspec.rb",
            "rspec/*.rb",
            "docker-compose*.y*ml",
            "compose*.y*ml",
            ".env",
            ".env.test",
            ".tool-versions",
            "mise.toml",
            ".mise.toml",
            ".envrc",
        ],
    ),
    (
        Reach::Nothing,
        Part::Whole,
        &[
            ".github/workflows/*",
            ".github/actions/*/*",
            ".gitlab-ci.yml",
            ".circleci/*",
            "azure-pipelines.yml",
            "Jenkinsfile",
            ".travis.yml",
            "bitbucket-pipelines.yml",
            ".pre-commit-config.yaml",
            "lefthook.y*ml",
            ".husky/*",
            ".githooks/*",
            "codecov.y*ml",
            ".codecov.y*ml",
            "CODEOWNERS",
            ".github/CODEOWNERS",
        ],
    ),
];

/// Returns the row of a file; `None` if it steers nothing.
pub(crate) fn steering(path: &str) -> Option<Steering> {
    let matches = |glob: &&str| -> bool {
        if !glob.contains('/') {
            return fast_glob::glob_match(glob, name(path));
        }
        let parts = glob.split('/').count();
        let from = path.rsplitn(parts + 1, '/').take(parts).collect::<Vec<_>>();
        let end = from.into_iter().rev().collect::<Vec<_>>().join("/");
        fast_glob::glob_match(glob, &*end)
    };
    let row = ROWS.iter().find(|(.., globs)| globs.iter().any(&matches))?;
    Some(Steering { reach: row.0, part: row.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_found_at_any_depth_and_products_are_not() {
        for (path, reach) in [
            ("conftest.py", Reach::Python),
            ("pkg/tests/conftest.py", Reach::Python),
            ("web/jest.config.js", Reach::Script),
            ("shop.egg-info/entry_points.txt", Reach::Python),
            ("package.json", Reach::Script),
            ("crates/a/build.rs", Reach::Rust),
            (".cargo/config.toml", Reach::Rust),
            ("Makefile", Reach::Runner),
            (".github/workflows/ci.yml", Reach::Nothing),
            ("Cargo.lock", Reach::Rust),
            ("calc/go.mod", Reach::Go),
            ("a/calc/go.mod", Reach::Go),
            ("lib/Test/More.pm", Reach::Runner),
            ("sub/.mvn/wrapper/maven-wrapper.jar", Reach::Runner),
        ] {
            assert_eq!(steering(path).map(|row| row.reach), Some(reach), "{path}");
        }
        for path in [
            "go.mod",
            "src/a.py",
            "src/lib.rs",
            "README.md",
            "src/config.toml",
            "cargo/config.toml",
        ] {
            assert_eq!(steering(path), None, "{path}");
        }
    }
}
