//! Looks at the files of all components, of which some may not answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::plugins::stamps;
use super::seen::SeenFiles;
use crate::config::{FileSystem, FileThreads, NotedFiles};
use crate::lock::Mutex;

/// How long the first file may take that does not answer.
const FIRST_TIME: Duration = Duration::from_secs(1);

/// How long each further one may take within one look.
const NEXT_TIME: Duration = Duration::from_millis(100);

/// A component, with the files that its configuration names.
pub(super) type LookedAt = (PathBuf, Vec<PathBuf>);

/// Looks at components on threads that can be given up: all on one, as long as every file answers.
pub(super) struct Looks {
    threads: FileThreads,
    /// The components of which a file did not answer the last time. Each is looked at on a thread of its own.
    silent: BTreeSet<PathBuf>,
    /// How many threads were begun for several components.
    begun: u64,
}

impl Looks {
    pub(super) fn new(threads: FileThreads) -> Self {
        Self {
            threads,
            silent: BTreeSet::new(),
            begun: 0,
        }
    }

    /// How each component looks now; `None` for one of which a file does not answer.
    pub(super) async fn look(
        &mut self,
        components: Vec<LookedAt>,
    ) -> Vec<(PathBuf, Option<SeenFiles>)> {
        let (silent, others): (Vec<LookedAt>, Vec<LookedAt>) = components
            .into_iter()
            .partition(|(path, _)| self.silent.contains(path));
        let mut found = Vec::new();
        let mut patience = FIRST_TIME;
        let others: Arc<[LookedAt]> = others.into();
        while let Some(rest @ 1..) = others.len().checked_sub(found.len()) {
            let from = others.len() - rest;
            let answered = self.look_from(&others, from, patience).await;
            found.extend(answered);
            // The next one is the one that does not answer.
            if let Some((path, _)) = others.get(found.len()) {
                patience = NEXT_TIME;
                self.silent.insert(path.clone());
                tell_silent(path);
                found.push((path.clone(), None));
            }
        }
        for component in silent {
            let seen = self.look_alone(&component).await;
            if seen.is_some() && self.silent.remove(&component.0) {
                tracing::info!(component = %component.0.display(), "the component's files answer again");
            }
            found.push((component.0, seen));
        }
        found
    }

    /// Forgets the components that are not there any more.
    pub(super) fn retain(&mut self, is_there: impl Fn(&Path) -> bool) {
        self.silent.retain(|path| is_there(path));
    }

    /// Those that answer, in their order, up to the first that does not.
    async fn look_from(
        &mut self,
        components: &Arc<[LookedAt]>,
        from: usize,
        patience: Duration,
    ) -> Vec<(PathBuf, Option<SeenFiles>)> {
        // Whatever comes from a thread that was given up is not taken.
        let found = Arc::new(Mutex::new(Some(Vec::new())));
        let (components, note) = (components.clone(), found.clone());
        let work = move |files: &NotedFiles| {
            for component in components.iter().skip(from) {
                let seen = look_at(component, files);
                match note.lock().as_mut() {
                    Some(found) => found.push((component.0.clone(), Some(seen))),
                    None => break,
                }
            }
        };
        self.begun += 1;
        let number = PathBuf::from(self.begun.to_string());
        // Which one does not answer, what was found says.
        let _ = self.threads.run("looks", &number, patience, work).await;
        found.lock().take().unwrap_or_default()
    }

    async fn look_alone(&self, component: &LookedAt) -> Option<SeenFiles> {
        let path = component.0.clone();
        let component = component.clone();
        let work = move |files: &NotedFiles| look_at(&component, files);
        self.threads.run("look", &path, NEXT_TIME, work).await.ok()
    }
}

fn tell_silent(path: &Path) {
    tracing::warn!(
        component = %path.display(),
        "a file of the component does not answer; what is loaded goes on serving, and it is looked at again"
    );
}

fn look_at((component, paths): &LookedAt, files: &dyn FileSystem) -> SeenFiles {
    SeenFiles {
        stamps: stamps(files, component),
        files: paths
            .iter()
            .map(|path| (path.clone(), files.stamp(path)))
            .collect(),
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
        let found = looks.look(components(names)).await;
        assert_eq!(found.len(), names.len());
        let answered = found.into_iter().filter(|(_, seen)| seen.is_some());
        let mut names: Vec<String> = answered
            .map(|(path, _)| path.display().to_string())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn components_that_do_not_answer_keep_no_other_from_being_seen() {
        let files = HangingFiles::new(&["b.wasm", "c.toml"]);
        let mut looks = Looks::new(FileThreads::new(files.clone()));
        let all = ["a.wasm", "b.wasm", "c.wasm", "d.wasm"];
        for _ in 0..5 {
            assert_eq!(answering(&mut looks, &all).await, ["a.wasm", "d.wasm"]);
        }
        // One when it was found, and one of its own.
        assert_eq!(files.hanging(), 4, "no thread more for each look");
        files.release();
        let mut back = Vec::new();
        while back.len() < all.len() {
            back = answering(&mut looks, &all).await;
        }
        assert_eq!(answering(&mut looks, &all).await, all);
    }
}
