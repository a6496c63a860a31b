//! Embeds the claims of `rates/claims` in the library.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    println!("cargo::rerun-if-changed=rates/claims");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files: Vec<String> = Vec::new();
    for entry in fs::read_dir(Path::new(&root).join("rates/claims"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") {
            files.push(name);
        }
    }
    files.sort();
    let mut text = String::from("const EMBEDDED: &[(&str, &str)] = &[\n");
    for file in files {
        let path = Path::new(&root).join("rates/claims").join(&file);
        text += &format!("    ({file:?}, include_str!({path:?})),\n");
    }
    text += "];\n";
    fs::write(Path::new(&out).join("claims.rs"), text)
}
