use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::*;
use super::{Entry, entry, names};

fn tenant() -> Tenant {
    Tenant {
        noun: "run".into(),
        proof: ("run.json", |v, _| v["schema"].is_u64()),
        wrote: |name, _| ["run.json", "verdicts.jsonl", "figures/a.svg"].contains(&name),
    }
}

fn open(dir: &Path, resume: bool) -> crate::error::Result<Place> {
    let resume = if resume {
        Resume::Always
    } else {
        Resume::Never
    };
    Place::open(dir, tenant(), "what is computed", resume)
}

fn refused(dir: &Path) -> String {
    let e = open(dir, false).unwrap_err();
    assert!(e.is_usage() || e.is_io(), "{e}");
    e.to_string()
}

fn fill(dir: &Path, text: &str) {
    let place = open(dir, false).unwrap();
    let fresh = place.fresh().unwrap();
    fs::write(fresh.join("run.json"), text).unwrap();
    fs::create_dir(fresh.join("figures")).unwrap();
    fs::write(fresh.join("figures/a.svg"), text).unwrap();
    place.finish().unwrap();
}

/// A run that is under way with one job done, and its private directory.
fn unfinished(dir: &Path) -> (Place, PathBuf) {
    let place = open(dir, false).unwrap();
    let journal = Journal::open(&place.journal()).unwrap();
    journal.append(&entry(1)).unwrap();
    let work = place.journal().parent().unwrap().to_path_buf();
    (place, work)
}

#[test]
fn a_directory_is_replaced_whole_and_nothing_is_left_beside_it() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("x/results");
    fill(&dir, "one");
    fill(&dir, "two");
    assert_eq!(
        fs::read_to_string(dir.join("figures/a.svg")).unwrap(),
        "two"
    );
    assert_eq!(
        names(&t.path().join("x")),
        [
            "results/",
            "results/.ratecert.json",
            "results/figures/",
            "results/figures/a.svg",
            "results/run.json"
        ]
    );
}

/// The names that older versions used beside a directory, and any other.
#[test]
fn what_is_beside_a_directory_stays() {
    let t = TempDir::new().unwrap();
    for beside in [
        "r.old",
        "r.partial",
        "r.journal",
        ".ratecert-x",
        ".ratecert-y",
    ] {
        fs::create_dir(t.path().join(beside)).unwrap();
        fs::write(t.path().join(beside).join("mine"), beside).unwrap();
    }
    // Even one that pretends.
    fs::write(t.path().join(".ratecert-y/owner.json"), "{}").unwrap();
    let before = names(t.path());
    fill(&t.path().join("r"), "one");
    fill(&t.path().join("r"), "two");
    let mut after = names(t.path());
    after.retain(|n| !n.starts_with("r/"));
    assert_eq!(after, before);
}

#[test]
fn files_of_others_are_refused_by_name() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    let foreign = |make: &dyn Fn(&Path), says: &str| {
        fill(&dir, "run");
        make(&dir);
        let said = refused(&dir);
        assert!(said.contains(says), "{said}");
        assert!(fs::symlink_metadata(dir.join("run.json")).is_ok());
        fs::remove_dir_all(&dir).unwrap();
    };
    let write = |name: &'static str| move |dir: &Path| fs::write(dir.join(name), "mine").unwrap();
    foreign(&write("thesis.tex"), "holds thesis.tex, which no run wrote");
    foreign(
        &write("figures/mine.svg"),
        "holds figures/mine.svg, which no run wrote",
    );
    let make = |name: &'static str| move |dir: &Path| fs::create_dir_all(dir.join(name)).unwrap();
    foreign(&make(".git"), "holds .git/, which no run wrote");
    foreign(
        &make("figures/deep"),
        "holds figures/deep/, which no run wrote",
    );
    #[cfg(unix)]
    foreign(
        &|dir| {
            fs::remove_file(dir.join("run.json")).unwrap();
            std::os::unix::fs::symlink("elsewhere", dir.join("run.json")).unwrap();
        },
        "holds run.json (no file), which no run wrote",
    );
    // Without a list only what older versions wrote.
    let old = |text: &str, more: Option<&str>| {
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("run.json"), text).unwrap();
        if let Some(name) = more {
            fs::write(dir.join(name), "").unwrap();
        }
        let ended = open(&dir, false).map(drop).map_err(|e| e.to_string());
        fs::remove_dir_all(&dir).unwrap();
        ended.err().unwrap_or_default()
    };
    assert!(old("{}", None).contains("its run.json is not that of a run"));
    assert!(old("nothing", None).contains("its run.json is not that of a run"));
    assert_eq!(old(r#"{"schema":2}"#, None), "");
    assert!(old(r#"{"schema":2}"#, Some("a.svg")).contains("holds a.svg"));
    fs::write(&dir, "a file").unwrap();
    assert!(refused(&dir).contains("is not the output of a run"));
}

#[test]
fn a_directory_of_another_kind_is_refused() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    fill(&dir, "run");
    let other = Tenant {
        noun: "comparison".into(),
        ..tenant()
    };
    let e = Place::open(&dir, other, "f", Resume::Never).unwrap_err();
    assert!(
        e.to_string().contains("holds a run, not a comparison"),
        "{e}"
    );
}

#[test]
fn places_that_cannot_be_replaced_are_refused_before_anything_is_made() {
    let t = TempDir::new().unwrap();
    for dir in ["/", "..", "nowhere/.."] {
        let e = Place::open(Path::new(dir), tenant(), "f", Resume::Never).unwrap_err();
        assert!(e.is_usage() || e.is_io(), "{dir}: {e}");
    }
    let here = std::env::current_dir().unwrap();
    assert!(refused(&here).contains("is where you are"));
    assert!(refused(here.parent().unwrap()).contains("is where you are") || cfg!(not(unix)));
    let long = t.path().join("x".repeat(300));
    assert!(open(&long, false).unwrap_err().is_io());
    assert!(names(t.path()).is_empty());
    #[cfg(unix)]
    {
        let link = t.path().join("link");
        std::os::unix::fs::symlink(t.path().join("gone"), &link).unwrap();
        assert!(refused(&link).contains("leads nowhere"));
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        if mounts.contains(" /proc ") {
            assert!(refused(Path::new("/proc")).contains("is a mount point"));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_directory_stays_a_link() {
    let t = TempDir::new().unwrap();
    let real = t.path().join("elsewhere/real");
    fill(&real, "one");
    let link = t.path().join("link");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    fill(&link, "two");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(real.join("run.json")).unwrap(), "two");
}

#[cfg(unix)]
#[test]
fn a_parent_that_is_read_only_is_refused_before_anything_is_computed() {
    use std::os::unix::fs::PermissionsExt as _;
    let t = TempDir::new().unwrap();
    let parent = t.path().join("sealed");
    fs::create_dir(&parent).unwrap();
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o555)).unwrap();
    let opened = open(&parent.join("r"), false);
    // For root nothing is read-only.
    let root = fs::write(parent.join("probe"), "").is_ok();
    assert!(root || opened.unwrap_err().is_io());
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn one_at_a_time() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    let first = open(&dir, false).unwrap();
    let said = refused(&dir);
    assert!(said.contains("another ratecert is writing to"), "{said}");
    // Another name for it is the same directory; another directory is another one.
    let said = refused(&t.path().join("./r/"));
    assert!(said.contains("another ratecert is writing to"), "{said}");
    drop(open(&t.path().join("s"), false).unwrap());
    drop(first);
    fill(&dir, "one");
    assert_eq!(Lock::of(&dir).err().map(|e| e.to_string()), None);
    assert!(!names(t.path()).iter().any(|n| n.ends_with(".lock")));
}

#[test]
fn what_is_unfinished_is_announced_kept_and_resumed() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    fill(&dir, "old");
    drop(unfinished(&dir));
    // Of another computation: nothing to go on from here.
    let e = Place::open(&dir, tenant(), "something else", Resume::Always).unwrap_err();
    assert!(
        e.to_string()
            .contains("belongs to another run (what is computed)"),
        "{e}"
    );
    // A new one says what it found, and leaves it alone while it is not finished itself.
    for _ in 0..2 {
        let place = Place::open(&dir, tenant(), "something else", Resume::Never).unwrap();
        let [said] = place.news() else {
            panic!("{:?}", place.news())
        };
        assert!(
            said.contains("(1 jobs done)") && said.contains("--resume"),
            "{said}"
        );
    }
    let any = |said| Place::open(&dir, tenant(), said, Resume::IfAny).unwrap();
    assert_eq!(any("something else").news().len(), 1);
    assert!(any("what is computed").news().is_empty());
    let place = open(&dir, true).unwrap();
    assert!(place.news().is_empty());
    let journal = Journal::open(&place.journal()).unwrap();
    assert_eq!(journal.entries::<Entry>().unwrap(), vec![entry(1)]);
    fs::write(place.fresh().unwrap().join("run.json"), "new").unwrap();
    place.finish().unwrap();
    assert_eq!(names(t.path()), ["r/", "r/.ratecert.json", "r/run.json"]);
    assert!(
        open(&dir, true)
            .unwrap_err()
            .to_string()
            .contains("nothing to resume")
    );
}

#[test]
fn what_was_moved_away_when_the_power_went_comes_back() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    fill(&dir, "old");
    let (place, work) = unfinished(&dir);
    fs::rename(&dir, work.join("old0")).unwrap();
    drop(place);
    let place = open(&dir, true).unwrap();
    assert!(place.news()[0].contains("it is back"), "{:?}", place.news());
    assert_eq!(fs::read_to_string(dir.join("run.json")).unwrap(), "old");
    drop(place);
    // After both renames the old one is removed with the rest, also by who goes on.
    for resume in [false, true] {
        fs::rename(&dir, work.join("old0")).unwrap();
        fs::create_dir(&dir).unwrap();
        fs::create_dir_all(work.join("gone/figures")).unwrap();
        fs::write(work.join("gone/verdicts.jsonl"), "half removed").unwrap();
        let place = open(&dir, resume).unwrap();
        fs::write(place.fresh().unwrap().join("run.json"), "new").unwrap();
        assert_eq!(place.finish().unwrap(), [""; 0]);
        assert_eq!(names(t.path()), ["r/", "r/.ratecert.json", "r/run.json"]);
        // As it was, for the second time.
        let now = unfinished(&dir).1;
        fs::rename(now, &work).unwrap();
    }
}

/// What cannot be removed is said, and costs nobody the run.
#[test]
fn files_of_others_in_what_was_moved_away_stay() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    fill(&dir, "old");
    let (place, work) = unfinished(&dir);
    drop(place);
    fs::create_dir(work.join("old0")).unwrap();
    fs::write(work.join("old0/mine"), "mine").unwrap();
    for resume in [true, false] {
        let place = open(&dir, resume).unwrap();
        let heard = place.news().len();
        fs::write(place.fresh().unwrap().join("run.json"), "new").unwrap();
        let said = place.finish().unwrap();
        assert!(
            heard + said.len() > 0 && said.iter().all(|s| s.contains("old")),
            "{said:?}"
        );
        assert_eq!(fs::read_to_string(dir.join("run.json")).unwrap(), "new");
        assert_eq!(fs::read_to_string(work.join("old0/mine")).unwrap(), "mine");
    }
}

#[test]
fn of_several_unfinished_runs_the_one_that_came_furthest_goes_on() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    for jobs in [1, 5, 3] {
        let place = open(&dir, false).unwrap();
        let journal = Journal::open(&place.journal()).unwrap();
        (0..jobs).for_each(|job| journal.append(&entry(job)).unwrap());
    }
    let place = open(&dir, true).unwrap();
    let journal = Journal::open(&place.journal()).unwrap();
    assert_eq!(journal.entries::<Entry>().unwrap().len(), 5);
    assert_eq!(place.news().len(), 2);
    assert!(
        place.news().iter().all(|n| !n.contains("--resume")),
        "{:?}",
        place.news()
    );
}

/// Nothing is left of a run that did nothing, whatever it was about to write.
#[test]
fn a_run_that_did_nothing_leaves_nothing() {
    let t = TempDir::new().unwrap();
    let place = open(&t.path().join("made/for/r"), false).unwrap();
    fs::write(place.fresh().unwrap().join("verdicts.jsonl"), "half").unwrap();
    drop(place);
    assert!(names(t.path()).is_empty());
}

/// A file that was being written when its writer was killed, and the directory made for others.
#[test]
fn what_a_killed_writer_left_is_replaced() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    fill(&dir, "old");
    fs::write(dir.join(".ratecert-Zz12ab.tmp"), "half").unwrap();
    fs::write(dir.join("figures/.ratecert-Zz12ab.tmp"), "half").unwrap();
    fill(&dir, "new");
    fs::remove_file(dir.join("figures/a.svg")).unwrap();
    fill(&dir, "newer");
    assert_eq!(fs::read_to_string(dir.join("run.json")).unwrap(), "newer");
    fs::remove_dir_all(dir.join("figures")).unwrap();
    fs::create_dir(dir.join("mine")).unwrap();
    assert!(refused(&dir).contains("holds mine/"));
}

/// A file that came into the directory while the run was under way.
#[test]
fn a_file_that_came_in_meanwhile_stays() {
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    fill(&dir, "old");
    let place = open(&dir, false).unwrap();
    let fresh = place.fresh().unwrap();
    fs::write(fresh.join("run.json"), "new").unwrap();
    fs::write(dir.join("mine"), "mine").unwrap();
    let said = place.finish().unwrap_err().to_string();
    assert!(
        said.contains("holds mine") && said.contains("the finished run stands in"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(dir.join("mine")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(fresh.join("run.json")).unwrap(), "new");
}

/// In a directory for all anybody could lay out what looks like an unfinished run.
#[cfg(unix)]
#[test]
fn what_others_could_have_laid_out_is_not_trusted() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let t = TempDir::new().unwrap();
    let dir = t.path().join("r");
    let (place, work) = unfinished(&dir);
    drop(place);
    fs::set_permissions(&work, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(
        open(&dir, true)
            .unwrap_err()
            .to_string()
            .contains("nothing to resume")
    );
    fs::set_permissions(&work, fs::Permissions::from_mode(0o700)).unwrap();
    // A journal that is a link is not followed.
    let mine = t.path().join("mine");
    fs::write(&mine, "mine, without an end of line").unwrap();
    fs::remove_file(work.join("journal")).unwrap();
    symlink(&mine, work.join("journal")).unwrap();
    let place = open(&dir, true).unwrap();
    assert!(Journal::open(&place.journal()).unwrap_err().is_usage());
    drop(place);
    assert_eq!(
        fs::read_to_string(&mine).unwrap(),
        "mine, without an end of line"
    );
    assert!(check_no_links(&work, ["journal"]).is_err() || !work.exists());
}

/// Names that differ in bytes that are no text are two directories.
#[cfg(target_os = "linux")]
#[test]
fn directories_are_told_apart_by_their_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    let t = TempDir::new().unwrap();
    let named = |byte: u8| t.path().join(std::ffi::OsStr::from_bytes(&[b'r', byte]));
    let (place, _) = unfinished(&named(0xff));
    let other = open(&named(0xfe), false).unwrap();
    assert!(other.news().is_empty());
    drop(other);
    drop(place);
    assert!(open(&named(0xfe), true).is_err());
    assert!(open(&named(0xff), true).is_ok());
}
