//! Tells Lambda why a function could not start.

use std::time::Duration;

use lambda_runtime_api_client::{Client, body::Body, build_request};
use serde::Serialize;

/// Where the runtime API takes the report
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>).
const PATH: &str = "/2018-06-01/runtime/init/error";

/// How long the report may take.
const WITHIN: Duration = Duration::from_secs(1);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitErrorReport<'r> {
    error_type: &'r str,
    error_message: &'r str,
    stack_trace: [&'r str; 0],
}

/// Reports to the runtime API at `address`, a host and a port, that the function could not start because of `message`.
/// Without a runtime API that takes it, the message is in the log alone.
pub(crate) async fn report_init_error(address: &str, message: &str) {
    let report = InitErrorReport {
        error_type: "Init.Failed",
        error_message: message,
        stack_trace: [],
    };
    let Ok(body) = serde_json::to_vec(&report) else {
        return;
    };
    let request = build_request()
        .method(http::Method::POST)
        .uri(PATH)
        .header("lambda-runtime-function-error-type", report.error_type)
        .body(Body::from(body));
    let (Ok(base), Ok(request)) = (address.parse(), request) else {
        return;
    };
    let Ok(client) = Client::builder().with_endpoint(base).build() else {
        return;
    };
    // The process ends in any case.
    let _ = tokio::time::timeout(WITHIN, client.call(request)).await;
}
