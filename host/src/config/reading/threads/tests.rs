use std::sync::mpsc::channel;

use super::super::files::SystemFiles;
use super::*;

/// For files that hang.
const SOON: Duration = Duration::from_millis(10);
/// For files that answer.
const PATIENT: Duration = Duration::from_secs(60);

fn threads() -> FileThreads {
    FileThreads::new(Arc::new(SystemFiles))
}

/// Hangs at `path` until the sender is dropped.
async fn hang(threads: &FileThreads, path: &Path, hangs: Receiver<()>) -> NoAnswer {
    let file = path.to_owned();
    let hung = threads.run(Path::new("first"), SOON, move |files| {
        files.stamp(&file);
        let _released = hangs.recv();
    });
    hung.await.expect_err("it hangs")
}

/// Whether a file may be read.
async fn is_tried(threads: &FileThreads, path: &Path) -> bool {
    let file = path.to_owned();
    let asked = threads.run(Path::new("first"), PATIENT, move |files| files.stamp(&file));
    match asked.await {
        Ok(_) => true,
        Err(NoAnswer::Still { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

async fn until_tried(threads: &FileThreads, path: &Path) {
    while !is_tried(threads, path).await {
        tokio::time::sleep(SOON).await;
    }
}

#[tokio::test]
async fn a_file_that_hangs_is_abandoned_named_and_not_tried_by_another_thread() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, other) = (folder.path().join("secret"), folder.path().join("other"));
    let threads = threads();
    let (hold, hangs) = channel();
    let error = hang(&threads, &secret, hangs).await.to_string();
    let expected = format!("{} has not responded for 10ms", secret.display());
    assert!(error.starts_with(&expected), "{error}");
    assert!(!is_tried(&threads, &secret).await);
    assert!(
        is_tried(&threads, &other).await,
        "other files can still be read"
    );
    drop(hold);
    until_tried(&threads, &secret).await;
}

#[tokio::test]
async fn a_new_file_in_place_of_one_that_hangs_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("link");
    std::os::unix::fs::symlink("/mnt/away", &path).unwrap();
    let threads = threads();
    let (_hold, hangs) = channel();
    hang(&threads, &path, hangs).await;
    assert!(!is_tried(&threads, &path).await);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "here").unwrap();
    assert!(is_tried(&threads, &path).await);
}

#[tokio::test]
async fn a_file_that_hangs_is_tried_by_other_threads_at_growing_intervals() {
    let threads = threads();
    let path = Path::new("/nowhere/secret");
    let mut holds = Vec::new();
    for number in 0..5 {
        let (hold, hangs) = channel();
        holds.push(hold);
        assert!(matches!(
            hang(&threads, path, hangs).await,
            NoAnswer::GivenUp { .. }
        ));
        assert_eq!(threads.0.busy.lock().len(), holds.len());
        let pause = AGAIN_AFTER * 2_u32.pow(number);
        let turn_back = |by: Duration| {
            for step in threads.0.busy.lock().values_mut() {
                step.given_up = step.given_up.and_then(|since| since.checked_sub(by));
            }
        };
        turn_back(pause / 2);
        assert!(!is_tried(&threads, path).await, "{number}");
        turn_back(pause / 2);
    }
}

#[tokio::test]
async fn work_may_take_longer_than_each_of_its_files() {
    let patience = Duration::from_secs(1);
    let work = move |files: &NotedFiles| {
        for step in 0..4 {
            files.stamp(Path::new(&step.to_string()));
            thread::sleep(patience / 3);
        }
    };
    assert!(
        threads()
            .run(Path::new("first"), patience, work)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_number_of_waiting_threads_is_limited() {
    let threads = threads();
    let mut holds = Vec::new();
    for number in 0..MAX_THREADS {
        let (hold, hangs) = channel();
        holds.push(hold);
        let hung = hang(&threads, Path::new(&number.to_string()), hangs).await;
        assert!(matches!(hung, NoAnswer::GivenUp { .. }), "{hung}");
    }
    let refused = threads.run(Path::new("one-more"), SOON, |_| ()).await;
    assert!(matches!(refused, Err(NoAnswer::TooMany)), "{refused:?}");
    holds.pop();
    while threads.0.busy.lock().len() == MAX_THREADS {
        tokio::time::sleep(SOON).await;
    }
    let next = threads.run(Path::new("one-more"), PATIENT, |_| ()).await;
    assert!(next.is_ok());
}

#[tokio::test]
async fn work_that_panics_is_reported_and_leaves_nothing_behind() {
    let threads = threads();
    let broken = threads
        .run(Path::new("a"), PATIENT, |_| panic!("broken"))
        .await;
    assert!(matches!(broken, Err(NoAnswer::Thread(_))));
    assert!(threads.run(Path::new("a"), PATIENT, |_| ()).await.is_ok());
}
