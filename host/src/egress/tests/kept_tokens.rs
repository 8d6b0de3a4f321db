//! Refresh tokens that an API replaces, kept on disk by one host or several.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::{
    Egress, EgressError, Network, Networking, Request, RequestBody, Timeouts, Upstreams,
};
use super::server::page;
use crate::config::{Ceilings, ConnectorConfig, Limits, Secret};
use crate::tokens::{Store, TokenEntry, TokenKey, TokenRecord};

/// An API whose refresh tokens are valid for one renewal, and whose access tokens end with the next renewal.
struct Api {
    address: SocketAddr,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    refresh: String,
    access: String,
    renewals: usize,
    refusals: usize,
    /// Runs before an invalid refresh token is refused.
    before_refusal: Option<Box<dyn FnOnce() + Send>>,
}

impl Api {
    async fn start(refresh: &str) -> Arc<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let api = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            state: Mutex::new(State {
                refresh: refresh.to_owned(),
                ..State::default()
            }),
        });
        let served = api.clone();
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(tcp, served.clone()));
            }
        });
        api
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Makes the API refuse the current access token.
    fn revoke(&self) {
        self.state().access = "none".to_owned();
    }

    fn answer(&self, request: &str) -> (u16, String) {
        let mut state = self.state();
        if request.starts_with("GET") {
            let bearer = format!("authorization: Bearer {}\r\n", state.access);
            let is_good = request.contains(&bearer);
            return (if is_good { 200 } else { 401 }, "{}".to_owned());
        }
        let sent = format!("refresh_token={}&", state.refresh);
        if !format!("{request}&").contains(&sent) {
            state.refusals += 1;
            if let Some(before) = state.before_refusal.take() {
                before();
            }
            return (400, r#"{"error": "invalid_grant"}"#.to_owned());
        }
        state.renewals += 1;
        state.refresh = format!("refresh-token-{}", state.renewals);
        state.access = format!("access-token-{}", state.renewals);
        let State {
            refresh, access, ..
        } = &*state;
        let answer = format!(
            r#"{{"access_token": "{access}", "refresh_token": "{refresh}", "expires_in": 3600}}"#
        );
        (200, answer)
    }
}

async fn serve(mut tcp: TcpStream, api: Arc<Api>) {
    let mut request = String::new();
    loop {
        let mut piece = [0; 4096];
        let bytes = tcp.read(&mut piece).await.unwrap();
        if bytes == 0 {
            return;
        }
        request.push_str(std::str::from_utf8(&piece[..bytes]).unwrap());
        let Some((head, body)) = request.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            break;
        }
    }
    let (status, body) = api.answer(&request);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Answer\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    tcp.write_all(answer.as_bytes()).await.unwrap();
}

struct LeadsTo(SocketAddr);

impl Network for LeadsTo {
    fn resolve<'a>(&'a self, _: &'a str) -> Networking<'a, Vec<IpAddr>> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14))]) })
    }

    fn dial(&self, _: SocketAddr) -> Networking<'_, TcpStream> {
        Box::pin(async move { TcpStream::connect(self.0).await.map_err(io::Error::other) })
    }
}

fn store(folder: &TempDir) -> Store {
    let key = TokenKey::parse(&"5a".repeat(32)).unwrap();
    Store::open(folder.path().join("tokens"), Some(key))
}

fn entry(store: &Store) -> TokenEntry {
    store.entry("shop", "api").unwrap()
}

fn kept(store: &Store) -> Option<String> {
    let record = entry(store).read().unwrap();
    record.map(|record| record.refresh_token.expose().to_owned())
}

/// A host as after a start, with nothing in its memory.
fn host(api: &Api, seed: &str, tokens: Option<Store>) -> Egress {
    let seed = match seed {
        "" => String::new(),
        seed => format!("refresh-token = '{seed}'"),
    };
    let text = format!(
        "[network]\nallow = ['http://api.example.com']\n[rate-limit]\nretries = 0\nfailures = 0\n[auth.api]\nurls = ['http://api.example.com/beers']\nkind = 'oauth2'\ngrant = 'refresh-token'\ntoken-url = 'http://api.example.com/token'\nauthorize-url = 'http://api.example.com/authorize'\nclient-id = 'weld'\n{seed}"
    );
    let config = ConnectorConfig::parse(&text, Path::new("shop.toml"), &Ceilings::default());
    let mut upstreams = Upstreams::new(Arc::new(LeadsTo(api.address)));
    if let Some(tokens) = tokens {
        upstreams = upstreams.with_tokens(tokens);
    }
    let file = "shop.toml".to_owned();
    Egress::new("shop", &config.unwrap(), file, &upstreams, None).unwrap()
}

async fn call(host: &Egress) -> Result<u16, EgressError> {
    let page = page(&Limits::default());
    let request = Request {
        method: "GET".to_owned(),
        url: "http://api.example.com/beers".to_owned(),
        headers: Vec::new(),
        body: RequestBody::Whole(Vec::new()),
        idempotent: None,
        credential: None,
        timeouts: Timeouts::default(),
    };
    Ok(host.fetch(request, &page).await?.status)
}

fn is_invalid_grant(outcome: &Result<u16, EgressError>) -> bool {
    matches!(outcome, Err(error) if crate::report::chain(error).contains("invalid_grant"))
}

#[tokio::test]
async fn a_replaced_token_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let api = Api::start("seed").await;
    let first = host(&api, "seed", Some(store.clone()));
    assert_eq!(call(&first).await.unwrap(), 200);
    assert_eq!(kept(&store).as_deref(), Some("refresh-token-1"));
    let second = host(&api, "seed", Some(store.clone()));
    assert_eq!(call(&second).await.unwrap(), 200);
    assert_eq!(api.state().renewals, 1, "its access token is still valid");
    api.revoke();
    assert_eq!(call(&second).await.unwrap(), 200);
    assert_eq!(kept(&store).as_deref(), Some("refresh-token-2"));
    assert_eq!(api.state().refusals, 0);
}

#[tokio::test]
async fn without_a_key_a_replaced_token_is_kept_in_memory_only() {
    let folder = tempfile::tempdir().unwrap();
    let keyless = Store::open(folder.path().join("tokens"), None);
    for tokens in [None, Some(keyless)] {
        let api = Api::start("seed").await;
        let first = host(&api, "seed", tokens.clone());
        for _ in 0..3 {
            assert_eq!(call(&first).await.unwrap(), 200);
            api.revoke();
        }
        let second = call(&host(&api, "seed", tokens)).await;
        assert!(is_invalid_grant(&second), "{second:?}");
        assert!(!folder.path().join("tokens").exists());
    }
}

#[tokio::test]
async fn a_changed_configured_token_takes_precedence_over_a_kept_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let api = Api::start("seed").await;
    assert_eq!(
        call(&host(&api, "seed", Some(store.clone())))
            .await
            .unwrap(),
        200
    );
    api.state().refresh = "another-seed".to_owned();
    api.revoke();
    let changed = host(&api, "another-seed", Some(store.clone()));
    assert_eq!(call(&changed).await.unwrap(), 200);
    assert_eq!(api.state().refusals, 0);
    assert_eq!(kept(&store).as_deref(), Some("refresh-token-2"));
}

#[tokio::test]
async fn a_token_of_a_login_needs_no_configured_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let api = Api::start("of-a-login").await;
    let host = host(&api, "", Some(store.clone()));
    let none = call(&host).await.expect_err("nobody has logged in");
    let message = crate::report::chain(&none);
    assert!(message.contains("weld-host auth login"), "{message}");
    write(&store, "of-a-login");
    let after = self::host(&api, "", Some(store.clone()));
    assert_eq!(call(&after).await.unwrap(), 200);
    assert_eq!(kept(&store).as_deref(), Some("refresh-token-1"));
}

fn write(store: &Store, refresh_token: &str) {
    let now = SystemTime::now();
    let record = TokenRecord {
        refresh_token: Secret::new(refresh_token),
        obtained: now,
        renewed: now,
        scopes: Vec::new(),
        access_token: None,
        variables: Vec::new(),
        refresh_expires: None,
        seed: None,
    };
    entry(store).lock().unwrap().write(&record).unwrap();
}

#[tokio::test]
async fn a_token_that_cannot_be_written_is_used_and_written_later() {
    // A file in its place prevents the folder, and therefore the lock; a folder in its place prevents a new file.
    for has_lock in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let api = Api::start("seed").await;
        let host = host(&api, "seed", Some(store.clone()));
        let new = entry(&store).path().with_extension("new");
        if has_lock {
            std::fs::create_dir_all(&new).unwrap();
        } else {
            std::fs::write(store.folder(), "in the way").unwrap();
        }
        for _ in 0..3 {
            assert_eq!(call(&host).await.unwrap(), 200, "{has_lock}");
            api.revoke();
        }
        if has_lock {
            std::fs::remove_dir(&new).unwrap();
        } else {
            std::fs::remove_file(store.folder()).unwrap();
        }
        assert_eq!(call(&host).await.unwrap(), 200, "{has_lock}");
        assert_eq!(kept(&store).as_deref(), Some("refresh-token-4"));
        assert_eq!(api.state().refusals, 0);
    }
}

#[tokio::test]
async fn a_kept_token_that_cannot_be_read_is_not_replaced_by_the_configured_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let api = Api::start("seed").await;
    write(&store, "kept");
    std::fs::write(entry(&store).path(), "damaged").unwrap();
    let error = call(&host(&api, "seed", Some(store))).await;
    let message = crate::report::chain(&error.expect_err("it can't be read"));
    assert!(message.contains("api.token is damaged"), "{message}");
    assert_eq!(api.state().refusals, 0);
    assert_eq!(api.state().renewals, 0);
}

#[tokio::test]
async fn a_refused_token_is_reread_before_it_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let api = Api::start("newer").await;
    write(&store, "older");
    let writing = store.clone();
    api.state().before_refusal = Some(Box::new(move || {
        // By somebody who doesn't see the lock.
        let elsewhere = tempfile::tempdir().unwrap();
        let place = self::store(&elsewhere);
        write(&place, "newer");
        std::fs::copy(entry(&place).path(), entry(&writing).path()).unwrap();
    }));
    let host = host(&api, "", Some(store.clone()));
    assert_eq!(call(&host).await.unwrap(), 200);
    assert_eq!(kept(&store).as_deref(), Some("refresh-token-1"));
}

#[tokio::test]
async fn a_refused_token_that_is_still_the_same_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let api = Api::start("newer").await;
    write(&store, "older");
    let outcome = call(&host(&api, "", Some(store.clone()))).await;
    assert!(is_invalid_grant(&outcome), "{outcome:?}");
    assert_eq!(api.state().refusals, 1);
    assert_eq!(kept(&store).as_deref(), Some("older"));
}

#[tokio::test]
async fn hosts_that_share_a_store_renew_in_turns() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let api = Api::start("seed").await;
    let hosts = [(); 3].map(|()| host(&api, "seed", Some(store.clone())));
    for round in 1..=20 {
        let [one, two, three] = &hosts;
        let calls = tokio::join!(call(one), call(two), call(three));
        // A call whose token another host has replaced meanwhile may be refused, but never its renewal.
        for outcome in [&calls.0, &calls.1, &calls.2] {
            assert!(outcome.is_ok(), "round {round}: {outcome:?}");
        }
        assert_eq!(api.state().refusals, 0, "round {round}");
        api.revoke();
    }
    let current = api.state().refresh.clone();
    assert_eq!(kept(&store), Some(current));
}
