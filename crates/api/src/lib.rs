//! The HTTP and WebSocket door: one table of routes, thin handlers over the verbs of `app`, and
//! the tolerance that clients of the hosted service are used to.
//!
//! A request passes `observe` (request id, log line, panic guard), `path` (one canonical form
//! of every path), the router, `auth` (credential to grant), its handler, and leaves as an
//! answer or an `error` body. A handler names its permission, parses, calls one verb, renders.

mod agent_armor;
mod answer;
mod api_keys;
mod approvals;
mod audit;
mod auth;
mod base;
mod body;
mod challenge;
mod codes;
mod decide;
mod docs;
mod domains;
mod download;
mod drafts;
mod error;
mod event_stream;
mod events;
mod generation;
mod health;
mod ids;
mod inboxes;
mod leak_values;
mod lists;
mod messages;
mod metrics;
mod not_enabled;
mod observe;
mod onboarding;
mod once;
mod openapi;
mod operator;
mod organizations;
mod params;
mod path;
mod pauses;
mod percent;
mod pods;
mod policies;
mod polling;
mod quota;
mod router;
mod search;
mod settings;
mod socket;
mod socket_tickets;
mod suppressions;
mod threads;
mod unsubscribe;
mod view;
mod webhooks;

pub use base::over_tls;
pub use challenge::challenge_door;
pub use openapi::describe;
pub use quota::of_peer;
pub use router::{RouteRow, router, routes};
pub use settings::Settings;
