//! Why a function was not adapted.

use std::io;
use std::path::PathBuf;

use crate::author::build::BuildError;
use crate::config::NameError;

/// Why a function was not adapted. The user can fix all of these.
#[derive(Debug, thiserror::Error)]
pub enum AdaptError {
    /// The path doesn't exist.
    #[error("{} is neither a file nor a folder", .0.display())]
    NoSource(PathBuf),

    /// Functions in the file's language can't be adapted.
    #[error("{} is neither Python (.py) nor JavaScript or TypeScript (.js, .mjs, .cjs, .ts)", .0.display())]
    UnknownLanguage(PathBuf),

    /// The folder has no file that platforms load by default.
    #[error(
        "{} contains no main.py, lambda_function.py, app.py, index.js, index.mjs or index.ts; name the function's file itself",
        .0.display()
    )]
    NoFunction(PathBuf),

    /// The `main` file of `package.json` doesn't exist yet.
    #[error(
        "`main` of package.json in {} is {}, which does not exist; build it first (npm run build), or name the file to adapt",
        folder.display(), main.display()
    )]
    NotBuilt {
        /// The folder.
        folder: PathBuf,
        /// The file, within the folder.
        main: PathBuf,
    },

    /// The folder has functions of two languages.
    #[error("{} contains both {} and {}; name the one to adapt", folder.display(), python.display(), node.display())]
    TwoFunctions {
        /// The folder.
        folder: PathBuf,
        /// The file in Python.
        python: PathBuf,
        /// The file in JavaScript.
        node: PathBuf,
    },

    /// The name of the source can't be a connector's.
    #[error("`{name}` can't be a connector's name; give one with --name")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: NameError,
    },

    /// `-o` and `--name` give different names.
    #[error("-o {} and --name {name} give the connector different names; use only one of them", folder.display())]
    TwoNames {
        /// The folder of `-o`.
        folder: PathBuf,
        /// The name of `--name`.
        name: String,
    },

    /// `--key-variable` is not a valid name of a variable.
    #[error(
        "--key-variable `{0}` is not the name of a variable: use letters, digits and underscores, with no digit first"
    )]
    KeyVariable(String),

    /// `--entry` is empty.
    #[error("--entry is empty; give the name of the function that answers requests")]
    NoEntry,

    /// `--stand-in` works only for Python.
    #[error("--stand-in {package} works only for functions in Python, and {} is in JavaScript", file.display())]
    StandIn {
        /// The package to replace.
        package: String,
        /// The function's file.
        file: PathBuf,
    },

    /// The connector's folder would be inside the function's folder.
    #[error(
        "the connector's folder would be {}, inside the function's own folder {}; choose another place with -o, such as \
         -o ../connectors/{name}",
        output.display(), folder.display()
    )]
    WithinSource {
        /// The folder to create.
        output: PathBuf,
        /// The function's folder.
        folder: PathBuf,
        /// The connector's name.
        name: String,
    },

    /// The folder exists, and this command didn't create it.
    #[error("{} already exists and is not the folder of an adapted function; choose another one with -o, or move it away", .0.display())]
    Exists(PathBuf),

    /// The folder belongs to another function, whose component and `NAME.toml` it contains.
    #[error("{} was made from {}; give this function another name with --name, or another folder with -o", output.display(), function.display())]
    OtherFunction {
        /// The folder that would be written to.
        output: PathBuf,
        /// The folder of the function that it was made from.
        function: PathBuf,
    },

    /// The folder has too many files.
    #[error("{} has more than {limit} files; name a folder that contains only the function", folder.display())]
    TooManyFiles {
        /// The folder.
        folder: PathBuf,
        /// The maximum number of files.
        limit: usize,
    },

    /// The files are too large for a component.
    #[error("the files in {} have more than {} MiB in total; name a folder that contains only the function", folder.display(), limit_bytes >> 20)]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// The maximum total size in bytes.
        limit_bytes: u64,
    },

    /// The link points to a folder, or to a file outside the function's folder.
    #[error("{} is a link to a folder, or to a file outside {}; replace it with a copy", link.display(), folder.display())]
    Link {
        /// The link.
        link: PathBuf,
        /// The function's folder.
        folder: PathBuf,
    },

    /// The function can't be served. The text has the file and line.
    #[error("{0}")]
    Function(String),

    /// The tool that reads the source printed something unexpected.
    #[error("the output of `{command}` is not valid: {reason}")]
    NoFindings {
        /// The call.
        command: String,
        /// What is wrong with its output.
        reason: String,
    },

    /// A tool is missing, too old or fails.
    #[error(transparent)]
    Tool(#[from] BuildError),

    /// A file can't be read or written.
    #[error("{} can't be read or written", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}
