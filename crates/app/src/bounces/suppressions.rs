//! The addresses that an organisation does not write to any more: shown, added and taken away.

use std::sync::Arc;

use model::api_key::Scope;
use model::list::Entry;
use model::page::Page;
use model::{Code, Error, Need, Result, perm};
use store::{Grant, Suppression, SuppressionReason};
use wire::CreateSuppressionRequest;

use crate::App;
use crate::lists::reason;
use crate::paging::Listing;

impl App {
    /// A page of what is suppressed, in alphabetical order.
    ///
    /// # Errors
    /// `validation_error` for a bad token, `missing_permission` for a key of less than the
    /// organisation.
    pub async fn suppressions(
        &self,
        grant: &Grant<perm::ListEntryRead>,
        page: Page,
    ) -> Result<wire::ListSuppressionsResponse> {
        whole(grant)?;
        let list = Listing::new(self, "suppressions", grant.access(), &page, "");
        let (after, fetch) = (list.start_text(&page)?, list.fetch());
        let found = self
            .store()
            .read(grant, move |view| view.suppressions(&after, fetch));
        let mut found = found.await?;
        let next_page_token = list.cut_text(&mut found, |one| one.entry.as_str());
        let suppressions: Vec<_> = found.iter().map(shown).collect();
        Ok(wire::ListSuppressionsResponse {
            count: suppressions.len(),
            limit: page.limit,
            next_page_token,
            suppressions,
        })
    }

    /// Why an address or a domain is suppressed.
    ///
    /// # Errors
    /// `not_found`, `missing_permission`.
    pub async fn suppression(
        &self,
        grant: &Grant<perm::ListEntryRead>,
        entry: Entry,
    ) -> Result<wire::Suppression> {
        whole(grant)?;
        let found = self
            .store()
            .read(grant, move |view| view.suppression(&entry));
        Ok(shown(&found.await?))
    }

    /// Suppresses an address or a domain by hand. One that is suppressed already stays as it is.
    ///
    /// # Errors
    /// `validation_error`, `missing_permission`.
    pub async fn create_suppression(
        &self,
        grant: &Grant<perm::ListEntryCreate>,
        request: CreateSuppressionRequest,
    ) -> Result<wire::Suppression> {
        whole(grant)?;
        let new = Suppression {
            entry: Entry::parse(&request.entry)?,
            reason: SuppressionReason::Manual,
            class: None,
            note: reason(request.reason)?,
            evidence: None,
            message_id: None,
            inbox: None,
            created_at: self.now(),
        };
        let new = Arc::new(new);
        let made = self.store().write(grant, move |txn| {
            txn.suppress(&new)?;
            txn.suppression(&new.entry)
        });
        Ok(shown(&made.await?))
    }

    /// Lets an address or a domain be written to again.
    ///
    /// # Errors
    /// `not_found`, `missing_permission`.
    pub async fn delete_suppression(
        &self,
        grant: &Grant<perm::ListEntryDelete>,
        entry: Entry,
    ) -> Result<()> {
        whole(grant)?;
        self.store()
            .write(grant, move |txn| txn.lift_suppression(&entry))
            .await
    }
}

/// Suppressions belong to the whole organisation: a key for a part of it must not see to whom the
/// others write, nor stop them.
fn whole<P: Need>(grant: &Grant<P>) -> Result<()> {
    if *grant.access().scope() == Scope::Org {
        return Ok(());
    }
    Err(Error::new(Code::MissingPermission, "Forbidden").fix(
        "Suppressions belong to the organization; use a key that is not bound to a pod or inbox.",
    ))
}

fn shown(one: &Suppression) -> wire::Suppression {
    wire::Suppression {
        entry: one.entry.as_str().to_owned(),
        entry_type: one.entry.type_name().to_owned(),
        cause: one.reason.name().to_owned(),
        class: one.class.clone(),
        reason: one.note.clone(),
        evidence: one.evidence.clone(),
        message_id: one.message_id.clone(),
        inbox_id: one.inbox.clone(),
        created_at: one.created_at.to_string(),
    }
}
