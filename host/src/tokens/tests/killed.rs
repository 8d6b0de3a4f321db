//! Processes that are killed at each step of a write.

use std::io;
use std::os::unix::process::ExitStatusExt;

use rustix::process::{Signal, getpid, kill_process};

use super::super::files::{WriteStep, WriteWatch};
use super::{FOLDER, child, entry, record, token};

const STEP: &str = "WELD_TEST_STEP";
const CHILD: &str = "tokens::tests::killed::write_that_is_killed";

const STEPS: [WriteStep; 6] = [
    WriteStep::Begun,
    WriteStep::HalfWritten,
    WriteStep::Written,
    WriteStep::Synced,
    WriteStep::Renamed,
    WriteStep::FolderSynced,
];

/// Kills this process at one step: no destructor runs, and nothing is cleaned up.
struct KilledAt(WriteStep);

impl WriteWatch for KilledAt {
    fn step(&self, step: WriteStep) -> io::Result<()> {
        if step == self.0 {
            kill_process(getpid(), Signal::KILL)?;
        }
        Ok(())
    }
}

#[test]
#[ignore = "run by the other tests here, in a process that it kills"]
fn write_that_is_killed() {
    let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) else {
        return;
    };
    let step = serde_json::from_str(&step).expect("a step");
    let entry = entry(folder.as_ref());
    let locked = entry.lock().expect("the process that locked it was killed");
    locked
        .write_watched(&record("new"), &KilledAt(step))
        .expect("the process is killed");
}

#[test]
fn the_token_is_the_old_or_the_new_one_at_whichever_step_the_process_is_killed() {
    for step in STEPS {
        let folder = tempfile::tempdir().unwrap();
        let entry = entry(folder.path());
        entry.lock().unwrap().write(&record("old")).unwrap();
        let name = serde_json::to_string(&step).unwrap();
        let killed = child(CHILD, folder.path()).env(STEP, name).output();
        let killed = killed.expect("it can be started");
        assert_eq!(
            killed.status.signal(),
            Some(Signal::KILL.as_raw()),
            "{step:?}: {killed:?}"
        );
        let is_new = matches!(step, WriteStep::Renamed | WriteStep::FolderSynced);
        let expected = if is_new { "new" } else { "old" };
        assert_eq!(token(&entry).as_deref(), Some(expected), "{step:?}");

        let left = entry.path().with_extension("new");
        let is_left = matches!(
            step,
            WriteStep::HalfWritten | WriteStep::Written | WriteStep::Synced
        );
        assert_eq!(left.exists(), is_left, "{step:?}");
        // Its lock was released with it.
        let locked = entry.try_lock().unwrap().expect("it is not locked");
        locked.write(&record("next")).unwrap();
        assert_eq!(token(&entry).as_deref(), Some("next"), "{step:?}");
        assert!(!left.exists(), "{step:?}: the remaining file is removed");
    }
}

#[test]
fn the_first_token_is_complete_or_missing_at_whichever_step_the_process_is_killed() {
    for step in STEPS {
        let folder = tempfile::tempdir().unwrap();
        let name = serde_json::to_string(&step).unwrap();
        let killed = child(CHILD, folder.path()).env(STEP, name).output();
        let killed = killed.expect("it can be started");
        assert_eq!(
            killed.status.signal(),
            Some(Signal::KILL.as_raw()),
            "{step:?}: {killed:?}"
        );
        let is_there = matches!(step, WriteStep::Renamed | WriteStep::FolderSynced);
        let expected = is_there.then_some("new");
        assert_eq!(
            token(&entry(folder.path())).as_deref(),
            expected,
            "{step:?}"
        );
    }
}
