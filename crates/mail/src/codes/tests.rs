use proptest::prelude::*;

use super::*;

fn text(subject: &str, text: &str) -> Parsed {
    Parsed {
        subject: Some(subject.to_owned()),
        text: Some(text.to_owned()),
        ..Parsed::default()
    }
}

fn html(subject: &str, html: &str) -> Parsed {
    Parsed {
        subject: Some(subject.to_owned()),
        html: Some(html.to_owned()),
        ..Parsed::default()
    }
}

fn code(message: &Parsed) -> Option<String> {
    find(message).code.map(|code| code.value)
}

/// Subject, text, code.
const CODES: &[(&str, &str, &str)] = &[
    (
        "Ihr Bestätigungscode",
        "Guten Tag,\n\nIhr Bestätigungscode lautet 739 204.\n\nEr ist 10 Minuten gültig.\n\nHafenstraße 12, 20457 Hamburg, Tel. 040 123456",
        "739204",
    ),
    (
        "Anmeldung",
        "Geben Sie zur Anmeldung folgenden Sicherheitscode ein:\n\n518203\n\nKundennummer 48291377",
        "518203",
    ),
    (
        "TAN für Ihren Auftrag",
        "Ihre TAN für die Überweisung von 1.250,00 EUR an DE89 3704 0044 0532 0130 00: 402918",
        "402918",
    ),
    (
        "Votre code",
        "Bonjour,\n\nVoici votre code de vérification : 640 271\n\nIl expire dans 5 minutes.\n\n12 rue de la Paix, 75002 Paris",
        "640271",
    ),
    (
        "Connexion",
        "Votre code à usage unique est le 88213. Commande n° 4471902.",
        "88213",
    ),
    (
        "Código de verificación",
        "Hola Ana:\n\nTu código de verificación es 704415.\n\nCalle Mayor 3, 28013 Madrid. Tel. 910 123 456",
        "704415",
    ),
    (
        "Código de acesso",
        "Seu código de acesso é 2291-8830. Não compartilhe.",
        "22918830",
    ),
    (
        "Codice di verifica",
        "Il tuo codice di verifica è: 55 02 91\n\nVia Roma 1, 20121 Milano",
        "550291",
    ),
    (
        "Codice OTP",
        "Il codice OTP per autorizzare il pagamento di 49,90 € è 330187.",
        "330187",
    ),
    (
        "Verificatiecode",
        "Gebruik verificatiecode 904 113 om in te loggen.",
        "904113",
    ),
    (
        "Din bekræftelseskode",
        "Hej,\n\nDin bekræftelseskode er 771 204.",
        "771204",
    ),
    (
        "Vahvistuskoodi",
        "Hei!\n\nVahvistuskoodisi on 48213. Se on voimassa 10 minuuttia.\nMannerheimintie 5, 00100 Helsinki",
        "48213",
    ),
    (
        "Kód",
        "Dobrý den,\n\nváš ověřovací kód je 402 771.\n\nPlatí 10 minut. IČO 27082440",
        "402771",
    ),
    ("Overenie", "Váš overovací kód: 118 203", "118203"),
    (
        "Cod de verificare",
        "Codul tău de verificare este 661 902.",
        "661902",
    ),
    (
        "Код подтверждения",
        "Здравствуйте!\n\nВаш код подтверждения: 4821. Никому его не сообщайте.\n\nЗаказ № 778812",
        "4821",
    ),
    (
        "Пароль",
        "Одноразовый пароль 771 029 для входа в личный кабинет. Сумма 1 200 ₽",
        "771029",
    ),
    ("Код", "Ваш код для входу: 903417", "903417"),
    (
        "Κωδικός επαλήθευσης",
        "Ο κωδικός επαλήθευσής σας είναι 550 218.",
        "550218",
    ),
    (
        "Kode OTP",
        "JANGAN BERIKAN KODE INI. Kode OTP Anda: 3391",
        "3391",
    ),
    (
        "Mã xác thực",
        "Mã xác thực của bạn là 902817. Mã có hiệu lực trong 5 phút.",
        "902817",
    ),
    ("รหัสยืนยัน", "รหัสยืนยันของคุณคือ 551902 ใช้ได้ภายใน 5 นาที", "551902"),
    (
        "קוד אימות",
        "קוד האימות שלך הוא 448120. הקוד תקף ל-10 דקות.",
        "448120",
    ),
    (
        "رمز التحقق",
        "رمز التحقق الخاص بك هو ٤٨٢٠١٣ صالح لمدة 10 دقائق",
        "482013",
    ),
    ("सत्यापन कोड", "आपका सत्यापन कोड 771208 है।", "771208"),
    (
        "인증번호",
        "인증번호는 [402918] 입니다. 3분 이내에 입력해 주세요. 고객센터 1588-1234",
        "402918",
    ),
    (
        "認証コード",
        "お客様の認証コードは「482 193」です。\n有効期限は10分です。\n電話 03-1234-5678",
        "482193",
    ),
    (
        "驗證碼",
        "您的驗證碼是 339201，請於 5 分鐘內輸入。訂單編號 20260310881",
        "339201",
    ),
    (
        "Sign in",
        "Enter this code to sign in:\n\nK7Q-M2X\n\nThis code expires in 15 minutes.",
        "K7Q-M2X",
    ),
    (
        "Log in",
        "Your login code is\n\n4 8 2 9 1 3\n\nNever share it.",
        "482913",
    ),
    ("Your code", "Your verification code: 1984", "1984"),
    (
        "Old and new",
        "The code 118203 is no longer valid. Your new verification code is 902177.",
        "902177",
    ),
    (
        "Verify",
        "Hi,\n\nplease use 660 214 to verify your email address. This code will expire in an hour.\n\nOrder 1120394",
        "660214",
    ),
    (
        "App",
        "Your code is 482913\n\n@app.example #482913",
        "482913",
    ),
];

#[test]
fn codes_are_found_in_the_words_of_many_languages() {
    let mut wrong = Vec::new();
    for (subject, body, want) in CODES {
        let found = code(&text(subject, body));
        if found.as_deref() != Some(*want) {
            wrong.push(format!("{found:?} for {want} in {body}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stands around a code in scripts that have no blanks: what names it, and behind it what says
/// for how long it holds. `#` is the code.
const NEIGHBOURS: &[(&str, &[&str], &[&str])] = &[
    (
        "zh",
        &[
            "您的验证码是 #",
            "验证码：#",
            "验证码#",
            "【某公司】#（验证码）",
            "動態密碼為#",
            "您的验证码为「#」",
        ],
        &[
            "，5分钟内有效",
            ",5分钟内有效。",
            "，５分钟内有效",
            "。5分钟内有效",
            "；5分钟内有效",
            "：5分钟内有效",
            "、5分鐘內有效",
            "，30秒内有效",
            "，1小时内有效",
            "（5分钟内有效）",
            "请在5分钟内输入",
            "，请勿泄露",
            "点击登录",
            "，2026年有效",
        ],
    ),
    (
        "ja",
        &[
            "認証コード：#",
            "認証コードは#",
            "確認番号は「#」",
            "ワンタイムパスワード#",
            "セキュリティコード　#",
        ],
        &[
            "、5分間有効です",
            "，5分間有効です",
            ",5分以内に入力",
            "です。10分で失効します",
            "（10分間有効）",
            "を5分以内に入力してください",
            "。１０分以内に入力してください",
            "/5分間有効",
        ],
    ),
    (
        "ko",
        &[
            "인증번호 #",
            "인증번호는 #",
            "인증번호:#",
            "[어떤회사] 인증번호[#]",
        ],
        &[
            ",5분 이내 입력",
            ", 5분 이내 입력",
            "입니다. 3분 후 만료",
            "을 입력해 주세요",
            "이며,3분간 유효합니다",
            "(5분간 유효)",
            "/3분 이내",
        ],
    ),
    (
        "th",
        &[
            "รหัส OTP ของคุณคือ #",
            "รหัสยืนยัน:#",
            "รหัสยืนยันคือ#",
            "รหัสผ่านครั้งเดียว #",
        ],
        &[
            ",5นาที",
            ",5 นาที",
            "ใช้ได้ภายใน5นาที",
            " (ใช้ได้5นาที)",
            ".5นาทีหมดอายุ",
            "ห้ามบอกผู้อื่น",
            "/5 นาที",
        ],
    ),
];

#[test]
fn what_stands_right_beside_a_code_in_a_script_without_blanks_is_no_part_of_it() {
    let mut wrong = Vec::new();
    for (language, names, ends) in NEIGHBOURS {
        for name in *names {
            for end in *ends {
                for (written, value) in [
                    ("482913", "482913"),
                    ("4829", "4829"),
                    ("４８２９１３", "482913"),
                ] {
                    let body = name.replace('#', written) + end;
                    let found = code(&text("", &body));
                    if found.as_deref() != Some(value) {
                        wrong.push(format!("{language}: {found:?} in {body}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn amounts_days_and_times_in_scripts_without_blanks_are_no_codes() {
    let mut wrong = Vec::new();
    for body in [
        "验证码登录后付款12，500元，截止2026／11／23 12：30",
        "登录验证：余额5000元可用，积分4829分，共1，234，567人",
        "登录成功，您的第482913号订单已发货",
        "確認：合計4829円です。2026年11月23日、12：30までに",
        "ログイン確認：4829ポイント、１，２３４円",
        "로그인 확인: 15000원 결제, 4829포인트",
        "ยืนยัน: ยอด 5000บาทถ้วน 4829คะแนน",
    ] {
        if let Some(found) = code(&text("", body)) {
            wrong.push(format!("{found} in {body}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn numbers_of_other_things_are_no_codes() {
    let mut wrong = Vec::new();
    for (subject, body) in [
        (
            "Your order 482913 has shipped",
            "Tracking number: 1Z999AA10123456784. Order total $482.91. Zip code 94103.",
        ),
        (
            "Rechnung 2026-0412",
            "Rechnungsnummer 482913, Kundennummer 771204, fällig am 12.03.2026. Betrag 4829 EUR.",
        ),
        ("Invitation", "Meeting ID: 847 1234 9876"),
        (
            "Sale",
            "Use code SPRING25 at checkout for 25% off. Code 482913 gives free shipping.",
        ),
        (
            "Newsletter 2026",
            "In 2026 we served 48213 customers. Call 0800 123456. Our office: 1450 Market Street, CA 94103.",
        ),
        (
            "Your ticket",
            "Case 00482913 was updated. Error code 404013 is fixed in build 118203.",
        ),
        (
            "Flight",
            "Booking reference K7Q2XD, flight LH1482, seat 23A, gate 14.",
        ),
        (
            "Versand",
            "Ihre Sendung 00340434161094 ist unterwegs. PLZ 20457.",
        ),
        (
            "Password changed",
            "Your password was changed on 2026-03-10 from 203.0.113.58.",
        ),
        (
            "Réservation",
            "Votre réservation 771204 est confirmée. Code postal 75002.",
        ),
        (
            "Pedido",
            "Pedido 482913 confirmado. Código de seguimiento 771204. Código postal 28013.",
        ),
        (
            "Card",
            "A payment with your card ending in 4242 was declined.",
        ),
        (
            "Gift",
            "Here is your gift card code: 4829-1377. Promo runs until Sunday.",
        ),
        (
            "Code review",
            "Please review pull request 48213 before 1700. The code is in branch 1182.",
        ),
    ] {
        if let Some(found) = code(&text(subject, body)) {
            wrong.push(format!("{found} in {body}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_page_hides_is_no_code_and_what_it_splits_is_one() {
    for (source, want) in [
        (
            "<p>Your code:</p><table><tr><td>4</td><td>8</td><td>2</td><td>9</td><td>1</td><td>3</td></tr></table>",
            Some("482913"),
        ),
        ("<p>Your code: <b>482</b><b>913</b></p>", Some("482913")),
        (
            "<style>.x{display:none}</style><p>Login code</p><p class=x>111111</p><p>222222</p>",
            Some("222222"),
        ),
        (
            "<p>Login code</p><p style='font-size:0'>111111</p><p>222222</p>",
            Some("222222"),
        ),
        (
            "<p>Your code</p><p><span>4&#8203;82913</span></p>",
            Some("482913"),
        ),
        (
            "<p>Welcome</p><p style='color:#482913'>Nothing here</p><img src='https://t.example/482913.gif' alt=''>",
            None,
        ),
        (
            "<h1>Verify your email</h1><div style='font-size:32px'>482913</div><p>Your code expires in 10 minutes.</p>",
            Some("482913"),
        ),
    ] {
        assert_eq!(code(&html("Hello", source)).as_deref(), want, "{source}");
    }
}

#[test]
fn the_link_that_counts_is_found_and_no_other() {
    for (source, want) in [
        (
            "<p>Confirm your email address</p><a href='https://a.example/c?t=81f0c2'>Confirm email</a><a href='https://a.example/unsubscribe'>Unsubscribe</a>",
            Some("https://a.example/c?t=81f0c2"),
        ),
        (
            "<p>Klicken Sie hier, um Ihr Konto zu aktivieren.</p><a href='https://a.example/k/9f31c0aa'>Konto aktivieren</a><a href='https://a.example/datenschutz'>Datenschutz</a>",
            Some("https://a.example/k/9f31c0aa"),
        ),
        (
            "<p>You asked to reset your password.</p><a href='https://click.mail.example/r/9f31c0aa'>Choose a new password</a><p>Didn't request this? <a href='https://a.example/report/77aa1100'>Let us know</a></p>",
            Some("https://click.mail.example/r/9f31c0aa"),
        ),
        (
            "<p>Ana invited you</p><a href='https://a.example/i/aa11bb22'>Join the team</a><a href='https://a.example/decline/aa11bb22'>Decline</a>",
            Some("https://a.example/i/aa11bb22"),
        ),
        (
            "<p>Tippen Sie zum Anmelden auf den Link.</p><a href='https://a.example/magic?token=abc123def4'>Jetzt anmelden</a>",
            Some("https://a.example/magic?token=abc123def4"),
        ),
        (
            "<p>Spring sale</p><a href='https://a.example/sale'>Shop now</a>",
            None,
        ),
        (
            "<p>New sign-in to your account. If this was not you, secure it.</p><a href='https://a.example/account/secure'>Secure account</a>",
            None,
        ),
        (
            "<p>Your invoice is ready.</p><a href='https://a.example/inv/204817'>View invoice</a>",
            None,
        ),
    ] {
        let found = find(&html("Hello", source)).link.map(|link| link.url);
        assert_eq!(found.as_deref(), want, "{source}");
    }
    let plain = text(
        "Verify",
        "Hi,\n\nclick to verify your address: https://a.example/verify?e=1&t=aa11bb22.\n\nhttps://a.example/unsubscribe",
    );
    let link = find(&plain).link.unwrap();
    assert_eq!(
        (link.url.as_str(), link.kind),
        ("https://a.example/verify?e=1&t=aa11bb22", LinkKind::Verify)
    );
}

#[test]
fn forms_for_machines_say_which_site_a_code_is_for() {
    let mut message = text("Code", "Hello");
    message.headers.push((
        "OTP-Token".to_owned(),
        "\"71-xA\"; origin=\"shop.example\"".to_owned(),
    ));
    let found = find(&message).code.unwrap();
    assert_eq!(
        (found.value.as_str(), found.place, found.origin.as_deref()),
        ("71-xA", Place::Header, Some("shop.example"))
    );
    let found = find(&text("Code", "Your code\n\n@shop.example #482913"))
        .code
        .unwrap();
    assert_eq!(
        (found.value.as_str(), found.place, found.origin.as_deref()),
        ("482913", Place::Bound, Some("shop.example"))
    );
}

#[test]
fn hostile_text_takes_linear_time() {
    for unit in [
        "1 ",
        "code 482913 ",
        "<td>4",
        "https://a/",
        "verify ",
        "code:",
        "验证码",
        "((((",
        "----",
    ] {
        let body = unit.repeat(100_000 / unit.len());
        let _ = find(&text("x", &body));
        let _ = find(&html("x", &body));
    }
}

#[test]
fn tables_are_folded_and_sorted() {
    for table in [
        &words::CODE_BEGINS,
        &words::OTHER_CODE,
        &words::CLAIMS,
        &super::labels::AFTER,
        &words::CODE_PARTS,
        &words::CODE_PHRASES,
        &words::CLAIM_PARTS,
        &words::SIGNS,
        &words::SIGN_PARTS,
        &words::SALE,
        &words::OLD,
        &words::MEASURE_PARTS,
        &words::VERIFY,
        &words::SIGN_IN,
        &words::RESET,
        &words::INVITE,
        &words::BESIDE,
        &words::DENIES,
        &words::ENTER,
        &words::VERIFY_PATHS,
        &words::SIGN_IN_PATHS,
        &words::RESET_PATHS,
        &words::INVITE_PATHS,
    ] {
        assert!(table.all().is_sorted());
        for phrase in table.all() {
            let folded: String = phrase.chars().map(scene::fold).collect();
            assert_eq!(*phrase, folded);
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_a_link_stands_in_the_message(body in ".{0,400}", page in "[ -~<>é]{0,400}") {
        if let Some(link) = find(&text("", &body)).link {
            prop_assert!(body.contains(&link.url));
        }
        let _ = find(&html("", &page));
    }
}

#[test]
fn how_long_a_code_holds_is_read_where_it_is_stated() {
    const MINUTE: u64 = 60;
    for (words, seconds) in [
        (
            "Your code is 482913. It expires in 10 minutes.",
            Some(10 * MINUTE),
        ),
        (
            "Your code is 482913.\n\nValid for: 1 hour",
            Some(60 * MINUTE),
        ),
        (
            "Your code is 482913. This 15-minute code expires soon.",
            Some(15 * MINUTE),
        ),
        ("Your code is 482913.\nExpires in\n5 min", Some(5 * MINUTE)),
        (
            "Your code is 482913, valid for 10 (ten) minutes.",
            Some(10 * MINUTE),
        ),
        (
            "Ihr Bestätigungscode lautet 482913. Er ist 10 Minuten gültig.",
            Some(10 * MINUTE),
        ),
        (
            "Votre code de vérification est 482913. Il expire dans 5 minutes.",
            Some(5 * MINUTE),
        ),
        (
            "Tu código de verificación es 482913. Caduca en 2 horas.",
            Some(120 * MINUTE),
        ),
        (
            "Seu código de acesso é 482913. Válido por 30 minutos.",
            Some(30 * MINUTE),
        ),
        (
            "Twój kod weryfikacyjny to 482913. Kod wygasa za 10 minut.",
            Some(10 * MINUTE),
        ),
        (
            "Ваш код подтверждения 482913. Код действителен 10 минут.",
            Some(10 * MINUTE),
        ),
        ("您的验证码是 482913。\n5分钟内有效。", Some(5 * MINUTE)),
        ("您的验证码是 482913，5分钟内有效", Some(5 * MINUTE)),
        ("您的验证码是 482913,30秒内有效", Some(30)),
        (
            "認証コード: 482913\n有効期限は30分です。",
            Some(30 * MINUTE),
        ),
        (
            "인증번호는 482913 입니다. 3분 후 만료됩니다.",
            Some(3 * MINUTE),
        ),
        (
            "Your code is 482913. Use it within 20 minutes.",
            Some(20 * MINUTE),
        ),
        (
            "Your code is 482913.\nWe answer within 2 days.\nIt is valid for 8 minutes.",
            Some(8 * MINUTE),
        ),
        ("Your code is 482913. You signed up 3 minutes ago.", None),
        ("Your code is 482913. It does not expire.", None),
        ("See you within 10 minutes.", None),
    ] {
        let found = find(&text("Hello", words));
        assert_eq!(
            found.valid_for.map(|time| time.as_secs()),
            seconds,
            "{words}: {found:?}"
        );
    }
}

#[test]
fn a_link_over_many_blocks_is_copied_a_bounded_number_of_times() {
    for length in [100, 100_000] {
        let words = "word<br>".repeat(5_000);
        let page = format!("<a href='https://x.test/{}'>{words}", "a".repeat(length));
        let scene = scene::of(&html("Many blocks", &page), None);
        let kept: usize = scene.blocks.iter().map(|block| block.links.len()).sum();
        assert!(kept <= 1_000, "{kept}");
        let of_address = scene.blocks.iter().flat_map(|block| &block.links);
        assert!(of_address.map(|(_, url)| url.len()).max().unwrap_or(0) < 100_000);
    }
}
