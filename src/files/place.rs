//! The directory that a command fills.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::listing::Tenant;
use super::lock::Lock;
use super::read::read_regular;
use super::write::{PREFIX, put};
use crate::error::{Error, Result};
use crate::tol::MOST_TEXT;

/// A directory that is filled: checked and locked before anything is computed, replaced as a whole
/// when all is there.
///
/// What is under way stands in a private directory beside it, under a name that nobody can guess,
/// with a file that says whose it is. Only files that a command of the same kind wrote are ever
/// removed. What an interrupted run left stays there until a later run into the same directory is
/// finished, and is announced by it.
#[derive(Debug)]
pub struct Place {
    tenant: Tenant,
    /// As the user wrote it.
    asked: PathBuf,
    /// Where it is, links followed.
    real: PathBuf,
    work: PathBuf,
    /// Directories of earlier, unfinished runs.
    left: Vec<PathBuf>,
    news: Vec<String>,
    /// The private directory is not removed with this.
    keep: bool,
    _lock: Lock,
    /// Goes after the lock, which lies in it.
    _made: Made,
}

/// Directories that were made for one that is filled, the innermost first: those that stay empty
/// are removed.
#[derive(Debug)]
struct Made(Vec<PathBuf>);

impl Made {
    fn all(dir: &Path) -> Result<Self> {
        let missing = dir
            .ancestors()
            .take_while(|d| !d.as_os_str().is_empty() && !d.exists());
        let made = Self(missing.map(Path::to_path_buf).collect());
        fs::create_dir_all(dir).map_err(|e| Error::io(dir, &e))?;
        Ok(made)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // What holds something stays: then it cannot be removed.
        let _ = self.0.iter().try_for_each(fs::remove_dir);
    }
}

/// Whether a run goes on from an unfinished one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// It begins anew.
    Never,
    /// It goes on where one of the same left off, and begins anew where none did.
    IfAny,
    /// It goes on; without anything to go on from it is refused.
    Always,
}

/// What names the owner of a private directory.
#[derive(Serialize, Deserialize)]
struct Owner {
    /// Of which kind.
    holds: String,
    /// The directory that is filled, a name beside.
    directory: String,
    /// What is computed.
    fingerprint: String,
}

const OWNER: &str = "owner.json";
const JOURNAL: &str = "journal";

/// What was replaced, a number behind; and the same when it is known to hold nothing of others.
const OLD: &str = "old";
const GONE: &str = "gone";
const MOST_OLD: usize = 100;

impl Place {
    /// Takes `dir` for what `fingerprint` identifies, anew or where an interrupted run of the same
    /// left off. Directories above it are made.
    ///
    /// # Errors
    /// A directory that holds anything else than what such a command wrote; one that could not be
    /// replaced (a mount point, the current directory, a link that leads nowhere, one that is not
    /// writable); another process that fills it; nothing to resume where that is asked for.
    pub fn open(dir: &Path, tenant: Tenant, fingerprint: &str, resume: Resume) -> Result<Self> {
        let (real, made) = resolve(dir)?;
        let (Some(parent), Some(name)) = (real.parent(), real.file_name()) else {
            return Err(refused(dir, "is no directory that could be replaced"));
        };
        check_place(dir, &real)?;
        let lock = Lock::take(parent, name)?;
        let mut left = leftovers(parent, name, &tenant, &lock)?;
        let mut news = recover(&real, &left)?;
        tenant.replaceable(&real)?;
        // Of several the one that came furthest.
        let same = { left.iter().enumerate() }.filter(|(_, l)| l.owner.fingerprint == fingerprint);
        let furthest = same.max_by_key(|(_, l)| l.jobs).map(|(at, _)| at);
        let work = match (resume, furthest) {
            (Resume::Always | Resume::IfAny, Some(at)) => {
                let path = left.remove(at).path;
                // A crash after its swap left what it replaced.
                news.extend(clear_old(&path, &tenant).err().map(|e| e.to_string()));
                path
            }
            (Resume::Always, None) => {
                news.push(nothing_to_resume(dir, &left));
                return Err(Error::usage(news.join("; ")));
            }
            _ => private(parent, name, &tenant, fingerprint)?,
        };
        news.extend(left.iter().map(|l| announce(dir, l, fingerprint, resume)));
        Ok(Self {
            tenant,
            asked: dir.to_path_buf(),
            real,
            work,
            left: left.into_iter().map(|l| l.path).collect(),
            news,
            keep: false,
            _lock: lock,
            _made: made,
        })
    }

    /// What the user is to be told of what was found.
    pub fn news(&self) -> &[String] {
        &self.news
    }

    /// Where its journal lies, until the run is finished.
    pub fn journal(&self) -> PathBuf {
        self.work.join(JOURNAL)
    }

    /// An empty directory for the files of the finished run.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn fresh(&self) -> Result<PathBuf> {
        let fresh = self.work.join("fresh");
        remove_tree(&fresh)?;
        fs::create_dir(&fresh).map_err(|e| Error::io(&fresh, &e))?;
        Ok(fresh)
    }

    /// Whether there is something to go on from.
    pub fn has_begun(&self) -> bool {
        fs::metadata(self.journal()).is_ok_and(|m| m.len() > 0)
    }

    /// Puts what stands in [`Place::fresh`] in place of the directory, by renaming; the old files
    /// go only after the new ones stand. What then could not be removed is returned in words.
    ///
    /// # Errors
    /// What the system refuses; a file of others that came in meanwhile. The finished run then
    /// stays where the error says.
    pub fn finish(mut self) -> Result<Vec<String>> {
        let fresh = self.work.join("fresh");
        self.keep = true;
        self.tenant.list(&fresh)?;
        settle(&fresh)?;
        self.swap(&fresh).map_err(|e| {
            let text = format!("{e}; the finished run stands in {}", fresh.display());
            Error::usage(text)
        })?;
        let gone = self.left.iter().chain([&self.work]);
        let left = gone.filter_map(|path| remove_private(path, &self.tenant).err());
        Ok(left.map(|e| e.to_string()).collect())
    }

    /// Leaves nothing: what is begun is of no use.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn abandon(mut self) -> Result<()> {
        self.keep = true;
        remove_private(&self.work, &self.tenant)
    }

    fn swap(&self, fresh: &Path) -> Result<()> {
        let io = |e: std::io::Error| Error::io(&self.asked, &e);
        // One that could not be removed may be there.
        let free = |n: usize| Some(self.work.join(format!("{OLD}{n}"))).filter(|p| !p.exists());
        let Some(old) = (0..MOST_OLD).find_map(free) else {
            let text = format!("{} holds too much that is not ours", self.work.display());
            return Err(Error::usage(text));
        };
        let there = fs::symlink_metadata(&self.real).is_ok();
        if there {
            self.tenant.replaceable(&self.real)?;
            fs::rename(&self.real, &old).map_err(io)?;
        }
        if let Err(e) = fs::rename(fresh, &self.real) {
            if there {
                let _ = fs::rename(&old, &self.real);
            }
            return Err(io(e));
        }
        if let Some(parent) = self.real.parent() {
            sync_directory(parent);
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.keep && !self.has_begun() {
            // Nothing to go on from. What the system does not let us remove stays.
            let _ = remove_private(&self.work, &self.tenant);
        }
    }
}

/// Where `dir` is, links followed; the last part may not be there yet.
fn resolve(dir: &Path) -> Result<(PathBuf, Made)> {
    match fs::symlink_metadata(dir) {
        Ok(_) => match fs::canonicalize(dir) {
            Ok(real) => Ok((real, Made(Vec::new()))),
            Err(e) => {
                let text = format!("leads nowhere ({e}); choose another directory");
                Err(refused(dir, &text))
            }
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            // `x/..` names what is there already, or nothing.
            let Some(name) = dir.file_name() else {
                return Err(refused(dir, "is no directory that could be replaced"));
            };
            let parent = match dir.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            let made = Made::all(parent)?;
            let parent = fs::canonicalize(parent).map_err(|e| Error::io(parent, &e))?;
            Ok((parent.join(name), made))
        }
        Err(e) => Err(Error::io(dir, &e)),
    }
}

/// Refuses what renaming could not replace, or should not.
fn check_place(asked: &Path, real: &Path) -> Result<()> {
    if std::env::current_dir().is_ok_and(|here| here.starts_with(real)) {
        let text = "is where you are, and would be replaced; choose another directory";
        return Err(refused(asked, text));
    }
    if real.exists() && is_mount_point(real) {
        let text = "is a mount point, which cannot be replaced; choose a directory below it";
        return Err(refused(asked, text));
    }
    if real.is_dir() && tempfile::tempfile_in(real).is_err() {
        let text = "cannot be written; choose another directory";
        return Err(refused(asked, text));
    }
    Ok(())
}

#[cfg(unix)]
fn is_mount_point(real: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| fs::metadata(path).map(|m| m.dev()).ok();
    let parent = real.parent().and_then(device);
    if device(real) != parent {
        return true;
    }
    // A directory of the same file system that is mounted there has the same device.
    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let escaped: Vec<u8> = { real.as_os_str().as_bytes().iter() }
        .flat_map(|b| match b {
            b' ' | b'\t' | b'\n' | b'\\' => format!("\\{b:03o}").into_bytes(),
            b => vec![*b],
        })
        .collect();
    let mut lines = mounts.split(|b| *b == b'\n');
    lines.any(|line| line.split(|b| *b == b' ').nth(4) == Some(&escaped))
}

#[cfg(not(unix))]
fn is_mount_point(_: &Path) -> bool {
    false
}

/// A new private directory for `name`, with its owner.
fn private(parent: &Path, name: &OsStr, tenant: &Tenant, fingerprint: &str) -> Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    let made = builder.tempdir_in(parent);
    let made = made.map_err(|e| Error::io(parent, &e))?;
    let owner = Owner {
        holds: tenant.noun.clone(),
        directory: exact(name),
        fingerprint: fingerprint.into(),
    };
    let text = serde_json::to_string_pretty(&owner).unwrap_or_default() + "\n";
    put(&made.path().join(OWNER), text)?;
    Ok(made.keep())
}

/// What an unfinished run left.
struct Left {
    path: PathBuf,
    owner: Owner,
    /// Lines of its journal.
    jobs: usize,
}

/// The private directories beside `name` that belong to it. Nobody fills them: the lock is ours.
/// One that others could have made, or could write to, is not trusted: in a directory for all
/// anybody could lay one out.
fn leftovers(parent: &Path, name: &OsStr, tenant: &Tenant, lock: &Lock) -> Result<Vec<Left>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).map_err(|e| Error::io(parent, &e))? {
        let entry = entry.map_err(|e| Error::io(parent, &e))?;
        let ours = entry.file_name();
        let ours = ours.as_encoded_bytes().starts_with(PREFIX.as_bytes());
        let path = entry.path();
        if !(ours && fs::symlink_metadata(&path).is_ok_and(|m| m.is_dir() && lock.is_private(&m))) {
            continue;
        }
        let text = read_regular(&path.join(OWNER), MOST_TEXT).unwrap_or_default();
        if let Ok(owner) = serde_json::from_str::<Owner>(&text)
            && owner.directory == exact(name)
            && owner.holds == tenant.noun
        {
            let jobs = Journal::lines(&path.join(JOURNAL));
            found.push(Left { path, owner, jobs });
        }
    }
    // The last one that something was moved into comes first.
    let changed = |l: &Left| fs::metadata(&l.path).and_then(|m| m.modified()).ok();
    found.sort_by_key(|l| std::cmp::Reverse(changed(l)));
    Ok(found)
}

/// A name that no other directory has, whatever its bytes.
fn exact(name: &OsStr) -> String {
    let text = name.to_str().map(String::from);
    text.unwrap_or_else(|| format!("{name:?}"))
}

/// Between the two renames of a swap a crash leaves no directory, and the old one with the private
/// files: it goes back.
fn recover(real: &Path, left: &[Left]) -> Result<Vec<String>> {
    for l in left {
        if let Some(old) = olds(&l.path).first()
            && !real.exists()
        {
            fs::rename(old, real).map_err(|e| Error::io(real, &e))?;
            let text = "was moved away by a run that ended half way; it is back";
            return Ok(vec![format!("{} {text}", real.display())]);
        }
    }
    Ok(Vec::new())
}

fn announce(dir: &Path, left: &Left, fingerprint: &str, resume: Resume) -> String {
    let Left { path, owner, jobs } = left;
    let how = match (*jobs, owner.fingerprint == fingerprint) {
        (0, _) => String::new(),
        (_, true) if resume != Resume::Never => String::new(),
        (_, true) => " --resume goes on from it;".into(),
        (_, false) => format!(
            " it was {}, and --resume with its options goes on from it;",
            owner.fingerprint
        ),
    };
    format!(
        "an unfinished {} of {} ({jobs} jobs done) is in {};{how} it is removed when this one is finished",
        owner.holds,
        dir.display(),
        path.display()
    )
}

fn nothing_to_resume(dir: &Path, left: &[Left]) -> String {
    let dir = dir.display();
    match left {
        [] => format!("nothing to resume: no unfinished run of {dir} is there"),
        several => {
            let each = several.iter().map(|l| l.owner.fingerprint.as_str());
            format!(
                "what is unfinished in {dir} belongs to another run ({}); finish it with its own options or leave out --resume",
                each.collect::<Vec<_>>().join("; ")
            )
        }
    }
}

fn refused(dir: &Path, what: &str) -> Error {
    let shown: OsString = match dir.as_os_str().is_empty() {
        true => "\"\"".into(),
        false => dir.as_os_str().into(),
    };
    Error::usage(format!("{} {what}", shown.display()))
}

/// Files of a run are on the disk before they take the place of others.
fn settle(fresh: &Path) -> Result<()> {
    for entry in fs::read_dir(fresh).map_err(|e| Error::io(fresh, &e))? {
        let path = entry.map_err(|e| Error::io(fresh, &e))?.path();
        if path.is_dir() {
            settle(&path)?;
        } else {
            let synced = fs::File::open(&path).and_then(|file| file.sync_data());
            synced.map_err(|e| Error::io(&path, &e))?;
        }
    }
    sync_directory(fresh);
    Ok(())
}

/// Where directories can be opened; elsewhere the system sees to it.
fn sync_directory(dir: &Path) {
    if let Ok(file) = fs::File::open(dir) {
        let _ = file.sync_all();
    }
}

/// Removes what a run replaced. It is looked through once more: a file that somebody wrote into it
/// as it was moved stays with it. Under its second name it is known to be ours, so that a crash in
/// the middle of its removal leaves nothing that would be asked about again.
fn clear_old(work: &Path, tenant: &Tenant) -> Result<()> {
    let gone = work.join(GONE);
    let mut ended = Ok(());
    for old in olds(work) {
        // Of an earlier crash, or of the one before.
        remove_tree(&gone)?;
        let moved = tenant.replaceable(&old).and_then(|_| {
            let moved = fs::rename(&old, &gone);
            moved.map_err(|e| Error::io(&old, &e))
        });
        ended = ended.and(moved);
    }
    remove_tree(&gone)?;
    ended
}

/// What was moved into a private directory, the last one first.
fn olds(work: &Path) -> Vec<PathBuf> {
    let is_there = |p: &PathBuf| fs::symlink_metadata(p).is_ok_and(|m| m.is_dir());
    let numbered = |n: usize| Some(work.join(format!("{OLD}{n}"))).filter(is_there);
    let mut found: Vec<PathBuf> = (0..MOST_OLD).filter_map(numbered).collect();
    found.reverse();
    found
}

/// Removes a private directory. What was moved there and holds files of others stays, and is named.
fn remove_private(work: &Path, tenant: &Tenant) -> Result<()> {
    clear_old(work, tenant)?;
    remove_tree(&work.join("fresh"))?;
    let gone = |path: &Path, done: std::io::Result<()>| match done {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path, &e)),
        _ => Ok(()),
    };
    for name in [JOURNAL, OWNER] {
        let path = work.join(name);
        gone(&path, fs::remove_file(&path))?;
    }
    gone(work, fs::remove_dir(work))
}

/// Of ours, in a private directory.
fn remove_tree(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(dir, &e)),
        _ => Ok(()),
    }
}
