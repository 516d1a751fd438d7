//! Allow and block lists, of the organisation, a pod or an inbox: all three share their handlers,
//! because the path has narrowed the grant.

use model::list::{Direction, Entry, ListType};
use model::perm;

use crate::answer::{Answer, NoContent, Outcome};
use crate::auth::Authorized;
use crate::body::Body;
use crate::error::Refusal;
use crate::ids::At;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ORG: &str = "/v0/lists/{direction}/{type}";
    const ORG_ONE: &str = "/v0/lists/{direction}/{type}/{entry}";
    const POD: &str = "/v0/pods/{pod_id}/lists/{direction}/{type}";
    const POD_ONE: &str = "/v0/pods/{pod_id}/lists/{direction}/{type}/{entry}";
    const INBOX: &str = "/v0/inboxes/{inbox_id}/lists/{direction}/{type}";
    const INBOX_ONE: &str = "/v0/inboxes/{inbox_id}/lists/{direction}/{type}/{entry}";
    vec![
        router::get(ORG, "lists.list", list),
        router::post(ORG, "lists.create", create),
        router::get(ORG_ONE, "lists.get", get),
        router::delete(ORG_ONE, "lists.delete", delete),
        router::get(POD, "pods.lists.list", list),
        router::post(POD, "pods.lists.create", create),
        router::get(POD_ONE, "pods.lists.get", get),
        router::delete(POD_ONE, "pods.lists.delete", delete),
        router::get(INBOX, "inboxes.lists.list", list),
        router::post(INBOX, "inboxes.lists.create", create),
        router::get(INBOX_ONE, "inboxes.lists.get", get),
        router::delete(INBOX_ONE, "inboxes.lists.delete", delete),
    ]
}

pub(crate) async fn list(
    auth: Authorized<perm::ListEntryRead>,
    At(list): At<(Direction, ListType)>,
    params: Params,
) -> Outcome<wire::ListListEntriesResponse> {
    let page = params.page()?;
    let entries = auth.app.list_entries(&auth.grant, list, page);
    Ok(Answer(entries.await?))
}

pub(crate) async fn create(
    auth: Authorized<perm::ListEntryCreate>,
    At(list): At<(Direction, ListType)>,
    Body(request): Body<wire::CreateListEntryRequest>,
) -> Outcome<wire::ListEntry> {
    let entry = auth.app.create_list_entry(&auth.grant, list, request);
    Ok(Answer(entry.await?))
}

pub(crate) async fn get(
    auth: Authorized<perm::ListEntryRead>,
    At((direction, list_type, entry)): At<(Direction, ListType, Entry)>,
) -> Outcome<wire::ListEntry> {
    let list = (direction, list_type);
    let entry = auth.app.list_entry(&auth.grant, list, entry);
    Ok(Answer(entry.await?))
}

pub(crate) async fn delete(
    auth: Authorized<perm::ListEntryDelete>,
    At((direction, list_type, entry)): At<(Direction, ListType, Entry)>,
) -> Result<NoContent, Refusal> {
    let list = (direction, list_type);
    auth.app.delete_list_entry(&auth.grant, list, entry).await?;
    Ok(NoContent)
}
