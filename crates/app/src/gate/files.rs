//! Whether a file that is about to leave came to the inbox in another thread.

use std::collections::BTreeSet;

use mail::parse::Parsed;
use model::inbox::Inbox;
use model::{MessageKey, Result};
use store::Grant;

use super::Standing;
use crate::App;
use crate::inbound::elsewhere;

/// Messages whose files are compared octet by octet.
const MOST_COMPARED: usize = 20;

impl App {
    /// Adds the files of other threads to what is known of a departure whose key is tainted. Of the
    /// inbox's newest messages those are compared that have a file of the same size.
    pub(crate) async fn add_foreign_files<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        standing: &mut Standing,
        parsed: &Parsed,
        raw: &[u8],
    ) -> Result<()> {
        if standing.is_free() || parsed.attachments.is_empty() {
            return Ok(());
        }
        let parts = parsed.attachments.iter().map(|one| one.part);
        let leaving: BTreeSet<Vec<u8>> = mail::parse::attachments(raw, parts).flatten().collect();
        let sizes = leaving.iter().map(|bytes| i64::try_from(bytes.len()));
        let sizes: BTreeSet<i64> = sizes
            .filter_map(std::result::Result::ok)
            .filter(|size| *size > 0)
            .collect();
        let (key, thread) = (inbox.key, standing.thread);
        let read = self
            .store()
            .read(grant, move |view| view.files_of_sizes(key, thread, &sizes));
        let alike: Vec<(MessageKey, usize, String)> = read.await?;
        for (message, part, name) in alike.into_iter().take(MOST_COMPARED) {
            let theirs = self.store().raw(grant, message).await?;
            let work = theirs.len();
            let bytes = elsewhere(work, move || mail::parse::attachment(&theirs, part)).await?;
            if bytes.is_some_and(|bytes| leaving.contains(&bytes)) {
                standing.foreign_files.push(name);
            }
        }
        Ok(())
    }
}
