//! Tokens that many calls wait for, some of which are canceled, and endpoints that can't be reached.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::Url;

use super::super::auth::PreparedCredential;
use super::super::{Egress, EgressError, Network, Networking, Request, Upstreams};
use super::server::page_with_waits;
use crate::config::{Ceilings, ConnectorConfig, Limits};
use crate::waits::{WaitReason, Waits};

/// The network of a token endpoint.
struct Endpoint {
    address: SocketAddr,
    /// Whether connections are refused.
    is_gone: AtomicBool,
    dialed: AtomicUsize,
    /// Has a permit for each answer that may be sent.
    answers: Arc<Semaphore>,
}

impl Endpoint {
    /// An endpoint that returns the token of its name, once it is allowed to.
    async fn listening() -> Arc<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let answers = Arc::new(Semaphore::new(0));
        let endpoint = Self {
            address: listener.local_addr().unwrap(),
            is_gone: AtomicBool::new(false),
            dialed: AtomicUsize::new(0),
            answers: answers.clone(),
        };
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(tcp, answers.clone()));
            }
        });
        Arc::new(endpoint)
    }

    /// Makes the endpoint refuse connections from now on.
    fn go(&self) {
        self.is_gone.store(true, Ordering::SeqCst);
    }

    fn dialed(&self) -> usize {
        self.dialed.load(Ordering::SeqCst)
    }

    /// A connector whose credential comes from this endpoint.
    fn egress(self: &Arc<Self>, previous: Option<&Egress>, more: &str) -> Arc<Egress> {
        let text = format!(
            "[network]\nallow = ['http://login.example.com']\n[rate-limit]\nretries = 0\nfailures = 0\n[auth.api]\nurls = ['http://login.example.com']\nkind = 'oauth2'\ngrant = 'client-credentials'\ntoken-url = 'http://login.example.com/token'\nclient-id = 'weld'\nclient-secret = 'hunter2/hunter2'\n{more}"
        );
        let path = Path::new("shop.toml");
        let config = ConnectorConfig::parse(&text, path, &Ceilings::default()).unwrap();
        let network: Arc<dyn Network> = self.clone();
        let file = "shop.toml".to_owned();
        let egress = Egress::new("shop", &config, file, &Upstreams::new(network), previous);
        Arc::new(egress.unwrap())
    }
}

async fn answer(mut tcp: TcpStream, answers: Arc<Semaphore>) {
    let mut request = Vec::new();
    while !request.ends_with(b"grant_type=client_credentials") {
        let mut piece = [0; 1024];
        let bytes = tcp.read(&mut piece).await.unwrap();
        assert!(bytes > 0, "the request is truncated");
        request.extend_from_slice(&piece[..bytes]);
    }
    answers.acquire().await.unwrap().forget();
    let body = r#"{"access_token": "a-long-token", "expires_in": 3600}"#;
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // The client may be gone.
    let _ = tcp.write_all(format!("{head}{body}").as_bytes()).await;
}

impl Network for Endpoint {
    fn resolve<'a>(&'a self, _: &'a str) -> Networking<'a, Vec<IpAddr>> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14))]) })
    }

    fn dial(&self, _: SocketAddr) -> Networking<'_, TcpStream> {
        self.dialed.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if self.is_gone.load(Ordering::SeqCst) {
                return Err(io::Error::other("nothing is listening"));
            }
            TcpStream::connect(self.address).await
        })
    }
}

/// A page's wait for its credential.
async fn ready(egress: &Egress, waits: Arc<Waits>) -> Result<PreparedCredential, EgressError> {
    let page = page_with_waits(&Limits::default(), waits);
    let url = Url::parse("http://login.example.com/beers").unwrap();
    let source = egress.credentials.matching(&url)?;
    let source = source.expect("it has a credential");
    source.prepare(&egress.upstream, &page, page.deadline).await
}

/// Waits until all of these wait for a token.
async fn all_wait(waits: &[Arc<Waits>]) {
    let waits_for_it = |waits: &Arc<Waits>| {
        waits.current().is_some_and(
            |wait| matches!(wait.reason, WaitReason::Token { credential } if credential == "api"),
        )
    };
    while !waits.iter().all(waits_for_it) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_thousand_pages_that_wait_for_a_token_cause_one_request() {
    let endpoint = Endpoint::listening().await;
    let egress = endpoint.egress(None, "");
    let waits: Vec<Arc<Waits>> = (0..1000).map(|_| Arc::default()).collect();
    let mut pages = JoinSet::new();
    for waits in waits.clone() {
        let egress = egress.clone();
        pages.spawn(async move { ready(&egress, waits).await });
    }
    all_wait(&waits).await;
    endpoint.answers.add_permits(1000);
    let mut had = 0;
    while let Some(page) = pages.join_next().await {
        let ready = page.unwrap().unwrap();
        assert!(ready.was_awaited() && ready.holds());
        had += 1;
    }
    assert_eq!((had, endpoint.dialed()), (1000, 1));
    let later = ready(&egress, Arc::default()).await.unwrap();
    assert!(!later.was_awaited(), "it is kept");
    assert_eq!(endpoint.dialed(), 1);
}

#[tokio::test]
async fn a_page_that_is_cancelled_does_not_cancel_the_request_that_it_began() {
    let endpoint = Endpoint::listening().await;
    let egress = endpoint.egress(None, "");
    let waits = [Arc::<Waits>::default()];
    let first = tokio::spawn({
        let (egress, waits) = (egress.clone(), waits[0].clone());
        async move { ready(&egress, waits).await.map(|_| ()) }
    });
    all_wait(&waits).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    endpoint.answers.add_permits(1);
    assert!(ready(&egress, Arc::default()).await.is_ok());
    assert_eq!(endpoint.dialed(), 1);
}

#[tokio::test]
async fn a_newer_version_waits_for_the_request_of_the_one_before() {
    let endpoint = Endpoint::listening().await;
    let before = endpoint.egress(None, "");
    let waits = [Arc::default(), Arc::default()];
    let same = endpoint.egress(Some(&before), "[limits]\ncalls = 7");
    let mut pages = JoinSet::new();
    for (egress, waits) in [before.clone(), same].into_iter().zip(waits.clone()) {
        pages.spawn(async move { ready(&egress, waits).await.map(|_| ()) });
    }
    all_wait(&waits).await;
    endpoint.answers.add_permits(2);
    while let Some(page) = pages.join_next().await {
        page.unwrap().unwrap();
    }
    assert_eq!(endpoint.dialed(), 1);
    let other = endpoint.egress(Some(&before), "header = 'x-token'");
    assert!(ready(&other, Arc::default()).await.unwrap().was_awaited());
    assert_eq!(endpoint.dialed(), 2, "it is another credential");
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_endpoint_is_not_asked_for_a_moment() {
    let endpoint = Endpoint::listening().await;
    endpoint.go();
    let egress = endpoint.egress(None, "");
    let mut pages = JoinSet::new();
    for _ in 0..100 {
        let egress = egress.clone();
        pages.spawn(async move { ready(&egress, Arc::default()).await.map(|_| ()) });
    }
    while let Some(page) = pages.join_next().await {
        let error = crate::report::chain(&page.unwrap().unwrap_err());
        assert!(
            error.contains("`api` has no token: http://login.example.com could not be reached")
        );
        assert!(error.contains("nothing is listening"), "{error}");
    }
    assert_eq!(endpoint.dialed(), 1);
    tokio::time::advance(Duration::from_secs(3)).await;
    assert!(ready(&egress, Arc::default()).await.is_err());
    assert_eq!(endpoint.dialed(), 2);
}

#[tokio::test]
async fn an_endpoint_that_fails_before_the_end_of_a_token_does_no_harm() {
    let endpoint = Endpoint::listening().await;
    let egress = endpoint.egress(None, "");
    endpoint.answers.add_permits(1);
    assert!(ready(&egress, Arc::default()).await.is_ok());
    endpoint.go();
    tokio::time::pause();
    // Almost the whole hour, but not the last minute, in which the token is renewed.
    tokio::time::advance(Duration::from_secs(3550)).await;
    for dialed in [2, 2] {
        let old = ready(&egress, Arc::default()).await.unwrap();
        assert!(!old.holds(), "it is nearly over");
        assert_eq!(endpoint.dialed(), dialed);
    }
    tokio::time::advance(Duration::from_secs(50)).await;
    assert!(ready(&egress, Arc::default()).await.is_err());
    assert_eq!(endpoint.dialed(), 3);
}

#[tokio::test]
async fn a_request_continues_after_the_page_that_began_it_runs_out_of_time() {
    let endpoint = Endpoint::listening().await;
    let egress = endpoint.egress(None, "[limits]\npage-timeout = '1s'");
    let waits = [Arc::<Waits>::default()];
    let page = tokio::spawn({
        let (egress, waits) = (egress.clone(), waits[0].clone());
        async move { ready(&egress, waits).await.map(|_| ()) }
    });
    all_wait(&waits).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(5)).await;
    tokio::time::resume();
    endpoint.answers.add_permits(1);
    assert!(page.await.unwrap().is_ok());
    assert_eq!(endpoint.dialed(), 1);
}

#[tokio::test]
async fn timeout_while_a_token_is_obtained_names_the_credential() {
    let endpoint = Endpoint::listening().await;
    let egress = endpoint.egress(None, "");
    let mut request = Request::get("http://login.example.com/orders");
    request.timeouts.total = Some(Duration::from_millis(200));
    let page = page_with_waits(&Limits::default(), Arc::default());
    let error = egress.fetch(request, &page).await.unwrap_err().to_string();
    let end = " for its credential (the connector's timeout for this request is 200ms)";
    assert!(error.ends_with(end), "{error}");
}
