//! SMTP conversations written as text, held with a real server over a loopback socket.
//!
//! A dialog file has one step per line; empty lines and lines that begin with `#` are passed over.
//! In text, `\r \n \0 \t \\ \xHH` stand for bytes.
//!
//! | line | meaning |
//! | --- | --- |
//! | `set errors 3` | a setting or limit of the server; `set tls` offers STARTTLS |
//! | `on rcpt no@x.example reply 550 5.1.1 No` | a rule of the handler: `connected`, `mail`, `rcpt` or `message`; an address, `<>` or `*`; `reply …`, `panic` or `hang` |
//! | `C: text` | the client sends text and CRLF |
//! | `raw: text` | the client sends exactly the text |
//! | `repeat: 500 text` | the same, 500 times over |
//! | `S: 250 2.1.0 Send` | the server replies; code, then the beginning of the last line's text |
//! | `has: SIZE`, `hasnot: STARTTLS` | a line of that reply begins so, or none does |
//! | `tls` | the TLS handshake |
//! | `advance: 300` | the clock moves on by seconds |
//! | `stop` | the server is asked to stop |
//! | `release` | handlers that hang go on |
//! | `closed` | the server closes the connection and says nothing more |
//! | `cut` | the server closes the connection, whatever it says before |
//! | `leave` | the client closes the connection |
//! | `message: text` | the handler was given this message next, and the replies are read |
//! | `to: a@x.example b@x.example` | the recipients of that message |
//! | `envelope: tls=true helo=c` | other parts of its envelope: `from helo esmtp tls utf8 8bit` |
//!
//! At the end the server is stopped, and every message that the handler was given must have been
//! named.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use smtp::Settings;

use crate::{Action, ClientReply, FakeClock, Received, Script, SmtpClient, SmtpServer, tls};

mod read;

/// One dialog.
#[derive(Debug)]
pub struct Dialog {
    name: String,
    steps: Vec<(usize, Step)>,
}

#[derive(Clone, Debug)]
enum Step {
    Set(String, Option<u64>),
    On(crate::Question, String, Action),
    Send(Vec<u8>),
    Reply(u16, String),
    Has(String),
    HasNot(String),
    Tls,
    Advance(Duration),
    Stop,
    Release,
    Closed,
    Cut,
    Leave,
    Message(Vec<u8>),
    To(Vec<String>),
    Envelope(Vec<(String, String)>),
}

/// A failure, with the place in the file.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Dialog {
    /// Reads a dialog.
    ///
    /// # Errors
    /// The first line that cannot be understood.
    pub fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let mut steps = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            match read::step(line) {
                Ok(step) => steps.extend(step.map(|step| (number, step))),
                Err(why) => return Err(format!("{name}:{number}: {why}: {line}").into()),
            }
        }
        Ok(Self {
            name: name.to_owned(),
            steps,
        })
    }

    /// Reads every `*.dialog` file of a folder, in the order of their names.
    ///
    /// # Errors
    /// When a file cannot be read or understood.
    pub fn load_all(folder: &Path) -> Result<Vec<Self>, Failure> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "dialog")
            {
                paths.push(path);
            }
        }
        paths.sort();
        let load = |path: std::path::PathBuf| {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            Self::parse(&name, &std::fs::read_to_string(&path)?)
        };
        paths.into_iter().map(load).collect()
    }

    /// The name of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Holds the dialog with a server of its own.
    ///
    /// # Errors
    /// The first step that went otherwise, or took a minute of real time.
    pub async fn run(&self) -> Result<(), Failure> {
        let mut stage = Stage::set(&self.steps).await?;
        for (line, step) in &self.steps {
            bounded(stage.play(step))
                .await
                .map_err(|why| format!("{}:{line}: {why}", self.name))?;
        }
        bounded(stage.close())
            .await
            .map_err(|why| format!("{}: at the end: {why}", self.name).into())
    }
}

/// A test must end, so this one limit is in real time.
async fn bounded(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    #[expect(clippy::disallowed_methods, reason = "a test that hangs must end")]
    tokio::time::timeout(Duration::from_secs(60), work).await?
}

/// The server, the client and what is known so far.
struct Stage {
    clock: FakeClock,
    script: Arc<Script>,
    server: Option<SmtpServer>,
    stopping: Option<tokio::task::JoinHandle<()>>,
    client: Option<SmtpClient>,
    reply: Option<ClientReply>,
    waiting: VecDeque<Received>,
    message: Option<Received>,
}

impl Stage {
    async fn set(steps: &[(usize, Step)]) -> Result<Self, Failure> {
        let mut settings = Settings::new("mx.example");
        let mut script = Script::default();
        for (_, step) in steps {
            match step {
                Step::Set(key, value) => change(&mut settings, key, *value)?,
                Step::On(question, subject, action) => {
                    script = script.on(*question, subject, action.clone());
                }
                _ => {}
            }
        }
        let clock = FakeClock::default();
        let script = Arc::new(script);
        let server = SmtpServer::start(Arc::clone(&script), settings, clock.env(1)).await?;
        let client = SmtpClient::open(server.addr).await?;
        Ok(Self {
            clock,
            script,
            server: Some(server),
            stopping: None,
            client: Some(client),
            reply: None,
            waiting: VecDeque::new(),
            message: None,
        })
    }

    async fn play(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Set(..) | Step::On(..) => {}
            Step::Send(bytes) => self.client()?.write(bytes).await?,
            Step::Reply(code, text) => {
                let reply = self.client()?.reply().await?;
                let last = reply.lines.last().map_or("", String::as_str);
                if reply.code != *code || !last.starts_with(text.as_str()) {
                    return Err(format!("expected {code} {text}, got {reply}").into());
                }
                self.reply = Some(reply);
            }
            Step::Has(text) => self.lines_begin(text, true)?,
            Step::HasNot(text) => self.lines_begin(text, false)?,
            Step::Tls => self.client()?.handshake().await?,
            Step::Advance(by) => self.clock.advance(*by),
            Step::Stop => self.stop().await,
            Step::Release => self.script.release(),
            Step::Closed => self.client()?.closed().await?,
            Step::Cut => self.client()?.cut().await,
            Step::Leave => self.client = None,
            Step::Message(raw) => self.next_message(raw).await?,
            Step::To(expected) => {
                let to = &self.message()?.envelope.forward_paths;
                let to: Vec<String> = to.iter().map(ToString::to_string).collect();
                if to != *expected {
                    return Err(format!("the recipients were {to:?}").into());
                }
            }
            Step::Envelope(parts) => {
                for (key, expected) in parts {
                    let part = part(&self.message()?.envelope, key)?;
                    if part != *expected {
                        return Err(format!("{key} was {part}").into());
                    }
                }
            }
        }
        Ok(())
    }

    async fn close(mut self) -> Result<(), Failure> {
        self.script.release();
        self.client = None;
        self.stop().await;
        if let Some(stopping) = self.stopping.take() {
            stopping.await?;
        }
        self.waiting.extend(self.script.take_received());
        match self.waiting.pop_front() {
            None => Ok(()),
            Some(left) => Err(format!("unexpected message {}", left.raw.escape_ascii()).into()),
        }
    }

    /// The shutdown is requested when this returns; the end is waited for in the background.
    async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            let mut stopping = Box::pin(server.stop());
            tokio::select! {
                biased;
                () = &mut stopping => return,
                () = std::future::ready(()) => {}
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "it ends the set of tasks, from outside"
            )]
            let stopping = tokio::spawn(stopping);
            self.stopping = Some(stopping);
        }
    }

    fn client(&mut self) -> Result<&mut SmtpClient, Failure> {
        self.client
            .as_mut()
            .ok_or_else(|| "the client has left".into())
    }

    fn message(&self) -> Result<&Received, Failure> {
        self.message.as_ref().ok_or_else(|| "no message yet".into())
    }

    fn lines_begin(&self, text: &str, expected: bool) -> Result<(), Failure> {
        let reply = self.reply.as_ref().ok_or("no reply yet")?;
        if reply.lines.iter().any(|line| line.starts_with(text)) == expected {
            Ok(())
        } else {
            Err(format!("the reply was {:?}", reply.lines).into())
        }
    }

    /// A message whose client has left may still be on its way to the handler.
    async fn next_message(&mut self, expected: &[u8]) -> Result<(), Failure> {
        while self.waiting.is_empty() {
            self.waiting.extend(self.script.take_received());
            tokio::task::yield_now().await;
        }
        self.message = self.waiting.pop_front();
        let raw = &self.message()?.raw;
        if raw == expected {
            Ok(())
        } else {
            Err(format!("the message was {}", raw.escape_ascii()).into())
        }
    }
}

fn part(envelope: &smtp::Envelope, key: &str) -> Result<String, Failure> {
    Ok(match key {
        "from" => match &envelope.reverse_path {
            Some(address) => address.to_string(),
            None => "<>".to_owned(),
        },
        "helo" => envelope.helo.clone(),
        "esmtp" => envelope.esmtp.to_string(),
        "tls" => envelope.tls.to_string(),
        "utf8" => envelope.smtputf8.to_string(),
        "8bit" => envelope.body_8bit.to_string(),
        _ => return Err(format!("an envelope has no {key}").into()),
    })
}

fn change(settings: &mut Settings, key: &str, value: Option<u64>) -> Result<(), Failure> {
    if key == "tls" {
        settings.tls = Some(tls::self_signed("mx.example")?);
        return Ok(());
    }
    let value = value.ok_or("the setting needs a number")?;
    let limits = &mut settings.limits;
    match key {
        "max_message_bytes" => settings.max_message_bytes = value,
        "max_recipients" => settings.max_recipients = usize::try_from(value)?,
        "connections" => limits.connections = usize::try_from(value)?,
        "connections_per_peer" => limits.connections_per_peer = usize::try_from(value)?,
        "errors" => limits.errors = u32::try_from(value)?,
        "refusals" => limits.refusals = u32::try_from(value)?,
        "transactions" => limits.transactions = u32::try_from(value)?,
        "command" => limits.command = Duration::from_secs(value),
        "data_block" => limits.data_block = Duration::from_secs(value),
        "session" => limits.session = Duration::from_secs(value),
        "handler" => limits.handler = Duration::from_secs(value),
        _ => return Err(format!("there is no setting {key}").into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
