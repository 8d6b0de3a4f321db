//! The example connector and the demo API's quota: it waits before the quota is used up, and after.

use crate::host;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use weld_host::demo::DemoConfig;
use weld_host_tests::demo_api::{Api, TOKEN, unlimited};

#[test]
fn nearly_used_up_quota_is_a_wait_of_an_hour() {
    let api = Api::start(DemoConfig {
        quota: 5,
        ..DemoConfig::default()
    });
    let host = host()
        .example(&api.config("[limits]\nanswer-within = \"300ms\""))
        .start();
    let before = Timestamp::now();
    let page = host.weld("beers").good_page("beers", &json!({}));
    assert_eq!(page["insert"].as_array().map(Vec::len), Some(80));
    let not_before: Timestamp = page["state"]["weld-host"]["not-before"]
        .as_str()
        .expect("a wait")
        .parse()
        .unwrap();
    assert!(
        not_before >= before + SignedDuration::from_hours(1),
        "{not_before}"
    );
    let early = host.weld("beers").page("beers", &page["state"]);
    assert_eq!(
        early.header("weld-host-pending"),
        Some("waiting"),
        "{}",
        early.text()
    );
}

#[test]
fn used_up_quota_puts_the_page_off() {
    let api = Api::start(DemoConfig {
        quota: 1,
        ..DemoConfig::default()
    });
    let host = host()
        .example(&api.config("[limits]\npage-timeout = \"10s\""))
        .start();
    host.weld("beers").good_page("beers", &json!({}));
    let before = Timestamp::now();
    let page = host.weld("beers").good_page("breweries", &json!({}));
    assert_eq!(
        (&page["insert"], &page["hasMore"]),
        (&json!([]), &json!(true))
    );
    let mark = &page["state"]["weld-host"];
    assert_eq!(mark["tries"], 1, "{page}");
    let not_before: Timestamp = mark["not-before"]
        .as_str()
        .expect("a wait")
        .parse()
        .unwrap();
    assert!(
        not_before >= before + SignedDuration::from_mins(59),
        "until the quota is whole again, though the page has 10 s: {page}"
    );
}

#[test]
fn pause_is_between_pages() {
    let api = Api::start(unlimited());
    let origin = format!("http://{}", api.address);
    let config = format!(
        "[env]\nAPI_BASE_URL = \"{origin}\"\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n[network]\nallow = [\"{origin}\"]"
    );
    let page = host()
        .example(&config)
        .start()
        .weld("beers")
        .good_page("beers", &json!({}));
    let mark = &page["state"]["weld-host"];
    let time = |name: &str| {
        mark[name]
            .as_str()
            .expect("a time")
            .parse::<Timestamp>()
            .unwrap()
    };
    assert_eq!(
        time("not-before").duration_since(time("since")),
        SignedDuration::from_millis(500)
    );
}
