use super::*;
use proptest::prelude::*;

/// Sentences as people write them in mail; none was used to choose the words.
const SENTENCES: &[(&str, &str)] = &[
    (
        "en",
        "Could you send me the invoice again? I think the first one got lost.",
    ),
    (
        "de",
        "Können Sie mir die Rechnung noch einmal schicken? Ich glaube, die erste ging verloren.",
    ),
    (
        "fr",
        "Pourriez-vous m'envoyer la facture une nouvelle fois ? La première s'est perdue, je crois.",
    ),
    (
        "es",
        "¿Me podría enviar la factura otra vez? Creo que la primera se perdió.",
    ),
    (
        "pt",
        "Você poderia me enviar a fatura novamente? Acho que a primeira não chegou.",
    ),
    (
        "it",
        "Potrebbe inviarmi di nuovo la fattura? Credo che la prima sia andata persa.",
    ),
    (
        "nl",
        "Kunt u mij de factuur nog een keer sturen? Ik denk dat de eerste zoek is geraakt.",
    ),
    (
        "sv",
        "Kan du skicka fakturan igen? Jag tror att den första har försvunnit.",
    ),
    (
        "da",
        "Kan du sende mig fakturaen igen? Jeg tror, at den første er blevet væk, hvis jeg husker rigtigt.",
    ),
    (
        "nb",
        "Kan du sende meg fakturaen på nytt? Jeg tror at den første ble borte, hva skjedde etter det?",
    ),
    (
        "fi",
        "Voisitko lähettää laskun uudelleen? Luulen, että ensimmäinen on kadonnut.",
    ),
    (
        "pl",
        "Czy możesz przesłać mi fakturę jeszcze raz? Myślę, że pierwsza się zgubiła.",
    ),
    (
        "cs",
        "Můžete mi prosím poslat fakturu ještě jednou? Myslím, že se první ztratila.",
    ),
    (
        "sk",
        "Môžete mi prosím poslať faktúru ešte raz? Myslím, že sa prvá stratila.",
    ),
    (
        "hu",
        "El tudná küldeni nekem a számlát még egyszer? Azt hiszem, az első elveszett.",
    ),
    (
        "ro",
        "Îmi puteți trimite factura încă o dată? Cred că prima s-a pierdut.",
    ),
    (
        "hr",
        "Možete li mi poslati račun još jednom? Mislim da se prvi izgubio prije nego što sam ga vidio.",
    ),
    (
        "sl",
        "Mi lahko še enkrat pošljete račun? Mislim, da se je prvi izgubil.",
    ),
    (
        "et",
        "Kas te saaksite mulle arve uuesti saata? Ma arvan, et esimene läks kaduma.",
    ),
    (
        "lv",
        "Vai varat man vēlreiz atsūtīt rēķinu? Man šķiet, ka pirmais ir pazudis.",
    ),
    (
        "lt",
        "Ar galite man dar kartą atsiųsti sąskaitą? Manau, kad pirmoji dingo.",
    ),
    (
        "tr",
        "Faturayı bana bir kez daha gönderebilir misiniz? Sanırım ilki kayboldu.",
    ),
    (
        "vi",
        "Anh có thể gửi lại cho tôi hóa đơn được không? Tôi nghĩ bản đầu tiên đã bị thất lạc.",
    ),
    (
        "id",
        "Bisakah Anda mengirim fakturnya sekali lagi? Saya rasa yang pertama hilang karena tidak ada di sini.",
    ),
    (
        "ca",
        "Em podeu enviar la factura una altra vegada? Crec que la primera s'ha perdut, gràcies.",
    ),
    (
        "is",
        "Getur þú sent mér reikninginn aftur? Ég held að sá fyrsti hafi týnst.",
    ),
    (
        "sq",
        "A mund të ma dërgoni faturën edhe një herë? Mendoj se e para ka humbur.",
    ),
    (
        "ru",
        "Не могли бы вы прислать мне счёт ещё раз? Кажется, первый потерялся.",
    ),
    (
        "uk",
        "Чи не могли б ви надіслати мені рахунок ще раз? Здається, перший загубився.",
    ),
    (
        "bg",
        "Бихте ли ми изпратили фактурата още веднъж? Мисля, че първата се е изгубила.",
    ),
    (
        "sr",
        "Можете ли да ми пошаљете рачун још једном? Мислим да се први изгубио.",
    ),
    (
        "be",
        "Ці не маглі б вы даслаць мне рахунак яшчэ раз? Здаецца, першы згубіўся.",
    ),
    ("el", "Μπορείτε να μου στείλετε ξανά το τιμολόγιο;"),
    ("he", "תוכל לשלוח לי שוב את החשבונית?"),
    (
        "ar",
        "هل يمكنك إرسال الفاتورة مرة أخرى؟ أعتقد أن الأولى قد ضاعت.",
    ),
    (
        "fa",
        "آیا می‌توانید فاکتور را دوباره برای من بفرستید؟ فکر می‌کنم اولی گم شده است.",
    ),
    (
        "ur",
        "کیا آپ مجھے بل دوبارہ بھیج سکتے ہیں؟ میرا خیال ہے کہ پہلا گم ہو گیا ہے۔",
    ),
    (
        "hi",
        "क्या आप मुझे चालान फिर से भेज सकते हैं? मुझे लगता है कि पहला खो गया है।",
    ),
    ("th", "ช่วยส่งใบแจ้งหนี้ให้ผมอีกครั้งได้ไหมครับ"),
    ("ja", "請求書をもう一度送っていただけますか。"),
    ("zh", "请您再把发票发给我一次好吗？"),
    ("ko", "청구서를 다시 한 번 보내 주시겠어요?"),
    ("ka", "შეგიძლიათ ანგარიში ხელახლა გამომიგზავნოთ?"),
    ("hy", "Կարո՞ղ եք հաշիվը նորից ուղարկել։"),
    ("bn", "আপনি কি আমাকে চালানটি আবার পাঠাতে পারেন?"),
    ("ta", "விலைப்பட்டியலை மீண்டும் அனுப்ப முடியுமா?"),
];

#[test]
fn sentences_are_told_apart() {
    let wrong: Vec<_> = SENTENCES
        .iter()
        .map(|(code, text)| (*code, language(text)))
        .filter(|(code, found)| found.map(|found| found.code) != Some(*code))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn short_answers_are_told_apart_or_left_open() {
    for (code, text) in [
        (Some("en"), "Yes, thanks!"),
        (Some("de"), "Danke, passt."),
        (Some("fr"), "Oui, merci beaucoup"),
        (Some("es"), "Muchas gracias"),
        (Some("pl"), "Dziękuję"),
        (Some("ru"), "Спасибо, понял"),
        (Some("zh"), "好的，谢谢"),
        (Some("ja"), "ありがとう"),
        (None, "OK"),
        (None, "12345"),
        (None, ""),
        (None, "https://a.example/the/and/of ann@the.example"),
        (None, "qwrt zxcv plmk"),
    ] {
        assert_eq!(language(text).map(|found| found.code), code, "{text}");
    }
}

#[test]
fn the_table_is_in_order() {
    assert!(
        WORDS
            .windows(2)
            .all(|pair| pair[0].0.as_bytes() < pair[1].0.as_bytes())
    );
    assert!(WORDS.iter().all(|(_, languages)| *languages != 0));
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,400}") {
        if let Some(found) = language(&text) {
            prop_assert!((50..=100).contains(&found.confidence));
        }
    }
}
