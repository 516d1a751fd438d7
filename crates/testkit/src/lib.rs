//! What tests of several crates need: a clock that is moved by hand, an SMTP client, an SMTP
//! server with a scripted handler, one that misbehaves on request, a runner for SMTP dialogs written as text, a name server, and
//! databases of their own.

pub mod clock;
mod database;
pub mod dialog;
mod dns_zone;
mod hook_sink;
mod mail_sink;
pub mod script;
pub mod smtp_client;
pub mod smtp_server;
pub mod tls;

pub use clock::FakeClock;
pub use database::TempDb;
pub use dialog::Dialog;
pub use dns_zone::{DnsZone, Mood, ZoneRecord};
pub use hook_sink::{HookSink, Posted, Reaction};
pub use mail_sink::{Act, Delivered, MailSink, Manners};
pub use script::{Action, Question, Received, Script};
pub use smtp_client::{ClientReply, SmtpClient};
pub use smtp_server::SmtpServer;
