//! Tells the supervisor regularly that the host works (sd_watchdog_enabled(3)). A host that stops doing so is restarted.

use std::convert::Infallible;
use std::time::Duration;

use super::notifier::Notifier;
use super::variable::variable;

/// How often the supervisor expects a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Watchdog(Option<Duration>);

impl Watchdog {
    /// What the supervisor of this process expects.
    pub(in crate::cli) fn of_process() -> Self {
        let process = std::process::id().to_string();
        Self::of(
            variable("WATCHDOG_USEC"),
            variable("WATCHDOG_PID"),
            &process,
        )
    }

    fn of(microseconds: Option<String>, process: Option<String>, own: &str) -> Self {
        let is_meant = process.is_none_or(|process| process == own);
        let time = microseconds
            .filter(|_| is_meant)
            .and_then(|text| text.parse().ok())
            .map(Duration::from_micros);
        Self(time.filter(|time| !time.is_zero()))
    }

    /// Sends the messages, twice as often as expected. The future must be awaited by the task that accepts connections,
    /// and each message first waits until another thread of the runtime has run a task. So a message means that
    /// requests are accepted and answered.
    pub(in crate::cli) async fn run(self, notifier: &Notifier) -> Infallible {
        let Some(time) = self.0 else {
            return std::future::pending().await;
        };
        loop {
            if tokio::spawn(std::future::ready(())).await.is_ok() {
                notifier.alive().await;
            }
            tokio::time::sleep(time / 2).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::Poll;

    use super::*;

    #[test]
    fn no_message_is_sent_while_the_runtime_runs_no_task() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (blocked, is_blocked) = mpsc::channel();
        let (release, held) = mpsc::channel::<()>();
        runtime.spawn(async move {
            blocked.send(()).unwrap();
            held.recv().unwrap();
        });
        is_blocked.recv().unwrap();
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let notifier = Notifier::to(Some(ours));
        let mut running = pin!(Watchdog(Some(Duration::from_secs(3600))).run(&notifier));
        let once = std::future::poll_fn(|context| {
            Poll::Ready(running.as_mut().poll(context).is_pending())
        });
        assert!(runtime.block_on(once));
        let mut message = [0; 100];
        assert!(theirs.recv(&mut message).is_err(), "no thread is free");
        release.send(()).unwrap();
        let received = async {
            while theirs.recv(&mut message).is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        runtime.block_on(async {
            tokio::select! {
                never = running => match never {},
                () = received => {}
            }
        });
        assert!(message.starts_with(b"WATCHDOG=1"));
    }

    #[test]
    fn only_the_watched_process_sends_messages() {
        for (time, process, expected) in [
            (Some("30000000"), None, Some(Duration::from_secs(30))),
            (Some("30000000"), Some("7"), Some(Duration::from_secs(30))),
            (Some("30000000"), Some("8"), None),
            (Some("0"), Some("7"), None),
            (Some("soon"), Some("7"), None),
            (None, Some("7"), None),
        ] {
            let text = |value: Option<&str>| value.map(str::to_owned);
            let watchdog = Watchdog::of(text(time), text(process), "7");
            assert_eq!(watchdog, Watchdog(expected), "{time:?} {process:?}");
        }
    }
}
