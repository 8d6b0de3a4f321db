use std::collections::{BTreeSet, HashMap};
use std::env::VarError;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::config::network::fixtures::{AUTHORITY, AUTHORITY_KEY, CLIENT, CLIENT_KEY};
use crate::samples::{quoted, table_cells};

const COLLECTOR: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

fn read(
    setting: OtlpSetting,
    variables: &[(&str, &str)],
) -> Result<Option<(TraceConfig, Option<&'static str>)>, OtlpError> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    for name in variables.keys() {
        assert!(OTLP_VARIABLES.contains(name), "{name}");
    }
    let variable = |name: &str| match variables.get(name) {
        Some(value) => Ok((*value).to_owned()),
        None => Err(VarError::NotPresent),
    };
    TraceConfig::read(setting, &OtlpVariables::new(&variable))
}

/// The configuration with these variables and an endpoint.
fn with(variables: &[(&str, &str)]) -> TraceConfig {
    let all = [&[COLLECTOR], variables].concat();
    let read = read(OtlpSetting::Nothing, &all);
    read.expect("valid variables").expect("an endpoint").0
}

/// The error of these variables and an endpoint.
fn error(variables: &[(&str, &str)]) -> String {
    let all = [&[COLLECTOR], variables].concat();
    match read(OtlpSetting::Nothing, &all) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{variables:?} are valid"),
    }
}

fn base(url: &str) -> OtlpEndpoint {
    OtlpEndpoint::of_base(url).expect(url)
}

#[test]
fn traces_go_below_the_base_url() {
    for (written, expected) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
        (
            "https://otlp.example.com/a",
            "https://otlp.example.com/a/v1/traces",
        ),
        (
            " https://otlp.example.com/a/ ",
            "https://otlp.example.com/a/v1/traces",
        ),
    ] {
        let endpoint = base(written);
        assert_eq!(endpoint.url().as_str(), expected);
        assert_eq!(endpoint.to_string(), written.trim());
    }
    let exact = "https://otlp.example.com/t?api-key=secret";
    let endpoint = OtlpEndpoint::of_traces(exact).expect(exact);
    assert_eq!(endpoint.url().as_str(), exact);
    assert_eq!(
        format!("{endpoint} {endpoint:?}"),
        "https://otlp.example.com/t OtlpEndpoint(https://otlp.example.com/t)"
    );
}

#[test]
fn endpoints_that_are_not_usable_are_refused() {
    for (written, expected) in [
        ("127.0.0.1:4318", "not a valid URL"),
        ("localhost:4318", "begins with http:// or https://"),
        ("grpc://127.0.0.1:4317", "begins with http:// or https://"),
        (
            "http://user:secret@127.0.0.1:4318",
            "without a user and password",
        ),
        ("http://127.0.0.1:4318?key=secret", "without a query"),
        ("", "not a valid URL"),
    ] {
        let message = OtlpEndpoint::of_base(written).expect_err(written);
        assert!(message.contains(expected), "{written}: {message}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn flag_counts_before_the_variables_and_the_file_after_them() {
    let given = || OtlpSetting::Given(base("http://flag:1"));
    let file = || OtlpSetting::File(base("http://file:1"));
    let both = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://base:1"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:1"),
    ];
    let [endpoint, traces] = both;
    for (setting, variables, expected) in [
        (OtlpSetting::Nothing, &[][..], None),
        (
            OtlpSetting::Nothing,
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
            None,
        ),
        (file(), &[], Some(("http://file:1/v1/traces", None))),
        (
            file(),
            &[endpoint],
            Some(("http://base:1/v1/traces", Some(endpoint.0))),
        ),
        (file(), &both, Some(("http://traces:1/", Some(traces.0)))),
        (
            OtlpSetting::Nothing,
            &both,
            Some(("http://traces:1/", Some(traces.0))),
        ),
        (given(), &both, Some(("http://flag:1/v1/traces", None))),
        (given(), &[("OTEL_SDK_DISABLED", "True")], None),
        (given(), &[("OTEL_TRACES_EXPORTER", "none")], None),
    ] {
        let found = read(setting.clone(), variables).expect("valid variables");
        let found = found.map(|(config, variable)| (config.endpoint.url().to_string(), variable));
        let expected = expected.map(|(url, variable)| (url.to_owned(), variable));
        assert_eq!(found, expected, "{setting:?} {variables:?}");
    }
}

#[test]
fn variables_without_an_endpoint_are_not_judged() {
    let wrong = [
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ];
    assert!(matches!(read(OtlpSetting::Nothing, &wrong), Ok(None)));
}

#[test]
fn defaults_are_those_of_the_specification() {
    let config = with(&[]);
    assert_eq!(config.batch, BatchBounds::default());
    assert_eq!(config.sampler, SamplerRule::default());
    assert!(config.continues && !config.compression);
    assert!(config.headers.is_empty() && config.roots.is_empty() && config.identity.is_none());
    let service = config.resource.first();
    assert_eq!(
        service,
        Some(&("service.name".to_owned(), "weld-host".to_owned()))
    );
}

#[test]
fn every_variable_is_honored() {
    let config = with(&[
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "api-key=sec%2Cret%20%, x-team = data,",
        ),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_SERVICE_NAME", "loads"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment=pr%C3%B6d,service.name=no,host.name=a",
        ),
        ("OTEL_PROPAGATORS", "baggage,b3"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "2000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "300"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "400"),
    ]);
    let headers: Vec<(&str, &str)> = config
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("text")))
        .collect();
    assert_eq!(headers, [("api-key", "sec,ret %"), ("x-team", "data")]);
    assert!(!format!("{config:?}").contains("sec,ret"), "{config:?}");
    assert!(config.compression && !config.continues);
    assert_eq!(
        config.sampler,
        SamplerRule {
            follows_client: true,
            root: RootRule::Share(0.25)
        }
    );
    let milliseconds = Duration::from_millis;
    assert_eq!(
        config.batch,
        BatchBounds {
            queue: 300,
            spans: 300,
            delay: milliseconds(100),
            patience: milliseconds(2_000),
            timeout: milliseconds(1_500),
        }
    );
    let value = |key: &str| {
        let found = config.resource.iter().filter(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(value("service.name"), ["loads"]);
    assert_eq!(value("deployment.environment"), ["pr\u{f6}d"]);
    assert_eq!(value("host.name"), ["a"]);
}

#[test]
fn variables_for_traces_alone_count_first() {
    let config = with(&[
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
    ]);
    let names = config.headers.iter().map(|(name, _)| name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["b"]);
    assert_eq!(config.batch.timeout, Duration::from_millis(2));
    assert!(!config.compression);
}

#[test]
fn samplers_have_the_names_of_the_specification() {
    for (name, follows_client, root) in [
        ("always_on", false, RootRule::All),
        ("always_off", false, RootRule::Nothing),
        ("traceidratio", false, RootRule::Share(1.0)),
        ("parentbased_always_on", true, RootRule::All),
        ("parentbased_always_off", true, RootRule::Nothing),
        ("parentbased_traceidratio", true, RootRule::Share(1.0)),
    ] {
        let sampler = with(&[("OTEL_TRACES_SAMPLER", name)]).sampler;
        let expected = SamplerRule {
            follows_client,
            root,
        };
        assert_eq!(sampler, expected, "{name}");
    }
}

#[test]
fn invalid_values_are_named() {
    for (variable, value, expected) in [
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "by http/protobuf only",
        ),
        ("OTEL_TRACES_EXPORTER", "zipkin", "by `otlp` only"),
        (
            "OTEL_EXPORTER_OTLP_COMPRESSION",
            "zstd",
            "write gzip or none",
        ),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0", "from 1 to 86400000"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "from 1 to 86400000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "from 1 to 65536"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "65537", "from 1 to 65536"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "write always_on"),
        ("OTEL_SDK_DISABLED", "yes", "write true or false"),
    ] {
        let message = error(&[(variable, value)]);
        let begin = format!("{variable} is `{value}`: ");
        assert!(
            message.starts_with(&begin) && message.contains(expected),
            "{message}"
        );
    }
    for share in ["1.5", "-0.1", "NaN", "half"] {
        let message = error(&[
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", share),
        ]);
        assert!(message.contains("a number from 0 to 1"), "{message}");
    }
    let endpoint = read(
        OtlpSetting::Nothing,
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318")],
    );
    let message = endpoint.expect_err("no scheme").to_string();
    assert!(
        message.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT: "),
        "{message}"
    );
}

#[test]
fn pairs_that_are_not_valid_are_named_without_their_value() {
    for (text, number, expected) in [
        ("a=1,secret", 2, "has no `=`"),
        ("=secret", 1, "has no key"),
        ("a=%FFsecret", 1, "is not UTF-8"),
        ("a b=secret", 1, "not a header's name"),
        ("host=secret", 1, "only the host sets"),
        ("content-type=secret", 1, "only the host sets"),
        ("a=secret%0A", 1, "can't carry"),
    ] {
        let message = error(&[("OTEL_EXPORTER_OTLP_HEADERS", text)]);
        let begin = format!("OTEL_EXPORTER_OTLP_HEADERS: pair {number} ");
        assert!(
            message.starts_with(&begin) && message.contains(expected),
            "{text}: {message}"
        );
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn resource_is_bounded() {
    let many: Vec<String> = (0..MANY).map(|number| format!("a{number}=b")).collect();
    let long = format!("a={}", "b".repeat(2_000));
    for text in [many.join(","), long] {
        let message = error(&[("OTEL_RESOURCE_ATTRIBUTES", &text)]);
        assert!(message.contains("at most 120 pairs"), "{message}");
    }
}

/// More attributes than the resource may have.
const MANY: usize = 200;

#[test]
fn non_unicode_value_is_an_error() {
    let variable = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Err(VarError::NotUnicode("\u{fffd}".into())),
        _ => Err(VarError::NotPresent),
    };
    let read = TraceConfig::read(OtlpSetting::Nothing, &OtlpVariables::new(&variable));
    let message = read.expect_err("not text").to_string();
    assert_eq!(message, "OTEL_EXPORTER_OTLP_ENDPOINT is not UTF-8");
}

#[test]
fn certificates_are_read_from_their_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect(name);
        path.to_str().expect("UTF-8").to_owned()
    };
    let (authority, chain) = (file("ca.pem", AUTHORITY), file("chain.pem", CLIENT));
    let (key, other) = (
        file("key.pem", CLIENT_KEY),
        file("other.pem", AUTHORITY_KEY),
    );
    let missing = folder.path().join("none.pem");
    let missing = missing.to_str().expect("UTF-8");
    let config = with(&[
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", &authority),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &chain),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
    ]);
    assert_eq!((config.roots.len(), config.identity.is_some()), (1, true));
    for (variables, expected) in [
        (
            &[("OTEL_EXPORTER_OTLP_CERTIFICATE", missing)][..],
            "can't be read",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_CERTIFICATE", key.as_str())],
            "has no certificate",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", chain.as_str())],
            "OTEL_EXPORTER_OTLP_CLIENT_KEY is missing",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_CLIENT_KEY", key.as_str())],
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is missing",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", chain.as_str()),
                ("OTEL_EXPORTER_OTLP_CLIENT_KEY", other.as_str()),
            ],
            "does not belong to",
        ),
    ] {
        let message = error(variables);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn manual_lists_every_variable() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating/tracing.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let rows = table_cells(&page, "| variable | default | meaning |");
    let documented: BTreeSet<&str> = rows.iter().flat_map(|row| quoted(row[0])).collect();
    assert_eq!(documented, BTreeSet::from(OTLP_VARIABLES));
}
