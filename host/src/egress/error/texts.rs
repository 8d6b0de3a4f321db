//! What connectors and the log say of a request that has no response.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{EgressError, HoldCause, RequestFault};
use crate::account::MemoryError;
use crate::config::{AllowRemedy, PolicyPlace};
use crate::egress::address::SpecialUse;
use crate::egress::auth::error::AuthError;
use crate::egress::phase::{CallPhase, PhaseTime};
use crate::egress::proxy_fault::ProxyFault;
use crate::egress::redirect_note::RedirectNote;
use crate::egress::timeout::{TimeLimit, Timeout};
use crate::samples::{messages, samples};
use crate::scope::{DeadlineReason, TimeBound};

const ORIGIN: &str = "https://api.example.com";
const PROXY: &str = "http://proxy.example.com:3128";
const FILE: &str = "beers.toml";

const TEN_SECONDS: Duration = Duration::from_secs(10);

fn bound(reason: DeadlineReason) -> TimeBound {
    TimeBound {
        limit: Duration::from_secs(15 * 60),
        reason,
    }
}

fn denied(remedy: AllowRemedy) -> EgressError {
    let origin = match &remedy {
        AllowRemedy::Upgrade(_) => "http://api.example.com",
        AllowRemedy::FirstRule(_) | AllowRemedy::Rule(_) | AllowRemedy::Port { .. } => ORIGIN,
    };
    EgressError::Denied {
        origin: origin.to_owned(),
        redirect: RedirectNote::default(),
        remedy,
        file: FILE.to_owned(),
    }
}

fn address_denied(address: &str, special_use: SpecialUse) -> EgressError {
    EgressError::AddressDenied {
        origin: ORIGIN.to_owned(),
        redirect: RedirectNote::default(),
        address: address.parse().unwrap(),
        special_use,
        file: FILE.to_owned(),
    }
}

fn quota_spent(cause: HoldCause) -> EgressError {
    EgressError::QuotaSpent {
        budget: ORIGIN.to_owned(),
        wait: Duration::from_secs(90),
        limit: bound(DeadlineReason::PageTimeout),
        cause,
    }
}

fn rate_limited(wait: Option<Duration>) -> EgressError {
    EgressError::RateLimited {
        origin: ORIGIN.to_owned(),
        rule: "rate-limit.refusal[0] on line 7".to_owned(),
        wait,
    }
}

fn timeout(limit: Timeout, phase: CallPhase) -> EgressError {
    limit.after(PhaseTime {
        phase,
        spent: Duration::from_millis(10_040),
        proxy: None,
    })
}

/// Those that a request gets from the policy of the network.
fn refusals() -> Vec<EgressError> {
    let remedies = samples!(AllowRemedy:
        AllowRemedy::FirstRule(_) => AllowRemedy::FirstRule(ORIGIN.to_owned()),
        AllowRemedy::Rule(_) => AllowRemedy::Rule(ORIGIN.to_owned()),
        AllowRemedy::Upgrade(_) => AllowRemedy::Upgrade(ORIGIN.to_owned()),
        AllowRemedy::Port { .. } => AllowRemedy::Port {
            permitted: "https://api.example.com:8443".to_owned(),
            rule: ORIGIN.to_owned(),
        },
    );
    let addresses = [
        address_denied("127.0.0.1", SpecialUse::Loopback),
        address_denied("fd00::1", SpecialUse::Private),
        address_denied("255.255.255.255", SpecialUse::Broadcast),
    ];
    remedies.into_iter().map(denied).chain(addresses).collect()
}

fn place(key: &str) -> PolicyPlace {
    PolicyPlace::new(Path::new("/etc/weld/weld-host.toml").into(), key, 12)
}

fn all() -> Vec<EgressError> {
    let name = || "api".to_owned();
    samples!(EgressError:
        EgressError::Denied { .. } => denied(AllowRemedy::Rule(ORIGIN.to_owned())),
        EgressError::AddressDenied { .. } => address_denied("10.0.0.1", SpecialUse::Private),
        EgressError::BeyondPolicy { .. } => EgressError::BeyondPolicy {
            redirect: RedirectNote::default(),
            origin: ORIGIN.to_owned(),
            place: place("policy.origins"),
        },
        EgressError::AddressBeyondPolicy { .. } => EgressError::AddressBeyondPolicy {
            redirect: RedirectNote::default(),
            origin: ORIGIN.to_owned(),
            address: [10, 0, 0, 1].into(),
            special_use: SpecialUse::Private,
            place: place("policy.networks"),
        },
        EgressError::NoWasiHttp { .. } => EgressError::NoWasiHttp { place: place("policy.wasi-http") },
        EgressError::InvalidRequest { .. } => RequestFault::Port.into(),
        EgressError::Credentials(_) => AuthError::Unsigned { name: name() }.into(),
        EgressError::RequestTooLarge { .. } => EgressError::RequestTooLarge { limit_bytes: 16 << 20 },
        EgressError::ResponseTooLarge { .. } => EgressError::ResponseTooLarge { limit_bytes: 64 << 20 },
        EgressError::TooManyCalls { .. } => EgressError::TooManyCalls { limit: 1000 },
        EgressError::TooManyBytes { .. } => EgressError::TooManyBytes { limit_bytes: 512 << 20 },
        EgressError::OutOfMemory(_) => MemoryError::Connector(64 << 20).into(),
        EgressError::QuotaSpent { .. } => quota_spent(HoldCause::Quota),
        EgressError::RateLimited { .. } => rate_limited(Some(Duration::from_secs(30))),
        EgressError::OutOfService { .. } => EgressError::OutOfService {
            origin: ORIGIN.to_owned(),
            failures: 10,
            wait: Duration::from_secs(30),
        },
        EgressError::Timeout { .. } => timeout(Timeout::Connect(TimeLimit::configured(TEN_SECONDS)), CallPhase::Tls),
        EgressError::Proxy { .. } => EgressError::Proxy {
            origin: ORIGIN.to_owned(),
            proxy: PROXY.into(),
            source: Arc::new(ProxyFault::Authentication { status: 407, was_sent: true }),
        },
        EgressError::Unreadable { .. } => EgressError::Unreadable {
            origin: ORIGIN.to_owned(),
            source: "the reason".into(),
        },
        EgressError::Failed { .. } => EgressError::Failed {
            origin: ORIGIN.to_owned(),
            source: "the reason".into(),
        },
    )
}

#[test]
fn a_refused_connection_to_this_machine_asks_for_the_api() {
    for (origin, expected) in [
        (
            "http://127.0.0.1:9090",
            "; is the API running? `weld-host demo --api-listen",
        ),
        (
            "http://localhost:9090",
            "; is the API running? `weld-host demo --api-listen",
        ),
        (
            "http://127.0.0.1:8000",
            "; is the API running at this address?",
        ),
        ("http://[::1]:8000", "; is the API running at this address?"),
        ("http://api.example.com:9090", ""),
        ("https://10.0.0.1", ""),
    ] {
        let failed = |kind| EgressError::Failed {
            origin: origin.to_owned(),
            source: io::Error::from(kind).into(),
        };
        let plain = format!("the request to {origin} failed: connection refused");
        let told = failed(io::ErrorKind::ConnectionRefused).told();
        let advice = told.strip_prefix(&plain).expect(&told);
        assert!(advice.starts_with(expected), "{told}");
        assert_eq!(advice.is_empty(), expected.is_empty(), "{told}");
        let other = failed(io::ErrorKind::ConnectionReset).told();
        assert!(!other.contains("is the API running"), "{other}");
    }
}

/// Other forms of the same variants.
fn forms() -> Vec<EgressError> {
    let limits = samples!(Timeout:
        Timeout::Connect(_) => Timeout::Connect(TimeLimit::of_the_request(TEN_SECONDS)),
        Timeout::FirstByte(_) => Timeout::FirstByte(TimeLimit::configured(TEN_SECONDS)),
        Timeout::Idle(_) => Timeout::Idle(TimeLimit::configured(TEN_SECONDS)),
        Timeout::Deadline(_) => Timeout::Deadline(bound(DeadlineReason::Total)),
    );
    let own = Timeout::Deadline(bound(DeadlineReason::Request));
    let timeouts = limits
        .into_iter()
        .chain([own])
        .map(|limit| timeout(limit, CallPhase::Head));
    let mut behind_a_proxy = timeout(
        Timeout::Connect(TimeLimit::configured(TEN_SECONDS)),
        CallPhase::Tunnel,
    );
    if let EgressError::Timeout { waited, .. } = &mut behind_a_proxy {
        waited.proxy = Some(PROXY.into());
    }
    let held = [
        behind_a_proxy,
        quota_spent(HoldCause::Answer),
        rate_limited(None),
    ];
    timeouts.chain(held).collect()
}

fn faults() -> Vec<RequestFault> {
    let parse_error = || url::Url::parse("api").unwrap_err();
    let uri_error = || {
        http::Uri::builder()
            .path_and_query("/a b")
            .build()
            .unwrap_err()
    };
    samples!(RequestFault:
        RequestFault::Url { .. } => RequestFault::Url { url: "api".to_owned(), source: parse_error() },
        RequestFault::UrlTooLong { .. } => RequestFault::UrlTooLong { limit_bytes: 64 << 10 },
        RequestFault::UrlCharacter => RequestFault::UrlCharacter,
        RequestFault::Scheme(_) => RequestFault::Scheme("ftp".to_owned()),
        RequestFault::UserInfo => RequestFault::UserInfo,
        RequestFault::NoHost(_) => RequestFault::NoHost("https:api".to_owned()),
        RequestFault::Host(_) => RequestFault::Host("a..b".to_owned()),
        RequestFault::Port => RequestFault::Port,
        RequestFault::Uri(_) => RequestFault::Uri(uri_error()),
        RequestFault::Ambiguous => RequestFault::Ambiguous,
        RequestFault::Method(_) => RequestFault::Method("GET IT".to_owned()),
        RequestFault::HeaderName(_) => RequestFault::HeaderName("a b".to_owned()),
        RequestFault::Headers => RequestFault::Headers,
        RequestFault::HeaderValue(_) => RequestFault::HeaderValue("x-note".to_owned()),
        RequestFault::ReservedHeader(_) => RequestFault::ReservedHeader("host".to_owned()),
    )
}

fn of_proxies() -> Vec<EgressError> {
    let refused = || io::ErrorKind::ConnectionRefused.into();
    let faults = samples!(ProxyFault:
        ProxyFault::Resolve(_) => ProxyFault::Resolve(refused()),
        ProxyFault::Connect(_) => ProxyFault::Connect(refused()),
        ProxyFault::ApiName(_) => ProxyFault::ApiName(refused()),
        ProxyFault::Closed(_) => ProxyFault::Closed(io::ErrorKind::UnexpectedEof.into()),
        ProxyFault::Authentication { .. } => ProxyFault::Authentication { status: 407, was_sent: false },
        ProxyFault::Refused { .. } => ProxyFault::Refused {
            status: 403,
            answer: "403 Forbidden".to_owned(),
            advice: "ask its operator to permit CONNECT to api.example.com:443".to_owned(),
        },
        ProxyFault::Page => ProxyFault::Page,
        ProxyFault::NotHttp { .. } => ProxyFault::NotHttp { beginning: "SSH-2.0-server".to_owned() },
        ProxyFault::TooLong => ProxyFault::TooLong,
    );
    let faults = faults.into_iter().map(|fault| EgressError::Proxy {
        origin: ORIGIN.to_owned(),
        proxy: PROXY.into(),
        source: Arc::new(fault),
    });
    faults.collect()
}

#[test]
fn connectors_read_these_failures_of_proxies() {
    insta::assert_snapshot!(messages(&of_proxies()));
}

#[test]
fn connectors_read_these_refusals_of_the_network() {
    insta::assert_snapshot!(messages(&refusals()));
}

#[test]
fn connectors_read_these_failures_of_requests() {
    let errors: Vec<EgressError> = all().into_iter().chain(forms()).collect();
    insta::assert_snapshot!(messages(&errors));
}

#[test]
fn connectors_read_these_faults_of_requests() {
    insta::assert_snapshot!(messages(&faults()));
}
