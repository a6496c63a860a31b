//! The `ratecert` command. Everything is in the library.

fn main() -> std::process::ExitCode {
    ratecert::cli::main()
}
