//! API keys: minted once, shown once, never stronger than the key that makes them.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use mail::Timestamp;
use model::api_key::{ApiKey, PREFIX_LEN, Scope};
use model::page::Page;
use model::preset::KeyPreset;
use model::{ApiKeyId, Code, Error, Permission, PermissionSet, Result, perm};
use store::{Access, Actor, Credential, Grant, NewKey, Position, View};
use wire::{CreateApiKeyRequest, Patch, UpdateApiKeyRequest};

use crate::paging::Listing;
use crate::{App, gate, render};

/// What a key is called that nobody named.
const DEFAULT_NAME: &str = "API Key";

/// A fresh secret and what is stored of it.
pub(crate) fn mint(app: &App, name: &str, scope: Scope) -> (String, NewKey) {
    let secret = format!("am_us_{}", HEXLOWER.encode(&app.env().ids.bytes::<32>()));
    let mut key = adopt(app, name, &secret);
    key.scope = scope;
    (secret, key)
}

/// What is stored of a secret that somebody else chose, for a key of the whole organisation.
pub(crate) fn adopt(app: &App, name: &str, secret: &str) -> NewKey {
    NewKey {
        api_key_id: ApiKeyId::new(app.env().ids.ordered(app.now())),
        credential: Credential::new(secret),
        prefix: secret.chars().take(PREFIX_LEN).collect(),
        name: name.to_owned(),
        scope: Scope::Org,
        permissions: None,
        expires_at: None,
    }
}

impl App {
    /// Makes a key of the caller's scope, which the path may have narrowed. The secret is in this
    /// answer and nowhere else.
    ///
    /// # Errors
    /// `permission_escalation` for a key stronger or longer-lived than the caller's, or
    /// `validation_error`.
    pub async fn create_api_key(
        &self,
        grant: &Grant<perm::ApiKeyCreate>,
        request: CreateApiKeyRequest,
    ) -> Result<wire::CreateApiKeyResponse> {
        if request.public_key.is_some() {
            // It would sign in to apps, and there is nothing here to sign in to.
            return Err(Error::new(
                Code::NotEnabled,
                "Public keys are not enabled on this server",
            )
            .fix("Leave public_key out to get a bearer key."));
        }
        let access = grant.access();
        let (secret, mut new) = mint(
            self,
            &name(request.name.as_deref(), DEFAULT_NAME)?,
            *access.scope(),
        );
        new.permissions = match preset(&request)? {
            Some(preset) => Some(within(access, preset.permissions())?),
            None => rights(access, request.permissions.as_ref())?,
        };
        if new
            .permissions
            .is_some_and(|set| set.iter().any(Permission::is_opt_in))
        {
            let what = "no rights that must be asked for by name can be given";
            self.untainted(grant, "change_while_tainted", what).await?;
        }
        new.expires_at = self.expiry(access, request.expires_at.as_deref())?;
        let new = Arc::new(new);
        let made = self.store().write(grant, move |txn| {
            txn.hold_own_key()?;
            // What the key is bound to cannot be deleted between here and the commit, which would
            // leave the key behind.
            match new.scope {
                Scope::Org => {}
                Scope::Pod(pod) => txn.hold_pod(pod)?,
                Scope::Inbox(_, inbox) => txn.lock_inbox(inbox)?,
            }
            let key = txn.create_api_key(&new)?;
            if let Actor::Key(own) = txn.access().actor()
                && gate::counts_taint(txn, own)?
            {
                txn.inherit_taint(own, key.api_key_id)?;
            }
            let inbox = bound_to(txn, &key)?;
            Ok((key, inbox))
        });
        let (key, inbox) = made.await?;
        let shown = render::api_key(&key, inbox);
        Ok(wire::CreateApiKeyResponse {
            organization_id: shown.organization_id,
            api_key_id: shown.api_key_id,
            api_key: secret,
            prefix: shown.prefix,
            name: shown.name,
            pod_id: shown.pod_id,
            inbox_id: shown.inbox_id,
            permissions: shown.permissions,
            preset: shown.preset,
            effective_permissions: shown.effective_permissions,
            created_at: shown.created_at,
            expires_at: shown.expires_at,
        })
    }

    fn expiry(&self, access: &Access, text: Option<&str>) -> Result<Option<Timestamp>> {
        let wanted = text
            .map(|text| {
                Timestamp::parse_rfc3339(text).ok_or_else(|| {
                    Error::invalid(
                        "expires_at",
                        "invalid_value",
                        "Expected an RFC 3339 time with its offset",
                    )
                })
            })
            .transpose()?;
        if wanted.is_some_and(|at| at <= self.now()) {
            return Err(Error::invalid(
                "expires_at",
                "invalid_value",
                "expires_at must be in the future",
            ));
        }
        match (access.expires_at(), wanted) {
            (Some(own), None) => Ok(Some(own)),
            (Some(own), Some(at)) if at > own => Err(Error::new(
                Code::PermissionEscalation,
                "A key cannot outlive the key that makes it",
            )
            .fix("Choose an earlier expires_at, or use a key that lives longer.")),
            (_, wanted) => Ok(wanted),
        }
    }

    /// A page of the keys within reach, newest first.
    ///
    /// # Errors
    /// `validation_error` for a bad token.
    pub async fn api_keys(
        &self,
        grant: &Grant<perm::ApiKeyRead>,
        page: Page,
    ) -> Result<wire::ListApiKeysResponse> {
        let list = Listing::new(self, "keys", grant.access(), &page, "");
        let (from, fetch, ascending) = (list.start(&page)?, list.fetch(), page.ascending);
        let found = self.store().read(grant, move |view| {
            let keys = view.api_keys(from, ascending, fetch)?;
            keys.into_iter()
                .map(|key| Ok((bound_to(view, &key)?, key)))
                .collect::<Result<Vec<_>>>()
        });
        let mut found = found.await?;
        let next_page_token = list.cut(&mut found, |(_, key)| Position {
            at: key.created_at.as_micros(),
            key: *key.api_key_id.as_bytes(),
        });
        let api_keys: Vec<_> = found
            .into_iter()
            .map(|(inbox, key)| render::api_key(&key, inbox))
            .collect();
        Ok(wire::ListApiKeysResponse {
            count: api_keys.len(),
            next_page_token,
            api_keys,
        })
    }

    /// One key, without its secret.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn api_key(
        &self,
        grant: &Grant<perm::ApiKeyRead>,
        id: &ApiKeyId,
    ) -> Result<wire::ApiKey> {
        let id = *id;
        let found = self.store().read(grant, move |view| {
            let key = view.api_key(id)?;
            Ok((bound_to(view, &key)?, key))
        });
        let (inbox, key) = found.await?;
        Ok(render::api_key(&key, inbox))
    }

    /// Renames a key, or changes what it may do: `null` takes its list of rights away, so that it
    /// may do everything that need not be asked for. Its open sockets close within seconds when its
    /// rights change.
    ///
    /// # Errors
    /// `validation_error` when nothing is given or something is wrong, `unrestricted_key_required`
    /// for a change of rights by a key that has a list of its own, or `not_found`.
    pub async fn update_api_key(
        &self,
        grant: &Grant<perm::ApiKeyUpdate>,
        id: &ApiKeyId,
        request: UpdateApiKeyRequest,
    ) -> Result<wire::ApiKey> {
        let access = grant.access();
        let name = request.name.as_deref();
        let name = name.map(name_of).transpose()?;
        let permissions = match &request.permissions {
            Patch::Absent => None,
            _ if access.is_restricted() => {
                return Err(Error::new(
                    Code::UnrestrictedKeyRequired,
                    "A key with a list of permissions of its own cannot change permissions",
                ));
            }
            Patch::Null => Some(None),
            Patch::Value(list) => Some(rights(access, Some(list))?),
        };
        if name.is_none() && permissions.is_none() {
            return Err(Error::invalid(
                "",
                "invalid_value",
                "Must provide name or permissions",
            ));
        }
        let id = *id;
        let changed = self.store().write(grant, move |txn| {
            txn.hold_own_key()?;
            let key = txn.change_api_key(id, name.as_deref(), permissions)?;
            Ok((bound_to(txn, &key)?, key))
        });
        let (inbox, key) = changed.await?;
        Ok(render::api_key(&key, inbox))
    }

    /// Revokes a key. Requests with it fail from now on; its open sockets close within seconds.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_api_key(
        &self,
        grant: &Grant<perm::ApiKeyDelete>,
        id: &ApiKeyId,
    ) -> Result<()> {
        let id = *id;
        self.store()
            .write(grant, move |txn| txn.delete_api_key(id))
            .await
    }
}

/// The address of the inbox a key is bound to.
fn bound_to(view: &mut View<'_>, key: &ApiKey) -> Result<Option<String>> {
    match key.scope {
        Scope::Org | Scope::Pod(_) => Ok(None),
        Scope::Inbox(_, inbox) => Ok(Some(view.inbox_of_key(inbox)?.inbox_id.to_string())),
    }
}

/// The name of a key or a pod, or what it is called when nobody names it.
pub(crate) fn name(given: Option<&str>, default: &str) -> Result<String> {
    given.map_or_else(|| Ok(default.to_owned()), name_of)
}

fn name_of(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 256 || name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "name",
            "invalid_value",
            "A name has 1 to 256 characters",
        ));
    }
    Ok(name.to_owned())
}

/// The preset that a request names.
fn preset(request: &CreateApiKeyRequest) -> Result<Option<KeyPreset>> {
    let Some(name) = &request.preset else {
        return Ok(None);
    };
    let wrong = |detail: &str| Error::invalid("preset", "invalid_value", detail);
    if request.permissions.is_some() {
        return Err(
            wrong("A key has a preset or a list of permissions, not both").fix(
                "Leave permissions out to get those of the preset, or preset to choose each by name.",
            ),
        );
    }
    let preset = KeyPreset::parse(name).ok_or_else(|| {
        wrong("There is no preset of this name")
            .fix("Presets are read, draft, send, approve and manage.")
    })?;
    Ok(Some(preset))
}

/// The list of rights for a key, which must not go beyond the caller's.
fn rights(
    access: &Access,
    wanted: Option<&wire::ApiKeyPermissions>,
) -> Result<Option<PermissionSet>> {
    let Some(wanted) = wanted else {
        if access.is_restricted() {
            let detail = "A restricted key cannot make an unrestricted one";
            return Err(escalation(detail.to_owned()));
        }
        return Ok(None);
    };
    let mut set = PermissionSet::NONE;
    for (name, given) in &wanted.0 {
        let right = Permission::parse(name).ok_or_else(|| {
            let path = format!("permissions.{}", name.chars().take(64).collect::<String>());
            Error::invalid(
                &path,
                "invalid_value",
                "There is no permission of this name",
            )
        })?;
        if *given {
            set = set.with(right);
        }
    }
    within(access, set).map(Some)
}

fn escalation(detail: String) -> Error {
    Error::new(Code::PermissionEscalation, detail)
        .fix("Ask only for permissions that your own key has, by name.")
}

/// Rights that a caller can give.
fn within(access: &Access, set: PermissionSet) -> Result<PermissionSet> {
    // Rights that must be asked for by name can be given by any key that has no list of its own.
    let own = access.permissions();
    let beyond = set
        .iter()
        .find(|right| !own.has(*right) && (access.is_restricted() || !right.is_opt_in()));
    match beyond {
        Some(right) => Err(escalation(format!(
            "Your key does not have {}",
            right.name()
        ))),
        None => Ok(set),
    }
}
