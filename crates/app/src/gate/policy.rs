//! What the policies of the organisation, the pod, the inbox and the key say.

use mail::Mailbox;
use model::gate::{Decision, Finding};
use model::policy::Rule;

use super::{Facts, links};

pub(super) fn decide(facts: &Facts<'_>) -> Decision {
    let policy = &facts.standing.policy;
    let mut decision = by(policy.send, "policy_send", || {
        "The policy wants every message approved or refused.".to_owned()
    });
    for to in facts.recipients {
        let rule = policy.recipient(&to.address);
        decision = decision.and(by(rule, "policy_recipient", || {
            format!("The policy does not name {} as a recipient.", to.address)
        }));
    }
    if policy.new_recipients != Rule::Allow {
        for to in facts.recipients.iter().filter(|to| is_new(facts, to)) {
            decision = decision.and(by(policy.new_recipients, "policy_new_recipient", || {
                format!("This inbox has never written to {}.", to.address)
            }));
        }
    }
    if !facts.parsed.attachments.is_empty() {
        decision = decision.and(by(policy.attachments, "policy_attachment", || {
            "The policy lets no attachment leave by itself.".to_owned()
        }));
    }
    if policy.links != Rule::Allow && !links::in_new_words(facts).is_empty() {
        decision = decision.and(by(policy.links, "policy_link", || {
            "The policy lets no link leave by itself.".to_owned()
        }));
    }
    let seconds = facts.now.as_micros().div_euclid(1_000_000);
    if policy.quiet_hours.iter().any(|hours| hours.has(seconds)) {
        decision = decision.and(by(Rule::Hold, "policy_quiet_hours", || {
            "It is a time at which nothing leaves without approval.".to_owned()
        }));
    }
    decision
}

/// Nobody on the thread, nobody the inbox has written to, and nobody that a list names.
fn is_new(facts: &Facts<'_>, to: &Mailbox) -> bool {
    let (standing, key) = (facts.standing, to.address.key());
    let own = key == facts.inbox.inbox_id.as_str();
    !(own
        || standing.in_thread.contains(&key)
        || standing.known.iter().any(|known| known.address == key)
        || standing.is_allowed(&to.address))
}

fn by(rule: Rule, name: &'static str, detail: impl FnOnce() -> String) -> Decision {
    let fix = "Ask whoever sets the policy of this inbox, or leave it out; \
               GET /v0/inboxes/{inbox_id}/policy shows the rules.";
    match rule {
        Rule::Allow => Decision::Pass,
        Rule::Hold => Decision::hold(vec![Finding::new(name, detail(), fix)]),
        Rule::Refuse => Decision::refuse(vec![Finding::new(name, detail(), fix)]),
    }
}
