//! Policies: shown, set and taken away. Whoever may change an inbox may tighten; loosening takes the
//! right `policy_update`, which must be asked for by name.

use model::api_key::Scope;
use model::policy::{Effective, Policy, Preset, QuietHours, Subject, Switch};
use model::{ApiKeyId, Code, Error, Permission, Result, perm};
use store::{Access, Actor, Grant, View};
use wire::{EffectivePolicy, PolicyResponse, SetPolicyRequest};

use crate::{App, Tainting};

impl App {
    /// The policy of what the path names, and what holds together with the levels above it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn policy(&self, grant: &Grant<perm::PolicyRead>) -> Result<PolicyResponse> {
        self.show_policy(grant, subject(grant.access())).await
    }

    /// The policy of a key.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn key_policy(
        &self,
        grant: &Grant<perm::PolicyRead>,
        key: ApiKeyId,
    ) -> Result<PolicyResponse> {
        self.show_policy(grant, Subject::Key(key)).await
    }

    /// Sets the policy of what the path names.
    ///
    /// # Errors
    /// `validation_error`, or `missing_permission` where it would be looser than before.
    pub async fn set_policy(
        &self,
        grant: &Grant<perm::InboxUpdate>,
        request: SetPolicyRequest,
    ) -> Result<PolicyResponse> {
        let new = read(request)?;
        self.change_policy(grant, subject(grant.access()), Some(new))
            .await
    }

    /// Takes the policy of what the path names away.
    ///
    /// # Errors
    /// As [`App::set_policy`].
    pub async fn delete_policy(&self, grant: &Grant<perm::InboxUpdate>) -> Result<PolicyResponse> {
        self.change_policy(grant, subject(grant.access()), None)
            .await
    }

    /// Sets the policy of a key.
    ///
    /// # Errors
    /// As [`App::set_policy`], or `not_found`.
    pub async fn set_key_policy(
        &self,
        grant: &Grant<perm::ApiKeyUpdate>,
        key: ApiKeyId,
        request: SetPolicyRequest,
    ) -> Result<PolicyResponse> {
        let new = read(request)?;
        self.change_policy(grant, Subject::Key(key), Some(new))
            .await
    }

    /// Takes the policy of a key away.
    ///
    /// # Errors
    /// As [`App::set_policy`], or `not_found`.
    pub async fn delete_key_policy(
        &self,
        grant: &Grant<perm::ApiKeyUpdate>,
        key: ApiKeyId,
    ) -> Result<PolicyResponse> {
        self.change_policy(grant, Subject::Key(key), None).await
    }

    async fn show_policy<P>(&self, grant: &Grant<P>, of: Subject) -> Result<PolicyResponse> {
        let read = self.store().read(grant, move |view| found(view, of));
        let (own, above) = read.await?;
        self.shown(of, own.as_ref(), &above)
    }

    async fn change_policy<P>(
        &self,
        grant: &Grant<P>,
        of: Subject,
        new: Option<Policy>,
    ) -> Result<PolicyResponse> {
        let done = self.store().write(grant, move |txn| {
            txn.hold_own_key()?;
            match of {
                Subject::Org => {}
                Subject::Pod(pod) => txn.hold_pod(pod)?,
                Subject::Inbox(_, inbox) => txn.lock_inbox(inbox)?,
                Subject::Key(key) => txn.api_key(key).map(|_| ())?,
            }
            let before = txn.policy(of)?.unwrap_or_default();
            let after = new.clone().unwrap_or_default();
            if !after.is_no_looser_than(&before) {
                may_loosen(txn.access(), of)?;
            }
            txn.set_policy(of, new.as_ref())?;
            found(txn, of)
        });
        let (own, above) = done.await?;
        self.shown(of, own.as_ref(), &above)
    }

    fn shown(&self, of: Subject, own: Option<&Policy>, above: &[Policy]) -> Result<PolicyResponse> {
        let all = Effective::of(above.iter().chain(own));
        let taint = match (self.settings().gate.tainting, all.taint) {
            (Tainting::Off, _) | (_, Some(Switch::Off)) => "off",
            (Tainting::Strangers | Tainting::Unproven, _) => "on",
        };
        let recipients = all.recipients();
        let recipients = recipients.map(|list| list.into_iter().map(str::to_owned).collect());
        let limits = self.settings().loop_limits.within(&all);
        let limited = |most: u32| (most > 0).then_some(most);
        Ok(PolicyResponse {
            level: of.level().name().to_owned(),
            policy: own.map(of_model).transpose()?,
            effective: EffectivePolicy {
                send: all.send.name().to_owned(),
                recipients,
                new_recipients: all.new_recipients.name().to_owned(),
                attachments: all.attachments.name().to_owned(),
                links: all.links.name().to_owned(),
                per_minute: all.per_minute,
                per_hour: all.per_hour,
                per_day: all.per_day,
                turns_per_thread: limited(limits.per_thread),
                turns_per_peer: limited(limits.per_peer),
                turns_per_pair: limited(limits.per_pair),
                approvers: all.approvers,
                quiet_hours: all.quiet_hours.iter().map(hours).collect(),
                taint: taint.to_owned(),
            },
        })
    }
}

/// What the path names.
fn subject(access: &Access) -> Subject {
    match *access.scope() {
        Scope::Org => Subject::Org,
        Scope::Pod(pod) => Subject::Pod(pod),
        Scope::Inbox(pod, inbox) => Subject::Inbox(pod, inbox),
    }
}

/// The policy of a subject and those of the levels above it.
fn found(view: &mut View<'_>, of: Subject) -> Result<(Option<Policy>, Vec<Policy>)> {
    let above = match of {
        Subject::Org => vec![],
        Subject::Pod(_) => vec![Subject::Org],
        Subject::Inbox(pod, _) => vec![Subject::Org, Subject::Pod(pod)],
        Subject::Key(key) => match view.api_key(key)?.scope {
            Scope::Org => vec![Subject::Org],
            Scope::Pod(pod) => vec![Subject::Org, Subject::Pod(pod)],
            Scope::Inbox(pod, inbox) => {
                vec![Subject::Org, Subject::Pod(pod), Subject::Inbox(pod, inbox)]
            }
        },
    };
    let mut policies = Vec::new();
    for level in above {
        policies.extend(view.policy(level)?);
    }
    Ok((view.policy(of)?, policies))
}

fn may_loosen(access: &Access, of: Subject) -> Result<()> {
    if !access.permissions().has(Permission::PolicyUpdate) {
        return Err(Error::new(
            Code::MissingPermission,
            "This would loosen the policy, for which your key lacks policy_update",
        )
        .fix("Use a key that was given policy_update by name; tightening needs no more than this key has."));
    }
    if let (Actor::Key(own), Subject::Key(key)) = (access.actor(), of)
        && own == key
    {
        return Err(
            Error::new(Code::Forbidden, "A key cannot loosen its own policy")
                .fix("Use another key that has policy_update."),
        );
    }
    Ok(())
}

/// Reads the rules of a request.
fn read(request: SetPolicyRequest) -> Result<Policy> {
    let preset = request.preset.as_deref().map(|name| {
        Preset::parse(name).ok_or_else(|| {
            let detail = "preset is open, allow_list, human_in_the_loop or read_only";
            Error::invalid("preset", "invalid_value", detail)
        })
    });
    let preset = preset.transpose()?.map(Preset::policy);
    let Some(own) = request.policy else {
        return preset.ok_or_else(|| {
            Error::invalid("policy", "invalid_type", "Must provide preset or policy")
        });
    };
    let wrong = |error: serde_json::Error| {
        Error::invalid("policy", "invalid_value", format!("Not a policy: {error}"))
            .fix("Rules are allow, hold or refuse; taint is on or off.")
    };
    let mut rules = match preset {
        Some(preset) => serde_json::to_value(preset).map_err(Error::internal)?,
        None => serde_json::json!({}),
    };
    let own = serde_json::to_value(own).map_err(Error::internal)?;
    if let (Some(rules), serde_json::Value::Object(own)) = (rules.as_object_mut(), own) {
        rules.extend(own);
    }
    let policy: Policy = serde_json::from_value(rules).map_err(wrong)?;
    policy.checked()
}

fn of_model(policy: &Policy) -> Result<wire::Policy> {
    let value = serde_json::to_value(policy).map_err(Error::internal)?;
    serde_json::from_value(value).map_err(Error::internal)
}

fn hours(hours: &QuietHours) -> wire::QuietHours {
    wire::QuietHours {
        from: hours.from,
        until: hours.until,
        utc_offset: hours.utc_offset,
    }
}
