//! `auth` commands that a signal ends: one line of text, and no token is changed.

use super::{KEY, Place, TOKENS, server};
use rustix::process::Signal;
use std::fs;
use weld_host_tests::process::Process;
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

fn assert_stopped(process: Process) {
    let ended = process.wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let last = ended.stderr.last().map(String::as_str);
    assert_eq!(last, Some("weld-host: stopped by a signal"), "{ended:?}");
    assert!(!ended.stdout.join("\n").contains("stored"), "{ended:?}");
}

#[test]
fn login_that_waits_for_the_person_ends() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (login, _) = place.login(&[]);
        login.signal(signal);
        assert_stopped(login);
    }
    assert_eq!(place.status(Some(KEY))["token"], "none");
    assert!(server.received().is_empty());
    // Nothing is locked: the next login succeeds.
    assert_eq!(place.permitted_login().wait().status.code(), Some(0));
}

#[test]
fn login_whose_token_does_not_come_ends() {
    let server = Upstream::start(|_, exchange| exchange.wait_for_close());
    let place = Place::new(&server);
    let login = place.permitted_login();
    until("the token is requested", || !server.received().is_empty());
    login.signal(Signal::INT);
    assert_stopped(login);
    assert_eq!(place.status(Some(KEY))["token"], "none");
}

#[test]
fn trial_whose_api_does_not_answer_ends() {
    let server = Upstream::start(|_, exchange| exchange.wait_for_close());
    let place = Place::new(&server);
    let url = server.url("/plain");
    let arguments = ["test", "shop", &url, "--credential", "plain"];
    let origin = server.origin();
    let path = place.folder.path().join("plugins/shop.toml");
    let config = fs::read_to_string(&path).unwrap();
    let networks =
        format!("[network]\nallow = [\"{origin}\"]\nallow-networks = [\"127.0.0.0/8\"]\n");
    let config = config.replace(&format!("[network]\nallow = [\"{origin}\"]\n"), &networks);
    fs::write(&path, config).unwrap();
    let trial = Process::start(&mut place.command(&arguments, Some(KEY)));
    until("the API is asked", || !server.received().is_empty());
    trial.signal(Signal::INT);
    assert_stopped(trial);
}
