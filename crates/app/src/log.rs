//! The event log over HTTP, and the record of labels.

use data_encoding::HEXLOWER;
use model::page::Page;
use model::{Result, perm};
use store::{Grant, LabelChange};

use crate::App;
use crate::batch::inbox_of;
use crate::paging::Listing;

impl App {
    /// A page of the labels added to and removed from the messages of the inbox that the grant
    /// reaches, newest first.
    ///
    /// # Errors
    /// `not_found` for the inbox, or `validation_error` for a bad token.
    pub async fn inbox_events(
        &self,
        grant: &Grant<perm::MessageRead>,
        page: Page,
    ) -> Result<wire::ListInboxEventsResponse> {
        let list = Listing::new(self, "inbox events", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let key = inbox_of(grant)?;
        let found = self.store().read(grant, move |view| {
            let inbox = view.inbox_of_key(key)?;
            Ok((inbox, view.label_changes(key, from, ascending, fetch)?))
        });
        let (inbox, mut changes) = found.await?;
        let next_page_token = list.cut(&mut changes, LabelChange::position);
        let organization_id = grant.access().org_id().to_string();
        let events: Vec<_> = changes
            .into_iter()
            .map(|change| wire::InboxEvent {
                organization_id: organization_id.clone(),
                pod_id: inbox.pod_id.to_string(),
                inbox_id: inbox.inbox_id.to_string(),
                event_id: event_id(&change),
                event_type: if change.added {
                    "label.added".to_owned()
                } else {
                    "label.removed".to_owned()
                },
                message_id: change.message_id.to_string(),
                label: change.label,
                timestamp: change.at.to_string(),
            })
            .collect();
        Ok(wire::ListInboxEventsResponse {
            count: events.len(),
            limit: page.limit,
            next_page_token,
            events,
        })
    }
}

/// Sorts within its inbox, and is told apart from those of other inboxes by its end.
fn event_id(change: &LabelChange) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(change.inbox_key.as_bytes());
    hash.update(&change.seq.to_be_bytes());
    let end = hash.finalize();
    format!(
        "{:016x}{}",
        change.seq,
        HEXLOWER.encode(&end.as_bytes()[..8])
    )
}
