//! The guide's function in three forms: under functions-framework, turned unchanged into a connector by `weld-host
//! adapt`, and rewritten for the kit.

mod project;
mod report;

use weld_host::author::new::Language;

use crate::handlers::{Handler, Stage};
use crate::jobs::Work;
use crate::languages;
use crate::python::{Python, Variant};
use crate::rounds::{self, Extent};
use project::Project;

pub(crate) use project::{Form, PYTHON_FUNCTION, folder_name};

/// The languages in which cloud functions are written.
const LANGUAGES: [Language; 2] = [Language::Python, Language::JavaScript];

/// Makes the connectors, and requests pages of 80 beers from each of them and from functions-framework, over one
/// connection and over `most_connections`.
///
/// A language whose tools are missing is skipped, with a message on stderr. Returns tables in Markdown.
///
/// # Errors
///
/// A server does not start or stops early, or an answer is wrong or differs from the others'.
pub(crate) fn measure(
    python: Option<&Python>,
    most_connections: u32,
    extent: Extent,
) -> anyhow::Result<String> {
    // 325 beers for each unit of scale: four full pages, and each connection has its own page.
    let stage = Stage::set(most_connections.div_ceil(4).max(1))?;
    let mut projects = Vec::new();
    for language in LANGUAGES {
        match both_forms(&stage, language) {
            Ok(both) => projects.extend(both),
            Err(error) => eprintln!("{} is SKIPPED: {error:#}", languages::name(language)),
        }
    }
    let mut handlers = Vec::new();
    if python.is_some() {
        handlers.extend(framework()?);
    }
    handlers.extend(
        projects
            .iter()
            .map(|project| Handler::Guide(project.form, project.language)),
    );
    if handlers.is_empty() {
        return Ok("`adapted`: nothing to measure, since no tools were found".to_owned());
    }
    let mut text = report::projects(&projects);
    for connections in Work::Fetch.connections(most_connections) {
        let all = rounds::measure(&stage, python, &handlers, Work::Fetch, connections, extent)?;
        text.push_str("\n\n");
        text.push_str(&report::pages(&all, connections));
    }
    Ok(text)
}

fn both_forms(stage: &Stage, language: Language) -> anyhow::Result<[Project; 2]> {
    Ok([
        Project::make(stage, Form::Adapted, language)?,
        Project::make(stage, Form::Kit, language)?,
    ])
}

/// functions-framework with its default settings, and with a worker for each core.
fn framework() -> anyhow::Result<Vec<Handler>> {
    let with = |workers| Handler::FunctionsFramework(Variant::guide(workers));
    let cores = std::thread::available_parallelism()?.get();
    let more = (cores > 1).then(|| with(cores));
    Ok([with(1)].into_iter().chain(more).collect())
}
