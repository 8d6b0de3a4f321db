//! The configurations of nginx and Caddy: the manual shows what the files have, and their numbers fit the host's.

use super::{page, repository};
use std::fs;
use std::time::Duration;
use weld_host::config::{Limits, ServerConfig};

const PAGE: &str = "docs/operating/proxies-in-front.md";

/// How long the host keeps a connection without a request: `HEADERS_TIMEOUT` of its public listener.
const KEPT: Duration = Duration::from_secs(10);

/// The files, and whether the page shows all of it or only some of its lines.
const FILES: [(&str, bool); 5] = [
    ("nginx/weld-host.conf", true),
    ("nginx/below-a-path.conf", false),
    ("nginx/several-hosts.conf", false),
    ("caddy/Caddyfile", true),
    ("caddy/several-hosts.Caddyfile", true),
];

fn file(name: &str) -> String {
    fs::read_to_string(repository().join("deploy").join(name)).expect(name)
}

/// The blocks of code of these languages.
fn blocks(page: &str) -> Vec<&str> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    let fenced = fenced.filter_map(|block| block.split_once('\n'));
    let blocks = fenced.filter(|(language, _)| ["nginx", "caddyfile"].contains(language));
    blocks.map(|(_, block)| block).collect()
}

#[test]
fn configurations_of_the_manual_are_the_tested_ones() {
    let page = page(PAGE);
    let blocks = blocks(&page);
    assert_eq!(blocks.len(), 8);
    for block in &blocks {
        let has_it = |name: &str| file(name).contains(block);
        assert!(FILES.iter().any(|(name, _)| has_it(name)), "{block}");
    }
    for (name, is_whole) in FILES {
        assert!(page.contains(&format!("deploy/{name}")), "{name}");
        let text = file(name);
        let code: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let shown = blocks.contains(&code.join("\n").trim());
        assert_eq!(shown, is_whole, "{name}");
    }
}

/// The seconds of each line with this setting, such as `keepalive 4s`.
fn times(text: &str, setting: &str) -> Vec<Duration> {
    let lines = text.lines().map(str::trim);
    let values = lines.filter_map(|line| line.strip_prefix(setting)?.strip_prefix(' '));
    let seconds = values.map(|value| value.trim_end_matches(['s', ';']).parse().expect(value));
    seconds.map(Duration::from_secs).collect()
}

#[test]
fn numbers_of_the_configurations_fit_the_hosts() {
    let server = ServerConfig::default();
    let answer_within = Limits::default().answer_within.expect("it is not off");
    for (name, _) in FILES {
        let (text, is_nginx) = (file(name), name.starts_with("nginx"));
        let kept = times(
            &text,
            if is_nginx {
                "keepalive_timeout"
            } else {
                "keepalive"
            },
        );
        assert_eq!(kept.len(), 1, "{name}");
        assert!(kept[0] < KEPT && kept[0] < server.drain, "{name}");
        let probes = [
            times(&text, "health_interval"),
            times(&text, "health_timeout"),
        ]
        .concat();
        assert!(probes.iter().sum::<Duration>() < server.drain, "{name}");
        if is_nginx {
            let waits = times(&text, "proxy_read_timeout");
            assert!(waits.len() == 1 && waits[0] > answer_within, "{name}");
            let setting = format!("client_max_body_size {}m;", server.max_body_bytes >> 20);
            assert!(text.contains(&setting), "{name}: {setting}");
        }
    }
}
