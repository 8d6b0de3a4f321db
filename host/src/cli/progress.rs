//! Lines on stderr about steps that take longer than a second.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::output::printable;
use crate::lock::Mutex;
use crate::sandbox::CompileObserver;

/// A step that takes less time is not mentioned.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// Where lines go.
type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// Says what a command is doing, for steps that take longer than a second.
#[derive(Clone)]
pub(super) struct ProgressLines {
    sink: LineSink,
    is_hidden: bool,
}

impl ProgressLines {
    /// Prints to stderr.
    pub(super) fn shown() -> Self {
        Self {
            sink: Arc::new(|line: &str| eprintln!("{}", printable(line))),
            is_hidden: false,
        }
    }

    /// Prints nothing.
    pub(super) fn hidden() -> Self {
        Self {
            sink: Arc::new(|_: &str| {}),
            is_hidden: true,
        }
    }

    /// Whether lines are not shown.
    pub(super) fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// Announces the compiling of the component in this file.
    pub(super) fn compiling(&self, component: &Path) -> CompileObserver {
        let file = component.file_name().unwrap_or(component.as_os_str());
        let begins = format!(
            "compiling {} (once for each build) ...",
            file.to_string_lossy()
        );
        let progress = self.clone();
        CompileObserver::new(move || {
            let step = progress.begin(begins.clone());
            Box::new(move || step.end("compiled"))
        })
    }

    /// Begins a step: prints `begins` if it takes longer than a second. Needs tokio's runtime.
    pub(super) fn begin(&self, begins: String) -> ProgressStep {
        let state = Arc::new(Mutex::new(StepState::Silent));
        let (sink, shared) = (self.sink.clone(), state.clone());
        let timer = tokio::spawn(async move {
            sleep(NOTICEABLE).await;
            // Printed under the lock, so that the line of the end comes after it.
            let mut state = shared.lock();
            if *state == StepState::Silent {
                sink(&begins);
                *state = StepState::Announced;
            }
        });
        ProgressStep {
            sink: self.sink.clone(),
            began: Instant::now(),
            state,
            timer,
        }
    }
}

#[derive(PartialEq, Eq)]
enum StepState {
    Silent,
    Announced,
    Over,
}

/// A step in progress. If it is dropped instead of ended, it has failed, and nothing more is printed about it.
pub(super) struct ProgressStep {
    sink: LineSink,
    began: Instant,
    state: Arc<Mutex<StepState>>,
    timer: JoinHandle<()>,
}

impl ProgressStep {
    /// Ends the step. If it was announced, prints `done` with the time that it took.
    pub(super) fn end(self, done: &str) {
        let mut state = self.state.lock();
        if *state == StepState::Announced {
            let seconds = self.began.elapsed().as_secs_f64();
            (self.sink)(&format!("{done} in {seconds:.1} s"));
        }
        *state = StepState::Over;
    }
}

impl Drop for ProgressStep {
    fn drop(&mut self) {
        *self.state.lock() = StepState::Over;
        self.timer.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A progress whose lines are kept.
    fn kept() -> (ProgressLines, Arc<Mutex<Vec<String>>>) {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = lines.clone();
        let sink: LineSink = Arc::new(move |line: &str| kept.lock().push(line.to_owned()));
        (
            ProgressLines {
                sink,
                is_hidden: false,
            },
            lines,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_step_of_more_than_a_second_is_mentioned_and_its_end_has_its_time() {
        let (progress, lines) = kept();
        let step = progress.begin("building ...".to_owned());
        sleep(NOTICEABLE / 2).await;
        step.end("built");
        sleep(NOTICEABLE * 2).await;
        assert!(lines.lock().is_empty());

        let step = progress.begin("building ...".to_owned());
        sleep(NOTICEABLE * 3).await;
        assert_eq!(*lines.lock(), ["building ..."]);
        step.end("built");
        assert_eq!(*lines.lock(), ["building ...", "built in 3.0 s"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_fails_says_nothing_more() {
        let (progress, lines) = kept();
        drop(progress.begin("building ...".to_owned()));
        let late = progress.begin("building more ...".to_owned());
        sleep(NOTICEABLE * 2).await;
        drop(late);
        sleep(NOTICEABLE * 2).await;
        assert_eq!(*lines.lock(), ["building more ..."]);
    }
}
