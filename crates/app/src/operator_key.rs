//! Keys that the operator makes on the server itself, where no key is asked for.

use std::sync::Arc;

use model::policy::{Policy, Subject, Switch};
use model::preset::KeyPreset;
use model::{Error, Result, perm};
use store::{Grant, Reason};

use crate::{App, keys};

/// What the operator wants of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperatorKey {
    /// What it is for; everything that need not be asked for by name, if nothing is said.
    pub preset: Option<KeyPreset>,
    /// Whether mail of strangers never taints it, as its policy. It is the way out where mail of
    /// strangers is handed to webhooks all the time, so that no key could free another.
    pub untainted: bool,
}

impl App {
    /// Makes another key of the operator's own organisation.
    ///
    /// # Errors
    /// `not_found` before the first start, or when the store fails.
    pub async fn create_operator_key(&self, wanted: OperatorKey) -> Result<String> {
        let org_id = self.store().first_org().await?;
        let org_id = org_id.ok_or_else(|| Error::not_found("Organization"))?;
        let access = self.store().system(org_id, Reason::Operation);
        let grant: Grant<perm::ApiKeyCreate> = access.grant()?;
        let (secret, mut new) = keys::mint(self, "Operator", model::api_key::Scope::Org);
        new.permissions = wanted.preset.map(KeyPreset::permissions);
        let new = Arc::new(new);
        let made = self.store().write(&grant, move |txn| {
            let made = txn.create_api_key(&new)?;
            if wanted.untainted {
                let policy = Policy {
                    taint: Some(Switch::Off),
                    ..Policy::default()
                };
                txn.set_policy(Subject::Key(made.api_key_id), Some(&policy))?;
            }
            Ok(())
        });
        made.await?;
        Ok(secret)
    }
}
