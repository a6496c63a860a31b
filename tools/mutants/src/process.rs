//! One test in a process of its own, with an end to it.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use crate::Result;

/// Where tests run and keep what they write.
pub struct Place<'a> {
    pub tree: &'a Path,
    /// Emptied before each test. Ends with a slash, so that none is the beginning of another.
    pub scratch: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Passed,
    Failed,
    TimedOut,
}

/// Limits that a mutant can run into: address space and file size in KiB, no core dumps.
const LIMITED: &str = "ulimit -v 8000000 -c 0 2>/dev/null; ulimit -f 1000000; exec \"$0\" \"$@\"";

impl Place<'_> {
    /// Runs one test with a variable set; seconds it took.
    pub fn run(
        &self,
        exe: &Path,
        test: &str,
        variable: (&str, &str),
        limit: Duration,
    ) -> Result<(End, f64)> {
        let start = Instant::now();
        let mut child = self
            .command(exe)
            .args(["--exact", test, "--test-threads", "1"])
            .env(variable.0, variable.1)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let status = ended(&mut child, limit)?;
        let seconds = start.elapsed().as_secs_f64();
        if status.is_none() {
            signal_group(&child);
            child.kill()?;
            child.wait()?;
        }
        end_all(&self.scratch)?;
        let end = match status {
            Some(status) if status.success() => End::Passed,
            Some(status) if interrupted(status) => return Err("a test was interrupted".into()),
            Some(_) => End::Failed,
            None => End::TimedOut,
        };
        Ok((end, seconds))
    }

    /// Names of the tests of an executable.
    pub fn list(&self, exe: &Path) -> Result<Vec<String>> {
        let mut command = self.command(exe);
        let out = command.args(["--list", "--format", "terse"]).output()?;
        let text = String::from_utf8(out.stdout)?;
        let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
        Ok(names.map(str::to_string).collect())
    }

    fn command(&self, exe: &Path) -> Command {
        // Both may fail where a test has left something odd; then the test fails.
        let _ = fs::remove_dir_all(&self.scratch);
        let _ = fs::create_dir_all(&self.scratch);
        let mut command = Command::new("bash");
        command.args(["-c", LIMITED]).arg(exe);
        command
            .current_dir(self.tree)
            .env("CARGO_MANIFEST_DIR", self.tree)
            .env("TMPDIR", &self.scratch)
            .env("RAYON_NUM_THREADS", "1")
            // The same cases each time, and no search for smaller ones; no files of failures.
            .env("PROPTEST_RNG_SEED", "1")
            .env("PROPTEST_MAX_SHRINK_ITERS", "0")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true")
            .env("INSTA_UPDATE", "no")
            .env("RATECERT_TO_THE_BIT", "1")
            .env_remove("RATECERT_RECORD")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .process_group(0);
        command
    }
}

fn ended(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > until {
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Ended from outside, as by ctrl-c.
fn interrupted(status: ExitStatus) -> bool {
    status.signal().is_some_and(|s| [2, 15].contains(&s))
}

fn signal_group(child: &Child) {
    kill(&format!("-{}", child.id()));
}

fn kill(target: &str) {
    let mut command = Command::new("kill");
    command.args(["-KILL", "--", target]).stderr(Stdio::null());
    // What has ended meanwhile cannot be killed, and need not be.
    let _ = command.status();
}

/// Kills what still runs with this scratch directory, or one in it: a test can start groups of its
/// own.
pub fn end_all(scratch: &Path) -> Result<()> {
    let mut own = b"TMPDIR=".to_vec();
    own.extend(scratch.as_os_str().as_encoded_bytes());
    for _ in 0..5 {
        let mut found = false;
        for entry in fs::read_dir("/proc")? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(id) = name.to_str().filter(|n| n.parse::<u32>().is_ok()) else {
                continue;
            };
            // Empty for what has ended.
            let Ok(environment) = fs::read(entry.path().join("environ")) else {
                continue;
            };
            if environment.split(|b| *b == 0).any(|v| v.starts_with(&own)) {
                found = true;
                kill(id);
            }
        }
        if !found {
            break;
        }
    }
    Ok(())
}
