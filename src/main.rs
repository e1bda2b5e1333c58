//! The `workloop` binary.

fn main() {}
