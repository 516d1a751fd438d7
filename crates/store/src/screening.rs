//! What the screen at arrival goes by: whom an inbox knows, whether suspect mail is held; and what
//! people make of its verdicts.

use model::armor::{Feedback, Mode};
use model::list::Level;
use model::message::{Message, Origin};
use model::screened::{Outcome, Release};
use model::{Code, Error, InboxKey, Result};

use crate::audit::NewAudit;
use crate::db::{Value, args};
use crate::inboxes::Route;
use crate::lists::{own_place, place};
use crate::messages::filing::envelope;
use crate::txn::Txn;
use crate::view::View;

/// Acquaintances of an inbox that one look-up reads.
const MOST_ALIKE: i64 = 64;

/// Octets of a trait and an address together at most: PostgreSQL keeps no row of an index above 2,700, and
/// no address that mail can be sent to (RFC 5321 §4.5.3.1) comes near it. Others are nobody's acquaintances.
const LONGEST_TRAIT: usize = 2_000;

/// Traits that one look-up may name; it is padded to them, so that there is one statement to prepare.
pub const MOST_TRAITS: usize = 16;

/// Pieces of feedback on one message, as on the hosted service.
const MOST_FEEDBACK: i64 = 20;

/// What was chosen for a place, and what holds there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    /// What was chosen for the place itself.
    pub own: Option<Mode>,
    /// The strictest of this and of what is above it.
    pub effective: Mode,
}

impl View<'_> {
    /// What was chosen for exactly what this access reaches.
    ///
    /// # Errors
    /// When the store fails.
    pub fn screen_modes(&mut self) -> Result<Modes> {
        let org = place(Level::Org, self.access.org_bytes());
        let own = own_place(self.access);
        let pod = match self.access.scope() {
            model::api_key::Scope::Inbox(pod, _) => place(Level::Pod, pod.as_bytes()),
            _ => org.clone(),
        };
        let found = self.modes_at(&[org, pod, own.clone()])?;
        let chosen = found.iter().find(|(place, _)| *place == own);
        Ok(Modes {
            own: chosen.map(|(_, mode)| *mode),
            effective: strictest(&found),
        })
    }

    /// What happens to suspect mail of this inbox, and whether it knows who has this trait. All mail
    /// asks for both, so it is one statement.
    ///
    /// # Errors
    /// When the store fails.
    pub fn screen_mode(&mut self, inbox: &Route, author: Option<&str>) -> Result<(Mode, bool)> {
        let mut found = (Mode::default(), false);
        self.query(
            "select mode from screen_mode where {scope:org} and place in ($1, $2, $3) \
             union all select '' from (select 1 from acquaintance \
             where {scope} and inbox_id = $4 and trait = $5 limit 1) known",
            args![
                place(Level::Org, inbox.org_id.as_bytes()),
                place(Level::Pod, inbox.pod_id.as_bytes()),
                place(Level::Inbox, inbox.inbox_key.as_bytes()),
                inbox.inbox_key,
                // Nobody has the empty one.
                author.unwrap_or_default(),
            ],
            &mut |row| {
                match Mode::parse(row.text(0)?) {
                    Some(mode) => found.0 = found.0.max(mode),
                    None => found.1 = true,
                }
                Ok(())
            },
        )?;
        Ok(found)
    }

    fn modes_at(&mut self, places: &[Vec<u8>; 3]) -> Result<Vec<(Vec<u8>, Mode)>> {
        // An inbox's access must see what its pod and its organisation decided.
        let found = self.all(
            "select place, mode from screen_mode where {scope:org} and place in ($1, $2, $3)",
            args![&places[0], &places[1], &places[2]],
            |row| Ok((row.get(0)?, Mode::parse(row.text(1)?).unwrap_or_default())),
        )?;
        Ok(found)
    }

    /// Acquaintances of an inbox that have one of these traits, each with the trait.
    ///
    /// # Errors
    /// When the store fails.
    pub fn acquaintances(
        &mut self,
        inbox: InboxKey,
        traits: &[String],
    ) -> Result<Vec<(String, String)>> {
        let Some(last) = traits.last() else {
            return Ok(Vec::new());
        };
        // Most mail that leaves has one recipient, and asks whether it is known.
        let size = if traits.len() == 1 { 1 } else { MOST_TRAITS };
        let marks: Vec<String> = (2..size + 2).map(|n| format!("${n}")).collect();
        let sql = format!(
            "select trait, address from acquaintance where {{scope}} and inbox_id = $1 \
             and trait in ({}) limit {MOST_ALIKE}",
            marks.join(", ")
        );
        let mut values = vec![Value::from(inbox)];
        values.extend((0..size).map(|n| Value::from(traits.get(n).unwrap_or(last).as_str())));
        Ok(self.all(&sql, &values, |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

fn strictest(found: &[(Vec<u8>, Mode)]) -> Mode {
    let modes = found.iter().map(|(_, mode)| *mode);
    modes.max().unwrap_or_default()
}

impl Txn<'_> {
    /// Chooses for exactly what this access reaches, or leaves it to what is above.
    ///
    /// # Errors
    /// When the store fails.
    pub fn set_screen_mode(&mut self, mode: Option<Mode>) -> Result<()> {
        let own = own_place(self.access);
        let state = serde_json::json!({"mode": mode.map(Mode::name)});
        self.audit(NewAudit::new("screen.set_mode", "").after(&state));
        let Some(mode) = mode else {
            self.exec(
                "delete from screen_mode where {scope} and place = $1",
                args![own],
            )?;
            return Ok(());
        };
        let (org, now) = (self.access.org_id(), self.now);
        let (pod, inbox) = match *self.access.scope() {
            model::api_key::Scope::Org => (None, None),
            model::api_key::Scope::Pod(pod) => (Some(pod), None),
            model::api_key::Scope::Inbox(pod, inbox) => (Some(pod), Some(inbox)),
        };
        self.exec(
            "insert into screen_mode (org_id, pod_id, inbox_id, place, mode, updated_at) \
             values ($1, $2, $3, $4, $5, $6) on conflict (org_id, place) do update set \
             mode = excluded.mode, updated_at = excluded.updated_at \
             -- unscoped: the row names its tenant, and its place is the caller's own",
            args![org, pod, inbox, own, mode.name(), now],
        )?;
        Ok(())
    }

    /// Remembers whom an inbox knows from now on: traits, each with whose it is.
    ///
    /// # Errors
    /// When the store fails.
    pub fn acquaint(&mut self, inbox: &Route, traits: &[(String, String)]) -> Result<()> {
        for (name, whose) in traits {
            if name.len() + whose.len() > LONGEST_TRAIT {
                continue;
            }
            self.put(
                "insert into acquaintance (org_id, pod_id, inbox_id, trait, address) \
                 values ($1, $2, $3, $4, $5) on conflict (inbox_id, trait, address) do nothing \
                 -- unscoped: the row names its tenant",
                args![inbox.org_id, inbox.pod_id, inbox.inbox_key, name, whose],
            )?;
        }
        Ok(())
    }

    /// Notes that somebody released a held message, and takes the label away that held it.
    ///
    /// # Errors
    /// `not_found`, or when the store fails.
    pub fn release_held(&mut self, message: &Message, release: Release) -> Result<Message> {
        let held = [model::Label::system(model::armor::HELD)];
        let mut message = self.relabel(
            message,
            &model::Labels::default(),
            &held.into_iter().collect(),
        )?;
        let Some(screened) = &mut message.screened else {
            return Err(Error::internal("a held message has lost its verdict"));
        };
        screened.release = Some(release);
        let origin: Option<Origin> = self.origin(message.key)?;
        self.exec(
            "update message set envelope = $2 where {scope} and message_key = $1",
            args![message.key, envelope(origin.as_ref(), &message)?],
        )?;
        Ok(message)
    }

    /// Keeps what somebody said of a verdict.
    ///
    /// # Errors
    /// `conflict` when enough was said of the message, or `not_found`.
    pub fn add_screen_feedback(&mut self, message: &Message, feedback: &Feedback) -> Result<()> {
        self.lock_inbox(message.inbox_key)?;
        let said = self.first(
            "select count(*) from screen_feedback where {scope} and message_key = $1",
            args![message.key],
            |row| row.get::<i64>(0),
        )?;
        if said.unwrap_or(0) >= MOST_FEEDBACK {
            let detail = "There are 20 pieces of feedback on this message already";
            return Err(Error::new(Code::Conflict, detail)
                .fix("Nothing more can be said of this message; what was said is kept."));
        }
        self.exec(
            "insert into screen_feedback (org_id, pod_id, inbox_id, message_key, feedback_id, api_key_id, \
             feedback, notes, verdict, model, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             -- unscoped: the row repeats the tenant of the message just read",
            args![
                message.org_id,
                message.pod_id,
                message.inbox_key,
                message.key,
                feedback.feedback_id.as_bytes().as_slice(),
                feedback.api_key_id,
                feedback.judgement.name(),
                feedback.notes.as_deref(),
                feedback.verdict.name(),
                &feedback.version,
                feedback.created_at,
            ],
        )?;
        Ok(())
    }

    /// Forgets what was said of a message that is removed.
    pub(crate) fn forget_screen_feedback(&mut self, message: &[u8]) -> Result<()> {
        self.exec(
            "delete from screen_feedback where {scope} and message_key = $1",
            args![message],
        )?;
        Ok(())
    }
}

/// Whether a message is held until somebody releases it.
#[must_use]
pub fn is_held(message: &Message) -> bool {
    let flagged = message
        .screened
        .as_ref()
        .is_some_and(|seen| seen.outcome == Outcome::Review && seen.release.is_none());
    flagged
        && message
            .labels
            .contains(&model::Label::system(model::armor::HELD))
}
