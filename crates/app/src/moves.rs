//! Messages that a late message has moved from one thread to another: what readers are told of it.

use model::EventKind;
use model::message::Message;
use serde_json::json;
use store::{NewEvent, ThreadMove, Txn};

/// Messages that one event names.
const NAMED: usize = 100;

/// Tells of what filing `message` has moved, before anything is told of the message itself: its
/// thread is named as it is now. `random` are fresh bits.
pub(crate) fn tell(txn: &mut Txn<'_>, message: &Message, random: u128) {
    for (number, way) in (0..).zip(txn.take_moves()) {
        let random = bits(random, number);
        let moved = event(txn, message, &way, random);
        txn.emit(moved);
    }
}

fn event(txn: &Txn<'_>, message: &Message, way: &ThreadMove, random: u128) -> NewEvent {
    let named = way.message_ids.get(..way.message_ids.len().min(NAMED));
    let told = json!({
        "organization_id": message.org_id.to_string(),
        "pod_id": message.pod_id.to_string(),
        "inbox_id": message.inbox_id.to_string(),
        "from_thread_id": way.from.to_string(),
        "to_thread_id": way.to.to_string(),
        "from_thread_gone": way.is_gone,
        "message_ids": named.unwrap_or_default(),
        "message_count": way.message_ids.len(),
        "cause_message_id": message.message_id.to_string(),
        "timestamp": txn.now().to_string(),
    });
    NewEvent {
        kind: EventKind::ThreadMoved,
        pod_id: Some(message.pod_id),
        inbox_key: Some(message.inbox_key),
        message_key: None,
        hidden: way.hidden,
        payload: format!("\"move\":{told}"),
        tail: None,
        random,
    }
}

/// Bits for the id of each of several events, the same when the transaction runs again.
fn bits(random: u128, number: u64) -> u128 {
    let mut hash = blake3::Hasher::new();
    hash.update(&random.to_be_bytes())
        .update(&number.to_be_bytes());
    let mut bits = [0; 16];
    hash.finalize_xof().fill(&mut bits);
    u128::from_be_bytes(bits)
}
