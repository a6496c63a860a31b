//! Embeds the claims of `rates/claims`, `rates/conformance` and `rates/subject` in the library, and a
//! hash of its sources.

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
    let mut sum = FNV_OFFSET;
    for part in PARTS {
        let path = Path::new(&root).join(part);
        // As a dependency the crate comes without Cargo.lock.
        if path.exists() {
            println!("cargo::rerun-if-changed={part}");
            hash(&path, &mut sum)?;
        }
    }
    println!("cargo::rustc-env=RATECERT_BUILD={sum:016x}");
    fs::write(Path::new(&out).join("claims.rs"), text)
}

/// What the program is made of, data included.
const PARTS: [&str; 9] = [
    "build.rs",
    "Cargo.lock",
    "Cargo.toml",
    "src",
    "data",
    "rates/claims",
    "rates/conformance",
    "rates/subject",
    "vectors/cases.toml",
];

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// Two builds that differ there may differ in what they find.
fn hash(path: &Path, sum: &mut u64) -> io::Result<()> {
    if path.is_dir() {
        let mut below = fs::read_dir(path)?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()?;
        below.sort();
        return below.iter().try_for_each(|p| hash(p, sum));
    }
    for byte in fs::read(path)? {
        *sum = (*sum ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
    }
    Ok(())
}
