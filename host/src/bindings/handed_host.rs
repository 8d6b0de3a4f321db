//! The types of `host`, as read from a guest.

use wasmtime::component::{ComponentType, Lift};

use super::handed::{HandedBytes, HandedList};
use super::handed_text::HandedText;
use super::host;
use crate::scope::CpuClock;

/// `http-request`.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct HandedRequest {
    method: HandedText,
    url: HandedText,
    headers: HandedList<(HandedText, HandedText)>,
    body: Option<HandedBody>,
    timeout: Option<u32>,
    idempotent: Option<bool>,
    credential: Option<HandedText>,
}

/// `body`.
#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum HandedBody {
    #[component(name = "text")]
    Text(HandedText),
    #[component(name = "bytes")]
    Bytes(HandedBytes),
}

impl HandedRequest {
    /// The request, with its texts decoded.
    ///
    /// # Errors
    ///
    /// One of them is not a valid text.
    pub(crate) async fn read(self, cpu: &CpuClock) -> wasmtime::Result<host::HttpRequest> {
        let mut headers = Vec::with_capacity(self.headers.0.len());
        for (name, value) in self.headers.0 {
            headers.push((name.into_string(cpu).await?, value.into_string(cpu).await?));
        }
        Ok(host::HttpRequest {
            method: self.method.into_string(cpu).await?,
            url: self.url.into_string(cpu).await?,
            headers,
            body: match self.body {
                None => None,
                Some(HandedBody::Text(text)) => {
                    Some(host::Body::Text(text.into_string(cpu).await?))
                }
                Some(HandedBody::Bytes(bytes)) => Some(host::Body::Bytes(bytes.0)),
            },
            timeout: self.timeout,
            idempotent: self.idempotent,
            credential: match self.credential {
                None => None,
                Some(name) => Some(name.into_string(cpu).await?),
            },
        })
    }
}
