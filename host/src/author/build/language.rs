//! Recognizes the language of a connector by the files in its folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::connector_folders;
use super::error::BuildError;
use super::manifest::{CargoManifest, NodeManifest};

/// A language of connectors that `build` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProjectLanguage {
    Rust,
    Python,
    /// TypeScript too: `npm run build` handles both.
    JavaScript,
    C,
}

impl ProjectLanguage {
    /// The value of `--lang`.
    pub(crate) fn flag_value(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::C => "c",
        }
    }

    /// The language for people.
    fn title(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript or TypeScript",
            Self::C => "C",
        }
    }

    /// The file that identifies it.
    fn mark(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Python => "app.py",
            Self::JavaScript => "package.json",
            Self::C => "*.c",
        }
    }

    /// Whether the sources of a component are all in its folder, but for installed packages.
    pub(super) fn has_all_sources_in_its_folder(self) -> bool {
        match self {
            Self::Rust => false,
            Self::Python | Self::JavaScript | Self::C => true,
        }
    }

    /// Recognizes the language of a folder, which has `absolute` as its path and `shown` as the path that the user
    /// knows. `chosen` is the language that the user names.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: files of no language or of several, a project of another tool, or a folder that can't be read.
    pub(super) fn recognize(
        absolute: &Path,
        shown: &Path,
        chosen: Option<Self>,
    ) -> Result<Self, BuildError> {
        let has = |file: &str| absolute.join(file).is_file();
        if let Some(chosen) = chosen {
            let is_there = match chosen {
                Self::C => !files_of(absolute, "c")?.is_empty(),
                Self::Rust | Self::Python | Self::JavaScript => has(chosen.mark()),
            };
            return if is_there {
                Ok(chosen)
            } else {
                Err(BuildError::OtherLanguage {
                    folder: shown.to_owned(),
                    flag: chosen.flag_value(),
                    file: chosen.mark(),
                })
            };
        }
        let mut found = Vec::new();
        let mut workspace = None;
        if has("Cargo.toml") {
            let manifest = CargoManifest::read(&absolute.join("Cargo.toml"))?;
            if manifest.has_package {
                found.push(Self::Rust);
            } else {
                workspace = Some(manifest.members);
            }
        }
        if has("app.py") {
            found.push(Self::Python);
        }
        // Without the script, it is there for tools, such as a formatter.
        if has("package.json")
            && NodeManifest::read(&absolute.join("package.json"))?.has_build_script()
        {
            found.push(Self::JavaScript);
        }
        // A connector in Rust or JavaScript may contain C, and any of them files that are left over from a trial. The kit for
        // C shows what is meant.
        let has_kit = has("weld/weld.h");
        let is_mixed = matches!(found[..], [Self::Rust | Self::JavaScript]);
        if (has_kit || !is_mixed) && !files_of(absolute, "c")?.is_empty() {
            found.push(Self::C);
        }
        match found[..] {
            [language] => Ok(language),
            [] => Err(unknown(absolute, shown, workspace)),
            _ => Err(BuildError::SeveralLanguages {
                folder: shown.to_owned(),
                found: listed(&found),
                flags: found.iter().map(|language| language.flag_value()).collect(),
            }),
        }
    }
}

/// The languages with their files, for a message.
fn listed(languages: &[ProjectLanguage]) -> String {
    let each: Vec<_> = languages
        .iter()
        .map(|language| format!("{} ({})", language.mark(), language.title()))
        .collect();
    each.join(", ")
}

/// The files of projects that are built by other tools.
const FOREIGN: [(&str, &str); 10] = [
    ("go.mod", "Go"),
    ("pom.xml", "Java"),
    ("build.gradle", "Java or Kotlin"),
    ("build.gradle.kts", "Kotlin"),
    ("composer.json", "PHP"),
    ("Gemfile", "Ruby"),
    ("mix.exs", "Elixir"),
    ("build.zig", "Zig"),
    ("CMakeLists.txt", "C or C++ with CMake"),
    ("deno.json", "Deno"),
];

/// The files that cloud platforms load, which `weld-host adapt` looks for.
const FUNCTIONS: [&str; 6] = [
    "main.py",
    "lambda_function.py",
    "index.js",
    "index.mjs",
    "index.ts",
    "function.py",
];

/// Why a folder contains no connector.
fn unknown(absolute: &Path, shown: &Path, workspace: Option<Vec<String>>) -> BuildError {
    let folder = shown.to_owned();
    let has = |file: &str| absolute.join(file).is_file();
    if let Some(members) = workspace {
        return BuildError::Workspace { folder, members };
    }
    if let Some(file) = FUNCTIONS.into_iter().find(|file| has(file)) {
        return BuildError::CloudFunction { folder, file };
    }
    if has("package.json") {
        return BuildError::NoBuildScript(shown.join("package.json"));
    }
    if let Some(file) = ["pyproject.toml", "setup.py", "requirements.txt"]
        .into_iter()
        .find(|file| has(file))
    {
        return BuildError::NoApp { folder, file };
    }
    if let Some((file, language)) = FOREIGN.into_iter().find(|(file, _)| has(file)) {
        return BuildError::ForeignProject {
            folder,
            file,
            language,
        };
    }
    let connectors = connector_folders::within(absolute, shown);
    if !connectors.is_empty() {
        return BuildError::ParentFolder { folder, connectors };
    }
    match fs::read_dir(absolute).map(|mut entries| entries.next().is_none()) {
        Ok(true) => BuildError::EmptyFolder(folder),
        Err(source) => BuildError::File {
            path: folder,
            source,
        },
        Ok(false) if files_of(absolute, "wasm").is_ok_and(|files| !files.is_empty()) => {
            BuildError::NoSources(folder)
        }
        Ok(false) => BuildError::UnknownLanguage(folder),
    }
}

/// The files directly in a folder that have the extension, sorted. Empty if there is no such folder.
pub(super) fn files_of(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, BuildError> {
    let unreadable = |source| BuildError::File {
        path: folder.to_owned(),
        source,
    };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|found| found == extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outcome for a folder `shop` with these files.
    fn recognized(
        files: &[(&str, &str)],
        chosen: Option<ProjectLanguage>,
    ) -> Result<ProjectLanguage, String> {
        let folder = tempfile::TempDir::new().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        ProjectLanguage::recognize(folder.path(), Path::new("shop"), chosen)
            .map_err(|error| error.to_string())
    }

    const CARGO: (&str, &str) = ("Cargo.toml", "[package]\nname = 'shop'");
    const NODE: (&str, &str) = (
        "package.json",
        r#"{"name": "shop", "scripts": {"build": "x"}}"#,
    );
    const NODE_TOOLS: (&str, &str) = ("package.json", r#"{"devDependencies": {"prettier": "3"}}"#);

    #[test]
    fn language_is_recognized_by_the_folders_files() {
        use ProjectLanguage::{C, JavaScript, Python, Rust};
        for (files, language) in [
            (&[CARGO][..], Rust),
            (&[CARGO, ("helper.c", "")], Rust),
            (&[CARGO, NODE_TOOLS], Rust),
            (&[("app.py", "")], Python),
            (
                &[("app.py", ""), NODE_TOOLS, ("pyproject.toml", "")],
                Python,
            ),
            (&[("app.py", ""), ("Cargo.toml", "[workspace]")], Python),
            (&[NODE], JavaScript),
            (&[NODE, ("helper.c", ""), ("index.js", "")], JavaScript),
            (&[("beers.c", ""), ("README.md", "")], C),
        ] {
            assert_eq!(recognized(files, None), Ok(language), "{files:?}");
        }
    }

    #[test]
    fn several_languages_need_a_choice() {
        let both = [("app.py", ""), NODE];
        let error = recognized(&both, None).unwrap_err();
        for words in [
            "app.py (Python), package.json (JavaScript or TypeScript)",
            "--lang python",
            "--lang javascript",
        ] {
            assert!(error.contains(words), "{words} in {error}");
        }
        for language in [ProjectLanguage::Python, ProjectLanguage::JavaScript] {
            assert_eq!(recognized(&both, Some(language)), Ok(language));
        }
        for files in [
            [("app.py", ""), ("shop.c", ""), ("README.md", "")],
            [CARGO, ("shop.c", ""), ("weld/weld.h", "")],
        ] {
            let error = recognized(&files, None).unwrap_err();
            assert!(error.contains("--lang c"), "{files:?}: {error}");
            assert_eq!(
                recognized(&files, Some(ProjectLanguage::C)),
                Ok(ProjectLanguage::C)
            );
        }
        let error = recognized(&both, Some(ProjectLanguage::C)).unwrap_err();
        assert!(
            error.contains("--lang c") && error.contains("*.c"),
            "{error}"
        );
    }

    #[test]
    fn folder_without_a_connector_is_explained() {
        for (files, words) in [
            (&[][..], &["shop is empty", "weld-host new"][..]),
            (&[("notes.txt", "")], &["Cargo.toml", "app.py", "*.c"]),
            (&[("folder.c/notes.txt", "")], &["Cargo.toml"]),
            (
                &[("Cargo.toml", "[workspace]\nmembers = ['crates/shop']")],
                &["workspace", "crates/shop"],
            ),
            (&[("Cargo.toml", "[workspace")], &["Cargo.toml"]),
            (&[NODE_TOOLS], &["package.json", "`build`"]),
            (
                &[("main.py", ""), ("requirements.txt", "")],
                &["main.py", "weld-host adapt shop"],
            ),
            (
                &[("index.js", ""), NODE_TOOLS],
                &["index.js", "weld-host adapt shop"],
            ),
            (&[("pyproject.toml", "")], &["pyproject.toml", "app.py"]),
            (&[("go.mod", "")], &["Go", "go.mod"]),
            (&[("pom.xml", "")], &["Java", "pom.xml"]),
            (&[("shop.wasm", "")], &["weld-host serve --plugins shop"]),
            (
                &[
                    ("notes.txt", ""),
                    ("deals/app.py", "import weld_connector"),
                    ("crm/app.py", "import weld_connector"),
                ],
                &["shop is not a connector", "shop/crm, shop/deals"],
            ),
            (
                &[("shop.wasm", ""), ("deals/app.py", "import weld_connector")],
                &["shop/deals"],
            ),
        ] {
            let error = recognized(files, None).unwrap_err();
            for word in words {
                assert!(error.contains(word), "{files:?}: `{word}` in {error}");
            }
        }
    }
}
