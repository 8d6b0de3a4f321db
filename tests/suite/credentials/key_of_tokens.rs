//! The key of the stored tokens, replaced while a host runs; and the tokens, put back from a backup.

use super::kept_tokens::{api, called, start_with};
use crate::PROGRAM;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};

const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A folder with the tokens and their key.
struct TokenPlace {
    folder: TempDir,
}

impl TokenPlace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key"), format!("{KEY}\n")).unwrap();
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `auth key --rotate` with these variables.
    fn rotate(&self, variables: &[(&str, &str)]) -> Ended {
        let mut command = Command::new(PROGRAM);
        command
            .args(["auth", "key", "--rotate", "--tokens"])
            .arg(self.at("tokens"))
            .env_clear()
            .envs(variables.iter().copied())
            .current_dir(self.folder.path());
        Process::start(&mut command).wait()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.at(name)).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// Copies a folder as the manual says.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

#[test]
fn running_host_renews_tokens_before_and_after_their_key_is_replaced() {
    let place = TokenPlace::new();
    let (tokens, key) = (place.at("tokens"), place.at("key"));
    let api = api();
    let host = start_with(&api, &tokens, Some(&key));
    assert_eq!(called(&host, &api)["status"], 200);
    for _ in 0..2 {
        let before = place.lines("key");
        let ended = place.rotate(&[("WELD_TOKEN_KEY_FILE", "key")]);
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let told = ended.stdout.join("\n");
        assert!(
            told.contains("1 token is encrypted with the new key."),
            "{told}"
        );
        assert!(told.contains("key.old: remove it once no host"), "{told}");
        let after = place.lines("key");
        assert!(after.len() == 1 && after != before, "{after:?}");
        assert!(!format!("{ended:?}").contains(&after[0]), "{ended:?}");
        assert_eq!(place.lines("key.old")[0], before[0]);
        // The API accepts each token once, so this renews it and stores the next one.
        for _ in 0..2 {
            let row = called(&host, &api);
            assert_eq!(row["status"], 200, "{row}");
        }
    }
    drop(host);
    let host = start_with(&api, &tokens, Some(&key));
    assert_eq!(called(&host, &api)["status"], 200);
}

#[test]
fn several_keys_in_the_variable_end_with_the_first_one() {
    let place = TokenPlace::new();
    let api = api();
    let host = start_with(&api, &place.at("tokens"), Some(&place.at("key")));
    assert_eq!(called(&host, &api)["status"], 200);
    drop(host);
    let one = place.rotate(&[("WELD_TOKEN_KEY", KEY)]);
    assert_eq!(one.status.code(), Some(1), "{one:?}");
    let told = one.stderr.join("\n");
    assert!(
        told.contains("WELD_TOKEN_KEY can't be changed from here"),
        "{told}"
    );
    let new = "ab".repeat(32);
    let both = place.rotate(&[("WELD_TOKEN_KEY", &format!("{new} {KEY}"))]);
    assert_eq!(both.status.code(), Some(0), "{both:?}");
    let told = both.stdout.join("\n");
    assert!(
        told.contains("1 token is encrypted") && told.contains("Remove the previous keys"),
        "{told}"
    );
    fs::write(place.at("key"), &new).unwrap();
    let host = start_with(&api, &place.at("tokens"), Some(&place.at("key")));
    assert_eq!(called(&host, &api)["status"], 200);
}

#[test]
fn rotation_names_the_tokens_that_it_leaves_and_keeps_the_key() {
    let place = TokenPlace::new();
    fs::create_dir_all(place.at("tokens/shop")).unwrap();
    fs::write(place.at("tokens/shop/api.token"), "damaged").unwrap();
    let ended = place.rotate(&[("WELD_TOKEN_KEY_FILE", "key")]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let told = ended.stderr.join("\n");
    assert!(
        told.contains("1 token can't be encrypted with the new key"),
        "{told}"
    );
    assert!(told.contains("shop/api.token is damaged"), "{told}");
    assert_eq!(place.lines("key")[1], KEY);
    let without = place.rotate(&[]);
    assert!(
        without
            .stderr
            .join("\n")
            .contains("the token store has no key"),
        "{without:?}"
    );
    fs::write(place.at("key"), format!("{KEY}\nhunter2\n")).unwrap();
    let broken = place.rotate(&[("WELD_TOKEN_KEY_FILE", "key")]);
    assert!(
        broken
            .stderr
            .join("\n")
            .contains("key:2: this line is not a key"),
        "{broken:?}"
    );
}

#[test]
fn tokens_are_put_back_from_a_copy_made_while_the_host_ran() {
    let place = TokenPlace::new();
    let (tokens, key, copied) = (place.at("tokens"), place.at("key"), place.at("copy"));
    let api = api();
    let host = start_with(&api, &tokens, Some(&key));
    assert_eq!(called(&host, &api)["status"], 200);
    copy(&tokens, &copied);
    drop(host);
    fs::remove_dir_all(&tokens).unwrap();
    // Without them, the host only has the configured token, which the API no longer accepts.
    let host = start_with(&api, &tokens, Some(&key));
    assert_eq!(called(&host, &api)["error"], "credentials");
    drop(host);
    fs::remove_dir_all(&tokens).unwrap();
    copy(&copied, &tokens);
    let host = start_with(&api, &tokens, Some(&key));
    assert_eq!(called(&host, &api)["status"], 200);
    drop(host);
    // A copy from before the last renewal has a token that the API no longer accepts; a login is needed.
    fs::remove_dir_all(&tokens).unwrap();
    copy(&copied, &tokens);
    let host = start_with(&api, &tokens, Some(&key));
    let row = called(&host, &api);
    assert_eq!(row["error"], "credentials", "{row}");
    assert!(
        row["detail"].as_str().unwrap().contains("invalid_grant"),
        "{row}"
    );
}
