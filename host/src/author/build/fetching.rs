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

/// What tools say if they can't reach their server.
const UNREACHABLE: [&str; 16] = [
    "Failed to establish a new connection",
    "Connection refused",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ProxyError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ENOTFOUND",
    "ECONNREFUSED",
    "ECONNRESET",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "ENETUNREACH",
    "could not download file",
    "error sending request",
];

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
        let command = self.tool.line();
        Err(match unreachable(&words) {
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

/// The line that says that the server can't be reached, without the retries before it.
fn unreachable(words: &str) -> Option<String> {
    let line = words
        .lines()
        .rfind(|line| UNREACHABLE.iter().any(|sign| line.contains(sign)))?;
    // pip: `WARNING: Retrying (…) after connection broken by 'NewConnectionError('<…>: CAUSE')': /simple/a/`.
    let line = match line.split_once("after connection broken by ") {
        Some((_, cause)) => cause,
        None => line,
    };
    let cause = line
        .trim_start_matches("npm error ")
        .trim_start_matches("npm ERR! ");
    Some(crate::report::shortened(cause.trim(), MAX_LINE_BYTES))
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
        for (words, cause) in [
            (
                "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by \
                 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f>: \
                 Failed to establish a new connection: [Errno 111] Connection refused')': /simple/tzdata/\n\
                 ERROR: Could not find a version that satisfies the requirement tzdata (from versions: none)\n\
                 ERROR: No matching distribution found for tzdata\n",
                Some("[Errno 111] Connection refused"),
            ),
            (
                "npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error network request to \
                 https://registry.example.com/esbuild failed, reason: getaddrinfo ENOTFOUND registry.example.com\n",
                Some("registry.example.com"),
            ),
            (
                "error: could not download file from 'https://static.example.com/channel-rust.toml'\n",
                Some("could not download file from"),
            ),
            (
                "ERROR: No matching distribution found for tzdata==1\n",
                None,
            ),
            ("npm error code EUSAGE\n", None),
        ] {
            match (unreachable(words), cause) {
                (Some(reason), Some(cause)) => {
                    assert!(
                        reason.contains(cause) && !reason.contains("Retry("),
                        "{reason}"
                    );
                }
                (None, None) => {}
                (found, _) => panic!("{words}: {found:?}"),
            }
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
