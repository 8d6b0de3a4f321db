//! Serves a native connector at a URL of 127.0.0.1, for `sync`. Pages are made one at a time.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use weld_protocol::{ErrorAnswer, ErrorKind, PENDING_HEADER, PageRequest, WAITS_FOR_HEADER};

use super::call::{CallHost, NativeLogSink};
use super::command::WorkerCommand;
use super::connector::{ConnectorParts, NativeConnector};
use super::environment::WorkerEnvironment;
use super::error::NativeError;
use super::fault::NativeFault;
use super::page::NativeReply;
use super::process_group::ProcessGroup;
use crate::config::{
    Ceilings, ConnectorConfig, ConnectorName, ProxyConfig, Secret, SystemFiles, shown_config_file,
};
use crate::egress::{Egress, HostMaps, Upstreams};
use crate::report;
use crate::sync::ConnectorVariables;
use crate::tokens::Store;
use crate::waits::Waits;

/// How long a request waits for its page. A later answer would only delay what `sync` shows.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// The longest request, in bytes: more than the largest `limits.state-size`.
const MAX_BODY_BYTES: usize = 16 << 20;

/// How a connector is run natively.
pub(crate) struct NativeOptions {
    /// The connector's name.
    pub(crate) name: ConnectorName,
    /// The command of its worker.
    pub(crate) command: WorkerCommand,
    /// Its configuration. A missing file is an empty one.
    pub(crate) config: PathBuf,
    /// The upper bounds of its limits.
    pub(crate) ceilings: Ceilings,
    /// Where requests for some hosts go instead.
    pub(crate) maps: HostMaps,
    /// The proxies through which APIs are reached.
    pub(crate) proxies: ProxyConfig,
    /// The store of its credentials' tokens; `None` to keep them in memory.
    pub(crate) tokens: Option<Store>,
    /// The variables of this process, from which the worker's are taken.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Receives the lines that the connector logs.
    pub(crate) lines: NativeLogSink,
}

/// A native connector that answers at a URL. Dropping it kills the worker's processes.
pub(crate) struct NativeServer {
    /// The URL, on a free port of 127.0.0.1.
    pub(crate) url: String,
    /// The key that requests need.
    pub(crate) key: Secret,
    /// The connector's variables.
    pub(crate) variables: ConnectorVariables,
    desk: Arc<PageDesk>,
    group: ProcessGroup,
    serving: JoinHandle<()>,
}

impl NativeServer {
    /// Reads the configuration and opens a port. The worker begins with the first call.
    ///
    /// # Errors
    ///
    /// [`NativeError`]: the configuration is not valid, or there is no port.
    pub(crate) async fn start(options: NativeOptions) -> Result<Self, NativeError> {
        let config = ConnectorConfig::read(&options.config, &options.ceilings, &SystemFiles)?;
        let mut upstreams = Upstreams::default()
            .with_maps(options.maps)
            .with_proxies(options.proxies);
        if let Some(tokens) = options.tokens {
            upstreams = upstreams.with_tokens(tokens);
        }
        let file = shown_config_file(&options.config);
        let egress = Egress::new(
            options.name.as_str(),
            &config,
            file.clone(),
            &upstreams,
            None,
        )
        .map_err(|error| NativeError::Certificates(error.to_string()))?;
        let group = ProcessGroup::default();
        let environment = WorkerEnvironment::new(options.environment, &config);
        let known = config.env.iter().map(|(name, value)| {
            let value = Some(value).filter(|_| !config.secret_env.contains(name));
            (name.clone(), value.cloned())
        });
        let variables = ConnectorVariables::new(known);
        let connector = NativeConnector::new(ConnectorParts {
            name: options.name,
            host: CallHost {
                egress,
                config_file: file,
                variables: config.env.iter().map(|(name, _)| name.clone()).collect(),
                folder: options.command.folder().to_owned(),
                lines: options.lines,
            },
            limits: config.limits,
            env: config.env,
            command: options.command,
            environment,
            group: group.clone(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(NativeError::Listen)?;
        let address = listener.local_addr().map_err(NativeError::Listen)?;
        let key = Secret::new(random_key()?);
        let desk = Arc::new(PageDesk {
            connector: Arc::new(connector),
            current: Mutex::default(),
        });
        let router = router(desk.clone(), &key);
        let serving = tokio::spawn(async move {
            // Without this option, the end of a page may wait for the client's delayed acknowledgement. A failure to
            // set it is harmless.
            let listener = listener.tap_io(|connection| {
                let _ = connection.set_nodelay(true);
            });
            // It never ends by itself: a failed connection ends only itself.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            url: format!("http://{address}"),
            key,
            variables,
            desk,
            group,
            serving,
        })
    }

    /// Ends the page that is being made, then the worker.
    pub(crate) async fn close(self) {
        self.serving.abort();
        self.desk.close().await;
    }
}

impl Drop for NativeServer {
    fn drop(&mut self) {
        self.serving.abort();
        self.group.kill();
    }
}

fn random_key() -> Result<String, NativeError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| NativeError::Randomness(error.into()))?;
    Ok(report::hexadecimal(&bytes))
}

/// Where requests wait for the one page that is being made.
struct PageDesk {
    connector: Arc<NativeConnector>,
    current: Mutex<Option<CurrentPage>>,
}

/// A page that is being made, or is made and not yet delivered.
struct CurrentPage {
    request: PageRequest,
    waits: Arc<Waits>,
    task: JoinHandle<Result<NativeReply, NativeFault>>,
}

impl Drop for CurrentPage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PageDesk {
    /// The page that is asked for, or the answer that there is none yet. A request with another table or state ends the
    /// page that is being made.
    async fn page(&self, request: PageRequest) -> Result<NativeReply, NativeFault> {
        let mut place = self.current.lock().await;
        let current = place.take().filter(|current| current.request == request);
        let mut current = match current {
            Some(current) => current,
            None => {
                if let Some((reply, left)) = self.connector.early(&request) {
                    tokio::time::sleep(left.min(ANSWER_WITHIN)).await;
                    if left > ANSWER_WITHIN {
                        return Ok(reply);
                    }
                }
                self.begin(request)
            }
        };
        match tokio::time::timeout(ANSWER_WITHIN, &mut current.task).await {
            Ok(made) => made.map_err(NativeFault::Crashed)?,
            Err(_) => {
                let waits_for = current.waits.current();
                let reply = NativeReply::running(&current.request, waits_for);
                *place = Some(current);
                Ok(reply)
            }
        }
    }

    fn begin(&self, request: PageRequest) -> CurrentPage {
        let (connector, waits) = (self.connector.clone(), Arc::<Waits>::default());
        let making = {
            let (request, waits) = (request.clone(), waits.clone());
            async move { connector.page(&request, &waits).await }
        };
        CurrentPage {
            request,
            waits,
            task: tokio::spawn(making),
        }
    }

    async fn close(&self) {
        // Dropping a page ends its task, and with that its worker.
        if let Some(mut current) = self.current.lock().await.take() {
            current.task.abort();
            let _ = (&mut current.task).await;
        }
        self.connector.close().await;
    }
}

fn router(desk: Arc<PageDesk>, key: &Secret) -> Router {
    let expected: Arc<str> = format!("Bearer {}", key.expose()).into();
    Router::new()
        .route("/schema", get(schema))
        .route("/", post(page))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(expected, admit))
        .with_state(desk)
}

/// Other programs on this machine don't know the key.
async fn admit(State(expected): State<Arc<str>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION);
    if given.is_some_and(|given| given.as_bytes() == expected.as_bytes()) {
        return next.run(request).await;
    }
    refusal(
        ErrorKind::Unauthorized,
        "the key is missing or wrong".to_owned(),
    )
}

async fn schema(State(desk): State<Arc<PageDesk>>) -> Response {
    match desk.connector.schema().await {
        Ok(text) => json(text.into()),
        Err(fault) => failure(&fault, &desk),
    }
}

async fn page(State(desk): State<Arc<PageDesk>>, body: Bytes) -> Response {
    let request = match PageRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return refusal(ErrorKind::BadRequest, error.to_string()),
    };
    match desk.page(request).await {
        Err(fault) => failure(&fault, &desk),
        Ok(reply) => {
            let mut response = json(reply.text.into_chunks().concat().into());
            let headers = response.headers_mut();
            if let Some(pending) = reply.pending {
                headers.insert(
                    PENDING_HEADER,
                    header::HeaderValue::from_static(pending.as_str()),
                );
            }
            let waits_for = reply
                .waits_for
                .and_then(|wait| wait.to_string().parse().ok());
            if let Some(waits_for) = waits_for {
                headers.insert(WAITS_FOR_HEADER, waits_for);
            }
            response
        }
    }
}

fn json(text: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn failure(fault: &NativeFault, desk: &PageDesk) -> Response {
    let mut response = error_response(&ErrorAnswer {
        kind: fault.kind(),
        temporary: Some(fault.is_temporary()),
        message: report::chain(fault),
        connector: Some(desk.connector.name().to_string()),
        request_id: None,
    });
    if let Some(wait) = fault.retry_after() {
        // Rounded up, since a client that retries a moment too early is refused again.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn refusal(kind: ErrorKind, message: String) -> Response {
    error_response(&ErrorAnswer {
        kind,
        temporary: Some(kind.is_temporary()),
        message,
        connector: None,
        request_id: None,
    })
}

fn error_response(answer: &ErrorAnswer) -> Response {
    let status = StatusCode::from_u16(answer.kind.status());
    let mut response = json(answer.write().into());
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
