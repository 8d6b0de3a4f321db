//! Reads a Python connector's modules before componentize-py does, which needs seconds to find the same mistakes.

use std::path::Path;

use serde::Deserialize;

use super::error::BuildError;
use super::output::{PossibleExit, PythonFolder, missing_module, show};
use super::tool::Tool;

/// Prints a [`PythonCheck`] as JSON. It runs in the author's own Python, since only that knows the language.
const SCRIPT: &str = include_str!("python_sources.py");

/// What the author's modules say about the build before they are run.
#[derive(Debug, Deserialize)]
struct PythonCheck {
    problem: Option<SourceProblem>,
    exits: Vec<PossibleExit>,
}

/// What keeps the modules from becoming a component.
#[derive(Debug, Deserialize)]
struct SourceProblem {
    file: String,
    /// `None` if the file lacks something.
    line: Option<u32>,
    text: String,
    /// Source lines, as Python prints them for a syntax error. May be empty.
    excerpt: String,
    /// The module that is not installed, if that is the problem.
    missing: Option<String>,
    /// The module with the most similar name.
    likely: Option<String>,
    /// Whether requirements.txt has the missing module.
    declared: bool,
}

/// Reads the modules with `python`. Returns the statements that may end the build. If Python is missing or too old for the
/// check, it is left to componentize-py to find mistakes.
///
/// # Errors
///
/// [`BuildError::Source`]: what keeps the modules from becoming a component.
pub(super) async fn check_sources(
    python: Tool,
    folder: &Path,
    known: &PythonFolder,
) -> Result<Vec<PossibleExit>, BuildError> {
    let call = python
        .with_variable("PYTHONDONTWRITEBYTECODE", "1")
        .with(["-I", "-X", "utf8", "-c", SCRIPT])
        .with([folder]);
    let Ok(Some(answer)) = call.ask().await else {
        return Ok(Vec::new());
    };
    let Ok(check) = serde_json::from_str::<PythonCheck>(&answer) else {
        return Ok(Vec::new());
    };
    match check.problem {
        None => Ok(check.exits),
        Some(problem) => {
            show(problem.excerpt.lines());
            Err(BuildError::Source(problem.cause(known)))
        }
    }
}

impl SourceProblem {
    /// Place, cause and what to do.
    fn cause(&self, folder: &PythonFolder) -> String {
        let text = match &self.missing {
            Some(module) if self.declared => {
                let install = &folder.install;
                format!("{module}, which requirements.txt names, is not installed; run {install}")
            }
            Some(module) => missing_module(module, self.likely.as_deref(), folder),
            None => self.text.clone(),
        };
        match self.line {
            Some(line) => format!("{}:{line}: {text}", self.file),
            None => format!("{}: {text}", self.file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_have_place_cause_and_what_to_do() {
        let problem = |line, missing: Option<&str>, likely: Option<&str>, declared| SourceProblem {
            file: "app.py".to_owned(),
            line,
            text: "there is no `Source`".to_owned(),
            excerpt: String::new(),
            missing: missing.map(str::to_owned),
            likely: likely.map(str::to_owned),
            declared,
        };
        for (problem, expected) in [
            (
                problem(None, None, None, false),
                "app.py: there is no `Source`",
            ),
            (
                problem(Some(3), Some("six"), None, false),
                "app.py:3: no module named six: there is no six.py in shop/; correct the name, or, if it is a package, \
                 add it to requirements.txt and run weld-host build shop --install",
            ),
            (
                problem(Some(3), Some("jsn"), Some("json"), false),
                "app.py:3: no module named jsn: there is no jsn.py in shop/; did you mean `json`? If it is a package, \
                 add it to requirements.txt and run weld-host build shop --install",
            ),
            (
                problem(Some(3), Some("six"), None, true),
                "app.py:3: six, which requirements.txt names, is not installed; run weld-host build shop --install",
            ),
        ] {
            assert_eq!(
                problem.cause(&PythonFolder::new(Path::new("shop"))),
                expected
            );
        }
    }
}
