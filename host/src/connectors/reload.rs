//! Keeps the registry in step with the plugins folder, without a restart.
//!
//! It looks at the folder, compares, and loads files that have changed. The triggers for a look (the system's
//! notifications, or time) need not be complete or correct. A file counts once two looks have found it in the same
//! state and it has not changed by the end of loading. No look waits for a load, and no load waits for another one.

use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use super::error::FolderError;
use super::intake::Intake;
use super::load::LoadReport;
use super::looks::{LookedAt, Looks};
use super::plugins::{Listing, Plugins};
use super::reload_request::{ReloadHandle, ReloadRequests, ReloadSummary};
use super::seen::SeenFiles;
use super::settling::{SETTLE, Settling};
use super::watch::FolderWatch;
use crate::report;

/// The minimum time between two looks, however many changes are reported.
const PAUSE: Duration = Duration::from_millis(50);

/// How often to check for loads to retry if the host does not look for changes.
const RETRY_LOOK: Duration = Duration::from_secs(1);

/// Loads the components of a plugins folder, and what changes there.
pub struct Loader {
    plugins: Plugins,
    intake: Intake,
    looks: Looks,
    settling: Settling,
    /// The last reported problem of the folder, so that each is reported once.
    folder_problem: Option<String>,
    requests: ReloadRequests,
}

/// Why the loader ends a pause.
enum Wake {
    /// The folder may have changed.
    Look,
    /// Somebody asks for a reload.
    Asked,
    /// The operator's bounds have changed.
    Bounds,
}

impl Loader {
    /// Continues the loads that `intake` has begun.
    pub(super) fn new(plugins: Plugins, intake: Intake) -> Self {
        Self {
            looks: Looks::new(plugins.files.clone()),
            plugins,
            intake,
            settling: Settling::default(),
            folder_problem: None,
            requests: ReloadRequests::new(),
        }
    }

    /// Asks the loader for a look at the folder, once it runs.
    #[must_use]
    pub fn handle(&self) -> ReloadHandle {
        self.requests.handle()
    }

    /// The number of components that have not been loaded for the first time yet.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.intake.unfinished()
    }

    /// Waits until every component that existed at startup is loaded, and reports the result of each.
    pub async fn finish(&mut self, mut on_report: impl FnMut(LoadReport)) {
        while self.unfinished() > 0 {
            let (path, news) = self.intake.next().await;
            if let Some(report) = self.intake.take(&path, news) {
                on_report(report);
            }
        }
    }

    /// Reports the result of each component that existed at startup, and then loads changes, forever. It looks at the
    /// folder when the system reports a change, every `interval`, and when a [handle](Self::handle) asks. Without an
    /// interval it loads changes only when asked, and only retries what failed at startup for a reason that may pass.
    pub async fn run(mut self, interval: Option<Duration>, mut on_report: impl FnMut(LoadReport)) {
        let Some(interval) = interval else {
            return self.run_without_looks(on_report).await;
        };
        let mut watch = FolderWatch::new();
        loop {
            let listed = listen(&mut self.intake, &mut on_report, self.plugins.list()).await;
            match listed {
                Ok(listing) => {
                    let follow = watch.follow(&listing.folder, &self.plugins.files);
                    listen(&mut self.intake, &mut on_report, follow).await;
                    self.look(listing, interval, &mut on_report).await;
                }
                Err(error) => self.keep_all(&error),
            }
            self.answer_requests();
            let pause = self.pause(interval);
            let plugins = &mut self.plugins;
            let next = async {
                tokio::time::sleep(PAUSE).await;
                tokio::select! {
                    () = watch.changed() => Wake::Look,
                    () = tokio::time::sleep(pause) => Wake::Look,
                    () = self.requests.arrived() => Wake::Asked,
                    () = plugins.bounds_changed() => Wake::Bounds,
                }
            };
            match listen(&mut self.intake, &mut on_report, next).await {
                Wake::Look => {}
                Wake::Asked => self.begin_request(),
                Wake::Bounds => self.intake.reload_all(),
            }
        }
    }

    async fn run_without_looks(mut self, mut on_report: impl FnMut(LoadReport)) {
        loop {
            let pause = self.pause(RETRY_LOOK);
            let plugins = &mut self.plugins;
            let next = async {
                tokio::select! {
                    () = tokio::time::sleep(pause) => Wake::Look,
                    () = self.requests.arrived() => Wake::Asked,
                    () = plugins.bounds_changed() => Wake::Bounds,
                }
            };
            match listen(&mut self.intake, &mut on_report, next).await {
                Wake::Look => self.intake.retry_failed(),
                Wake::Asked => self.begin_request(),
                Wake::Bounds => self.intake.reload_all(),
            }
            if !self.requests.is_waiting() {
                continue;
            }
            match listen(&mut self.intake, &mut on_report, self.plugins.list()).await {
                Ok(listing) => self.look(listing, Duration::MAX, &mut on_report).await,
                Err(error) => self.keep_all(&error),
            }
            self.answer_requests();
        }
    }

    /// Somebody waits for the result of a look.
    fn begin_request(&mut self) {
        self.intake.record_changes();
        self.intake.retry_all_failed();
    }

    /// Answers those who wait, once what the last look has found is loaded, or the folder can't be read.
    fn answer_requests(&mut self) {
        if !self.requests.is_waiting() {
            drop(self.intake.take_changes());
            return;
        }
        let unfinished = self.intake.loading();
        let is_done = self.settling.is_empty() && unfinished.is_empty();
        if is_done || self.folder_problem.is_some() || self.requests.is_late() {
            let summary = ReloadSummary {
                changes: self.intake.take_changes(),
                unfinished,
                folder_problem: self.folder_problem.clone(),
            };
            self.requests.answer(&summary);
        }
    }

    /// How long no look is needed if no change is reported.
    fn pause(&mut self, interval: Duration) -> Duration {
        if self.settling.is_empty() && !self.requests.is_waiting() {
            let retry = self.intake.next_retry(interval).unwrap_or(interval);
            retry.min(interval)
        } else {
            SETTLE
        }
    }

    /// One look: records what has changed, and begins to load what has settled.
    async fn look(
        &mut self,
        listing: Listing,
        interval: Duration,
        on_report: &mut impl FnMut(LoadReport),
    ) {
        if self.folder_problem.take().is_some() {
            tracing::info!("the plugins folder is readable again");
        }
        let files = |path: &PathBuf| (path.clone(), self.intake.files(path));
        let components: Vec<LookedAt> = listing.components.iter().map(files).collect();
        let bounds = self.plugins.bounds().generation;
        let looks = self.looks.look(components, bounds);
        for (path, seen) in listen(&mut self.intake, on_report, looks).await {
            let due = seen.filter(|seen| self.intake.is_due(&path, seen, interval));
            let Some(seen) = due else {
                self.settling.forget(&path);
                continue;
            };
            if self.settling.has_settled(&path, Some(seen.clone())) {
                self.settling.forget(&path);
                // It is not known yet which files its configuration names now.
                self.intake
                    .begin(path, Some(SeenFiles::alone(seen.stamps, seen.bounds)));
            }
        }
        for path in self.intake.known() {
            if !listing.components.contains(&path) && self.settling.has_settled(&path, None) {
                self.settling.forget(&path);
                self.intake.remove(&path);
            }
        }
    }

    /// Keeps all connectors: an unreadable folder says nothing about them.
    fn keep_all(&mut self, error: &FolderError) {
        let problem = report::chain(error);
        if self.folder_problem.is_none() {
            tracing::warn!(
                problem,
                "could not read the plugins folder; the loaded connectors keep serving"
            );
        }
        self.folder_problem = Some(problem);
    }
}

/// Applies news of loads until `other` is done.
async fn listen<T>(
    intake: &mut Intake,
    on_report: &mut impl FnMut(LoadReport),
    other: impl Future<Output = T>,
) -> T {
    let mut other = pin!(other);
    loop {
        tokio::select! {
            done = other.as_mut() => return done,
            (path, news) = intake.next() => {
                if let Some(report) = intake.take(&path, news) {
                    on_report(report);
                }
            }
        }
    }
}
