//! Inboxes: made in milliseconds, under a domain that needs no DNS.

use mail::Address;
use model::inbox::{self, AutoSubmitted, Inbox, InboxStatus};
use model::page::Page;
use model::{Code, Error, InboxId, InboxKey, Result, perm};
use store::{Grant, InboxChange, NewInbox, NewInboxOutcome, NewJob, Position};
use wire::{CreateInboxRequest, MetadataPatch, Patch, UpdateInboxRequest};

use crate::jobs::purge_hook;
use crate::jobs::purge_inbox::PurgeInbox;
use crate::paging::Listing;
use crate::{App, jobs, render};

/// How often a random name is tried before we say that something is wrong.
const NAME_TRIES: usize = 5;

impl App {
    /// Makes an inbox; without a username at a random address. The same `client_id` again gives
    /// the first inbox.
    ///
    /// # Errors
    /// `validation_error`, `resource_taken` with suggestions, `not_found` for the domain,
    /// `domain_not_verified`, or `unprocessable` below a domain without subdomains.
    pub async fn create_inbox(
        &self,
        grant: &Grant<perm::InboxCreate>,
        request: CreateInboxRequest,
    ) -> Result<wire::Inbox> {
        let template = self.new_inbox(grant, &request).await?;
        for _ in 0..NAME_TRIES {
            let mut new = template.clone();
            let domain = new
                .inbox_id
                .as_str()
                .rsplit_once('@')
                .map_or("", |(_, domain)| domain);
            if request.username.is_none() {
                new.inbox_id = address(&self.random_name(), domain)?;
            }
            let wanted = new.inbox_id.clone();
            let made = self
                .store()
                .write(grant, move |txn| txn.create_inbox(&new))
                .await?;
            match made {
                NewInboxOutcome::Made(inbox) | NewInboxOutcome::Known(inbox) => {
                    return render::inbox(grant.access().org_id(), &inbox);
                }
                NewInboxOutcome::Taken if request.username.is_none() => {}
                NewInboxOutcome::Taken => return Err(self.taken(grant, &wanted).await?),
            }
        }
        Err(Error::unavailable("No free address was found"))
    }

    async fn new_inbox(
        &self,
        grant: &Grant<perm::InboxCreate>,
        request: &CreateInboxRequest,
    ) -> Result<NewInbox> {
        let access = grant.access();
        let pod_id = match *access.scope() {
            model::api_key::Scope::Org => access.org_id().default_pod(),
            model::api_key::Scope::Pod(pod) => pod,
            model::api_key::Scope::Inbox(..) => {
                return Err(
                    Error::new(Code::Forbidden, "A key of one inbox cannot make others")
                        .fix("Use a key of the organization or of a pod."),
                );
            }
        };
        let domain = request
            .domain
            .clone()
            .unwrap_or_else(|| self.settings().default_domain.clone());
        let name = request.username.as_deref().unwrap_or("x");
        let inbox_id = address(name, &domain)?;
        let domain = inbox_id
            .as_str()
            .rsplit_once('@')
            .map_or(String::new(), |(_, d)| d.to_owned());
        self.may_open_under(grant, pod_id, domain).await?;
        let display_name = match &request.display_name {
            Some(name) => inbox::display_name(name)?,
            None => Some(inbox::DEFAULT_DISPLAY_NAME.to_owned()),
        };
        let metadata = request
            .metadata
            .as_ref()
            .map(render::metadata_to_store)
            .transpose()?;
        Ok(NewInbox {
            key: InboxKey::new(self.env().ids.ordered(self.now())),
            pod_id,
            inbox_id,
            display_name,
            client_id: request
                .client_id
                .as_deref()
                .map(inbox::client_id)
                .transpose()?,
            status: request
                .status
                .as_deref()
                .map_or(Ok(InboxStatus::Active), status)?,
            metadata,
        })
    }

    /// A name nobody has to think of: easy to read aloud, hard to guess.
    pub(crate) fn random_name(&self) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let bytes = self.env().ids.bytes::<12>();
        bytes
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
            .collect()
    }

    async fn taken(&self, grant: &Grant<perm::InboxCreate>, wanted: &InboxId) -> Result<Error> {
        let (local, domain) = wanted
            .as_str()
            .rsplit_once('@')
            .unwrap_or((wanted.as_str(), ""));
        let [a, b, c] = self.env().ids.bytes::<3>();
        let endings = [
            "-1".to_owned(),
            format!("-{}", u32::from(a) + 100),
            format!("-{b:02x}{c:02x}"),
        ];
        let candidates: Vec<InboxId> = endings
            .iter()
            .filter_map(|end| address(&format!("{local}{end}"), domain).ok())
            .collect();
        let free = self
            .store()
            .read(grant, move |view| view.free_addresses(&candidates))
            .await?;
        let names = free
            .iter()
            .filter_map(|id| {
                id.as_str()
                    .rsplit_once('@')
                    .map(|(local, _)| local.to_owned())
            })
            .collect();
        Ok(
            Error::new(Code::ResourceTaken, format!("{wanted} is taken"))
                .fix("Choose another username, or leave it out to get a random one.")
                .suggestions(names),
        )
    }

    /// A page of inboxes, newest first.
    ///
    /// # Errors
    /// `validation_error` for a bad page token.
    pub async fn inboxes(
        &self,
        grant: &Grant<perm::InboxRead>,
        page: Page,
    ) -> Result<wire::ListInboxesResponse> {
        let list = Listing::new(self, "inboxes", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self
            .store()
            .read(grant, move |view| view.inboxes(from, ascending, fetch))
            .await;
        let mut found = found?;
        let next_page_token = list.cut(&mut found, |inbox| Position {
            at: inbox.created_at.as_micros(),
            key: *inbox.key.as_bytes(),
        });
        let org = grant.access().org_id();
        let inboxes: Result<Vec<_>> = found
            .iter()
            .map(|inbox| render::inbox(org, inbox))
            .collect();
        let inboxes = inboxes?;
        Ok(wire::ListInboxesResponse {
            count: inboxes.len(),
            limit: page.limit,
            next_page_token,
            inboxes,
        })
    }

    /// One inbox.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn inbox(&self, grant: &Grant<perm::InboxRead>, id: &InboxId) -> Result<wire::Inbox> {
        let inbox = self.find_inbox(grant, id).await?;
        render::inbox(grant.access().org_id(), &inbox)
    }

    pub(crate) async fn find_inbox<P>(&self, grant: &Grant<P>, id: &InboxId) -> Result<Inbox> {
        let id = id.clone();
        self.store().read(grant, move |view| view.inbox(&id)).await
    }

    /// Changes an inbox. Fields left out stay; `null` clears.
    ///
    /// # Errors
    /// `validation_error` when nothing is given or something is wrong, or `not_found`.
    pub async fn update_inbox(
        &self,
        grant: &Grant<perm::InboxUpdate>,
        id: &InboxId,
        request: UpdateInboxRequest,
    ) -> Result<wire::Inbox> {
        let display_name = match &request.display_name {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(name) => Some(inbox::display_name(name)?),
        };
        let status = request.status.as_deref().map(status).transpose()?;
        let auto_submitted = match &request.auto_submitted {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Value(name) => Some(Some(auto_submitted(name)?)),
        };
        let nothing = display_name.is_none()
            && status.is_none()
            && auto_submitted.is_none()
            && request.metadata.is_absent();
        if nothing {
            return Err(Error::invalid(
                "",
                "invalid_value",
                "Must provide display_name, status, metadata or auto_submitted",
            ));
        }
        let metadata = metadata_change(request.metadata)?;
        let id = id.clone();
        let changed = self.store().write(grant, move |txn| {
            // What stays is read under the lock, or of two changes at once one would undo the other.
            let key = txn.inbox(&id)?.key;
            txn.lock_inbox(key)?;
            let metadata = match &metadata {
                None => None,
                Some(None) => Some(None),
                Some(Some(change)) => {
                    let old = txn.inbox(&id)?.metadata;
                    Some(render::metadata_merge(old.as_deref(), change)?)
                }
            };
            let change = InboxChange {
                display_name: display_name.clone(),
                status,
                metadata,
                auto_submitted,
            };
            txn.change_inbox(&id, &change)
        });
        render::inbox(grant.access().org_id(), &changed.await?)
    }

    /// Removes an inbox for good. Its address is free at once; its content is removed in the
    /// background.
    ///
    /// # Errors
    /// `not_found`, or `cannot_delete` while keys are bound to it.
    pub async fn delete_inbox(&self, grant: &Grant<perm::InboxDelete>, id: &InboxId) -> Result<()> {
        let (id, now) = (id.clone(), self.now());
        let job_id = self.env().ids.ordered(now);
        let app = self.clone();
        self.store()
            .write(grant, move |txn| {
                let inbox = txn.delete_inbox(&id)?;
                for webhook in txn.end_webhooks_of_inbox(inbox.key)? {
                    txn.enqueue(&purge_hook::job(&app, webhook)?)?;
                }
                let job = PurgeInbox {
                    inbox: inbox.key.to_string(),
                };
                txn.enqueue(&NewJob {
                    job_id,
                    kind: PurgeInbox::KIND,
                    key: None,
                    run_at: now,
                    payload: jobs::payload(&job)?,
                })
            })
            .await
    }
}

/// The address `name@domain`, folded to the form inboxes have.
pub(crate) fn address(name: &str, domain: &str) -> Result<InboxId> {
    let name = name.trim().to_lowercase();
    // What other mail systems accept everywhere; anything else would only cause trouble later.
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
    let parsed = Address::parse(&format!("{name}@{}", domain.trim()));
    match parsed {
        Ok(address) if plain => Ok(InboxId::new(&address)),
        Ok(_) => Err(Error::invalid(
            "username",
            "invalid_value",
            "A username has letters, digits and . _ + - and neither begins nor ends with a dot",
        )),
        Err(_) if Address::parse(&format!("x@{}", domain.trim())).is_err() => Err(Error::invalid(
            "domain",
            "invalid_value",
            "This is not a domain",
        )),
        Err(_) => Err(Error::invalid(
            "username",
            "invalid_value",
            "A username has 1 to 64 letters, digits and . _ + - and neither begins nor ends with a dot",
        )),
    }
}

fn status(name: &str) -> Result<InboxStatus> {
    InboxStatus::parse(name).ok_or_else(|| {
        Error::invalid(
            "status",
            "invalid_value",
            "status is either active or paused",
        )
    })
}

fn auto_submitted(name: &str) -> Result<AutoSubmitted> {
    AutoSubmitted::parse(name).ok_or_else(|| {
        Error::invalid(
            "auto_submitted",
            "invalid_value",
            "auto_submitted is direct, always or never",
        )
    })
}

fn metadata_change(patch: Patch<MetadataPatch>) -> Result<Option<Option<MetadataPatch>>> {
    match patch {
        Patch::Absent => Ok(None),
        Patch::Null => Ok(Some(None)),
        Patch::Value(change) if change.is_empty() => Err(Error::invalid(
            "metadata",
            "invalid_value",
            "metadata must change at least one key; null clears all",
        )),
        Patch::Value(change) => Ok(Some(Some(change))),
    }
}
