//! Which servers connections are made to, what proves their identity, and that each connector has its own trust.

use std::sync::Arc;

use http::Version;
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::super::{Egress, EgressError};
use super::certificates::{
    AUTHORITY, CLIENT, CLIENT_KEY, EXPIRED, GOOD, NOT_YET_VALID, OTHER_NAME, SELF_SIGNED,
    SERVER_KEY, authority, certificate, key,
};
use super::server::{Server, page, request};
use crate::config::{ClientIdentity, Limits, NetworkConfig};
use crate::report;

const URL: &str = "https://api.example.com/";

/// A server with this certificate that supports these protocols, and requires no client certificate.
pub(super) async fn server(certificate: &str, protocols: &[&str]) -> Server {
    Server::encrypted(config(certificate, protocols, None)).await
}

pub(super) fn config(
    pem: &str,
    protocols: &[&str],
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(verifier) => builder.with_client_cert_verifier(verifier),
    };
    let mut config = builder
        .with_single_cert(vec![certificate(pem)], key(SERVER_KEY))
        .unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|protocol| protocol.as_bytes().to_vec())
        .collect();
    config
}

/// The URLs that a connector may call here, and the authorities that it trusts in addition to Mozilla's.
pub(super) fn network(roots: &[&str]) -> NetworkConfig {
    NetworkConfig {
        allow: ["https://*.example.com".parse().unwrap()]
            .into_iter()
            .collect(),
        roots: roots.iter().map(|pem| certificate(pem)).collect(),
        ..NetworkConfig::default()
    }
}

/// The protocol of a response, and the number of the server's connection that it came over.
async fn connection(egress: &Egress, url: &str) -> Result<(Version, Vec<u8>), EgressError> {
    let page = page(&Limits::default());
    let (_, response) = egress.send(request("GET", url, ""), &page).await?;
    let version = response.version();
    let (bytes, _) = response.into_body().whole().await?.into_parts();
    Ok((version, bytes))
}

#[tokio::test]
async fn invalid_certificate_fails_with_the_reason() {
    for (what, pem, roots, reason, words) in [
        (
            "expired",
            EXPIRED,
            &[AUTHORITY][..],
            "certificate expired",
            "has expired",
        ),
        (
            "not yet valid",
            NOT_YET_VALID,
            &[AUTHORITY],
            "not valid yet",
            "is not valid yet",
        ),
        (
            "another name's",
            OTHER_NAME,
            &[AUTHORITY],
            "not valid for name",
            "not valid for the host name",
        ),
        (
            "self-signed",
            SELF_SIGNED,
            &[AUTHORITY],
            "UnknownIssuer",
            "`roots` under [network]",
        ),
        (
            "an unknown authority's",
            GOOD,
            &[],
            "UnknownIssuer",
            "`roots` under [network]",
        ),
    ] {
        let server = server(pem, &["h2", "http/1.1"]).await;
        let egress = server.egress("shop", network(roots), Limits::default());
        let error = connection(&egress, URL).await.expect_err(what);
        let text = report::chain(&error);
        assert!(
            matches!(error, EgressError::Failed { .. })
                && text.contains(reason)
                && text.contains(words),
            "{what}: {text}"
        );
        assert_eq!(server.answered(), 0, "{what}");
    }
}

#[tokio::test]
async fn configured_authority_is_trusted_only_by_its_connector() {
    let server = server(GOOD, &["http/1.1"]).await;
    let (its, other) = (
        server.egress("shop", network(&[AUTHORITY]), Limits::default()),
        server.egress("other", network(&[]), Limits::default()),
    );
    assert!(connection(&its, URL).await.is_ok());
    assert!(connection(&other, URL).await.is_err());
    assert_eq!(server.answered(), 1);
}

#[tokio::test]
async fn client_certificate_is_sent_to_servers_that_require_it() {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(authority()), provider).build();
    let config = config(GOOD, &["http/1.1"], Some(clients.unwrap()));
    let server = Server::encrypted(config).await;
    let without = network(&[AUTHORITY]);
    let with = NetworkConfig {
        identity: Some(ClientIdentity {
            chain: vec![certificate(CLIENT)],
            key: Arc::new(key(CLIENT_KEY)),
        }),
        ..without.clone()
    };
    let without = server.egress("shop", without, Limits::default());
    let error = connection(&without, URL).await.expect_err("it has none");
    let text = report::chain(&error);
    assert!(text.contains("`client-certificate`"), "{text}");
    let with = server.egress("shop", with, Limits::default());
    let (_, number) = connection(&with, URL).await.unwrap();
    assert_eq!((server.answered(), number), (1, b"2".to_vec()));
}

#[tokio::test]
async fn connections_are_kept_but_never_shared_by_connectors() {
    for (protocol, version) in [("http/1.1", Version::HTTP_11), ("h2", Version::HTTP_2)] {
        let server = server(GOOD, &[protocol]).await;
        let [one, two] = ["one", "two"]
            .map(|name| server.egress(name, network(&[AUTHORITY]), Limits::default()));
        for (egress, number) in [
            (&one, "1"),
            (&one, "1"),
            (&two, "2"),
            (&two, "2"),
            (&one, "1"),
        ] {
            let answer = connection(egress, URL).await.unwrap();
            assert_eq!(answer, (version, number.into()), "{protocol}");
        }
    }
}

#[tokio::test]
async fn connection_serves_only_its_own_origin() {
    // The certificate is for both names, so HTTP/2 would permit it (RFC 9113, section 9.1.1); but the second name was
    // not looked up, and its address was not judged.
    let server = server(GOOD, &["h2"]).await;
    let egress = server.egress("shop", network(&[AUTHORITY]), Limits::default());
    for (url, number) in [(URL, "1"), ("https://other.example.com/", "2"), (URL, "1")] {
        let answer = connection(&egress, url).await.unwrap();
        assert_eq!(answer, (Version::HTTP_2, number.into()), "{url}");
    }
}
