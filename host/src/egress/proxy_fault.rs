//! What is wrong with a proxy or its answer.

use std::io;
use std::sync::Arc;

use crate::report;
use crate::tunnel_head::MAX_HEAD_BYTES;

/// Why a request did not pass a proxy. Copies are cheap: the client's pool keeps the original.
#[derive(Debug, Clone, thiserror::Error)]
#[error("at the proxy {proxy}")]
pub(super) struct ProxyError {
    /// Without user and password.
    pub(super) proxy: Arc<str>,
    #[source]
    pub(super) fault: Arc<ProxyFault>,
}

/// What is wrong with a proxy or its answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyFault {
    #[error(
        "could not resolve the proxy's host name; check its URL (--https-proxy, --http-proxy, HTTPS_PROXY, HTTP_PROXY)"
    )]
    Resolve(#[source] io::Error),

    #[error("could not connect to the proxy")]
    Connect(#[source] io::Error),

    /// The API's name, not the proxy's.
    #[error(
        "this host could not resolve the API's name; if only the proxy can, set --proxy-resolves: the host then checks \
         names, but not the addresses behind them"
    )]
    ApiName(#[source] io::Error),

    #[error("the proxy closed the connection before its answer was complete")]
    Closed(#[source] io::Error),

    #[error("{}", authentication_advice(*.status, *.was_sent))]
    Authentication {
        /// 407, or 401 for some proxies.
        status: u16,
        /// Whether a user and a password were sent.
        was_sent: bool,
    },

    #[error("the proxy answered \"{answer}\"; {advice}")]
    Refused {
        status: u16,
        /// The status line without the version.
        answer: String,
        /// What to do.
        advice: String,
    },

    #[error(
        "the proxy answered with a page instead of a connection; check that its URL is that of a proxy, and that no login \
         page is in the way"
    )]
    Page,

    #[error(
        "the proxy's answer is not HTTP, but begins with \"{beginning}\"; check that its URL is that of an HTTP proxy"
    )]
    NotHttp {
        /// At most 100 bytes.
        beginning: String,
    },

    #[error(
        "the head of the proxy's answer is longer than {}; check that its URL is that of a proxy",
        report::size_text(MAX_HEAD_BYTES as u64)
    )]
    TooLong,
}

impl ProxyFault {
    /// Whether another try would end in the same way.
    pub(super) fn is_lasting(&self) -> bool {
        match self {
            Self::Authentication { .. } | Self::Page | Self::NotHttp { .. } | Self::TooLong => true,
            Self::Refused { status, .. } => *status < 500 && !matches!(status, 408 | 425 | 429),
            Self::Resolve(_) | Self::Connect(_) | Self::ApiName(_) | Self::Closed(_) => false,
        }
    }

    /// Whether the API may be the cause: the proxy could not reach it, or this host could not resolve its name. Anything
    /// else is the proxy's own fault.
    pub(super) fn is_of_the_api(&self) -> bool {
        matches!(self, Self::Refused { status: 500.., .. } | Self::ApiName(_))
    }

    /// Whether the proxy may connect to another address of the same host: it could not reach this one, or its rules
    /// forbid it (403).
    pub(super) fn is_of_the_target(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 403 | 500..,
                ..
            }
        )
    }
}

fn authentication_advice(status: u16, was_sent: bool) -> String {
    if was_sent {
        return format!("the proxy refused the user and password in its URL ({status})");
    }
    format!(
        "the proxy requires a user and a password ({status}); write its URL as http://USER:PASSWORD@HOST:PORT"
    )
}
