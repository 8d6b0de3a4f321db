//! What operators read of a configuration that can't be used.

use std::path::{Path, PathBuf};

use super::{ConfigError, Problem};
use crate::config::secret::KeyError;
use crate::config::{Ceilings, ConnectorConfig, FileFault, PolicyPlace, ReadLimit};
use crate::samples::{messages, samples};

/// Files with one mistake each, or several of one kind.
const MISTAKES: [&str; 62] = [
    "A = ",
    "A = # nothing",
    "A",
    "A: 'x'",
    "= 'x'",
    "my key = 'x'",
    "A = text",
    "A = 10s",
    "A = 007",
    "A = True",
    "A = null",
    "A = 'x",
    "A = \"x",
    "A = \"\"\"x",
    "A = \"C:\\Users\"",
    "A = 'x' B = 'y'",
    "A = 'x'\nA = 'y'",
    "A = ['x' 'y']",
    "A = ['x',\n  'y'\nB = 'z'",
    "A = { B = 'x' C = 'y' }",
    "A = { B = 'x'",
    "A = [,]",
    "[env",
    "[env]\n[env]",
    "[env]\nA = 'x' 'y'",
    "A.B = 'x'\nA = 'y'",
    "memory = '1MiB'",
    "[limits]\nmemroy = '1MiB'",
    "[limits]\nmemory = 64",
    "[limits]\nmemory = '64'",
    "[limits]\nmemory = '32KiB'",
    "[limits]\nmemory = '1GiB'",
    "[limits]\npage-size = '5GiB'",
    "[limits]\ncpu-time = '1day'",
    "[limits]\nmax-wait = '9000h'",
    "[limits]\ncalls = -1",
    "[limits]\nanswer-within = 'never'",
    "[limits]\nsecret-in-state = 'warn'",
    "api-key = ''",
    "api-key = { env = 'WELD_HOST_TEST_NO_SUCH_VARIABLE' }",
    "api-key = { file = 'no/such/file' }",
    "[env]\n'A=B' = 'x'",
    "[env]\nA = 1",
    "[network]\nallow = 'https://api.example.com'",
    "[network]\nallow = ['api.example.com']",
    "[network]\nallow = ['https://api.example.com', 'https://api.example.com/v1']",
    "[network]\nallow-networks = ['10.0.0.1/8', 'private']",
    "[network]\nfollow-redirects = 21",
    "[network]\ntitle-case = 'yes'",
    "[network]\nroots = 'no/such/file.pem'",
    "[rate-limit]\nrate = '10'",
    "[rate-limit]\nbudget = ''",
    "[rate-limit]\nheaders = { remaining = 'x-left', reset = 'x-left' }",
    "[rate-limit]\nrefusals = 'gitlab'",
    "[[rate-limit.quota]]\nlimit = 5",
    "[[rate-limit.quota]]\npaths = ['/*']\n[[rate-limit.quota]]\npaths = ['/search*']",
    "[[rate-limit.refusal]]\nthen = 'stop'",
    "[[rate-limit.refusal]]\nstatus = 200\nthen = 'wait'",
    "[[rate-limit.refusal]]\nstatus = 429\nthen = 'renew'",
    "[auth.api]\nkind = 'password'",
    "[auth.api]\nkind = 'bearrer'",
    "[auth.api]\nurls = ['https://api.example.com']\nkind = 'oauth2'\ngrant = 'code'",
];

fn all() -> Vec<ConfigError> {
    let path = || PathBuf::from("plugins/beers.toml");
    let problem = Problem {
        line: 7,
        column: 1,
        key: Some("limits.memory".to_owned()),
        message: "the message".to_owned(),
        concerns_machine: false,
        is_beyond_policy: false,
    };
    samples!(ConfigError:
        ConfigError::Unreadable { .. } => ConfigError::Unreadable {
            path: path(),
            source: FileFault::TooLarge(ReadLimit::CONFIGURATION),
        },
        ConfigError::Invalid { .. } => ConfigError::Invalid {
            path: path(),
            problems: vec![problem.clone(), problem.clone()],
            more: 3,
        },
        ConfigError::HalfOfTls { .. } => ConfigError::HalfOfTls { given: "tls-cert", missing: "tls-key" },
        ConfigError::NoKey { .. } => ConfigError::NoKey { listen: "0.0.0.0:8080".parse().unwrap() },
        ConfigError::KeyRequired { .. } => ConfigError::KeyRequired {
            place: PolicyPlace::new(Path::new("weld-host.toml").into(), "policy.require-key", 12),
        },
        ConfigError::UnusableKey(_) => ConfigError::UnusableKey(KeyError::Empty),
        ConfigError::NoAdminKey { .. } => ConfigError::NoAdminKey { admin: "0.0.0.0:9090".to_owned() },
        ConfigError::UnusableAdminKey(_) => ConfigError::UnusableAdminKey(KeyError::Empty),
        ConfigError::TooSmall { .. } => ConfigError::TooSmall { key: "max-body", least: "1KiB".to_owned() },
    )
}

#[test]
fn operators_read_these_errors() {
    insta::assert_snapshot!(messages(&all()));
}

#[test]
fn keys_of_the_server_are_refused_with_these_messages() {
    let keys = samples!(KeyError:
        KeyError::Empty => KeyError::Empty,
        KeyError::ControlCharacter => KeyError::ControlCharacter,
        KeyError::SurroundingSpace => KeyError::SurroundingSpace,
    );
    insta::assert_snapshot!(messages(&keys));
}

/// Each file, indented, below what is said of it.
#[test]
fn mistakes_in_a_file_are_reported_with_these_messages() {
    let reported = MISTAKES.map(|text| {
        let parsed = ConnectorConfig::parse(text, Path::new("beers.toml"), &Ceilings::default());
        let error = parsed.err().unwrap_or_else(|| panic!("no mistake: {text}"));
        format!("{error}\n    {}", text.replace('\n', "\n    "))
    });
    insta::assert_snapshot!(reported.join("\n"));
}
