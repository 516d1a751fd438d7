//! From a credential to an access, and from an access to a narrower one.

use std::time::Duration;

use model::api_key::Scope;
use model::polling::PollingWebhook;
use model::{Code, Error, InboxId, OrgId, PodId, Result};

use crate::access::{Access, Credential, Reason};
use crate::db::Conn;
use crate::engine::Running;
use crate::events::Wake;
use crate::open::Store;
use crate::{keys, polling};

impl Store {
    /// The access of whoever holds this credential.
    ///
    /// # Errors
    /// `unknown_api_key` when nobody does, or when the key has expired.
    pub async fn authenticate(&self, credential: Credential) -> Result<Access> {
        let now = self.now();
        let find = move |conn: &mut dyn Conn| Ok((keys::find(conn, &credential)?, Wake::default()));
        let key = self.run(find, Running::read).await?;
        let key = key
            .filter(|key| key.expires_at.is_none_or(|end| end > now))
            .ok_or_else(|| {
                Error::new(
                    Code::UnknownApiKey,
                    "The API key is unknown, revoked or expired",
                )
                .fix("Send a key of this server as `Authorization: Bearer am_…`.")
            })?;
        let access = Access::of_key(&key);
        let minute = Duration::from_secs(60);
        if key.used_at.is_none_or(|at| now.since(at) >= minute) {
            let grant = access.grant::<model::perm::Authenticated>()?;
            // Nobody waits for this; a lost note of use costs nothing.
            drop(self.hand_in_write(&grant, move |txn| txn.touch_api_key(key.api_key_id)));
        }
        Ok(access)
    }

    /// What the holder of a polling token may read, and the webhook that it is of.
    ///
    /// # Errors
    /// `unknown_api_key` when it is the token of none.
    pub async fn authenticate_polling(
        &self,
        token: Credential,
    ) -> Result<(Access, PollingWebhook)> {
        let find = move |conn: &mut dyn Conn| Ok((polling::find(conn, &token)?, Wake::default()));
        let found = self.run(find, Running::read).await?;
        let found = found.ok_or_else(|| {
            Error::new(Code::UnknownApiKey, "The polling token is unknown").fix(
                "Send the token that creating the polling webhook gave; creating it again with the \
                 same client_id gives a new one.",
            )
        })?;
        Ok((Access::of_polling(&found), found))
    }

    /// The access of the same caller to one pod alone.
    ///
    /// # Errors
    /// `not_found` when the pod is not within reach; a key of one inbox reaches no pod.
    pub async fn within_pod(&self, access: &Access, pod: PodId) -> Result<Access> {
        let grant = access.grant::<model::perm::Authenticated>()?;
        if matches!(access.scope(), Scope::Inbox(..)) {
            return Err(Error::not_found("Pod"));
        }
        self.read(&grant, move |view| view.pod(pod)).await?;
        Ok(access.narrowed(Scope::Pod(pod)))
    }

    /// The access of the same caller to one inbox alone. The inbox may have been removed within the
    /// last second; then nothing is found in it.
    ///
    /// # Errors
    /// `not_found` when the inbox is not within reach.
    pub async fn within_inbox(&self, access: &Access, inbox: &InboxId) -> Result<Access> {
        let found = self.addressed(vec![inbox.as_str().to_owned()]).await?;
        let found = found.into_iter().next().flatten();
        // An address whose mail is caught by an inbox is not that inbox.
        match found.filter(|found| !found.caught).map(|found| found.route) {
            Some(route)
                if route.org_id == access.org_id()
                    && access.reaches(route.pod_id, Some(route.inbox_key)) =>
            {
                Ok(access.narrowed(Scope::Inbox(route.pod_id, route.inbox_key)))
            }
            _ => Err(Error::not_found("Inbox")),
        }
    }

    /// The access of the server itself to one organisation.
    #[must_use]
    pub fn system(&self, org_id: OrgId, reason: Reason) -> Access {
        Access::of_system(org_id, reason)
    }
}
