//! A server that speaks the runtime API of AWS Lambda, and the real program as its function
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use crate::PATIENCE;
use crate::http::{Kind, Message};
use crate::process::Process;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// The beginning of all paths of the API.
const VERSION: &str = "/2018-06-01/runtime/";

/// The time-out of the functions unless a test sets another one. A request that is held for longer fails its test.
const TIME_OUT: Duration = Duration::from_secs(15 * 60);

/// A running runtime API.
pub struct RuntimeApi {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    known: Mutex<Known>,
    changed: Condvar,
}

#[derive(Default)]
struct Known {
    events: VecDeque<Event>,
    /// How many events were sent, which are their ids.
    sent: usize,
    outcomes: BTreeMap<String, Outcome>,
    init_errors: Vec<Value>,
    /// How often the function has asked for an event.
    asked: usize,
    is_over: bool,
}

struct Event {
    id: String,
    payload: Vec<u8>,
    deadline_ms: u128,
}

/// How an invocation ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// With an answer.
    Response(Value),
    /// With an error, as Lambda returns it to whoever invoked the function.
    Error(Value),
}

impl Outcome {
    /// The answer.
    ///
    /// # Panics
    /// If it is an error.
    pub fn response(self) -> Value {
        match self {
            Self::Response(answer) => answer,
            Self::Error(error) => panic!("the invocation failed: {error}"),
        }
    }

    /// The error.
    ///
    /// # Panics
    /// If it is an answer.
    pub fn error(self) -> Value {
        match self {
            Self::Error(error) => error,
            Self::Response(answer) => panic!("the invocation did not fail: {answer}"),
        }
    }
}

impl RuntimeApi {
    /// Starts the API on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::<State>::default();
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { address, state }
    }

    /// Its host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Invokes the function, and waits for the outcome.
    ///
    /// # Panics
    /// If there is none within [`PATIENCE`].
    pub fn invoke(&self, payload: &[u8], deadline: SystemTime) -> Outcome {
        let id = self.send(payload, deadline);
        self.wait("an outcome", |known| known.outcomes.remove(&id))
    }

    /// Sends an event without waiting, and returns its id.
    fn send(&self, payload: &[u8], deadline: SystemTime) -> String {
        let mut known = self.state.known.lock().unwrap();
        known.sent += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", known.sent);
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        known.events.push_back(Event {
            id: id.clone(),
            payload: payload.to_owned(),
            deadline_ms: deadline.as_millis(),
        });
        self.state.changed.notify_all();
        id
    }

    /// The error with which the function could not start.
    ///
    /// # Panics
    /// If there is none within [`PATIENCE`].
    pub fn init_error(&self) -> Value {
        self.wait("a failed start", |known| known.init_errors.pop())
    }

    /// Waits until the function has asked for an event for the first time.
    ///
    /// # Panics
    /// If it doesn't within [`PATIENCE`].
    pub fn wait_until_asked(&self) {
        self.wait("a function", |known| (known.asked > 0).then_some(()));
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut(&mut Known) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut known = self.state.known.lock().unwrap();
        loop {
            if let Some(found) = look(&mut known) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "there was not {what} in time");
            known = self.state.changed.wait_timeout(known, left).unwrap().0;
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.state.known.lock().unwrap().is_over = true;
        self.state.changed.notify_all();
    }
}

/// Answers the requests of one connection.
fn serve(stream: &TcpStream, state: &State) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = Message::read(&mut reader, Kind::Request) {
        let path = request.target().strip_prefix(VERSION).unwrap_or_default();
        let answer = match (
            request.method(),
            path.split('/').collect::<Vec<_>>().as_slice(),
        ) {
            ("GET", ["invocation", "next"]) => match next(state) {
                Some(event) => event,
                None => return,
            },
            ("POST", ["invocation", id, "response"]) => {
                end(state, id, Outcome::Response(request.json()))
            }
            ("POST", ["invocation", id, "error"]) => end(state, id, Outcome::Error(request.json())),
            ("POST", ["init", "error"]) => {
                state.known.lock().unwrap().init_errors.push(request.json());
                state.changed.notify_all();
                accepted()
            }
            _ => panic!("the runtime API has no {}", request.start),
        };
        if (&mut &*stream).write_all(&answer).is_err() {
            return;
        }
    }
}

/// The next event, once there is one. `None` if the API is over.
fn next(state: &State) -> Option<Vec<u8>> {
    let mut known = state.known.lock().unwrap();
    known.asked += 1;
    state.changed.notify_all();
    loop {
        if known.is_over {
            return None;
        }
        if let Some(event) = known.events.pop_front() {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: {}\r\n\
                 Lambda-Runtime-Deadline-Ms: {}\r\nLambda-Runtime-Invoked-Function-Arn: \
                 arn:aws:lambda:eu-north-1:123456789012:function:weld\r\nLambda-Runtime-Trace-Id: \
                 Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\nContent-Length: {}\r\n\r\n",
                event.id,
                event.deadline_ms,
                event.payload.len()
            );
            return Some([head.into_bytes(), event.payload].concat());
        }
        known = state.changed.wait(known).unwrap();
    }
}

fn end(state: &State, id: &str, outcome: Outcome) -> Vec<u8> {
    let earlier = state
        .known
        .lock()
        .unwrap()
        .outcomes
        .insert(id.to_owned(), outcome);
    assert!(earlier.is_none(), "the invocation {id} ended twice");
    state.changed.notify_all();
    accepted()
}

fn accepted() -> Vec<u8> {
    let body = "{\"status\":\"OK\"}";
    format!(
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What to start as a function.
pub struct FunctionBuilder {
    program: PathBuf,
    root: TempDir,
    variables: BTreeMap<String, OsString>,
    is_started_as_bootstrap: bool,
}

/// A function in its execution environment. Dropping it ends it.
pub struct Function {
    api: RuntimeApi,
    process: Process,
    root: TempDir,
}

impl FunctionBuilder {
    /// A function with an empty plugins folder, and with the variables that Lambda sets. It has no `HOME`.
    pub fn new(program: &str) -> Self {
        let root = TempDir::new().expect("a temporary folder");
        fs::create_dir(root.path().join("plugins")).expect("it is new");
        let builder = Self {
            program: program.into(),
            root,
            variables: BTreeMap::new(),
            is_started_as_bootstrap: true,
        };
        let root = builder.root.path().as_os_str().to_owned();
        builder
            .variable("LAMBDA_TASK_ROOT", root)
            .variable("AWS_LAMBDA_FUNCTION_NAME", "weld")
            .variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
            .variable("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .variable("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/weld")
            .variable("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/30/[$LATEST]1")
            .variable("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .variable("AWS_REGION", "eu-north-1")
            .variable("_HANDLER", "bootstrap")
            .variable("PATH", "/usr/local/bin:/usr/bin:/bin")
    }

    /// Adds this component as the connector `name`.
    pub fn plugin(self, name: &str, component: &str) -> Self {
        let component = fs::read(component).expect("the build script made it");
        self.file(&format!("plugins/{name}.wasm"), component)
    }

    /// Adds `NAME.toml` for the connector.
    pub fn config(self, name: &str, toml: &str) -> Self {
        self.file(&format!("plugins/{name}.toml"), toml)
    }

    /// Adds a file of the function.
    pub fn file(self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        fs::write(self.root.path().join(path), contents).expect("the folder can be written");
        self
    }

    /// Sets this variable.
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables
            .insert(name.to_owned(), value.as_ref().to_owned());
        self
    }

    /// Removes this variable.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Starts the program under its own name, without a command.
    pub fn under_its_own_name(mut self) -> Self {
        self.is_started_as_bootstrap = false;
        self
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Starts the function.
    ///
    /// # Panics
    /// If the program can't be started.
    pub fn start(self) -> Function {
        let api = RuntimeApi::start();
        let mut command = Command::new(&self.program);
        if self.is_started_as_bootstrap {
            command.arg0("/var/task/bootstrap");
        }
        command
            .env_clear()
            .envs(&self.variables)
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .current_dir("/");
        Function {
            api,
            process: Process::start(&mut command),
            root: self.root,
        }
    }
}

impl Function {
    /// Invokes it with an event, and with the longest time that a function can have.
    pub fn invoke(&self, event: &Value) -> Outcome {
        self.invoke_until(event, SystemTime::now() + TIME_OUT)
    }

    /// Invokes it with an event and this deadline.
    pub fn invoke_until(&self, event: &Value, deadline: SystemTime) -> Outcome {
        self.invoke_raw(event.to_string().as_bytes(), deadline)
    }

    /// Invokes it with any bytes.
    pub fn invoke_raw(&self, payload: &[u8], deadline: SystemTime) -> Outcome {
        self.api.invoke(payload, deadline)
    }

    /// The API that it asks for events.
    pub fn api(&self) -> &RuntimeApi {
        &self.api
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Waits until the process has ended, and returns how, with its folder's API.
    pub fn wait(self) -> (crate::process::Ended, RuntimeApi) {
        (self.process.wait(), self.api)
    }
}
