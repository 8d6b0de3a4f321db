//! Failing calls, and retried calls.

use super::*;

#[tokio::test(start_paused = true)]
async fn calls_to_an_api_that_keeps_failing_fail_at_once() {
    let governor = governor(
        "a",
        "failures = 3\ncool-down = \"10s\"",
        &Budgets::default(),
    );
    let none = HeaderMap::new();
    for status in [502, 503, 504] {
        call(&governor, ORIGIN, HOUR, status, &none).await.unwrap();
    }
    sleep(SECOND * 3).await;
    let error = quiet(&governor).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "https://api.example.com has failed 3 times in a row; no calls are sent to it for another 7s (`rate-limit.failures`, `rate-limit.cool-down`)"
    );
    assert_eq!(
        governor.pause(ORIGIN, "/", 1, None, |wait| wait < HOUR),
        None,
        "and it is not retried"
    );
    call(&governor, "https://other.example.com", HOUR, 200, &none)
        .await
        .unwrap();
    sleep(SECOND * 7).await;
    let trial = admitted(&governor, ORIGIN, "/").await;
    drop(trial);
    quiet(&governor).await.unwrap();
    quiet(&governor).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn call_that_was_held_while_the_api_failed_is_not_made() {
    let governor = governor("a", "failures = 1", &Budgets::default());
    call(&governor, ORIGIN, HOUR, 200, &stated(1, 60))
        .await
        .unwrap();
    sleep(SECOND * 50).await;
    let last = admitted(&governor, ORIGIN, "/").await;
    let task = {
        let governor = governor.clone();
        tokio::spawn(async move { quiet(&governor).await })
    };
    settle().await;
    last.answered(502, &stated(0, 10));
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(error, EgressError::OutOfService { .. }), "{error}");
}

#[test]
fn method_or_request_says_whether_it_may_be_sent_again() {
    let budgets = Budgets::default();
    let default = governor("a", "", &budgets);
    for (method, expected) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("PUT", true),
        ("DELETE", true),
        ("POST", false),
        ("PATCH", false),
        ("get", false),
    ] {
        assert_eq!(default.may_repeat(method, None), expected, "{method}");
        assert!(default.may_repeat(method, Some(true)), "{method}");
        assert!(!default.may_repeat(method, Some(false)), "{method}");
    }
    let post = governor("a", "retry-methods = [\"POST\"]", &budgets);
    assert!(post.may_repeat("POST", None) && !post.may_repeat("GET", None));
    let off = governor("a", "retries = 0", &budgets);
    assert!(!off.may_repeat("GET", None) && !off.may_repeat("GET", Some(true)));
}

#[tokio::test(start_paused = true)]
async fn retry_comes_when_the_api_says_if_there_is_time() {
    let governor = governor("a", "", &Budgets::default());
    let after = |value| {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_static(value));
        headers
    };
    let pause = |tries, headers: &HeaderMap, time| {
        let ResponseVerdict::RateLimit(stated) =
            ResponseVerdict::of(429, &governor.readings(ORIGIN, None, headers))
        else {
            panic!("a rate limit");
        };
        governor.pause(ORIGIN, "/", tries, stated, |wait| wait < time)
    };
    assert_eq!(pause(1, &after("7"), SECOND * 8), Some(SECOND * 7));
    assert_eq!(pause(1, &after("7"), SECOND * 7), None);
    assert_eq!(pause(1, &after("2000000"), HOUR), None);
    for nothing in [
        "-1",
        "soon",
        "0",
        "99999999",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ] {
        let pause = pause(1, &after(nothing), HOUR).expect(nothing);
        assert!(pause <= Duration::from_millis(500), "{nothing}: {pause:?}");
    }
    assert!(pause(2, &HeaderMap::new(), HOUR).is_some());
    assert_eq!(
        pause(3, &HeaderMap::new(), HOUR),
        None,
        "two are the default"
    );
    call(&governor, ORIGIN, HOUR, 200, &stated(0, 60))
        .await
        .unwrap();
    assert_eq!(
        pause(1, &HeaderMap::new(), SECOND * 30),
        None,
        "it would be held"
    );
    assert!(pause(1, &HeaderMap::new(), HOUR).is_some());
}
