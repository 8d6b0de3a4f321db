//! The manifests in `deploy/kubernetes` and `deploy/knative` fit the program. `deploy/check_manifests` checks them as Kubernetes
//! does; these tests need no tools.

use crate::{PROGRAM, guests, host};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use weld_host::config::ServerConfig;

/// For the last lines of the log.
const LOG: Duration = Duration::from_secs(3);

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn file(path: &str) -> String {
    fs::read_to_string(repository().join(path)).expect(path)
}

/// The YAML files below these folders, with their contents.
fn manifests() -> Vec<(PathBuf, String)> {
    let mut folders = ["deploy/kubernetes", "deploy/knative"]
        .map(|name| repository().join(name))
        .to_vec();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "yaml") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 8, "{found:?}");
    found
}

/// The values of a key, wherever it stands.
fn values<'m>(manifest: &'m str, key: &str) -> Vec<&'m str> {
    let lines = manifest
        .lines()
        .map(|line| line.trim().trim_start_matches("- "));
    let values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    values.map(|value| value.trim().trim_matches('"')).collect()
}

fn value<'m>(manifest: &'m str, key: &str) -> &'m str {
    let values = values(manifest, key);
    assert_eq!(values.len(), 1, "{key}: {values:?}");
    values[0]
}

fn seconds(manifest: &str, key: &str) -> Duration {
    Duration::from_secs(value(manifest, key).parse().expect(key))
}

fn output(words: &[&str]) -> String {
    let output = Command::new(PROGRAM)
        .args(words)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn variables_of_manifests_are_settings_of_the_program() {
    let help = output(&["serve", "--help"]);
    let mut count = 0;
    for (path, manifest) in manifests() {
        for name in values(&manifest, "name") {
            if name.starts_with("WELD_") {
                let shown = format!("[env: {name}=");
                assert!(help.contains(&shown), "{}: {name}", path.display());
                count += 1;
            }
        }
    }
    assert!(count > 8, "only {count} variables");
}

#[test]
fn probes_of_manifests_are_answered() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    assert_eq!(host.weld("guest").schema().status(), 200);
    let mut count = 0;
    for (path, manifest) in manifests() {
        for probe in manifest.split("httpGet:").skip(1) {
            let target = values(probe, "path")[0];
            let answer = host.request("GET", target).send();
            assert_eq!(answer.status(), 200, "{}: {target}", path.display());
            count += 1;
        }
    }
    assert_eq!(count, 4);
}

#[test]
fn settings_of_the_base_are_valid_and_its_ports_those_of_the_container() {
    let settings = file("deploy/kubernetes/base/weld-host.toml");
    let root = tempfile::tempdir().unwrap();
    let keys = root.path().join("etc/weld-host/keys");
    fs::create_dir_all(&keys).unwrap();
    for key in ["api-key", "admin-key"] {
        fs::write(keys.join(key), "secret\n").unwrap();
    }
    fs::create_dir(root.path().join("plugins")).unwrap();
    let path = root.path().join("weld-host.toml");
    let inside = format!("\"{}/", root.path().display());
    fs::write(&path, settings.replace("\"/", &inside)).unwrap();
    let path = path.display().to_string();
    let checked = output(&["config", "check", "--config", &path]);
    assert!(checked.contains("is valid"), "{checked}");
    let deployment = file("deploy/kubernetes/base/deployment.yaml");
    for port in values(&deployment, "containerPort") {
        let address = format!("= \"0.0.0.0:{port}\"\n");
        assert!(settings.contains(&address), "{port}");
    }
}

#[test]
fn pods_may_stop_for_longer_than_the_grace() {
    let config = ServerConfig::default();
    let deployment = file("deploy/kubernetes/base/deployment.yaml");
    let pod = seconds(&deployment, "terminationGracePeriodSeconds");
    let pre_stop = seconds(&deployment, "seconds");
    assert!(pod > pre_stop + config.grace + LOG);
    // Knative passes this on as the grace period of its pods.
    let service = file("deploy/knative/service.yaml");
    assert!(seconds(&service, "timeoutSeconds") > config.grace + LOG);
}

#[test]
fn image_of_the_base_has_the_version_of_the_program() {
    let base = file("deploy/kubernetes/base/kustomization.yaml");
    let version = output(&["--version"]);
    assert_eq!(
        version.trim(),
        format!("weld-host {}", value(&base, "newTag"))
    );
}

#[test]
fn autoscaler_uses_a_metric_of_the_host() {
    let metrics = file("docs/operating/metrics.md");
    let folder = "deploy/kubernetes/overlays/queue-hpa";
    let overlay = file(&format!("{folder}/kustomization.yaml"));
    let metric = values(&overlay, "name")
        .into_iter()
        .find(|name| name.starts_with("weld_host_"))
        .expect("a metric");
    assert!(
        metrics.contains(&format!("| `{metric}` | gauge |")),
        "{metric}"
    );
    let adapter = file(&format!("{folder}/adapter.yaml"));
    assert!(adapter.contains(&format!("seriesQuery: {metric}{{")));
}
