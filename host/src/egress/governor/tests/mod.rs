mod apart;
mod failures;

use super::*;
use crate::config::Ceilings;
use crate::egress::phase::{CallPhase, PhaseClock};
use crate::scope::DeadlineReason;
use crate::waits::QuotaSource;
use http::HeaderValue;
use std::path::Path;
use std::sync::Mutex;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{advance, sleep};

const ORIGIN: &str = "https://api.example.com";
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn governor(connector: &str, toml: &str, budgets: &Budgets) -> Arc<Governor> {
    let toml = format!("[rate-limit]\n{toml}");
    let path = Path::new("beers.toml");
    let config = ConnectorConfig::parse(&toml, path, &Ceilings::default()).unwrap();
    Arc::new(Governor::new(
        &connector.into(),
        &config,
        budgets,
        Secrets::of(connector),
    ))
}

fn patience(time: Duration) -> Deadline {
    Deadline::new(Instant::now(), time, DeadlineReason::PageTimeout)
}

fn stated(remaining: u32, reset: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-ratelimit-limit", HeaderValue::from_static("100"));
    headers.insert("x-ratelimit-remaining", remaining.into());
    headers.insert("x-ratelimit-reset", reset.into());
    headers
}

impl CallPermit<'_> {
    /// Settles the call with a response for which the configuration has no rule.
    pub(super) fn answered(self, status: u16, headers: &HeaderMap) {
        let readings = self.readings(headers);
        self.judged(status, ResponseVerdict::of(status, &readings), readings);
    }
}

/// Makes one call, which is answered at once.
async fn call(
    governor: &Governor,
    origin: &str,
    time: Duration,
    status: u16,
    headers: &HeaderMap,
) -> Result<Option<Duration>, EgressError> {
    let admission = governor
        .admit(origin, "/", patience(time), &HeldCall::default())
        .await?;
    let held = admission.held;
    admission.answered(status, headers);
    Ok(held)
}

/// A call that is under way.
async fn admitted<'g>(governor: &'g Governor, origin: &'g str, path: &str) -> CallPermit<'g> {
    let call = HeldCall::default();
    let admission = governor.admit(origin, path, patience(HOUR), &call).await;
    admission.unwrap()
}

async fn quiet(governor: &Governor) -> Result<Option<Duration>, EgressError> {
    call(governor, ORIGIN, HOUR, 200, &HeaderMap::new()).await
}

/// Lets all tasks run that can.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_to_an_api_that_states_no_quota_are_not_held() {
    let governor = governor("a", "", &Budgets::default());
    quiet(&governor).await.unwrap();
    let mut under_way = Vec::new();
    for _ in 0..1000 {
        let admission = admitted(&governor, ORIGIN, "/").await;
        assert_eq!(admission.held, None);
        under_way.push(admission);
    }
}

/// Spends the quota, and starts calls that note their number once they are made.
async fn queue(
    governor: &Arc<Governor>,
    calls: usize,
) -> (Arc<Mutex<Vec<usize>>>, Vec<JoinHandle<()>>) {
    call(governor, ORIGIN, HOUR, 200, &stated(0, 60))
        .await
        .unwrap();
    let made = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for number in 0..calls {
        let (governor, made) = (governor.clone(), made.clone());
        waiting.push(tokio::spawn(async move {
            let admission = admitted(&governor, ORIGIN, "/").await;
            assert!(admission.held.unwrap() >= SECOND * 60);
            made.lock().unwrap().push(number);
            admission.answered(200, &stated(99, 60));
        }));
        settle().await;
    }
    (made, waiting)
}

#[tokio::test(start_paused = true)]
async fn calls_are_held_in_their_order_until_the_reset() {
    let governor = governor("a", "", &Budgets::default());
    let (made, waiting) = queue(&governor, 20).await;
    advance(SECOND * 59).await;
    settle().await;
    assert!(made.lock().unwrap().is_empty());
    for task in waiting {
        task.await.unwrap();
    }
    assert_eq!(*made.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn call_that_is_dropped_leaves_the_queue() {
    let governor = governor("a", "", &Budgets::default());
    let (made, waiting) = queue(&governor, 5).await;
    for number in [0, 2] {
        waiting[number].abort();
    }
    for (number, task) in waiting.into_iter().enumerate() {
        assert_eq!(task.await.is_ok(), ![0, 2].contains(&number));
    }
    assert_eq!(*made.lock().unwrap(), [1, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn call_that_would_be_held_for_too_long_fails_at_once() {
    let governor = governor("a", "budget = \"shop\"", &Budgets::default());
    call(&governor, ORIGIN, HOUR, 200, &stated(0, 60))
        .await
        .unwrap();
    let began = Instant::now();
    let error = call(&governor, ORIGIN, SECOND * 59, 200, &HeaderMap::new())
        .await
        .unwrap_err();
    assert_eq!(Instant::now(), began);
    let EgressError::QuotaSpent { budget, wait, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(budget, "shop");
    assert!((SECOND * 60..SECOND * 61).contains(wait), "{wait:?}");
    assert_eq!(
        error.to_string(),
        "the quota `shop` has no call left for at least 1m; that is too long: `limits.page-timeout` is 59s"
    );
    assert!(
        call(&governor, ORIGIN, SECOND * 61, 200, &HeaderMap::new())
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn call_that_waits_for_the_first_answer_blames_no_quota() {
    let governor = governor("a", "", &Budgets::default());
    let first = admitted(&governor, ORIGIN, "/").await;
    let error = call(&governor, ORIGIN, SECOND, 200, &HeaderMap::new())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("waits for the answer to another call") && !error.contains("no call left"),
        "{error}"
    );
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn held_calls_fail_as_soon_as_a_refusal_puts_them_off_for_too_long() {
    let governor = governor("a", "", &Budgets::default());
    call(&governor, ORIGIN, HOUR, 200, &stated(1, 60))
        .await
        .unwrap();
    sleep(SECOND * 59).await;
    let last = admitted(&governor, ORIGIN, "/").await;
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let governor = governor.clone();
            tokio::spawn(async move {
                call(&governor, ORIGIN, SECOND * 300, 200, &HeaderMap::new()).await
            })
        })
        .collect();
    settle().await;
    let mut refusal = stated(0, 60);
    refusal.insert("retry-after", HeaderValue::from_static("3000"));
    last.answered(429, &refusal);
    let began = Instant::now();
    for task in tasks {
        let error = task.await.unwrap().unwrap_err();
        assert!(
            matches!(error, EgressError::QuotaSpent { wait, .. } if wait > SECOND * 2990),
            "{error}"
        );
    }
    assert_eq!(Instant::now(), began);
}

#[tokio::test(start_paused = true)]
async fn call_behind_one_that_gets_no_answer_waits_no_longer_than_it_may() {
    let governor = governor("a", "", &Budgets::default());
    let _first = admitted(&governor, ORIGIN, "/").await;
    let began = Instant::now();
    let error = call(&governor, ORIGIN, SECOND, 200, &HeaderMap::new())
        .await
        .unwrap_err();
    assert!(matches!(error, EgressError::QuotaSpent { .. }), "{error}");
    assert_eq!(Instant::now() - began, SECOND);
    let held = quiet(&governor).await.unwrap();
    assert!(
        held.is_some_and(|held| held <= SECOND * 4),
        "{held:?}: five seconds after the first"
    );
}

#[tokio::test(start_paused = true)]
async fn held_call_shows_what_it_waits_for() {
    let governor = governor("a", "budget = \"shop\"", &Budgets::default());
    call(&governor, ORIGIN, HOUR, 200, &stated(0, 60))
        .await
        .unwrap();
    let waits = Arc::<Waits>::default();
    let task = {
        let (governor, waits) = (governor.clone(), waits.clone());
        tokio::spawn(async move {
            let call = HeldCall::new(&waits, PhaseClock::default());
            let admission = governor.admit(ORIGIN, "/", patience(HOUR), &call).await;
            admission.unwrap().answered(200, &HeaderMap::new());
        })
    };
    settle().await;
    let wait = waits.current().expect("it waits");
    assert_eq!(
        wait.reason,
        WaitReason::Budget {
            name: "shop".to_owned(),
            source: QuotaSource::Headers,
        }
    );
    let left = wait
        .until
        .expect("an end")
        .duration_since(jiff::Timestamp::now());
    assert!((50..=62).contains(&left.as_secs()), "{left}");
    task.await.unwrap();
    assert_eq!(waits.current(), None);
}

#[tokio::test(start_paused = true)]
async fn call_that_waits_for_another_one_shows_that_instead_of_a_quota() {
    let other = |waits: &Arc<Waits>| {
        let wait = waits.current().expect("it waits");
        assert_eq!(wait.until, None, "{wait}");
        assert!(
            matches!(wait.reason, WaitReason::OtherCall { .. }),
            "{wait}"
        );
        wait.to_string()
    };
    // Nothing is known yet: one call is sent first.
    let governor = governor("a", "", &Budgets::default());
    let first = admitted(&governor, ORIGIN, "/").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let (governor, waits) = (governor.clone(), Arc::<Waits>::default());
        let call = HeldCall::new(&waits, PhaseClock::default());
        let phases = call.clone();
        let task = tokio::spawn(async move {
            let admission = governor
                .admit(ORIGIN, "/", patience(HOUR), &call)
                .await
                .unwrap();
            admission.answered(200, &stated(0, 60));
        });
        held.push((task, waits, phases));
    }
    settle().await;
    for (_, waits, call) in &held {
        assert_eq!(
            other(waits),
            "response to another call of https://api.example.com"
        );
        let waited = call.phases.spent().to_string();
        assert!(
            waited.ends_with("for the response to another call"),
            "{waited}"
        );
    }
    // Its response shows that nothing is left.
    first.answered(200, &stated(0, 60));
    settle().await;
    let quotas = held.iter().filter(|(_, waits, call)| {
        let wait = waits.current();
        wait.is_some_and(|wait| {
            assert_eq!(call.phases.spent().phase, CallPhase::Quota);
            wait.to_string()
                .starts_with("quota of https://api.example.com until ")
        })
    });
    assert_eq!(quotas.count(), 3);
    for (task, ..) in held {
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn budget_is_shared_by_its_name_and_outlives_its_connectors() {
    let budgets = Budgets::default();
    let [a, b, own] = [
        ("a", "budget = \"shop\""),
        ("b", "budget = \"shop\""),
        ("c", ""),
    ]
    .map(|(name, toml)| governor(name, toml, &budgets));
    for governor in [&a, &own] {
        call(governor, ORIGIN, HOUR, 200, &stated(0, 60))
            .await
            .unwrap();
    }
    let spent = |governor: Arc<Governor>, origin: &'static str| async move {
        call(&governor, origin, SECOND, 200, &HeaderMap::new())
            .await
            .is_err()
    };
    assert!(spent(b.clone(), ORIGIN).await);
    assert!(
        spent(b, "https://other.example.com").await,
        "whatever they call"
    );
    assert!(spent(own.clone(), ORIGIN).await);
    assert!(
        !spent(own, "https://other.example.com").await,
        "each origin has its own"
    );
    drop(a);
    assert!(spent(governor("a", "budget = \"shop\"", &budgets), ORIGIN).await);
    assert!(spent(governor("c", "", &budgets), ORIGIN).await);
    assert!(!spent(governor("d", "", &budgets), ORIGIN).await);
}

#[tokio::test(start_paused = true)]
async fn budgets_are_bounded_for_any_number_of_origins() {
    let budgets = Budgets::default();
    let governor = governor("a", "", &budgets);
    let origins: Vec<String> = (0..200)
        .map(|number| format!("https://{number}.example.com"))
        .collect();
    for origin in &origins {
        call(&governor, origin, SECOND, 200, &stated(0, 60))
            .await
            .unwrap();
    }
    let mut under_way = Vec::new();
    let BudgetAccount::ByOrigin(kept) = &*governor.account else {
        panic!("it has no name")
    };
    assert!(kept.lock().len() <= 64);
    assert!(
        call(&governor, &origins[199], SECOND, 200, &stated(0, 60))
            .await
            .is_err(),
        "the last one is known"
    );
    for origin in &origins {
        under_way.push(admitted(&governor, origin, "/").await);
    }
    assert!(kept.lock().len() <= 64);
}
