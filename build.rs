//! Links the program for Linux at a fixed address.
//!
//! A movable one has a hundred kilobytes of pointers that the loader must correct at each start,
//! which is half a millisecond of three, and every loop and every attempt's supervisor is a start.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let cfg = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // One that is linked statically has no loader, and its own way to be movable.
    let is_static = cfg("FEATURE").split(',').any(|feature| feature == "crt-static");
    if cfg("OS") == "linux" && cfg("ENV") == "gnu" && !is_static {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
