//! Why there is no response head, and the error for the caller.

use std::io;
use std::net::IpAddr;

use hyper_util::client::legacy;

use super::bounded_body::BodyFault;
use crate::config::PolicyPlace;
use crate::egress::address::SpecialUse;
use crate::egress::break_fault::{StaleFault, UnbegunFault};
use crate::egress::connection::ConnectionTag;
use crate::egress::dial_fault::DialFault;
use crate::egress::error::{EgressError, RequestFault};
use crate::egress::heads::HeadFault;
use crate::egress::liveness::ConnectionLife;
use crate::egress::phase::PhaseTime;
use crate::egress::proxy_fault::ProxyError;
use crate::egress::redirect_note::RedirectNote;
use crate::egress::timeout::{TimeLimit, Timeout};
use crate::egress::tls_fault::TlsFault;

/// Why there is no response head.
#[derive(Debug)]
pub(in crate::egress) enum ExchangeFault {
    Timeout(Timeout),
    Url(RequestFault),
    /// The request's body was not sent to its end.
    Body(BodyFault),
    /// The host has no address that may be called; this is the first one.
    Forbidden {
        address: IpAddr,
        special_use: SpecialUse,
    },
    /// The host has no address that the operator's policy permits; this is the first one.
    BeyondPolicy {
        address: IpAddr,
        special_use: SpecialUse,
        place: PolicyPlace,
    },
    Head(HeadFault),
    /// The proxy made no connection, or refused the request.
    Proxy(ProxyError),
    /// TLS was refused after the connection was made.
    Tls(TlsFault),
    /// The connection accepted nothing of the request.
    Unbegun(UnbegunFault),
    /// The connection accepted it, after others before, and returned nothing.
    Stale(StaleFault),
    Client(legacy::Error),
}

impl From<BodyFault> for ExchangeFault {
    fn from(fault: BodyFault) -> Self {
        Self::Body(fault)
    }
}

impl ExchangeFault {
    /// Finds the host's own faults among the causes of the client's error.
    pub(super) fn of_client(error: legacy::Error, connection: Option<&ConnectionTag>) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(found) = cause {
            match found.downcast_ref() {
                Some(&DialFault::Timeout { limit }) => {
                    return Self::Timeout(Timeout::Connect(TimeLimit::configured(limit)));
                }
                Some(&DialFault::Forbidden {
                    address,
                    special_use,
                }) => {
                    return Self::Forbidden {
                        address,
                        special_use,
                    };
                }
                Some(DialFault::BeyondPolicy {
                    address,
                    special_use,
                    place,
                }) => {
                    return Self::BeyondPolicy {
                        address: *address,
                        special_use: *special_use,
                        place: place.clone(),
                    };
                }
                Some(DialFault::Proxy(error)) => return Self::Proxy(error.clone()),
                _ => {}
            }
            if let Some(fault) = found.downcast_ref::<BodyFault>() {
                return Self::Body(*fault);
            }
            if let Some(fault) = head_fault(found) {
                return Self::Head(fault);
            }
            cause = found.source();
        }
        if error.is_connect() {
            return Self::Client(error);
        }
        if let Some(fault) = TlsFault::after_handshake(&error) {
            return Self::Tls(fault);
        }
        match connection.and_then(|connection| connection.life.as_ref()) {
            Some(life) if life.took_nothing() => Self::Unbegun(UnbegunFault(Some(error))),
            Some(life) if life.is_stale() => Self::Stale(StaleFault(Some(error))),
            _ => Self::Client(error),
        }
    }

    pub(super) fn of_forgotten(life: &ConnectionLife) -> Self {
        if life.took_nothing() {
            Self::Unbegun(UnbegunFault(None))
        } else {
            Self::Stale(StaleFault(None))
        }
    }

    /// The error of a request to this origin that had waited this long. `config_file` is where an operator may allow
    /// it.
    pub(in crate::egress) fn into_error(
        self,
        origin: &str,
        config_file: &str,
        waited: PhaseTime,
    ) -> EgressError {
        // Of a failure behind a proxy, the proxy may be the cause.
        let through = match &waited.proxy {
            Some(proxy) => format!("{origin} through the proxy {proxy}"),
            None => origin.to_owned(),
        };
        match self {
            Self::Timeout(timeout) => timeout.after(waited),
            Self::Url(fault) => fault.into(),
            Self::Body(fault) => fault.into_error(waited),
            Self::Forbidden {
                address,
                special_use,
            } => EgressError::AddressDenied {
                redirect: RedirectNote::default(),
                origin: origin.to_owned(),
                address,
                special_use,
                file: config_file.to_owned(),
            },
            Self::BeyondPolicy {
                address,
                special_use,
                place,
            } => EgressError::AddressBeyondPolicy {
                redirect: RedirectNote::default(),
                origin: origin.to_owned(),
                address,
                special_use,
                place,
            },
            Self::Proxy(ProxyError { proxy, fault }) => EgressError::Proxy {
                origin: origin.to_owned(),
                proxy,
                source: fault,
            },
            Self::Head(fault) => EgressError::Unreadable {
                origin: through,
                source: fault.into(),
            },
            Self::Tls(fault) => EgressError::Failed {
                origin: through,
                source: fault.into(),
            },
            Self::Unbegun(fault) => EgressError::Failed {
                origin: through,
                source: fault.into(),
            },
            Self::Stale(fault) => EgressError::Failed {
                origin: through,
                source: fault.into(),
            },
            Self::Client(error) => EgressError::Failed {
                origin: through,
                source: error.into(),
            },
        }
    }
}

/// What is wrong with a head, by a cause of the client's failure: the verdict of `heads`, or of the parser.
fn head_fault(cause: &(dyn std::error::Error + 'static)) -> Option<HeadFault> {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        let ours = error.get_ref().and_then(|inner| inner.downcast_ref());
        return ours.cloned();
    }
    let error = cause.downcast_ref::<hyper::Error>()?;
    if error.is_parse_too_large() {
        return Some(HeadFault::TooLong);
    }
    error
        .is_parse()
        .then(|| HeadFault::Unreadable(error.to_string()))
}
