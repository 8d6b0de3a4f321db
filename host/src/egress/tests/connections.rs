//! How many connections a connector may have, and how long it waits for one.

use std::time::Duration;

use super::super::{Egress, EgressError, Timeout, Timeouts};
use super::server::{ENDLESS, SILENT, Server, page, request};
use crate::config::{Limits, NetworkConfig};

fn egress(server: &Server, connections: usize) -> Egress {
    let network = NetworkConfig {
        allow: ["http://*.example.com".parse().unwrap()]
            .into_iter()
            .collect(),
        connections,
        ..NetworkConfig::default()
    };
    server.egress("shop", network, Limits::default())
}

#[tokio::test]
async fn connections_to_an_origin_are_limited_as_configured() {
    let server = Server::plain().await;
    let egress = egress(&server, 2);
    let page = page(&Limits::default());
    let endless = format!("http://api.example.com{ENDLESS}");
    let one = egress.send(request("GET", &endless, ""), &page).await;
    let (_, two) = egress
        .send(request("GET", &endless, ""), &page)
        .await
        .unwrap();
    let mut third = request("GET", "http://api.example.com/", "");
    third.timeouts = Timeouts {
        connect: Some(Duration::from_millis(100)),
        ..Timeouts::default()
    };
    let refused = egress.fetch(third, &page).await.unwrap_err();
    assert!(
        matches!(
            refused,
            EgressError::Timeout {
                limit: Timeout::Connect(_),
                ..
            }
        ),
        "{refused}"
    );
    assert_eq!(server.answered(), 2);
    // Another origin has its own.
    let other = egress.fetch(request("GET", "http://other.example.com/", ""), &page);
    assert_eq!(other.await.unwrap().body, b"3");
    // A connection that ends makes room for the next one.
    drop(two);
    let next = egress.fetch(request("GET", "http://api.example.com/", ""), &page);
    assert_eq!(next.await.unwrap().body, b"4");
    drop(one);
}

#[tokio::test(start_paused = true)]
async fn connection_that_cannot_be_made_ends_with_the_connect_timeout() {
    let server = Server::plain().await;
    let egress = egress(&server, 16);
    let page = page(&Limits::default());
    let url = format!("http://{SILENT}/");
    let began = tokio::time::Instant::now();
    let error = egress.fetch(request("GET", &url, ""), &page).await;
    assert!(
        matches!(
            error,
            Err(EgressError::Timeout {
                limit: Timeout::Connect(_),
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(began.elapsed(), NetworkConfig::default().connect_timeout);
}
