//! The runtime API, as far as a function needs it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};

/// How much time an invocation has.
const TIME_OUT: Duration = Duration::from_secs(60);

/// A message of HTTP/1.1.
pub(super) struct HttpMessage {
    pub(super) start: String,
    pub(super) body: Vec<u8>,
}

/// A request of the function, with the connection for its answer.
struct Question {
    message: HttpMessage,
    stream: TcpStream,
    read: Instant,
}

/// The runtime API of one function.
pub(super) struct RuntimeApi {
    address: SocketAddr,
    questions: Receiver<Question>,
    /// The connection on which the function waits for an event.
    waiting: Option<TcpStream>,
    invocations: u64,
}

/// Reads a message whose length is in its head, as all of these have it.
///
/// # Errors
///
/// The connection ends before, or the message has another form.
pub(super) fn read_message(stream: &mut impl BufRead) -> anyhow::Result<HttpMessage> {
    let mut start = String::new();
    ensure!(
        stream.read_line(&mut start)? > 0,
        "the connection has ended"
    );
    let mut bytes = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            bytes = value.trim().parse()?;
        }
    }
    let mut body = vec![0; bytes];
    stream.read_exact(&mut body)?;
    Ok(HttpMessage { start, body })
}

impl RuntimeApi {
    /// Starts the API on a free port.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(super) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, questions) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                thread::spawn(move || receive(stream, &sender));
            }
        });
        Ok(Self {
            address,
            questions,
            waiting: None,
            invocations: 0,
        })
    }

    /// Its host and port.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the function asks for an event.
    ///
    /// # Errors
    ///
    /// It doesn't within `time`, or it asks for something else.
    pub(super) fn wait_for_question(&mut self, time: Duration) -> anyhow::Result<()> {
        let question = self.questions.recv_timeout(time);
        let question = question.context("the function did not ask for an event")?;
        let start = &question.message.start;
        ensure!(
            start.contains("/runtime/invocation/next "),
            "{start}: {}",
            String::from_utf8_lossy(&question.message.body)
        );
        self.waiting = Some(question.stream);
        Ok(())
    }

    /// Sends an event to the function that waits, and returns its answer with the time that it took.
    ///
    /// # Errors
    ///
    /// The function doesn't answer within `time`, or fails.
    pub(super) fn invoke(
        &mut self,
        event: &[u8],
        time: Duration,
    ) -> anyhow::Result<(Vec<u8>, Duration)> {
        let mut stream = self.waiting.take().context("the function does not wait")?;
        self.invocations += 1;
        let deadline = (SystemTime::now() + TIME_OUT).duration_since(UNIX_EPOCH)?;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: {}\r\n\
             Lambda-Runtime-Deadline-Ms: {}\r\nLambda-Runtime-Invoked-Function-Arn: arn\r\nContent-Length: {}\r\n\r\n",
            self.invocations,
            deadline.as_millis(),
            event.len()
        );
        let message = [head.as_bytes(), event].concat();
        let began = Instant::now();
        stream.write_all(&message)?;
        let answer = self.questions.recv_timeout(time);
        let mut answer = answer.context("the function did not answer")?;
        let took = answer.read.duration_since(began);
        let start = &answer.message.start;
        ensure!(start.contains("/response "), "{start}");
        answer
            .stream
            .write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?;
        self.wait_for_question(time)?;
        Ok((answer.message.body, took))
    }
}

/// Passes on the requests of one connection.
fn receive(stream: TcpStream, questions: &Sender<Question>) {
    let _ = stream.set_nodelay(true);
    let Ok(writer) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(stream);
    while let Ok(message) = read_message(&mut reader) {
        let read = Instant::now();
        let Ok(stream) = writer.try_clone() else {
            return;
        };
        let question = Question {
            message,
            stream,
            read,
        };
        if questions.send(question).is_err() {
            return;
        }
    }
}
