//! What a message says beside what it quotes: proof from the messages it answers, and its parts for
//! whoever wants to see the rest.

use std::ops::Range;
use std::sync::Arc;

use mail::reply::{self, Anatomy, Earlier, Reading};
use mail::{MessageId, Timestamp, forward, thread_key};
use model::message::{Content, Message};
use model::{InboxId, InboxKey, Result, perm};
use store::Grant;

use crate::inbound::{Understood, elsewhere};
use crate::{App, facts};

/// With fewer octets left of it than this, a message holds no quotation that only the messages it
/// answers could prove: the shortest has six words.
const SHORTEST: usize = 24;

impl App {
    /// The readable part of a message for one inbox, where the messages that it answers show that it
    /// quotes more than can be seen in itself. `None` where it says the same everywhere.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn against_earlier<P>(
        &self,
        grant: &Grant<P>,
        inbox: InboxKey,
        at: Timestamp,
        understood: &Arc<Understood>,
    ) -> Result<Option<Content>> {
        let kept = understood.content.extracted_text.as_deref();
        if kept.unwrap_or_default().len() < SHORTEST {
            return Ok(None);
        }
        let ancestors = thread_key::ancestors(&understood.parsed);
        if ancestors.is_empty() {
            return Ok(None);
        }
        let texts = self
            .store()
            .read(grant, move |view| view.earlier_texts(inbox, &ancestors, at));
        let texts = texts.await?;
        if texts.is_empty() {
            return Ok(None);
        }
        let understood = Arc::clone(understood);
        let size = texts.iter().map(String::len).sum::<usize>() + weight(&understood.content);
        elsewhere(size, move || {
            let content = &understood.content;
            let text = content.text.as_deref();
            let text = text.filter(|_| !understood.parsed.text_from_html);
            let earlier = Earlier::of(texts.iter().map(String::as_str));
            let reading = Reading {
                earlier: Some(&earlier),
                ..Reading::default()
            };
            let visible = reply::visible_with(text, content.html.as_deref(), &reading);
            let is_same =
                visible.text == content.extracted_text && visible.html == content.extracted_html;
            (!is_same).then(|| {
                let mut own = Content {
                    extracted_text: visible.text,
                    extracted_html: visible.html,
                    ..content.clone()
                };
                // What the quotation said is not what its author says.
                own.facts = facts::kept(&understood.outward, &understood.parsed, &own);
                own
            })
        })
        .await
    }

    /// The text of a message in its parts, and the message that it forwards.
    ///
    /// # Errors
    /// `not_found`, also for a message hidden from this key.
    pub async fn extraction(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<wire::Extraction> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let found = self.store().read(grant, move |view| {
            let key = view.inbox(&inbox)?.key;
            let message = view.message(key, &id)?;
            let content = view.content(message.key)?;
            let ancestors = ancestors(&message);
            let texts = view.earlier_texts(key, &ancestors, message.at)?;
            let shown = view.strangers_in(&[message.thread_id])?;
            Ok((message, content, texts, shown))
        });
        let (message, content, texts, shown) = found.await?;
        self.taint(grant, shown).await?;
        let size = texts.iter().map(String::len).sum::<usize>() + weight(&content);
        elsewhere(size, move || taken_apart(&message, &content, &texts)).await
    }
}

fn weight(content: &Content) -> usize {
    let bodies = [&content.text, &content.html].into_iter();
    bodies.flatten().map(String::len).sum()
}

/// The messages that a message names, the nearest first.
fn ancestors(message: &Message) -> Vec<MessageId> {
    let parent = message.in_reply_to.iter();
    parent
        .chain(message.references.iter().rev())
        .cloned()
        .collect()
}

fn taken_apart(message: &Message, content: &Content, texts: &[String]) -> wire::Extraction {
    let text = content.text.as_deref().unwrap_or_default();
    let subject = message.subject.as_deref();
    let earlier = (!texts.is_empty()).then(|| Earlier::of(texts.iter().map(String::as_str)));
    let reading = Reading {
        earlier: earlier.as_ref(),
        ..Reading::default()
    };
    let anatomy = reply::anatomy(text, subject, &reading);
    wire::Extraction {
        inbox_id: message.inbox_id.to_string(),
        thread_id: message.thread_id.to_string(),
        message_id: message.message_id.to_string(),
        method: anatomy.method.name().to_owned(),
        confidence: anatomy.confidence,
        earlier_messages: texts.len(),
        spans: spans(text, &anatomy),
        forward: forward::forward(text, subject).map(forwarded),
    }
}

fn spans(text: &str, anatomy: &Anatomy) -> Vec<wire::TextSpan> {
    let (mut octets, mut characters) = (0, 0);
    // Spans are in order, so each character is counted once.
    let mut place = |to: usize| {
        let passed = text.get(octets..to).unwrap_or_default();
        characters += passed.chars().count();
        octets = to;
        characters
    };
    let mut shown = Vec::with_capacity(anatomy.spans.len());
    for span in &anatomy.spans {
        let Range { start, end } = span.range;
        shown.push(wire::TextSpan {
            kind: span.kind.name().to_owned(),
            start: place(start),
            end: place(end),
            text: text.get(span.range.clone()).unwrap_or_default().to_owned(),
        });
    }
    shown
}

fn forwarded(found: forward::Forward) -> wire::ForwardedMessage {
    let shown = |people: &[mail::Correspondent]| people.iter().map(ToString::to_string).collect();
    wire::ForwardedMessage {
        note: found.message,
        from: found.from.map(|from| from.to_string()),
        to: shown(&found.to),
        cc: shown(&found.cc),
        date: found.date,
        subject: found.subject,
        text: found.body,
        below: Some(found.below).filter(|below| !below.is_empty()),
    }
}
