//! Follows the files of the certificate, and replaces it when they change.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::error::CertificateError;
use super::pair::CertificatePair;
use super::served::ServedCertificate;
use crate::config::{
    FILE_TIME, FileStamp, FileSystem, FileThreads, NoAnswer, ReadLimit, SystemFiles,
};
use crate::report;

/// How often the files are examined. Renewals are rare, and a look costs two system calls. Files are examined instead of
/// watched, since in Kubernetes their change is that of a link to a folder elsewhere.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often a pair that could not be used is read again though it has not changed: it may become valid with time.
const TRY_AGAIN_EVERY: Duration = Duration::from_secs(60);

/// How often the expiry is examined, and reported if it is near.
const WARN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// What has been seen of the files.
struct Follower {
    served: Arc<ServedCertificate>,
    files: FileThreads,
    /// The stamps of the pair that was read last, whether it could be used or not. `None` at first, so a change since the
    /// start is noticed.
    read: Option<[FileStamp; 2]>,
    /// The stamps at the last look. A pair is read only if two looks have seen the same, since its two files are replaced
    /// one after the other.
    seen: Option<[FileStamp; 2]>,
    /// When the last pair is read again, since it could not be used.
    again: Option<Instant>,
    /// The last failure in the log.
    reported: Option<String>,
}

impl ServedCertificate {
    /// Replaces the certificate whenever its files have changed. A pair that can't be used changes nothing and is
    /// reported in the log, once. Never returns.
    pub async fn follow(self: &Arc<Self>) {
        let files = FileThreads::new(Arc::new(SystemFiles));
        let mut follower = Follower {
            served: self.clone(),
            files,
            read: None,
            seen: None,
            again: None,
            reported: None,
        };
        // Not before: the recorder of metrics is set up after the certificate is read.
        self.announce();
        let mut warn_at = Instant::now();
        loop {
            if Instant::now() >= warn_at {
                self.warn_of_expiry(Timestamp::now());
                warn_at = Instant::now() + WARN_EVERY;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            follower.look().await;
        }
    }
}

impl Follower {
    /// Looks at the files once.
    async fn look(&mut self) {
        let files = self.served.files.clone();
        let path = files.certificate.clone();
        let looked = self.files.run(&path, FILE_TIME, move |_| files.stamps());
        let stamps = match looked.await {
            Ok(stamps) => stamps,
            Err(error) => return self.report(&error),
        };
        let is_stable = self.seen == Some(stamps);
        self.seen = Some(stamps);
        let is_due = self.again.is_some_and(|again| Instant::now() >= again);
        if is_stable && (self.read != Some(stamps) || is_due) {
            self.read(stamps).await;
        }
    }

    async fn read(&mut self, stamps: [FileStamp; 2]) {
        let files = self.served.files.clone();
        let path = files.certificate.clone();
        let read = self.files.run(&path, FILE_TIME, move |_| {
            let read = |path: &_| SystemFiles.read(path, ReadLimit::PEM);
            files.read(read, Timestamp::now())
        });
        let read: Result<Result<CertificatePair, CertificateError>, NoAnswer> = read.await;
        self.read = Some(stamps);
        self.again = Some(Instant::now() + TRY_AGAIN_EVERY);
        match read {
            Ok(Ok(pair)) => self.take(pair),
            Ok(Err(error)) => self.report(&error),
            Err(error) => self.report(&error),
        }
    }

    fn take(&mut self, pair: CertificatePair) {
        self.again = None;
        self.reported = None;
        if pair.certified.cert == self.served.certified().cert {
            return;
        }
        let not_after = pair.not_after;
        self.served.replace(pair);
        tracing::info!(%not_after, "the TLS certificate was replaced");
        self.served.warn_of_expiry(Timestamp::now());
    }

    /// Writes why the pair can't be used to the log, unless that was the last line about it.
    fn report(&mut self, error: &(dyn std::error::Error + 'static)) {
        let cause = report::chain(error);
        if self.reported.as_ref() != Some(&cause) {
            tracing::warn!(
                cause,
                "the changed TLS certificate can't be used; the previous one stays in use"
            );
            self.reported = Some(cause);
        }
    }
}
