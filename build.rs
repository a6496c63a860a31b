//! Embeds the claims of `rates/claims`, `rates/conformance` and `rates/subject` in the library.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    println!("cargo::rerun-if-changed=build.rs");
    let mut text = String::new();
    for (name, dir) in [
        ("EMBEDDED", "rates/claims"),
        ("CONFORMANCE", "rates/conformance"),
        ("SUBJECT", "rates/subject"),
    ] {
        println!("cargo::rerun-if-changed={dir}");
        let mut files: Vec<String> = Vec::new();
        for entry in fs::read_dir(Path::new(&root).join(dir))? {
            let file = entry?.file_name().to_string_lossy().into_owned();
            if file.ends_with(".toml") {
                files.push(file);
            }
        }
        files.sort();
        text += &format!("const {name}: &[(&str, &str)] = &[\n");
        for file in files {
            let path = Path::new(&root).join(dir).join(&file);
            text += &format!("    ({file:?}, include_str!({path:?})),\n");
        }
        text += "];\n";
    }
    fs::write(Path::new(&out).join("claims.rs"), text)
}
