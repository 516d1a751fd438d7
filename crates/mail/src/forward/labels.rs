//! The header labels mail clients write above a forwarded message, by meaning. Lower case, NFC.
//!
//! Sources: the forwards of Gmail, Outlook (desktop, web, 2019, Mac), Apple Mail, Thunderbird,
//! Yahoo, HubSpot, Lotus Notes, QQ, NetEase, Naver and Open-Xchange in each language. Languages in
//! the order English, German, French, Spanish, Catalan, Galician, Basque, Portuguese, Italian,
//! Dutch, Danish, Norwegian, Swedish, Icelandic, Finnish, Estonian, Latvian, Lithuanian, Polish,
//! Czech, Slovak, Hungarian, Romanian, Slovene, Croatian, Serbian, Macedonian, Bulgarian, Russian,
//! Ukrainian, Greek, Turkish, Hebrew, Arabic, Persian, Hindi, Indonesian, Malay, Vietnamese, Thai,
//! Chinese, Japanese, Korean.

/// What a labelled line of a header block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    From,
    Date,
    To,
    Cc,
    Subject,
    /// Stands among the others and proves nothing.
    Other,
}

/// The meaning of a label in lower case, without its colon.
pub(super) fn meaning(name: &str) -> Option<Label> {
    LABELS
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(label, _)| *label)
}

/// Octets of the longest label, generously.
pub(super) const LONGEST: usize = 64;

#[rustfmt::skip]
const LABELS: &[(Label, &[&str])] = &[
    (Label::From, &[
        "from", "sender", "von", "absender", "de", "expéditeur", "remitente", "remitent", "nork", "igorlea",
        "remetente", "da", "mittente", "van", "afzender", "fra", "afsender", "avsender", "från",
        "avsändare", "frá", "sendandi", "lähettäjä", "saatja", "kellelt", "no", "sūtītājs", "nuo",
        "siuntėjas", "od", "nadawca", "odesílatel", "odosielateľ", "feladó", "küldő", "de la",
        "expeditor", "pošiljatelj", "šalje", "pošalje", "pošiljalac", "шаље", "од", "испраќач",
        "от", "подател", "от кого", "отправитель", "від", "від кого", "відправник", "από",
        "αποστολέας", "kimden", "gönderen", "מאת", "من", "المرسل", "از", "فرستنده", "प्रेषक", "से",
        "dari", "pengirim", "daripada", "từ", "người gửi", "จาก", "发件人", "发送人", "发信人",
        "寄件者", "寄件人", "發件人", "差出人", "送信者", "発信者", "送信元", "보낸 사람", "보낸사람", "보낸이",
        "발신", "발신자", "보내는 사람",
    ]),
    (Label::Date, &[
        "date", "sent", "sent at", "date sent", "sent on", "datum", "gesendet", "gesendet am", "envoyé",
        "envoyé le", "envoyée", "date d'envoi", "fecha", "enviado", "enviado el", "enviado a las",
        "fecha de envío", "enviat", "enviat el", "data", "data d'enviament", "bidalia", "bidaltze-data",
        "enviada", "enviada em", "enviado em", "enviada a", "data de envio", "inviato", "inviata",
        "inviato il", "data invio", "verzonden", "verzonden op", "verstuurd", "dato", "sendt",
        "skickat", "skickades", "dagsetning", "sent þann", "päivämäärä", "päiväys", "pvm",
        "lähetetty", "aika", "kuupäev", "saadetud", "saatmisaeg", "datums", "nosūtīts", "nosūtīšanas datums",
        "išsiųsta", "wysłano", "wysłane", "wysłany", "data wysłania", "odesláno", "datum odeslání",
        "odoslané", "odoslaná", "odoslaný", "dátum odoslania", "dátum", "elküldve", "küldve", "küldés dátuma", "trimis",
        "trimisă", "trimis la", "dată", "data trimiterii", "poslano", "poslato", "датум", "послато",
        "испратено", "дата", "изпратено", "изпратено на", "отправлено", "отправлен", "дата отправки",
        "надіслано", "відправлено", "дата надсилання", "ημερομηνία", "ημ/νία", "εστάλη", "στάλθηκε", "απεσταλμένα",
        "αποστολή", "tarih", "gönderildi", "gönderim tarihi", "gönderme tarihi", "gönderilme tarihi", "gönderilen",
        "תאריך", "נשלח", "נשלח בתאריך", "תאריך שליחה", "التاريخ", "تاريخ", "تم الإرسال", "تاريخ الإرسال",
        "تاریخ", "ارسال شده", "दिनांक", "तारीख", "भेजा गया", "tanggal", "dikirim", "terkirim", "tarikh",
        "dihantar", "ngày", "đã gửi", "ngày gửi", "thời gian", "วันที่", "ส่ง", "ส่งเมื่อ", "日期",
        "时间", "時間", "发送时间", "发送日期", "傳送時間", "寄件日期", "傳送日期", "發送時間", "送信日時",
        "日付", "日時", "送信", "送信日", "보낸 날짜", "보낸날짜", "날짜", "보낸 시간", "발송일", "일시", "발신일",
    ]),
    (Label::To, &[
        "to", "recipient", "recipients", "an", "empfänger", "à", "pour", "destinataire", "destinataires",
        "para", "destinatario", "destinatarios", "a", "per a", "per", "destinatari", "nori", "hartzailea",
        "destinatário", "destinatários", "aan", "geadresseerde", "ontvanger", "til", "modtager",
        "mottaker", "till", "mottagare", "viðtakandi", "vastaanottaja", "vastaanottajat", "saaja",
        "kellele", "kam", "saņēmējs", "gavėjas", "do", "adresat", "odbiorca", "komu", "pro", "příjemce",
        "prijemca", "príjemca", "címzett", "către", "pentru", "destinatar", "za", "prejemnik", "prima", "primatelj",
        "primalac", "кому", "до", "получател", "прима", "за", "получатель", "одержувач", "προς", "παραλήπτης",
        "kime", "alıcı", "אל", "נמען", "إلى", "الى", "المستلم", "به", "گیرنده", "प्रति", "को", "kepada", "untuk",
        "penerima", "ke", "đến", "tới", "người nhận", "gửi đến", "ถึง", "收件人", "收件者", "收信人",
        "宛先", "受信者", "送信先", "받는 사람", "받는사람", "받는이", "수신", "수신자",
    ]),
    (Label::Cc, &[
        "cc", "bcc", "ccn", "cci", "cco", "kopie", "kopie (cc)", "kopie an", "blindkopie", "copie",
        "copie à", "copie carbone", "copia", "copia a", "còpia", "a/c", "c/c", "kopia", "cópia", "com cópia", "kopi",
        "kopio", "afrit", "koopia", "kopija", "dw", "do wiadomości", "udw", "kopii", "másolat",
        "másolatot kap", "kópia", "skrytá kopie", "kp", "копија", "копие", "копия", "копія", "кк", "κοιν",
        "κοιν.", "κοινοποίηση", "bilgi", "עותק", "העתק", "نسخة", "نسخة إلى", "نسخه", "رونوشت",
        "प्रतिलिपि", "tembusan", "salinan", "đồng gửi", "สำเนา", "สำเนาถึง", "抄送", "抄送人", "副本",
        "副本抄送", "密件抄送", "写し", "参照", "참조", "숨은참조", "숨은 참조",
    ]),
    (Label::Subject, &[
        "subject", "title", "betreff", "betrifft", "objet", "sujet", "asunto", "assumpte", "tema", "gaia", "assunto",
        "oggetto", "onderwerp", "emne", "ämne", "efni", "aihe", "teema", "temats", "temat", "předmět",
        "věc", "predmet", "tárgy", "subiect", "subiectul", "zadeva", "naslov", "наслов", "предмет",
        "тема", "относно", "тема письма", "θέμα", "konu", "נושא", "موضوع", "الموضوع", "عنوان",
        "विषय", "subjek", "perihal", "judul", "subyek", "chủ đề", "tiêu đề", "เรื่อง", "หัวเรื่อง", "หัวข้อ",
        "主题", "主題", "主旨", "标题", "標題", "件名", "題名", "표제", "제목",
    ]),
    (Label::Other, &[
        "reply-to", "reply to", "antwort an", "antworten an", "répondre à", "responder a", "responder para",
        "rispondi a", "antwoord aan", "beantwoorden", "svar til", "svar-til", "svara till", "svarsadress",
        "vastausosoite", "vastaa osoitteeseen", "odpowiedz do", "odpověď na", "odpověď komu", "odpovědět komu",
        "odpovedať komu", "válaszcím", "răspunde la", "răspuns către", "odgovori na", "odgovori", "обратный адрес", "ответить",
        "відповісти", "зворотна адреса", "yanıt adresi", "yanıtla", "返信先", "답장 받는 사람", "回复", "回复至", "回覆",
        "resent-from", "resent-to", "resent-date", "mailed-by", "signed-by", "via", "on behalf of",
        "organization", "organisation", "x-mailer", "message-id", "importance", "priority", "sensitivity",
        "wichtigkeit", "priorität", "importancia", "prioridad", "importância", "prioridade", "importanza",
        "priorità", "importance ", "urgentie", "prioriteit", "prioritet", "prioritet ", "ważność",
        "důležitost", "fontosság", "важность", "önem", "重要度", "重要性", "중요도", "attachments", "attachment",
        "anlagen", "anlage", "anhänge", "pièces jointes", "pièce jointe", "datos adjuntos", "adjuntos",
        "anexos", "anexo", "allegati", "allegato", "bijlagen", "bijlage", "vedhæftede filer", "vedlegg",
        "bifogade filer", "liitteet", "załączniki", "přílohy", "prílohy", "mellékletek", "atașamente",
        "вложения", "вкладення", "ekler", "附件", "添付ファイル", "첨부파일", "첨부 파일", "conversation",
        "categories", "kategorien", "followup-to", "newsgroups", "list-id", "user-agent",
    ]),
];
