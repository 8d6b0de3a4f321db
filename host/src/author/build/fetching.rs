//! Runs the tools that install others, and explains their failures.

use std::io::{self, Write as _};

use super::error::BuildError;
use super::tool::Tool;

/// How pip names its server.
pub(super) const PIP: &str = "PIP_INDEX_URL";
/// How npm names its server.
pub(super) const NPM: &str = "npm_config_registry";
/// How rustup names its server.
pub(super) const RUSTUP: &str = "RUSTUP_DIST_SERVER";

/// The most lines of a failed tool's output that an error has, so that it fits on a screen.
const MAX_LINES: usize = 12;
/// The longest line of such an output.
const MAX_LINE_BYTES: usize = 300;

/// What tools say if they can't reach their server, and what that means. Other signs are quoted.
const UNREACHABLE: [(&str, Option<&str>); 22] = [
    ("Connection refused", Some("refused the connection")),
    ("ECONNREFUSED", Some("refused the connection")),
    ("ECONNRESET", Some("closed the connection")),
    ("ConnectTimeoutError", Some("did not answer in time")),
    ("ReadTimeoutError", Some("did not answer in time")),
    ("ETIMEDOUT", Some("did not answer in time")),
    ("Name or service not known", Some(NO_NAME)),
    ("Temporary failure in name resolution", Some(NO_NAME)),
    ("ENOTFOUND", Some(NO_NAME)),
    ("EAI_AGAIN", Some(NO_NAME)),
    ("Network is unreachable", Some(NO_NETWORK)),
    ("ENETUNREACH", Some(NO_NETWORK)),
    ("EHOSTUNREACH", Some(NO_NETWORK)),
    ("No route to host", Some(NO_NETWORK)),
    ("CERTIFICATE_VERIFY_FAILED", Some(UNTRUSTED)),
    ("SELF_SIGNED_CERT", Some(UNTRUSTED)),
    ("UNABLE_TO_GET_ISSUER_CERT", Some(UNTRUSTED)),
    (
        "ENOTCACHED",
        Some("is not asked, since npm's setting `offline` is on"),
    ),
    ("ProxyError", Some("can't be reached through the proxy")),
    ("Failed to establish a new connection", None),
    ("could not download file", None),
    ("error sending request", None),
];

const NO_NAME: &str = "has a name that can't be resolved";
const NO_NETWORK: &str = "can't be reached: there is no network";

const UNTRUSTED: &str = "has a certificate that this machine doesn't trust";

/// What pip says if its server offers no version of a package. Without retries (`PIP_RETRIES=0`), it says nothing of a
/// server that it can't reach.
const NO_VERSION: &str = " (from versions: none)";

/// A tool that installs something from a server.
pub(super) struct Fetcher {
    tool: Tool,
    /// The variable that names another server.
    mirror: &'static str,
}

impl Fetcher {
    pub(super) fn new(tool: Tool, mirror: &'static str) -> Self {
        Self { tool, mirror }
    }

    /// Runs the tool. Its messages are shown if it succeeds; if it fails, the error has the ones that matter.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: the tool is missing or fails.
    pub(super) async fn run(&self, announce: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
        let (status, words) = self.tool.run_for_words(announce).await?;
        if status.success() {
            // A closed terminal is ignored.
            let _ = io::stderr().write_all(words.as_bytes());
            return Ok(());
        }
        if let Some(error) = self.tool.full_disk(&words) {
            return Err(error);
        }
        let command = self.tool.line();
        let named = |name: &str| std::env::var(name).ok();
        let mirror = named(self.mirror).or_else(|| named(&self.mirror.to_uppercase()));
        Err(match unreachable(&words, self.mirror, mirror.as_deref()) {
            Some(reason) => BuildError::Unreachable {
                command,
                reason,
                mirror: self.mirror,
            },
            None => BuildError::NotFetched {
                command,
                status,
                reason: last_lines(&words),
            },
        })
    }
}

/// Which server can't be reached, and why, without the retries before the tool's last word about it. `mirror` is the value
/// of the variable that names the server.
fn unreachable(words: &str, variable: &str, mirror: Option<&str>) -> Option<String> {
    let sign_in = |line: &str| UNREACHABLE.iter().find(|(sign, _)| line.contains(sign));
    let signed = words
        .lines()
        .rev()
        .find_map(|line| Some((line, sign_in(line)?)));
    let Some((line, (_, meaning))) = signed else {
        let requirement = without_version(words)?;
        let server = match mirror.filter(|mirror| !mirror.is_empty()) {
            Some(mirror) => format!("{} ({variable})", without_user(mirror)),
            None => "the package index".to_owned(),
        };
        return Some(format!(
            "{server} offers no version of {requirement}: either it could not be reached, or it has no package of this name"
        ));
    };
    let server = match mirror.filter(|mirror| !mirror.is_empty()) {
        Some(mirror) => format!("{} ({variable})", without_user(mirror)),
        // The first word about it may be in another line.
        None => url_in(line)
            .or_else(|| words.lines().rev().find_map(url_in))
            .unwrap_or_else(|| "its server".to_owned()),
    };
    Some(match meaning {
        Some(meaning) => format!("{server} {meaning}"),
        None => {
            let cause = line.trim_start_matches("npm error ");
            let cause = crate::report::shortened(cause.trim(), MAX_LINE_BYTES);
            format!("{server} can't be reached: {cause}")
        }
    })
}

/// The requirement for which pip found no version at all.
fn without_version(words: &str) -> Option<&str> {
    let line = words.lines().find(|line| line.contains(NO_VERSION))?;
    let (_, rest) = line.split_once("satisfies the requirement ")?;
    rest.split_once(NO_VERSION)
        .map(|(requirement, _)| requirement)
}

/// The first URL in a line: scheme, host and port.
fn url_in(line: &str) -> Option<String> {
    let begin = line.find("https://").or_else(|| line.find("http://"))?;
    let url = line.get(begin..)?;
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(|letter: char| "/?#'\"`) ".contains(letter));
    let host = rest.get(..end.unwrap_or(rest.len()))?;
    Some(without_user(&format!("{scheme}://{host}")))
}

/// A URL without user and password.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

fn last_lines(words: &str) -> String {
    let lines: Vec<_> = words
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.contains("A complete log of this run"))
        .collect();
    let first = lines.len().saturating_sub(MAX_LINES);
    let shown: Vec<_> = lines
        .iter()
        .skip(first)
        .map(|line| crate::report::shortened(line, MAX_LINE_BYTES))
        .collect();
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreachable_server_is_recognized_in_the_words_of_each_tool() {
        for (words, mirror, expected) in [
            (
                "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by \
                 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f>: \
                 Failed to establish a new connection: [Errno 111] Connection refused')': /simple/tzdata/\n\
                 ERROR: Could not find a version that satisfies the requirement tzdata (from versions: none)\n\
                 ERROR: No matching distribution found for tzdata\n",
                Some("http://me:secret@127.0.0.1:9/simple"),
                Some("http://127.0.0.1:9/simple (PIP_INDEX_URL) refused the connection"),
            ),
            (
                "WARNING: Retrying after connection broken by 'ProxyError('Cannot connect to proxy.')': /simple/tzdata/\n",
                None,
                Some("its server can't be reached through the proxy"),
            ),
            (
                "npm error code ECONNREFUSED\nnpm error errno ECONNREFUSED\nnpm error FetchError: request to \
                 https://registry.example.com/esbuild failed, reason: connect ECONNREFUSED 127.0.0.1:9\n\
                 npm error   errno: 'ECONNREFUSED',\nnpm error   type: 'system'\n",
                None,
                Some("https://registry.example.com refused the connection"),
            ),
            (
                "npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error network request to \
                 https://registry.example.com/esbuild failed, reason: getaddrinfo ENOTFOUND registry.example.com\n",
                Some(""),
                Some("https://registry.example.com has a name that can't be resolved"),
            ),
            (
                "error: could not download file from 'https://static.example.com/channel-rust.toml'\n",
                None,
                Some(
                    "https://static.example.com can't be reached: error: could not download file from \
                     'https://static.example.com/channel-rust.toml'",
                ),
            ),
            (
                "npm error code ENOTCACHED\nnpm error request to https://registry.example.com/esbuild failed: cache mode is \
                 'only-if-cached' but no cached response is available.\n",
                None,
                Some(
                    "https://registry.example.com is not asked, since npm's setting `offline` is on",
                ),
            ),
            (
                "WARNING: Retrying after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: \
                 CERTIFICATE_VERIFY_FAILED] certificate verify failed'))': /simple/tzdata/\n",
                Some("https://registry.example.com/simple"),
                Some(
                    "https://registry.example.com/simple (PIP_INDEX_URL) has a certificate that this machine doesn't trust",
                ),
            ),
            // Without retries.
            (
                "ERROR: Could not find a version that satisfies the requirement tzdata==1 (from versions: none)\n\
                 ERROR: No matching distribution found for tzdata==1\n",
                Some("http://127.0.0.1:9/simple"),
                Some(
                    "http://127.0.0.1:9/simple (PIP_INDEX_URL) offers no version of tzdata==1: either it could not be \
                     reached, or it has no package of this name",
                ),
            ),
            (
                "ERROR: Could not find a version that satisfies the requirement tzdata==1 (from versions: 2026.1, \
                 2026.2)\nERROR: No matching distribution found for tzdata==1\n",
                None,
                None,
            ),
            (
                "ERROR: No matching distribution found for tzdata==1\n",
                None,
                None,
            ),
            ("npm error code EUSAGE\n", None, None),
        ] {
            let found = unreachable(words, PIP, mirror);
            assert_eq!(found.as_deref(), expected, "{words}");
        }
    }

    #[test]
    fn failure_fits_on_a_screen() {
        let words: String = (0..100)
            .map(|number| format!("line {number} {}\n\n", "x".repeat(1000)))
            .collect();
        let shown = last_lines(&words);
        assert_eq!(shown.lines().count(), MAX_LINES);
        assert!(shown.lines().all(|line| line.len() < 400), "{shown}");
        assert!(shown.contains("line 99 "), "{shown}");
    }
}
