//! What did not load, so that nobody waits for the same failure twice.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::{LoadError, LoadFault};
use crate::config::FileStamp;
use crate::lock::Mutex;

/// How many failures are remembered. Past it, the oldest is forgotten.
const MAX_FAILURES: usize = 256;

/// The components that failed for a reason that stays. One that was touched, copied or renamed is still the same.
#[derive(Default)]
pub(super) struct Failures(Mutex<VecDeque<Failure>>);

struct Failure {
    /// The digest of the component and of what shapes its code.
    component: Arc<str>,
    /// The configuration's files, if the failure may be due to them.
    configuration: Option<Vec<FileStamp>>,
    error: Arc<LoadError>,
}

impl Failures {
    /// Why this component failed earlier, with this configuration.
    pub(super) fn find(
        &self,
        component: &Arc<str>,
        configuration: &[FileStamp],
    ) -> Option<Arc<LoadError>> {
        let failures = self.0.lock();
        let found = failures.iter().find(|failure| {
            let known = failure.configuration.as_deref();
            failure.component == *component && known.is_none_or(|known| known == configuration)
        });
        found.map(|failure| failure.error.clone())
    }

    /// Remembers a failure, unless its reason may pass.
    pub(super) fn note(
        &self,
        component: Arc<str>,
        configuration: Vec<FileStamp>,
        fault: LoadFault,
    ) -> LoadFault {
        if fault.may_pass() {
            return fault;
        }
        let is_of_the_code = matches!(fault, LoadFault::Compile(_));
        let error = Arc::new(LoadError(fault));
        let mut failures = self.0.lock();
        if failures.len() >= MAX_FAILURES {
            failures.pop_front();
        }
        failures.push_back(Failure {
            component,
            configuration: (!is_of_the_code).then_some(configuration),
            error: error.clone(),
        });
        LoadFault::Remembered(error)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::sandbox::CompileError;

    fn trial() -> LoadFault {
        LoadFault::TrialTimeout {
            limit: Duration::from_secs(5),
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
        failures.note("trial".into(), vec![none], trial());
        failures.note("code".into(), vec![none], CompileError::NotWasm.into());
        for (component, stamp, is_known) in [
            ("trial", none, true),
            ("trial", some, false),
            ("code", none, true),
            ("code", some, true),
            ("other", none, false),
        ] {
            let known = failures.find(&component.into(), &[stamp]).is_some();
            assert_eq!(known, is_known, "{component}");
        }
    }

    #[test]
    fn failure_that_may_pass_is_not_remembered() {
        let failures = Failures::default();
        let fault = LoadFault::from(CompileError::Changed);
        let same = failures.note("code".into(), Vec::new(), fault);
        assert!(matches!(same, LoadFault::Compile(_)));
        assert!(failures.find(&"code".into(), &[]).is_none());
    }

    #[test]
    fn only_so_many_failures_are_remembered() {
        let failures = Failures::default();
        for number in 0..=MAX_FAILURES {
            failures.note(number.to_string().into(), Vec::new(), trial());
        }
        assert!(failures.find(&"0".into(), &[]).is_none());
        assert!(failures.find(&"1".into(), &[]).is_some());
        assert_eq!(failures.0.lock().len(), MAX_FAILURES);
    }
}
