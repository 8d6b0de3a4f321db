//! Finds the function to adapt: its folder, file and language.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::error::AdaptError;

/// The files that platforms load, most likely ones first.
const PYTHON: [&str; 3] = ["main.py", "lambda_function.py", "app.py"];
const NODE: [&str; 4] = ["index.js", "index.mjs", "index.cjs", "index.ts"];
/// The output folders of TypeScript compilers.
const COMPILED: [&str; 4] = ["dist", "build", "lib", "out"];

/// A language whose functions can be adapted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FunctionLanguage {
    Python,
    Node,
}

/// The function's own files.
#[derive(Debug)]
pub(super) struct FunctionSource {
    /// The absolute path of the function's folder. All its files belong to the function, as in a deployment.
    pub(super) folder: PathBuf,
    /// The file that the platform loads, within the folder.
    pub(super) file: PathBuf,
    pub(super) language: FunctionLanguage,
}

impl FunctionSource {
    /// Takes a file, or finds the file in a folder that a platform would load.
    ///
    /// # Errors
    ///
    /// [`AdaptError`]: the path doesn't exist, or contains no known function.
    pub(super) fn find(path: &Path) -> Result<Self, AdaptError> {
        let absolute = path
            .canonicalize()
            .map_err(|_| AdaptError::NoSource(path.to_owned()))?;
        if absolute.is_dir() {
            let (file, language) = Self::in_folder(&absolute, path)?;
            return Ok(Self {
                folder: absolute,
                file,
                language,
            });
        }
        let (Some(folder), Some(file)) = (absolute.parent(), absolute.file_name()) else {
            return Err(AdaptError::NoSource(path.to_owned()));
        };
        let language = match absolute.extension().and_then(OsStr::to_str) {
            Some("py") => FunctionLanguage::Python,
            Some("js" | "mjs" | "cjs" | "ts" | "mts" | "cts") => FunctionLanguage::Node,
            _ => return Err(AdaptError::UnknownLanguage(path.to_owned())),
        };
        Ok(Self {
            folder: folder.to_owned(),
            file: PathBuf::from(file),
            language,
        })
    }

    fn in_folder(folder: &Path, named: &Path) -> Result<(PathBuf, FunctionLanguage), AdaptError> {
        let first = |files: &[&str]| {
            let mut files = files.iter();
            let found = files.find(|file| folder.join(file).is_file())?;
            Some(PathBuf::from(found))
        };
        let main = main_of_package(folder);
        let built = main.clone().filter(|main| folder.join(main).is_file());
        let node = built.or_else(|| first(&NODE)).or_else(|| {
            // The source of a `main` that is not built yet.
            main.as_deref()
                .and_then(|main| before_compiling(folder, main))
        });
        match (first(&PYTHON), node) {
            (Some(file), None) => Ok((file, FunctionLanguage::Python)),
            (None, None) if main.is_some() => Err(AdaptError::NotBuilt {
                folder: named.to_owned(),
                main: main.unwrap_or_default(),
            }),
            (None, Some(file)) => Ok((file, FunctionLanguage::Node)),
            (None, None) => Err(AdaptError::NoFunction(named.to_owned())),
            (Some(python), Some(node)) => Err(AdaptError::TwoFunctions {
                folder: named.to_owned(),
                python,
                node,
            }),
        }
    }
}

/// The `main` file of `package.json`, if it is a script within the folder. It may not exist.
fn main_of_package(folder: &Path) -> Option<PathBuf> {
    let manifest = fs::read(folder.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_slice(&manifest).ok()?;
    let main = PathBuf::from(manifest.get("main")?.as_str()?);
    let main: PathBuf = main.strip_prefix("./").unwrap_or(&main).to_owned();
    let is_within = main
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let is_script = matches!(
        main.extension().and_then(OsStr::to_str),
        Some("js" | "mjs" | "cjs" | "ts" | "mts" | "cts")
    );
    (is_within && is_script).then_some(main)
}

/// The TypeScript file that compiles to `main`: `src/index.ts` for `dist/index.js`.
fn before_compiling(folder: &Path, main: &Path) -> Option<PathBuf> {
    let mut parts = main.components();
    let first = parts.next()?.as_os_str().to_str()?;
    let within = if COMPILED.contains(&first) {
        parts.as_path()
    } else {
        main
    };
    [within.to_owned(), Path::new("src").join(within)]
        .into_iter()
        .map(|path| path.with_extension("ts"))
        .find(|path| folder.join(path).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_as_platforms_find_them() {
        for (files, path, expected) in [
            (&["main.py", "app.py"][..], "", Ok("main.py")),
            (
                &["lambda_function.py", "helpers.py"],
                "",
                Ok("lambda_function.py"),
            ),
            (&["app.py"], "", Ok("app.py")),
            (&["index.mjs", "package.json"], "", Ok("index.mjs")),
            (
                &["main.py", "index.js"],
                "",
                Err("both main.py and index.js"),
            ),
            (&["main.py", "index.js"], "index.js", Ok("index.js")),
            (&["orders.py"], "", Err("contains no main.py")),
            (&["orders.py"], "orders.py", Ok("orders.py")),
            (&["index.ts"], "", Ok("index.ts")),
            (&["shop.mts"], "shop.mts", Ok("shop.mts")),
            (&["main.go"], "main.go", Err("neither Python")),
            (&[], "gone.py", Err("neither a file nor a folder")),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            for file in files {
                fs::write(folder.path().join(file), "").unwrap();
            }
            let found = FunctionSource::find(&folder.path().join(path));
            match (found, expected) {
                (Ok(found), Ok(file)) => assert_eq!(found.file, Path::new(file), "{files:?}"),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, expected) => panic!("{files:?}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn main_of_a_package_comes_before_its_index() {
        for (main, expected) in [
            ("./lib/connector.js", "lib/connector.js"),
            ("lib/connector.js", "lib/connector.js"),
            ("gone.js", "index.js"),
            ("../outside.js", "index.js"),
            ("/etc/hosts.js", "index.js"),
            ("lib/notes.txt", "index.js"),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            fs::create_dir(folder.path().join("lib")).unwrap();
            for file in ["index.js", "lib/connector.js", "lib/notes.txt"] {
                fs::write(folder.path().join(file), "").unwrap();
            }
            let manifest = format!("{{\"main\": \"{main}\"}}");
            fs::write(folder.path().join("package.json"), manifest).unwrap();
            let found = FunctionSource::find(folder.path()).unwrap();
            assert_eq!(found.file, Path::new(expected), "{main}");
        }
    }

    #[test]
    fn an_unbuilt_main_file_is_reported_or_its_typescript_is_taken() {
        for (files, main, expected) in [
            (&["src/index.ts"][..], "dist/index.js", Ok("src/index.ts")),
            (&["src/shop.ts"], "dist/src/shop.js", Ok("src/shop.ts")),
            (&["index.ts"], "build/index.js", Ok("index.ts")),
            (&["shop.ts"], "shop.js", Ok("shop.ts")),
            (
                &["dist/index.js", "src/index.ts"],
                "dist/index.js",
                Ok("dist/index.js"),
            ),
            (&["src/other.ts"], "dist/index.js", Err("dist/index.js")),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            let path = folder.path();
            for file in files {
                fs::create_dir_all(path.join(file).parent().unwrap()).unwrap();
                fs::write(path.join(file), "").unwrap();
            }
            let manifest = format!("{{\"main\": \"{main}\"}}");
            fs::write(path.join("package.json"), manifest).unwrap();
            match (FunctionSource::find(path), expected) {
                (Ok(found), Ok(file)) => assert_eq!(found.file, Path::new(file), "{files:?}"),
                (Err(error), Err(words)) => {
                    let error = error.to_string();
                    assert!(
                        error.contains(words) && error.contains("npm run build"),
                        "{error}"
                    );
                }
                (found, expected) => panic!("{files:?}: {found:?}, not {expected:?}"),
            }
        }
    }
}
