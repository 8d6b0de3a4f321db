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
    assert_told_and_used(0.95, aligned, remaining, &MINUTES, "").await;
}

#[tokio::test(start_paused = true)]
async fn sliding_windows_whose_reset_is_not_told_are_used_up_but_for_a_reserve() {
    assert_told_and_used(0.94, sliding, remaining, &MINUTES, "reserve = 2").await;
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

/// An API that takes so many calls at once and tells nothing.
#[tokio::test(start_paused = true)]
async fn calls_at_once_are_learned_from_refusals() {
    let most = 5;
    let governor = governors(1, "[rate-limit]\nfailures = 0").remove(0);
    let under_way = Arc::new(Mutex::new(0));
    let told = Arc::new(Mutex::new((0, 0)));
    let end = Instant::now() + MINUTE * 60;
    let mut pages = JoinSet::new();
    for _ in 0..40 {
        let (governor, under_way, told) = (governor.clone(), under_way.clone(), told.clone());
        pages.spawn(async move {
            let patience = Deadline::new(end, MINUTE * 60, DeadlineReason::PageTimeout);
            while Instant::now() < end {
                let Ok(admission) = governor.admit(ORIGIN, "/", patience, &Arc::default()).await
                else {
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
                let mut told = told.lock().unwrap();
                if is_granted {
                    told.0 += 1;
                } else {
                    told.1 += 1;
                }
                let status = if is_granted { 200 } else { 429 };
                admission.answered(status, &HeaderMap::new());
            }
        });
    }
    while pages.join_next().await.is_some() {}
    let (granted, refused) = *told.lock().unwrap();
    let share = f64::from(granted) / f64::from(most * 3600);
    println!("{granted} granted, {refused} refused, {share}");
    assert!(share >= 0.75, "{granted} granted: {share}");
    assert!(refused < 150, "{refused} refused");
}
