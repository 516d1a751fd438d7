//! The same for the operator, who names a message and not where it is.

use mail::MessageId;
use model::{Error, Kind, MessageKey, OrgId, Result, perm};
use store::{Grant, Position, Reason, Store, View};

use super::{Story, entries, gather, hooked, remains};

/// Messages of one id that are told of in each organisation.
const MOST: usize = 100;

/// Organisations that are asked for at once.
const SLICE: usize = 100;

/// Positions of the log that one transaction looks through.
const STEP: i64 = 4_096;

/// What the operator calls it.
#[derive(Clone)]
enum Name {
    Id(MessageId),
    Key(MessageKey),
}

/// What happened to every message of this public id, or to the one with this key, which log lines
/// have. If no organisation has one, the logs are looked through for one that was deleted.
///
/// # Errors
/// `validation_error` for what is neither, or when the store fails.
pub async fn trace(store: &Store, name: &str) -> Result<wire::Traces> {
    let name = match (name.trim().parse::<MessageKey>(), MessageId::parse(name)) {
        (Ok(key), _) => Name::Key(key),
        (_, Some(id)) => Name::Id(id),
        _ => {
            let detail = "Not a Message-ID, nor the key that log lines call a message by";
            return Err(Error::invalid("message", "invalid_value", detail));
        }
    };
    let orgs = organizations(store).await?;
    let mut messages = Vec::new();
    for org in &orgs {
        messages.extend(kept(store, *org, &name).await?);
    }
    if messages.is_empty() {
        for org in &orgs {
            messages.extend(deleted(store, *org, &name).await?);
        }
    }
    Ok(wire::Traces { messages })
}

async fn organizations(store: &Store) -> Result<Vec<OrgId>> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let slice = store.organizations(from, SLICE).await?;
        all.extend(slice.iter().map(|org| org.org_id));
        from = slice.last().map(|org| Position {
            at: org.created_at.as_micros(),
            key: *org.org_id.as_bytes(),
        });
        if slice.len() < SLICE {
            return Ok(all);
        }
    }
}

fn grant(store: &Store, org: OrgId) -> Result<Grant<perm::MessageRead>> {
    store.system(org, Reason::Operation).grant()
}

async fn kept(store: &Store, org: OrgId, name: &Name) -> Result<Vec<wire::Trace>> {
    let name = name.clone();
    let grant = grant(store, org)?;
    let read = store.read(&grant, move |view| {
        let found = match &name {
            Name::Id(id) => view.messages_everywhere(id, MOST)?,
            Name::Key(key) => match view.message_of_key(*key) {
                Ok(message) => vec![message],
                Err(error) if error.kind() == Kind::NotFound => Vec::new(),
                Err(error) => return Err(error),
            },
        };
        let mut told = Vec::new();
        for message in found {
            let key = message.key;
            let story = gather(view, message)?;
            told.push(whole(view, key, None, story)?);
        }
        Ok(told)
    });
    read.await
}

async fn deleted(store: &Store, org: OrgId, name: &Name) -> Result<Vec<wire::Trace>> {
    let (keys, id) = match name {
        Name::Key(key) => (vec![*key], None),
        Name::Id(id) => (in_log(store, org, id).await?, Some(id.to_string())),
    };
    let grant = grant(store, org)?;
    let read = store.read(&grant, move |view| {
        let mut told = Vec::new();
        for key in &keys {
            let story = remains(view, *key)?;
            let nothing =
                story.events.is_empty() && story.changes.is_empty() && story.deliveries.is_empty();
            if !nothing {
                told.push(whole(view, *key, id.clone(), story)?);
            }
        }
        Ok(told)
    });
    read.await
}

/// The messages that the log of an organisation knows by this id.
async fn in_log(store: &Store, org: OrgId, id: &MessageId) -> Result<Vec<MessageKey>> {
    let quoted = serde_json::to_string(id.as_str()).map_err(Error::internal)?;
    let part = format!("\"message_id\":{quoted}");
    let grant = grant(store, org)?;
    let span = store.read(&grant, |view| Ok((view.log_floor()?, view.log_end()?)));
    let (mut after, end) = span.await?;
    let mut keys = Vec::new();
    while after < end && keys.len() < MOST {
        let part = part.clone();
        let slice = store.read(&grant, move |view| {
            let until = view.log_step(after, STEP)?;
            Ok((view.messages_in_log(&part, after, until)?, until))
        });
        let (found, until) = slice.await?;
        for key in found {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        after = until;
    }
    Ok(keys)
}

/// The story with its webhooks, as the operator reads it.
fn whole(
    view: &mut View<'_>,
    key: MessageKey,
    id: Option<String>,
    mut story: Story,
) -> Result<wire::Trace> {
    let (hooks, cut) = hooked(view, &story.events)?;
    story.hooks = hooks;
    story.truncated |= cut;
    let message = story.message.as_ref();
    let inbox_id = match message {
        Some(message) => Some(message.inbox_id.to_string()),
        None => inbox_left(view, &story)?,
    };
    let changed = story.changes.first();
    let own_id = message.map(|message| message.message_id.to_string());
    Ok(wire::Trace {
        organization_id: view.access().org_id().to_string(),
        message_key: key.to_string(),
        deleted: message.is_none(),
        message_id: own_id
            .or(id)
            .or_else(|| changed.map(|change| change.message_id.to_string())),
        inbox_id,
        thread_id: message.map(|message| message.thread_id.to_string()),
        direction: message.map(|message| message.direction.label().to_owned()),
        truncated: story.truncated,
        entries: entries::tell(&story),
    })
}

/// The inbox of a message that is gone, if that is not gone too.
fn inbox_left(view: &mut View<'_>, story: &Story) -> Result<Option<String>> {
    let of_event = story.events.iter().find_map(|event| event.inbox_key);
    let of_change = story.changes.first().map(|change| change.inbox_key);
    let Some(key) = of_event.or(of_change) else {
        return Ok(None);
    };
    match view.inbox_of_key(key) {
        Ok(inbox) => Ok(Some(inbox.inbox_id.to_string())),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
