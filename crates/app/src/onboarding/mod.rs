//! Agents that sign up by themselves: an organisation of their own for nothing but an HTTP call.
//!
//! What keeps that from being a gift to spammers: the operator must switch it on; one network
//! address gets so many an hour; until a human has confirmed, the key cannot make anything and mail
//! goes to that human alone, ten a day. A human confirms with a code that was mailed to them.
//!
//! Whoever signs up with the human of an organisation that exists gets a key to it that can do
//! nothing but show the code. Only then it takes the place of the first key: an address that
//! everybody knows must not open what belongs to its owner.

mod code;
mod door;

use std::net::IpAddr;
use std::sync::Arc;

use mail::Address;
use model::api_key::Scope;
use model::inbox::{DEFAULT_DISPLAY_NAME, InboxStatus};
use model::{
    ApiKeyId, Code, Error, InboxId, InboxKey, OrgId, Permission, PermissionSet, Result, perm,
};
use store::{Actor, Agent, Grant, NewAgent, NewInbox, NewInboxOutcome, NewJob, Reason, Txn};
use wire::{
    AgentAttachHumanRequest, AgentAttachHumanResponse, AgentSignupRequest, AgentSignupResponse,
    AgentVerifyRequest, AgentVerifyResponse,
};

use crate::jobs::mail_code::MailCode;
use crate::{App, Mode, inboxes, jobs, keys};

pub(crate) use code::{CodeKey, charge};
pub(crate) use door::SignUpDoor;

/// How often the human of an organisation may be replaced.
const MAX_CHANGES: i64 = 2;

/// The longest `source` and `referrer`, in characters.
const MAX_NOTE: usize = 2_048;

/// What a key may do before its human has confirmed: use the one inbox, and make nothing.
const BEFORE: [Permission; 20] = [
    Permission::InboxRead,
    Permission::InboxUpdate,
    Permission::MessageRead,
    Permission::MessageReply,
    Permission::MessageSend,
    Permission::MessageUpdate,
    Permission::MessageDelete,
    Permission::LabelSpamRead,
    Permission::LabelBlockedRead,
    Permission::LabelUnauthenticatedRead,
    Permission::LabelTrashRead,
    Permission::DraftRead,
    Permission::DraftCreate,
    Permission::DraftUpdate,
    Permission::DraftDelete,
    Permission::DraftSend,
    Permission::ListEntryRead,
    Permission::MetricsRead,
    Permission::ApiKeyRead,
    Permission::PodRead,
];

/// What became of a code that was shown.
enum Shown {
    Right,
    Wrong(Error),
}

impl App {
    /// Makes an organisation with one inbox and one key for whoever asks.
    ///
    /// # Errors
    /// `not_enabled` unless the operator allows it, `rate_limit_exceeded`, `validation_error`, or
    /// `resource_taken` for the username.
    pub async fn sign_up(
        &self,
        peer: IpAddr,
        request: AgentSignupRequest,
    ) -> Result<AgentSignupResponse> {
        let most = self.settings().agent_sign_ups;
        if most == 0 {
            return Err(off());
        }
        let inbox_id = inboxes::address(&request.username, &self.settings().default_domain)?;
        for (name, note) in [("source", &request.source), ("referrer", &request.referrer)] {
            if note.as_ref().is_some_and(|n| n.chars().count() > MAX_NOTE) {
                return Err(Error::invalid(name, "too_big", "At most 2048 characters"));
            }
        }
        let human = match &request.human_email {
            Some(text) => Some(self.human(text).await?),
            None => None,
        };
        self.0.sign_ups.enter(peer, most, self.now())?;
        let known = match &human {
            Some(human) => self.store().organization_of_human(human.clone()).await?,
            None => None,
        };
        if let (Some(org_id), Some(human)) = (known, human.as_deref()) {
            return self.another_key(org_id, human).await;
        }
        self.new_organization(inbox_id, human, request).await
    }

    async fn new_organization(
        &self,
        inbox_id: InboxId,
        human: Option<String>,
        request: AgentSignupRequest,
    ) -> Result<AgentSignupResponse> {
        let org_id = OrgId::new(self.env().ids.random());
        let access = self.store().system(org_id, Reason::Operation);
        let grant = access.grant::<perm::ApiKeyCreate>()?;
        let (api_key, mut key) = keys::mint(self, "Sign-up", Scope::Org);
        key.permissions = Some(BEFORE.into_iter().collect());
        let inbox = NewInbox {
            key: InboxKey::new(self.env().ids.ordered(self.now())),
            pod_id: org_id.default_pod(),
            inbox_id: inbox_id.clone(),
            display_name: Some(DEFAULT_DISPLAY_NAME.to_owned()),
            client_id: None,
            status: InboxStatus::Active,
            metadata: None,
        };
        let agent = NewAgent {
            inbox: inbox.key,
            key: key.api_key_id,
            human: human.clone(),
            source: request.source,
            referrer: request.referrer,
        };
        let (key, code) = (Arc::new(key), self.new_code());
        let name = request.username;
        let made = self.store().write(&grant, move |txn| {
            txn.create_org(&name)?;
            match txn.create_inbox(&inbox)? {
                NewInboxOutcome::Made(_) | NewInboxOutcome::Known(_) => {}
                NewInboxOutcome::Taken => {
                    let detail = format!("{} is taken", inbox.inbox_id);
                    return Err(Error::new(Code::ResourceTaken, detail)
                        .fix("Choose another username and sign up again."));
                }
            }
            txn.create_api_key(&key)?;
            if !txn.create_agent(&agent)? {
                return Err(Error::new(
                    Code::RaceCondition,
                    "This human signed up at the same moment",
                ));
            }
            if agent.human.is_some() {
                let mut agent = locked(txn)?;
                send_code(txn, &mut agent, &code)?;
                txn.change_agent(&agent)?;
            }
            Ok(())
        });
        made.await?;
        let instructions = match human {
            Some(_) => BEFORE_CODE,
            None => WITHOUT_HUMAN,
        };
        Ok(answer(org_id, &inbox_id, api_key, instructions))
    }

    /// A key for somebody who names the human of an organisation that exists.
    async fn another_key(&self, org_id: OrgId, human: &str) -> Result<AgentSignupResponse> {
        let access = self.store().system(org_id, Reason::Operation);
        let grant = access.grant::<perm::ApiKeyCreate>()?;
        let (api_key, mut key) = keys::mint(self, "Sign-up", Scope::Org);
        key.permissions = Some(PermissionSet::NONE);
        let (key, code, human) = (Arc::new(key), self.new_code(), human.to_owned());
        let found = self.store().write(&grant, move |txn| {
            let mut agent = locked(txn)?;
            if agent.human.as_deref() != Some(human.as_str()) {
                return Err(Error::new(
                    Code::RaceCondition,
                    "The human was replaced at this moment",
                ));
            }
            send_code(txn, &mut agent, &code)?;
            if let Some(before) = agent.pending_key.replace(key.api_key_id) {
                forget(txn, before)?;
            }
            txn.create_api_key(&key)?;
            txn.change_agent(&agent)?;
            // Its owner may have deleted it.
            Ok(txn.inbox_of_key(agent.inbox).ok())
        });
        let inbox = found.await?.map(|inbox| inbox.inbox_id);
        let inbox = inbox.ok_or_else(|| {
            Error::new(Code::Conflict, "The inbox of this sign-up was deleted")
                .fix("Use a key of that organization to make another inbox.")
        })?;
        Ok(answer(org_id, &inbox, api_key, ANOTHER_KEY))
    }

    /// Confirms the human with the code that was mailed to them, which lifts all limits.
    ///
    /// # Errors
    /// `validation_error` for a wrong or old code, `limit_exceeded` after ten wrong ones, `forbidden`
    /// for a key of less than an organisation that signed itself up.
    pub async fn verify_agent(
        &self,
        grant: &Grant<perm::Authenticated>,
        request: AgentVerifyRequest,
    ) -> Result<AgentVerifyResponse> {
        let Actor::Key(caller) = grant.access().actor() else {
            return Err(self.not_an_agent());
        };
        if *grant.access().scope() != Scope::Org {
            return Err(not_the_organization());
        }
        let given = code::read(&request.otp_code)?;
        let (code_key, refused) = (self.0.code_key.clone(), self.not_an_agent_code());
        let shown = self.store().write(grant, move |txn| {
            let org_id = txn.access().org_id();
            let Some(mut agent) = txn.lock_agent()? else {
                return Err(refusal(refused));
            };
            if agent.verified_at.is_some() && agent.pending_key != Some(caller) {
                return Ok(Shown::Right);
            }
            let now = txn.now();
            let shown = code::show(&mut agent, &code_key, org_id, &given, now);
            if let Shown::Right = shown {
                confirm(txn, &mut agent, caller)?;
            }
            // A wrong try counts, so this commits either way.
            txn.change_agent(&agent)?;
            Ok(shown)
        });
        match shown.await? {
            Shown::Right => Ok(AgentVerifyResponse { verified: true }),
            Shown::Wrong(error) => Err(error),
        }
    }

    /// Names the human of an agent's organisation, or another one in their place, and mails a code.
    ///
    /// # Errors
    /// `validation_error`, `conflict` when the human has confirmed already, was replaced twice, or is
    /// another organisation's; `rate_limit_exceeded` after five codes in a day.
    pub async fn attach_human(
        &self,
        grant: &Grant<perm::OrganizationRead>,
        request: AgentAttachHumanRequest,
    ) -> Result<AgentAttachHumanResponse> {
        let human = self.human(&request.human_email).await?;
        let (caller, refused) = (grant.access().actor(), self.not_an_agent_code());
        let (code, wanted) = (self.new_code(), human.clone());
        let attached = self.store().write(grant, move |txn| {
            let Some(mut agent) = txn.lock_agent()? else {
                return Err(refusal(refused));
            };
            if agent.pending_key.map(Actor::Key) == Some(caller) {
                return Err(
                    Error::new(Code::Forbidden, "This key has not shown its code")
                        .fix("Show the code that was mailed to the human, then ask again."),
                );
            }
            replace_human(&mut agent, &wanted)?;
            send_code(txn, &mut agent, &code)?;
            txn.change_agent(&agent)
        });
        attached.await?;
        Ok(AgentAttachHumanResponse {
            human_email: human,
            instructions: BEFORE_CODE.to_owned(),
        })
    }

    /// Reads the address of a human, who must be somebody that mail reaches and no agent.
    async fn human(&self, text: &str) -> Result<String> {
        let wrong = |why: &str| Error::invalid("human_email", "invalid_value", why);
        let address =
            Address::parse(text.trim()).map_err(|_| wrong("This is not an email address"))?;
        let domain = address.domain().to_owned();
        if is_placeholder(&domain, self.settings().mode) {
            return Err(wrong(
                "This domain is a placeholder; nobody reads mail there",
            ));
        }
        let key = address.key();
        if self.store().is_local_domain(domain).await? {
            let found = self.store().routes(vec![key.clone()]).await?;
            let Some(route) = found.into_iter().next().flatten() else {
                return Err(wrong("There is no such inbox here"));
            };
            let access = self.store().system(route.org_id, Reason::Operation);
            let grant = access.grant::<perm::Authenticated>()?;
            // Or agents would confirm each other.
            let agent = self
                .store()
                .read(&grant, |view| Ok(view.agent()?.is_some()));
            if agent.await? {
                return Err(wrong("This is the inbox of an agent, not of a human"));
            }
        }
        Ok(key)
    }

    fn not_an_agent_code(&self) -> Code {
        if self.settings().agent_sign_ups == 0 {
            Code::NotEnabled
        } else {
            Code::Forbidden
        }
    }

    fn not_an_agent(&self) -> Error {
        refusal(self.not_an_agent_code())
    }
}

const BEFORE_CODE: &str = "A 6-digit code was mailed to the human. Ask them for it and show it with \
    POST /v0/agent/verify within 24 hours. Until then mail goes to the human only, at most 10 a day.";
const WITHOUT_HUMAN: &str = "This inbox receives. To send, name a human with POST /v0/agent/human and \
    show the code that is mailed to them.";
const ANOTHER_KEY: &str = "This human has an organization already. A 6-digit code was mailed to them: \
    show it with this key at POST /v0/agent/verify, and the key takes the place of the first one.";

fn answer(
    org_id: OrgId,
    inbox_id: &InboxId,
    api_key: String,
    instructions: &str,
) -> AgentSignupResponse {
    AgentSignupResponse {
        organization_id: org_id.to_string(),
        inbox_id: inbox_id.to_string(),
        email: Some(inbox_id.to_string()),
        api_key,
        instructions: Some(instructions.to_owned()),
    }
}

fn off() -> Error {
    Error::new(Code::NotEnabled, "Agents cannot sign up on this server")
        .fix("Ask the operator for a key, or to allow it with agent_sign_ups.")
}

fn refusal(code: Code) -> Error {
    if code == Code::NotEnabled {
        return off();
    }
    Error::new(code, "This organization did not sign itself up")
        .fix("Nothing needs to be done: its keys are not limited.")
}

fn not_the_organization() -> Error {
    Error::new(
        Code::Forbidden,
        "Only a key of the organization shows the code",
    )
    .fix("Use the key that the sign-up gave.")
}

fn locked(txn: &mut Txn<'_>) -> Result<Agent> {
    txn.lock_agent()?
        .ok_or_else(|| Error::internal("a sign-up has no record"))
}

/// Removes a key that its owner may have removed before.
fn forget(txn: &mut Txn<'_>, key: ApiKeyId) -> Result<()> {
    match txn.delete_api_key(key) {
        Err(error) if error.code() != Code::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The code was right: the key that showed it may do everything, and is the only one of a sign-up.
fn confirm(txn: &mut Txn<'_>, agent: &mut Agent, caller: ApiKeyId) -> Result<()> {
    let pending = agent.pending_key.take();
    if pending == Some(caller) {
        forget(txn, agent.key)?;
        agent.key = caller;
    } else if let Some(pending) = pending {
        forget(txn, pending)?;
    }
    if agent.verified_at.is_none() || pending == Some(caller) {
        match txn.change_api_key(agent.key, None, Some(None)) {
            Err(error) if error.code() != Code::NotFound => return Err(error),
            _ => {}
        }
    }
    agent.code = None;
    agent.verified_at = agent.verified_at.or(Some(txn.now()));
    Ok(())
}

fn replace_human(agent: &mut Agent, human: &str) -> Result<()> {
    if agent.verified_at.is_some() {
        return Err(
            Error::new(Code::Conflict, "The human has confirmed already")
                .fix("Nothing needs to be done: nothing is limited any more."),
        );
    }
    match agent.human.as_deref() {
        Some(known) if known == human => return Ok(()),
        Some(_) if agent.human_changes >= MAX_CHANGES => {
            return Err(Error::new(Code::Conflict, "The human was replaced twice")
                .fix("Go on with the human you named last, or sign up anew."));
        }
        Some(_) => agent.human_changes += 1,
        None => {}
    }
    agent.human = Some(human.to_owned());
    // Whoever waits with a key for the code of the human before waits in vain.
    Ok(())
}

/// Makes a new code and the job that mails it.
fn send_code(txn: &mut Txn<'_>, agent: &mut Agent, new: &code::NewCode) -> Result<()> {
    let now = txn.now();
    code::issue(agent, new, now)?;
    txn.enqueue(&NewJob {
        job_id: new.job_id,
        kind: MailCode::KIND,
        key: Some("code".to_owned()),
        run_at: now,
        payload: jobs::payload(&MailCode {
            code: new.nonce.to_string(),
        })?,
    })
}

/// Domains of examples and of nobody (RFC 2606, RFC 6761). Names that exist only inside a network
/// are good enough on a laptop, where nothing leaves anyhow.
fn is_placeholder(domain: &str, mode: Mode) -> bool {
    let within = |name: &str| {
        domain
            .strip_suffix(name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let never = [
        "example",
        "example.com",
        "example.net",
        "example.org",
        "invalid",
    ];
    let inside = ["test", "localhost", "local", "internal", "home.arpa"];
    never.into_iter().any(within) || (mode == Mode::Public && inside.into_iter().any(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_no_humans() {
        for (domain, laptop, public) in [
            ("example.com", true, true),
            ("mail.example.org", true, true),
            ("shop.example", true, true),
            ("outside.test", false, true),
            ("notexample.com", false, false),
            ("company.dev", false, false),
        ] {
            assert_eq!(is_placeholder(domain, Mode::Laptop), laptop, "{domain}");
            assert_eq!(is_placeholder(domain, Mode::Public), public, "{domain}");
        }
    }

    #[test]
    fn before_the_code_a_key_makes_nothing_and_reaches_nobody_new() {
        let before: PermissionSet = BEFORE.into_iter().collect();
        for right in [
            Permission::InboxCreate,
            Permission::ApiKeyCreate,
            Permission::ApiKeyUpdate,
            Permission::WebhookCreate,
            Permission::DomainCreate,
            Permission::PodCreate,
            Permission::ListEntryCreate,
        ] {
            assert!(!before.has(right), "{}", right.name());
        }
    }
}
