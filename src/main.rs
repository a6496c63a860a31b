//! The `ratecert` command. Everything is in the library.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    ratecert::cli::main()
}
