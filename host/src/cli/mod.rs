//! Commands, flags, output and exit status.
//!
//! This room contains what a person types and reads, but not the work: a command turns its flags into the settings of
//! the rooms that it starts, and prints the results. No other room prints.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this room is for"
)]

mod adapt;
mod adapt_tables;
mod admin_key;
mod announcer;
mod api_keys;
mod arguments;
mod auth;
mod build;
mod check;
mod compile;
mod compile_manner;
mod completions;
mod configuration;
mod connector;
#[cfg(feature = "demo")]
mod demo;
mod error;
mod exit_status;
mod flag_table;
#[cfg(test)]
mod flag_values;
mod folder_build;
mod folders;
mod followed_keys;
mod foreign_flags;
mod host;
mod host_settings;
mod lambda;
mod live;
mod log_google;
mod log_line;
mod log_members;
mod log_object;
mod log_span;
mod logging;
mod man;
mod maps;
mod new;
mod origin;
mod otlp;
mod output;
mod precompiler;
mod prepared_host;
mod progress;
mod proxies;
mod run;
mod serve;
mod server_flags;
mod setting_list;
mod settings;
mod settings_reload;
mod signals;
mod source;
mod status;
mod supervisor;
mod sync;
mod text_table;
mod tokens;
mod unknown_connector;
#[cfg(test)]
mod written_log;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
pub use error::CliError;
pub use exit_status::ExitStatus;
pub use output::{printable, say_last};
use supervisor::PassedSockets;
pub use supervisor::SocketsError;
pub use sync::UnknownTable;
pub use unknown_connector::UnknownConnector;

use crate::platform;
use crate::sandbox::serve_as_compiler;
use compile_manner::COMPILER_COMMAND;
use lambda::FunctionEnvironment;

/// The name under which people run the program.
const PROGRAM: &str = "weld-host";

/// Runs Weld custom connectors as sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    logging: logging::LoggingFlags,
    #[command(subcommand)]
    command: Command,
    #[arg(skip)]
    arguments: Option<arguments::Arguments>,
    /// Whether Lambda has started the process as a function, which then serves its events instead of connections.
    #[arg(skip)]
    is_function: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve every connector of a folder
    Serve(host_settings::ServeFlags),
    /// List the connectors of a running host, with their calls and problems
    Status(status::StatusFlags),
    /// Print the settings of `serve` and where each comes from, or check them
    Config(configuration::ConfigFlags),
    /// Sync a connector's tables into a SQLite file, JSON Lines or stdout, as Weld would
    Sync(sync::SyncFlags),
    /// Build a connector from its sources and put it into the plugins folder
    Build(build::BuildFlags),
    /// Compile the connectors of a folder ahead, so that hosts start without compiling them
    Compile(compile::CompileFlags),
    /// Run a connector natively from its sources, without a component, and show its rows
    Run(run::RunFlags),
    /// Turn a cloud function or a Lambda into a connector, its files unchanged, and build it
    Adapt(adapt::AdaptFlags),
    /// Load connectors as `serve` does, request pages, and report problems and how to fix them
    Check(check::CheckFlags),
    /// Obtain, show and remove the tokens of connectors' credentials
    Auth(auth::AuthFlags),
    /// Create a folder with a new connector
    New(new::NewFlags),
    /// Package a function for AWS Lambda
    Lambda(lambda::LambdaFlags),
    /// Sync all tables of the example connector from a demo API, then keep serving
    #[cfg(feature = "demo")]
    Demo(demo::DemoFlags),
    /// Print the script with which a shell completes commands and flags
    Completions(completions::CompletionsFlags),
    /// Print the manual page, or write one for each command into a folder
    Man(man::ManFlags),
    /// Compile a component for the host that started this process. Clap doesn't know it: even a hidden command would be
    /// suggested to someone who mistypes another one.
    #[command(skip)]
    Compiler,
}

impl Command {
    /// The log's level unless a flag sets it. The demo prints for a person, so it logs only warnings.
    fn log_level(&self) -> Option<logging::Level> {
        Some(match self {
            // A schema that fails for lack of variables gets a line in the output.
            Self::Adapt(_) => return None,
            Self::Serve(_) => logging::Level::Info,
            // The findings say what is wrong.
            Self::Check(_) => logging::Level::Error,
            Self::Sync(_)
            | Self::Status(_)
            | Self::Run(_)
            | Self::New(_)
            | Self::Build(_)
            | Self::Compile(_)
            | Self::Auth(_)
            | Self::Completions(_)
            | Self::Lambda(_)
            | Self::Config(_)
            | Self::Man(_)
            | Self::Compiler => logging::Level::Warn,
            #[cfg(feature = "demo")]
            Self::Demo(_) => logging::Level::Warn,
        })
    }
}

impl Cli {
    /// Parses the arguments of the process.
    ///
    /// # Errors
    ///
    /// Wrong arguments, and also a request for help or the version. The error knows what to print, and where.
    pub fn of_process() -> Result<Self, clap::Error> {
        if std::env::args_os()
            .nth(1)
            .is_some_and(|first| first == COMPILER_COMMAND)
        {
            return Ok(Self {
                logging: logging::LoggingFlags::default(),
                command: Command::Compiler,
                arguments: None,
                is_function: false,
            });
        }
        if FunctionEnvironment::has_started_this() {
            return Self::of_function().inspect_err(|error| lambda::report_failed_start(error));
        }
        let arguments = arguments::Arguments::of_process(Self::command());
        let cli = Self::from_arg_matches(&arguments.parse()?)?;
        Ok(Self {
            arguments: Some(arguments),
            ..cli
        })
    }

    /// The program as a function of AWS Lambda, whose settings come from the environment.
    ///
    /// # Errors
    ///
    /// A variable with a setting is invalid.
    pub fn of_function() -> Result<Self, clap::Error> {
        let words = FunctionEnvironment::words(PROGRAM);
        let arguments = arguments::Arguments::of_words(words, Self::command());
        let cli = Self::from_arg_matches(&arguments.parse()?)?;
        Ok(Self {
            arguments: Some(arguments),
            is_function: true,
            ..cli
        })
    }

    /// The flags of `serve`, if the command has them.
    fn serve_flags(&self) -> Option<&host_settings::ServeFlags> {
        match &self.command {
            Command::Serve(flags) => Some(flags),
            Command::Config(flags) => Some(flags.serve()),
            _ => None,
        }
    }

    /// Runs the command.
    ///
    /// # Errors
    ///
    /// [`CliError`], which knows its exit status.
    pub fn run(self) -> Result<(), CliError> {
        platform::keep_heap_small();
        if self.is_function {
            return self
                .run_function()
                .inspect_err(|error| lambda::report_failed_start(error));
        }
        self.run_command()
    }

    /// Answers the events of a function.
    fn run_function(self) -> Result<(), CliError> {
        let environment = FunctionEnvironment::enter()?;
        let (cli, resolution) = self.completed()?;
        // The words of a function are those of this command.
        let Command::Serve(flags) = cli.command else {
            return Ok(());
        };
        cli.logging.start(Some(logging::Level::Info), None, false);
        let announcer = announcer::Announcer(cli.logging.output_form());
        on_runtime(lambda::run_function(
            flags,
            &resolution,
            &environment,
            announcer,
        ))
    }

    fn run_command(self) -> Result<(), CliError> {
        // Before the process opens files of its own.
        let passed = match self.command {
            Command::Serve(_) => PassedSockets::take()?,
            _ => PassedSockets::default(),
        };
        let (cli, resolution) = self.completed()?;
        cli.run_with(resolution, passed)
    }

    /// The same command with the values of `weld-host.toml`, and what determines its settings.
    fn completed(self) -> Result<(Self, arguments::Resolution), CliError> {
        let (Some(flags), Some(arguments)) = (self.serve_flags(), &self.arguments) else {
            return Ok((self, arguments::Resolution::default()));
        };
        let (matches, resolution) = arguments.resolve(flags.file.config.as_deref())?;
        let cli = Self::from_arg_matches(&matches).map_err(CliError::Arguments)?;
        let cli = Self {
            arguments: self.arguments,
            is_function: self.is_function,
            ..cli
        };
        Ok((cli, resolution))
    }

    fn run_with(
        self,
        resolution: arguments::Resolution,
        passed: PassedSockets,
    ) -> Result<(), CliError> {
        let capture = match &self.command {
            Command::Check(_) => Some(check::LogCapture::of_calls_and_lines()),
            // The log has the calls if it was asked for.
            Command::Sync(_) | Command::Run(_) if self.logging.is_default() => {
                Some(check::LogCapture::of_calls())
            }
            _ => None,
        };
        let serves = matches!(self.command, Command::Serve(_));
        let _end = serves
            .then(|| output::never_block(self.logging.output_form()))
            .transpose()
            .map_err(CliError::Output)?;
        let log = self.logging.start(
            self.command.log_level(),
            capture.clone(),
            matches!(self.command, Command::Sync(_) | Command::Run(_)),
        );
        match self.command {
            Command::Serve(flags) => {
                let arguments = self.arguments;
                let announcer = announcer::Announcer(self.logging.output_form());
                let log = (log, announcer);
                on_runtime(serve::run(flags, (resolution, arguments), log, passed))
            }
            Command::Config(flags) => configuration::run(flags, &resolution),
            Command::Lambda(flags) => lambda::run(flags),
            Command::Status(flags) => on_runtime(status::run(flags)),
            Command::Sync(flags) => on_runtime(sync::run(flags, capture)),
            Command::Build(flags) => on_runtime(build::run(flags)),
            Command::Compile(flags) => on_runtime(compile::run(flags)),
            Command::Run(flags) => on_runtime(run::run(flags, capture)),
            Command::Adapt(flags) => on_runtime(adapt::run(flags)),
            Command::Check(flags) => {
                let server_flags = flag_table::FlagTable::of(&Self::command());
                let capture = capture.unwrap_or_else(check::LogCapture::of_calls_and_lines);
                on_runtime(check::run(flags, &server_flags, capture))
            }
            Command::Auth(flags) => on_runtime(auth::run(flags)),
            Command::New(flags) => on_runtime(new::run(flags)),
            #[cfg(feature = "demo")]
            Command::Demo(flags) => on_runtime(demo::run(flags)),
            Command::Completions(flags) => completions::run(&flags),
            Command::Man(flags) => man::run(flags),
            Command::Compiler => Ok(serve_as_compiler()?),
        }
    }
}

fn on_runtime(command: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(crate::sandbox::worker_threads())
        .enable_all()
        .build()
        .map_err(CliError::Runtime)?;
    let result = runtime.block_on(command);
    // Calls that were cut off may still occupy a thread. The process must not wait for them.
    runtime.shutdown_background();
    result
}
