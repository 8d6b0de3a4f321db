//! What operators read of each refusal.

use std::time::Duration;

use super::AdminRefusal;
use crate::attempts::TooManyAttempts;
use crate::connectors::ReloadError;
use crate::report;
use crate::samples::samples;

#[test]
fn operators_read_these_refusals() {
    let reload = samples!(ReloadError:
        ReloadError::Ended => ReloadError::Ended,
        ReloadError::Full => ReloadError::Full,
    );
    let refusals = samples!(AdminRefusal:
        AdminRefusal::Unauthorized => AdminRefusal::Unauthorized,
        AdminRefusal::TooManyAttempts(_) => AdminRefusal::TooManyAttempts(TooManyAttempts {
            retry_after: Duration::from_secs(6),
            mention: None,
        }),
        AdminRefusal::ForeignHost => AdminRefusal::ForeignHost,
        AdminRefusal::ForeignOrigin => AdminRefusal::ForeignOrigin,
        AdminRefusal::NotFound => AdminRefusal::NotFound,
        AdminRefusal::Method { .. } => AdminRefusal::Method { allowed: "GET, HEAD" },
        AdminRefusal::Level(_) => AdminRefusal::Level("loud".to_owned()),
        AdminRefusal::NoLog => AdminRefusal::NoLog,
        AdminRefusal::NoMetrics => AdminRefusal::NoMetrics,
        AdminRefusal::Interrupted => AdminRefusal::Interrupted,
        AdminRefusal::BodyTooLarge { .. } => AdminRefusal::BodyTooLarge { limit_bytes: 1 << 10 },
        AdminRefusal::BodyTimeout { .. } => AdminRefusal::BodyTimeout { limit: Duration::from_secs(10) },
        AdminRefusal::BodyCut => AdminRefusal::BodyCut,
        AdminRefusal::Reload(_) => AdminRefusal::Reload(ReloadError::Full),
    );
    let reload = reload.into_iter().map(AdminRefusal::Reload);
    let lines = refusals.into_iter().chain(reload).map(|refusal| {
        let kind = refusal.kind();
        format!("{} {kind}\n    {}", kind.status(), report::chain(&refusal))
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}
