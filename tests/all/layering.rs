//! Data flows one way: each room imports only rooms above it (DESIGN.md, "Layers"), and no files
//! import each other in a circle, inside rooms either.
//!
//! What breaks the rules today is listed by name. The lists may only shrink: an entry that is no
//! longer needed fails the test, as does a violation that is not listed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The rooms from the bottom up, those to come included. A room may use itself and every room
/// before it.
const ROOMS: &[&str] = &[
    "error",
    "tol",
    "files",
    "linalg",
    "numerals",
    "sets",
    "maps",
    "objectives",
    "case",
    "instances",
    "methods",
    "truth",
    "theory",
    "stats",
    "evidence",
    "checks",
    "served",
    "claims",
    "faults",
    "judge",
    "runner",
    "wire",
    "vectors",
    "subject",
    "conformance",
    "baseline",
    "report",
    "merge",
    "power",
    "reproduce",
    "testing",
    "cli",
    "main",
];

/// Pairs that may not meet although the order allows them.
const FORBIDDEN: &[(&str, &str)] = &[
    ("instances", "case"),
    ("truth", "methods"),
    ("theory", "methods"),
    ("stats", "sets"),
    ("stats", "maps"),
    ("stats", "instances"),
    ("stats", "methods"),
    ("stats", "truth"),
    ("stats", "theory"),
    ("report", "theory"),
    ("report", "methods"),
    ("report", "truth"),
    ("report", "evidence"),
];

/// Files that import a room below their own in the list (or a forbidden one), with that room.
const UPWARD: &[(&str, &str)] = &[];

/// Files that take part in a circle of imports.
const CIRCLES: &[&str] = &[];

/// A module of the crate as its path from the root: `["sets", "points"]`.
type Module = Vec<String>;

/// The files of the crate that are not for tests alone.
struct Crate {
    /// File name under `src`, code without comments and tests.
    files: BTreeMap<Module, (String, String)>,
}

impl Crate {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut texts = Vec::new();
        collect(&root, &root, &mut texts);
        Self::of(texts)
    }

    fn of(texts: Vec<(String, String)>) -> Self {
        let mut files = BTreeMap::new();
        let mut tests = Vec::new();
        for (name, text) in texts {
            let mut module: Module = name
                .trim_end_matches(".rs")
                .split('/')
                .map(Into::into)
                .collect();
            if module
                .last()
                .is_some_and(|last| last == "mod" || last == "lib")
            {
                module.pop();
            }
            let (code, children) = without_tests(&text);
            tests.extend(children.into_iter().map(|child| child_of(&module, &child)));
            files.insert(module, (name, code));
        }
        files.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self { files }
    }

    /// The module whose file defines what `path` names, re-exports followed.
    fn definition(&self, path: &[String]) -> Option<Module> {
        let mut module = Module::new();
        for (at, name) in path.iter().enumerate() {
            let child = child_of(&module, name);
            if self.files.contains_key(&child) {
                module = child;
                continue;
            }
            let (_, code) = self.files.get(&module)?;
            let exported = uses(code)
                .into_iter()
                .find(|u| u.exported && u.name == *name);
            return match exported {
                Some(u) => {
                    let mut inner = self.absolute(&module, &u.path)?;
                    inner.extend_from_slice(&path[at + 1..]);
                    self.definition(&inner)
                }
                None => Some(module),
            };
        }
        Some(module)
    }

    /// `path` as written in `module`, from the root of the crate; `None` for other crates.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut base = module.clone();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                base.clear();
                rest = &path[1..];
            }
            Some("self") => rest = &path[1..],
            Some("super") => {}
            Some(first) if self.files.contains_key(&child_of(module, first)) => {}
            _ => return None,
        }
        while rest.first().is_some_and(|s| s == "super") {
            base.pop()?;
            rest = &rest[1..];
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The modules that the file of `module` imports, re-exports not counted unless it uses them
    /// itself.
    fn imports(&self, module: &Module) -> BTreeSet<Module> {
        let (_, code) = &self.files[module];
        let (statements, rest) = split_uses(code);
        let mut paths: Vec<Module> = Vec::new();
        for u in statements.iter().flat_map(|s| uses(s)) {
            if !u.exported || words(&rest).any(|w| w == u.name) {
                paths.push(u.path);
            }
        }
        paths.extend(inline_paths(&rest));
        paths
            .iter()
            .filter_map(|path| self.definition(&self.absolute(module, path)?))
            .filter(|found| found != module && !found.is_empty())
            .collect()
    }

    fn name(&self, module: &Module) -> &str {
        &self.files[module].0
    }

    /// (file, room) of every import that goes against the order.
    fn upward(&self) -> BTreeSet<(String, String)> {
        let mut out = BTreeSet::new();
        for module in self.files.keys().filter(|m| !m.is_empty()) {
            for used in self.imports(module) {
                let (from, to) = (module[0].as_str(), used[0].as_str());
                if rank(to) > rank(from) || FORBIDDEN.contains(&(from, to)) {
                    out.insert((self.name(module).to_owned(), to.to_owned()));
                }
            }
        }
        out
    }

    /// The files that can be reached from themselves, each with one way back.
    fn circles(&self) -> BTreeMap<String, String> {
        let graph: BTreeMap<&Module, BTreeSet<Module>> =
            self.files.keys().map(|m| (m, self.imports(m))).collect();
        let mut out = BTreeMap::new();
        for start in self.files.keys() {
            let mut from: BTreeMap<&Module, &Module> = BTreeMap::new();
            let mut queue = vec![start];
            while !queue.is_empty() && !from.contains_key(start) {
                let mut next = Vec::new();
                for at in queue {
                    for to in &graph[at] {
                        if !from.contains_key(to) {
                            from.insert(to, at);
                            next.push(to);
                        }
                    }
                }
                queue = next;
            }
            if let Some(mut at) = from.get(start) {
                let mut way = vec![self.name(start)];
                while *at != start {
                    way.push(self.name(at));
                    at = &from[*at];
                }
                way.push(self.name(start));
                way.reverse();
                out.insert(self.name(start).to_owned(), way.join(" -> "));
            }
        }
        out
    }
}

fn rank(room: &str) -> usize {
    let at = ROOMS.iter().position(|r| *r == room);
    at.unwrap_or_else(|| panic!("src/{room} is no room: add it to ROOMS"))
}

fn child_of(module: &[String], name: &str) -> Module {
    let mut child = module.to_vec();
    child.push(name.to_owned());
    child
}

fn collect(root: &Path, dir: &Path, out: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let inside = path.strip_prefix(root).unwrap();
            let name = inside
                .iter()
                .map(|p| p.to_string_lossy())
                .collect::<Vec<_>>()
                .join("/");
            out.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The code without comments and items under `#[cfg(test)]`, and the modules declared there.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let mut code = String::new();
    let mut modules = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.split("//").next().unwrap_or_default();
        // Where something is visible is no import.
        let line = match line
            .split_once("pub(in ")
            .map(|(a, b)| (a, b.split_once(") ")))
        {
            Some((before, Some((_, after)))) => format!("{before}pub(super) {after}"),
            _ => line.to_owned(),
        };
        let line = line.as_str();
        let attribute = line.trim_start();
        if !(attribute.starts_with("#[cfg(test)]") || attribute.starts_with("#[cfg(all(test")) {
            code.push_str(line);
            code.push('\n');
            continue;
        }
        // The item ends with its first line or with the brace at its own indentation.
        let indent = line.len() - attribute.len();
        let Some(mut item) = lines.find(|l| !l.trim_start().starts_with(['#', '/'])) else {
            break;
        };
        if let Some(name) = item
            .trim_end()
            .strip_suffix(';')
            .and_then(|l| l.rsplit_once("mod "))
        {
            modules.push(name.1.to_owned());
        }
        let end = format!("{}}}", " ".repeat(indent));
        while !item.trim_end().ends_with(';') || item.starts_with(&" ".repeat(indent + 1)) {
            match lines.next() {
                Some(next) if !next.starts_with(&end) => item = next,
                _ => break,
            }
        }
    }
    (code, modules)
}

/// One name brought into scope.
struct Use {
    path: Module,
    name: String,
    exported: bool,
}

/// The `use` statements of a file, and the rest.
fn split_uses(code: &str) -> (Vec<String>, String) {
    let (mut statements, mut rest) = (Vec::new(), String::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        let visible = trimmed.split_once("use ").map(|(before, _)| before.trim());
        let is_use = |v: &str| v.is_empty() || (v.starts_with("pub") && !v.contains(' '));
        if !visible.is_some_and(is_use) {
            rest.push_str(line);
            rest.push('\n');
            continue;
        }
        let mut statement = trimmed.to_owned();
        while !statement.contains(';') {
            match lines.next() {
                Some(more) => statement.push_str(more.trim()),
                None => break,
            }
        }
        statements.push(statement);
    }
    (statements, rest)
}

/// The names that the `use` statements of `code` bring into scope.
fn uses(code: &str) -> Vec<Use> {
    let mut out = Vec::new();
    for statement in split_uses(code).0 {
        let (visibility, tree) = statement.split_once("use ").unwrap();
        let tree = tree.split(';').next().unwrap_or_default();
        expand(tree, &[], visibility.starts_with("pub"), &mut out);
    }
    out
}

fn expand(tree: &str, prefix: &[String], exported: bool, out: &mut Vec<Use>) {
    let tree = tree.trim();
    if let Some((before, group)) = tree.split_once('{') {
        let mut prefix = prefix.to_vec();
        prefix.extend(
            before
                .split("::")
                .map(str::trim)
                .filter(|s| !s.is_empty())
                .map(String::from),
        );
        let group = group.rsplit_once('}').map_or(group, |g| g.0);
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !group[start..at].trim().is_empty() {
                        expand(&group[start..at], &prefix, exported, out);
                    }
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
    let mut full = prefix.to_vec();
    full.extend(path.split("::").map(|s| s.trim().to_owned()));
    if full.last().is_some_and(|l| l == "self" || l == "*") {
        full.pop();
    }
    let last = full.last().cloned().unwrap_or_default();
    let name = if alias.is_empty() {
        last
    } else {
        alias.trim().to_owned()
    };
    out.push(Use {
        path: full,
        name,
        exported,
    });
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

/// Paths written out in code: `crate::a::b`, `super::c`, `child::d`.
fn inline_paths(code: &str) -> Vec<Module> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(|c: char| !part(c))
        .filter(|path| path.contains("::"))
        .map(|path| {
            path.split("::")
                .filter(|s| !s.is_empty())
                .map(Into::into)
                .collect()
        })
        .collect()
}

/// Lists that may only shrink: `found` and `listed` have to be the same.
fn compare<T: Ord + std::fmt::Debug>(found: &BTreeSet<T>, listed: &BTreeSet<T>, list: &str) {
    let new: Vec<_> = found.difference(listed).collect();
    let gone: Vec<_> = listed.difference(found).collect();
    assert!(
        new.is_empty(),
        "against the rules, and not in {list}: {new:#?}"
    );
    assert!(
        gone.is_empty(),
        "no longer true, take it out of {list}: {gone:#?}"
    );
}

#[test]
fn every_room_imports_only_rooms_above_it() {
    let found = Crate::read().upward();
    let listed = UPWARD
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect();
    compare(&found, &listed, "UPWARD");
}

#[test]
fn no_files_import_each_other() {
    let circles = Crate::read().circles();
    assert!(CIRCLES.is_sorted(), "CIRCLES is in order");
    for way in circles.iter().filter(|c| !CIRCLES.contains(&c.0.as_str())) {
        println!("a circle that is not listed: {}", way.1);
    }
    let listed = CIRCLES.iter().map(|s| (*s).to_owned()).collect();
    compare(&circles.into_keys().collect(), &listed, "CIRCLES");
}

/// A crate of three rooms in which each kind of import occurs.
fn planted(theory: &str) -> Crate {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    Crate::of(vec![
        file("lib.rs", "pub mod maps;\npub use error::Error;\n"),
        file("error.rs", "pub struct Error;"),
        file(
            "maps/mod.rs",
            "mod a;\nmod b;\n#[cfg(test)]\nmod tests;\npub use a::{A, Other as Another};\n",
        ),
        file("maps/a.rs", "use crate::Error;\nuse super::b::{self, B};\n"),
        file("maps/b.rs", "pub struct B; // use super::a::A;\n"),
        file("maps/tests.rs", "use crate::cli::Everything;"),
        file("methods.rs", "pub struct Case;"),
        file("theory.rs", theory),
    ])
}

#[test]
fn the_check_sees_planted_violations() {
    let upward = |text: &str| {
        planted(text)
            .upward()
            .into_iter()
            .map(|v| v.1)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        upward("use crate::maps::A;\nuse crate::Error;\n"),
        Vec::<String>::new()
    );
    for bad in [
        "use crate::methods::Case;",
        "use crate::{\n    maps::A,\n    methods::Case,\n};",
        "fn f() {\n    crate::methods::x();\n}",
        "use super::methods;",
        "#[cfg(test)]\nuse std::fmt;\npub(crate) use crate::methods::Case;\nfn f(_: Case) {}",
    ] {
        assert_eq!(upward(bad), ["methods"], "{bad}");
    }
    for good in [
        "// crate::methods\n",
        "#[cfg(test)]\nmod tests {\n    use crate::methods::Case;\n}\n",
        "#[cfg(test)]\npub(super) fn f(\n    x: f64,\n) {\n    crate::methods::f();\n}\n",
    ] {
        assert_eq!(upward(good), Vec::<String>::new(), "{good}");
    }
    let mut circle = planted("");
    assert_eq!(circle.circles(), BTreeMap::new());
    let plant = |c: &mut Crate, name: &str, code: &str| {
        let module: Module = name.split('/').map(Into::into).collect();
        c.files.get_mut(&module).unwrap().1.push_str(code);
    };
    // Through the re-export of the parent, and by another name.
    plant(&mut circle, "maps/b", "use crate::maps::Another;\n");
    let found = circle.circles();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["maps/a.rs", "maps/b.rs"]);
    assert_eq!(found["maps/a.rs"], "maps/a.rs -> maps/b.rs -> maps/a.rs");
    // A parent that defines what its child imports, and names the child.
    let mut parent = planted("");
    plant(&mut parent, "maps", "pub struct Map(A);\n");
    assert!(parent.circles().is_empty());
    plant(&mut parent, "maps/a", "use super::Map;\n");
    assert_eq!(parent.circles().len(), 2);
}

/// One function of the crate is unsafe, a hint to the processor; every room but that of `linalg`
/// forbids it.
#[test]
fn unsafe_code_stands_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = Vec::new();
    collect(&root, &root, &mut texts);
    let mut allowed = Vec::new();
    for (name, text) in &texts {
        let top = match name.split_once('/') {
            None => name != "lib.rs",
            Some((room, file)) => file == "mod.rs" && room != "linalg",
        };
        let forbids = text.contains("#![forbid(unsafe_code)]");
        assert!(forbids || !top, "{name} does not forbid unsafe code");
        let calls = ["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code)"];
        if calls.iter().any(|c| text.contains(c)) {
            allowed.push(name.as_str());
        }
    }
    assert_eq!(allowed, ["linalg/prefetch.rs"]);
}

#[test]
fn bare_tolerances_stand_in_tol_only() {
    let mut found = Vec::new();
    for (name, code) in Crate::read().files.values() {
        // The sizes of planted faults are data.
        if name.starts_with("tol/") || name.starts_with("faults/") {
            continue;
        }
        for (n, line) in code.lines().enumerate() {
            // A table of permitted ranges is data: its rows carry `min:` and `max:`.
            let bare = line.match_indices("1e-").any(|(at, _)| {
                !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
            });
            if bare && !line.contains("min:") && !line.contains('"') {
                found.push(format!("{name}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "name it in src/tol with its reason:\n{}",
        found.join("\n")
    );
}
