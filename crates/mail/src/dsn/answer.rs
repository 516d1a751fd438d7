//! The answers of machines that are no reports about a delivery: out of office, ticket systems,
//! read receipts (RFC 3834, RFC 8098).

use crate::parse::sections::{Sections, field};

/// Beginnings of the subjects that mail programs give to answers in their user's absence.
const SUBJECTS: &[&str] = &[
    "auto:",
    "auto-reply",
    "auto reply",
    "autoreply",
    "autoreply:",
    "automatic reply",
    "automatic response",
    "automated reply",
    "automated response",
    "out of office",
    "out of the office",
    "out-of-office",
    "on vacation",
    "on holiday",
    "vacation reply",
    "away from my mail",
    "i am away",
    "i'm away",
    "abwesenheit",
    "abwesend",
    "automatische antwort",
    "automatische abwesenheit",
    "automatisches antwort",
    "ich bin im urlaub",
    "réponse automatique",
    "absence du bureau",
    "absent",
    "respuesta automática",
    "fuera de la oficina",
    "resposta automática",
    "risposta automatica",
    "fuori sede",
    "automatisch antwoord",
    "automatisk svar",
    "autosvar",
    "frånvaro",
    "automaattinen vastaus",
    "odpowiedź automatyczna",
    "autoodpowiedź",
    "automatická odpověď",
    "автоответ",
    "автоматический ответ",
    "自動応答",
    "自動返信",
    "不在通知",
    "自动回复",
    "自動回覆",
    "자동 회신",
    "부재 중",
    "otomatik yanıt",
];

/// Fields that only answering programs write.
const FIELDS: &[&str] = &[
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-AutoReply-From",
    "X-Auto-Reply",
    "X-Auto-Reply-From",
    "X-Mail-Autoreply",
    "X-POP3-Auto-Reply",
    "X-FC-MachineGenerated",
    "X-Vacation",
    "X-Mailer-Vacation",
    "Delivered-By-The-Graces-Of-Vacation",
    "X-Out-Of-Office",
];

/// Whether somebody's mail program says that a message was shown, or was not.
pub(super) fn is_receipt(sections: &Sections) -> bool {
    let kind = |part: &str| {
        matches!(
            part,
            "message/disposition-notification" | "message/global-disposition-notification"
        )
    };
    sections.report_type.as_deref() == Some("disposition-notification")
        || sections.parts.iter().any(|part| kind(&part.content_type))
}

/// Whether a program answered in somebody's absence, and says so.
pub(super) fn is_absence(sections: &Sections) -> bool {
    let has = |name: &str| field(&sections.fields, name).is_some();
    let precedence = field(&sections.fields, "Precedence").unwrap_or_default();
    let subject = field(&sections.fields, "Subject").unwrap_or_default();
    let subject: String = subject.trim().to_lowercase().chars().take(200).collect();
    FIELDS.iter().any(|name| has(name))
        || ["auto_reply", "auto-reply"].contains(&precedence.to_ascii_lowercase().as_str())
        || SUBJECTS.iter().any(|start| subject.starts_with(start))
}

/// Whether a program wrote it, rather than a person.
pub(super) fn is_automatic(sections: &Sections) -> bool {
    let submitted = field(&sections.fields, "Auto-Submitted").unwrap_or("no");
    is_absence(sections) || !submitted.trim().to_ascii_lowercase().starts_with("no")
}
