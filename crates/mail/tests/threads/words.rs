//! Words of many languages, of which random sentences are made, and how people of each end a letter.

/// What a random message in a language is made of.
pub struct Language {
    /// Common words, none of which begins an attribution by itself more often than in a letter.
    pub words: &'static [&'static str],
    /// What stands between two words.
    pub blank: &'static str,
    /// The end of a sentence.
    pub stop: &'static str,
    pub greeting: &'static str,
    pub closing: &'static str,
    /// What a telephone puts under a message.
    pub footer: &'static str,
}

const fn spaced(
    words: &'static [&'static str],
    greeting: &'static str,
    closing: &'static str,
    footer: &'static str,
) -> Language {
    Language {
        words,
        blank: " ",
        stop: ".",
        greeting,
        closing,
        footer,
    }
}

const fn unspaced(
    words: &'static [&'static str],
    greeting: &'static str,
    closing: &'static str,
    footer: &'static str,
) -> Language {
    Language {
        words,
        blank: "",
        stop: "。",
        greeting,
        closing,
        footer,
    }
}

/// Twenty-eight languages.
#[rustfmt::skip]
pub const LANGUAGES: &[Language] = &[
    spaced(&["the", "letter", "on", "from", "we", "sent", "meeting", "to", "wrote", "and", "date", "is", "in", "office", "said", "monday"],
        "Hi Ann,", "Best regards,", "Sent from my iPhone"),
    spaced(&["der", "Brief", "am", "von", "wir", "schrieb", "Termin", "an", "und", "Datum", "ist", "im", "Büro", "gesendet", "Montag", "zu"],
        "Hallo Ann,", "Viele Grüße", "Von meinem iPhone gesendet"),
    spaced(&["le", "courrier", "de", "nous", "a", "écrit", "réunion", "à", "et", "objet", "est", "dans", "bureau", "envoyé", "lundi", "pour"],
        "Bonjour Ann,", "Cordialement,", "Envoyé de mon iPhone"),
    spaced(&["el", "correo", "de", "nosotros", "escribió", "reunión", "para", "y", "fecha", "es", "en", "oficina", "enviado", "lunes", "asunto", "la"],
        "Hola Ann:", "Saludos,", "Enviado desde mi iPhone"),
    spaced(&["o", "correio", "de", "em", "escreveu", "reunião", "para", "e", "data", "é", "no", "escritório", "enviado", "segunda", "assunto", "nós"],
        "Olá Ann,", "Atenciosamente,", "Enviado do meu iPhone"),
    spaced(&["il", "messaggio", "da", "noi", "ha", "scritto", "riunione", "a", "e", "data", "è", "in", "ufficio", "inviato", "lunedì", "oggetto"],
        "Ciao Ann,", "Cordiali saluti", "Inviato da iPhone"),
    spaced(&["de", "brief", "op", "van", "wij", "schreef", "afspraak", "aan", "en", "datum", "is", "in", "kantoor", "verzonden", "maandag", "het"],
        "Beste Ann,", "Met vriendelijke groet,", "Verstuurd vanaf mijn iPhone"),
    spaced(&["brevet", "den", "fra", "vi", "skrev", "møde", "til", "og", "dato", "er", "på", "kontoret", "sendt", "mandag", "emne", "om"],
        "Hej Ann,", "Med venlig hilsen", "Sendt fra min iPhone"),
    spaced(&["brevet", "den", "från", "vi", "skrev", "möte", "till", "och", "datum", "är", "på", "kontoret", "skickat", "måndag", "ämne", "om"],
        "Hej Ann,", "Med vänliga hälsningar", "Skickat från min iPhone"),
    spaced(&["kirje", "ja", "me", "kirjoitti", "kokous", "on", "päivä", "toimisto", "lähetetty", "maanantai", "aihe", "sitten", "asia", "tämä", "mutta", "kun"],
        "Hei Ann,", "Ystävällisin terveisin", "Lähetetty iPhonesta"),
    spaced(&["list", "w", "od", "my", "napisał", "spotkanie", "do", "i", "data", "jest", "biurze", "wysłano", "poniedziałek", "temat", "że", "na"],
        "Cześć Ann,", "Pozdrawiam", "Wysłane z iPhone'a"),
    spaced(&["dopis", "dne", "od", "my", "napsal", "schůzka", "komu", "a", "datum", "je", "v", "kanceláři", "odesláno", "pondělí", "předmět", "na"],
        "Ahoj Ann,", "S pozdravem", "Odesláno z iPhonu"),
    spaced(&["list", "dňa", "od", "my", "napísal", "stretnutie", "komu", "a", "dátum", "je", "v", "kancelárii", "odoslané", "pondelok", "predmet", "na"],
        "Ahoj Ann,", "S pozdravom", "Odoslané z iPhonu"),
    spaced(&["levél", "a", "írta", "mi", "találkozó", "és", "dátum", "van", "iroda", "elküldve", "hétfő", "tárgy", "hogy", "ezt", "ami", "nem"],
        "Szia Ann,", "Üdvözlettel", "iPhone-ról küldve"),
    spaced(&["scrisoarea", "de", "noi", "a", "scris", "întâlnire", "la", "și", "data", "este", "în", "birou", "trimis", "luni", "subiect", "pe"],
        "Bună Ann,", "Cu stimă,", "Trimis de pe iPhone-ul meu"),
    spaced(&["pismo", "u", "od", "mi", "napisao", "sastanak", "za", "i", "datum", "je", "uredu", "poslano", "ponedjeljak", "naslov", "da", "na"],
        "Bok Ann,", "Srdačan pozdrav", "Poslano s iPhonea"),
    spaced(&["письмо", "в", "от", "мы", "написал", "встреча", "кому", "и", "дата", "это", "на", "работе", "отправлено", "понедельник", "тема", "что"],
        "Здравствуйте, Анна!", "С уважением,", "Отправлено с iPhone"),
    spaced(&["лист", "в", "від", "ми", "написав", "зустріч", "кому", "і", "дата", "це", "на", "роботі", "надіслано", "понеділок", "тема", "що"],
        "Вітаю, Анно!", "З повагою,", "Надіслано з iPhone"),
    spaced(&["писмо", "на", "от", "ние", "написа", "среща", "до", "и", "дата", "е", "в", "офиса", "изпратено", "понеделник", "относно", "че"],
        "Здравей, Анна,", "Поздрави,", "Изпратено от моя iPhone"),
    spaced(&["το", "γράμμα", "από", "εμείς", "έγραψε", "συνάντηση", "προς", "και", "ημερομηνία", "είναι", "στο", "γραφείο", "εστάλη", "δευτέρα", "θέμα", "για"],
        "Γεια σου Ann,", "Με εκτίμηση,", "Στάλθηκε από το iPhone μου"),
    spaced(&["mektup", "bir", "biz", "yazdı", "toplantı", "ve", "tarih", "bu", "ofiste", "gönderildi", "pazartesi", "konu", "için", "ama", "ile", "sonra"],
        "Merhaba Ann,", "Saygılarımla,", "iPhone'umdan gönderildi"),
    spaced(&["surat", "pada", "dari", "kami", "menulis", "rapat", "kepada", "dan", "tanggal", "ini", "di", "kantor", "dikirim", "senin", "perihal", "untuk"],
        "Halo Ann,", "Salam hormat,", "Dikirim dari iPhone saya"),
    spaced(&["thư", "vào", "từ", "chúng", "viết", "họp", "đến", "và", "ngày", "là", "ở", "văn", "phòng", "gửi", "thứ", "chủ"],
        "Chào Ann,", "Trân trọng,", "Đã gửi từ iPhone của tôi"),
    spaced(&["המכתב", "אנחנו", "כתב", "פגישה", "אל", "וגם", "תאריך", "זה", "במשרד", "נשלח", "שני", "נושא", "של", "את", "על", "כי"],
        "שלום אן,", "בברכה,", "נשלח מה-iPhone שלי"),
    spaced(&["الرسالة", "في", "من", "نحن", "كتب", "اجتماع", "إلى", "و", "تاريخ", "هذا", "المكتب", "أرسلت", "الاثنين", "موضوع", "على", "أن"],
        "مرحبا آن،", "مع التحية،", "أرسلت من الـ iPhone"),
    spaced(&["पत्र", "को", "से", "हम", "लिखा", "बैठक", "और", "तारीख", "है", "में", "कार्यालय", "भेजा", "सोमवार", "विषय", "यह", "कि"],
        "नमस्ते ऐन,", "सादर,", "मेरे iPhone से भेजा गया"),
    unspaced(&["手紙", "私たち", "会議", "日付", "事務所", "送信", "月曜日", "件名", "これ", "そして", "から", "まで", "今日", "明日", "資料", "予定"],
        "アン様", "よろしくお願いいたします。", "iPhoneから送信"),
    unspaced(&["我们", "会议", "日期", "办公室", "发送", "星期一", "主题", "这个", "和", "从", "到", "今天", "明天", "资料", "计划", "问题"],
        "Ann，你好：", "此致", "发自我的 iPhone"),
];
