//! A server that runs as a process of its own.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::database::Data;

/// The admin key of servers that are started with [`Running::start`].
pub const ADMIN_KEY: &str =
    "am_us_000000000000000000000000000000000000000000000000000000000000test";

/// A server that has said where it listens. It is killed when this is dropped.
pub struct Running {
    /// Where the API listens.
    pub http: SocketAddr,
    /// Where mail is received.
    pub smtp: SocketAddr,
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// What a process has written, line by line, and how it ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// The lines of standard output that were not read before.
    pub stdout: Vec<String>,
    /// The lines of standard error that were not read before.
    pub stderr: Vec<String>,
}

impl Running {
    /// A server on `data` with [`ADMIN_KEY`] and free ports. Panics with its standard error when
    /// it does not start.
    pub async fn start(data: &Data) -> Self {
        Self::from(serve(data).env("MAILROOST_API_KEY", ADMIN_KEY)).await
    }

    /// A server from a command that was made with [`serve`].
    pub async fn from(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = Lines::of(child.stdout.take().unwrap());
        let mut stderr = Lines::of(child.stderr.take().unwrap());
        let mut address_after = async |label: &str| {
            while let Some(line) = stdout.next().await {
                if let Some(address) = line.trim().strip_prefix(label) {
                    let address = address.trim().trim_start_matches("http://");
                    return address.parse().unwrap();
                }
            }
            panic!(
                "the server did not start:\n{}",
                stderr.rest().await.join("\n")
            );
        };
        Self {
            http: address_after("API").await,
            smtp: address_after("SMTP").await,
            child,
            stdout,
            stderr,
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The next line of standard output for which `is_it` holds.
    pub async fn said(&mut self, is_it: impl Fn(&str) -> bool) -> String {
        self.stdout.find(is_it).await
    }

    /// The next line of the log for which `is_it` holds.
    pub async fn logged(&mut self, is_it: impl Fn(&str) -> bool) -> String {
        self.stderr.find(is_it).await
    }

    /// The process.
    pub fn pid(&self) -> rustix::process::Pid {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        id.and_then(rustix::process::Pid::from_raw).unwrap()
    }

    /// Sends SIGTERM and waits until the server has taken notice.
    pub async fn terminate(&mut self) {
        self.signal(rustix::process::Signal::TERM);
        self.logged(|line| line.contains("stopping:")).await;
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for the end of the process.
    pub async fn ended(mut self) -> Ended {
        let (stdout, stderr) = tokio::join!(self.stdout.rest(), self.stderr.rest());
        Ended {
            status: soon(self.child.wait()).await.unwrap(),
            stdout,
            stderr,
        }
    }

    /// SIGTERM and the end, which must be a good one.
    pub async fn stop(mut self) -> Ended {
        self.terminate().await;
        let ended = self.ended().await;
        assert!(ended.status.success(), "{ended:?}");
        ended
    }
}

/// `mailroost serve` on `data`, with free ports and nothing of this environment.
pub fn serve(data: &Data) -> Command {
    let mut command = mailroost(&data.folder());
    command.args(["serve", "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0"]);
    if let Some(url) = data.database_url() {
        command.env("MAILROOST_DATABASE", url);
    }
    command
}

/// `mailroost` with its data in `folder`; arguments are still to be given.
pub fn mailroost(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailroost"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MAILROOST_") {
            command.env_remove(name);
        }
    }
    command
        .env("MAILROOST_DATA", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs a command that is to end by itself.
pub async fn run(command: &mut Command) -> Ended {
    ran(&soon(command.output()).await.unwrap())
}

/// The same with something on its standard input.
pub async fn run_with(command: &mut Command, input: &str) -> Ended {
    use tokio::io::AsyncWriteExt as _;
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = async {
        // What does not read its input has closed it.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        child.wait_with_output().await.unwrap()
    };
    ran(&soon(output).await)
}

fn ran(output: &std::process::Output) -> Ended {
    let lines = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    Ended {
        status: output.status,
        stdout: lines(&output.stdout),
        stderr: lines(&output.stderr),
    }
}

/// Waits at most three minutes, so that a test that hangs says so and one on a busy machine does not.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    limited(work)
        .await
        .expect("it took more than three minutes")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the limit is for a process on the real clock"
)]
async fn limited<T>(work: impl Future<Output = T>) -> Result<T, tokio::time::error::Elapsed> {
    tokio::time::timeout(Duration::from_secs(180), work).await
}

/// The lines of a pipe, read as they come so that the process never waits for us.
struct Lines(mpsc::UnboundedReceiver<String>);

impl Lines {
    #[expect(clippy::disallowed_methods, reason = "it ends with the pipe")]
    fn of(pipe: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut lines = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    async fn next(&mut self) -> Option<String> {
        soon(self.0.recv()).await
    }

    async fn find(&mut self, is_it: impl Fn(&str) -> bool) -> String {
        let mut others = Vec::new();
        while let Ok(Some(line)) = limited(self.0.recv()).await {
            if is_it(&line) {
                return line;
            }
            others.push(line);
        }
        panic!("the line did not come; instead:\n{}", others.join("\n"));
    }

    async fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(line) = self.next().await {
            rest.push(line);
        }
        rest
    }
}
