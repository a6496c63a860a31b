//! The switch of the mutants, copied into the instrumented crate. `RATECERT_MUTANT` names the one
//! that is on. With `RATECERT_MUTANTS_SEEN` instead, none is, and the first time that a mutant
//! could make a difference its number is appended to that file.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Below these three values: the number of the mutant that is on.
static ACTIVE: AtomicU32 = AtomicU32::new(UNREAD);
const UNREAD: u32 = u32::MAX;
const RECORDING: u32 = u32::MAX - 1;
const NONE: u32 = u32::MAX - 2;

const MOST: usize = 1 << 16;
static SEEN: [AtomicU32; MOST / 32] = [const { AtomicU32::new(0) }; MOST / 32];
static FILE: OnceLock<Option<File>> = OnceLock::new();

/// 0, or 1 + k where mutant `first + k` of the `count` at this place is on.
#[inline(always)]
pub fn pick(first: u32, count: u32) -> u32 {
    let active = ACTIVE.load(Relaxed);
    let k = active.wrapping_sub(first);
    if k < count {
        k + 1
    } else if active >= RECORDING {
        met(first, |_| true, count)
    } else {
        0
    }
}

/// The first result, or the one of the mutant of this place that is on; a mutant is met only where
/// its result is another.
#[inline(always)]
pub fn decide<const N: usize>(first: u32, results: [bool; N]) -> bool {
    let active = ACTIVE.load(Relaxed);
    let k = active.wrapping_sub(first) as usize;
    if k < N - 1 {
        results[k + 1]
    } else if active >= RECORDING {
        let differs = |k: u32| results[k as usize + 1] != results[0];
        results[met(first, differs, N as u32 - 1) as usize]
    } else {
        results[0]
    }
}

/// Records which of the mutants make a difference. The environment is read the first time; then it
/// answers as [`pick`].
#[cold]
#[inline(never)]
fn met(first: u32, differs: impl Fn(u32) -> bool, count: u32) -> u32 {
    let mut active = ACTIVE.load(Relaxed);
    if active == UNREAD {
        active = read();
        ACTIVE.store(active, Relaxed);
    }
    if active == RECORDING {
        (0..count)
            .filter(|&k| differs(k))
            .for_each(|k| record(first + k));
        return 0;
    }
    let k = active.wrapping_sub(first);
    if k < count { k + 1 } else { 0 }
}

fn read() -> u32 {
    if env::var_os("RATECERT_MUTANTS_SEEN").is_some() {
        return RECORDING;
    }
    let id = env::var("RATECERT_MUTANT").ok().and_then(|id| id.parse().ok());
    id.unwrap_or(NONE)
}

fn record(id: u32) {
    let (word, bit) = (&SEEN[id as usize / 32], 1 << (id % 32));
    if word.load(Relaxed) & bit != 0 || word.fetch_or(bit, Relaxed) & bit != 0 {
        return;
    }
    let open = || {
        let path = env::var_os("RATECERT_MUTANTS_SEEN")?;
        OpenOptions::new().create(true).append(true).open(path).ok()
    };
    if let Some(mut file) = FILE.get_or_init(open).as_ref() {
        // One write for a line: processes that share the file do not cut each other's.
        let written = file.write_all(format!("{id}\n").as_bytes());
        written.expect("the record of the mutants met can be written");
    }
}
