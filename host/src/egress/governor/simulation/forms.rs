//! APIs that tell their quotas in other forms than a limit, what remains and a reset.

use super::*;

fn one(name: &'static str, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    headers
}

/// What remains, and nothing else.
fn remaining(_: bool, _: u32, remaining: u32, _: &str) -> HeaderMap {
    one("x-minlimit-remaining", &remaining.to_string())
}

/// `39/40`.
fn of_limit(_: bool, limit: u32, remaining: u32, _: &str) -> HeaderMap {
    let used = format!("{}/{limit}", limit - remaining);
    one("x-shopify-shop-api-call-limit", &used)
}

/// What is used, each call ten.
fn weight(_: bool, limit: u32, remaining: u32, _: &str) -> HeaderMap {
    let used = (limit - remaining) * 10;
    one("x-mbx-used-weight-1m", &used.to_string())
}

/// In whole per cents, rounded up.
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
async fn windows_whose_reset_is_not_told_are_used_up() {
    assert_told_and_used(0.97, demo, remaining, &MINUTES, "").await;
}

#[tokio::test(start_paused = true)]
async fn windows_of_the_clock_whose_reset_is_not_told_are_used_up() {
    assert_told_and_used(0.97, aligned, remaining, &MINUTES, "").await;
}

#[tokio::test(start_paused = true)]
async fn sliding_windows_whose_reset_is_not_told_are_used_up() {
    assert_told_and_used(0.97, sliding, remaining, &MINUTES, "").await;
}

/// One call comes back at a time, and a rest of nothing may be the most of one.
#[tokio::test(start_paused = true)]
async fn buckets_that_tell_no_more_than_what_remains_are_used_up() {
    for more in ["", "window = \"60s\""] {
        assert_told_and_used(0.97, bucket, remaining, &MINUTES, more).await;
    }
}

#[tokio::test(start_paused = true)]
async fn windows_that_the_configuration_names_are_used_up() {
    let more = "window = \"10s\"\nheaders = { remaining = \"x-minlimit-remaining\" }";
    let quotas = [(40, SECOND * 10, Duration::from_millis(50))];
    assert_told_and_used(0.97, demo, remaining, &quotas, more).await;
}

#[tokio::test(start_paused = true)]
async fn leaky_buckets_are_used_up_with_and_without_a_known_speed() {
    let quotas = [
        (40, SECOND * 20, Duration::from_millis(100)),
        (40, SECOND * 20, MILLISECOND),
        (400, SECOND * 20, MILLISECOND),
        (60, MINUTE, Duration::from_millis(100)),
    ];
    assert_told_and_used(0.97, bucket, of_limit, &quotas, "").await;
    assert_told_and_used(0.97, bucket, of_limit, &quotas[..2], "window = \"20s\"").await;
}

#[tokio::test(start_paused = true)]
async fn weights_are_used_up_but_for_one_call() {
    let more = "[[rate-limit.quota]]\nlimit = 1000\nheaders = { used = \"x-mbx-used-weight-1m\" }";
    let quotas = [(100, MINUTE, Duration::from_millis(200))];
    assert_told_and_used(0.97, demo, weight, &quotas, more).await;
}

#[tokio::test(start_paused = true)]
async fn per_cents_are_used_up_but_for_one() {
    let quotas = [(1000, MINUTE * 60, Duration::from_millis(200))];
    assert_told_and_used(0.97, demo, per_cent, &quotas, "").await;
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
        let told = run_told(scene, "", bucket(limit, window), rate).await;
        assert_eq!(told.refused, 0, "{told:?}");
        assert!(told.granted >= 582, "{told:?}");
    }
}

/// An API that takes so many calls at once and tells nothing. Who calls it can't know the number before a refusal: the
/// first calls that went together are refused but for that number, and later each try of one more is one refusal. Tries
/// come more and more rarely.
#[tokio::test(start_paused = true)]
async fn calls_at_once_are_learned_from_few_refusals_and_used_up() {
    let pages = 40;
    // After 1, 3, 7, 15 and 31 minutes, and then once in half an hour.
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

/// How many calls are granted and refused of pages that call an API for so long which takes so many at once.
async fn run_at_once(most: u32, pages: u32, lasting: Duration) -> (u32, u32) {
    let governor = governors(1, "[rate-limit]\nfailures = 0").remove(0);
    let under_way = Arc::new(Mutex::new(0));
    let told = Arc::new(Mutex::new((0, 0)));
    let end = Instant::now() + lasting;
    let mut calls = JoinSet::new();
    for _ in 0..pages {
        let (governor, under_way, told) = (governor.clone(), under_way.clone(), told.clone());
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
                    let mut told = told.lock().unwrap();
                    let (granted, refused) = &mut *told;
                    *if is_granted { granted } else { refused } += 1;
                    if is_granted { 200 } else { 429 }
                };
                admission.answered(status, &HeaderMap::new());
            }
        });
    }
    while calls.join_next().await.is_some() {}
    *told.lock().unwrap()
}
