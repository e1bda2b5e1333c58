//! Counts lines of code: those of the product, and those of its tests. Empty lines and comments are
//! no code.

use crate::source::Source;
use std::collections::BTreeSet;

/// Numbers of lines of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) product: usize,
    pub(crate) tests: usize,
}

/// Counts `sources`, which are below `src/`, and `tests`, which are not.
pub(crate) fn share(sources: &[Source], tests: &[Source]) -> Share {
    let modules: BTreeSet<Vec<String>> = sources.iter().flat_map(test_modules).collect();
    let is_test = |source: &Source| {
        let module = source.module();
        source.is_test() || (1..=module.len()).any(|depth| modules.contains(&module[..depth]))
    };
    let product = sources.iter().filter(|source| !is_test(source)).map(product_lines).sum();
    let all: usize = sources.iter().chain(tests).map(|source| code_lines(&source.text)).sum();
    Share { product, tests: all - product }
}

/// Returns the modules that `source` declares for tests only.
fn test_modules(source: &Source) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut marked = false;
    for line in source.text.lines().map(str::trim) {
        let declared = line.strip_suffix(';').and_then(|line| line.rsplit_once("mod "));
        if let (true, Some((_, name))) = (marked, declared) {
            let mut module = source.module();
            module.push(name.to_owned());
            found.push(module);
        }
        // Other attributes may be between.
        marked = line == "#[cfg(test)]" || marked && line.starts_with("#[");
    }
    found
}

fn code_lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

fn product_lines(source: &Source) -> usize {
    code_lines(&source.code().text)
}
