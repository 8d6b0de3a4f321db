//! The redirect address on this machine, to which the browser returns (RFC 8252, section 7.3).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use subtle::ConstantTimeEq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use super::error::AuthCommandError;
use crate::config::{RedirectUri, Secret};
use crate::report;

const PATH: &str = "/callback";

/// How long a browser may take to send a request, and how large the request's head may be.
const REQUEST_TIME: Duration = Duration::from_secs(10);
const MAX_HEAD_BYTES: usize = 32 << 10;
const SHOWN_BYTES: usize = 300;

/// Waits for the authorization server's answer.
pub(super) struct Callback {
    listener: TcpListener,
    /// The same port on IPv6, for a host name that has both addresses.
    second: Option<TcpListener>,
    address: String,
    path: Arc<str>,
    state: Secret,
}

/// The content of a request.
#[derive(Debug)]
enum CallbackAnswer {
    /// Nothing that belongs to this login: browsers also request an icon, and anyone on the machine can send requests.
    Nothing,
    Code(Secret),
    Refusal(String),
}

impl Callback {
    /// Listens on `port`, or if it is 0, on the port of `uri`, or else on a free one. `state` distinguishes this
    /// login's answer from all others.
    pub(super) async fn listen(
        uri: Option<&RedirectUri>,
        port: u16,
        state: Secret,
    ) -> Result<Self, AuthCommandError> {
        let own = uri.map_or(0, |uri| uri.port);
        let port = if port == 0 { own } else { port };
        let failed = |source| AuthCommandError::Listen { port, source };
        let (v4, v6) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
        let first: IpAddr = if uri.is_some_and(|uri| uri.is_ipv6) {
            v6
        } else {
            v4
        };
        let listener = TcpListener::bind((first, port)).await.map_err(failed)?;
        let second = match uri {
            // A machine may have no IPv6. Then the browser doesn't use it either.
            Some(uri) if uri.is_localhost => TcpListener::bind((v6, port)).await.ok(),
            _ => None,
        };
        let bound = listener.local_addr().map_err(failed)?;
        let address = uri.map_or_else(|| format!("http://{bound}{PATH}"), |uri| uri.text.clone());
        let path = uri.map_or_else(|| PATH.to_owned(), |uri| uri.path.clone());
        Ok(Self {
            listener,
            second,
            address,
            path: path.into(),
            state,
        })
    }

    /// The redirect address.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the authorization code. Requests with another state or without one are ignored.
    ///
    /// # Errors
    ///
    /// Access was refused.
    pub(super) async fn code(self) -> Result<Secret, AuthCommandError> {
        let state = Arc::new(self.state);
        let (sender, mut receiver) = mpsc::channel(1);
        let accepting = async {
            loop {
                // If a connection fails, the browser connects again.
                let accepted = tokio::select! {
                    accepted = self.listener.accept() => accepted,
                    accepted = accept(self.second.as_ref()) => accepted,
                };
                let Ok((stream, _)) = accepted else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                // In parallel, since browsers open connections that they don't use.
                let (state, path, sender) = (state.clone(), self.path.clone(), sender.clone());
                tokio::spawn(async move {
                    if let Ok(Some(answer)) =
                        timeout(REQUEST_TIME, serve(stream, &path, &state)).await
                    {
                        // A second answer has no receiver.
                        let _ = sender.send(answer).await;
                    }
                });
            }
        };
        let answer = tokio::select! {
            answer = receiver.recv() => answer,
            () = accepting => None,
        };
        answer.unwrap_or_else(|| Err(AuthCommandError::Refused("no answer".to_owned())))
    }
}

/// Accepts a connection; waits forever if there is no listener.
async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Answers one request. `None` if it doesn't belong to this login.
async fn serve(
    mut stream: TcpStream,
    path: &str,
    state: &Secret,
) -> Option<Result<Secret, AuthCommandError>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > MAX_HEAD_BYTES || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (status, text, result) = match parse(target, path, state) {
        CallbackAnswer::Nothing => (
            "404 Not Found",
            "This request doesn't belong to the login.",
            None,
        ),
        CallbackAnswer::Code(code) => (
            "200 OK",
            "Access granted. You can close this window and return to the terminal.",
            Some(Ok(code)),
        ),
        CallbackAnswer::Refusal(reason) => (
            "200 OK",
            "Access denied. You can close this window.",
            Some(Err(AuthCommandError::Refused(reason))),
        ),
    };
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\nconnection: close\r\ncache-control: no-store\r\n\r\n{text}"
    );
    // The browser may be gone, which doesn't matter.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    result
}

/// Parses the target of a request line.
fn parse(target: &str, path: &str, state: &Secret) -> CallbackAnswer {
    let url = Url::parse("http://127.0.0.1").and_then(|base| base.join(target));
    let Ok(url) = url else {
        return CallbackAnswer::Nothing;
    };
    let parameter = |name| url.query_pairs().find(|(key, _)| key == name);
    let is_own = parameter("state")
        .is_some_and(|(_, given)| bool::from(given.as_bytes().ct_eq(state.expose().as_bytes())));
    if url.path() != path || !is_own {
        return CallbackAnswer::Nothing;
    }
    if let Some((_, error)) = parameter("error") {
        let description = parameter("error_description").map(|(_, text)| format!(", \"{text}\""));
        let reason = format!("{error}{}", description.unwrap_or_default());
        return CallbackAnswer::Refusal(report::shortened(&report::escaped(&reason), SHOWN_BYTES));
    }
    match parameter("code") {
        Some((_, code)) if !code.is_empty() => CallbackAnswer::Code(Secret::new(code)),
        _ => CallbackAnswer::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_with_the_logins_own_state_counts() {
        let state = Secret::new("own");
        for (target, expected) in [
            ("/callback?code=c&state=own", "Code(Secret(…))"),
            ("/callback?state=own&code=a%2Fb", "Code(Secret(…))"),
            ("/callback?code=c&state=other", "Nothing"),
            ("/callback?code=c&state=", "Nothing"),
            ("/callback?code=c", "Nothing"),
            ("/callback?code=&state=own", "Nothing"),
            ("/callback?state=own", "Nothing"),
            ("/favicon.ico", "Nothing"),
            ("/?code=c&state=own", "Nothing"),
            ("", "Nothing"),
            (
                "/callback?error=access_denied&state=own",
                "Refusal(\"access_denied\")",
            ),
            ("/callback?error=access_denied&state=other", "Nothing"),
        ] {
            assert_eq!(
                format!("{:?}", parse(target, PATH, &state)),
                expected,
                "{target}"
            );
        }
    }
}
