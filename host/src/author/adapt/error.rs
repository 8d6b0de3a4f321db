//! Why a function was not adapted.

use std::io;
use std::path::PathBuf;

use crate::author::build::BuildError;
use crate::config::NameError;

/// Why a function was not adapted. All of it is for its author to mend.
#[derive(Debug, thiserror::Error)]
pub enum AdaptError {
    /// There is nothing at the path.
    #[error("{} is neither a file nor a folder", .0.display())]
    NoSource(PathBuf),

    /// The file is in no language that can be adapted.
    #[error("{} is neither Python (.py) nor JavaScript or TypeScript (.js, .mjs, .cjs, .ts)", .0.display())]
    UnknownLanguage(PathBuf),

    /// The folder has no file that platforms begin with.
    #[error(
        "{} holds no function: none of main.py, lambda_function.py, app.py, index.js, index.mjs and index.ts; name the file itself",
        .0.display()
    )]
    NoFunction(PathBuf),

    /// The file that `package.json` begins with is still to be made.
    #[error(
        "package.json of {} begins with {}, which is not there: build it first (npm run build), or name the file to adapt",
        folder.display(), main.display()
    )]
    NotBuilt {
        /// The folder.
        folder: PathBuf,
        /// The file, within the folder.
        main: PathBuf,
    },

    /// The folder has functions of two languages.
    #[error("{} holds both {} and {}; name the one to adapt", folder.display(), python.display(), node.display())]
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

    /// The folder's name is the connector's, and another one was asked for.
    #[error("-o {} makes a connector of that name, and --name is `{name}`; give one of both", folder.display())]
    TwoNames {
        /// The folder of `-o`.
        folder: PathBuf,
        /// The name of `--name`.
        name: String,
    },

    /// `--key-variable` names nothing that can be a variable.
    #[error(
        "--key-variable `{0}` is not the name of a variable, which has letters, digits and underscores, and begins with no digit"
    )]
    KeyVariable(String),

    /// `--entry` is empty.
    #[error("--entry is empty; it names the function that answers requests")]
    NoEntry,

    /// `--stand-in` is for Python.
    #[error("--stand-in {package} is for functions in Python, and {} is one in JavaScript", file.display())]
    StandIn {
        /// What was to be stood in for.
        package: String,
        /// The function's file.
        file: PathBuf,
    },

    /// The connector's folder would be a part of the function's own.
    #[error(
        "the connector's folder would be {}, within the function's own folder {}; name another place with -o, such as \
         -o ../connectors/{name}",
        output.display(), folder.display()
    )]
    WithinSource {
        /// The folder to make.
        output: PathBuf,
        /// The function's folder.
        folder: PathBuf,
        /// The connector's name.
        name: String,
    },

    /// Nothing that was not made by this command is written to.
    #[error("{} exists already, and is not the folder of an adapted function; name another with -o, or move it away", .0.display())]
    Exists(PathBuf),

    /// Its component and its `NAME.toml` would be replaced, or kept for another function.
    #[error("{} was made from {}; give this function another name with --name, or another folder with -o", output.display(), function.display())]
    OtherFunction {
        /// The folder that would be written to.
        output: PathBuf,
        /// The folder of the function that it was made from.
        function: PathBuf,
    },

    /// A whole disk was named, perhaps.
    #[error("{} has more than {limit} files; name a folder that holds the function alone", folder.display())]
    TooManyFiles {
        /// The folder.
        folder: PathBuf,
        /// How many it may have.
        limit: usize,
    },

    /// The files would make too large a component.
    #[error("the files of {} have more than {} MiB together; name a folder that holds the function alone", folder.display(), limit_bytes >> 20)]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// How many bytes they may have.
        limit_bytes: u64,
    },

    /// What the link points to is not the function's.
    #[error("{} is a link to a folder, or to a file outside of {}; put a copy in its place", link.display(), folder.display())]
    Link {
        /// The link.
        link: PathBuf,
        /// The function's folder.
        folder: PathBuf,
    },

    /// Something in the function can't be served; the text has file and line.
    #[error("{0}")]
    Function(String),

    /// The tool that reads the source answered something else than was expected.
    #[error("`{command}` did not say what it found: {reason}")]
    NoFindings {
        /// The call.
        command: String,
        /// What is wrong with its answer.
        reason: String,
    },

    /// A tool is missing, too old or fails.
    #[error(transparent)]
    Tool(#[from] BuildError),

    /// A file that is read or written.
    #[error("{} can't be read or written", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
