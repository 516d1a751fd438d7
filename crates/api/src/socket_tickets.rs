//! Tickets for sockets: browsers cannot set the headers of a handshake, and a key does not belong into
//! a URL.

use model::perm;

use crate::answer::{Answer, Outcome};
use crate::auth::Authorized;
use crate::router::{self, Row};

/// The routes.
pub(crate) fn rows() -> Vec<Row> {
    const ALL: &str = "/v0/socket-tickets";
    const POD: &str = "/v0/pods/{pod_id}/socket-tickets";
    const INBOX: &str = "/v0/inboxes/{inbox_id}/socket-tickets";
    vec![
        router::post(ALL, "socket_tickets.create", create),
        router::post(POD, "pods.socket_tickets.create", create),
        router::post(INBOX, "inboxes.socket_tickets.create", create),
    ]
}

async fn create(auth: Authorized<perm::Authenticated>) -> Outcome<wire::SocketTicket> {
    Ok(Answer(auth.app.create_socket_ticket(&auth.grant).await?))
}
