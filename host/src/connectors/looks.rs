//! Looks at the files of all components, some of which may not respond.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::plugins::stamps;
use super::seen::SeenFiles;
use crate::config::{FileSystem, FileThreads, NotedFiles};
use crate::lock::Mutex;

/// How long to wait for the first file that doesn't respond.
const FIRST_TIME: Duration = Duration::from_secs(1);

/// How long to wait for each further one within one look.
const NEXT_TIME: Duration = Duration::from_millis(100);

/// A component, with the files that its configuration names.
pub(super) type LookedAt = (PathBuf, Vec<PathBuf>);

/// Looks at components on threads that can be abandoned. One thread does all, as long as every file responds.
pub(super) struct Looks {
    threads: FileThreads,
    /// The components with a file that did not respond the last time.
    silent: BTreeSet<PathBuf>,
}

impl Looks {
    pub(super) fn new(threads: FileThreads) -> Self {
        Self {
            threads,
            silent: BTreeSet::new(),
        }
    }

    /// The present state of each component under bounds of this generation; `None` if one of its files doesn't respond.
    pub(super) async fn look(
        &mut self,
        components: Vec<LookedAt>,
        bounds: u64,
    ) -> Vec<(PathBuf, Option<SeenFiles>)> {
        let mut found = Vec::new();
        let mut patience = FIRST_TIME;
        let components: Arc<[LookedAt]> = components.into();
        while found.len() < components.len() {
            let answered = self
                .look_from(&components, found.len(), patience, bounds)
                .await;
            found.extend(answered);
            // The next component is the one that doesn't respond.
            if found.len() < components.len() {
                patience = NEXT_TIME;
                found.push(None);
            }
        }
        let paths = components.iter().map(|(path, _)| path.clone());
        let found: Vec<(PathBuf, Option<SeenFiles>)> = paths.zip(found).collect();
        self.report(&found);
        found
    }

    /// The states of the components that respond, in their order, up to the first that hangs. `None` for one that is
    /// known to hang.
    async fn look_from(
        &self,
        components: &Arc<[LookedAt]>,
        from: usize,
        patience: Duration,
        bounds: u64,
    ) -> Vec<Option<SeenFiles>> {
        // Results from a thread that was abandoned are ignored.
        let found = Arc::new(Mutex::new(Some(Vec::new())));
        let (components, note) = (components.clone(), found.clone());
        let work = move |files: &NotedFiles| {
            for component in components.iter().skip(from) {
                let seen = look_at(component, files, bounds);
                let seen = files.take_refusal().is_none().then_some(seen);
                match note.lock().as_mut() {
                    Some(found) => found.push(seen),
                    None => break,
                }
            }
        };
        // The number of results tells which component didn't respond.
        let _ = self.threads.run(Path::new(""), patience, work).await;
        found.lock().take().unwrap_or_default()
    }

    /// Logs which components no longer respond, and which respond again.
    fn report(&mut self, found: &[(PathBuf, Option<SeenFiles>)]) {
        let silent = found.iter().filter(|(_, seen)| seen.is_none());
        let silent: BTreeSet<PathBuf> = silent.map(|(path, _)| path.clone()).collect();
        for path in silent.difference(&self.silent) {
            tracing::warn!(
                component = %path.display(),
                "a file of this component does not respond; the loaded version keeps serving, and the file will be checked again"
            );
        }
        for (path, _) in found {
            if self.silent.contains(path) && !silent.contains(path) {
                tracing::info!(component = %path.display(), "the component's files respond again");
            }
        }
        self.silent = silent;
    }
}

fn look_at((component, paths): &LookedAt, files: &dyn FileSystem, bounds: u64) -> SeenFiles {
    SeenFiles {
        stamps: stamps(files, component),
        files: paths
            .iter()
            .map(|path| (path.clone(), files.stamp(path)))
            .collect(),
        bounds,
    }
}

#[cfg(test)]
mod tests {
    use super::super::hanging::HangingFiles;
    use super::*;

    fn components(names: &[&str]) -> Vec<LookedAt> {
        let component = |name: &&str| (PathBuf::from(name), Vec::new());
        names.iter().map(component).collect()
    }

    async fn answering(looks: &mut Looks, names: &[&str]) -> Vec<String> {
        let found = looks.look(components(names), 0).await;
        assert_eq!(found.len(), names.len());
        let answered = found.into_iter().filter(|(_, seen)| seen.is_some());
        let mut names: Vec<String> = answered
            .map(|(path, _)| path.display().to_string())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn components_that_do_not_respond_do_not_hide_others() {
        let files = HangingFiles::new(&["b.wasm", "c.toml"]);
        let mut looks = Looks::new(FileThreads::new(files.clone()));
        let all = ["a.wasm", "b.wasm", "c.wasm", "d.wasm"];
        for _ in 0..5 {
            assert_eq!(answering(&mut looks, &all).await, ["a.wasm", "d.wasm"]);
        }
        assert_eq!(files.hanging(), 2, "not one more thread for each look");
        files.release();
        let mut back = Vec::new();
        while back.len() < all.len() {
            back = answering(&mut looks, &all).await;
        }
        assert_eq!(answering(&mut looks, &all).await, all);
    }
}
