//! How mail clients write an answer: what they put between the new words and the old ones.

/// The old message's author and when it was written, as a client of that language shows it.
pub const ATTRIBUTIONS: &[(&str, &str)] = &[
    (
        "en",
        "On Tue, Aug 25, 2026 at 10:41 AM Ann Lee <ann@a.example> wrote:",
    ),
    ("en", "On 8/25/2026 10:41 AM, Ann Lee wrote:"),
    (
        "de",
        "Am Di., 25. Aug. 2026 um 10:41 Uhr schrieb Ann Lee <ann@a.example>:",
    ),
    (
        "fr",
        "Le mar. 25 août 2026 à 10:41, Ann Lee <ann@a.example> a écrit :",
    ),
    (
        "es",
        "El mar, 25 ago 2026 a las 10:41, Ann Lee (<ann@a.example>) escribió:",
    ),
    (
        "pt",
        "Em ter., 25 de ago. de 2026 às 10:41, Ann Lee <ann@a.example> escreveu:",
    ),
    (
        "it",
        "Il giorno mar 25 ago 2026 alle ore 10:41 Ann Lee <ann@a.example> ha scritto:",
    ),
    (
        "nl",
        "Op di 25 aug 2026 om 10:41 schreef Ann Lee <ann@a.example>:",
    ),
    (
        "da",
        "Den tir. 25. aug. 2026 kl. 10.41 skrev Ann Lee <ann@a.example>:",
    ),
    (
        "no",
        "tir. 25. aug. 2026 kl. 10:41 skrev Ann Lee <ann@a.example>:",
    ),
    (
        "sv",
        "Den tis 25 aug. 2026 kl 10:41 skrev Ann Lee <ann@a.example>:",
    ),
    (
        "fi",
        "ti 25. elok. 2026 klo 10.41 Ann Lee (ann@a.example) kirjoitti:",
    ),
    (
        "is",
        "þri., 25. ágú. 2026 kl. 10:41 skrifaði Ann Lee <ann@a.example>:",
    ),
    (
        "pl",
        "W dniu wt., 25 sie 2026 o 10:41 Ann Lee <ann@a.example> napisał(a):",
    ),
    (
        "cs",
        "út 25. 8. 2026 v 10:41 odesílatel Ann Lee <ann@a.example> napsal:",
    ),
    (
        "sk",
        "ut 25. 8. 2026 o 10:41 Ann Lee <ann@a.example> napísal(a):",
    ),
    (
        "hu",
        "Ann Lee <ann@a.example> ezt írta (időpont: 2026. aug. 25., K, 10:41):",
    ),
    (
        "ro",
        "În mar., 25 aug. 2026 la 10:41, Ann Lee <ann@a.example> a scris:",
    ),
    (
        "hr",
        "uto, 25. kol 2026. u 10:41 Ann Lee <ann@a.example> napisao je:",
    ),
    (
        "sl",
        "V V tor., 25. avg. 2026 ob 10:41 je oseba Ann Lee <ann@a.example> napisala:",
    ),
    (
        "ru",
        "вт, 25 авг. 2026 г. в 10:41, Ann Lee <ann@a.example>:",
    ),
    (
        "uk",
        "вт, 25 серп. 2026 р. о 10:41 Ann Lee <ann@a.example> пише:",
    ),
    (
        "bg",
        "На вт, 25.08.2026 г. в 10:41 Ann Lee <ann@a.example> написа:",
    ),
    (
        "el",
        "Στις Τρί 25 Αυγ 2026 στις 10:41 π.μ., ο χρήστης Ann Lee <ann@a.example> έγραψε:",
    ),
    (
        "tr",
        "Ann Lee <ann@a.example>, 25 Ağu 2026 Sal, 10:41 tarihinde şunu yazdı:",
    ),
    ("lt", "2026-08-25, an, 10:41 Ann Lee <ann@a.example> rašė:"),
    (
        "et",
        "Kuupäev T, 25. august 2026 kell 10:41 kirjutas Ann Lee <ann@a.example>:",
    ),
    (
        "id",
        "Pada tanggal Sel, 25 Agu 2026 10.41, Ann Lee <ann@a.example> menulis:",
    ),
    (
        "vi",
        "Vào Th 3, 25 thg 8, 2026 vào lúc 10:41 Ann Lee <ann@a.example> đã viết:",
    ),
    (
        "he",
        "בתאריך יום ג׳, 25 באוג׳ 2026 ב-10:41 מאת Ann Lee <ann@a.example>:",
    ),
    ("ja", "2026年8月25日(火) 10:41 Ann Lee <ann@a.example>:"),
    (
        "zh",
        "Ann Lee <ann@a.example> 于2026年8月25日周二 10:41写道：",
    ),
    (
        "ko",
        "2026년 8월 25일 (화) 오전 10:41, Ann Lee <ann@a.example>님이 작성:",
    ),
    (
        "hi",
        "मंगल, 25 अग॰ 2026 को 10:41 पूर्वाह्न बजे को Ann Lee <ann@a.example> ने लिखा:",
    ),
    (
        "th",
        "ในวันที่ อ. 25 ส.ค. 2026 เวลา 10:41 Ann Lee <ann@a.example> เขียนว่า:",
    ),
];

/// The headers Outlook and its kin put above an old message.
pub const HEADERS: &[[&str; 4]] = &[
    [
        "From: Ann Lee <ann@a.example>",
        "Sent: Tuesday, August 25, 2026 10:41",
        "To: Bob",
        "Subject: Plan",
    ],
    [
        "Von: Ann Lee",
        "Gesendet: Dienstag, 25. August 2026 10:41",
        "An: Bob",
        "Betreff: Plan",
    ],
    [
        "De : Ann Lee",
        "Envoyé : mardi 25 août 2026 10:41",
        "À : Bob",
        "Objet : Plan",
    ],
    [
        "De: Ann Lee",
        "Enviado el: martes, 25 de agosto de 2026 10:41",
        "Para: Bob",
        "Asunto: Plan",
    ],
    [
        "De: Ann Lee",
        "Enviada em: terça-feira, 25 de agosto de 2026 10:41",
        "Para: Bob",
        "Assunto: Plan",
    ],
    [
        "Da: Ann Lee",
        "Inviato: martedì 25 agosto 2026 10:41",
        "A: Bob",
        "Oggetto: Plan",
    ],
    [
        "Van: Ann Lee",
        "Verzonden: dinsdag 25 augustus 2026 10:41",
        "Aan: Bob",
        "Onderwerp: Plan",
    ],
    [
        "Fra: Ann Lee",
        "Sendt: 25. august 2026 10:41",
        "Til: Bob",
        "Emne: Plan",
    ],
    [
        "Från: Ann Lee",
        "Skickat: den 25 augusti 2026 10:41",
        "Till: Bob",
        "Ämne: Plan",
    ],
    [
        "Lähettäjä: Ann Lee",
        "Lähetetty: tiistai 25. elokuuta 2026 10.41",
        "Vastaanottaja: Bob",
        "Aihe: Plan",
    ],
    [
        "Od: Ann Lee",
        "Wysłano: wtorek, 25 sierpnia 2026 10:41",
        "Do: Bob",
        "Temat: Plan",
    ],
    [
        "Od: Ann Lee",
        "Odesláno: úterý 25. srpna 2026 10:41",
        "Komu: Bob",
        "Předmět: Plan",
    ],
    [
        "Feladó: Ann Lee",
        "Elküldve: 2026. augusztus 25., kedd 10:41",
        "Címzett: Bob",
        "Tárgy: Plan",
    ],
    [
        "От: Ann Lee",
        "Отправлено: 25 августа 2026 г. 10:41",
        "Кому: Bob",
        "Тема: Plan",
    ],
    [
        "Kimden: Ann Lee",
        "Gönderildi: 25 Ağustos 2026 Salı 10:41",
        "Kime: Bob",
        "Konu: Plan",
    ],
    [
        "差出人: Ann Lee",
        "送信日時: 2026年8月25日 10:41",
        "宛先: Bob",
        "件名: Plan",
    ],
    [
        "发件人: Ann Lee",
        "发送时间: 2026年8月25日 10:41",
        "收件人: Bob",
        "主题: Plan",
    ],
    [
        "보낸 사람: Ann Lee",
        "보낸 날짜: 2026년 8월 25일",
        "받는 사람: Bob",
        "제목: Plan",
    ],
];

/// Lines drawn above an old message.
pub const DIVIDERS: &[&str] = &[
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Mensaje original-----",
    "-----Messaggio originale-----",
    "------------------ 原始邮件 ------------------",
    "------------------ Original ------------------",
    "##- Please type your reply above this line -##",
];

/// Attributions of languages and programs that no table has: only the old message proves them.
pub const UNKNOWN: &[&str] = &[
    "Ar 25 Awst 2026 10:41, ysgrifennodd Ann Lee <ann@a.example>:",
    "2026(e)ko abuztuaren 25(a) 10:41, Ann Lee erabiltzaileak hau idatzi du:",
    "Tarehe 25 Ago 2026 saa 10:41, Ann Lee <ann@a.example> aliandika:",
    "~~~ ticket 4711, 2026-08-25, Ann Lee:",
    "Ann Lee · 25.08.2026 10:41 · <ann@a.example>",
];

/// HTML around an old message; `{at}` is the attribution, `{old}` the old HTML.
pub const WRAPPERS: &[&str] = &[
    // Gmail
    r#"<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{at}<br></div><blockquote class="gmail_quote">{old}</blockquote></div>"#,
    // Apple Mail
    r#"<div><br><blockquote type="cite"><div>{at}</div><br><div>{old}</div></blockquote></div><br>"#,
    // Thunderbird
    r#"<div class="moz-cite-prefix">{at}<br></div><blockquote type="cite" cite="mid:1@a.example">{old}</blockquote>"#,
    // Outlook for Windows
    r#"<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">{at}</p></div></div>{old}"#,
    // Outlook on the web
    r#"<div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg"><b>{at}</b></div><div>{old}</div>"#,
    // Outlook for telephones
    r#"<div id="mail-editor-reference-message-container"><div>{at}</div><div>{old}</div></div>"#,
    // Yahoo
    r#"<div id="ydp1yahoo_quoted_7" class="ydp1yahoo_quoted"><div>{at}</div><div>{old}</div></div>"#,
    // Zimbra
    r#"<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">{at}</div><div data-marker="__QUOTED_TEXT__">{old}</div>"#,
    // Proton
    r#"<div class="protonmail_quote">{at}<br><blockquote class="protonmail_quote" type="cite">{old}</blockquote></div>"#,
    // Zoho
    r#"<div class="zmail_extra"><div>{at}</div><blockquote id="blockquote_zmail">{old}</blockquote></div>"#,
    // Spark
    r#"<div name="messageReplySection">{at}<br><blockquote type="cite">{old}</blockquote></div>"#,
    // GMX and web.de
    r#"<div name="quote" style="margin:10px;border-left:2px solid #C3D9E5"><div>{at}</div>{old}</div>"#,
    // NetEase
    r#"<pre>{at}</pre><blockquote id="isReplyContent">{old}</blockquote>"#,
    // Roundcube
    r#"<p id="reply-intro">{at}</p><blockquote type="cite">{old}</blockquote>"#,
    // Airmail
    r#"<p class="airmail_on">{at}</p><blockquote type="cite" class="clean_bq">{old}</blockquote>"#,
    // Mailspring
    r#"<div class="gmail_quote_attribution">{at}</div><blockquote>{old}</blockquote>"#,
    // Front
    r#"<div>{at}</div><blockquote class="front-blockquote">{old}</blockquote>"#,
    // Mailbird
    r#"<blockquote class="history_container" type="cite"><p>{at}</p>{old}</blockquote>"#,
    // Tutanota
    r#"<div>{at}</div><blockquote class="tutanota_quote">{old}</blockquote>"#,
    // Windows Mail
    r#"<div style="padding-top: 5px; border-top-color: rgb(229, 229, 229); border-top-width: 1px; border-top-style: solid;"><div>{at}</div></div>{old}"#,
    // Yandex
    r#"<div>{at}</div><blockquote>{old}</blockquote>"#,
];
