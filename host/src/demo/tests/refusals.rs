//! Tests the token, the quota and other refusals.

use std::time::Duration;

use axum::http::StatusCode;

use super::{BEARER, Running};
use crate::demo::DemoConfig;

#[tokio::test]
async fn the_token_is_accepted_in_a_header_or_the_query() {
    let api = Running::start(DemoConfig::default()).await;
    let right = [
        ("/beers", BEARER),
        ("/beers", "bEARER demo-api-token"),
        ("/beers?api_token=demo-api-token", ""),
    ];
    for (path, authorization) in right {
        let answer = api.send("GET", path, authorization).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {authorization}");
    }
    let wrong = [
        ("/beers", ""),
        ("/beers", "Bearer other"),
        ("/beers", "Basic demo-api-token"),
        ("/beers?api_token=demo-toke", ""),
    ];
    for (path, authorization) in wrong {
        let answer = api.send("GET", path, authorization).await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{path} {authorization}"
        );
        assert!(answer.error().contains("token"));
    }
    assert_eq!(
        api.send("POST", "/orders/7/touch", "").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        api.send("GET", "/_stats", "").await.body["beers"]["requests"],
        3
    );
}

#[tokio::test]
async fn the_quota_is_shown_and_enforced() {
    let api = Running::start(DemoConfig {
        quota: 2,
        ..DemoConfig::default()
    })
    .await;
    for remaining in ["1", "0"] {
        let answer = api.get("/beers").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("x-ratelimit-limit"), "2");
        assert_eq!(answer.header("x-ratelimit-remaining"), remaining);
    }
    let refused = api.get("/customers").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    let reset: u64 = refused.header("x-ratelimit-reset").parse().unwrap();
    assert!((1..=3_600).contains(&reset), "{reset}");
    assert_eq!(refused.header("retry-after"), reset.to_string());
    assert_eq!(api.get("/_stats").await.body["customers"]["requests"], 0);
}

#[tokio::test]
async fn a_new_window_resets_the_quota() {
    let config = DemoConfig {
        quota: 1,
        window: Duration::ZERO,
        ..DemoConfig::default()
    };
    let api = Running::start(config).await;
    for _ in 0..3 {
        assert_eq!(api.get("/beers").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn without_a_quota_there_are_no_headers() {
    let api = Running::start(DemoConfig {
        quota: 0,
        ..DemoConfig::default()
    })
    .await;
    let answer = api.get("/beers").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("x-ratelimit-limit"), "");
}

#[tokio::test]
async fn errors_say_what_is_wrong() {
    let api = Running::start(DemoConfig::default()).await;
    let cases = [
        ("/beers?page=0", "page must be a whole number"),
        (
            "/beers?per_page=81",
            "per_page must be a whole number from 1 to 80, not \"81\"",
        ),
        ("/breweries?offset=-1", "offset must be"),
        ("/breweries?limit=101", "limit must be"),
        (
            "/breweries?page=2",
            "no parameter \"page\" here; the parameters are: offset, limit",
        ),
        ("/reviews?cursor=80", "cursor \"80\""),
        (
            "/orders?updated_since=today",
            "updated_since must be a time",
        ),
        ("/orders?after_id=7", "after_id needs updated_since"),
        ("/customers?after_id=x", "after_id must be"),
    ];
    for (path, message) in cases {
        let answer = api.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(
            answer.error().contains(message),
            "{path}: {}",
            answer.error()
        );
    }
}

#[tokio::test]
async fn missing_paths_and_orders_are_not_found() {
    let api = Running::start(DemoConfig::default()).await;
    for path in ["/", "/wines"] {
        assert_eq!(api.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for id in ["0", "261", "seven"] {
        let answer = api
            .send("POST", &format!("/orders/{id}/touch"), BEARER)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        assert!(answer.error().contains(id), "{}", answer.error());
    }
    assert_eq!(
        api.send("POST", "/beers", BEARER).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}
