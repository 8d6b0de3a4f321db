//! Folders that Kubernetes mounts from ConfigMaps and Secrets, and replaces as a whole while the host serves.

use crate::operating::{AUTHORITY, GOOD, KEY, Load, TlsConnection};
use crate::{assert_error, guests, host};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::HostBuilder;
use weld_host_tests::until;
use weld_host_tests::weld::Weld;

/// The name of the link to the present folder of a [`Mount`].
const DATA: &str = "..data";

/// A folder as the kubelet lays it out: each file is a link into `..data`, which is a link to a folder with the time of the
/// last change in its name. A change makes a new folder, replaces `..data` by renaming, and removes the old folder.
struct Mount {
    folder: TempDir,
    changes: u32,
}

impl Mount {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let mut mount = Self {
            folder: tempfile::tempdir().unwrap(),
            changes: 0,
        };
        mount.replace(files);
        mount
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn at(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    /// Replaces all files by these, in the kubelet's order.
    fn replace(&mut self, files: &[(&str, &[u8])]) {
        let data = self.path().join(DATA);
        let old = fs::read_link(&data).ok();
        self.changes += 1;
        let new = PathBuf::from(format!("..2026_11_30_20_00_00.{:09}", self.changes));
        fs::create_dir(self.path().join(&new)).unwrap();
        for (name, content) in files {
            fs::write(self.path().join(&new).join(name), content).unwrap();
        }
        let aside = self.path().join("..data_tmp");
        symlink(&new, &aside).unwrap();
        fs::rename(&aside, &data).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        for name in &names {
            let link = self.path().join(name);
            if link.symlink_metadata().is_err() {
                symlink(Path::new(DATA).join(name), link).unwrap();
            }
        }
        for entry in fs::read_dir(self.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !name.starts_with("..") && !names.contains(&name.as_str()) {
                fs::remove_file(self.path().join(name)).unwrap();
            }
        }
        if let Some(old) = old {
            fs::remove_dir_all(self.path().join(old)).unwrap();
        }
    }
}

fn component(path: &str) -> Vec<u8> {
    fs::read(path).unwrap()
}

/// A `NAME.toml` whose variable is in a file of a mounted Secret.
fn config(secrets: &Mount, more: &str) -> String {
    format!(
        "[env]\nWORDS = {{ file = {:?}, secret = false }}\n{more}",
        secrets.at("words")
    )
}

/// A host whose plugins folder is this one. It looks at its files often, as it would without notifications.
fn serving(plugins: &Mount) -> HostBuilder {
    host()
        .flag("--plugins", &plugins.path().display().to_string())
        .flag("--reload", "100ms")
}

/// A variable of a connector that is [`guests::ECHOES_STATE`]; empty if it has none.
fn variable(guest: &Weld, name: &str) -> String {
    let row = guest.good_row("rows", &json!({}));
    row["environment"][name]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn no_request_fails_while_connectors_secrets_and_keys_are_replaced() {
    let (first, second) = (
        component(guests::ECHOES_STATE),
        component(guests::ANSWERS_ITS_WORDS),
    );
    let mut secrets = Mount::new(&[("words", b"one")]);
    let plain = config(&secrets, "");
    let with_more = config(&secrets, "MORE = \"two\"\n");
    let mut plugins = Mount::new(&[("guest.wasm", &first), ("guest.toml", plain.as_bytes())]);
    let mut keys = Mount::new(&[("api-key", b"old\n")]);
    // As in deploy/kubernetes/base: files of the Secret, and no others.
    let policy = format!("[policy.secret-files]\n\"*\" = [{:?}]\n", secrets.path());
    let settings = Mount::new(&[("weld-host.toml", policy.as_bytes())]);
    let host = serving(&plugins)
        .flag("--config", &settings.at("weld-host.toml"))
        .flag("--api-key-file", &keys.at("api-key"))
        .start();
    let old = host.weld("guest").with_key("old");
    let load = Load::begin_with_key(host.address(), Connection::open, "old");
    load.go_on();

    // A value that NAME.toml names.
    secrets.replace(&[("words", b"two")]);
    until("the new value counts", || variable(&old, "WORDS") == "two");
    load.go_on();

    // NAME.toml.
    plugins.replace(&[("guest.wasm", &first), ("guest.toml", with_more.as_bytes())]);
    until("the new configuration counts", || {
        variable(&old, "MORE") == "two"
    });
    load.go_on();

    // NAME.wasm.
    plugins.replace(&[("guest.wasm", &second), ("guest.toml", plain.as_bytes())]);
    until("the new component serves", || {
        old.good_row("rows", &json!({}))["words"] == "two"
    });
    load.go_on();

    // The keys of clients: first both, so that none of the clients is refused, then the new one alone.
    keys.replace(&[("api-key", b"new\nold\n")]);
    let status = |key: &str| host.weld("guest").with_key(key).schema().status();
    until("the new key is accepted", || status("new") == 200);
    load.go_on();
    load.end();
    keys.replace(&[("api-key", b"new\n")]);
    until("the old key is refused", || status("old") == 401);
    assert_eq!(status("new"), 200);
}

#[test]
fn no_request_fails_while_a_mounted_certificate_is_renewed() {
    let plugins = Mount::new(&[("guest.wasm", &component(guests::ECHOES_STATE))]);
    let mut tls = Mount::new(&[("tls.crt", GOOD.as_bytes()), ("tls.key", KEY.as_bytes())]);
    let host = serving(&plugins)
        .flag("--tls-cert", &tls.at("tls.crt"))
        .flag("--tls-key", &tls.at("tls.key"))
        .start();
    let shown = || {
        let connection = TlsConnection::open(host.address()).unwrap();
        connection.chain_length()
    };
    let load = Load::begin(host.address(), TlsConnection::open);
    load.go_on();
    let chain = format!("{GOOD}{AUTHORITY}");
    for (pem, certificates) in [(chain.as_str(), 2), (GOOD, 1)] {
        tls.replace(&[("tls.crt", pem.as_bytes()), ("tls.key", KEY.as_bytes())]);
        until("the new certificate is shown", || shown() == certificates);
        load.go_on();
    }
    load.end();
}

#[test]
fn connectors_are_added_and_removed_with_their_keys_of_a_config_map() {
    let guest = component(guests::ECHOES_STATE);
    let mut plugins = Mount::new(&[("guest.wasm", &guest)]);
    let host = serving(&plugins).start();
    assert_eq!(host.weld("guest").schema().status(), 200);
    plugins.replace(&[("guest.wasm", &guest), ("other.wasm", &guest)]);
    until("the new connector serves", || {
        host.weld("other").schema().status() == 200
    });
    plugins.replace(&[("other.wasm", &guest)]);
    until("the old connector is gone", || {
        host.weld("guest").schema().status() == 404
    });
    assert_error(&host.weld("guest").schema(), 404, "unknown_connector");
    assert_eq!(host.weld("other").schema().status(), 200);
}

#[test]
fn mistake_in_a_config_map_leaves_the_previous_version_serving_until_it_is_corrected() {
    let guest = component(guests::ECHOES_STATE);
    let good = |value: &str| format!("[env]\nVALUE = {value:?}\n");
    let first = good("first");
    let mut plugins = Mount::new(&[("guest.wasm", &guest), ("guest.toml", first.as_bytes())]);
    let host = serving(&plugins).start();
    assert_eq!(variable(&host.weld("guest"), "VALUE"), "first");
    plugins.replace(&[
        ("guest.wasm", &guest),
        ("guest.toml", b"[env]\nVALUE = 1\n"),
    ]);
    host.log().wait_for_text("guest.toml:2");
    assert_eq!(variable(&host.weld("guest"), "VALUE"), "first");
    let second = good("second");
    plugins.replace(&[("guest.wasm", &guest), ("guest.toml", second.as_bytes())]);
    until("the correction counts", || {
        variable(&host.weld("guest"), "VALUE") == "second"
    });
}

#[test]
fn last_of_many_quick_changes_counts() {
    let guest = component(guests::ECHOES_STATE);
    let mut plugins = Mount::new(&[("guest.wasm", &guest)]);
    let host = serving(&plugins).start();
    for number in 0..=50 {
        let toml = format!("[env]\nNUMBER = \"{number}\"\n");
        plugins.replace(&[("guest.wasm", &guest), ("guest.toml", toml.as_bytes())]);
    }
    until("the last change counts", || {
        variable(&host.weld("guest"), "NUMBER") == "50"
    });
}

/// As in an image that has the components, and links to the configurations in a mounted ConfigMap.
#[test]
fn configuration_behind_a_link_to_another_mount_is_followed() {
    let guest = component(guests::ECHOES_STATE);
    let mut configs = Mount::new(&[("guest.toml", b"[env]\nVALUE = \"first\"\n")]);
    let image = tempfile::tempdir().unwrap();
    fs::write(image.path().join("guest.wasm"), guest).unwrap();
    symlink(configs.at("guest.toml"), image.path().join("guest.toml")).unwrap();
    let host = host()
        .flag("--plugins", &image.path().display().to_string())
        .flag("--reload", "100ms")
        .start();
    assert_eq!(variable(&host.weld("guest"), "VALUE"), "first");
    configs.replace(&[("guest.toml", b"[env]\nVALUE = \"second\"\n")]);
    until("the new configuration counts", || {
        variable(&host.weld("guest"), "VALUE") == "second"
    });
}

/// With the interval's default, a change takes effect by the system's notification: the interval would take longer than the
/// test waits.
#[test]
fn replaced_folder_is_noticed_without_the_interval() {
    let guest = component(guests::ECHOES_STATE);
    let mut plugins = Mount::new(&[("guest.wasm", &guest)]);
    let host = serving(&plugins).flag("--reload", "1h").start();
    assert_eq!(variable(&host.weld("guest"), "VALUE"), "");
    plugins.replace(&[
        ("guest.wasm", &guest),
        ("guest.toml", b"[env]\nVALUE = \"first\"\n"),
    ]);
    until("the new configuration counts", || {
        variable(&host.weld("guest"), "VALUE") == "first"
    });
}

/// The folder of an `emptyDir` may be written by everyone, so the host trusts no code in it, but in a folder that it makes there.
#[test]
fn cache_is_in_a_folder_of_a_volume_and_not_the_volume_itself() {
    let volume = tempfile::tempdir().unwrap();
    fs::set_permissions(volume.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let plugins = Mount::new(&[("guest.wasm", &component(guests::ECHOES_STATE))]);
    let with_cache = |folder: &Path| {
        let host = serving(&plugins).flag("--cache", &folder.display().to_string());
        let host = host.start();
        assert_eq!(host.weld("guest").schema().status(), 200);
        host.log().so_far().join("\n")
    };
    let log = with_cache(&volume.path().join("weld-host"));
    assert!(!log.contains("others may write"), "{log}");
    let compiled = fs::read_dir(volume.path().join("weld-host")).unwrap();
    assert!(compiled.count() > 0);
    let log = with_cache(volume.path());
    assert!(log.contains("others may write"), "{log}");
}
