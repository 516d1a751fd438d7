//! What a key has read that it must not be led by.

use serde::{Deserialize, Serialize};

use crate::ThreadId;

/// What taints a key at one moment: threads in which it was shown mail of strangers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taint {
    /// Since when everything that the key does is tainted, in microseconds; `None` if only what it
    /// does in `threads` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wide_since: Option<i64>,
    /// The threads, each with the time of the first showing that still counts.
    #[serde(default, with = "as_text", skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<(ThreadId, i64)>,
    /// Whether the key itself was shown none of it: something without a key was handed it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_handed: bool,
}

/// What happened before a key became tainted, for the beginning of a sentence.
const SHOWN: &str = "This key was shown mail of a stranger";
const HANDED: &str = "A webhook or the reader of a polling webhook was handed mail of a stranger that this \
                      key reaches";

/// What frees a program that is no agent, for the end of a sentence that begins with an alternative.
pub const WAY_OUT: &str = "if this key is of a program of your own that no mail can talk into anything, have its \
                    policy set to {\"taint\": \"off\"} by a key that has policy_update.";

impl Taint {
    /// Whether nothing taints it.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.wide_since.is_none() && self.threads.is_empty()
    }

    /// What happened, as the beginning of a sentence.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        if self.is_handed { HANDED } else { SHOWN }
    }

    /// Advice with the way out for programs, where the key itself read nothing.
    #[must_use]
    pub fn advice(&self, advice: &str) -> String {
        if self.is_handed {
            format!("{advice} Or, {WAY_OUT}")
        } else {
            advice.to_owned()
        }
    }

    /// Since when what is done in `thread`, or in no thread, is tainted.
    #[must_use]
    pub fn since(&self, thread: Option<ThreadId>) -> Option<i64> {
        let own = thread.and_then(|wanted| {
            let mut threads = self.threads.iter();
            let found = threads.find(|(thread, _)| *thread == wanted);
            found.map(|(_, since)| *since)
        });
        match (self.wide_since, own) {
            (Some(wide), Some(own)) => Some(wide.min(own)),
            (wide, own) => wide.or(own),
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.is_handed = match (self.is_none(), other.is_none()) {
            (false, false) => self.is_handed && other.is_handed,
            (true, _) => other.is_handed,
            (false, true) => self.is_handed,
        };
        self.wide_since = match (self.wide_since, other.wide_since) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
        for (thread, since) in other.threads {
            match self.threads.iter_mut().find(|(own, _)| *own == thread) {
                Some((_, own)) => *own = since.min(*own),
                None => self.threads.push((thread, since)),
            }
        }
        self
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Ids as text, which is what JSON has.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::ThreadId;

    pub(super) fn serialize<S: Serializer>(
        threads: &[(ThreadId, i64)],
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(
            threads
                .iter()
                .map(|(thread, since)| (thread.to_string(), since)),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(ThreadId, i64)>, D::Error> {
        let threads = Vec::<(String, i64)>::deserialize(from)?;
        let read = |(thread, since): (String, i64)| {
            let thread = thread.parse().map_err(serde::de::Error::custom)?;
            Ok((thread, since))
        };
        threads.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn both_together_begin_with_the_earlier_and_survive_the_store() {
        let thread = |n| ThreadId::new(Uuid::from_u128(n));
        let one = Taint {
            wide_since: Some(7),
            threads: vec![(thread(1), 7), (thread(2), 5)],
            is_handed: true,
        };
        let other = Taint {
            wide_since: Some(3),
            threads: vec![(thread(2), 9), (thread(3), 3)],
            is_handed: false,
        };
        let handed = one.clone().and(Taint::default());
        assert!(handed.is_handed && Taint::default().and(handed).is_handed);
        let both = one.and(other);
        // What the key was shown itself is what is told of.
        assert!(!both.is_handed);
        assert_eq!(both.wide_since, Some(3));
        assert_eq!(
            both.threads,
            [(thread(1), 7), (thread(2), 5), (thread(3), 3)]
        );
        assert_eq!(both.since(Some(thread(2))), Some(3));
        let narrow = Taint {
            wide_since: None,
            ..both
        };
        assert_eq!(narrow.since(Some(thread(2))), Some(5));
        assert_eq!(narrow.since(None), None);
        let text = serde_json::to_string(&narrow).unwrap();
        assert_eq!(serde_json::from_str::<Taint>(&text).unwrap(), narrow);
    }
}
