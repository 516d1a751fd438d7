//! Joining by Exchange's conversation index and by calendar events, which survive where
//! connectors lose In-Reply-To and References.

use std::collections::HashMap;

use data_encoding::BASE64;

use super::Message;
use super::sets::Sets;
use crate::thread_key::base_subject;

/// Octets of a Thread-Index before the blocks that replies append (MS-OXOMSG §2.2.1.3), and where
/// the GUID of the conversation begins: after a reserved octet and five octets of time, or after
/// six octets of time.
const HEADER: usize = 22;
const GUID: usize = 6;
/// Earlier messages of a conversation whose people are compared where the topics differ.
const COMPARED: usize = 8;

/// Joins what is still `open`, and closes it.
pub(super) fn join(sorted: &[&Message<'_>], sets: &mut Sets, open: &mut [bool]) {
    let mut topics: HashMap<(Vec<u8>, String), usize> = HashMap::new();
    let mut members: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    let mut events: HashMap<&str, usize> = HashMap::new();
    let keys: Vec<Option<(Vec<u8>, String)>> = sorted.iter().map(|message| key(message)).collect();
    for (at, (message, key)) in sorted.iter().zip(&keys).enumerate() {
        if let Some((guid, topic)) = key {
            topics.entry((guid.clone(), topic.clone())).or_insert(at);
            let members = members.entry(guid.clone()).or_default();
            if members.len() < COMPARED {
                members.push(at);
            }
        }
        if let Some(uid) = uid(message) {
            events.entry(uid).or_insert(at);
        }
    }
    for (at, (message, key)) in sorted.iter().zip(&keys).enumerate() {
        let Some(open) = open.get_mut(at).filter(|open| **open) else {
            continue;
        };
        let mut hit = None;
        if let Some((guid, topic)) = key {
            let same = topics.get(&(guid.clone(), topic.clone())).copied();
            hit = same
                .filter(|&same| same != at && !topic.is_empty())
                .or_else(|| {
                    let mut members = members.get(guid).into_iter().flatten().copied();
                    members.find(|&other| other != at && sets.know_each_other(at, other))
                });
        }
        hit = hit.or_else(|| {
            events
                .get(uid(message)?)
                .copied()
                .filter(|&other| other != at)
        });
        // Its own answers tell it nothing: a subject may still.
        if let Some(hit) = hit.filter(|&hit| sets.find(hit) != sets.find(at)) {
            sets.join(at, hit);
            *open = false;
        }
    }
}

fn uid<'a>(message: &Message<'a>) -> Option<&'a str> {
    message
        .calendar_uid
        .map(str::trim)
        .filter(|uid| !uid.is_empty())
}

/// The GUID of the conversation and its topic.
pub(super) fn key(message: &Message<'_>) -> Option<(Vec<u8>, String)> {
    let index: String = message
        .thread_index?
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(4_096)
        .collect();
    // Clients cut it at any octet; what follows the first 22 says nothing here.
    let head = index.get(..index.len().min(32))?;
    let head = head.get(..head.len() / 4 * 4)?;
    let octets = BASE64.decode(head.as_bytes()).ok()?;
    let guid = octets.get(GUID..HEADER)?;
    if guid.iter().all(|octet| *octet == 0) {
        return None;
    }
    let topic = message.thread_topic.unwrap_or(message.subject);
    Some((guid.to_vec(), base_subject(topic).to_lowercase()))
}
