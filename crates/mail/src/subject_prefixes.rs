//! What mail programs put before the subject of an answer or a forward, by language. Lower case.

/// Before answers: Re in the languages of the big clients.
#[rustfmt::skip]
pub(crate) const REPLY: &[&str] = &[
    "re", "aw", "antw", "antwort", "sv", "svar", "vs", "rv", "res", "resp", "respuesta", "resposta", "risposta", "r", "rif",
    "odp", "odpověď", "odpoveď", "ynt", "yan", "yanıt", "bls", "balas", "ref", "reply", "réf", "rép", "réponse", "απ", "απαντ",
    "ответ", "отв", "на", "відп", "відповідь", "vá", "válasz", "vast", "vastaus", "atb", "ats", "odg", "одг", "răsp", "raspuns", "răspuns",
    "回复", "回覆", "答复", "答覆", "回信", "返信", "회신", "답장", "ตอบ", "ตอบกลับ", "trả lời", "השב", "תשובה", "רד", "رد", "پاسخ",
];

/// Before forwards.
#[rustfmt::skip]
pub(crate) const FORWARD: &[&str] = &[
    "fwd", "fw", "wg", "weitergeleitet", "tr", "enc", "encam", "i", "inoltro", "inoltra", "doorst", "doorgestuurd",
    "vb", "vl", "vs", "vedr", "videre", "videres", "videresend", "videresendt", "vidarebefordrat", "pd", "ilt", "i̇lt", "iletilen",
    "trs", "fs", "továbbítás", "továbbított", "prw", "rv", "reenv", "reenviado", "reenvío", "redir", "redir.", "redirecț", "πρθ", "прп", "пр",
    "переслать", "пересл", "переслано", "пересылка", "fwd.", "fw.", "pārsūt", "persiųsta", "prosl", "posr", "proslijeđeno",
    "přep", "přeposláno", "転送", "转发", "轉寄", "轉發", "전달", "ส่งต่อ", "chuyển tiếp", "הועבר", "إعادة توجيه", "ارسال",
];

/// Before what programs answer on their own.
#[rustfmt::skip]
pub(crate) const AUTOMATIC: &[&str] = &[
    "automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse", "auto", "out of office",
    "out of office reply", "out of office autoreply", "automatische antwort", "abwesenheitsnotiz", "abwesenheit", "réponse automatique",
    "absence du bureau", "respuesta automática", "respuesta automatica", "fuera de la oficina", "resposta automàtica", "resposta automática",
    "ausência temporária", "risposta automatica", "fuori sede", "automatisch antwoord", "automatische beantwoording", "afwezig", "autosvar",
    "automatisk svar", "automatiskt svar", "frånvaro", "fravær", "automaattinen vastaus", "automaatvastus", "automātiska atbilde",
    "automatinis atsakymas", "autoodpowiedź", "odpowiedź automatyczna", "automatyczna odpowiedź", "automatická odpověď", "automatická odpoveď",
    "automatikus válasz", "răspuns automat", "samodejni odgovor", "automatski odgovor", "аутоматски одговор", "автоматичен отговор",
    "автоматический ответ", "автоответ", "автоматична відповідь", "αυτόματη απάντηση", "otomatik yanıt", "otomatik cevap", "תגובה אוטומטית",
    "מענה אוטומטי", "رد تلقائي", "الرد التلقائي", "پاسخ خودکار", "balasan otomatis", "balasan automatik", "trả lời tự động", "ตอบกลับอัตโนมัติ",
    "自动答复", "自动回复", "自動回覆", "自動回復", "自動返信", "自動応答", "자동 회신", "자동 응답", "부재중",
];

/// Before the answers of calendars.
#[rustfmt::skip]
pub(crate) const CALENDAR: &[&str] = &[
    "accepted", "declined", "tentative", "tentatively accepted", "canceled", "cancelled", "updated invitation", "zugesagt", "abgelehnt",
    "mit vorbehalt", "mit vorbehalt angenommen", "abgesagt", "accepté", "acceptée", "refusé", "refusée", "provisoire", "annulé", "aceptado", "aceptada",
    "rechazado", "rechazada", "cancelado", "aceito", "aceite", "recusado", "accettato", "rifiutato", "annullato", "geaccepteerd", "geweigerd",
    "geannuleerd", "accepteret", "afvist", "akseptert", "avslått", "godkänt", "avböjt", "hyväksytty", "hylätty", "zaakceptowano", "odrzucono",
    "přijato", "odmítnuto", "принято", "отклонено", "kabul edildi", "reddedildi", "已接受", "已拒绝", "承諾", "辞退", "수락", "거절",
];
