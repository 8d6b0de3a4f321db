//! The output of Cargo: progress, and the compiler's diagnostics in blocks.

use super::screen::{FailureReport, screenful, without_colors};

/// Verbs of Cargo's progress, which is shown as it comes. They are aligned to the right, in a column of 12.
const PROGRESS: [&str; 14] = [
    "Adding",
    "Blocking",
    "Checking",
    "Compiling",
    "Downgrading",
    "Downloaded",
    "Downloading",
    "Finished",
    "Fresh",
    "Locking",
    "Removing",
    "Running",
    "Updating",
    "Upgrading",
];

/// Whether a line is about the progress of the build.
pub(in crate::author::build) fn is_cargo_progress(line: &str) -> bool {
    let plain = without_colors(line);
    let verb = plain.trim_start().split(' ').next().unwrap_or_default();
    plain.starts_with(' ')
        && PROGRESS.contains(&verb)
        && plain.find(verb) == Some(12_usize.saturating_sub(verb.len()))
}

/// A diagnostic, or another paragraph.
struct Block<'a> {
    lines: Vec<&'a str>,
    /// The first line, without colors.
    header: String,
}

impl Block<'_> {
    fn is_error(&self) -> bool {
        self.header.starts_with("error")
    }

    /// The last error only counts the others.
    fn is_count(&self) -> bool {
        self.header.starts_with("error: could not compile")
            || self.header.starts_with("error: aborting due to")
    }

    fn is_of_linker(&self) -> bool {
        self.header.starts_with("error: linking with")
    }
}

/// Reduces the stderr of a failed build to the first errors. `command` shows all of them.
pub(in crate::author::build) fn cargo_failure(stderr: &str, command: &str) -> FailureReport {
    let blocks = blocks(stderr);
    let errors: Vec<&Block<'_>> = blocks
        .iter()
        .filter(|block| block.is_error() && !block.is_count())
        .collect();
    let Some(first) = errors.first() else {
        return FailureReport {
            shown: screenful(stderr.trim().lines(), 10),
            cause: None,
        };
    };
    let mut lines: Vec<&str> = Vec::new();
    // What follows an error belongs to it, such as the causes of an invalid manifest.
    let mut shows = false;
    for block in &blocks {
        shows = if block.header.starts_with("warning") || block.is_count() {
            false
        } else {
            shows || block.is_error()
        };
        if !shows
            || block
                .header
                .starts_with("Some errors have detailed explanations")
            || block.header.starts_with("For more information")
        {
            continue;
        }
        if !lines.is_empty() {
            lines.push("");
        }
        if block.is_of_linker() {
            // What else it says is about the module's encoding.
            shows = false;
            lines.extend(linker_lines(block));
        } else {
            lines.extend(&block.lines);
        }
    }
    let place = first.lines.iter().find_map(|line| {
        let plain = without_colors(line);
        let (file, rest) = plain.trim_start().strip_prefix("--> ")?.split_once(':')?;
        let line = rest.split(':').next()?;
        Some(format!("{file}:{line}: "))
    });
    // What Cargo says about a manifest comes in a paragraph of its own.
    let reason = blocks
        .iter()
        .skip_while(|block| !std::ptr::eq(*block, *first))
        .nth(1)
        .filter(|block| block.header == "Caused by:")
        .and_then(|block| block.lines.get(1))
        .map_or_else(String::new, |line| format!(": {}", line.trim()));
    let header = if first.is_of_linker() {
        linker_lines(first)
            .first()
            .map_or_else(String::new, |line| line.trim().to_owned())
    } else {
        format!("{}{reason}", first.header)
    };
    let more = match errors.len() {
        1 => String::new(),
        number => format!("; {} more: run {command} to see all", number - 1),
    };
    let header = cause_of(first, &blocks).unwrap_or(header);
    FailureReport {
        shown: screenful(lines, 0),
        cause: Some(format!("{}{header}{more}", place.unwrap_or_default())),
    }
}

/// The blocks of lines between blank lines. A diagnostic ends where another one begins, too.
fn blocks(stderr: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut begins = true;
    for line in stderr.lines() {
        if line.trim().is_empty() {
            begins = true;
            continue;
        }
        let plain = without_colors(line);
        begins |= plain.starts_with("error") || plain.starts_with("warning");
        match blocks.last_mut() {
            Some(block) if !begins => block.lines.push(line),
            _ => blocks.push(Block {
                lines: vec![line],
                header: plain,
            }),
        }
        begins = false;
    }
    blocks
}

/// The errors that the linker reports, without its command line, which has thousands of characters.
fn linker_lines<'a>(block: &Block<'a>) -> Vec<&'a str> {
    let errors: Vec<&str> = block
        .lines
        .iter()
        .skip(1)
        .map(|line| line.trim_start().trim_start_matches("= note: ").trim())
        .filter(|line| line.contains("error: ") && !line.starts_with('"'))
        .collect();
    if errors.is_empty() {
        block.lines.iter().take(1).copied().collect()
    } else {
        errors
    }
}

/// A better cause than the first line of the first error, where the author can't know what that means.
fn cause_of(first: &Block<'_>, blocks: &[Block<'_>]) -> Option<String> {
    if first.is_of_linker() {
        let symbol = missing_symbol(blocks)?;
        return Some(format!(
            "the function `{symbol}` is declared, but no crate has it: a component can't use libraries of the system"
        ));
    }
    let (_, script) = first
        .header
        .split_once("failed to run custom build command for `")?;
    let package = script.split('`').next()?;
    Some(format!(
        "the build script of {package} failed: if the crate contains C code, use one in pure Rust instead"
    ))
}

/// A function that a linker doesn't find. It is an error of `rust-lld`, or an import that remains in the module.
fn missing_symbol<'a>(blocks: &[Block<'a>]) -> Option<&'a str> {
    blocks
        .iter()
        .flat_map(|block| &block.lines)
        .find_map(|line| {
            let (_, symbol) = line
                .split_once("undefined symbol: ")
                .or_else(|| line.split_once("failed to resolve import `env::"))?;
            Some(symbol.trim().trim_end_matches('`'))
        })
}

#[cfg(test)]
mod tests;
