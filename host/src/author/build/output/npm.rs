//! The output of `npm run`, which prints a banner before the script's own output, and an account of itself after a failure.

use super::screen::{FailureReport, screenful, without_colors};

/// The beginnings of the last line of the kit, and of its first version, which has the cause. Other tools have no such line.
const KIT_PREFIXES: [&str; 2] = ["weld-connector-build: ", "weld-connector: "];

/// Reduces the output of a failed script to what the script itself said.
pub(in crate::author::build) fn npm_failure(stdout: &str, stderr: &str) -> FailureReport {
    let script = format!("{}{}", without_banner(stdout), without_account(stderr));
    let text = match script.trim() {
        // npm itself failed.
        "" => stderr,
        text => text,
    };
    let mut lines: Vec<&str> = text.trim_end().lines().collect();
    let cause = lines.last().and_then(|line| {
        let plain = without_colors(line);
        let cause = KIT_PREFIXES
            .iter()
            .find_map(|prefix| plain.strip_prefix(prefix))?;
        Some(cause.to_owned())
    });
    if cause.is_some() {
        lines.pop();
    }
    FailureReport {
        shown: screenful(lines, 4),
        cause,
    }
}

/// The output of a script without the lines in which npm repeats its command.
pub(in crate::author::build) fn without_banner(stdout: &str) -> String {
    let mut lines = stdout.lines().peekable();
    let is_blank = |line: &&str| line.is_empty();
    // A blank line, the package and its script, the command, and a blank line.
    lines.next_if(is_blank);
    while lines.next_if(|line| line.starts_with("> ")).is_some() {}
    lines.next_if(is_blank);
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// The output without the lines that npm adds after a failure.
fn without_account(stderr: &str) -> String {
    stderr
        .lines()
        .filter(|line| {
            let plain = without_colors(line);
            ![
                "npm error",
                "npm ERR!",
                "npm warn",
                "npm WARN",
                "npm notice",
            ]
            .iter()
            .any(|start| plain.starts_with(start))
        })
        .fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANNER: &str = "\n> @acme/shop@0.1.0 build\n> weld-connector build\n\n";

    #[test]
    fn only_the_script_is_heard() {
        let report = npm_failure(
            &format!("{BANNER}checked\n"),
            "connector.js:2:11: Unexpected \"=\"\n    const x = = 1;\n\
             weld-connector: connector.js:2: Unexpected \"=\"\n\
             npm ERR! Lifecycle script `build` failed with error:\nnpm error code 1\n",
        );
        assert_eq!(
            report.shown,
            [
                "checked",
                "connector.js:2:11: Unexpected \"=\"",
                "    const x = = 1;"
            ]
        );
        assert_eq!(
            report.cause.as_deref(),
            Some("connector.js:2: Unexpected \"=\"")
        );
    }

    #[test]
    fn other_tools_and_npm_itself_are_shown_without_a_cause() {
        let types =
            "connector.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.\n";
        let report = npm_failure(&format!("{BANNER}{types}"), "npm error code 2\n");
        assert_eq!(
            (report.shown, report.cause),
            (vec![types.trim().to_owned()], None)
        );
        let missing = "npm error Missing script: \"build\"\nnpm error\n";
        let report = npm_failure("", missing);
        assert_eq!(
            report.shown.first().map(String::as_str),
            missing.lines().next()
        );
    }

    #[test]
    fn output_of_a_script_that_succeeded_has_no_banner() {
        assert_eq!(without_banner(&format!("{BANNER}> mine\n")), "> mine\n");
        assert_eq!(without_banner("built x\n"), "built x\n");
    }
}
