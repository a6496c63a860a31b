//! The public items, listed: a change of the interface has to be meant, and shows in the snapshot.
//!
//! Reads the sources with `syn`: what the public rooms export, with fields, variants and methods.
//! Rooms marked `#[doc(hidden)]` are no part of the interface.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{ImplItem, Item, TraitItem, UseTree, Visibility};

/// What is exported under one name.
#[derive(Default)]
struct Exported {
    kind: &'static str,
    members: BTreeSet<String>,
}

/// All items of a room by name, whichever file defines them.
#[derive(Default)]
struct Room {
    items: BTreeMap<String, Exported>,
    /// Names exported by the room itself.
    exported: BTreeSet<String>,
}

fn is_public(v: &Visibility) -> bool {
    matches!(v, Visibility::Public(_))
}

fn has(attributes: &[syn::Attribute], wanted: &str) -> bool {
    attributes.iter().any(|a| {
        let text = quote_free(a);
        text.contains(wanted)
    })
}

/// An attribute as text, without its spaces.
fn quote_free(a: &syn::Attribute) -> String {
    let path: Vec<String> = a
        .path()
        .segments
        .iter()
        .map(|s| s.ident.to_string())
        .collect();
    let tokens = match &a.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    };
    format!("{}({})", path.join("::"), tokens.replace(' ', ""))
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out.sort();
}

fn names(tree: &UseTree, out: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(p) => names(&p.tree, out),
        UseTree::Name(n) => drop(out.insert(n.ident.to_string())),
        UseTree::Rename(r) => drop(out.insert(r.rename.to_string())),
        UseTree::Glob(_) => {}
        UseTree::Group(g) => g.items.iter().for_each(|t| names(t, out)),
    }
}

impl Room {
    fn put(&mut self, name: &syn::Ident, kind: &'static str) -> &mut Exported {
        let entry = self.items.entry(name.to_string()).or_default();
        entry.kind = kind;
        entry
    }

    fn read(&mut self, file: &syn::File, is_root: bool) {
        for item in &file.items {
            match item {
                Item::Use(u) if is_root && is_public(&u.vis) => names(&u.tree, &mut self.exported),
                Item::Struct(s) if is_public(&s.vis) => {
                    let fields = s.fields.iter().filter(|f| is_public(&f.vis));
                    let fields: Vec<String> = fields
                        .filter_map(|f| f.ident.as_ref().map(|i| format!(".{i}")))
                        .collect();
                    self.put(&s.ident, "struct").members.extend(fields);
                    self.note(is_root, &s.ident);
                }
                Item::Enum(e) if is_public(&e.vis) => {
                    let variants = e.variants.iter().map(|v| format!("::{}", v.ident));
                    let variants: Vec<String> = variants.collect();
                    self.put(&e.ident, "enum").members.extend(variants);
                    self.note(is_root, &e.ident);
                }
                Item::Trait(t) if is_public(&t.vis) => {
                    let methods = t.items.iter().filter_map(|i| match i {
                        TraitItem::Fn(f) => Some(format!("{}()", f.sig.ident)),
                        _ => None,
                    });
                    let methods: Vec<String> = methods.collect();
                    self.put(&t.ident, "trait").members.extend(methods);
                    self.note(is_root, &t.ident);
                }
                Item::Fn(f) if is_public(&f.vis) => {
                    self.put(&f.sig.ident, "fn");
                    self.note(is_root, &f.sig.ident);
                }
                Item::Const(c) if is_public(&c.vis) => {
                    self.put(&c.ident, "const");
                    self.note(is_root, &c.ident);
                }
                Item::Type(t) if is_public(&t.vis) => {
                    self.put(&t.ident, "type");
                    self.note(is_root, &t.ident);
                }
                Item::Impl(i) if i.trait_.is_none() && !has(&i.attrs, "cfg(test)") => {
                    self.methods(i)
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, is_root: bool, name: &syn::Ident) {
        if is_root {
            self.exported.insert(name.to_string());
        }
    }

    fn methods(&mut self, i: &syn::ItemImpl) {
        let syn::Type::Path(path) = &*i.self_ty else {
            return;
        };
        let Some(owner) = path.path.segments.last() else {
            return;
        };
        let entry = self.items.entry(owner.ident.to_string()).or_default();
        for item in &i.items {
            match item {
                ImplItem::Fn(f) if is_public(&f.vis) => {
                    entry.members.insert(format!("{}()", f.sig.ident));
                }
                ImplItem::Const(c) if is_public(&c.vis) => {
                    entry.members.insert(format!("::{}", c.ident));
                }
                _ => {}
            }
        }
    }
}

/// Reads a module: its own file, and the files of its private modules, whose items it may export.
/// Public modules inside it are rooms of their own; hidden ones are read like private ones.
fn module(dir: &Path, name: &str, path: &str, rooms: &mut Vec<(String, Room)>) {
    let (single, folder) = (dir.join(format!("{name}.rs")), dir.join(name));
    let root = if single.exists() {
        single
    } else {
        folder.join("mod.rs")
    };
    let file = syn::parse_file(&fs::read_to_string(root).unwrap()).unwrap();
    let mut room = Room::default();
    room.read(&file, true);
    let position = rooms.len();
    for item in &file.items {
        let Item::Mod(inner) = item else { continue };
        let inside = inner.ident.to_string();
        if inner.content.is_some() || has(&inner.attrs, "cfg(test)") {
            continue;
        }
        if is_public(&inner.vis) && !has(&inner.attrs, "doc(hidden)") {
            module(&folder, &inside, &format!("{path}::{inside}"), rooms);
            continue;
        }
        let mut paths = Vec::new();
        let single = folder.join(format!("{inside}.rs"));
        if single.exists() {
            paths.push(single);
        } else {
            files(&folder.join(&inside), &mut paths);
        }
        for path in paths {
            let file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
            room.read(&file, false);
        }
    }
    rooms.insert(position, (path.into(), room));
}

#[test]
fn the_public_items_are_those_of_the_snapshot() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let root = syn::parse_file(&fs::read_to_string(src.join("lib.rs")).unwrap()).unwrap();
    let mut rooms = Vec::new();
    let mut top = Room::default();
    top.read(&root, true);
    rooms.push(("ratecert".to_string(), top));
    for item in &root.items {
        let Item::Mod(inner) = item else { continue };
        if is_public(&inner.vis) && !has(&inner.attrs, "doc(hidden)") {
            let name = inner.ident.to_string();
            module(&src, &name, &name, &mut rooms);
        }
    }
    let (mut text, mut count) = (String::new(), 0);
    for (path, room) in rooms {
        text += &format!("{path}\n");
        for exported in &room.exported {
            let Some(item) = room.items.get(exported) else {
                text += &format!("  {exported}\n");
                count += 1;
                continue;
            };
            let members: Vec<&str> = item.members.iter().map(String::as_str).collect();
            count += 1 + members.len();
            text += &format!("  {} {exported} {}\n", item.kind, members.join(" "));
        }
    }
    let text = format!("{count} public items\n\n{text}");
    insta::assert_snapshot!("public_items", text);
}
