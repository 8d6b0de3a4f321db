//! The store on real files, and with real processes that are killed or compete.

mod faults;
mod kept;
mod killed;
mod ownership;
mod processes;
mod rotation;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::{Store, TokenEntry, TokenKey, TokenRecord};
use crate::config::Secret;

/// The folder of a child process's store; without it, a test for child processes does nothing.
const FOLDER: &str = "WELD_TEST_TOKENS";
const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn key() -> TokenKey {
    TokenKey::parse(KEY).expect("it has 32 bytes")
}

fn entry(folder: &Path) -> TokenEntry {
    let store = Store::open(folder.join("tokens"), Some(key()));
    store.entry("beers", "api").expect("plain names")
}

fn record(refresh_token: &str) -> TokenRecord {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    TokenRecord {
        refresh_token: Secret::new(refresh_token),
        obtained: now,
        renewed: now,
        scopes: Vec::new(),
        access_token: None,
        variables: Vec::new(),
        refresh_expires: None,
        seed: None,
    }
}

fn token(entry: &TokenEntry) -> Option<String> {
    let record = entry.read().expect("it can be read");
    record.map(|record| record.refresh_token.expose().to_owned())
}

/// This test program, run again for one test that is otherwise ignored.
fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FOLDER, folder);
    command
}
