//! How languages introduce a quotation: `On <date>, <name> wrote:`. In lower case.

/// How a language introduces a quotation: `On <date>, <name> wrote:`.
pub(in crate::reply) struct Attribution {
    /// Words the line begins with. A line may also begin with the date or the name.
    pub(in crate::reply) starts: &'static [&'static str],
    /// Verbs, one of which must follow.
    pub(in crate::reply) verbs: &'static [&'static str],
    /// Words are not divided by blanks: verbs are looked for anywhere.
    pub(in crate::reply) unspaced: bool,
}

const fn spaced(starts: &'static [&'static str], verbs: &'static [&'static str]) -> Attribution {
    Attribution {
        starts,
        verbs,
        unspaced: false,
    }
}

const fn unspaced(starts: &'static [&'static str], verbs: &'static [&'static str]) -> Attribution {
    Attribution {
        starts,
        verbs,
        unspaced: true,
    }
}

pub(in crate::reply) const ATTRIBUTIONS: &[Attribution] = &[
    // English
    spaced(
        &["on ", "at ", "in ", "quoting ", "date: "],
        &[
            "wrote",
            "writes",
            "said",
            "sent",
            "replied",
            "has written",
            "quoting",
        ],
    ),
    // German
    spaced(
        &["am ", "an ", "den ", "zitat von ", "zitiere ", "vom "],
        &[
            "zitat",
            "schrieb",
            "schrieben",
            "geschrieben",
            "hat geschrieben",
        ],
    ),
    // French
    spaced(
        &["le ", "message du "],
        &[
            "a écrit",
            "a ecrit",
            "écrivait",
            "écrit",
            "à écrit",
            "a envoyé",
        ],
    ),
    // Spanish, Catalan, Galician
    spaced(
        &[
            "el dia ", "el día ", "o dia ", "el ", "en ", "a las ", "o ", "on ",
        ],
        &[
            "escribió",
            "escribio",
            "ha escrit",
            "va escriure",
            "escribiu",
            "escribe",
        ],
    ),
    // Catalan, as Gmail writes it
    spaced(&["missatge de "], &["del dia"]),
    // Portuguese
    spaced(
        &["em ", "no dia ", "a ", "no "],
        &["escreveu", "escreveram", "enviou", "escrito"],
    ),
    // Italian
    spaced(
        &["il giorno ", "il ", "in data ", "nel "],
        &["ha scritto", "scrive", "scrisse", "ha inviato"],
    ),
    // Dutch, Afrikaans
    spaced(
        &["op ", "in "],
        &["schreef", "geschreven", "schreven", "geskryf"],
    ),
    // Danish, Norwegian, Swedish
    spaced(
        &["den ", "på ", "i ", "fra ", "kl. ", "kl "],
        &[
            "skrev",
            "skreiv",
            "skrevet",
            "skrev følgende",
            "skrifaði",
            "har skrivit",
        ],
    ),
    // Finnish, Estonian
    spaced(
        &["kuupäev "],
        &["kirjoitti", "kirjutas", "kirjutas järgmist"],
    ),
    // Polish
    spaced(
        &[
            "w dniu ",
            "dnia ",
            "w ",
            "użytkownik ",
            "wiadomość napisana przez ",
        ],
        &[
            "napisał",
            "napisała",
            "napisał(a)",
            "napisano",
            "napisana przez",
            "pisze",
        ],
    ),
    // Czech, Slovak
    spaced(
        &["dne ", "dňa ", "od "],
        &[
            "napsal",
            "napsala",
            "napsal(a)",
            "napísal",
            "napísala",
            "napísal(a)",
            "odoslal",
        ],
    ),
    // Hungarian
    spaced(&[], &["írta", "ezt írta", "következőt írta"]),
    // Romanian
    spaced(&["în ", "pe data de ", "la ", "pe "], &["a scris"]),
    // Croatian, Serbian, Slovene
    spaced(
        &["dana ", "dne ", "v ", "v v ", "u "],
        &[
            "napisao",
            "napisao je",
            "napisala je",
            "napisala",
            "napisao/la",
            "piše",
            "je napisal",
            "napisal(a)",
            "написао",
            "напиша",
        ],
    ),
    // Russian, Ukrainian, Bulgarian
    spaced(
        &["в ", "на ", "от ", "у ", "пользователь "],
        &[
            "написал",
            "написала",
            "написал(а)",
            "пишет",
            "писал",
            "писал(а)",
            "пише",
            "написав",
            "написав(ла)",
            "написа",
        ],
    ),
    // Greek
    spaced(
        &["στις ", "την ", "ο ", "η "],
        &["έγραψε", "ο χρήστης έγραψε"],
    ),
    // Turkish
    spaced(
        &[],
        &[
            "yazdı",
            "şunu yazdı",
            "tarihinde",
            "şunları yazdı",
            "yazmış",
        ],
    ),
    // Lithuanian, Latvian
    spaced(&[], &["rašė", "parašė", "rakstīja"]),
    // Indonesian, Malay, Vietnamese
    spaced(
        &["pada tanggal ", "pada ", "vào lúc ", "vào ", "noong "],
        &["menulis", "đã viết", "viết", "sumulat"],
    ),
    // Hebrew, Arabic, Persian
    spaced(
        &["בתאריך ", "ב-", "في ", "در "],
        &["כתב", "כתבה", "כתב/ה", "מאת", "كتب", "كتبت", "نوشت"],
    ),
    // Albanian, Azerbaijani, Belarusian, Macedonian, Georgian, Armenian, Kazakh, Afrikaans
    spaced(
        &["në ", "më ", "на "],
        &[
            "shkroi",
            "yazıb",
            "yazmışdır",
            "напісаў",
            "напісала",
            "піша",
            "напишал",
            "წერს",
            "დაწერა",
            "գրել է",
            "գրեց",
            "жазды",
            "het geskryf",
        ],
    ),
    // Bengali, Gujarati, Marathi, Tamil, Telugu, Kannada, Malayalam, Urdu
    spaced(
        &[],
        &[
            "লিখেছেন",
            "এ লিখেছেন",
            "એ લખ્યું",
            "यांनी लिहिले",
            "லிருந்து எழுதியது",
            "எழுதியது",
            "இல் எழுதியது",
            "ఇలా రాసారు",
            "ఇలా రాశారు",
            "ಅವರು ಬರೆದಿದ್ದಾರೆ",
            "എഴുതി",
            "نے لکھا",
        ],
    ),
    // Chinese
    unspaced(
        &["在", "于", "於"],
        &["写道", "寫道", "撰写", "写到", "來信", "来信"],
    ),
    // Japanese
    unspaced(&[], &["のメール", "書きました", "書き込みました", "wrote"]),
    // Korean
    unspaced(&[], &["작성", "님이", "썼습니다", "보낸 메시지", "쓴 글"]),
    // Thai, Hindi
    unspaced(&["เมื่อ", "ในวันที่"], &["เขียนว่า", "เขียน", "ने लिखा"]),
];
