//! The rules of directives: which concepts and signs together ask an agent to do something.

use super::lexicon::Concept as C;
use super::signs::Sign as S;

/// Why a sentence is taken for a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Earlier instructions shall no longer count.
    Override,
    /// Addresses the reader's assistant or model.
    AddressesAgent,
    /// Gives the reader a new role or mode.
    RolePlay,
    /// Asks for mail or secrets to be sent somewhere.
    Exfiltration,
    /// Asks for the prompt, the rules or the context.
    PromptLeak,
    /// Steers what the reader's answer shall contain or look like.
    SteersAnswer,
    /// Looks like a system message, a tool's result or the end of the mail.
    FakeBoundary,
    /// The tokens of a chat template.
    ChatTemplate,
    /// A call of a tool.
    ToolCall,
    /// Shall be kept from the user, or needs no approval.
    Conceals,
    /// Claims that the mail was checked.
    VerdictSpoof,
    /// Hangs an action on the reader's work: after summarising, on the next reply.
    Trigger,
    /// Changes the mailbox: rules, drafts, deletions, passwords.
    MailboxAction,
    /// A link or picture that carries data out.
    DataLink,
    /// The text was hidden or disguised.
    Hidden,
    /// The words are those of directives, by the linear model.
    Wording,
}

impl Reason {
    /// The name in the API, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::AddressesAgent => "addresses_agent",
            Self::RolePlay => "role_play",
            Self::Exfiltration => "exfiltration",
            Self::PromptLeak => "prompt_leak",
            Self::SteersAnswer => "steers_answer",
            Self::FakeBoundary => "fake_boundary",
            Self::ChatTemplate => "chat_template",
            Self::ToolCall => "tool_call",
            Self::Conceals => "conceals",
            Self::VerdictSpoof => "verdict_spoof",
            Self::Trigger => "trigger",
            Self::MailboxAction => "mailbox_action",
            Self::DataLink => "data_link",
            Self::Hidden => "hidden",
            Self::Wording => "wording",
        }
    }
}

/// A rule: everything it needs, one of what it wants besides, what forbids it.
struct Rule {
    concepts: u32,
    any: u32,
    signs: u32,
    any_sign: u32,
    without: u32,
    weight: f32,
    reason: Option<Reason>,
}

const fn rule(concepts: u32, signs: u32, weight: f32, reason: Reason) -> Rule {
    Rule {
        concepts,
        any: 0,
        signs,
        any_sign: 0,
        without: 0,
        weight,
        reason: Some(reason),
    }
}

impl Rule {
    const fn any(mut self, concepts: u32) -> Self {
        self.any = concepts;
        self
    }

    const fn any_sign(mut self, signs: u32) -> Self {
        self.any_sign = signs;
        self
    }

    const fn without(mut self, signs: u32) -> Self {
        self.without = signs;
        self
    }

    fn holds(&self, concepts: u32, signs: u32) -> bool {
        concepts & self.concepts == self.concepts
            && signs & self.signs == self.signs
            && (self.any == 0 || concepts & self.any != 0)
            && (self.any_sign == 0 || signs & self.any_sign != 0)
            && signs & self.without == 0
    }
}

const OUT: u32 = S::Address.bit() | S::Link.bit();
const DO: u32 = C::Send.bit() | C::Act.bit() | C::Reveal.bit() | C::Tool.bit() | C::Include.bit();
const CHANGE: u32 = C::Include.bit() | C::Transform.bit();

/// The rules, by what they find.
const RULES: &[Rule] = &[
    rule(0, S::Override.bit(), 1.6, Reason::Override),
    rule(C::All.bit(), S::Override.bit(), 0.8, Reason::Override),
    rule(
        C::Prior.bit() | C::All.bit(),
        S::Override.bit(),
        0.8,
        Reason::Override,
    ),
    rule(
        C::Ignore.bit() | C::Instruction.bit() | C::Send.bit() | C::MailObject.bit(),
        S::Override.bit(),
        1.0,
        Reason::Override,
    ),
    rule(
        0,
        S::Override.bit() | S::Address.bit(),
        1.0,
        Reason::Override,
    ),
    rule(
        C::Ignore.bit() | C::Instruction.bit() | C::Your.bit(),
        0,
        0.6,
        Reason::Override,
    ),
    rule(0, S::AgentAddressed.bit(), 1.0, Reason::AddressesAgent),
    rule(0, S::AgentAddressed.bit(), 1.0, Reason::AddressesAgent)
        .any(C::Send.bit() | C::Act.bit() | C::Ignore.bit()),
    rule(0, S::AgentAddressed.bit(), 1.0, Reason::AddressesAgent).any_sign(
        S::TriggerPhrase.bit()
            | S::InboxWide.bit()
            | S::Concealed.bit()
            | S::NoApproval.bit()
            | S::Address.bit(),
    ),
    rule(0, S::YouAreNow.bit(), 1.0, Reason::RolePlay)
        .any(C::Agent.bit() | C::System.bit() | C::Persona.bit()),
    rule(C::Agent.bit(), S::YouAreNow.bit(), 1.0, Reason::RolePlay),
    rule(0, S::YouAreNow.bit(), 0.8, Reason::RolePlay)
        .any_sign(S::InboxWide.bit() | OUT | S::InYourResponse.bit() | S::SelfPrompt.bit()),
    rule(C::Persona.bit() | C::Secret.bit(), 0, 1.5, Reason::RolePlay),
    rule(
        C::Send.bit(),
        S::InboxWide.bit() | S::Address.bit(),
        2.5,
        Reason::Exfiltration,
    )
    .without(S::Signup.bit()),
    rule(
        C::Send.bit(),
        S::InboxWide.bit() | S::Link.bit(),
        1.2,
        Reason::Exfiltration,
    )
    .without(S::Signup.bit()),
    rule(
        C::Send.bit() | C::MailObject.bit(),
        S::Address.bit(),
        0.8,
        Reason::Exfiltration,
    )
    .without(S::Signup.bit()),
    rule(
        C::Send.bit() | C::Secret.bit() | C::All.bit(),
        0,
        0.8,
        Reason::Exfiltration,
    )
    .any_sign(OUT),
    rule(
        C::Send.bit() | C::MailObject.bit() | C::All.bit(),
        S::Address.bit(),
        0.8,
        Reason::Exfiltration,
    )
    .without(S::Signup.bit()),
    rule(
        C::Send.bit(),
        S::Address.bit() | S::Exactly.bit(),
        2.0,
        Reason::Exfiltration,
    )
    .without(S::Signup.bit()),
    rule(
        C::Send.bit(),
        S::Address.bit() | S::TriggerPhrase.bit(),
        2.2,
        Reason::Exfiltration,
    ),
    rule(
        C::Send.bit(),
        S::Address.bit() | S::Order.bit(),
        0.8,
        Reason::Exfiltration,
    )
    .without(S::Signup.bit()),
    rule(
        C::Response.bit() | C::Send.bit() | C::Approve.bit(),
        S::Address.bit(),
        1.2,
        Reason::Exfiltration,
    ),
    rule(0, S::SelfPrompt.bit(), 1.2, Reason::PromptLeak).any(C::Reveal.bit() | C::Response.bit()),
    rule(C::Your.bit(), S::SelfPrompt.bit(), 1.0, Reason::PromptLeak),
    rule(C::You.bit(), S::SelfPrompt.bit(), 0.8, Reason::PromptLeak),
    rule(
        C::Reveal.bit(),
        S::SelfPrompt.bit() | S::Order.bit(),
        0.6,
        Reason::PromptLeak,
    ),
    rule(0, S::InYourResponse.bit(), 1.4, Reason::SteersAnswer).any(CHANGE | C::Reveal.bit()),
    rule(
        0,
        S::InYourResponse.bit() | S::Order.bit(),
        1.8,
        Reason::SteersAnswer,
    ),
    rule(0, S::InYourResponse.bit(), 1.2, Reason::SteersAnswer).any(C::Transform.bit()),
    rule(0, S::InYourResponse.bit(), 1.2, Reason::SteersAnswer)
        .any_sign(S::Exactly.bit() | S::Code.bit() | S::Testing.bit() | S::Link.bit()),
    rule(
        0,
        S::YourResponse.bit() | S::Order.bit(),
        2.4,
        Reason::SteersAnswer,
    )
    .any(CHANGE),
    rule(0, S::FakeTag.bit(), 0.6, Reason::FakeBoundary),
    rule(0, S::FakeTag.bit(), 1.2, Reason::FakeBoundary)
        .any(C::Send.bit() | C::Ignore.bit() | C::Reveal.bit())
        .any_sign(
            S::Address.bit()
                | S::InboxWide.bit()
                | S::Override.bit()
                | S::YouAreNow.bit()
                | S::TriggerPhrase.bit()
                | S::InYourResponse.bit(),
        ),
    rule(C::You.bit(), S::FakeTag.bit(), 0.6, Reason::FakeBoundary),
    rule(0, S::ChatTag.bit(), 1.6, Reason::ChatTemplate),
    rule(0, S::ChatTag.bit(), 1.4, Reason::ChatTemplate)
        .any(C::Ignore.bit() | C::Send.bit() | C::Act.bit())
        .any_sign(
            S::Address.bit()
                | S::Override.bit()
                | S::InboxWide.bit()
                | S::TriggerPhrase.bit()
                | S::YouAreNow.bit(),
        ),
    rule(0, S::ToolJson.bit(), 1.0, Reason::ToolCall),
    rule(
        0,
        S::ToolJson.bit() | S::FakeTag.bit(),
        2.0,
        Reason::ToolCall,
    ),
    rule(
        0,
        S::ToolJson.bit() | S::TriggerPhrase.bit(),
        1.5,
        Reason::ToolCall,
    ),
    rule(0, S::Concealed.bit(), 1.6, Reason::Conceals).any(DO | C::User.bit()),
    rule(0, S::Concealed.bit(), 1.0, Reason::Conceals).any_sign(
        S::Address.bit() | S::InboxWide.bit() | S::AgentAddressed.bit() | S::FakeTag.bit(),
    ),
    rule(0, S::NoApproval.bit(), 1.6, Reason::Conceals).any(DO),
    rule(0, S::NoApproval.bit(), 1.2, Reason::Conceals)
        .any_sign(S::Address.bit() | S::InboxWide.bit() | S::AgentAddressed.bit()),
    rule(C::Conceal.bit() | C::Send.bit(), 0, 1.2, Reason::Conceals)
        .any_sign(OUT | S::InboxWide.bit()),
    rule(0, S::Verdict.bit(), 1.8, Reason::VerdictSpoof),
    rule(0, S::Verdict.bit(), 1.2, Reason::VerdictSpoof)
        .any(C::Send.bit() | C::Instruction.bit() | C::Agent.bit()),
    rule(0, S::TriggerPhrase.bit(), 0.5, Reason::Trigger).any(C::Send.bit() | C::Act.bit()),
    rule(0, S::TriggerPhrase.bit(), 1.4, Reason::Trigger)
        .any(C::Send.bit() | C::Include.bit() | C::Act.bit())
        .any_sign(OUT | S::InboxWide.bit() | S::Concealed.bit() | S::Exactly.bit()),
    rule(
        0,
        S::InboxWide.bit() | S::Order.bit(),
        1.6,
        Reason::MailboxAction,
    )
    .any(DO | C::Approve.bit()),
    rule(
        C::Secret.bit(),
        S::InboxWide.bit() | S::Order.bit(),
        0.6,
        Reason::MailboxAction,
    ),
    rule(
        C::Tool.bit() | C::Send.bit(),
        S::Address.bit() | S::Order.bit(),
        1.2,
        Reason::MailboxAction,
    ),
    rule(
        0,
        S::Placeholder.bit() | S::Link.bit(),
        1.5,
        Reason::DataLink,
    )
    .any(DO),
    rule(0, S::Code.bit(), 1.0, Reason::DataLink)
        .any_sign(S::Exactly.bit() | S::InYourResponse.bit() | S::Placeholder.bit()),
    rule(0, S::Testing.bit(), 1.2, Reason::SteersAnswer).any_sign(
        S::Code.bit()
            | S::Exactly.bit()
            | S::InYourResponse.bit()
            | S::SelfPrompt.bit()
            | S::FakeTag.bit(),
    ),
    Rule {
        concepts: 0,
        any: 0,
        signs: S::Signup.bit(),
        any_sign: 0,
        without: 0,
        weight: -2.0,
        reason: None,
    },
    Rule {
        concepts: 0,
        any: 0,
        signs: S::Quoted.bit(),
        any_sign: 0,
        without: 0,
        weight: -6.0,
        reason: None,
    },
];

/// The signs that rules want. Each rule wants one of them or a concept.
const WANTED: u32 = {
    let mut wanted = 0;
    let mut index = 0;
    while index < RULES.len() {
        let rule = &RULES[index];
        let signs = rule.signs | rule.any_sign;
        assert!(signs | rule.concepts | rule.any != 0);
        wanted |= signs;
        index += 1;
    }
    wanted
};

/// The sum of the rules that hold, and the reasons of those that speak for a directive.
pub(super) fn judge(concepts: u32, signs: u32) -> (f32, Vec<Reason>) {
    if concepts == 0 && signs & WANTED == 0 {
        return (0.0, Vec::new());
    }
    let mut sum = 0.0;
    let mut reasons = Vec::new();
    for rule in RULES {
        if rule.holds(concepts, signs) {
            sum += rule.weight;
            if let Some(reason) = rule.reason
                && !reasons.contains(&reason)
            {
                reasons.push(reason);
            }
        }
    }
    (sum, reasons)
}
