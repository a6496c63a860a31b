//! Manual pages: what the argument parser knows, and beside it exit codes and examples.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::exit::Exit;
use super::output;
use crate::checks::REGISTRY;
use crate::error::{Error, Result};

/// Command, what for, and how it is typed.
pub(super) const EXAMPLES: &[(&str, &str, &str)] = &[
    (
        "ratecert",
        "All claims at the counts of every CI run; the report is reports/latest/index.html:",
        "ratecert",
    ),
    (
        "ratecert-certify",
        "Two groups of claims on other instances, failing where anything is undecided:",
        "ratecert certify 'itd-*' 'kink-*' --seed 7 --strict",
    ),
    (
        "ratecert-certify",
        "Claims of a directory beside those built in, in eight threads:",
        "ratecert certify --claims my-claims --jobs 8 --out runs/mine",
    ),
    (
        "ratecert-baseline",
        "Does the last run agree with the rates recorded in rates/baselines?",
        "ratecert baseline check --all",
    ),
    (
        "ratecert-baseline",
        "Record it in their place, and print what to write in the changelog:",
        "ratecert baseline update",
    ),
    (
        "ratecert-merge",
        "The shards that stand in a directory as one run:",
        "ratecert merge runs/sweep --out runs/whole",
    ),
    (
        "ratecert-report",
        "Several implementations on one page:",
        "ratecert report --run runs/jax --run runs/torch --out runs/comparison",
    ),
    (
        "ratecert-explain",
        "Every constant of Theorem 4.1 on an instance of one's own:",
        "ratecert generate elastic-net --dim 8 > i.json; ratecert explain itd-bound --instance i.json",
    ),
    (
        "ratecert-generate",
        "What kinds of instances there are, and one of them with its ground truth:",
        "ratecert generate --list; ratecert generate layer-relu --dim 3 --seed 1",
    ),
    (
        "ratecert-replay",
        "One verdict of the last run again, with all its numbers:",
        "ratecert replay itd-bound/elastic-net.6.0/bound-sharp",
    ),
    (
        "ratecert-subject",
        "An implementation in another process; the same cases again, with what it said:",
        "ratecert subject --record said.jsonl -- python my_implementation.py",
    ),
    (
        "ratecert-check",
        "Judge what was recorded without starting it again:",
        "ratecert check said.jsonl",
    ),
    (
        "ratecert-reproduce",
        "Figure 1 of the paper with its statements as verdicts:",
        "ratecert reproduce figure-1",
    ),
    (
        "ratecert-man",
        "Pages for all commands, where man finds them:",
        "ratecert man --dir ~/.local/share/man/man1",
    ),
    (
        "ratecert-completions",
        "Completions of this session of bash:",
        "source <(ratecert completions bash)",
    ),
];

/// Prints the page of the program, or writes one for each command into a directory.
pub(super) fn write(command: clap::Command, dir: Option<&Path>) -> Result<Exit> {
    match dir {
        None => {
            let mut text = Vec::new();
            page(command, &mut text).map_err(|e| Error::io("stdout", &e))?;
            output::print(&String::from_utf8_lossy(&text))?;
        }
        Some(dir) => {
            let written = fs::create_dir_all(dir).and_then(|()| pages(command, dir));
            written.map_err(|e| Error::io(dir, &e))?;
        }
    }
    Ok(Exit::Holds)
}

/// A page for a command and for each below it, as `clap_mangen::generate_to` names them.
fn pages(mut command: clap::Command, dir: &Path) -> io::Result<()> {
    command = command.disable_help_subcommand(true);
    command.build();
    each(&command, dir)
}

fn each(command: &clap::Command, dir: &Path) -> io::Result<()> {
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set()) {
        each(sub, dir)?;
    }
    let file = Man::new(command.clone()).get_filename();
    let mut text = Vec::new();
    page(command.clone(), &mut text)?;
    fs::write(dir.join(file), text)
}

fn page(command: clap::Command, out: &mut dyn Write) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let name = name.to_owned();
    let has_commands = command.has_subcommands();
    let has_version = command.get_version().is_some();
    let man = Man::new(command);
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if has_commands {
        man.render_subcommands_section(out)?;
    }
    let mut more = Roff::new();
    if name == "ratecert-certify" {
        let checks = REGISTRY.iter().map(|e| (e.name.to_owned(), e.about));
        list(&mut more, "CHECKS THAT A CLAIM CAN NAME", checks);
    }
    let codes = Exit::MEANINGS.iter();
    let codes = codes.map(|(exit, meaning)| (exit.code().to_string(), *meaning));
    list(&mut more, "EXIT STATUS", codes);
    let own = || EXAMPLES.iter().filter(|e| e.0 == name);
    if own().next().is_some() {
        more.control("SH", ["EXAMPLES"]);
    }
    for (_, what, how) in own() {
        more.control("PP", []);
        more.text([roman(*what)]);
        more.control("RS", []);
        more.control("nf", []);
        more.text([roman(*how)]);
        more.control("fi", []);
        more.control("RE", []);
    }
    more.to_writer(out)?;
    if has_version {
        man.render_version_section(out)?;
    }
    Ok(())
}

/// A section of terms and what they mean.
fn list<'a>(out: &mut Roff, heading: &str, items: impl Iterator<Item = (String, &'a str)>) {
    out.control("SH", [heading]);
    for (term, meaning) in items {
        out.control("TP", []);
        out.text([bold(term)]);
        out.text([roman(meaning)]);
    }
}
