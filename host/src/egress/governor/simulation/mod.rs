//! The governor in front of APIs that count in various ways, under a clock that the tests control.

mod apis;
mod forms;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::*;
use crate::scope::DeadlineReason;
use apis::{Count, aligned, bucket, demo, floored, sliding};

const ORIGIN: &str = "https://api.example.com";
const SECOND: Duration = Duration::from_secs(1);

/// The callers, and the distance to the API.
#[derive(Debug, Clone, Copy)]
struct Scene {
    pages: usize,
    connectors: usize,
    /// The time of a message from here to there.
    distance: Duration,
    /// How long calls are measured.
    lasting: Duration,
}

/// The result of a scene.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct QuotaAnswer {
    granted: u32,
    refused: u32,
}

fn governors(number: usize, toml: &str) -> Vec<Arc<Governor>> {
    let path = std::path::Path::new("beers.toml");
    let config = ConnectorConfig::parse(toml, path, &crate::config::Ceilings::default()).unwrap();
    let budgets = Budgets::default();
    (0..number)
        .map(|number| {
            let name = format!("connector-{number}");
            let secrets = Secrets::of(&name);
            Arc::new(Governor::new(&name.into(), &config, &budgets, secrets))
        })
        .collect()
}

/// How an API states whether a call was granted, the limit, the remainder and the reset.
type Tell = fn(bool, u32, u32, &str) -> HeaderMap;

/// As most APIs state it.
fn usual(_: bool, limit: u32, remaining: u32, reset: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-ratelimit-limit", limit.into());
    headers.insert("x-ratelimit-remaining", remaining.into());
    headers.insert("x-ratelimit-reset", HeaderValue::from_str(reset).unwrap());
    headers
}

/// Runs pages that call the API one call after the other, as fast as they may.
async fn run(scene: Scene, toml: &str, count: Count) -> QuotaAnswer {
    run_stated(scene, toml, count, usual).await
}

/// As [`run`], with an API that describes its quota in its own way.
async fn run_stated(scene: Scene, toml: &str, count: Count, tell: Tell) -> QuotaAnswer {
    let governors = governors(scene.connectors, toml);
    let measured = Instant::now() + count.measured_from;
    let end = measured + scene.lasting;
    let count = Arc::new(Mutex::new(count));
    let totals = Arc::new(Mutex::new(QuotaAnswer::default()));
    let mut pages = JoinSet::new();
    for page in 0..scene.pages {
        let governor = governors[page % scene.connectors].clone();
        let (count, totals) = (count.clone(), totals.clone());
        pages.spawn(async move {
            let patience = Deadline::new(end, scene.lasting, DeadlineReason::PageTimeout);
            for number in page.. {
                let Ok(admission) = governor
                    .admit(ORIGIN, "/", patience, &HeldCall::default())
                    .await
                else {
                    return;
                };
                // Between half and one and a half of the distance.
                let part = u32::try_from(number * 7919 % 100).unwrap() + 50;
                sleep(scene.distance * part / 100).await;
                if Instant::now() >= end {
                    return;
                }
                let (granted, limit, remaining, reset) =
                    (count.lock().unwrap().spend)(Instant::now());
                {
                    let mut totals = totals.lock().unwrap();
                    totals.granted += u32::from(granted && Instant::now() >= measured);
                    totals.refused += u32::from(!granted);
                }
                sleep(scene.distance * (200 - part) / 100).await;
                let headers = tell(granted, limit, remaining, &reset);
                admission.answered(if granted { 200 } else { 429 }, &headers);
            }
        });
    }
    while pages.join_next().await.is_some() {}
    Arc::into_inner(totals).unwrap().into_inner().unwrap()
}

/// The number of calls, their window, and the distance of the API.
type Quotas = [(u32, Duration, Duration)];

/// Runs all combinations of one page or a hundred on one connector or three. Fails if any of them met a refusal or
/// used less than this share.
async fn assert_used(share: f64, count: fn(u32, Duration) -> Count, quotas: &Quotas, more: &str) {
    assert_used_as_stated(share, count, usual, quotas, more).await;
}

async fn assert_used_as_stated(
    share: f64,
    count: fn(u32, Duration) -> Count,
    tell: Tell,
    quotas: &Quotas,
    more: &str,
) {
    let toml = format!("[rate-limit]\nbudget = \"shop\"\n{more}");
    let windows = 5;
    let mut wrong = Vec::new();
    for &(limit, window, distance) in quotas {
        for pages in [1, 100] {
            for connectors in [1, 3] {
                let scene = Scene {
                    pages,
                    connectors,
                    distance,
                    lasting: window * windows,
                };
                let totals = run_stated(scene, &toml, count(limit, window), tell).await;
                let used = f64::from(totals.granted) / f64::from(limit * windows);
                let line = format!(
                    "{limit} in {window:?}: {scene:?}: {totals:?}, {:.1} %",
                    used * 100.0
                );
                println!("{line}");
                if totals.refused > 0 || used < share {
                    wrong.push(line);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
const SHORT: [(u32, Duration, Duration); 5] = [
    (100, MINUTE, Duration::from_millis(200)),
    (100, MINUTE, MILLISECOND),
    (40, Duration::from_secs(10), Duration::from_millis(50)),
    (200, Duration::from_secs(2), MILLISECOND),
    (20, Duration::from_secs(2), Duration::from_millis(5)),
];

#[tokio::test(start_paused = true)]
async fn quota_of_the_demo_api_is_used_up_and_never_exceeded() {
    let hour = Duration::from_secs(3600);
    assert_used(0.97, demo, &SHORT, "").await;
    assert_used(0.97, demo, &[(3600, hour, MILLISECOND * 200)], "").await;
}

#[tokio::test(start_paused = true)]
async fn quota_is_used_up_evenly_or_in_one_go() {
    for pace_below in ["pace-below = 0", "pace-below = 100"] {
        assert_used(0.97, demo, &SHORT, pace_below).await;
    }
}

#[tokio::test(start_paused = true)]
async fn windows_of_the_clock_are_used_up() {
    assert_used(0.97, aligned, &SHORT, "").await;
}

#[tokio::test(start_paused = true)]
async fn buckets_are_used_up() {
    assert_used(0.97, bucket, &SHORT, "").await;
}

/// Calls overtake each other on their way, and a sliding window returns calls one by one.
#[tokio::test(start_paused = true)]
async fn sliding_windows_are_used_up() {
    assert_used(0.97, sliding, &SHORT[..2], "").await;
}

/// A reset that is stated too early costs a call of the reserve, until that is learned.
#[tokio::test(start_paused = true)]
async fn resets_that_are_rounded_down_meet_no_refusal_with_a_reserve() {
    assert_used(0.97, floored, &SHORT[..2], "reserve = 1").await;
    let scene = Scene {
        pages: 10,
        connectors: 1,
        distance: MILLISECOND,
        lasting: MINUTE * 30,
    };
    let totals = run(scene, "", floored(100, MINUTE)).await;
    assert!((1..=6).contains(&totals.refused), "without one: {totals:?}");
}

#[tokio::test(start_paused = true)]
async fn configured_rate_keeps_within_quotas_that_are_not_stated() {
    let totals = run(
        Scene {
            pages: 100,
            connectors: 3,
            distance: Duration::from_millis(20),
            lasting: SECOND * 60,
        },
        "[rate-limit]\nbudget = \"shop\"\nrate = \"10/s\"",
        {
            let mut count = aligned(10, SECOND);
            Count::new(move |now| {
                let (granted, ..) = (count.spend)(now);
                // Nothing more than the status.
                (granted, 0, 0, "never".to_owned())
            })
        },
    )
    .await;
    assert_eq!(totals.refused, 0);
    assert!(totals.granted >= 582, "{totals:?}");
}

/// Scenes whose API rounds its resets up, and is near enough for its window.
fn scenes() -> impl Strategy<Value = (u32, Duration, Scene, bool)> {
    let window = 2_000..120_000_u64;
    (
        1..150_u32,
        window,
        0..=20_u32,
        1..60_usize,
        1..=3_usize,
        any::<bool>(),
    )
        .prop_map(
            |(limit, milliseconds, thousandths, pages, connectors, is_bucket)| {
                let window = Duration::from_millis(milliseconds);
                let scene = Scene {
                    pages,
                    connectors,
                    distance: (window * thousandths / 1000).min(SECOND),
                    lasting: window * 3,
                };
                (limit, window, scene, is_bucket)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn quota_is_never_exceeded_and_no_page_starves(
        (limit, window, scene, is_bucket) in scenes(),
        pace_below in 0..=100_u32,
        reserve in 0..=5_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let toml = format!(
            "[rate-limit]\nbudget = \"shop\"\npace-below = {pace_below}\nreserve = {reserve}"
        );
        let totals = runtime.block_on(async {
            let count = if is_bucket { bucket(limit, window) } else { demo(limit, window) };
            run(scene, &toml, count).await
        });
        prop_assert_eq!(totals.refused, 0, "{:?}", totals);
        // The most calls that the pages could make: each waits for an answer before its next call.
        let pages = u32::try_from(scene.pages).unwrap();
        let trips = scene.lasting.as_nanos() / (scene.distance * 3).as_nanos().max(1);
        let asked = pages.saturating_mul(u32::try_from(trips).unwrap_or(u32::MAX));
        // Resets in whole seconds may cost up to one second in each window.
        let windows = (scene.lasting.as_secs_f64() / (window.as_secs_f64() + 1.2)).floor();
        let allowed = f64::from(limit.saturating_sub(reserve)) * windows;
        prop_assert!(
            f64::from(totals.granted) >= allowed.min(f64::from(asked)) * 0.9 - 1.0,
            "{totals:?} of {allowed} allowed, {asked} asked for"
        );
    }
}
