//! What an inbox makes of mail that arrives: whether it knows who wrote it, and whether what is to
//! be reviewed waits there. Read before the transaction that files the mail.

use model::armor::{HELD, Mode};
use model::authentication::Authentication;
use model::identity::Identity;
use model::screened::Outcome;
use model::{Label, Result, perm};
use store::{Grant, NewMessage, Route, Txn, View};

use super::identity::{Person, Trait};
use crate::App;
use crate::inbound::{Mailbox, Understood};

/// What one inbox makes of it.
pub(crate) struct Seen {
    /// What happens there to what is to be reviewed.
    pub(crate) mode: Mode,
    identity: Identity,
    /// How to remember who wrote it, if the inbox did not know them and does now.
    acquaintance: Vec<Trait>,
}

impl Seen {
    /// Writes it on the message that is to be filed.
    pub(crate) fn note(self, new: &mut NewMessage) {
        let flagged = new
            .screened
            .as_ref()
            .is_some_and(|seen| seen.outcome == Outcome::Review);
        if flagged && self.mode == Mode::Hold {
            new.labels.insert(Label::system(HELD));
        }
        new.identity = Some(self.identity);
        new.acquaintance = self.acquaintance;
    }
}

impl App {
    /// What each of these inboxes makes of a message, in their order.
    pub(crate) async fn seen(
        &self,
        grant: &Grant<perm::Authenticated>,
        inboxes: &[Mailbox],
        understood: &Understood,
    ) -> Result<Vec<Seen>> {
        let routes: Vec<Route> = inboxes.iter().map(|one| one.route.clone()).collect();
        let proof = understood.content.authentication.as_ref();
        let proven = proof.is_some_and(Authentication::is_proven);
        let author = understood.parsed.from.first().and_then(Person::of);
        let read = self.store().read(grant, move |view| {
            let each = routes.iter();
            each.map(|route| seen_by(view, route, author.as_ref(), proven))
                .collect()
        });
        read.await
    }
}

fn seen_by(
    view: &mut View<'_>,
    inbox: &Route,
    author: Option<&Person>,
    proven: bool,
) -> Result<Seen> {
    let own = author.map(Person::own_trait);
    let (mode, is_known) = view.screen_mode(inbox, own.as_deref())?;
    let mut seen = Seen {
        mode,
        identity: Identity {
            proven,
            first_contact: !is_known,
            ..Identity::default()
        },
        acquaintance: Vec::new(),
    };
    let Some(author) = author.filter(|_| !(proven && is_known)) else {
        return Ok(seen);
    };
    // Whoever only claims an address may still pass for somebody else by their name.
    seen.identity.address_in_name = author.address_in_name();
    if !is_known {
        let found = view.acquaintances(inbox.inbox_key, &author.questions())?;
        seen.identity.look_alike = author.passes_for(&found);
        if proven {
            seen.acquaintance = author.traits();
        }
    }
    Ok(seen)
}

/// Remembers whom an inbox writes to.
pub(crate) fn acquaint(txn: &mut Txn<'_>, inbox: &Route, people: &[Person]) -> Result<()> {
    for some in people.chunks(store::MOST_TRAITS) {
        let own: Vec<String> = some.iter().map(Person::own_trait).collect();
        let known = txn.acquaintances(inbox.inbox_key, &own)?;
        let is_known = |own: &String| known.iter().any(|(name, _)| name == own);
        for (person, _) in some.iter().zip(&own).filter(|(_, own)| !is_known(own)) {
            txn.acquaint(inbox, &person.traits())?;
        }
    }
    Ok(())
}
