//! What of a message is kept to find its conversation when no id does.

use super::exchange;
use super::subjects;
use super::{Message, Options};

/// Octets of a Thread-Index that say which conversation it is, in Base64.
const INDEX: usize = 32;
/// Characters of a topic that are kept.
const TOPIC: usize = 512;

/// The Exchange conversation that the header fields of a message name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The beginning of Thread-Index, as it stands there.
    pub index: String,
    /// Thread-Topic, or the subject where there is none.
    pub topic: String,
}

impl Exchange {
    /// Reads it; `None` where there is no usable index.
    #[must_use]
    pub fn of(headers: &[(String, String)], subject: Option<&str>) -> Option<Self> {
        let field = |wanted: &str| {
            let mut own = headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            own.next().map(|(_, value)| value.as_str())
        };
        let index = field("Thread-Index")?;
        let index = index.chars().filter(|c| !c.is_whitespace()).take(INDEX);
        let topic = field("Thread-Topic").or(subject).unwrap_or_default();
        let found = Self {
            index: index.collect(),
            topic: topic.chars().take(TOPIC).collect(),
        };
        found.conversation().is_some().then_some(found)
    }

    /// The GUID of the conversation.
    #[must_use]
    pub fn conversation(&self) -> Option<Vec<u8>> {
        let message = Message {
            thread_index: Some(&self.index),
            ..Message::default()
        };
        exchange::key(&message).map(|(guid, _)| guid)
    }
}

/// The name of a conversation that a subject gives, and whether it says that it answers; `None` for
/// a subject that is no name.
#[must_use]
pub fn subject_name(subject: &str) -> Option<(String, bool)> {
    let options = Options::default();
    let base = subjects::base(subject, &options);
    (!subjects::is_generic(&base)).then(|| (base, subjects::is_answer(subject, &options)))
}
