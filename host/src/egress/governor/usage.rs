//! Quotas in percent of their use: `X-App-Usage: {"call_count":28,"total_time":25}`, as at Facebook.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use serde_json::Value;

use super::quota_report::{QuotaFault, QuotaFaultKind, QuotaForm, QuotaReport};

static HEADERS: [(HeaderName, &str); 5] = [
    (
        HeaderName::from_static("x-fb-ads-insights-throttle"),
        "x-fb-ads-insights-throttle",
    ),
    (HeaderName::from_static("x-app-usage"), "x-app-usage"),
    (
        HeaderName::from_static("x-business-use-case-usage"),
        "x-business-use-case-usage",
    ),
    (
        HeaderName::from_static("x-ad-account-usage"),
        "x-ad-account-usage",
    ),
    (HeaderName::from_static("x-page-usage"), "x-page-usage"),
];

/// The longest such header.
const MAX_BYTES: usize = 8 * 1024;

/// These quotas slide over an hour, unless something else is stated.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Whether a header is one of these, with an object as its value.
pub(super) fn is_object(name: &str, text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && HEADERS.iter().any(|(_, known)| *known == name)
}

/// The highest use, in percent, and until when, if that is stated.
#[derive(Debug, Default)]
struct QuotaUsage {
    per_cent: u64,
    reset: Option<Duration>,
}

/// The quotas of a response that are stated in percent; `faults` receives the objects without any.
pub(super) fn usages(headers: &HeaderMap, faults: &mut Vec<QuotaFault>) -> Vec<QuotaReport> {
    let report = |(header, name): &(HeaderName, &'static str)| {
        let text = headers.get(header)?.to_str().ok()?;
        let mut usage = None;
        if text.len() <= MAX_BYTES
            && let Ok(object) = serde_json::from_str(text)
        {
            collect(&object, &mut usage);
        }
        if usage.is_none()
            && is_object(name, text)
            && text.contains(|letter: char| letter.is_ascii_digit())
        {
            faults.push(QuotaFault::new(name, text, QuotaFaultKind::Form));
        }
        let QuotaUsage { per_cent, reset } = usage?;
        Some(QuotaReport {
            name: (*name).into(),
            limit: Some(100),
            remaining: 100_u64.saturating_sub(per_cent),
            reset,
            window: Some(HOUR),
            form: QuotaForm::Window,
            is_weighted: true,
            is_of_some_calls: false,
        })
    };
    HEADERS.iter().filter_map(report).collect()
}

/// Takes the numbers from an object, or from objects within it: the highest use, and the latest time. serde_json
/// bounds the depth.
fn collect(value: &Value, usage: &mut Option<QuotaUsage>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, usage)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let Some(number) = field.as_f64().filter(|number| *number >= 0.0) else {
                    collect(field, usage);
                    continue;
                };
                let whole = Duration::try_from_secs_f64(number.ceil())
                    .map_or(u64::MAX, |whole| whole.as_secs());
                match name.as_str() {
                    "call_count" | "total_cputime" | "total_time" | "acc_id_util_pct"
                    | "app_id_util_pct" => {
                        let usage = usage.get_or_insert_default();
                        usage.per_cent = usage.per_cent.max(whole);
                    }
                    // In minutes.
                    "estimated_time_to_regain_access" if whole > 0 => {
                        let reset = Duration::from_secs(whole.saturating_mul(60));
                        let usage = usage.get_or_insert_default();
                        usage.reset = usage.reset.max(Some(reset));
                        usage.per_cent = usage.per_cent.max(100);
                    }
                    // In seconds.
                    "reset_time_duration" if whole > 0 => {
                        let usage = usage.get_or_insert_default();
                        usage.reset = usage.reset.max(Some(Duration::from_secs(whole)));
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(name: &'static str, text: &str) -> Vec<(u64, Option<u64>)> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(text).unwrap());
        usages(&headers, &mut Vec::new())
            .iter()
            .map(|quota| (quota.remaining, quota.reset.map(|reset| reset.as_secs())))
            .collect()
    }

    #[test]
    fn highest_use_counts() {
        let app = r#"{"call_count":28,"total_cputime":1,"total_time":2}"#;
        assert_eq!(read("x-app-usage", app), [(72, None)]);
        let business = r#"{"112130":[{"type":"ads","call_count":95,"total_cputime":20,"total_time":20.5,
            "estimated_time_to_regain_access":0},{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}]}"#
            .replace('\n', " ");
        assert_eq!(
            read("x-business-use-case-usage", &business),
            [(0, Some(19 * 60))]
        );
        assert_eq!(
            read("x-ad-account-usage", r#"{"acc_id_util_pct":9.67}"#),
            [(90, None)]
        );
        assert_eq!(
            read(
                "x-ad-account-usage",
                r#"{"acc_id_util_pct":9.67,"reset_time_duration":100}"#
            ),
            [(90, Some(100))]
        );
        assert_eq!(
            read(
                "x-fb-ads-insights-throttle",
                r#"{"app_id_util_pct":100,"acc_id_util_pct":10}"#
            ),
            [(0, None)]
        );
        for nothing in [
            "",
            "28",
            "{}",
            "[]",
            "{\"call_count\":\"28\"}",
            "{\"call_count\":-1}",
        ] {
            assert_eq!(read("x-app-usage", nothing), [], "{nothing}");
        }
        assert_eq!(read("x-app-usage", "{\"call_count\":1e300}"), [(0, None)]);
        let long = format!("{}{app}", " ".repeat(MAX_BYTES));
        assert_eq!(read("x-app-usage", &long), [], "no such header is longer");
    }
}
