//! The page of a message: its HTML as a person sees it, and what a person does not see.

use std::collections::BTreeMap;

use mail::page::{Format, Options, Rendered, render};
use mail::{MessageId, page};
use model::message::{Content, Message};
use model::{InboxId, Result, perm};
use store::Grant;

use crate::App;
use crate::inbound::elsewhere;

impl App {
    /// What a person sees of a message, and apart from it what a person does not see.
    ///
    /// # Errors
    /// `not_found`, also for a message hidden from this key.
    pub async fn message_page(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        id: &MessageId,
        format: Format,
    ) -> Result<wire::MessagePage> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let found = self.store().read(grant, move |view| {
            let key = view.inbox(&inbox)?.key;
            let message = view.message(key, &id)?;
            let content = view.content(message.key)?;
            let shown = view.strangers_in(&[message.thread_id])?;
            Ok((message, content, shown))
        });
        let (message, content, shown) = found.await?;
        self.taint(grant, shown).await?;
        let size = content.html.as_ref().map_or(0, String::len);
        elsewhere(size, move || shown_page(&message, content, format)).await
    }
}

fn shown_page(message: &Message, content: Content, format: Format) -> wire::MessagePage {
    let own = wire::MessagePage {
        inbox_id: message.inbox_id.to_string(),
        thread_id: message.thread_id.to_string(),
        message_id: message.message_id.to_string(),
        format: match format {
            Format::Markdown => "markdown",
            _ => "text",
        }
        .to_owned(),
        ..wire::MessagePage::default()
    };
    match content.html {
        Some(html) => of_html(own, &html, render(&html, &Options::of(format))),
        None => wire::MessagePage {
            source: "text".to_owned(),
            text: content.text.unwrap_or_default(),
            ..own
        },
    }
}

fn of_html(own: wire::MessagePage, html: &str, rendered: Rendered) -> wire::MessagePage {
    let ends = rendered.hidden.iter();
    let ends = ends.flat_map(|piece| [piece.span.start, piece.span.end]);
    let characters = characters(html, ends);
    let character = |octet: usize| characters.get(&octet).copied().unwrap_or_default();
    let hidden = |piece: &page::Hidden| wire::PageHidden {
        technique: piece.technique.name().to_owned(),
        known: piece.known.map(|known| known.name().to_owned()),
        text: piece.text.clone(),
        start: character(piece.span.start),
        end: character(piece.span.end),
    };
    let link = |link: page::Link| wire::PageLink {
        mismatch: link.mismatch.map(|mismatch| mismatch.name().to_owned()),
        text: link.text,
        target: link.target,
    };
    let image = |image: page::Image| wire::PageImage {
        alt: image.alt,
        source: image.source,
        content_id: image.content_id,
        tracker: image.is_tracker,
    };
    wire::MessagePage {
        source: "html".to_owned(),
        hidden: rendered.hidden.iter().map(hidden).collect(),
        text: rendered.text,
        links: rendered.links.into_iter().map(link).collect(),
        images: rendered.images.into_iter().map(image).collect(),
        truncated: rendered.truncated,
        ..own
    }
}

/// Which characters octets of a text are. The text is gone through once, whatever their number.
fn characters(text: &str, octets: impl Iterator<Item = usize>) -> BTreeMap<usize, usize> {
    let mut places: BTreeMap<usize, usize> = octets.map(|octet| (octet, 0)).collect();
    let (mut at, mut passed) = (0, 0);
    for (octet, character) in &mut places {
        let rest = text.get(at..).unwrap_or_default();
        let here = rest.char_indices().take_while(|(own, _)| at + own < *octet);
        passed += here.count();
        at = text.ceil_char_boundary(*octet).max(at);
        *character = passed;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        let text = "aü✓b";
        let all = characters(text, [6, 0, 1, 3, 7, 99].into_iter());
        let all: Vec<(usize, usize)> = all.into_iter().collect();
        assert_eq!(all, [(0, 0), (1, 1), (3, 2), (6, 3), (7, 4), (99, 4)]);
    }
}
