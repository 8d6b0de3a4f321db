use super::*;
use crate::sync::ServerName;

fn refused(kind: ErrorKind, message: &str) -> SyncError {
    SyncError::Refused {
        server: ServerName::Component,
        status: kind.status(),
        kind: Some(kind),
        temporary: None,
        message: message.to_owned(),
        retry_after: None,
    }
}

fn call(outcome: &str, cause: &str) -> FailedCall {
    FailedCall {
        origin: "https://api.example.com".to_owned(),
        outcome: outcome.to_owned(),
        cause: cause.to_owned(),
    }
}

fn found(kind: ErrorKind, message: &str, calls: &[FailedCall]) -> Finding {
    let context = FailureContext {
        settings: "shop.toml",
        variables: None,
        table: Some("orders"),
        calls,
    };
    context.finding(FindingCode::PageFailed, &refused(kind, message))
}

const DENIED: &str = "no rule allows https://api.example.com; add \"https://api.example.com\" to `allow` under \
                      [network] in shop.toml";

#[test]
fn a_refused_call_is_the_cause_whatever_the_connector_says() {
    for (kind, message) in [
        (ErrorKind::Misconfigured, DENIED),
        (ErrorKind::UpstreamFailed, DENIED),
        (
            ErrorKind::ConnectorFailed,
            "Denied: no rule allows https://api.example.com; add …",
        ),
    ] {
        let found = found(kind, message, &[call("denied", DENIED)]);
        assert_eq!(found.code, FindingCode::CallRefused);
        assert_eq!(found.message, "no rule allows https://api.example.com");
        assert_eq!(
            found.fix,
            "add \"https://api.example.com\" to `allow` under [network] in shop.toml"
        );
        assert_eq!(found.tables, ["orders"]);
    }
    let own_words = found(
        ErrorKind::ConnectorFailed,
        "TypeError: rows is undefined",
        &[call(
            "address-denied",
            "https://api.example.com is blocked; add …",
        )],
    );
    assert_eq!(own_words.code, FindingCode::CallRefused);
    assert_eq!(
        own_words.message,
        "https://api.example.com is blocked; after that: TypeError: rows is undefined (connector_failed)"
    );
}

#[test]
fn an_api_that_cannot_be_reached_is_the_cause() {
    let cause = "the request to https://api.example.com failed: connection refused";
    for outcome in ["failed", "timeout", "unavailable"] {
        let found = found(ErrorKind::UpstreamFailed, cause, &[call(outcome, cause)]);
        assert_eq!(found.code, FindingCode::ApiUnreachable);
        assert_eq!(found.message, cause);
    }
    let waits = call("unavailable", "the quota `api` has no call left");
    let found = found(ErrorKind::RateLimited, "the API asks for a wait", &[waits]);
    assert_eq!(found.code, FindingCode::PageFailed);
    assert!(found.fix.contains("max-wait"), "{}", found.fix);
}

#[test]
fn a_page_that_the_host_refuses_does_not_follow_from_a_call() {
    let found = found(
        ErrorKind::InvalidPage,
        "row 1 is not an object",
        &[call("denied", DENIED)],
    );
    assert_eq!(found.code, FindingCode::PageFailed);
    assert_eq!(found.message, "row 1 is not an object (invalid_page)");
}

#[test]
fn fixes_name_the_section_of_the_cause() {
    for (kind, message, expected) in [
        (
            ErrorKind::Misconfigured,
            "SHOP_TOKEN is not set",
            "set it under [env] in shop.toml: SHOP_TOKEN = \"…\", or SHOP_TOKEN = { env = \"SHOP_TOKEN\" }",
        ),
        (
            ErrorKind::Misconfigured,
            "the region is wrong",
            "change shop.toml as the message says",
        ),
        (
            ErrorKind::CredentialsFailed,
            "no token",
            "under [auth] or [env] in shop.toml",
        ),
        (
            ErrorKind::OutOfMemory,
            "too much",
            "under [limits] in shop.toml",
        ),
        (ErrorKind::UnknownTable, "no such table", "`fetch_page`"),
        (
            ErrorKind::InvalidPage,
            "state has the member \"weld-host\", which is reserved for the host",
            "rename that member",
        ),
        (ErrorKind::InvalidPage, "not JSON", "an array of objects"),
    ] {
        let found = found(kind, message, &[]);
        assert!(found.fix.contains(expected), "{message}: {}", found.fix);
    }
    // The message is all there is.
    let found = found(ErrorKind::ConnectorFailed, "KeyError: 'id'", &[]);
    assert_eq!(found.fix, FindingCode::SEE_MESSAGE);
}

#[test]
fn refusals_that_a_connector_ignores_are_found() {
    let calls = [call("denied", DENIED), call("failed", "reset")];
    let context = FailureContext {
        settings: "shop.toml",
        variables: None,
        table: None,
        calls: &calls,
    };
    let found = context.ignored_refusals();
    assert_eq!(found.len(), 1);
    assert!(found[0].tables.is_empty());
}

#[test]
fn variable_that_is_set_is_to_be_changed() {
    let variables = ConnectorVariables::new([("SHOP_REGION".to_owned(), None)]);
    let context = FailureContext {
        settings: "plugins/shop.toml",
        variables: Some(&variables),
        table: None,
        calls: &[],
    };
    for (message, fix) in [
        (
            "SHOP_REGION is not a region: `x`",
            "change SHOP_REGION under [env] in plugins/shop.toml",
        ),
        (
            "SHOP_TOKEN is not set",
            "set it under [env] in plugins/shop.toml: SHOP_TOKEN = \"…\", or SHOP_TOKEN = { env = \"SHOP_TOKEN\" }",
        ),
    ] {
        let error = refused(ErrorKind::Misconfigured, message);
        let found = context.finding(FindingCode::SchemaFailed, &error);
        assert_eq!(found.fix, fix);
    }
}
