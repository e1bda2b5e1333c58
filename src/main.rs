//! The `workloop` binary.

fn main() -> std::process::ExitCode {
    workloop::main()
}
