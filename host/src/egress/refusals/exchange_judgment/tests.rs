use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use tokio::time::Instant;

use super::*;
use crate::account::HostAccount;
use crate::config::{Ceilings, ConnectorConfig, Limits};
use crate::egress::body::BodyLimits;
use crate::egress::codings::Codings;
use crate::egress::error::EgressError;
use crate::egress::governor::HeldCall;
use crate::egress::governor::{Budgets, Governor, ResponseVerdict};
use crate::egress::memory::{ExchangeMemory, MemoryPayer};
use crate::egress::phase::PhaseClock;
use crate::egress::record::CallRecord;
use crate::egress::refusals::Refusals;
use crate::egress::response_warnings::ResponseWarnings;
use crate::egress::timeout::TimeLimit;
use crate::scope::{CallScope, Deadline, DeadlineReason};
use crate::secrets::Secrets;

const RULE: &str = "[[rate-limit.refusal]]\njson = 'error'\nthen = 'wait'\nwait = '60s'";
const ORIGIN: &str = "https://api.example.com";

fn deadline() -> Deadline {
    let hour = Duration::from_secs(3600);
    Deadline::new(Instant::now(), hour, DeadlineReason::PageTimeout)
}

/// Judges a response with this body, with this much memory for all calls. Returns its meaning, and whether the next
/// call is admitted at once.
async fn judged(
    body: &'static str,
    memory_bytes: u64,
) -> (Result<ResponseVerdict, MemoryError>, bool) {
    let path = Path::new("beers.toml");
    let config = ConnectorConfig::parse(RULE, path, &Ceilings::default()).unwrap();
    let governor = Governor::new(
        &"beers".into(),
        &config,
        &Budgets::default(),
        Secrets::default(),
    );
    let refusals = Refusals::new(config.rate_limit.refusals.clone());
    let host = HostAccount::new(memory_bytes);
    let scope = CallScope::new(&Limits::default(), deadline(), Arc::default(), &host);
    let limits = BodyLimits {
        max_bytes: u64::MAX,
        idle: TimeLimit::of(None, Duration::from_secs(30)),
        deadline: deadline(),
        memory: ExchangeMemory::new(&scope.account, MemoryPayer::Host),
        warnings: Arc::new(ResponseWarnings::new("beers".into(), Secrets::default())),
        scope: Arc::new(scope),
    };
    let account = limits.scope.account.clone();
    let record = CallRecord::new("beers".into(), "GET", None, Secrets::default());
    let charge = limits.memory.charge(0).unwrap();
    let body = Full::new(Bytes::from_static(body.as_bytes()));
    let body = ResponseBody::new(body, &Codings::default(), None, limits, record, charge);
    let mut response = Response::new(body);
    let waits = Arc::default();
    let permit = governor
        .admit(
            ORIGIN,
            "/",
            deadline(),
            &HeldCall::new(&waits, PhaseClock::default()),
        )
        .await
        .unwrap();
    let readings = governor.readings(ORIGIN, None, response.headers());
    let judgment = refusals.of_head(200, response.headers(), &readings);
    let ExchangeJudgment::Open(open) = ExchangeJudgment::new(judgment, 200, permit, readings)
    else {
        panic!("the body decides");
    };
    let judged = open.judge(&mut response, &account).await;
    let next = governor.due_in(ORIGIN, "/");
    (judged.map(|judgment| judgment.verdict), next.is_none())
}

#[tokio::test(start_paused = true)]
async fn refusal_in_the_body_holds_the_next_call() {
    let (verdict, is_free) = judged("{\"error\": 1}", u64::MAX).await;
    let minute = Some(Duration::from_secs(60));
    assert_eq!(verdict, Ok(ResponseVerdict::RateLimit(minute)));
    assert!(!is_free);
    let (verdict, is_free) = judged("{\"data\": 1}", u64::MAX).await;
    assert_eq!(verdict, Ok(ResponseVerdict::Answer));
    assert!(is_free);
}

#[tokio::test(start_paused = true)]
async fn body_is_judged_only_if_there_is_memory_for_its_tree() {
    // The body itself is charged in steps of 64 KiB, and 100 bytes of JSON may become 12,800.
    let body = "{\"rows\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]}";
    let (verdict, _) = judged(body, 80 << 10).await;
    assert_eq!(verdict, Ok(ResponseVerdict::Answer));
    let (verdict, is_free) = judged(body, (64 << 10) + 100).await;
    assert!(matches!(verdict, Err(MemoryError::Total(_))), "{verdict:?}");
    assert!(is_free, "the call has ended");
    assert!(matches!(
        EgressError::from(verdict.unwrap_err()),
        EgressError::OutOfMemory(_)
    ));
}
