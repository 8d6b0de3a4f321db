//! Two processes that renew one credential.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{FOLDER, child, entry, record, token};

const API: &str = "WELD_TEST_API";
const CHILD: &str = "tokens::tests::processes::renewals_of_one_process";
const RENEWALS: usize = 200;

/// An API whose refresh tokens are valid for one renewal. It answers each line, which is a refresh token, with the next
/// token or with `invalid`.
struct Api {
    address: SocketAddr,
    state: Arc<Mutex<ApiState>>,
}

#[derive(Default)]
struct ApiState {
    renewals: usize,
    invalid: usize,
}

fn name(renewals: usize) -> String {
    format!("token-{renewals}")
}

impl Api {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<ApiState>>::default();
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                thread::spawn(move || answer(&stream, &state));
            }
        });
        Self { address, state }
    }
}

fn answer(stream: &TcpStream, state: &Mutex<ApiState>) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let mut state = state.lock().unwrap();
        let next = if line == name(state.renewals) {
            state.renewals += 1;
            name(state.renewals)
        } else {
            state.invalid += 1;
            "invalid".to_owned()
        };
        drop(state);
        send(stream, &next);
    }
}

/// Writes at once, so that the system doesn't wait for more of the line.
fn send(mut stream: &TcpStream, line: &str) {
    stream.write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[test]
#[ignore = "run by the other test here, in two processes"]
fn renewals_of_one_process() {
    let (Ok(folder), Ok(api)) = (std::env::var(FOLDER), std::env::var(API)) else {
        return;
    };
    let stream = TcpStream::connect(api).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    let entry = entry(folder.as_ref());
    for _ in 0..RENEWALS {
        let locked = entry.lock().unwrap();
        let kept = locked.read().unwrap().expect("there is always a token");
        send(&stream, kept.refresh_token.expose());
        let next = answers.next().expect("an answer").unwrap();
        locked.write(&record(&next)).unwrap();
    }
}

#[test]
fn two_processes_that_take_turns_renewing_lose_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let entry = entry(folder.path());
    entry.lock().unwrap().write(&record(&name(0))).unwrap();
    let api = Api::start();
    let children: Vec<_> = (0..2)
        .map(|_| {
            let mut command = child(CHILD, folder.path());
            command.env(API, api.address.to_string());
            thread::spawn(move || command.output().expect("it can be started"))
        })
        .collect();
    for child in children {
        let ended = child.join().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
    let state = api.state.lock().unwrap();
    assert_eq!(
        (state.renewals, state.invalid),
        (2 * RENEWALS, 0),
        "renewals and refusals"
    );
    assert_eq!(token(&entry), Some(name(2 * RENEWALS)));
}
