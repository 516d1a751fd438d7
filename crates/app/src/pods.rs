//! Pods: the walls between the tenants of one organisation.

use model::api_key::Scope;
use model::org::Pod;
use model::page::Page;
use model::{Code, Error, PodId, Result, inbox, perm};
use store::{Access, Grant, NewPod, Position};
use wire::CreatePodRequest;

use crate::App;
use crate::keys::name;
use crate::paging::Listing;

/// What a pod is called that nobody named.
const DEFAULT_NAME: &str = "My Pod";

impl App {
    /// Makes a pod. The same `client_id` again gives the first one.
    ///
    /// # Errors
    /// `validation_error`, or `forbidden` for a key of less than the organisation.
    pub async fn create_pod(
        &self,
        grant: &Grant<perm::PodCreate>,
        request: CreatePodRequest,
    ) -> Result<wire::Pod> {
        if *grant.access().scope() != Scope::Org {
            return Err(
                Error::new(Code::Forbidden, "Only a key of the organization makes pods")
                    .fix("Use a key of the organization."),
            );
        }
        let client_id = request.client_id.as_deref().map(inbox::client_id);
        let new = NewPod {
            pod_id: PodId::new(self.env().ids.random()),
            name: name(request.name.as_deref(), DEFAULT_NAME)?,
            client_id: client_id.transpose()?,
        };
        let made = self
            .store()
            .write(grant, move |txn| txn.create_pod(&new))
            .await?;
        Ok(shown(&made))
    }

    /// A page of the pods within reach, newest first.
    ///
    /// # Errors
    /// `validation_error` for a bad page token, or `forbidden` for a key of one inbox.
    pub async fn pods(
        &self,
        grant: &Grant<perm::PodRead>,
        page: Page,
    ) -> Result<wire::ListPodsResponse> {
        of_a_pod(grant.access())?;
        let list = Listing::new(self, "pods", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self
            .store()
            .read(grant, move |view| view.pods(from, ascending, fetch));
        let mut found = found.await?;
        let next_page_token = list.cut(&mut found, |pod| Position {
            at: pod.created_at.as_micros(),
            key: *pod.pod_id.as_bytes(),
        });
        let pods: Vec<_> = found.iter().map(shown).collect();
        Ok(wire::ListPodsResponse {
            count: pods.len(),
            limit: page.limit,
            next_page_token,
            pods,
        })
    }

    /// One pod.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn pod(&self, grant: &Grant<perm::PodRead>, pod: PodId) -> Result<wire::Pod> {
        let found = self.store().read(grant, move |view| view.pod(pod)).await?;
        Ok(shown(&found))
    }

    /// Removes an empty pod.
    ///
    /// # Errors
    /// `not_found`, or `cannot_delete` for the default pod and while inboxes, keys, domains or
    /// webhooks are in it.
    pub async fn delete_pod(&self, grant: &Grant<perm::PodDelete>, pod: PodId) -> Result<()> {
        self.store()
            .write(grant, move |txn| txn.delete_pod(pod))
            .await
    }
}

/// A key of one inbox sees no pod, not even its own.
fn of_a_pod(access: &Access) -> Result<()> {
    match access.scope() {
        Scope::Org | Scope::Pod(_) => Ok(()),
        Scope::Inbox(..) => Err(
            Error::new(Code::Forbidden, "A key of one inbox reaches no pod")
                .fix("Use a key of the organization or of a pod."),
        ),
    }
}

fn shown(pod: &Pod) -> wire::Pod {
    wire::Pod {
        pod_id: pod.pod_id.to_string(),
        name: pod.name.clone(),
        updated_at: pod.updated_at.to_string(),
        created_at: pod.created_at.to_string(),
        client_id: pod.client_id.clone(),
    }
}
