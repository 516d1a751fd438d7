//! One task for each connection: takes entries of a destination and brings them, one after the other.

use std::time::Duration;

use mail::Address;
use model::{Result, perm};
use store::{Attempt, Delivery, DeliveryState, Reason};

use super::board::Next;
use super::line::{Health, Line, Parcel, Tried};
use super::queue::start_carriers;
use super::settle::{self, Outcome};
use super::target::{Kind, Target};
use super::verdict::{Ending, Fate};
use super::{Entry, local, reports, schedule};
use crate::{App, jobs};

/// How long a connection stays open without anything to bring.
const IDLE: Duration = Duration::from_secs(5);

/// How long a message that is being brought is waited for when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// Brings what waits for a destination until there is nothing.
pub(super) async fn run(app: App, name: String) {
    let mut shutdown = app.0.tasks.shutdown();
    let mut line = Line::default();
    app.0.departures.board().busy(&name);
    loop {
        if shutdown.is_requested() {
            app.0.departures.board().abandon(&name);
            break;
        }
        let crowded = app.0.departures.board().is_crowded(&name);
        if crowded && app.0.departures.board().leave(&name) {
            break;
        }
        let next = app.0.departures.board().next(&name, line.path(), app.now());
        match next {
            Next::Bring(target, entry) => {
                let clock = &app.env().clock;
                let cut = async {
                    shutdown.requested().await;
                    clock.sleep_until(app.now().plus(GRACE)).await;
                };
                tokio::select! {
                    () = Box::pin(bring(&app, &mut line, &target, entry)) => {}
                    // It stays in the queue. If the other server has taken it by now, it gets it twice.
                    () = cut => continue,
                }
                if app.0.departures.board().is_hungry(&name) {
                    app.0.departures.changed.notify_one();
                }
                start_carriers(&app);
            }
            Next::NotBefore(at) => {
                tokio::select! {
                    () = app.env().clock.sleep_until(at) => {}
                    () = shutdown.requested() => {}
                }
            }
            Next::Nothing => {
                let wake = app.0.departures.board().idle(&name);
                let until = app.now().plus(IDLE);
                let woken = tokio::select! {
                    () = wake.notified() => true,
                    () = app.env().clock.sleep_until(until) => false,
                    () = shutdown.requested() => true,
                };
                app.0.departures.board().busy(&name);
                if !woken && app.0.departures.board().leave(&name) {
                    break;
                }
            }
        }
    }
    // Others may have waited for its place.
    start_carriers(&app);
    line.close().await;
}

/// Brings one entry and waits until what became of it is written down.
async fn bring(app: &App, line: &mut Line, target: &Target, entry: Entry) {
    let open = match settle::bringable(app, &entry).await {
        Ok(Some(open)) => open,
        Ok(None) => {
            if let Err(error) = settle::halt(app, &entry).await {
                jobs::failed(app, &entry.job, &error).await;
            }
            return;
        }
        Err(error) => return jobs::failed(app, &entry.job, &error).await,
    };
    let ended = match &target.kind {
        _ if open.is_empty() => Ok((Vec::new(), None)),
        Kind::Local => local::to_inboxes(app, &entry, open)
            .await
            .map(|outcomes| (outcomes, None)),
        Kind::Sandbox => Ok((local::to_sandbox(open), None)),
        Kind::Relay(..) | Kind::Direct(_) => to_server(app, line, target, &entry, open).await,
    };
    match ended {
        Ok((outcomes, not_before)) => settle::settle(app, entry, outcomes, not_before).await,
        Err(error) => jobs::failed(app, &entry.job, &error).await,
    }
}

/// Asks servers. Also until when the path rests, if none could be reached.
async fn to_server(
    app: &App,
    line: &mut Line,
    target: &Target,
    entry: &Entry,
    open: Vec<Delivery>,
) -> Result<(Vec<Outcome>, Option<mail::Timestamp>)> {
    let access = app.store().system(entry.job.org_id, Reason::Delivery);
    let grant = access.grant::<perm::Authenticated>()?;
    let raw = app.store().raw_of_blob(&grant, entry.blob).await?;
    let (open, mut outcomes) = reports::spare(app, &grant, open).await?;
    let mut recipients = Vec::with_capacity(open.len());
    let mut named = Vec::with_capacity(open.len());
    let started = app.now();
    for delivery in open {
        match Address::parse(&delivery.recipient) {
            Ok(address) => {
                recipients.push(address);
                named.push(delivery);
            }
            Err(error) => {
                let words = format!("the address cannot be read: {error}");
                let ending = Ending::own(Fate::Never, "routing", (5, 1, 3), words);
                outcomes.push(Outcome::of(delivery, &ending, started, app));
            }
        }
    }
    if recipients.is_empty() {
        return Ok((outcomes, None));
    }
    let reverse_path = reports::reverse_path(app, entry, &named).await?;
    let parcel = Parcel {
        reverse_path: reverse_path.as_ref(),
        recipients: &recipients,
        raw: &raw,
    };
    let tried = line.bring(app, target, &parcel).await;
    let not_before = note(app, target, &tried).await;
    let now = app.now();
    let micros = i64::try_from(now.since(started).as_micros()).unwrap_or(i64::MAX);
    for (delivery, ending) in named.into_iter().zip(&tried.endings) {
        let mut outcome = Outcome::of(delivery, ending, now, app);
        outcome.attempt = Some(Attempt {
            delivery_id: outcome.delivery.delivery_id,
            number: 0,
            at: started,
            micros,
            state: outcome.state,
            way: target.way(),
            host: tried.host.clone(),
            address: tried.address.map(|address| address.to_string()),
            tls: tried.tls.clone(),
            dane: tried.dane.map(|dane| dane.as_str().to_owned()),
            stage: ending.stage.to_owned(),
            code: ending.code.map(i64::from),
            reply: ending.words.clone(),
        });
        outcomes.push(outcome);
    }
    debug_assert!(
        outcomes
            .iter()
            .all(|one| one.state != DeliveryState::Queued)
    );
    Ok((outcomes, not_before))
}

/// Notes what a try says about its path. What waits for a path that is down is put off, and the
/// time until which it rests is given.
async fn note(app: &App, target: &Target, tried: &Tried) -> Option<mail::Timestamp> {
    match &tried.path {
        Health::Unknown => None,
        Health::Well => {
            app.0.departures.board().works(target);
            None
        }
        Health::Slower => {
            app.0.departures.board().slower(target);
            None
        }
        Health::Down(words) => {
            let patience = &app.settings().delivery.patience;
            let [a, b] = app.env().ids.bytes::<2>();
            let dice = u16::from_be_bytes([a, b]);
            let rest = |failures| schedule::rest(failures, patience, dice);
            let (until, others) = app
                .0
                .departures
                .board()
                .fails(target, words, app.now(), rest);
            for entry in others {
                settle::put_off(app, entry, until, words).await;
            }
            Some(until)
        }
    }
}
