//! What people call a code, and what they call other numbers, in many languages. Everything is folded:
//! lower case, without accents. Tables are sorted, because they are searched by the first letter.

use super::phrases::Phrases;

/// Words that are a name for a one-time code by themselves.
pub(super) static CODE: Phrases = Phrases::new(&[
    "2fa", "adgangskode", "bekreftelseskode", "clave", "claves", "cod", "code", "codes", "codi", "codice", "codici",
    "codigo", "codigos", "codul", "codului", "einmalkennwort", "einmalpasswort", "engangskod", "engangskode",
    "engangslosenord", "engangspassord", "eszkozkod", "hasla", "haslo", "heslo", "jelszava", "jelszo", "kennwort",
    "kertakayttokoodi", "kod", "koda", "kodas", "kode", "kodea", "kodem", "koden", "koder", "kodi", "kodja", "kodom",
    "kods", "kodu", "koduri", "kood", "koodi", "koodisi", "losenord", "msimbo", "otp", "parola", "parolaniz",
    "parolasi", "parole", "passcode", "passcodes", "passord", "passphrase", "password", "passwort", "pin", "pincode",
    "pinkod", "sandi", "senha", "sifra", "sifre", "sifreniz", "sifresi", "slaptazodis", "tac", "tan", "token", "totp",
    "tunnusluku", "wachtwoord", "κωδικο", "κωδικος", "κωδικου", "код", "кода", "кодом", "коду", "кодът", "лозинка",
    "лозинку", "парола", "пароль", "паролю", "пароля", "пин", "шифра",
]);

/// Beginnings of such words: endings differ by person and case.
pub(super) static CODE_BEGINS: Phrases = Phrases::new(&[
    "aktivierungscode", "anmeldecode", "bestatigungscode", "einmalcode", "einmalkenn", "einmalpass", "engang",
    "jednokratn", "jednorazov", "jednorazow", "kertakaytto", "kirjautumiskoodi", "kodin", "kodod", "kodot", "kodu",
    "kodunu", "kodunuz", "koodia", "koodin", "passcode", "patvirtinimokod", "sicherheitscode", "tunnusluvu",
    "vahvistuskoodi", "verifikationscode", "verifizierungscode", "zugangscode", "еднократ", "однократн", "одноразов",
    "проверочн",
]);

/// Endings of compounds: Bestätigungscode, inlogcode, engångskod, vahvistuskoodi.
pub(super) const CODE_ENDS: &[&str] = &[
    "code", "codes", "kod", "kodas", "kode", "koden", "kodja", "kodod", "kodou", "kods", "koodi", "koodin",
    "losenord", "passord", "passwort", "wachtwoord",
];

/// Words with such an ending that are something else.
pub(super) static NOT_CODE: Phrases = Phrases::new(&[
    "abholcode", "actiecode", "afhaalcode", "aktionscode", "angebotscode", "bankcode", "barcode", "blz", "couponcode",
    "decode", "discountcode", "empfehlungscode", "encode", "episode", "farbcode", "fehlercode", "feilkode", "felkod",
    "geocode", "giftcode", "gutscheincode", "hamtkod", "hentekode", "kampagnekode", "kampanjkod", "kortingscode",
    "landcode", "landercode", "laskukoodi", "matkod", "method", "metode", "noutokoodi", "opcode", "period", "periode",
    "postcode", "produktcode", "promocode", "promotiecode", "qrcode", "qrkod", "rabatkode", "rabattcode", "rabattkod",
    "rabattkode", "shipping", "shopping", "source", "spin", "streckkod", "unicode", "viivakoodi", "vorteilscode",
    "vouchercode", "zipcode",
]);

/// Names in scripts without blanks between words, and of several words.
pub(super) static CODE_PARTS: Phrases = Phrases::new(&[
    "կոդ", "סיסמה", "קוד", "الكود", "رقم التحقق", "رمز", "سيسمة", "كلمة المرور", "كود", "کد", "کوڈ", "ओटीपी", "कोड",
    "गुप्त", "पासकोड", "ওটিপি", "কোড", "ਕੋਡ", "કોડ", "குறியீடு", "ఓటీపీ", "కోడ్", "ಕೋಡ್", "കോഡ്", "รหัส", "ລະຫັດ",
    "ကုဒ်", "კოდი", "លេខកូដ", "コード", "セキュリティコード", "パスコード", "ログインコード", "ワンタイムパスワード", "一次性密码", "一次性密碼", "临时密码", "动态密码",
    "动态码", "動態密碼", "動態碼", "口令", "安全码", "安全碼", "暗証番号", "校驗碼", "校验码", "检验码", "検証コード", "激活码", "登入碼", "登录码", "短信口令",
    "确认码", "確認コード", "確認番号", "確認碼", "認証コード", "認証番号", "認證碼", "认证コード", "认证码", "驗證碼", "验证码", "로그인 코드", "보안 코드", "보안코드",
    "비밀번호", "인증 번호", "인증 코드", "인증번호", "인증코드", "일회용", "코드", "확인 코드", "확인코드",
]);

/// The same for languages with blanks; they begin at a word.
pub(super) static CODE_PHRASES: Phrases = Phrases::new(&[
    "2-step", "authentication number", "kata sandi", "log-in number", "login number", "ma bao mat", "ma dang nhap",
    "ma kich", "ma otp", "ma pin", "ma xac", "mot de passe", "numero de verif", "numero di verif", "one time pass",
    "one-time", "security key", "security number", "single use", "single-use", "verification digits",
    "verification number",
]);

/// Words beside a code word that make it a code of another kind; beginnings.
pub(super) static OTHER_CODE: Phrases = Phrases::new(&[
    "afhaal", "airport", "alarm", "alennus", "ancien", "anterior", "area", "bar", "bic", "binary", "booking",
    "branch", "building", "cadeau", "civil", "class", "clean", "client", "cliente", "color", "colour", "commodity",
    "completion", "conference", "country", "coupon", "course", "coverage", "cupon", "currency", "customer",
    "department", "desconto", "descuento", "discount", "diskon", "door", "dress", "earlier", "error", "exit",
    "expired", "fiscal", "fiscale", "former", "gate", "geschenk", "giam", "gift", "gutschein", "hs", "iban",
    "indirim", "kedvezmeny", "korting", "kunden", "labor", "language", "last", "legacy", "lesson", "levantamento",
    "locker", "material", "meeting", "merchant", "model", "morse", "network", "offer", "old", "open", "parking",
    "part", "penal", "pick-up", "pickup", "poczt", "post", "postal", "postale", "precedente", "presente", "previous",
    "product", "producto", "produit", "produkt", "promo", "promotion", "puk", "qr", "rabat", "rabatt", "rastrei",
    "reduction", "referral", "regalo", "remise", "reserva", "reservation", "retiro", "retrait", "review", "ritiro",
    "safe", "sale", "sconto", "seguimiento", "slev", "sort", "source", "status", "studio", "style", "suivi",
    "support", "swift", "tariff", "tax", "track", "tracking", "visual", "vorherig", "voucher", "vs", "wi-fi", "wifi",
    "write", "your first", "zip", "zlav", "znizk", "купон", "почтов", "предыдущ", "прежн", "промо", "скидк", "стар",
]);

/// Words that claim the number after them; beginnings.
pub(super) static CLAIMS: Phrases = Phrases::new(&[
    "a/c", "abn", "account", "acct", "adoszam", "amount", "article", "auftrag", "balance", "bestell", "bestelling",
    "bod", "booking", "bsn", "btw", "build", "call", "card", "carta", "cartao", "carte", "case", "chapter", "cif",
    "cin", "cislo uctu", "client", "cnpj", "colis", "comanda", "commande", "compte", "conta", "conto", "copyright",
    "cuenta", "customer", "dic", "don hang", "dossier", "employee", "encomenda", "endend", "ending", "envio", "error",
    "ext", "extension", "factur", "factura", "facture", "factuur", "faktura", "fattura", "fatura", "fax", "flight",
    "gst", "helpline", "hesap", "hotline", "hrb", "http", "iban", "ico", "id", "invoice", "isbn", "item", "kart",
    "karte", "klant", "konto", "kort", "krs", "kunden", "kvk", "lasku", "meeting id", "member", "mobile", "musteri",
    "nif", "nip", "objednav", "order", "ordine", "ordre", "package", "page", "paket", "pakke", "parcel", "pedido",
    "people", "pesanan", "phone", "pnr", "points", "policy", "port", "pratica", "price", "przesylk", "punkte",
    "rachun", "rcs", "rechnung", "ref", "regd", "regon", "rekening", "rendeles", "reservation", "rol", "room", "seat",
    "sendung", "serial", "shipment", "siparis", "siren", "siret", "sku", "spedizione", "suite", "szamla", "tai khoan",
    "tarjeta", "tax", "tel", "telefon", "ticket", "ticketnummer", "tilaus", "tili", "total", "tracking",
    "transaction", "txn", "users", "ust", "vat", "version", "vertrag", "vorgang", "whatsapp", "year", "zamowien",
    "zending", "zip", "παραγγελ", "τιμολογ", "заказ", "замовлен", "индекс", "карт", "накладн", "номер заказа",
    "поръчк", "рахун", "счет",
]);

/// The same in scripts without blanks between words.
pub(super) static CLAIM_PARTS: Phrases = Phrases::new(&[
    "הזמנה", "חשבון", "טלפון", "الطلب", "تلفن", "حساب", "رقم الطلب", "سفارش", "فاتورة", "هاتف", "ऑर्डर", "खाता",
    "คำสั่งซื้อ", "เลขที่", "お問い合わせ番号", "クーポン", "予約番号", "优惠码", "会員番号", "会议号", "伝票", "余额", "優惠碼", "兑换码", "单号", "卡号",
    "卡號", "取件码", "取餐码", "口座", "單號", "客服", "尾号", "尾號", "工号", "帳號", "折扣码", "折扣碼", "注文", "注文番号", "热线", "电话", "訂單", "订单",
    "账号", "邀请码", "邮编", "郵便番号", "金額", "金额", "電話", "電話番号", "계좌", "예약번호", "운송장", "전화", "주문", "주문번호", "카드", "쿠폰",
]);

/// Words that speak of signing in or proving who one is; beginnings.
pub(super) static SIGNS: Phrases = Phrases::new(&[
    "2-step", "2fa", "aanmeld", "accedi", "acceso", "access", "accesso", "acess", "activat", "anmeld", "autentific",
    "auth", "bao mat", "bekraeft", "bekraft", "bekreft", "belep", "berlaku", "bestatig", "caduc", "conect", "confirm",
    "connecter", "connexion", "dang nhap", "do not share", "dogrula", "don't share", "einlogg", "entrar", "ervenyes",
    "expir", "expire", "gecerli", "geldig", "giltig", "giris", "gultig", "guvenlik", "gyldig", "hieu luc", "identity",
    "inici", "inlog", "kirjaut", "log in", "logga", "logging", "login", "logow", "masuk", "megeros", "never share",
    "one-time", "otp", "overen", "passcode", "password", "platn", "potwierdz", "prihlas", "scade", "secur",
    "securite", "segur", "sesion", "sicherheit", "sicurezz", "sign in", "sign up", "sign-in", "signin", "signing",
    "two-factor", "vahvist", "valable", "valid", "veilig", "verif", "verifikasi", "voimassa", "wazn", "weryf",
    "xac nhan", "xac thuc", "επαληθ", "ισχυει", "συνδεσ", "безопас", "воити", "вход", "деиств", "никому", "подтвержд",
    "потвърд", "підтвердж",
]);

/// The same in scripts without blanks between words.
pub(super) static SIGN_PARTS: Phrases = Phrases::new(&[
    "אימות", "התחבר", "תקף", "تأكيد", "تأیید", "تحقق", "تسجيل", "صالح", "معتبر", "ورود", "मान्य", "लॉग", "सत्याप",
    "ยืนยัน", "เข้าสู่", "ログイン", "有効", "有效", "登入", "登录", "確認", "認証", "请勿", "驗證", "验证", "로그인", "유효", "인증",
]);

/// Words of shops; beginnings.
pub(super) static SALE: Phrases = Phrases::new(&[
    "% off", "ahorra", "checkout", "coupon", "cupon", "desconto", "descuento", "discount", "free shipping",
    "gutschein", "indirim", "korting", "promo", "rabat", "rabatt", "reduction", "remise", "sale", "sconto", "sleva",
    "voucher", "znizk", "промокод", "скидк", "クーポン", "优惠", "優惠", "割引", "折扣", "쿠폰", "할인",
]);

/// Currencies before or after an amount.
pub(super) static CURRENCIES: Phrases = Phrases::new(&[
    "aed", "ars", "aud", "bgn", "brl", "cad", "chf", "clp", "cny", "cop", "czk", "dkk", "dong", "egp", "eur", "ft",
    "gbp", "hkd", "huf", "idr", "ils", "inr", "jpy", "kc", "kes", "kr", "krw", "lei", "mxn", "myr", "ngn", "nok",
    "nzd", "php", "pln", "rm", "rmb", "ron", "rp", "rs", "rub", "sar", "sek", "sgd", "thb", "tl", "uah", "usd", "vnd",
    "zar", "zl", "грн", "лв", "р", "руб", "บาท", "元", "円", "원",
]);

/// Measures: what follows one of these numbers is no code.
pub(super) static MEASURES: Phrases = Phrases::new(&[
    "am", "calories", "characters", "customers", "days", "dias", "dollars", "employees", "euro", "euros", "followers",
    "gb", "heures", "horas", "hours", "hrs", "items", "jours", "kb", "kg", "km", "kwh", "lines", "mb", "members",
    "miles", "min", "minuten", "minutes", "minutos", "people", "pm", "points", "pts", "punkte", "puntos", "px",
    "rows", "sqft", "steps", "students", "stunden", "subscribers", "tage", "times", "uhr", "users", "words",
]);

/// What is counted in scripts without blanks between words: what stands right before one of these is
/// an amount. Sorted. Not among them is what also begins words that may follow a code: 点击, 回复, 分享, 개인.
pub(super) static MEASURE_PARTS: Phrases = Phrases::new(&[
    "กม.", "กรัม", "กิโล", "คน", "ครั้ง", "คะแนน", "ชิ้น", "บาท", "แต้ม", "カ月", "キロ", "グラム", "ポイント", "ヶ月",
    "万", "个月", "个订单", "人", "亿", "件", "億", "元", "克", "公里", "円", "千克", "台", "号", "名様", "圆", "圓", "块", "塊", "年",
    "积分", "積分", "萬", "號", "원", "킬로", "포인트",
]);

/// What is said after a code that does not work any more.
pub(super) static OLD: Phrases = Phrases::new(&[
    "a expire", "does not work", "e scaduto", "expired", "expirou", "galler inte langre", "ha caducado",
    "has expired", "is expired", "is invalid", "is niet meer", "is no longer", "is replaced", "is verlopen",
    "is void", "ist abgelaufen", "ist nicht mehr", "n'est plus", "nao e mais", "nicht mehr", "no longer", "non e piu",
    "was replaced", "will not work", "won't work", "ya no", "ya no es", "больше не", "истек", "не деиств", "は無効",
    "已失效", "已过期",
]);

/// Words of links that confirm an address or activate an account.
pub(super) static VERIFY: Phrases = Phrases::new(&[
    "activar", "activat", "active", "activeer", "activer", "aktifkan", "aktival", "aktiver", "aktivier", "aktivoi",
    "aktivova", "aktivuj", "aktywacj", "aktywow", "aktywuj", "apstiprin", "ativar", "ative ", "attiva", "bekraeft",
    "bekrafta", "bekreft", "bekræft", "bestatig", "bevestig", "complete reg", "complete sign", "complete your reg",
    "complete your sign", "conferma", "confirm", "dogrula", "double opt", "etkinlestir", "finish sign", "freischalt",
    "kich hoat", "kinnita", "konfirmasi", "megeros", "onayla", "opt-in", "optin", "over", "patvirtin", "potvrd",
    "potwierdz", "vahvista", "validat", "valider", "validez", "verif", "verifica", "verificar", "verifieer",
    "verifikasi", "verifizier", "xac minh", "xac nhan", "zweryfikuj", "ενεργοποι", "επιβεβαι", "активир", "активув",
    "подтверд", "подтвержд", "потвърд", "підтверд", "אימות", "אישור", "אמת", "הפעל", "تأكيد", "تأیید", "تایید",
    "تحقق", "تفعيل", "فعال", "पुष्टि", "सत्यापित", "ยืนยัน", "会員登録", "启用", "啟用", "完了", "激活", "登録を完了", "确认", "確認",
    "認証", "驗證", "验证", "인증", "확인", "활성",
]);

/// Words of links that sign in.
pub(super) static SIGN_IN: Phrases = Phrases::new(&[
    "accede", "acceder", "accedi", "accesso", "anmelden", "anmeldung", "bejelentkez", "belepes", "connecter",
    "connectez", "connexion", "dang nhap", "einloggen", "entrar", "fazer login", "giris", "giris yap",
    "inicia sesion", "iniciar sesion", "inloggen", "kirjaudu", "log in", "log ind", "log-in", "logg inn", "logga in",
    "login", "logowan", "magic", "masuk", "passwordless", "prihlas", "sign in", "sign-in", "signin", "zaloguj",
    "συνδεθ", "συνδεση", "влез", "воити", "вход", "увіити", "התחבר", "כניסה", "تسجيل الدخول", "دخول", "ورود",
    "लॉग इन", "เข้าสู่ระบบ", "サインイン", "ログイン", "登入", "登录", "로그인",
]);

/// Words of links that set a new password.
pub(super) static RESET: Phrases = Phrases::new(&[
    "aterstall", "atur ulang", "change your password", "choose a password", "create a password", "create password",
    "dat lai mat khau", "herstel", "neues passwort", "new password", "nieuw wachtwoord", "nouveau mot de passe",
    "nova senha", "nove heslo", "nowe haslo", "nueva contrasena", "nulstil", "nuova password", "nytt losenord",
    "obnov", "palauta", "passwort festlegen", "recover", "redefin", "reimposta", "reinitialis", "reset",
    "reset hasla", "resetuj", "restablec", "ripristina", "set a password", "set password", "set your password",
    "sifirla", "tilbakestill", "uj jelszo", "ustaw haslo", "uusi salasana", "visszaallit", "wachtwoord opnieuw",
    "yeni sifre", "zresetuj", "zurucksetzen", "επαναφορα", "восстанов", "новии пароль", "новыи пароль", "сброс",
    "скинути", "איפוס", "אפס", "إعادة تعيين", "بازنشانی", "रीसेट", "รีเซ็ต", "パスワードの設定", "再設定", "重置", "重設", "重设",
    "재설정",
]);

/// Words of links that accept an invitation.
pub(super) static INVITE: Phrases = Phrases::new(&[
    "accept invit", "accept invite", "accept the invit", "accept your invit", "accepteer", "accepter invit",
    "accepter l", "acceptera inbjud", "accetta", "aceitar convite", "aceptar invit", "aceptar la invit",
    "chap nhan loi moi", "daveti", "einladung", "godta invit", "hyvaksy kutsu", "invitation", "join now", "join team",
    "join the team", "join the workspace", "join workspace", "join your", "meghivas", "pozvank", "rejoindre",
    "terima undangan", "uitnodiging", "unirme", "unirse", "unisciti", "zaproszenie", "προσκλησ", "запрошен", "покан",
    "приглашен", "принять приглаш", "הזמנה", "دعوة", "دعوت", "قبول الدعوة", "आमंत्रण", "คำเชิญ", "招待", "招待を", "接受邀請",
    "接受邀请", "초대",
]);

/// Links that every such mail has beside the one that counts.
pub(super) static BESIDE: Phrases = Phrases::new(&[
    "/o/", "/secure", "/security", "abbestell", "ablehnen", "abmelden", "abonelikten", "abuse", "afmeld", "afmelden",
    "agb", "alert", "app store", "apps.apple", "avregistrera", "avsluta pren", "berhenti berlangganan", "block this",
    "blog", "calendar", "cancel", "cancelar suscrip", "cancella iscr", "confidentialite", "contact", "darse de baja",
    "datenschutz", "decline", "delete", "desabonner", "descadastr", "desinscri", "did not request", "didn't request",
    "didn’t request", "disiscri", "download", "facebook", "faq", "feedback", "google play", "help", "hilfe",
    "huy dang ky", "im browser", "impressum", "imprint", "instagram", "invoice", "kontakt", "learn more", "legal",
    "leiratkoz", "linkedin", "manage", "mehr erfahren", "meld av", "melden", "news", "nicht ich", "no fui yo",
    "not me", "not request", "not you", "notification", "odhlas", "opt-out", "optout", "order", "peruuta til",
    "pixel", "play.google", "preference", "privacidad", "privacy", "read more", "receipt", "rechazar", "refuser",
    "reject", "remove", "report", "review", "secure account", "secure my account", "secure your account", "setting",
    "shop", "spam", "support", "survey", "terms", "tiktok", "track", "twitter", "uitschrijven", "unlink",
    "unsubscribe", "view in browser", "view online", "was not you", "wasn't you", "wasn’t you", "webversion",
    "wrong person", "wypisz", "youtube", "διαγραφη", "відпис", "отпис", "ยกเลิกการรับ", "取消订阅", "退訂", "退订", "配信停止",
    "수신 거부", "수신거부",
]);

/// What leads to a link for those who did not ask for the mail.
pub(super) static DENIES: Phrases = Phrases::new(&[
    "did not request", "didn't request", "falls sie das nicht", "if it wasn't you", "if this was not you",
    "if this wasn't you", "if you did not", "if you didn't", "not you?", "se non sei stato", "si ce n'est pas vous",
    "si no fuiste",
]);

/// What people are told to do with a code; the number follows, or stands before in some languages.
pub(super) static ENTER: Phrases = Phrases::new(&[
    "adja meg", "ange", "anna", "anvand", "brug", "bruk", "copy", "digita", "digite", "eingeben", "enter", "entrez",
    "folositi", "geben sie", "gebruik", "gib", "girin", "gunakan", "indtast", "ingresa", "ingrese", "input",
    "inserire", "inserisci", "insira", "introdu", "introduce", "introduceti", "introduzca", "irja be", "kayta",
    "kullanin", "masukkan", "nhap", "nutzen sie", "opiste", "paste", "please enter", "podaj", "saisir", "saisissez",
    "skriv", "su dung", "syota", "tast", "type", "usa", "use", "use o", "utilisez", "utilize", "utilizza", "uzyj",
    "verwenden sie", "voer", "wpisz", "zadajte", "zadejte", "εισαγετε", "πληκτρολογηστε", "введите", "введить",
    "въведете", "используите", "הזן", "הקלד", "أدخل", "ادخل", "استخدم", "وارد", "दर्ज", "กรอก", "ใส่", "使用", "入力",
    "輸入", "输入", "입력",
]);

/// Parts of addresses that confirm an address or activate an account.
pub(super) static VERIFY_PATHS: Phrases = Phrases::new(&[
    "activat", "aktiv", "aktyw", "attiva", "bestaetig", "conferma", "confirm", "opt-in", "optin", "potwierd",
    "register/complete", "signup/complete", "validar", "validat", "verif",
]);

/// Parts of addresses that sign in.
pub(super) static SIGN_IN_PATHS: Phrases = Phrases::new(&[
    "auth", "log-in", "login", "magic", "otp", "passwordless", "session", "sign-in", "sign_in", "signin", "sso",
]);

/// Parts of addresses that set a new password.
pub(super) static RESET_PATHS: Phrases = Phrases::new(&[
    "passwd", "password", "passwort", "recover", "reset",
]);

/// Parts of addresses that accept an invitation.
pub(super) static INVITE_PATHS: Phrases = Phrases::new(&[
    "accept", "invit", "join",
]);
