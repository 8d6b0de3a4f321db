//! How connections learn that they have to end, without losing a request that is on its way.
//!
//! The connections of a server are in generations. Those of one generation get the same notice, and a shutdown can wait
//! until all of them have ended, while those of the next one are served.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How long a new connection has for its first request, even if its generation ends. Its client may have sent it already.
pub(super) const FIRST_REQUEST: Duration = Duration::from_millis(500);

/// How long something that a client has begun to send - a handshake, a head, a body - may take from its beginning if its
/// connection has to end. What has begun earlier ends at once.
const LAST_BEGUN: Duration = Duration::from_secs(2);

/// What the connections of a generation have to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DepartureStage {
    /// Serve.
    None,
    /// End without losing a request: after the next answer, or as soon as the client has agreed.
    Leaving,
    /// End with the requests that are being answered.
    Last,
}

/// The connections of one generation, as the code sees them that ends them.
#[derive(Debug)]
pub(super) struct Departure(watch::Sender<DepartureStage>);

/// The notice of one connection. Its generation has not ended before this is dropped.
#[derive(Debug)]
pub(super) struct DepartureNotice {
    stage: watch::Receiver<DepartureStage>,
    /// When the connection was accepted, or could be used.
    began: Instant,
    is_late: bool,
}

impl Departure {
    /// A generation that serves.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(DepartureStage::None))
    }

    /// A generation that serves one request on each connection, since the shutdown has begun.
    pub(super) fn late() -> Self {
        Self(watch::Sender::new(DepartureStage::Leaving))
    }

    /// The notice of a connection that has just been accepted.
    pub(super) fn notice(&self) -> DepartureNotice {
        let stage = self.0.subscribe();
        let is_late = *stage.borrow() != DepartureStage::None;
        DepartureNotice {
            stage,
            began: Instant::now(),
            is_late,
        }
    }

    /// The connections shall end as soon as they lose nothing.
    pub(super) fn announce(&self) {
        self.0.send_replace(DepartureStage::Leaving);
    }

    /// The connections shall end with the requests that they have, whose answers no longer wait for a page.
    pub(super) fn end(&self) {
        self.0.send_replace(DepartureStage::Last);
    }

    /// Waits until all connections have ended.
    pub(super) async fn ended(&self) {
        self.0.closed().await;
    }
}

impl DepartureNotice {
    /// Whether the connection was accepted after the shutdown had begun.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// Waits until the connection shall end as soon as it loses nothing.
    pub(super) async fn announced(&self) {
        self.reached(DepartureStage::Leaving).await;
    }

    /// Waits until the connection must end with the requests that it has, and has had time for its first one.
    pub(super) async fn due(&self) {
        self.released().await;
        tokio::time::sleep_until(self.began + FIRST_REQUEST).await;
    }

    /// Waits until the connection must end although its client is still sending what it has begun. `begun` is when that was;
    /// `None` if there is nothing of this kind, and then there won't be any more.
    pub(super) async fn overdue(&self, begun: impl Fn() -> Option<Instant>) {
        self.due().await;
        while let Some(until) = begun().map(|begun| begun + LAST_BEGUN) {
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
        std::future::pending().await
    }

    /// When the connection was accepted, or had shaken hands.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Waits until the requests of the connection may wait no longer, so that it can end.
    pub(super) async fn released(&self) {
        self.reached(DepartureStage::Last).await;
    }

    /// The client has shaken hands, and can only now send its first request.
    pub(super) fn begin(&mut self) {
        self.began = Instant::now();
    }

    async fn reached(&self, stage: DepartureStage) {
        // It is an error if the generation is dropped, which then waits for nobody.
        let _ = self.stage.clone().wait_for(|now| *now >= stage).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    async fn is_ready(future: impl Future<Output = ()>) -> bool {
        tokio::time::timeout(Duration::ZERO, future).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn new_connections_have_time_for_their_first_request_and_old_ones_have_none_left() {
        let departure = Departure::new();
        let old = departure.notice();
        tokio::time::sleep(SECOND).await;
        let new = departure.notice();
        assert!(!is_ready(old.announced()).await && !is_ready(old.due()).await);
        departure.announce();
        assert!(is_ready(old.announced()).await && !is_ready(old.due()).await);
        departure.end();
        assert!(is_ready(old.due()).await && !is_ready(new.due()).await);
        let began = Instant::now();
        new.due().await;
        assert!(began.elapsed() >= FIRST_REQUEST && began.elapsed() < SECOND);
        assert!(!old.is_late() && Departure::late().notice().is_late());
    }

    #[tokio::test(start_paused = true)]
    async fn time_for_the_first_request_begins_after_the_handshake() {
        let departure = Departure::late();
        let mut notice = departure.notice();
        tokio::time::sleep(SECOND).await;
        departure.end();
        notice.begin();
        assert!(is_ready(notice.released()).await && !is_ready(notice.due()).await);
        tokio::time::sleep(FIRST_REQUEST).await;
        assert!(is_ready(notice.due()).await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_clients_have_begun_ends_at_once_or_soon_after_its_beginning() {
        let departure = Departure::new();
        let notice = departure.notice();
        let long_ago = notice.began();
        tokio::time::sleep(LAST_BEGUN).await;
        let now = Instant::now();
        assert!(
            !is_ready(notice.overdue(|| Some(long_ago))).await,
            "it serves"
        );
        departure.announce();
        assert!(
            !is_ready(notice.overdue(|| Some(long_ago))).await,
            "it drains"
        );
        departure.end();
        assert!(is_ready(notice.overdue(|| Some(long_ago))).await);
        notice.overdue(|| Some(now)).await;
        assert_eq!(now.elapsed(), LAST_BEGUN);
        // It is complete in time, and is answered then.
        let completed = now + LAST_BEGUN * 2;
        let begun = || (Instant::now() < completed).then_some(completed);
        let waits = tokio::time::timeout(LAST_BEGUN * 9, notice.overdue(begun));
        assert!(waits.await.is_err());
    }

    #[tokio::test]
    async fn generation_ends_with_its_last_connection() {
        let departure = Departure::new();
        let notices = [departure.notice(), departure.notice()];
        let next = Departure::late();
        let _later = next.notice();
        departure.end();
        let [first, second] = notices;
        drop(first);
        assert!(!is_ready(departure.ended()).await);
        drop(second);
        assert!(is_ready(departure.ended()).await);
    }
}
