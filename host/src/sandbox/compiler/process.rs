//! The host's side: a child process for each component to be compiled.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::Command;

use super::error::CompilerFault;
use super::outcome::{CompilerOutput, ProcessOutcome};
use super::priority::CompilerPriority;
use super::protocol::{CompilerAllowance, MAX_HEAD_BYTES, RequestHead, text_head};
use crate::config::CompileLimits;
use crate::platform;
use crate::report;
use crate::sandbox::machine::processors;
use crate::sandbox::target_cpu::TargetCpu;

/// Its only environment variable: the number of threads in the compiler's thread pool (rayon).
const THREADS: &str = "RAYON_NUM_THREADS";

/// As many processes compile at once as there are processors, so few threads in each are enough. The stack of each
/// thread, 2 MiB, counts as used memory.
const MAX_THREADS: u64 = 4;

/// How much of its stderr is kept, in bytes.
const STDERR_TAIL_BYTES: usize = 1 << 10;

/// The program that compiles, started for each component. It gets nothing of the host's environment and none of its
/// open files, and sets its priority and its limits on itself.
///
/// It is trusted like the host itself: the code in its answer is run.
#[derive(Debug, Clone)]
pub struct CompilerProcess {
    /// A program that calls [`serve_as_compiler`](super::serve_as_compiler), of the same version as this host. Nobody
    /// whom the host doesn't trust may be able to write to it.
    pub program: PathBuf,
    /// The arguments that make it do so.
    pub arguments: Vec<OsString>,
    /// Its limits for one component.
    pub limits: CompileLimits,
    /// Its priority.
    pub priority: CompilerPriority,
}

/// What a compiler process is asked for.
pub(super) struct CompileRequest {
    /// The component.
    pub(super) wasm: Bytes,
    /// The functions of an earlier compilation. With `None`, the new ones are not wanted either.
    pub(super) functions: Option<Bytes>,
    /// The processor to compile for; `None` for this machine's, with the settings of this host's engine.
    pub(super) cpu: Option<TargetCpu>,
}

impl CompilerProcess {
    /// The currently running program, with these arguments.
    pub fn of_this_program(
        arguments: impl IntoIterator<Item = OsString>,
        limits: CompileLimits,
        priority: CompilerPriority,
    ) -> Self {
        Self {
            program: platform::this_program(),
            arguments: arguments.into_iter().collect(),
            limits,
            priority,
        }
    }

    /// Compiles a component. Dropping the future ends the process.
    ///
    /// The process also ends with the thread that first polls the future; tokio's threads live as long as the runtime.
    pub(super) async fn compile(
        &self,
        request: CompileRequest,
    ) -> Result<CompilerOutput, CompilerFault> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env(THREADS, Self::threads().to_string())
            .envs(platform::LIMITED_PROCESS.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A terminal's keys are for the host, which ends its compilers itself.
            .process_group(0)
            .kill_on_drop(true);
        if self.program == platform::this_program() {
            command.arg0(env!("CARGO_PKG_NAME"));
        }
        let mut child = command.spawn().map_err(|source| CompilerFault::Start {
            program: self.program.clone(),
            source,
        })?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let conversation = async {
            let (_, answered, stderr_tail) =
                tokio::join!(self.ask(stdin, request), self.listen(stdout), tail(stderr));
            let status = child.wait().await.map_err(CompilerFault::Pipe)?;
            let answer = answered.map_err(CompilerFault::Pipe)?;
            ProcessOutcome {
                status,
                answer,
                stderr_tail,
            }
            .into_output(&self.program, &self.limits)
        };
        tokio::time::timeout(self.limits.time, conversation)
            .await
            .unwrap_or(Err(CompilerFault::OutOfTime(self.limits.time)))
    }

    /// Sends the request, and drops its parts. A process that stops reading hasn't failed yet: its answer or exit
    /// status says why.
    async fn ask(
        &self,
        stdin: Option<impl AsyncWrite + Unpin>,
        request: CompileRequest,
    ) -> io::Result<()> {
        let Some(mut stdin) = stdin else {
            return Ok(());
        };
        let CompileRequest {
            wasm,
            functions,
            cpu,
        } = request;
        let head = RequestHead {
            allowance: self.allowance(),
            cpu,
            wants_functions: functions.is_some(),
        };
        stdin.write_all(&head.bytes()).await?;
        for text in [functions.unwrap_or_default(), wasm] {
            stdin.write_all(&text_head(&text)).await?;
            stdin.write_all(&text).await?;
        }
        Ok(())
    }

    /// Reads its whole answer, at most as many bytes as it has memory for.
    async fn listen(&self, stdout: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
        let mut answer = Vec::new();
        if let Some(stdout) = stdout {
            let most = self.limits.memory_bytes.saturating_add(MAX_HEAD_BYTES);
            stdout.take(most).read_to_end(&mut answer).await?;
        }
        Ok(answer)
    }

    /// The processor time limits a compiler whose host can no longer end it; otherwise the host ends it by the clock
    /// first.
    fn allowance(&self) -> CompilerAllowance {
        let seconds = self.limits.time.as_secs().saturating_add(1);
        CompilerAllowance {
            priority: self.priority,
            memory_bytes: self.limits.memory_bytes,
            cpu_seconds: seconds.saturating_mul(Self::threads()),
        }
    }

    fn threads() -> u64 {
        u64::from(processors()).min(MAX_THREADS)
    }
}

/// The end of its stderr, as one line.
async fn tail(stderr: Option<impl AsyncRead + Unpin>) -> String {
    let mut tail = Vec::new();
    let Some(mut stderr) = stderr else {
        return String::new();
    };
    let mut piece = [0; STDERR_TAIL_BYTES];
    while let Ok(read @ 1..) = stderr.read(&mut piece).await {
        tail.extend(piece.iter().take(read));
        let surplus = tail.len().saturating_sub(STDERR_TAIL_BYTES);
        tail.drain(..surplus);
    }
    let text = String::from_utf8_lossy(&tail);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    report::escaped(&lines.join("; "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::protocol::VERSION;
    use super::*;

    /// Larger than a pipe's buffer: a compiler that exits early interrupts the host's request.
    const WASM: &[u8] = &[0; 1 << 20];

    fn request() -> CompileRequest {
        CompileRequest {
            wasm: Bytes::from_static(WASM),
            functions: None,
            cpu: None,
        }
    }

    async fn compiled_by(script: &str, time: Duration) -> Result<CompilerOutput, CompilerFault> {
        let process = CompilerProcess {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            limits: CompileLimits {
                memory_bytes: 1 << 20,
                time,
            },
            priority: CompilerPriority::Background,
        };
        process.compile(request()).await
    }

    /// A shell command that writes an answer with the payload `code` and the functions `add`.
    fn answer(version: &str) -> String {
        format!(
            "printf 'weldcomp\\{:03o}{}{version}\\000\\004{zeros}code\\003{zeros}add'",
            version.len(),
            r"\000".repeat(3),
            zeros = r"\000".repeat(7),
        )
    }

    #[tokio::test]
    async fn only_a_complete_answer_of_a_successful_compiler_is_code() {
        let good = answer(VERSION);
        let read_all = "cat > /dev/null";
        let other_version = format!(
            "the compiler /bin/sh has version 9.9.9, but this host has version {VERSION}: restart the host"
        );
        let cases = [
            (format!("{read_all}; {good}"), Ok("code")),
            (good.clone(), Ok("code")),
            (
                format!("{good}; printf more"),
                Err("the compiler's answer is invalid"),
            ),
            (
                good.replace("code", "cod"),
                Err("the compiler's answer is invalid"),
            ),
            ("exit 0".to_owned(), Err("the compiler's answer is invalid")),
            (
                format!("{good}; echo 'bad\nnews' >&2; exit 3"),
                Err("the compiler crashed on the component (exit status: 3): bad; news"),
            ),
            (
                format!("{good}; kill -SEGV $$"),
                Err("the compiler crashed on the component (signal: 11 (SIGSEGV))"),
            ),
            (answer("9.9.9"), Err(&*other_version)),
            (
                "echo 'memory allocation of 8 bytes failed' >&2; kill -ABRT $$".to_owned(),
                Err(
                    "compiling the component takes more memory than 1MiB: allow more with --compile-memory",
                ),
            ),
            (
                "kill -XCPU $$".to_owned(),
                Err("compiling the component takes longer than 1h: allow more with --compile-time"),
            ),
            (
                "exec cat /dev/zero".to_owned(),
                Err("the compiler crashed on the component (signal: 13 (SIGPIPE))"),
            ),
        ];
        for (script, expected) in cases {
            let compiled = compiled_by(&script, Duration::from_secs(3600)).await;
            let compiled = compiled.map_err(|error| error.to_string());
            let compiled = compiled.as_ref().map_err(String::as_str);
            let compiled = compiled.map(|output| (&*output.code, &*output.functions));
            let expected = expected.map(|code: &str| (code.as_bytes(), &b"add"[..]));
            assert_eq!(compiled, expected, "{script}");
        }
    }

    #[tokio::test]
    async fn a_compiler_that_never_answers_is_ended() {
        let compiled = compiled_by("exec sleep 3600", Duration::from_millis(50)).await;
        assert!(
            matches!(compiled, Err(CompilerFault::OutOfTime(_))),
            "{compiled:?}"
        );
    }

    #[tokio::test]
    async fn a_missing_compiler_is_named() {
        let process = CompilerProcess {
            program: "/nowhere/weld-host".into(),
            arguments: Vec::new(),
            limits: CompileLimits::default(),
            priority: CompilerPriority::Background,
        };
        let error = process.compile(request()).await.unwrap_err();
        assert!(error.to_string().contains("/nowhere/weld-host"), "{error}");
    }
}
