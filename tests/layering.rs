//! Data flows one way: each part imports only parts above it (DESIGN.md, "Layers").

use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up. A part may use itself and every part before it.
const LAYERS: &[&str] = &[
    "error",
    "tol",
    "linalg",
    "sets",
    "maps",
    "instances",
    "truth",
    "trajectory",
    "methods",
    "theory",
    "stats",
    "faults",
    "claims",
    "testing",
    "wire",
    "subject",
    "report",
    "runner",
    "power",
    "cli",
    "main",
];

/// Pairs that may not meet although the order allows them.
const FORBIDDEN: &[(&str, &str)] = &[
    ("stats", "methods"),
    ("stats", "maps"),
    ("stats", "truth"),
    ("theory", "methods"),
    ("theory", "trajectory"),
    ("methods", "truth"),
    ("maps", "instances"),
    ("report", "theory"),
    ("report", "methods"),
    ("report", "truth"),
];

fn rank(layer: &str) -> usize {
    LAYERS
        .iter()
        .position(|l| *l == layer)
        .unwrap_or_else(|| panic!("src/{layer} is in no layer: add it to LAYERS"))
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Files of modules declared under `#[cfg(test)]` or `#[cfg(all(test, ...))]`.
fn is_test_file(file: &Path) -> bool {
    let folder = file.parent().unwrap();
    let is_mod = file.ends_with("mod.rs");
    let (module, folder) = if is_mod {
        (folder, folder.parent().unwrap())
    } else {
        (file, folder)
    };
    let declared = format!("mod {};", module.file_stem().unwrap().to_string_lossy());
    let for_tests = |text: String| {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.windows(2).any(|l| {
            l[0].starts_with("#[cfg(") && l[0].contains("test") && l[1].ends_with(&declared)
        })
    };
    let parents = [
        folder.join("mod.rs"),
        folder.with_extension("rs"),
        folder.join("lib.rs"),
    ];
    parents
        .iter()
        .filter_map(|p| fs::read_to_string(p).ok())
        .any(for_tests)
}

/// Layers named after `crate::` in a line of code, grouped imports included.
fn imports(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::")
        .map(|(at, found)| {
            let rest = &code[at + found.len()..];
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}

fn violations(layer: &str, text: &str) -> Vec<String> {
    // Unit tests may look downstream for their instances.
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut out = Vec::new();
    for (n, line) in code.lines().enumerate() {
        for used in imports(line) {
            let up = LAYERS.contains(&used.as_str()) && rank(&used) > rank(layer);
            if up || FORBIDDEN.contains(&(layer, used.as_str())) {
                out.push(format!("line {}: {layer} uses {used}", n + 1));
            }
        }
    }
    out
}

#[test]
fn every_part_imports_only_parts_above_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 40, "found only {} files", files.len());
    let mut found = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let name = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy();
        let layer = name.trim_end_matches(".rs");
        if layer == "lib" || is_test_file(&file) {
            continue;
        }
        rank(layer);
        let text = fs::read_to_string(&file).unwrap();
        found.extend(
            violations(layer, &text)
                .into_iter()
                .map(|v| format!("{}: {v}", inside.display())),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_sees_a_planted_violation() {
    assert_eq!(
        violations("theory", "use crate::methods::Case;"),
        ["line 1: theory uses methods"]
    );
    assert_eq!(
        violations("linalg", "fn f() {\n crate::maps::x();\n}"),
        ["line 2: linalg uses maps"]
    );
    assert!(violations("claims", "use crate::truth::Truth; // crate::cli").is_empty());
}

#[test]
fn bare_tolerances_stand_in_tol_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut found = Vec::new();
    for file in files
        .iter()
        // The sizes of planted faults are data.
        .filter(|f| {
            !f.ends_with("tol.rs") && !f.starts_with(root.join("faults")) && !is_test_file(f)
        })
    {
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (n, line) in code.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // A table of permitted ranges is data: its rows carry `min:` and `max:`.
            let bare = code.match_indices("1e-").any(|(at, _)| {
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
            });
            if bare && !code.contains("min:") && !code.contains('"') {
                found.push(format!("{}:{}: {}", file.display(), n + 1, line.trim()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "name it in tol.rs with its reason:\n{}",
        found.join("\n")
    );
}
