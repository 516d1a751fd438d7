//! The SMTP door for submission (RFC 6409): any mail library sends as an inbox, with an API key as
//! its password.
//!
//! The name is the address of the inbox, the password an API key that reaches it. What is handed in
//! ends in the same departure as a message sent through the API and obeys the same permissions,
//! lists and limits. The key is looked at again with every message, so a key that was revoked
//! sends nothing more over a session that is still open.

use std::net::SocketAddr;

use mail::Address;
use mail::trace::{Hop, received};
use model::message::Session;
use model::{Code, Error, InboxId, Kind, Result, perm};
use smtp::{Envelope, Proof, Reply, Secret};
use store::{Access, Credential, Governed, Grant};

use crate::outbound::Handed;
use crate::{App, gate};

/// The door for clients that log in.
#[derive(Clone)]
pub struct Submission(App);

impl Submission {
    /// The door that sends through `app`.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(app)
    }

    /// Who logged in, as of now.
    async fn sender(&self, envelope: &Envelope) -> Result<(Grant<perm::MessageSend>, InboxId)> {
        let login = envelope.login.as_ref();
        let login = login.ok_or_else(|| Error::internal("a message without a login"))?;
        let digest: [u8; 32] = login.proof.bytes().try_into().map_err(Error::internal)?;
        let credential = Credential::of_digest(digest);
        let access = self.0.store().authenticate(credential).await?;
        self.narrowed(&access, &login.user).await
    }

    async fn narrowed(
        &self,
        access: &Access,
        user: &str,
    ) -> Result<(Grant<perm::MessageSend>, InboxId)> {
        let address = Address::parse(user).map_err(|_| Error::not_found("Inbox"))?;
        let inbox = InboxId::parse(&address.key());
        let inbox = inbox.ok_or_else(|| Error::not_found("Inbox"))?;
        let access = self.0.narrowed(access, None, Some(&inbox)).await?;
        Ok((access.grant()?, inbox))
    }

    async fn admitted(&self, peer: SocketAddr, user: &str, password: &str) -> Result<Proof> {
        self.0.admit_address(peer.ip())?;
        let credential = Credential::new(password);
        let digest = credential.digest();
        let access = self.0.store().authenticate(credential).await;
        let access = access.inspect_err(|error| {
            if error.kind() == Kind::Unauthenticated {
                self.0.credential_failed(peer.ip());
            }
        })?;
        self.0.admit_key(&access)?;
        self.narrowed(&access, user).await?;
        Ok(Proof::new(&digest))
    }

    async fn may_receive(&self, envelope: &Envelope, to: &Address) -> Result<()> {
        let (grant, inbox) = self.sender(envelope).await?;
        if envelope.forward_paths.len() >= gate::MAX_RECIPIENTS {
            return Err(Error::new(Code::LimitExceeded, "Too many recipients"));
        }
        let store = self.0.store();
        let routes = store.routes(vec![to.key()]).await?;
        if routes.iter().all(Option::is_none)
            && store.is_local_domain(to.domain().to_owned()).await?
        {
            return Err(Error::not_found("Mailbox"));
        }
        let (to, org_id) = (vec![to.clone()], grant.access().org_id());
        let barred = store.read(&grant, move |view| {
            let inbox = view.inbox(&inbox)?;
            let governed = Governed {
                org_id,
                pod_id: inbox.pod_id,
                inbox_key: inbox.key,
            };
            view.barred_recipients(governed, &to)
        });
        gate::admit(&barred.await?)
    }

    async fn take(&self, envelope: Envelope, raw: Vec<u8>) -> Result<String> {
        let (grant, inbox) = self.sender(&envelope).await?;
        self.0.admit_key(grant.access())?;
        let inbox = self.0.find_inbox(&grant, &inbox).await?;
        let handed = Handed {
            received: trace(&envelope, &self.0.settings().hostname),
            session: session(&envelope),
            recipients: envelope.forward_paths,
            raw,
        };
        let sent = self.0.submit_raw(&grant, &inbox, handed).await?;
        Ok(sent.message_id)
    }
}

impl smtp::Handler for Submission {
    async fn connected(&self, peer: SocketAddr) -> Result<(), Reply> {
        match self.0.admit_address(peer.ip()) {
            Ok(_) => Ok(()),
            Err(early) => Err(Reply::later(
                421,
                (7, 0),
                Error::from(early).detail().to_owned(),
            )),
        }
    }

    async fn log_in(
        &self,
        peer: SocketAddr,
        user: &str,
        password: &Secret,
    ) -> Result<Proof, Reply> {
        let answer = self.admitted(peer, user, password.expose()).await;
        answer.map_err(|error| match error.kind() {
            Kind::Unauthenticated | Kind::NotFound | Kind::Invalid => {
                let text = "Log in with the address of an inbox and an API key that reaches it";
                Reply::never(535, (7, 8), text)
            }
            Kind::Forbidden => Reply::never(535, (7, 8), words(&error)),
            _ => reply_for(&error),
        })
    }

    async fn mail_from(&self, envelope: &Envelope) -> Result<(), Reply> {
        let (_, inbox) = self
            .sender(envelope)
            .await
            .map_err(|error| reply_for(&error))?;
        let from = envelope.reverse_path.as_ref().map(Address::key);
        if from.as_deref() == Some(inbox.as_str()) {
            return Ok(());
        }
        let text = format!("You are logged in as {inbox}; write MAIL FROM:<{inbox}>");
        Err(Reply::never(550, (7, 1), text))
    }

    async fn rcpt_to(&self, envelope: &Envelope, to: &Address) -> Result<(), Reply> {
        match self.may_receive(envelope, to).await {
            Ok(()) => Ok(()),
            Err(error) if error.code() == Code::NotFound => {
                Err(Reply::never(550, (1, 1), "No such mailbox here"))
            }
            Err(error) if error.code() == Code::LimitExceeded => Err(Reply::later(
                452,
                (5, 3),
                "A message has at most 50 recipients",
            )),
            Err(error) => Err(reply_for(&error)),
        }
    }

    async fn message(&self, envelope: Envelope, raw: Vec<u8>) -> Reply {
        match self.take(envelope, raw).await {
            Ok(id) => Reply::ok(250, (0, 0), format!("Sent as {id}")),
            Err(error) => reply_for(&error),
        }
    }
}

/// RFC 3848 and RFC 6531 §4.3: A for a client that logged in, S for TLS.
const fn protocol(envelope: &Envelope) -> &'static str {
    match (envelope.smtputf8, envelope.tls) {
        (true, true) => "UTF8SMTPSA",
        (true, false) => "UTF8SMTPA",
        (false, true) => "ESMTPSA",
        (false, false) => "ESMTPA",
    }
}

/// What only those learn who may read the message here.
fn session(envelope: &Envelope) -> Session {
    Session {
        id: envelope.session.to_string(),
        peer: envelope.peer.ip().to_canonical().to_string(),
        helo: envelope.helo.clone(),
        protocol: protocol(envelope).to_owned(),
        tls: envelope.tls_details.clone(),
    }
}

/// The trace field. It leaves out what the client calls itself and where it is: that tells every
/// recipient about the network of whoever runs the agent, and nobody needs it. The log has it.
fn trace(envelope: &Envelope, hostname: &str) -> String {
    received(&Hop {
        helo: "submission",
        peer: None,
        by: hostname,
        protocol: protocol(envelope),
        tls: None,
        id: &envelope.session.to_string(),
        recipient: None,
        at: envelope.received_at,
    })
}

/// What went wrong and what to do about it, in one line.
fn words(error: &Error) -> String {
    match error.remedy() {
        Some(fix) => format!("{}. {fix}", error.detail().trim_end_matches('.')),
        None => error.detail().to_owned(),
    }
}

/// The answer to a client whose message was not taken. It has proven who it is, so it is told as
/// much as a caller of the API.
fn reply_for(error: &Error) -> Reply {
    match error.kind() {
        Kind::Invalid => Reply::never(554, (6, 0), words(error)),
        Kind::Unauthenticated => {
            let text = "Your API key was revoked or has expired";
            Reply::never(550, (7, 1), text)
        }
        Kind::NotFound | Kind::Forbidden | Kind::Refused | Kind::Conflict => {
            Reply::never(550, (7, 1), words(error))
        }
        Kind::TooLarge => Reply::never(552, (3, 4), words(error)),
        Kind::Quota => Reply::later(452, (2, 2), words(error)),
        Kind::RateLimited => Reply::later(451, (7, 1), words(error)),
        Kind::Unavailable | Kind::Internal => {
            tracing::error!(error = ?error, "a submitted message could not be sent");
            Reply::local_error()
        }
    }
}
