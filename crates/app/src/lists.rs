//! Allow and block lists: the entries of exactly the scope that the grant reaches. What they do is
//! decided in `gate` for mail that leaves and where mail is filed for mail that arrives.

use std::sync::Arc;

use model::api_key::Scope;
use model::list::{Direction, Entry, ListEntry, ListType};
use model::page::Page;
use model::{Error, Result, perm};
use store::{Grant, NewListEntry, View};
use wire::CreateListEntryRequest;

use crate::App;
use crate::paging::Listing;

/// Characters that the reason for an entry may have.
const MAX_REASON: usize = 1_024;

impl App {
    /// Puts an address or a domain on a list. One that is there already stays as it is.
    ///
    /// # Errors
    /// `validation_error`, or `conflict` when it is on the opposite list of the same scope.
    pub async fn create_list_entry(
        &self,
        grant: &Grant<perm::ListEntryCreate>,
        (direction, list_type): (Direction, ListType),
        request: CreateListEntryRequest,
    ) -> Result<wire::ListEntry> {
        let new = Arc::new(NewListEntry {
            entry: Entry::parse(&request.entry)?,
            direction,
            list_type,
            reason: reason(request.reason)?,
            read_only: false,
        });
        let made = self.store().write(grant, move |txn| {
            let entry = txn.add_list_entry(&new)?;
            let inbox = inbox_of(txn)?;
            Ok((entry, inbox))
        });
        let (entry, inbox) = made.await?;
        Ok(shown(&entry, inbox))
    }

    /// A page of a list, in alphabetical order.
    ///
    /// # Errors
    /// `validation_error` for a bad token.
    pub async fn list_entries(
        &self,
        grant: &Grant<perm::ListEntryRead>,
        (direction, list_type): (Direction, ListType),
        page: Page,
    ) -> Result<wire::ListListEntriesResponse> {
        let name = format!("list {} {}", direction.name(), list_type.name());
        let list = Listing::new(self, &name, grant.access(), &page, "");
        let (after, fetch) = (list.start_text(&page)?, list.fetch());
        let found = self.store().read(grant, move |view| {
            let entries = view.list_entries(direction, list_type, &after, fetch)?;
            let inbox = inbox_of(view)?;
            Ok((entries, inbox))
        });
        let (mut found, inbox) = found.await?;
        let next_page_token = list.cut_text(&mut found, |one| one.entry.as_str());
        let entries: Vec<_> = found.iter().map(|one| shown(one, inbox.clone())).collect();
        Ok(wire::ListListEntriesResponse {
            count: entries.len(),
            limit: page.limit,
            next_page_token,
            entries,
        })
    }

    /// One entry.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn list_entry(
        &self,
        grant: &Grant<perm::ListEntryRead>,
        (direction, list_type): (Direction, ListType),
        entry: Entry,
    ) -> Result<wire::ListEntry> {
        let found = self.store().read(grant, move |view| {
            let entry = view.list_entry(direction, list_type, &entry)?;
            let inbox = inbox_of(view)?;
            Ok((entry, inbox))
        });
        let (entry, inbox) = found.await?;
        Ok(shown(&entry, inbox))
    }

    /// Takes an entry off its list.
    ///
    /// # Errors
    /// `not_found`, or `cannot_delete` for an entry that the server made.
    pub async fn delete_list_entry(
        &self,
        grant: &Grant<perm::ListEntryDelete>,
        (direction, list_type): (Direction, ListType),
        entry: Entry,
    ) -> Result<()> {
        self.store()
            .write(grant, move |txn| {
                txn.delete_list_entry(direction, list_type, &entry)
            })
            .await
    }
}

/// The address of the inbox whose lists these are, if they are an inbox's.
fn inbox_of(view: &mut View<'_>) -> Result<Option<String>> {
    match *view.access().scope() {
        Scope::Org | Scope::Pod(_) => Ok(None),
        Scope::Inbox(_, inbox) => Ok(Some(view.inbox_of_key(inbox)?.inbox_id.to_string())),
    }
}

/// Checks why somebody made an entry.
pub(crate) fn reason(text: Option<String>) -> Result<Option<String>> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > MAX_REASON {
        let message = "A reason has at most 1024 characters";
        return Err(Error::invalid("reason", "too_big", message));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        let message = "A reason has no control characters";
        return Err(Error::invalid("reason", "invalid_value", message));
    }
    Ok(Some(text))
}

fn shown(entry: &ListEntry, inbox_id: Option<String>) -> wire::ListEntry {
    wire::ListEntry {
        entry: entry.entry.as_str().to_owned(),
        organization_id: entry.org_id.to_string(),
        reason: entry.reason.clone(),
        direction: entry.direction.name().to_owned(),
        list_type: entry.list_type.name().to_owned(),
        entry_type: entry.entry.type_name().to_owned(),
        created_at: entry.created_at.to_string(),
        read_only: entry.read_only,
        pod_id: entry.pod_id.map(|pod| pod.to_string()),
        inbox_id,
    }
}
