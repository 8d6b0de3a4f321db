//! APIs that describe their quotas in forms other than a limit, a remainder and a reset.

use super::*;

fn one(name: &'static str, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    headers
}

/// The remainder only.
fn remaining(_: bool, _: u32, remaining: u32, _: &str) -> HeaderMap {
    one("x-minlimit-remaining", &remaining.to_string())
}

/// `39/40`.
fn of_limit(_: bool, limit: u32, remaining: u32, _: &str) -> HeaderMap {
    let used = format!("{}/{limit}", limit - remaining);
    one("x-shopify-shop-api-call-limit", &used)
}

/// The use, at ten units per call.
fn weight(_: bool, limit: u32, remaining: u32, _: &str) -> HeaderMap {
    let used = (limit - remaining) * 10;
    one("x-mbx-used-weight-1m", &used.to_string())
}

/// In whole percent, rounded up.
fn per_cent(_: bool, limit: u32, remaining: u32, _: &str) -> HeaderMap {
    let used = ((limit - remaining) * 100).div_ceil(limit);
    one("x-app-usage", &format!("{{\"call_count\":{used}}}"))
}

fn rate(_: bool, limit: u32, _: u32, _: &str) -> HeaderMap {
    one("x-ratelimit-limit", &format!("{limit}/s"))
}

const MINUTES: [(u32, Duration, Duration); 2] = [
    (100, MINUTE, Duration::from_millis(200)),
    (100, MINUTE, MILLISECOND),
];

#[tokio::test(start_paused = true)]
async fn windows_whose_reset_is_not_stated_are_used_up() {
    assert_used_as_stated(0.97, demo, remaining, &MINUTES, "").await;
}

#[tokio::test(start_paused = true)]
async fn windows_of_the_clock_whose_reset_is_not_stated_are_used_up() {
    assert_used_as_stated(0.97, aligned, remaining, &MINUTES, "").await;
}

#[tokio::test(start_paused = true)]
async fn sliding_windows_whose_reset_is_not_stated_are_used_up() {
    assert_used_as_stated(0.97, sliding, remaining, &MINUTES, "").await;
}

/// One call is refilled at a time, and a remainder of zero may be almost one.
#[tokio::test(start_paused = true)]
async fn buckets_that_state_only_the_remainder_are_used_up() {
    for more in ["", "window = \"60s\""] {
        assert_used_as_stated(0.97, bucket, remaining, &MINUTES, more).await;
    }
}

#[tokio::test(start_paused = true)]
async fn windows_that_the_configuration_names_are_used_up() {
    let more = "window = \"10s\"\nheaders = { remaining = \"x-minlimit-remaining\" }";
    let quotas = [(40, SECOND * 10, Duration::from_millis(50))];
    assert_used_as_stated(0.97, demo, remaining, &quotas, more).await;
}

#[tokio::test(start_paused = true)]
async fn leaky_buckets_are_used_up_with_and_without_a_known_speed() {
    let quotas = [
        (40, SECOND * 20, Duration::from_millis(100)),
        (40, SECOND * 20, MILLISECOND),
        (400, SECOND * 20, MILLISECOND),
        (60, MINUTE, Duration::from_millis(100)),
    ];
    assert_used_as_stated(0.97, bucket, of_limit, &quotas, "").await;
    assert_used_as_stated(0.97, bucket, of_limit, &quotas[..2], "window = \"20s\"").await;
}

#[tokio::test(start_paused = true)]
async fn weights_are_used_up_except_for_one_call() {
    let more = "[[rate-limit.quota]]\nlimit = 1000\nheaders = { used = \"x-mbx-used-weight-1m\" }";
    let quotas = [(100, MINUTE, Duration::from_millis(200))];
    assert_used_as_stated(0.97, demo, weight, &quotas, more).await;
}

#[tokio::test(start_paused = true)]
async fn percentages_are_used_up_except_for_one() {
    let quotas = [(1000, MINUTE * 60, Duration::from_millis(200))];
    assert_used_as_stated(0.97, demo, per_cent, &quotas, "").await;
}

#[tokio::test(start_paused = true)]
async fn rates_are_kept() {
    let quotas = [(10, SECOND, Duration::from_millis(20))];
    for pages in [1, 20] {
        let (limit, window, distance) = quotas[0];
        let scene = Scene {
            pages,
            connectors: 1,
            distance,
            lasting: SECOND * 60,
        };
        let totals = run_stated(scene, "", bucket(limit, window), rate).await;
        assert_eq!(totals.refused, 0, "{totals:?}");
        assert!(totals.granted >= 582, "{totals:?}");
    }
}

/// An API that accepts this many calls at once and states nothing. Its callers can't know the number before a
/// refusal: of the first calls that went together, all beyond that number are refused, and later each attempt at one
/// more is one refusal. Attempts become rarer and rarer.
#[tokio::test(start_paused = true)]
async fn calls_at_once_are_learned_from_few_refusals_and_used_up() {
    let pages = 40;
    // After 1, 3, 7, 15 and 31 minutes, and then every half hour.
    let tries = 8;
    for most in [1, 2, 5, 20] {
        let (granted, refused) = run_at_once(most, pages, MINUTE * 60).await;
        let share = f64::from(granted) / f64::from(most * 3600);
        println!("{most} at once: {granted} granted, {refused} refused, {share}");
        assert!(share >= 0.97, "{most} at once: {granted} granted: {share}");
        assert!(
            refused <= pages + tries,
            "{most} at once: {refused} refused"
        );
    }
}

/// How many calls are granted and refused for pages that keep calling an API that accepts `most` calls at once.
async fn run_at_once(most: u32, pages: u32, lasting: Duration) -> (u32, u32) {
    let governor = governors(1, "[rate-limit]\nfailures = 0").remove(0);
    let under_way = Arc::new(Mutex::new(0));
    let totals = Arc::new(Mutex::new((0, 0)));
    let end = Instant::now() + lasting;
    let mut calls = JoinSet::new();
    for _ in 0..pages {
        let (governor, under_way, totals) = (governor.clone(), under_way.clone(), totals.clone());
        calls.spawn(async move {
            let patience = Deadline::new(end, lasting, DeadlineReason::PageTimeout);
            while Instant::now() < end {
                let call = HeldCall::default();
                let Ok(admission) = governor.admit(ORIGIN, "/", patience, &call).await else {
                    return;
                };
                let is_granted = {
                    let mut under_way = under_way.lock().unwrap();
                    *under_way += 1;
                    *under_way <= most
                };
                let time = if is_granted { SECOND } else { MILLISECOND };
                sleep(time).await;
                *under_way.lock().unwrap() -= 1;
                let status = {
                    let mut totals = totals.lock().unwrap();
                    let (granted, refused) = &mut *totals;
                    *if is_granted { granted } else { refused } += 1;
                    if is_granted { 200 } else { 429 }
                };
                admission.answered(status, &HeaderMap::new());
            }
        });
    }
    while calls.join_next().await.is_some() {}
    *totals.lock().unwrap()
}
