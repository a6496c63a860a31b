//! Mutant schemata: every mutant of a file in one text, each behind a switch.
//!
//! A place that has mutants becomes a wrapper, `/*w12*/ ... /*e*/` for one whose first mutant is 12.
//! Inside it what only mutant 13 needs stands on a line of its own that begins with `/*m13*/`.
//! So a compiler error says which mutant to leave out ([`blamed`]).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr};

use crate::Result;
use crate::list::{Genre, Mutant};

/// The mutants of one file, by kind and the byte they begin at: the first one's number, and how
/// many.
type Places = BTreeMap<(Genre, usize), (usize, usize)>;

/// A place that has mutants, and the form that lets one choose.
struct Site {
    range: Range<usize>,
    first: usize,
    count: usize,
    form: Form,
}

enum Form {
    /// Both operands are evaluated once, then one operator is applied.
    Arithmetic(Range<usize>, Range<usize>, String),
    /// All results are known; one is taken.
    Comparison(Range<usize>, Range<usize>, String),
    /// The mutant is the opposite.
    Equality,
    /// `&&`, or else `||`: the right operand is evaluated where the choice needs it.
    Lazy(Range<usize>, Range<usize>, bool),
    Assignment(Range<usize>, Range<usize>, String),
    Unary(Range<usize>, String),
    /// An early return at the start of a body.
    Body,
    /// A guard, or the end of a pattern without one: it fails where the arm is deleted.
    Arm,
    /// A guard that is true or false.
    Guard,
    /// A struct expression, and the same without one field, which the base then has.
    Struct(String),
}

/// The places of a file that has mutants, in the order in which they open.
pub struct Schemata<'a> {
    text: &'a str,
    mutants: &'a [Mutant],
    sites: Vec<Site>,
    /// Mutants that are no Rust: `||` after a condition that binds.
    pub unbound: Vec<usize>,
}

impl<'a> Schemata<'a> {
    /// Finds the place of each of the mutants numbered `ids`, which are those of this file.
    pub fn new(text: &'a str, mutants: &'a [Mutant], ids: Range<usize>) -> Result<Self> {
        let mut places = Places::new();
        for id in ids {
            let m = &mutants[id];
            let place = places.entry((m.genre, m.span.start)).or_insert((id, 0));
            place.1 += 1;
        }
        let mut finder = Finder {
            text,
            places: &places,
            sites: Vec::new(),
            unbound: Vec::new(),
        };
        finder.visit_file(&syn::parse_file(text)?);
        let mut sites = finder.sites;
        let width = |s: &Site| s.range.len();
        sites.sort_by_key(|s| (s.range.start, width(s) > 0, Reverse(width(s))));
        Ok(Self {
            text,
            mutants,
            sites,
            unbound: finder.unbound,
        })
    }

    /// Numbers of the mutants that have a place.
    pub fn placed(&self) -> impl Iterator<Item = usize> {
        self.sites.iter().flat_map(|s| s.first..s.first + s.count)
    }

    /// Numbers of the mutants of the place whose first is this one.
    pub fn together(&self, first: usize) -> Range<usize> {
        let site = self.sites.iter().find(|s| s.first == first);
        site.map_or(0..0, |s| s.first..s.first + s.count)
    }

    /// The text with all mutants that are `live`.
    pub fn render(&self, live: &dyn Fn(usize) -> bool) -> String {
        Renderer { of: self, live }.text(0..self.text.len(), 0..self.sites.len())
    }
}

struct Renderer<'a> {
    of: &'a Schemata<'a>,
    live: &'a dyn Fn(usize) -> bool,
}

impl Renderer<'_> {
    /// A part of the text, with those of `sites` that are in it.
    fn text(&self, range: Range<usize>, sites: Range<usize>) -> String {
        let mut out = String::new();
        let mut done = range.start;
        let mut next = sites.start;
        while next < sites.end {
            let site = &self.of.sites[next];
            let within = |s: &Site| s.range.start < site.range.end && s.range.end <= site.range.end;
            let inner = self.of.sites[next + 1..sites.end]
                .iter()
                .take_while(|s| within(s));
            let inner = next + 1..next + 1 + inner.count();
            if range.start <= site.range.start && site.range.end <= range.end {
                out += &self.of.text[done..site.range.start];
                out += &self.site(site, inner.clone());
                done = site.range.end;
            }
            next = inner.end;
        }
        out + &self.of.text[done..range.end]
    }

    /// One place, with the sites inside it.
    fn site(&self, site: &Site, inner: Range<usize>) -> String {
        let text = |range: &Range<usize>| self.text(range.clone(), inner.clone());
        let ids = site.first..site.first + site.count;
        if !ids.clone().any(self.live) {
            return text(&site.range);
        }
        let first = site.first;
        let replacement = |id: usize| self.of.mutants[id].replacement.trim_end_matches('=');
        let code = match &site.form {
            Form::Arithmetic(l, r, op) => {
                let variant = |op: &str| format!("m_l {op} m_r");
                let choice = self.pick(ids, &variant(op), |id| variant(replacement(id)));
                let (l, r) = (text(l), text(r));
                format!("(match (({l}), ({r})) {{ (m_l, m_r) => {choice} }})")
            }
            Form::Assignment(l, r, op) => {
                let variant = |op: &str| format!("*m_l {op}= m_r");
                let choice = self.pick(ids, &variant(op), |id| variant(replacement(id)));
                let (l, r) = (text(l), text(r));
                format!("(match ({r}) {{ m_r => match &mut ({l}) {{ m_l => {choice} }} }})")
            }
            Form::Comparison(l, r, op) => {
                let variant = |op: &str| format!("*m_l {op} *m_r");
                let other = |id: usize| variant(&self.of.mutants[id].replacement);
                let choice = self.decide(ids, &variant(op), other);
                let (l, r) = (text(l), text(r));
                format!("(match (&({l}), &({r})) {{ (m_l, m_r) => {choice} }})")
            }
            Form::Equality => {
                let own = text(&site.range);
                format!("(({own}) ^ (crate::mutants::pick({first}, 1) != 0))")
            }
            Form::Lazy(l, r, and) => {
                let (l, r) = (text(l), text(r));
                let on = format!("match crate::mutants::pick({first}, 1) != 0 {{ m_on =>");
                if *and {
                    format!("({on} if ({l}) ^ m_on {{ {r} }} else {{ m_on }} }})")
                } else {
                    format!("({on} if ({l}) ^ m_on {{ !m_on }} else {{ {r} }} }})")
                }
            }
            Form::Unary(operand, op) => {
                let choice = self.pick(ids, &format!("{op}m_e"), |_| "m_e".into());
                format!("(match ({}) {{ m_e => {choice} }})", text(operand))
            }
            Form::Body => {
                let value = |id: usize| format!("return {}", self.of.mutants[id].replacement);
                self.pick(ids, "{}", value) + ";\n"
            }
            Form::Arm if site.range.is_empty() => {
                format!(" if crate::mutants::pick({first}, 1) == 0 ")
            }
            Form::Arm => {
                let own = text(&site.range);
                format!("(crate::mutants::pick({first}, 1) == 0) && ({own})")
            }
            Form::Guard => {
                let value = |id: usize| self.of.mutants[id].replacement.clone();
                self.decide(ids, &text(&site.range), value)
            }
            Form::Struct(without) => {
                let choice = self.pick(ids, &text(&site.range), |_| without.clone());
                format!("({choice})")
            }
        };
        format!("/*w{first}*/{code}/*e*/")
    }

    /// A match on the mutant that is on.
    fn pick(&self, ids: Range<usize>, own: &str, other: impl Fn(usize) -> String) -> String {
        let (first, count) = (ids.start, ids.len());
        let mut out = format!("match crate::mutants::pick({first}, {count}) {{ 0 => {own},\n");
        for id in ids.filter(|&id| (self.live)(id)) {
            out += &format!("/*m{id}*/ {} => {},\n", id - first + 1, other(id));
        }
        out + "_ => unreachable!() }"
    }

    /// The same where all results are known; a mutant that is left out is never on.
    fn decide(&self, ids: Range<usize>, own: &str, other: impl Fn(usize) -> String) -> String {
        let mut out = format!("crate::mutants::decide({}, [{own},\n", ids.start);
        for id in ids {
            let value = if (self.live)(id) {
                other(id)
            } else {
                "false".into()
            };
            out += &format!("/*m{id}*/ {value},\n");
        }
        out + "])"
    }
}

/// Walks a file for the places of mutants. What is evaluated by the compiler is left out:
/// constants, lengths, patterns.
struct Finder<'a> {
    text: &'a str,
    places: &'a Places,
    sites: Vec<Site>,
    unbound: Vec<usize>,
}

impl Finder<'_> {
    fn at(&self, genre: Genre, start: usize) -> Option<(usize, usize)> {
        self.places.get(&(genre, start)).copied()
    }

    fn add(&mut self, range: Range<usize>, (first, count): (usize, usize), form: Form) {
        self.sites.push(Site {
            range,
            first,
            count,
            form,
        });
    }

    fn body(&mut self, block: &syn::Block) {
        let Some(start) = block.stmts.first().map(|s| bytes(s).start) else {
            return;
        };
        if let Some(place) = self.at(Genre::FnValue, start) {
            self.add(start..start, place, Form::Body);
        }
    }

    fn binary(&mut self, e: &syn::ExprBinary) {
        let op = bytes(&e.op);
        let Some(place) = self.at(Genre::BinaryOperator, op.start) else {
            return;
        };
        let (l, r) = (bytes(&e.left), bytes(&e.right));
        let range = l.start..r.end;
        let form = match e.op {
            BinOp::And(_) if chained(&e.left) || chained(&e.right) => {
                return self.unbound.push(place.0);
            }
            BinOp::And(_) => Form::Lazy(l, r, true),
            BinOp::Or(_) => Form::Lazy(l, r, false),
            BinOp::Eq(_) | BinOp::Ne(_) => Form::Equality,
            BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
                Form::Comparison(l, r, self.text[op].into())
            }
            _ => match self.text[op.clone()].strip_suffix('=') {
                Some(op) => Form::Assignment(l, r, op.into()),
                None => Form::Arithmetic(l, r, self.text[op].into()),
            },
        };
        self.add(range, place, form);
    }

    fn unary(&mut self, e: &syn::ExprUnary) {
        let op = bytes(&e.op);
        let Some(place) = self.at(Genre::UnaryOperator, op.start) else {
            return;
        };
        let operand = bytes(&e.expr);
        let range = op.start..operand.end;
        self.add(range, place, Form::Unary(operand, self.text[op].into()));
    }

    fn fields(&mut self, e: &syn::ExprStruct) {
        let Some(base) = &e.rest else {
            return;
        };
        let text = |range: Range<usize>| self.text[range].replace('\n', " ");
        let (name, base) = (text(bytes(&e.path)), text(bytes(base)));
        let fields: Vec<_> = e.fields.iter().map(bytes).collect();
        // On one line a comment would have no end.
        if fields.iter().any(|f| self.text[f.clone()].contains("//")) {
            return;
        }
        for field in &fields {
            if let Some(place) = self.at(Genre::StructField, field.start) {
                let others = fields.iter().filter(|f| *f != field).cloned();
                let others: String = others.map(|f| text(f) + ", ").collect();
                let without = format!("{name} {{ {others}..{base} }}");
                self.add(bytes(e), place, Form::Struct(without));
            }
        }
    }

    fn arm(&mut self, arm: &syn::Arm) {
        let guard = arm.guard.as_ref().map(|(_, guard)| bytes(&**guard));
        if let Some(place) = self.at(Genre::MatchArm, bytes(arm).start) {
            let end = bytes(&arm.pat).end;
            self.add(guard.clone().unwrap_or(end..end), place, Form::Arm);
        }
        if let Some(range) = guard
            && let Some(place) = self.at(Genre::MatchArmGuard, range.start)
        {
            self.add(range, place, Form::Guard);
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, f: &'ast syn::ItemFn) {
        if f.sig.constness.is_none() {
            self.body(&f.block);
            visit::visit_item_fn(self, f);
        }
    }

    fn visit_impl_item_fn(&mut self, f: &'ast syn::ImplItemFn) {
        if f.sig.constness.is_none() {
            self.body(&f.block);
            visit::visit_impl_item_fn(self, f);
        }
    }

    fn visit_trait_item_fn(&mut self, f: &'ast syn::TraitItemFn) {
        if let Some(block) = &f.default
            && f.sig.constness.is_none()
        {
            self.body(block);
            visit::visit_trait_item_fn(self, f);
        }
    }

    fn visit_expr(&mut self, e: &'ast Expr) {
        match e {
            Expr::Binary(e) => self.binary(e),
            Expr::Unary(e) => self.unary(e),
            Expr::Struct(e) => self.fields(e),
            _ => (),
        }
        visit::visit_expr(self, e);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.arm(arm);
        visit::visit_arm(self, arm);
    }

    fn visit_expr_repeat(&mut self, e: &'ast syn::ExprRepeat) {
        self.visit_expr(&e.expr);
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast syn::TraitItemConst) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}
    fn visit_angle_bracketed_generic_arguments(
        &mut self,
        _: &'ast syn::AngleBracketedGenericArguments,
    ) {
    }
}

fn bytes(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// Whether a condition binds variables for what follows it.
fn chained(e: &Expr) -> bool {
    match e {
        Expr::Let(_) => true,
        Expr::Binary(e) => matches!(e.op, BinOp::And(_)) && (chained(&e.left) || chained(&e.right)),
        _ => false,
    }
}

/// What is at a byte of an instrumented file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blamed {
    /// On the line of one mutant.
    Mutant(usize),
    /// In the place of several; the first one's number.
    Wrapper(usize),
}

/// The mutant whose line a byte of an instrumented text is on, or else the innermost place that it
/// is in.
pub fn blamed(text: &str, at: usize) -> Option<Blamed> {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    if let Some(id) = marker(&text[start..], "/*m") {
        return Some(Blamed::Mutant(id));
    }
    let mut open = Vec::new();
    for (i, _) in text[..at].match_indices("/*") {
        if let Some(id) = marker(&text[i..], "/*w") {
            open.push(id);
        } else if text[i..].starts_with("/*e*/") {
            open.pop();
        }
    }
    open.pop().map(Blamed::Wrapper)
}

/// The number in a marker that a text begins with.
fn marker(text: &str, opening: &str) -> Option<usize> {
    let (id, _) = text.strip_prefix(opening)?.split_once("*/")?;
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    const SAMPLE: &str = r#"
#[derive(Clone, Default)]
struct Pair { x: String, y: i32 }

fn arithmetic(a: i32, b: i32) -> i32 { (a + b) * 2 - a.pow(2) }
fn texts(a: &str, b: &str) -> bool { *a == *b }
fn ordered(a: &[f64], b: &[f64]) -> bool { *a < *b }
fn either(a: bool, n: i32) -> bool { a && n / 2 == 1 || !a }
fn total(v: &mut [i32]) -> i32 { let mut s = 0; for x in v { *x += 1; s += *x; } -s }
fn arms(n: i32) -> i32 {
    match n { 0 => 1, 3 | 4 => 2, k if k > 5 => k, _ => 4 }
}
fn pair(x: String, base: Pair) -> Pair {
    Pair {
        // Moved.
        x,
        y: 7,
        ..base
    }
}

fn main() {
    println!("{:?}", [arithmetic(1, 2), arithmetic(5, 3)]);
    println!("{:?}", [texts("é", "é"), texts("a", "b")]);
    println!("{:?}", [ordered(&[1.0], &[2.0]), ordered(&[1.0], &[1.0]), ordered(&[3.0], &[2.0])]);
    for a in [true, false] {
        println!("{:?}", (0..5).map(|n| either(a, n)).collect::<Vec<_>>());
    }
    println!("{}", total(&mut [1, 2, 3]));
    println!("{:?}", (0..8).map(arms).collect::<Vec<_>>());
    let p = pair("x".into(), Pair { x: "base".into(), y: 9 });
    println!("{} {}", p.x, p.y);
}
"#;

    /// Kind, a text that is there once, the part of it that is replaced, and by what.
    const MUTANTS: [(Genre, &str, &str, &str); 24] = [
        (
            Genre::FnValue,
            "(a + b) * 2 - a.pow(2)",
            "(a + b) * 2 - a.pow(2)",
            "-1",
        ),
        (Genre::BinaryOperator, "a + b", "+", "-"),
        (Genre::BinaryOperator, "a + b", "+", "*"),
        (Genre::BinaryOperator, "b) * 2", "*", "+"),
        (Genre::BinaryOperator, "2 - a", "-", "+"),
        (Genre::BinaryOperator, "2 - a", "-", "/"),
        (Genre::BinaryOperator, "*a == *b", "==", "!="),
        (Genre::BinaryOperator, "*a < *b", "<", "=="),
        (Genre::BinaryOperator, "*a < *b", "<", ">"),
        (Genre::BinaryOperator, "*a < *b", "<", "<="),
        (Genre::BinaryOperator, "a && n", "&&", "||"),
        (Genre::BinaryOperator, "n / 2", "/", "%"),
        (Genre::BinaryOperator, "2 == 1", "==", "!="),
        (Genre::BinaryOperator, "1 || !a", "||", "&&"),
        (Genre::BinaryOperator, "*x += 1", "+=", "*="),
        (Genre::BinaryOperator, "s += *x", "+=", "-="),
        (Genre::UnaryOperator, "!a", "!", ""),
        (Genre::UnaryOperator, "-s", "-", ""),
        (Genre::MatchArm, "0 => 1,", "0 => 1,", ""),
        (Genre::MatchArm, "3 | 4 => 2,", "3 | 4 => 2,", ""),
        (Genre::MatchArmGuard, "k > 5", "k > 5", "true"),
        (Genre::MatchArmGuard, "k > 5", "k > 5", "false"),
        (Genre::StructField, "x,\n", "x,", ""),
        (Genre::StructField, "y: 7,", "y: 7,", ""),
    ];

    fn mutants() -> Vec<Mutant> {
        let mutant = |(genre, place, part, replacement): (Genre, &str, &str, &str)| {
            let start = SAMPLE.find(place).unwrap() + place.find(part).unwrap();
            Mutant {
                file: String::new(),
                function: String::new(),
                returns: String::new(),
                genre,
                name: String::new(),
                replacement: replacement.into(),
                span: start..start + part.len(),
                line: String::new(),
            }
        };
        MUTANTS.map(mutant).into()
    }

    /// What a program prints, with a variable set.
    fn printed(dir: &Path, text: &str, variable: (&str, &str)) -> String {
        fs::write(dir.join("main.rs"), text).unwrap();
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "--cap-lints=allow", "main.rs"]);
        assert!(rustc.current_dir(dir).status().unwrap().success(), "{text}");
        run(dir, variable)
    }

    fn run(dir: &Path, (name, value): (&str, &str)) -> String {
        let mut program = Command::new(dir.join("main"));
        let out = program.env(name, value).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    }

    #[test]
    fn a_switch_does_what_an_edit_does() {
        let mutants = mutants();
        let schemata = Schemata::new(SAMPLE, &mutants, 0..mutants.len()).unwrap();
        assert_eq!(schemata.placed().count(), mutants.len());

        let dir = std::env::temp_dir().join(format!("mutants-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let edited = mutants.iter().map(|m| {
            let (before, after) = (&SAMPLE[..m.span.start], &SAMPLE[m.span.end..]);
            printed(
                &dir,
                &format!("{before}{}{after}", m.replacement),
                ("UNUSED", ""),
            )
        });
        let edited: Vec<String> = edited.collect();
        let plain = printed(&dir, SAMPLE, ("UNUSED", ""));

        fs::write(dir.join("mutants.rs"), include_str!("runtime.rs")).unwrap();
        let all = schemata.render(&|_| true) + "\nmod mutants;\n";
        let seen = dir.join("seen");
        let recorded = printed(
            &dir,
            &all,
            ("RATECERT_MUTANTS_SEEN", seen.to_str().unwrap()),
        );
        assert_eq!(recorded, plain);
        for (id, edited) in edited.iter().enumerate() {
            assert_ne!(*edited, plain, "{id}");
            assert_eq!(
                run(&dir, ("RATECERT_MUTANT", &id.to_string())),
                *edited,
                "{id}"
            );
        }
        let seen = fs::read_to_string(seen).unwrap();
        let mut seen: Vec<usize> = seen.lines().map(|l| l.parse().unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..mutants.len()).collect::<Vec<_>>());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn errors_are_blamed_on_the_line_or_the_place() {
        let mutants = mutants();
        let schemata = Schemata::new(SAMPLE, &mutants, 0..mutants.len()).unwrap();
        let text = schemata.render(&|id| id != 2);
        let at = |part: &str| blamed(&text, text.find(part).unwrap());
        assert_eq!(at("m_l - m_r"), Some(Blamed::Mutant(1)));
        assert_eq!(at("a), (b)"), Some(Blamed::Wrapper(1)));
        assert_eq!(at("(2)"), Some(Blamed::Wrapper(3)));
        assert_eq!(at("struct"), None);
        assert!(!text.contains("/*m2*/"));
    }
}
