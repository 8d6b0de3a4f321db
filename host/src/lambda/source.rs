//! What invokes the function with a request, and what it passes on.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::server::AnswerTooLarge;

/// The largest answer of a synchronous invocation, in bytes: 6 MiB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MOST_ANSWER_BYTES: u64 = 6 << 20;

/// The largest answer that an Application Load Balancer takes from a function, in bytes: 1 MiB
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>).
const MOST_LOAD_BALANCER_BYTES: u64 = 1 << 20;

/// How long an HTTP API waits for its integration, which can't be changed
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const HTTP_API_TIME: Duration = Duration::from_secs(30);

/// What sent an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventSource {
    /// A function URL, with payload 2.0.
    FunctionUrl,
    /// An HTTP API of API Gateway.
    HttpApi {
        /// The form of its events and of its answers.
        payload: PayloadVersion,
    },
    /// A REST API of API Gateway.
    RestApi,
    /// An Application Load Balancer.
    LoadBalancer {
        /// Whether its target group has multi-value headers, which answers must have then, too.
        has_multi_values: bool,
    },
}

/// The form of events and answers, which an integration of an HTTP API is configured for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PayloadVersion {
    /// 1.0, which REST APIs have as well.
    V1,
    /// 2.0, which function URLs have as well.
    V2,
}

impl EventSource {
    /// How long the source waits for an answer at most, if that is always the same.
    pub(super) fn patience(self) -> Option<Duration> {
        match self {
            Self::HttpApi { .. } => Some(HTTP_API_TIME),
            // The function's own time-out is the only one, or the operator chooses another one.
            Self::FunctionUrl | Self::RestApi | Self::LoadBalancer { .. } => None,
        }
    }

    /// The form of the source's events; `None` for load balancers, which have their own.
    pub(super) fn payload(self) -> Option<PayloadVersion> {
        match self {
            Self::FunctionUrl => Some(PayloadVersion::V2),
            Self::HttpApi { payload } => Some(payload),
            Self::RestApi => Some(PayloadVersion::V1),
            Self::LoadBalancer { .. } => None,
        }
    }

    /// The largest answer that passes.
    pub(super) fn largest_answer(self) -> AnswerTooLarge {
        let (limit_bytes, platform) = match self {
            Self::LoadBalancer { .. } => (
                MOST_LOAD_BALANCER_BYTES,
                "an Application Load Balancer with a function",
            ),
            Self::FunctionUrl | Self::HttpApi { .. } | Self::RestApi => {
                (MOST_ANSWER_BYTES, "AWS Lambda")
            }
        };
        AnswerTooLarge {
            bytes: limit_bytes,
            limit_bytes,
            platform,
        }
    }

    /// Whether the source decodes the body of an answer that is base64, as compressed ones are. A REST API does so only
    /// for the media types that it is configured for; otherwise its clients would get the base64 text.
    pub(super) fn decodes_answers(self) -> bool {
        match self {
            Self::RestApi => false,
            Self::FunctionUrl | Self::HttpApi { .. } | Self::LoadBalancer { .. } => true,
        }
    }
}

impl Display for EventSource {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::FunctionUrl => "function URL",
            Self::HttpApi { .. } => "HTTP API",
            Self::RestApi => "REST API",
            Self::LoadBalancer { .. } => "Application Load Balancer",
        })
    }
}
