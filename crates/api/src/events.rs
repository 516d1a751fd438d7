//! The event log and its readers over HTTP.

use model::perm;

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::params::Params;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    vec![router::get(
        "/v0/inboxes/{inbox_id}/events",
        "inboxes.events.list",
        of_inbox,
    )]
}

pub(crate) async fn of_inbox(
    auth: Authorized<perm::MessageRead>,
    params: Params,
) -> Outcome<wire::ListInboxEventsResponse> {
    let page = params.page()?;
    Ok(Answer(auth.app.inbox_events(&auth.grant, page).await?))
}
