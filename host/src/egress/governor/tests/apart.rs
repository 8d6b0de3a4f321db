//! Quotas of one origin that are kept apart.

use super::*;

/// A response that states the quota of a resource.
fn of(resource: &'static str, limit: u32, remaining: u32, reset: u64) -> HeaderMap {
    let mut headers = stated(remaining, reset);
    headers.insert("x-ratelimit-limit", limit.into());
    headers.insert("x-ratelimit-resource", HeaderValue::from_static(resource));
    headers
}

async fn at(
    governor: &Governor,
    path: &str,
    status: u16,
    headers: &HeaderMap,
) -> Result<Duration, EgressError> {
    let admission = governor
        .admit(ORIGIN, path, patience(HOUR * 10), &HeldCall::default())
        .await?;
    let held = admission.held.unwrap_or_default();
    admission.answered(status, headers);
    Ok(held)
}

#[tokio::test(start_paused = true)]
async fn spent_resource_holds_no_other() {
    let governor = governor("a", "", &Budgets::default());
    for left in [4, 3, 2, 1, 0] {
        let search = of("search", 30, left, 60);
        at(&governor, "/search", 200, &search).await.unwrap();
    }
    let core = of("core", 5000, 4990, 3600);
    for path in ["/core", "/core", "/users/7"] {
        let held = at(&governor, path, 200, &core).await.unwrap();
        assert_eq!(held, Duration::ZERO, "{path}");
    }
    let held = at(&governor, "/search", 200, &of("search", 30, 29, 60))
        .await
        .unwrap();
    assert!((SECOND * 60..SECOND * 62).contains(&held), "{held:?}");
}

/// Zendesk's response to a listing: the quota of the account, and that of this listing only.
fn listing(account: u32, its: (&'static str, &str)) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("ratelimit-limit", HeaderValue::from_static("700"));
    headers.insert("ratelimit-remaining", account.into());
    headers.insert("ratelimit-reset", HeaderValue::from_static("40"));
    headers.insert(its.0, HeaderValue::from_str(its.1).unwrap());
    headers
}

#[tokio::test(start_paused = true)]
async fn additional_quota_of_some_responses_holds_only_calls_to_their_places() {
    let export = "zendesk-ratelimit-incremental-exports";
    for (status, retry_after) in [(200, None), (429, Some("60"))] {
        let governor = governor("a", "", &Budgets::default());
        let mut stated = listing(600, (export, "total=10; remaining=0; resets=60"));
        stated.extend(retry_after.map(|wait| (http::header::RETRY_AFTER, wait.parse().unwrap())));
        at(&governor, "/incremental/users", status, &stated)
            .await
            .unwrap();
        let tickets = (
            "zendesk-ratelimit-tickets-index",
            "total=100; remaining=99; resets=30",
        );
        for path in ["/tickets", "/tickets"] {
            let held = at(&governor, path, 200, &listing(599, tickets))
                .await
                .unwrap();
            assert_eq!(held, Duration::ZERO, "{path} after {status}");
        }
        let held = at(&governor, "/incremental/users", 200, &stated)
            .await
            .unwrap();
        assert!(
            (SECOND * 60..SECOND * 62).contains(&held),
            "{held:?} after {status}"
        );
    }
    // The account's quota holds all of them.
    let governor = governor("a", "", &Budgets::default());
    let stated = listing(0, (export, "total=10; remaining=9; resets=60"));
    at(&governor, "/incremental/users", 429, &stated)
        .await
        .unwrap();
    let held = at(&governor, "/tickets", 200, &stated).await.unwrap();
    assert!((SECOND * 40..SECOND * 42).contains(&held), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn one_quota_without_resources_holds_all_paths() {
    let governor = governor("a", "", &Budgets::default());
    at(&governor, "/search", 200, &stated(0, 60)).await.unwrap();
    let held = at(&governor, "/core", 200, &stated(99, 60)).await.unwrap();
    assert!((SECOND * 60..SECOND * 62).contains(&held), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn refusal_of_a_resource_holds_its_own_calls() {
    let governor = governor("a", "", &Budgets::default());
    at(&governor, "/search", 200, &of("search", 30, 9, 60))
        .await
        .unwrap();
    let mut refusal = of("search", 30, 0, 60);
    refusal.insert("retry-after", HeaderValue::from_static("90"));
    at(&governor, "/search", 429, &refusal).await.unwrap();
    let held = at(&governor, "/core", 200, &of("core", 5000, 9, 60))
        .await
        .unwrap();
    assert_eq!(held, Duration::ZERO);
    // While calls are left, a refusal is for more than the resource.
    let mut refusal = of("core", 5000, 4000, 60);
    refusal.insert("retry-after", HeaderValue::from_static("30"));
    at(&governor, "/core", 429, &refusal).await.unwrap();
    let held = at(&governor, "/other", 200, &of("core", 5000, 4000, 60))
        .await
        .unwrap();
    assert!((SECOND * 30..SECOND * 32).contains(&held), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn refusal_that_names_no_resource_holds_all_calls() {
    let global = [
        ("x-ratelimit-global", "true"),
        ("x-ratelimit-scope", "global"),
    ];
    for stated in [&[][..], &global[..1], &global[1..]] {
        let governor = governor("a", "", &Budgets::default());
        for resource in ["search", "core"] {
            let (path, headers) = (format!("/{resource}"), of(resource, 30, 9, 60));
            at(&governor, &path, 200, &headers).await.unwrap();
        }
        let mut refusal = HeaderMap::new();
        if !stated.is_empty() {
            refusal = of("search", 30, 0, 1);
        }
        for (name, value) in stated {
            refusal.insert(*name, HeaderValue::from_static(value));
        }
        refusal.insert("retry-after", HeaderValue::from_static("4"));
        at(&governor, "/search", 429, &refusal).await.unwrap();
        let headers = of("core", 30, 9, 60);
        let held = at(&governor, "/core", 200, &headers).await.unwrap();
        assert!(
            (SECOND * 4..SECOND * 6).contains(&held),
            "{held:?} {stated:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn refusal_of_configured_paths_holds_all_calls_if_it_says_so() {
    let toml = "[[rate-limit.quota]]\npaths = [\"/search*\"]";
    for (is_global, expected) in [(false, Duration::ZERO), (true, SECOND * 4)] {
        let governor = governor("a", toml, &Budgets::default());
        let mut refusal = HeaderMap::new();
        refusal.insert("retry-after", HeaderValue::from_static("4"));
        if is_global {
            refusal.insert("x-ratelimit-global", HeaderValue::from_static("true"));
        }
        at(&governor, "/search", 429, &refusal).await.unwrap();
        let held = at(&governor, "/core", 200, &HeaderMap::new())
            .await
            .unwrap();
        assert!(
            (expected..expected + SECOND * 2).contains(&held),
            "{held:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_call_is_sent_first_to_a_place_of_an_unknown_resource() {
    let governor = governor("a", "", &Budgets::default());
    at(&governor, "/core", 200, &of("core", 5000, 4990, 3600))
        .await
        .unwrap();
    let first = admitted(&governor, ORIGIN, "/search/1").await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let governor = governor.clone();
            tokio::spawn(async move {
                let path = "/search/2";
                let admission = governor
                    .admit(ORIGIN, path, patience(SECOND * 30), &HeldCall::default())
                    .await?;
                // Nothing is known except that it is under way.
                sleep(SECOND).await;
                drop(admission);
                Ok::<_, EgressError>(())
            })
        })
        .collect();
    settle().await;
    first.answered(200, &of("search", 10, 3, 60));
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => made += 1,
            Err(error) => assert!(
                error.to_string().contains("(search)` has no call left"),
                "{error}"
            ),
        }
    }
    assert!(made <= 3, "{made} of the three that were left");
}

#[tokio::test(start_paused = true)]
async fn place_without_a_resource_spends_the_quota_of_all_calls() {
    let governor = governor("a", "", &Budgets::default());
    at(&governor, "/search", 200, &of("search", 30, 0, 60))
        .await
        .unwrap();
    for _ in 0..2 {
        let held = at(&governor, "/status", 200, &HeaderMap::new())
            .await
            .unwrap();
        assert_eq!(held, Duration::ZERO);
    }
    at(&governor, "/status", 200, &stated(0, 600))
        .await
        .unwrap();
    let held = at(&governor, "/search", 200, &of("search", 30, 29, 60))
        .await
        .unwrap();
    assert!(held >= SECOND * 600, "a call spends both: {held:?}");
}

#[tokio::test(start_paused = true)]
async fn configured_paths_have_their_own_quotas() {
    let toml = "
        [[rate-limit.quota]]
        paths = [\"/search*\", \"*/reports\"]
        [[rate-limit.quota]]
        paths = [\"/slow\"]
        rate = \"1/m\"
        burst = 2";
    let governor = governor("a", toml, &Budgets::default());
    at(&governor, "/search/code", 200, &stated(0, 60))
        .await
        .unwrap();
    let held = at(&governor, "/beers", 200, &stated(99, 60)).await.unwrap();
    assert_eq!(held, Duration::ZERO);
    let held = at(&governor, "/v1/reports", 200, &stated(99, 60))
        .await
        .unwrap();
    assert!((SECOND * 60..SECOND * 62).contains(&held), "{held:?}");
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(
            at(&governor, "/slow", 200, &HeaderMap::new())
                .await
                .unwrap(),
        );
    }
    assert_eq!(held[..2], [Duration::ZERO; 2]);
    assert!((SECOND * 59..SECOND * 62).contains(&held[2]), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn kept_quotas_are_bounded_for_any_number_of_resources() {
    let governor = governor("a", "", &Budgets::default());
    for number in 0..2000 {
        let mut headers = stated(0, 600);
        let resource = HeaderValue::from_str(&format!("resource-{number}")).unwrap();
        headers.insert("x-ratelimit-resource", resource);
        let letters: String = number
            .to_string()
            .bytes()
            .map(|digit| char::from(digit + 49))
            .collect();
        let deadline = patience(HOUR * 1000);
        let admission = governor
            .admit(
                ORIGIN,
                &format!("/{letters}"),
                deadline,
                &HeldCall::default(),
            )
            .await
            .unwrap();
        admission.answered(200, &headers);
    }
    let budget = governor.account.budget(ORIGIN, Instant::now());
    let (lanes, places) = budget.kept();
    assert!(lanes <= 32 && places <= 512, "{lanes} {places}");
    assert!(lanes >= 10, "and some are: {lanes}");
}

#[tokio::test(start_paused = true)]
async fn rate_of_an_operation_holds_no_other() {
    let governor = governor("a", "", &Budgets::default());
    let rate = |rate| {
        let mut headers = HeaderMap::new();
        headers.insert("x-amzn-ratelimit-limit", HeaderValue::from_static(rate));
        headers
    };
    let (orders, feeds) = (rate("0.0167"), rate("2.0"));
    let mut held = (Duration::ZERO, Duration::ZERO);
    for number in 0..3 {
        let path = format!("/orders/v0/orders?page={number}");
        let path = path.split('?').next().unwrap();
        held.0 = at(&governor, path, 200, &orders).await.unwrap();
        let mut others = Duration::ZERO;
        for _ in 0..3 {
            others += at(&governor, "/feeds/feeds", 200, &feeds).await.unwrap();
            others += at(&governor, "/orders/v0/orders/7/items", 200, &feeds)
                .await
                .unwrap();
        }
        held.1 = held.1.max(others);
    }
    assert!((SECOND * 50..SECOND * 62).contains(&held.0), "{held:?}");
    assert!(held.1 < SECOND * 6, "{held:?}");
    let mut refusal = orders.clone();
    refusal.insert("retry-after", HeaderValue::from_static("60"));
    at(&governor, "/orders/v0/orders", 429, &refusal)
        .await
        .unwrap();
    let held = at(&governor, "/feeds/feeds", 200, &feeds).await.unwrap();
    assert!(held < SECOND * 2, "{held:?}");
}
