//! The mutants as cargo-mutants lists them.

use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;

use crate::Result;

/// What of the crate is mutated unless a list is given.
const ROOMS: [&str; 5] = ["sets", "truth", "theory", "stats", "claims"];

#[derive(Deserialize)]
struct Listed {
    file: String,
    function: Option<Function>,
    genre: Genre,
    name: String,
    replacement: String,
    span: Span,
}

#[derive(Deserialize)]
struct Function {
    function_name: String,
    return_type: String,
}

#[derive(Deserialize)]
struct Span {
    start: Position,
    end: Position,
}

/// Counted from one, columns in characters.
#[derive(Clone, Copy, Deserialize)]
pub struct Position {
    line: usize,
    column: usize,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
    #[serde(other)]
    Other,
}

/// One mutant; its number is its place in the list.
pub struct Mutant {
    pub file: String,
    pub function: String,
    pub returns: String,
    pub genre: Genre,
    /// With file, line and column.
    pub name: String,
    pub replacement: String,
    /// Bytes of the file.
    pub span: Range<usize>,
    /// The source line of its start, trimmed.
    pub line: String,
}

impl Mutant {
    /// What is changed, without the place: `replace + with -`.
    pub fn change(&self) -> &str {
        let text = self.name.splitn(4, ':').nth(3).unwrap_or("").trim_start();
        let place = format!(" in {}", self.function);
        text.strip_suffix(&place).unwrap_or(text)
    }

    /// Whether a run tells the result of the mutant along with its own: it is met only where they
    /// differ.
    pub fn is_comparison(&self) -> bool {
        let operator = self.change().split(' ').nth(1).unwrap_or("");
        self.genre == Genre::MatchArmGuard
            || self.genre == Genre::BinaryOperator && ["<", "<=", ">", ">="].contains(&operator)
    }

    /// The part of the crate that it is in.
    pub fn room(&self) -> &str {
        self.file.split('/').nth(1).unwrap_or("")
    }
}

/// The list in `path`, or else what cargo-mutants finds now in the crate at `root`. Those of one
/// place come one after the other.
pub fn load(root: &Path, path: Option<&Path>) -> Result<Vec<Mutant>> {
    let json = match path {
        Some(path) => fs::read(path)?,
        None => ask(root)?,
    };
    let mut listed: Vec<Listed> = serde_json::from_slice(&json)?;
    listed.sort_by_cached_key(|m| {
        let Position { line, column } = m.span.start;
        (m.file.clone(), m.genre, line, column)
    });
    let mut mutants: Vec<Mutant> = Vec::new();
    let mut text = String::new();
    for m in listed {
        if mutants.last().is_none_or(|last| last.file != m.file) {
            text = fs::read_to_string(root.join(&m.file))?;
        }
        let span = offset(&text, m.span.start)?..offset(&text, m.span.end)?;
        let line = text.lines().nth(m.span.start.line - 1).unwrap_or("");
        let (function, returns) = match m.function {
            Some(f) => (f.function_name, f.return_type),
            None => Default::default(),
        };
        mutants.push(Mutant {
            file: m.file,
            function,
            returns,
            genre: m.genre,
            name: m.name,
            replacement: m.replacement,
            span,
            line: line.trim().into(),
        });
    }
    Ok(mutants)
}

/// Asks the program that `CARGO_MUTANTS` names, or `cargo-mutants`.
fn ask(root: &Path) -> Result<Vec<u8>> {
    let program = env::var_os("CARGO_MUTANTS").unwrap_or("cargo-mutants".into());
    let mut command = Command::new(&program);
    command
        .current_dir(root)
        .args(["mutants", "--list", "--json"]);
    for room in ROOMS {
        command.args(["-f", &format!("src/{room}/**")]);
    }
    let out = command
        .output()
        .map_err(|e| format!("{} cannot be started: {e}", program.display()))?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into());
    }
    Ok(out.stdout)
}

/// The byte of a position.
fn offset(text: &str, at: Position) -> Result<usize> {
    let mut start = 0;
    let mut lines = text.split_inclusive('\n');
    for _ in 1..at.line {
        start += lines.next().map_or(0, str::len);
    }
    let line = lines.next().unwrap_or("");
    let mut columns = line.char_indices().map(|(i, _)| i).chain([line.len()]);
    let column = columns.nth(at.column - 1);
    column
        .map(|column| start + column)
        .ok_or_else(|| "the list of mutants is of another version of the sources".into())
}
