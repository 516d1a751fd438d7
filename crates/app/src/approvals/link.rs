//! Links that decide: signed, for one version of one draft, and good once, because what was decided
//! cannot be decided again. Whoever has the link may decide, so only those who may decide make one.

use data_encoding::BASE64URL_NOPAD;
use mail::Timestamp;
use model::approval::Approval;
use model::{ApprovalId, Code, Error, Kind, OrgId, Result, perm};
use store::{Grant, Position, Reason, Store};
use subtle::ConstantTimeEq as _;
use wire::{ApprovalLink, Decision};

use super::{decided, shown};
use crate::App;

/// What the key of these links is derived for.
const PURPOSE: &str = "mailroost 2026-11 links that decide";

/// Octets of a token before its mark, and of the mark.
const SAID: usize = 1 + 16 + 16 + 8 + 8;
const MARK: usize = 32;

/// Characters of a draft's text that are shown.
const MOST_TEXT: usize = 20_000;

/// What waits that the operator is shown, of each organisation.
const MOST: usize = 100;

/// Makes and recognises the tokens.
#[derive(Clone)]
pub(crate) struct LinkKey([u8; 32]);

impl LinkKey {
    pub(crate) fn new(master_key: &[u8; 32]) -> Self {
        Self(blake3::derive_key(PURPOSE, master_key))
    }

    pub(super) fn token(&self, say: &Said) -> String {
        let mut bytes = say.to_bytes().to_vec();
        bytes.extend(blake3::keyed_hash(&self.0, &bytes).as_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    fn read(&self, token: &str) -> Option<Said> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (said, mark) = bytes.split_first_chunk::<SAID>()?;
        let own = blake3::keyed_hash(&self.0, said);
        let same = mark.len() == MARK && bool::from(mark.ct_eq(own.as_bytes()));
        same.then(|| Said::from_bytes(said))?
    }
}

/// What a token says.
pub(super) struct Said {
    by_operator: bool,
    org_id: OrgId,
    approval_id: ApprovalId,
    draft_version: i64,
    until: Timestamp,
}

impl Said {
    /// What a link says that decides about this version of a draft.
    pub(super) fn of(approval: &Approval, draft_version: i64) -> Self {
        Self {
            by_operator: false,
            org_id: approval.org_id,
            approval_id: approval.approval_id,
            draft_version,
            until: approval.expires_at,
        }
    }

    fn to_bytes(&self) -> [u8; SAID] {
        let mut bytes = [0; SAID];
        bytes[0] = u8::from(self.by_operator);
        bytes[1..17].copy_from_slice(self.org_id.as_bytes());
        bytes[17..33].copy_from_slice(self.approval_id.as_bytes());
        bytes[33..41].copy_from_slice(&self.draft_version.to_be_bytes());
        bytes[41..].copy_from_slice(&self.until.as_micros().to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; SAID]) -> Option<Self> {
        let number = |part: &[u8]| Some(i64::from_be_bytes(part.try_into().ok()?));
        Some(Self {
            by_operator: bytes[0] == 1,
            org_id: OrgId::from_bytes(&bytes[1..17])?,
            approval_id: ApprovalId::from_bytes(&bytes[17..33])?,
            draft_version: number(&bytes[33..41])?,
            until: Timestamp::from_micros(number(&bytes[41..])?),
        })
    }

    const fn by(&self) -> &'static str {
        if self.by_operator { "operator" } else { "link" }
    }
}

impl App {
    /// A link with which a person decides about what waits, as its draft stands now.
    ///
    /// # Errors
    /// As [`App::approve`].
    pub async fn approval_link(
        &self,
        grant: &Grant<perm::ApprovalDecide>,
        id: ApprovalId,
        base: &str,
    ) -> Result<ApprovalLink> {
        self.may_decide(grant, id).await?;
        let read = self.store().read(grant, move |view| {
            let approval = view.approval(id)?;
            let draft = view.draft(approval.draft_id)?;
            Ok((approval, draft.version))
        });
        let (approval, draft_version) = read.await?;
        let said = Said::of(&approval, draft_version);
        let token = self.0.decision_key.token(&said);
        Ok(ApprovalLink {
            approval_id: id.to_string(),
            url: format!("{}/v0/decide/{token}", base.trim_end_matches('/')),
            expires_at: said.until.to_string(),
        })
    }

    /// What the holder of a token is to decide about.
    ///
    /// # Errors
    /// `not_found` for a token that is not ours or whose time is over, `conflict` when it was decided.
    pub async fn decision(&self, token: &str) -> Result<Decision> {
        let (said, grant) = self.open_token(token)?;
        let id = said.approval_id;
        let read = self.store().read(&grant, move |view| {
            let approval = view.approval(id)?;
            if approval.state != model::approval::ApprovalState::Pending {
                return Err(decided(&approval));
            }
            let draft = view.draft(approval.draft_id)?;
            let content = view.draft_content(draft.draft_id)?;
            Ok((approval, draft, content))
        });
        let (approval, draft, content) = read.await?;
        if draft.version != said.draft_version {
            return Err(Error::new(
                Code::Conflict,
                "The draft was changed since this link was made",
            )
            .fix("Ask for another link."));
        }
        let files = draft.files.iter();
        let files = files.map(|file| file.shown.filename.clone().unwrap_or_default());
        let text = content.text.or(content.html).unwrap_or_default();
        Ok(Decision {
            approval: shown(&approval, Some(&draft)),
            text: text.chars().take(MOST_TEXT).collect(),
            attachments: files.collect(),
        })
    }

    /// Decides with a token.
    ///
    /// # Errors
    /// As [`App::decision`], and those of sending.
    pub async fn decide(&self, token: &str, approve: bool) -> Result<()> {
        let (said, grant) = self.open_token(token)?;
        let (id, by) = (said.approval_id, said.by().to_owned());
        if approve {
            let version = Some(said.draft_version);
            let sent = self.approve_as(&grant, id, by, None, version);
            sent.await.map(|_| ())
        } else {
            self.decline_as(&grant, id, by, None, None)
                .await
                .map(|_| ())
        }
    }

    fn open_token(&self, token: &str) -> Result<(Said, Grant<perm::ApprovalDecide>)> {
        let said = self.0.decision_key.read(token);
        let now = self.now();
        let said = said.filter(|said| said.until > now).ok_or_else(|| {
            Error::not_found("Link")
                .fix("The link is damaged or its time is over; ask for another.")
        })?;
        let access = self.store().system(said.org_id, Reason::Operation);
        Ok((said, access.grant()?))
    }
}

/// The token with which the operator decides, whoever runs on the data: made from the master key,
/// which whoever can read it owns the server with.
///
/// # Errors
/// `not_found`.
pub async fn operator_token(store: &Store, master_key: &[u8; 32], id: &str) -> Result<String> {
    let (approval, draft_version) = of_operator(store, id).await?;
    let said = Said {
        by_operator: true,
        org_id: approval.org_id,
        approval_id: approval.approval_id,
        draft_version,
        until: approval.expires_at,
    };
    Ok(LinkKey::new(master_key).token(&said))
}

/// What waits, for the operator: of every organisation, newest first.
///
/// # Errors
/// When the store fails.
pub async fn waiting(store: &Store) -> Result<Vec<wire::Approval>> {
    let mut all = Vec::new();
    for org in organizations(store).await? {
        let grant = operator(store, org)?;
        let read = store.read(&grant, move |view| {
            let state = model::approval::ApprovalState::Pending;
            let found = view.approvals(state, None, false, MOST)?;
            let each = found.into_iter();
            let each = each.map(|one| {
                let draft = view.draft(one.draft_id).ok();
                (one, draft)
            });
            Ok(each.collect::<Vec<_>>())
        });
        let found = read.await?;
        all.extend(found.iter().map(|(one, draft)| shown(one, draft.as_ref())));
    }
    Ok(all)
}

/// One held departure, for the operator.
///
/// # Errors
/// `not_found`.
pub async fn waiting_one(store: &Store, id: &str) -> Result<wire::Approval> {
    let (approval, _) = of_operator(store, id).await?;
    let grant = operator(store, approval.org_id)?;
    let draft_id = approval.draft_id;
    let draft = store.read(&grant, move |view| view.draft(draft_id)).await;
    Ok(shown(&approval, draft.ok().as_ref()))
}

async fn of_operator(store: &Store, id: &str) -> Result<(Approval, i64)> {
    let id: ApprovalId = id
        .trim()
        .parse()
        .map_err(|_| Error::not_found("Approval"))?;
    for org in organizations(store).await? {
        let grant = operator(store, org)?;
        let read = store.read(&grant, move |view| {
            let approval = view.approval(id)?;
            let version = view.draft(approval.draft_id).map(|draft| draft.version);
            let version = version.unwrap_or(approval.draft_version);
            Ok((approval, version))
        });
        match read.await {
            Err(error) if error.kind() == Kind::NotFound => {}
            found => return found,
        }
    }
    Err(Error::not_found("Approval"))
}

fn operator(store: &Store, org: OrgId) -> Result<Grant<perm::ApprovalRead>> {
    store.system(org, Reason::Operation).grant()
}

async fn organizations(store: &Store) -> Result<Vec<OrgId>> {
    const SLICE: usize = 100;
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_says_what_it_was_made_for_and_no_other_key_made_it() {
        let key = LinkKey::new(&[7; 32]);
        let said = Said {
            by_operator: true,
            org_id: OrgId::new(Uuid::from_u128(1)),
            approval_id: ApprovalId::new(Uuid::from_u128(2)),
            draft_version: 3,
            until: Timestamp::from_micros(4),
        };
        let token = key.token(&said);
        let read = key.read(&token).unwrap();
        assert_eq!(read.to_bytes(), said.to_bytes());
        assert_eq!(read.by(), "operator");
        assert!(LinkKey::new(&[8; 32]).read(&token).is_none());
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert!(key.read(&other).is_none(), "{at}");
        }
        assert!(key.read("").is_none() && key.read(&token[..40]).is_none());
    }
}
