//! A client of the admin listener, for commands.

#[cfg(test)]
mod texts;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};

use super::listener::AdminStream;
use crate::config::{AdminAddress, Secret, duration_text};
use crate::report::{self, size_text};

/// How long an answer may take. The listener answers at once; a machine may be busy.
const TIME: Duration = Duration::from_secs(30);

/// The largest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// How much of a refusal is shown.
const MAX_SHOWN_BYTES: usize = 500;

/// Requests of a command to a host's admin listener.
#[derive(Debug)]
pub struct AdminClient {
    /// The listener's address.
    pub address: AdminAddress,
    /// Its key, if it has one.
    pub key: Option<Secret>,
}

/// Why the admin listener gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AdminClientError {
    /// Nothing listens there.
    #[error(
        "nothing answers at {address}; start the host with `--admin {address}`, or name the address that it was started with"
    )]
    Unreachable {
        /// The address.
        address: AdminAddress,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// The key is missing or wrong.
    #[error(
        "the host at {address} does not accept the admin key; set WELD_ADMIN_KEY or --admin-key-file as on the host"
    )]
    Unauthorized {
        /// The address.
        address: AdminAddress,
    },

    /// The key can't be sent.
    #[error("the admin key has characters that no request can contain")]
    Key,

    /// Another program listens there, or a host that refuses the request.
    #[error(
        "{address} answered with status {status}; is it the address of a host's --admin? {message}"
    )]
    Refused {
        /// The address.
        address: AdminAddress,
        /// The status.
        status: StatusCode,
        /// The beginning of the answer.
        message: String,
    },

    /// The answer broke off.
    #[error("the answer of {address} is not complete HTTP; is it the address of a host's --admin?")]
    Broken {
        /// The address.
        address: AdminAddress,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The answer took too long.
    #[error("{address} did not answer within {}", duration_text(*limit))]
    Timeout {
        /// The address.
        address: AdminAddress,
        /// The limit.
        limit: Duration,
    },

    /// The answer is too large.
    #[error("the answer of {address} is larger than {}", size_text(*limit_bytes))]
    TooLarge {
        /// The address.
        address: AdminAddress,
        /// The limit.
        limit_bytes: u64,
    },
}

impl AdminClient {
    /// The content at a path of the listener, such as `/connectors`.
    ///
    /// # Errors
    ///
    /// [`AdminClientError`].
    pub async fn get(&self, path: &str) -> Result<Bytes, AdminClientError> {
        let got = tokio::time::timeout(TIME, self.fetch(path)).await;
        got.unwrap_or_else(|_| {
            Err(AdminClientError::Timeout {
                address: self.address.clone(),
                limit: TIME,
            })
        })
    }

    async fn fetch(&self, path: &str) -> Result<Bytes, AdminClientError> {
        let address = || self.address.clone();
        let broken = |source: Box<dyn std::error::Error + Send + Sync>| AdminClientError::Broken {
            address: address(),
            source,
        };
        let stream = self
            .connect()
            .await
            .map_err(|source| AdminClientError::Unreachable {
                address: address(),
                source,
            })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(error.into()))?;
        let request = self.request(path)?;
        let answer = async {
            let answer = sender
                .send_request(request)
                .await
                .map_err(|error| broken(error.into()))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES);
            let body = body.collect().await.map_err(|error| {
                if error.is::<http_body_util::LengthLimitError>() {
                    AdminClientError::TooLarge {
                        address: address(),
                        limit_bytes: MAX_ANSWER_BYTES as u64,
                    }
                } else {
                    broken(error)
                }
            })?;
            self.checked(status, body.to_bytes())
        };
        let driver = async {
            // Its error is also that of the request.
            let _ = connection.await;
            std::future::pending().await
        };
        tokio::select! {
            answer = answer => answer,
            never = driver => never,
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn AdminStream>> {
        Ok(match &self.address {
            AdminAddress::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            AdminAddress::Unix(path) => Box::new(UnixStream::connect(path).await?),
        })
    }

    fn request(&self, path: &str) -> Result<Request<Empty<Bytes>>, AdminClientError> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = path.parse().unwrap_or_default();
        let headers = request.headers_mut();
        let host = match &self.address {
            AdminAddress::Tcp(address) => address.to_string(),
            AdminAddress::Unix(_) => "localhost".to_owned(),
        };
        if let Ok(host) = HeaderValue::try_from(host) {
            headers.insert(header::HOST, host);
        }
        if let Some(key) = &self.key {
            let bearer = HeaderValue::try_from(format!("Bearer {}", key.expose()));
            let mut bearer = bearer.map_err(|_| AdminClientError::Key)?;
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        Ok(request)
    }

    fn checked(&self, status: StatusCode, body: Bytes) -> Result<Bytes, AdminClientError> {
        let address = self.address.clone();
        match status {
            StatusCode::OK => Ok(body),
            // Its keys were wrong so often that this one is not looked at.
            StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS => {
                Err(AdminClientError::Unauthorized { address })
            }
            status => Err(AdminClientError::Refused {
                address,
                status,
                message: report::shortened(
                    &report::escaped(&String::from_utf8_lossy(&body)),
                    MAX_SHOWN_BYTES,
                ),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Asks a server that answers with these bytes, the last of them `repeated` times, and then nothing.
    async fn ask(answer: &'static [u8], repeated: usize) -> Result<Bytes, AdminClientError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = AdminClient {
            address: AdminAddress::Tcp(listener.local_addr().unwrap()),
            key: Some(Secret::new("admin secret")),
        };
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 1_000];
            let length = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
            assert!(
                head.contains("authorization: bearer admin secret"),
                "{head}"
            );
            let _ = stream.write_all(answer).await;
            let last = vec![*answer.last().unwrap(); 1 << 20];
            for _ in 0..repeated {
                if stream.write_all(&last).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            got = client.get("/connectors") => got,
            () = serving => unreachable!(),
        }
    }

    #[tokio::test]
    async fn whole_answers_are_returned_and_others_are_reported() {
        let whole = ask(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", 0).await;
        assert_eq!(whole.unwrap(), "{}");
        let endless = ask(b"HTTP/1.1 200 OK\r\n\r\n ", 80).await;
        assert!(matches!(endless, Err(AdminClientError::TooLarge { .. })));
        let other = ask(b"220 mail.example.com ESMTP\r\n", 0).await;
        assert!(matches!(other, Err(AdminClientError::Broken { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn answer_that_never_ends_is_given_up() {
        let half = ask(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}", 0).await;
        assert!(matches!(half, Err(AdminClientError::Timeout { .. })));
    }

    #[tokio::test]
    async fn key_that_no_request_can_contain_is_reported() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = AdminClient {
            address: AdminAddress::Tcp(listener.local_addr().unwrap()),
            key: Some(Secret::new("two\nlines")),
        };
        let error = client.get("/connectors").await.unwrap_err();
        assert!(matches!(error, AdminClientError::Key), "{error}");
    }
}
