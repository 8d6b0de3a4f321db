//! Where the proxies come from: flags, variables of this program and of all programs, and `weld-host.toml`.

use super::proxy::Proxy;
use super::{assert_hidden, connectors, fetched};
use crate::operating::Place;
use serde_json::Value;
use weld_host_tests::host::HostBuilder;
use weld_host_tests::upstream::Upstream;

/// The settings that `config` prints with these variables.
fn printed(place: &Place, arguments: &[&str], variables: &[(&str, &str)]) -> Value {
    let ended = place.run(&[&["config", "--json"], arguments].concat(), variables);
    assert!(ended.status.success(), "{ended:?}");
    let text = ended.stdout.join("\n");
    assert_hidden(&text);
    serde_json::from_str::<Value>(&text).unwrap()["settings"].clone()
}

#[test]
fn each_place_of_a_proxy_counts() {
    let api = Upstream::answering("[]");
    let proxy = Proxy::to(api.address());
    let file = |text: &str| connectors("").file("weld-host.toml", text);
    let url = proxy.url_with_password();
    let cases: Vec<(&str, HostBuilder)> = vec![
        ("flag", connectors("").flag("--http-proxy", &url)),
        (
            "own variable",
            connectors("").variable("WELD_HTTP_PROXY", &url),
        ),
        ("upper case", connectors("").variable("HTTP_PROXY", &url)),
        ("lower case", connectors("").variable("http_proxy", &url)),
        (
            "without a scheme",
            connectors("").variable("http_proxy", url.trim_start_matches("http://")),
        ),
        ("key of the file", file(&format!("http-proxy = \"{url}\""))),
        (
            "section of the file",
            file(&format!("[proxy]\nhttp = \"{url}\"")),
        ),
        (
            "secret of the file",
            file("[proxy]\nhttp = { env = \"COMPANY_PROXY\" }").variable("COMPANY_PROXY", &url),
        ),
    ];
    for (number, (what, builder)) in cases.into_iter().enumerate() {
        let host = builder.start();
        let row = fetched(&host, "fetch", "http://192.0.2.7/beers");
        assert_eq!(row["status"], 200, "{what}: {row}");
        assert_eq!(proxy.lines().len(), number + 1, "{what}");
        let line = host.log().wait_for_text("go through a proxy");
        assert!(line.contains(&proxy.url()), "{what}: {line}");
        assert_hidden(&host.log().so_far().join("\n"));
        assert_hidden(&host.stdout().so_far().join("\n"));
    }
}

#[test]
fn printed_settings_name_the_place_and_hide_the_password() {
    let place = Place::with(
        "[proxy]\nhttps = \"http://weld:hunter2@secure:1\"\nno-proxy = [\"a.example.com\", \"10.0.0.0/8\"]\n\
         proxy-resolves = true",
    );
    let variables = [
        ("HTTP_PROXY", "http://weld:hunter2@plain:2"),
        ("HTTPS_PROXY", "http://other:3"),
        ("NO_PROXY", "b.example.com"),
    ];
    let settings = printed(&place, &[], &variables);
    for (key, value, origin) in [
        ("https-proxy", "http://[secret]@secure:1", "file"),
        ("http-proxy", "http://[secret]@plain:2", "variable"),
        ("no-proxy", "a.example.com,10.0.0.0/8", "file"),
        ("proxy-resolves", "true", "file"),
    ] {
        let setting = &settings[key];
        assert_eq!(setting["value"], value, "{key}: {settings}");
        assert_eq!(setting["origin"]["from"], origin, "{key}: {settings}");
    }
    assert_eq!(settings["http-proxy"]["origin"]["name"], "HTTP_PROXY");
    // An empty value turns a proxy off that a variable of all programs names.
    let off = printed(&place, &["--http-proxy", ""], &variables);
    assert_eq!(off["http-proxy"]["value"], Value::Null, "{off}");
    let unset = printed(&Place::with(""), &[], &[("NO_PROXY", "<local>")]);
    for key in ["https-proxy", "http-proxy", "no-proxy"] {
        assert_eq!(unset[key]["value"], Value::Null, "{unset}");
        assert_eq!(unset[key]["origin"]["from"], "default", "{unset}");
    }
}

#[test]
fn wrong_value_is_refused_with_its_place_and_not_quoted() {
    const SOCKS: &str = "socks5://weld:hunter2@proxy:1080";
    let line = format!("\n[proxy]\nhttps = \"{SOCKS}\"");
    for (toml, arguments, variables, parts) in [
        (
            "",
            &["--http-proxy", SOCKS][..],
            &[][..],
            &["--http-proxy", "SOCKS"][..],
        ),
        (
            "",
            &[],
            &[("WELD_HTTPS_PROXY", SOCKS)],
            &["--https-proxy", "SOCKS"],
        ),
        (
            "",
            &[],
            &[("https_proxy", SOCKS)],
            &["https_proxy", "SOCKS", "WELD_HTTPS_PROXY"],
        ),
        (
            "",
            &[],
            &[("HTTP_PROXY", "http://weld:hunter2@proxy:3128/path")],
            &["HTTP_PROXY", "no path"],
        ),
        (
            line.as_str(),
            &[],
            &[],
            &["weld-host.toml", "3", "proxy.https", "SOCKS"],
        ),
        (
            "[proxy]\nno-proxy = [\"http://example.com\"]",
            &[],
            &[],
            &["weld-host.toml", "proxy.no-proxy", "`http://example.com`"],
        ),
        (
            "",
            &[],
            &[("HTTP_PROXY", "http://proxy:1"), ("NO_PROXY", "127.*")],
            &["NO_PROXY", "`127.*`"],
        ),
        (
            "https-proxy = \"http://a:1\"\n[proxy]\nhttps = \"http://b:1\"",
            &[],
            &[],
            &["`https-proxy` is also set on line 1"],
        ),
    ] {
        let place = Place::with(toml);
        for command in ["serve", "config"] {
            let ended = place.run(&[&[command], arguments].concat(), variables);
            let said = ended.stderr.join("\n");
            assert!(matches!(ended.status.code(), Some(1 | 2)), "{said}");
            for part in parts {
                assert!(said.contains(part), "{part}: {said}");
            }
            assert_hidden(&said);
        }
    }
}

#[test]
fn help_shows_no_password_of_the_environment() {
    let place = Place::with("");
    let variables = [("WELD_HTTPS_PROXY", "http://weld:hunter2@proxy:1")];
    for arguments in [&["serve", "--help"][..], &["config", "--help"]] {
        let ended = place.run(arguments, &variables);
        let text = ended.stdout.join("\n");
        assert!(text.contains("WELD_HTTPS_PROXY"), "{text}");
        assert_hidden(&text);
    }
}

#[test]
fn policy_for_networks_is_called_incomplete_where_the_proxy_resolves() {
    let host = connectors("")
        .file("weld-host.toml", "[policy]\nnetworks = [\"192.0.2.0/24\"]")
        .flag("--http-proxy", "http://proxy:1")
        .switch("--proxy-resolves")
        .start();
    let line = host
        .log()
        .wait_for_text("the policy for networks applies only");
    assert!(line.contains("policy.networks"), "{line}");
}
