//! Components that failed to load, so that nobody waits for the same failure twice.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{LoadError, LoadFault};
use crate::config::FileStamp;
use crate::lock::Mutex;

/// How many failures are remembered in addition to those of existing files: failures of files that were removed or
/// changed and may come back, possibly under another name. Beyond that, the oldest is forgotten.
const MAX_PAST: usize = 256;

/// The components that failed for a permanent reason. A component that was touched, copied or renamed counts as the
/// same one.
#[derive(Default)]
pub(super) struct Failures(Mutex<FailureMemory>);

#[derive(Default)]
struct FailureMemory {
    /// By the last file that failed with it.
    present: BTreeMap<PathBuf, Failure>,
    /// Failures that belong to no file any longer, the oldest first.
    past: VecDeque<Failure>,
}

#[derive(Clone)]
struct Failure {
    /// The digest of the component and of everything that determines its code.
    component: Arc<str>,
    /// The configuration's files, if they may be the cause of the failure.
    configuration: Option<Vec<FileStamp>>,
    error: Arc<LoadError>,
}

impl Failures {
    /// Why the component that is now in the file at `path` failed before with this configuration.
    pub(super) fn find(
        &self,
        path: &Path,
        component: &Arc<str>,
        configuration: &[FileStamp],
    ) -> Option<Arc<LoadError>> {
        let is_it = |failure: &&Failure| {
            let known = failure.configuration.as_deref();
            failure.component == *component && known.is_none_or(|known| known == configuration)
        };
        let mut memory = self.0.lock();
        if let Some(own) = memory.present.get(path).filter(is_it) {
            return Some(own.error.clone());
        }
        // The failure of a compiled file names that file, which belongs to one path.
        let is_of_any_path = |failure: &&Failure| is_it(failure) && !failure.is_of_compiled_file();
        let others = memory.past.iter().chain(memory.present.values());
        let found = { others }.find(is_of_any_path)?.clone();
        let error = found.error.clone();
        memory.put(path, found);
        Some(error)
    }

    /// Remembers a failure of the component in the file at `path`, unless its reason may be temporary, or is the
    /// operator's policy, which may change.
    pub(super) fn note(
        &self,
        path: &Path,
        component: Arc<str>,
        configuration: Vec<FileStamp>,
        fault: LoadFault,
    ) -> LoadFault {
        if fault.may_pass() || fault.is_of_the_policy() {
            return fault;
        }
        let is_of_the_code =
            matches!(&fault, LoadFault::Compile(error) if !error.is_of_compiled_file());
        let error = Arc::new(LoadError(fault));
        let failure = Failure {
            component,
            configuration: (!is_of_the_code).then_some(configuration),
            error: error.clone(),
        };
        self.0.lock().put(path, failure);
        LoadFault::Remembered(error)
    }

    /// The number of files whose failure is remembered.
    #[cfg(test)]
    pub(super) fn files(&self) -> usize {
        self.0.lock().present.len()
    }

    /// The file at `path` was removed or no longer fails.
    pub(super) fn leave(&self, path: &Path) {
        self.0.lock().leave(path);
    }
}

impl Failure {
    fn is_of_compiled_file(&self) -> bool {
        matches!(&self.error.0, LoadFault::Compile(error) if error.is_of_compiled_file())
    }
}

impl FailureMemory {
    fn put(&mut self, path: &Path, failure: Failure) {
        self.leave(path);
        self.present.insert(path.to_owned(), failure);
    }

    fn leave(&mut self, path: &Path) {
        let Some(failure) = self.present.remove(path) else {
            return;
        };
        if self.past.len() >= MAX_PAST {
            self.past.pop_front();
        }
        self.past.push_back(failure);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::sandbox::{CompileError, CompiledFault};

    fn trial() -> LoadFault {
        LoadFault::TrialTimeout {
            limit: Duration::from_secs(5),
        }
    }

    /// The file with the component of this name.
    fn file(component: &str) -> PathBuf {
        Path::new("/plugins").join(component)
    }

    impl Failures {
        fn note_trial(&self, component: &str) {
            self.note(&file(component), component.into(), Vec::new(), trial());
        }

        fn knows(&self, component: &str, file: &Path) -> bool {
            self.find(file, &component.into(), &[]).is_some()
        }
    }

    #[test]
    fn failed_component_is_known_until_it_or_what_it_failed_with_changes() {
        let failures = Failures::default();
        let folder = tempfile::tempdir().unwrap();
        let (none, some) = (
            FileStamp::of(Path::new("/nowhere")),
            FileStamp::of(folder.path()),
        );
        let code = CompileError::NotWasm.into();
        failures.note(&file("trial"), "trial".into(), vec![none], trial());
        failures.note(&file("code"), "code".into(), vec![none], code);
        for (component, stamp, is_known) in [
            ("trial", none, true),
            ("trial", some, false),
            ("code", none, true),
            ("code", some, true),
            ("other", none, false),
        ] {
            for path in [file(component), file("copy")] {
                let known = failures.find(&path, &component.into(), &[stamp]).is_some();
                assert_eq!(known, is_known, "{component}");
            }
        }
    }

    #[test]
    fn failure_of_a_compiled_file_is_known_of_its_own_component_alone() {
        let failures = Failures::default();
        let fault = CompileError::NotCompiled {
            path: file("one.cwasm"),
            fault: CompiledFault::Missing,
        };
        failures.note(&file("one"), "same".into(), Vec::new(), fault.into());
        assert!(failures.knows("same", &file("one")));
        assert!(!failures.knows("same", &file("two")));
    }

    #[test]
    fn failure_that_may_pass_is_not_remembered() {
        let failures = Failures::default();
        let fault = LoadFault::from(CompileError::Changed);
        let same = failures.note(&file("code"), "code".into(), Vec::new(), fault);
        assert!(matches!(same, LoadFault::Compile(_)));
        assert!(!failures.knows("code", &file("code")));
    }

    #[test]
    fn all_failures_of_existing_files_are_remembered() {
        let failures = Failures::default();
        let names: Vec<String> = (0..10 * MAX_PAST)
            .map(|number| number.to_string())
            .collect();
        for name in &names {
            failures.note_trial(name);
        }
        for name in &names {
            assert!(failures.knows(name, &file(name)), "{name}");
        }
    }

    #[test]
    fn failures_of_removed_files_are_remembered_up_to_a_bound() {
        let failures = Failures::default();
        let names: Vec<String> = (0..=MAX_PAST).map(|number| number.to_string()).collect();
        for name in &names {
            failures.note_trial(name);
            failures.leave(&file(name));
        }
        assert!(
            !failures.knows("0", &file("new")),
            "the oldest is forgotten"
        );
        assert!(failures.knows("1", &file("new")), "a file that was renamed");
        let is_present = |memory: &FailureMemory| memory.present.len();
        assert_eq!(is_present(&failures.0.lock()), 1);
        assert_eq!(failures.0.lock().past.len(), MAX_PAST);
    }

    #[test]
    fn file_that_keeps_failing_is_remembered_up_to_a_bound() {
        let failures = Failures::default();
        for number in 0..3 * MAX_PAST {
            let component = number.to_string().into();
            failures.note(&file("one"), component, Vec::new(), trial());
        }
        let memory = failures.0.lock();
        assert_eq!((memory.present.len(), memory.past.len()), (1, MAX_PAST));
    }
}
