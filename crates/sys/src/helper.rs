//! A process of its own for work that may go wrong: reading what strangers wrote, with libraries
//! that others wrote.
//!
//! The process gets its question on standard input and nothing else: no environment, no arguments
//! that say anything about the question, no folder. It limits itself before it reads
//! (`mailroost read-document`); from here it is held to a time, to the length of its answer, and to
//! how many run at once. Whoever stops waiting for it ends it.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::{Clock, timeout};

/// How helpers are started, and what they may cost.
#[derive(Clone, Debug)]
pub struct HelperSettings {
    /// The program. `/proc/self/exe` stays this very program when its file is replaced.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The only variables of its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// How many run at once.
    pub at_once: usize,
    /// How long a question waits for its turn.
    pub patience: Duration,
    /// How long a helper may take.
    pub limit: Duration,
    /// Octets of the longest answer.
    pub most: usize,
}

/// Starts helpers. Clones share the places for them.
#[derive(Clone)]
pub struct Helpers {
    settings: Arc<HelperSettings>,
    places: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// Too many questions wait already.
    #[error("no helper was free in time")]
    Busy,
    /// The helper could not be started or listened to.
    #[error("the helper cannot be used")]
    Unusable(#[source] std::io::Error),
    /// It took longer than allowed and was ended.
    #[error("the helper took too long")]
    OutOfTime,
    /// It answered more than allowed and was ended.
    #[error("the helper answered too much")]
    TooMuch,
    /// It was ended by this signal: of its own limits, or because it broke.
    #[error("the helper was ended by signal {0}")]
    Ended(i32),
    /// It gave up with this status.
    #[error("the helper gave up with status {0}")]
    GaveUp(i32),
}

impl Helpers {
    /// Helpers of this kind.
    #[must_use]
    pub fn new(settings: HelperSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.at_once.max(1))),
            settings: Arc::new(settings),
            clock,
        }
    }

    /// Asks a fresh helper. Dropping the future ends it.
    ///
    /// # Errors
    /// [`HelperError`].
    pub async fn ask(&self, question: &[&[u8]]) -> Result<Vec<u8>, HelperError> {
        let settings = &self.settings;
        let place = timeout(&*self.clock, settings.patience, self.places.acquire());
        // Held until the helper has ended.
        let Ok(Ok(_place)) = place.await else {
            return Err(HelperError::Busy);
        };
        let answer = timeout(&*self.clock, settings.limit, self.converse(question));
        answer.await.map_err(|_| HelperError::OutOfTime)?
    }

    async fn converse(&self, question: &[&[u8]]) -> Result<Vec<u8>, HelperError> {
        let settings = &self.settings;
        let variables = settings
            .environment
            .iter()
            .map(|(name, value)| (name, value));
        let mut child = Command::new(&settings.program)
            .args(&settings.arguments)
            .env_clear()
            .envs(variables)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(HelperError::Unusable)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else {
            let error = std::io::Error::other("the helper has no standard input and output");
            return Err(HelperError::Unusable(error));
        };
        let asking = async move {
            for part in question {
                // It may have seen enough, or be gone; its answer or its end says which.
                if stdin.write_all(part).await.is_err() {
                    break;
                }
            }
        };
        let most = u64::try_from(settings.most).unwrap_or(u64::MAX);
        let mut answer = Vec::new();
        let mut bounded = stdout.take(most.saturating_add(1));
        let ((), read) = tokio::join!(asking, bounded.read_to_end(&mut answer));
        read.map_err(HelperError::Unusable)?;
        if answer.len() > settings.most {
            return Err(HelperError::TooMuch);
        }
        let ended = child.wait().await.map_err(HelperError::Unusable)?;
        match (ended.signal(), ended.code()) {
            (Some(signal), _) => Err(HelperError::Ended(signal)),
            (None, Some(0)) => Ok(answer),
            (None, status) => Err(HelperError::GaveUp(status.unwrap_or(-1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;

    fn shell(script: &str, limit: Duration) -> Helpers {
        let settings = HelperSettings {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![("ONLY".into(), "this".into())],
            at_once: 2,
            patience: Duration::from_secs(60),
            limit,
            most: 100_000,
        };
        Helpers::new(settings, Arc::new(SystemClock))
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_helper_answers_what_it_is_asked() {
        let answer = shell("cat; echo -n $ONLY; env | wc -l | tr -d ' \\n'", LONG);
        let answer = answer.ask(&[b"one ", b"two "]).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("one two this"), "{answer}");
        // The shell itself sets a few.
        assert!(answer.ends_with(['1', '2', '3', '4']), "{answer}");
    }

    #[tokio::test]
    async fn a_helper_that_does_not_listen_does_not_hang_who_asks() {
        let long = vec![b'x'; 1 << 20];
        assert_eq!(
            shell("echo -n hi", LONG).ask(&[&long]).await.unwrap(),
            b"hi"
        );
    }

    #[tokio::test]
    async fn how_a_helper_ends_is_told() {
        let helper = shell("kill -ABRT $$", LONG);
        assert!(matches!(helper.ask(&[]).await, Err(HelperError::Ended(6))));
        let helper = shell("exit 3", LONG);
        assert!(matches!(helper.ask(&[]).await, Err(HelperError::GaveUp(3))));
        let helper = shell("yes", LONG);
        assert!(matches!(helper.ask(&[]).await, Err(HelperError::TooMuch)));
        let helper = shell("sleep 600", Duration::from_millis(50));
        assert!(matches!(helper.ask(&[]).await, Err(HelperError::OutOfTime)));
    }
}
