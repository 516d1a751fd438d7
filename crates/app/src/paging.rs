//! Page tokens: opaque to the caller, and good only for the list they came from.

use data_encoding::BASE64URL_NOPAD;
use model::page::Page;
use model::{Error, Result};
use store::{Access, Position};

use crate::App;

/// A list that can be paged through: its name, its reader and its filter.
pub(crate) struct Listing {
    seal: [u8; 8],
    size: usize,
}

impl Listing {
    /// The list called `name` as `access` sees it under `filter`, which is any text that is equal
    /// exactly for equal filters.
    pub(crate) fn new(app: &App, name: &str, access: &Access, page: &Page, filter: &str) -> Self {
        let mut hash = blake3::Hasher::new_keyed(&app.0.page_key);
        hash.update(format!("{name}\0{:?}\0{:?}\0", access.org_id(), access.scope()).as_bytes());
        hash.update(&[u8::from(page.ascending)]);
        hash.update(filter.as_bytes());
        let mut seal = [0; 8];
        hash.finalize_xof().fill(&mut seal);
        Self {
            seal,
            size: page.size(),
        }
    }

    /// How many items to read: one more than the page holds, to know whether there are others.
    pub(crate) fn fetch(&self) -> usize {
        self.size + 1
    }

    /// Where the page begins.
    ///
    /// # Errors
    /// `validation_error` when the token is damaged or came from another list.
    pub(crate) fn start(&self, page: &Page) -> Result<Option<Position>> {
        let Some(token) = &page.token else {
            return Ok(None);
        };
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok();
        let position = bytes.as_deref().and_then(|bytes| self.open(bytes));
        position.map(Some).ok_or_else(bad_token)
    }

    fn open(&self, bytes: &[u8]) -> Option<Position> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        let (seal, rest) = bytes.split_first_chunk::<8>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let key = rest.first_chunk::<16>()?;
        (*seal == self.seal).then(|| Position {
            at: i64::from_be_bytes(*at),
            key: *key,
        })
    }

    /// After which text the page begins, in a list that is ordered by text; empty for the first.
    ///
    /// # Errors
    /// As [`Listing::start`].
    pub(crate) fn start_text(&self, page: &Page) -> Result<String> {
        let Some(token) = &page.token else {
            return Ok(String::new());
        };
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok();
        let text = bytes.and_then(|bytes| {
            let text = bytes.strip_prefix(&self.seal)?;
            // The store cannot hold NUL, so no place of ours has it.
            String::from_utf8(text.to_vec())
                .ok()
                .filter(|text| !text.contains('\0'))
        });
        text.ok_or_else(bad_token)
    }

    /// Cuts what was fetched of a list that is ordered by text, and gives the token of the next
    /// page.
    pub(crate) fn cut_text<T>(
        &self,
        items: &mut Vec<T>,
        place: impl Fn(&T) -> &str,
    ) -> Option<String> {
        if items.len() <= self.size {
            return None;
        }
        items.truncate(self.size);
        let mut bytes = self.seal.to_vec();
        bytes.extend(place(items.last()?).as_bytes());
        Some(BASE64URL_NOPAD.encode(&bytes))
    }

    /// Cuts what was fetched to the page, and gives the token of the next one.
    pub(crate) fn cut<T>(
        &self,
        items: &mut Vec<T>,
        position: impl Fn(&T) -> Position,
    ) -> Option<String> {
        if items.len() <= self.size {
            return None;
        }
        items.truncate(self.size);
        items.last().map(|last| self.token(position(last)))
    }

    /// The token of the page that begins after `last`.
    pub(crate) fn token(&self, last: Position) -> String {
        let mut bytes = self.seal.to_vec();
        bytes.extend(last.at.to_be_bytes());
        bytes.extend(last.key);
        BASE64URL_NOPAD.encode(&bytes)
    }
}

fn bad_token() -> Error {
    Error::invalid("page_token", "invalid_value", "Invalid page token").fix(
        "Send next_page_token of the page before, unchanged, to the same list with the same \
         filters; or leave page_token out to begin again.",
    )
}
