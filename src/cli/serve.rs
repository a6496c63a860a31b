//! `serve`: this crate's methods behind the protocol, correct or with a planted fault: something to
//! try `subject` on.

use std::io::{BufRead, Write, stdin, stdout};
use std::time::Duration;

use super::exit::Exit;
use crate::case::{Factory, Implementation, Method};
use crate::error::{Error, Result};
use crate::faults::{Edit, Fault, Simulated, catalogue, variants};
use crate::methods::Ours;
use crate::wire::Server;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A fault of the catalogue (`ratecert power` lists them), or a correct variant
    #[arg(long, value_name = "NAME")]
    fault: Option<String>,
    /// Something goes wrong with the conversation instead
    #[arg(long, value_name = "KIND")]
    trouble: Option<Trouble>,
    /// Right answers before the trouble
    #[arg(long, value_name = "N", default_value_t = 3)]
    after: usize,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Trouble {
    Crash,
    Hang,
    Malformed,
    OutOfOrder,
    WrongShape,
    NonFinite,
    Error,
    /// Writes without ever ending the line.
    Endless,
}

/// Every method with the same departures.
struct Planted(Fault);

impl Factory for Planted {
    fn make(&self, method: Method) -> Result<Box<dyn Implementation + '_>> {
        let fits = self.0.occurs_in(method);
        let edits: &[Edit] = if fits { self.0.edits } else { &[] };
        Ok(Box::new(Simulated::new(method, edits)))
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let planted = arguments.fault.as_deref().map(find).transpose()?;
    let factory: &dyn Factory = match &planted {
        Some(planted) => planted,
        None => &Ours,
    };
    let name = arguments.fault.as_deref().unwrap_or("ratecert");
    let mut server = Server::new(factory, name, env!("CARGO_PKG_VERSION"));
    let Some(trouble) = arguments.trouble else {
        return server
            .serve(stdin().lock(), stdout().lock())
            .map(|()| Exit::Holds);
    };
    let io = |e: std::io::Error| Error::io("the conversation", &e);
    let mut out = stdout().lock();
    for (n, line) in stdin().lock().lines().enumerate() {
        let line = line.map_err(io)?;
        let Some(answer) = server.answer(&line) else {
            break;
        };
        // The first answer is hello.
        if n > arguments.after {
            troubled(trouble, &answer, &mut out).map_err(io)?;
        } else {
            writeln!(out, "{answer}").map_err(io)?;
        }
        out.flush().map_err(io)?;
    }
    Ok(Exit::Holds)
}

fn find(name: &str) -> Result<Planted> {
    let mut all = catalogue().into_iter().chain(variants());
    let found = all.find(|f| f.name == name);
    found
        .map(Planted)
        .ok_or_else(|| Error::usage(format!("no fault {name:?}; `ratecert power` lists them")))
}

fn troubled(trouble: Trouble, answer: &str, out: &mut impl Write) -> std::io::Result<()> {
    let id = serde_json::from_str::<serde_json::Value>(answer)
        .ok()
        .and_then(|v| v["id"].as_str().map(str::to_string))
        .unwrap_or_default();
    match trouble {
        Trouble::Crash => {
            eprintln!("Traceback: this is the last thing it said");
            std::process::exit(7);
        }
        Trouble::Hang => loop {
            std::thread::sleep(Duration::from_secs(3600));
        },
        Trouble::Malformed => writeln!(
            out,
            "{{\"type\":\"result\",\"id\":{id:?},\"estimates\":[[1.0,"
        ),
        Trouble::OutOfOrder => writeln!(out, "{}", answer.replacen(&id, "another", 1)),
        Trouble::WrongShape => {
            writeln!(
                out,
                "{{\"type\":\"result\",\"id\":{id:?},\"estimates\":[[1.0,2.0,3.0,4.0,5.0,6.0,7.0]]}}"
            )
        }
        Trouble::NonFinite => writeln!(out, "{}", not_a_number(answer)),
        Trouble::Error => writeln!(
            out,
            "{{\"type\":\"error\",\"id\":{id:?},\"message\":\"ValueError: not today\"}}"
        ),
        Trouble::Endless => loop {
            out.write_all(&[b'['; 65536])?;
        },
    }
}

/// The answer with NaN for the first number of its last estimate.
fn not_a_number(answer: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(answer) else {
        return answer.to_string();
    };
    if let Some(first) = { value["estimates"].as_array_mut() }
        .and_then(|a| a.last_mut())
        .and_then(|e| e.as_array_mut())
        .and_then(|e| e.first_mut())
    {
        *first = "NaN".into();
    }
    value.to_string()
}
