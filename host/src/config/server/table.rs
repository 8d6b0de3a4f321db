//! The table of the server settings.

use super::headings;
use super::server_config::CompileLimits;
use super::setting::{AnyValue, AtLeast, Setting, SwitchOff};
use crate::config::limits::{MIN_MEMORY_BYTES, MIN_TIME};

/// The settings, in the order of the help.
pub static SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        variable: "WELD_LISTEN",
        heading: headings::NETWORK,
        help: "The address to listen on",
        default_words: Some("127.0.0.1:8080, or 0.0.0.0:PORT if PORT is set"),
        field: &AnyValue(|config| &mut config.listen),
    },
    Setting {
        key: "admin",
        variable: "WELD_ADMIN",
        heading: headings::NETWORK,
        help: "The address of the admin listener, or unix:PATH of its socket",
        field: &AnyValue(|config| &mut config.admin),
        ..WITHOUT
    },
    Setting {
        key: "otlp",
        variable: "WELD_OTLP",
        heading: headings::NETWORK,
        help: "The base URL of an OpenTelemetry collector for traces, such as http://127.0.0.1:4318",
        default_words: Some("OTEL_EXPORTER_OTLP_ENDPOINT, or no traces"),
        field: &AnyValue(|config| &mut config.otlp),
    },
    Setting {
        key: "cache-size",
        variable: "WELD_CACHE_SIZE",
        heading: headings::FOLDERS,
        help: "The maximum size of the folder of compiled code; the least recently used code is removed first",
        field: &AnyValue(|config| &mut config.cache_bytes),
        ..WITHOUT
    },
    Setting {
        key: "require-compiled",
        variable: "WELD_REQUIRE_COMPILED",
        heading: headings::FOLDERS,
        help: "Load connectors only from compiled files, which are next to the components or in the folder of --compiled",
        field: &SwitchOff(|config| &mut config.may_compile),
        ..WITHOUT
    },
    Setting {
        key: "reload",
        variable: "WELD_RELOAD",
        heading: headings::FOLDERS,
        help: "How often to look at the plugins folder if the system doesn't report changes; `off` reads it at startup only",
        field: &AnyValue(|config| &mut config.reload),
        ..WITHOUT
    },
    Setting {
        key: "unmap-after",
        variable: "WELD_UNMAP_AFTER",
        heading: headings::LIMITS,
        help: "How long a connector that nobody calls keeps its compiled code mapped; `off` keeps it mapped",
        field: &AnyValue(|config| &mut config.unmap_after),
        ..WITHOUT
    },
    Setting {
        key: "default",
        variable: "WELD_DEFAULT",
        heading: headings::NETWORK,
        help: "The connector that also answers at / and /schema, if there are several",
        default_words: Some("the only connector"),
        field: &AnyValue(|config| &mut config.default_connector),
    },
    Setting {
        key: "slots",
        variable: "WELD_SLOTS",
        heading: headings::LIMITS,
        help: "Calls that may hold a sandbox at once",
        default_words: Some("as many as the machine can hold"),
        field: &AtLeast(Some(1), |config| &mut config.slots),
    },
    Setting {
        key: "queue",
        variable: "WELD_QUEUE",
        heading: headings::LIMITS,
        help: "Calls that may wait for a sandbox",
        field: &AnyValue(|config| &mut config.queue),
        ..WITHOUT
    },
    Setting {
        key: "queue-wait",
        variable: "WELD_QUEUE_WAIT",
        heading: headings::LIMITS,
        help: "How long a call waits for a sandbox before it is refused",
        field: &AnyValue(|config| &mut config.queue_wait),
        ..WITHOUT
    },
    Setting {
        key: "total-memory",
        variable: "WELD_TOTAL_MEMORY",
        heading: headings::LIMITS,
        help: "The memory of all sandboxes together",
        default_words: Some("half of the machine's, or of the control group's"),
        field: &AtLeast(Some(MIN_MEMORY_BYTES), |config| {
            &mut config.total_memory_bytes
        }),
    },
    Setting {
        key: "keep-memory",
        variable: "WELD_KEEP_MEMORY",
        heading: headings::LIMITS,
        help: "How much of its memory a free sandbox keeps for the next call",
        field: &AnyValue(|config| &mut config.keep_memory_bytes),
        ..WITHOUT
    },
    Setting {
        key: "max-concurrency",
        variable: "WELD_MAX_CONCURRENCY",
        heading: headings::LIMITS,
        help: "The upper bound of `limits.concurrency`",
        default_words: Some("all slots"),
        field: &AtLeast(1, |config| &mut config.ceilings.concurrency),
    },
    Setting {
        key: "max-component",
        variable: "WELD_MAX_COMPONENT",
        heading: headings::LIMITS,
        help: "The largest component",
        field: &AtLeast(1, |config| &mut config.ceilings.component_bytes),
        ..WITHOUT
    },
    Setting {
        key: "max-memory",
        variable: "WELD_MAX_MEMORY",
        heading: headings::LIMITS,
        help: "The upper bound of `limits.memory`",
        field: &AtLeast(MIN_MEMORY_BYTES, |config| &mut config.ceilings.memory_bytes),
        ..WITHOUT
    },
    Setting {
        key: "max-cpu-time",
        variable: "WELD_MAX_CPU_TIME",
        heading: headings::LIMITS,
        help: "The upper bound of `limits.cpu-time`",
        field: &AtLeast(MIN_TIME, |config| &mut config.ceilings.cpu_time),
        ..WITHOUT
    },
    Setting {
        key: "max-page-timeout",
        variable: "WELD_MAX_PAGE_TIMEOUT",
        heading: headings::LIMITS,
        help: "The upper bound of `limits.page-timeout`",
        field: &AtLeast(MIN_TIME, |config| &mut config.ceilings.page_timeout),
        ..WITHOUT
    },
    Setting {
        key: "compile-memory",
        variable: "WELD_COMPILE_MEMORY",
        heading: headings::LIMITS,
        help: "The memory to compile one connector",
        field: &AtLeast(CompileLimits::MIN_MEMORY_BYTES, |config| {
            &mut config.compiling.memory_bytes
        }),
        ..WITHOUT
    },
    Setting {
        key: "compile-time",
        variable: "WELD_COMPILE_TIME",
        heading: headings::LIMITS,
        help: "The time to compile one connector",
        field: &AtLeast(MIN_TIME, |config| &mut config.compiling.time),
        ..WITHOUT
    },
    Setting {
        key: "max-body",
        variable: "WELD_MAX_BODY",
        heading: headings::NETWORK,
        help: "The largest request body, before and after decompression",
        field: &AtLeast(1, |config| &mut config.max_body_bytes),
        ..WITHOUT
    },
    Setting {
        key: "body-timeout",
        variable: "WELD_BODY_TIMEOUT",
        heading: headings::NETWORK,
        help: "How long a client may take to send a body",
        field: &AtLeast(MIN_TIME, |config| &mut config.body_timeout),
        ..WITHOUT
    },
    Setting {
        key: "write-timeout",
        variable: "WELD_WRITE_TIMEOUT",
        heading: headings::NETWORK,
        help: "How long a client may read nothing of its answer before its connection is closed",
        field: &AtLeast(MIN_TIME, |config| &mut config.write_timeout),
        ..WITHOUT
    },
    Setting {
        key: "no-compression",
        variable: "WELD_NO_COMPRESSION",
        heading: headings::NETWORK,
        help: "Send every answer uncompressed, for example behind a proxy that compresses",
        field: &SwitchOff(|config| &mut config.compression),
        ..WITHOUT
    },
    Setting {
        key: "tls-cert",
        variable: "WELD_TLS_CERT",
        heading: headings::NETWORK,
        help: "A file with the server's certificate in PEM, followed by those that lead to an authority; the server then speaks HTTPS only",
        default_words: Some("no TLS"),
        field: &AnyValue(|config| &mut config.tls_cert),
    },
    Setting {
        key: "tls-key",
        variable: "WELD_TLS_KEY",
        heading: headings::NETWORK,
        help: "A file with the key of that certificate in PEM, not encrypted",
        default_words: Some("no TLS"),
        field: &AnyValue(|config| &mut config.tls_key),
    },
    Setting {
        key: "trusted-proxies",
        variable: "WELD_TRUSTED_PROXIES",
        heading: headings::NETWORK,
        help: "The addresses and networks of proxies whose `X-Forwarded-For` or `Forwarded` names the client, with commas between them",
        field: &AnyValue(|config| &mut config.trusted_proxies),
        ..WITHOUT
    },
    Setting {
        key: "https-proxy",
        variable: "WELD_HTTPS_PROXY",
        heading: headings::PROXIES,
        help: "The proxy for `https` URLs of APIs, instead of HTTPS_PROXY: http://HOST:PORT or http://USER:PASSWORD@HOST:PORT",
        field: &AnyValue(|config| &mut config.proxies.https),
        ..WITHOUT
    },
    Setting {
        key: "http-proxy",
        variable: "WELD_HTTP_PROXY",
        heading: headings::PROXIES,
        help: "The proxy for `http` URLs of APIs, instead of HTTP_PROXY",
        field: &AnyValue(|config| &mut config.proxies.http),
        ..WITHOUT
    },
    Setting {
        key: "no-proxy",
        variable: "WELD_NO_PROXY",
        heading: headings::PROXIES,
        help: "Hosts that are reached without a proxy, instead of NO_PROXY: names, addresses and networks, with commas between them",
        field: &AnyValue(|config| &mut config.proxies.exemptions),
        ..WITHOUT
    },
    Setting {
        key: "proxy-resolves",
        variable: "WELD_PROXY_RESOLVES",
        heading: headings::PROXIES,
        help: "Let the proxy resolve the names of APIs. The host then checks their names only, not their addresses",
        field: &SwitchOff(|config| &mut config.proxies.host_resolves),
        ..WITHOUT
    },
    Setting {
        key: "no-background",
        variable: "WELD_NO_BACKGROUND",
        heading: headings::NETWORK,
        help: "Let no call outlive its request, for platforms that stop all work between requests",
        field: &SwitchOff(|config| &mut config.background),
        ..WITHOUT
    },
    Setting {
        key: "grace",
        variable: "WELD_GRACE",
        heading: headings::NETWORK,
        help: "How long everything may take after the signal to stop, the drain included",
        field: &AnyValue(|config| &mut config.grace),
        ..WITHOUT
    },
    Setting {
        key: "drain",
        variable: "WELD_DRAIN",
        heading: headings::NETWORK,
        help: "How long the port stays open after SIGTERM; new requests are refused meanwhile, so that load balancers notice",
        field: &AnyValue(|config| &mut config.drain),
        ..WITHOUT
    },
];

/// The values of fields that most settings don't set.
const WITHOUT: Setting = Setting {
    key: "",
    heading: "",
    help: "",
    variable: "",
    default_words: None,
    field: &SwitchOff(|config| &mut config.background),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_the_variable_of_its_key() {
        for Setting { key, variable, .. } in SETTINGS {
            let expected = format!("WELD_{}", key.to_uppercase().replace('-', "_"));
            assert_eq!(*variable, expected, "variable: {expected:?} of {key}");
        }
    }
}
