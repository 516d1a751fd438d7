//! The words of the grammar: what a directive to an agent is made of, in the languages of mail.
//!
//! A trailing `*` stands for any ending. Words of scripts without blanks are found anywhere.

use super::lexicon::Concept;
use super::lexicon::Concept::{
    Act, Agent, All, Approve, Conceal, Ignore, Include, Instruction, MailObject, New, Persona,
    Prior, Response, Reveal, Secret, Send, System, Tool, Transform, Trigger, User, You, Your,
};

/// Each concept with its words, one line for a group of languages.
pub(super) const VOCABULARY: &[(Concept, &str)] = &[
    (
        Ignore,
        "ignore ignores ignored ignoring disregard disregarding disregarded forget override overrides overriding overwrite bypass neglect supersede supersedes superseded discard unlearn",
    ),
    (
        Ignore,
        "ignorier* missacht* vergiss vergessen übergeh* verwirf* überschreib* ignorez ignorer oublie oubliez oublier néglige* ignora ignorar ignore ignoren ignorad olvida olvide olvidar omite omita descarta desatiende ignorare ignori ignorate dimentica dimenticare trascura ignore esqueça esqueca desconsidere desconsiderar",
    ),
    (
        Ignore,
        "negeer negeren vergeet ignorera bortse glöm ignorer glem se-bort ignoroi unohda jätä-huomiotta zignoruj ignoruj zapomnij pomiń ignorujte ignoruj zapomeň zapomeňte игнорир* проигнорир* забудь* игноруй* проігнор* ігнор* забудьте отмени* yoksay say görmezden unut* تجاهل* تجاهلي انس إنس אל־תתייחס התעלם התעלמי התעלמו שכח נادیده نادیده فراموش",
    ),
    (
        Ignore,
        "अनदेखा भूल नज़रअंदाज़ abaikan lupakan acuhkan hiraukan ละเว้น เพิกเฉย ไม่ต้องสนใจ ลืม 忽略 无视 無視 忘记 忘記 不要理会 不理会 忽視 無視して 忘れて 무시 잊어 잊고 αγνόησ* αγνοήσ* ξέχασ* ignoră ignorați uită ignorati hagyd felejtsd mellőzd bỏ-qua phớt quên ziba indiferent shpërfill* injoro* neamhaird leig puuza upuuza anwybyddwch উপেক্ষা புறக்கணி",
    ),
    (
        Prior,
        "previous previously prior earlier preceding above foregoing before existing former current original initial default",
    ),
    (
        Prior,
        "vorherig* vorig* bisherig* früher* obig* vorangeh* zuvor ursprünglich* précédent* antérieur* ci-dessus previa* previo* anterior* precedente* precedenti previas initial* initiale* iniziali original* eerdere vorige voorgaande bovenstaande tidigare föregående ovanstående tidligere foregående forrige aiempi aiemmat aikaisem* edellis* poprzedni* wcześniejsz* powyższ* předchoz* dřívější* předešl* предыдущ* прежн* ранее вышеуказан* попередн* önceki yukarıdaki السابقة السابق سابق* הקודמות הקודם קודמות קודמ* قبلی پیشین पिछले पिछली पूर्व sebelumnya terdahulu ก่อนหน้า ที่ผ่านมา 之前 先前 以前 以上 前面 上述 此前 これまで 以前 前の 上記 이전 앞선 앞의 위의 προηγούμεν* anterioare anterior precedente korábbi előző fenti trước roimhe mëparshme zangaphambili awali iliyotangulia blaenorol",
    ),
    (
        Instruction,
        "instruction instructions iunstructions directive directives prompt prompts guidelines guideline rules rule commands orders restrictions restriction guardrails safeguards policies constraints directions programming instructed limitations",
    ),
    (
        Instruction,
        "anweisung* anleitung* regeln richtlinie* vorgaben befehl* instrukt* consigne* directive* règles ordres instruccion* instrucción* directric* reglas órdenes ordenes istruzion* direttiv* regole comandi instruçõ* instrucoes instrução diretriz* regras ordens instructies aanwijzingen regels opdrachten instruktion* anvisning* regler instruks* ohje* määräy* instrukc* polece* zasad* wytyczn* pokyn* instrukce pravidla инструкц* указани* правила команды распоряжени* інструкц* вказівк* правила talimat* yönerge* kurallar* komut* التعليمات تعليمات* الأوامر أوامر القواعد ההוראות הוראות הנחיות כללים دستورالعمل* دستورات دستور‌ها دستورها निर्देश* आदेश* instruksi arahan perintah aturan คำสั่ง คำแนะนำ 指令 指示 命令 规则 規則 说明 指示 命令 ルール 지시 지침 명령 규칙 οδηγί* εντολέ* κανόνες instrucțiun* instructiun* reguli utasítás* szabály* hướng-dẫn lệnh chỉ-thị udhëzime* kërkesën treoracha threoracha stiùireadh imiyalelo maelekezo maagizo cyfarwyddiadau নির্দেশ* வழிமுறை*",
    ),
    (
        Agent,
        "assistant assistants agent agents ai llm llms llama chatbot bot bots gpt chatgpt copilot gemini claude summarizer summariser autopilot mailbot ki-assistent ki-agent",
    ),
    (
        Agent,
        "assistent* agenten ki assistante asistente agente ia assistente assistenter agentti avustaja* tekoäly* asystent* agencie asistent* agente ассистент* помощник* агент* ии асистент* помічник* asistan* yapay المساعد مساعد وكيل الذكاء העוזר עוזר סוכן הסוכן דستیار دستیار عامل सहायक एजेंट asisten agen ผู้ช่วย เอไอ 助手 助理 智能体 模型 代理 アシスタント エージェント 인공지능 비서 어시스턴트 에이전트 βοηθ* asistentul asszisztens trợ-lý asistenti cúntóir msaidizi cynorthwyydd",
    ),
    (
        Send,
        "send sends sending email emailing mail forward forwards forwarded forwarding cc bcc blind-copied blind-copy redirect transmit export upload post relay deliver dispatch submit convey ship push exfiltrate leak copy notify write drop route reroute bounce compose fetch visit",
    ),
    (
        Send,
        "sende senden schick* weiterleiten leite leiten übermitt* verschick* exportier* envoie envoyez envoyer transfère transférez transférer transmet* exporte* envía envíe enviar envia reenvía reenvíe reenviar mándame manda exporta invia inviare inoltra inoltrare inoltri spedisci esporta envie enviar encaminhe encaminhar reencaminhe mande exporte stuur sturen verstuur doorsturen verzend exporteer skicka vidarebefordra videresend videresende send lähetä välitä wyślij prześlij przekaż przekieruj pošli pošlete přepošli přepošlete odešli отправь* отправьте перешли* пересла* направь* вышли надішли* перешліть надсил* відправ* переслати ilet gönder* ilet* yönlendir* أرسل* ارسل* إرسال حوّل أعد توجيه שלח שלחו העבר העבירו ارسال بفرست* فوروارد भेजें भेजो भेज अग्रेषित kirim kirimkan teruskan majukan hantar ส่ง ส่งต่อ 发送 转发 發送 轉發 寄给 发到 发给 送信 転送 送って 보내 전송 전달 στείλε* προώθησ* προωθήσ* trimite* redirecționeaz* küldd küldj* küldje továbbítsd továbbíts* gửi chuyển-tiếp dërgo* përcill* seol cuir thumela tuma anfonwch পাঠান அனுப்பு",
    ),
    (
        MailObject,
        "email emails e-mail e-mails mail mails message messages inbox inboxes mailbox thread threads conversation conversations correspondence draft drafts attachments outbox",
    ),
    (
        MailObject,
        "nachricht* posteingang* postfach* mails entwürf* courriel* courrier* message* boîte réception correo* mensaje* bandeja entrada borrador* messaggi* posta casella bozz* e-mails mensagens caixa rascunho* berichten postvak inbox mejl* meddeland* inkorg* innboks beskeder indbakke* sähköposti* viesti* saapuneet postilaatik* wiadomoś* poczt* skrzynk* zpráv* schránk* пись* почт* сообщени* входящ* лист* пошт* повідомлен* вхідн* ileti* iletileri posta* e-posta* gelen kutusu* kutusundaki بريد* البريد الرسائل رسائل الوارد דואר הדואר הודעות מיילים תיבת ایمیل* پیام* صندوق ईमेल संदेश* इनबॉक्स kotak masuk surel pesan อีเมล ข้อความ กล่อง 邮件 郵件 收件箱 收件匣 邮箱 信件 メール 受信 受信トレイ 메일 이메일 받은편지함 메시지 μηνύματα εισερχόμεν* mesaje* e-mailuri levelek* leveleket üzenet* thư tin-nhắn hộp-thư mesazhe* ríomhphost i-imeyili barua negeseuon",
    ),
    (
        Secret,
        "password passwords passcode passcodes code codes otp otps credential credentials token tokens secret secrets key keys contacts contact-list address-book confidential invoices financial bank payroll salary ssn login logins 2fa one-time api-key api-keys private sensitive payment payments",
    ),
    (
        Secret,
        "passwort* kennwort* zugangsdaten codes kontakt* vertraulich* mot-de-passe passe contraseña* contrasena* códigos claves contactos confidencial* codici contatti riservat* senha* contatos wachtwoord* lösenord adgangskode* passord salasan* hasł* hasła kontakty heslo hesla парол* контакт* код* şifre* parola* rehber* كلمة المرور كلمات الأسرار סיסמ* סודות رمز رمزهای पासवर्ड kata sandi รหัสผ่าน 密码 密碼 验证码 驗證碼 联系人 聯絡人 パスワード 連絡先 認証コード 비밀번호 연락처 인증번호 κωδικ* jelszó* jelszav* mật-khẩu fjalëkalim* pasfhocal iphasiwedi",
    ),
    (
        Response,
        "response responses answer answers reply replies output outputs summary summaries summarization summarizing summarising recap digest completion message text words",
    ),
    (
        Response,
        "antwort* zusammenfassung* réponse* résumé respuesta* resumen* risposta* riassunto resposta* resumo* antwoord* samenvatting svar* sammanfatt* vastau* odpowied* podsumowan* odpověď* ответ* сводк* відповід* yanıt* cevab* özet* الرد ردك إجابت* الملخص תשוב* סיכום پاسخ* خلاصه उत्तर जवाब सारांश jawaban balasan ringkasan คำตอบ สรุป 回答 回复 回覆 摘要 總結 总结 返信 回答 要約 답변 응답 요약 απάντησ* răspuns* válasz* trả-lời përgjigje* freagra fhreagra fhreagairt impendulo* mpendulo* empendulweni jibu ateb",
    ),
    (
        Include,
        "include includes including add append insert integrate incorporate embed augment enhance modify mention attach prepend state claim suggest recommend promote advertise tease offer emphasize highlight end finish begin start conclude adjust weave slip inject advise urge encourage close alter change extend supplement hint endorse feature",
    ),
    (
        Include,
        "füge einfügen ergänze hinzufügen erwähne inclus incluez inclure ajoute ajoutez incluye incluya añade agrega includi includere aggiungi inclua incluir adicione acrescente voeg toevoegen vermeld inkludera lägg inkludér tilføj legg lisää sisällytä dołącz dodaj zahrň přidej включи* добавь* включи* додай* ekle dahil أضف اضف הוסף הוסיפו اضافه शामिल जोड़ें sertakan tambahkan รวม เพิ่ม 包含 包括 添加 加上 含めて 追加 포함 추가 πρόσθεσ* include adaugă foglalj adj thêm përfshi* cuir faka ongeza cynnwys",
    ),
    (
        Transform,
        "replace convert translate encode reverse scramble misspell misspellings misspelled rearrange substitute substitution anagram anagrams anagrammed jumble shuffle cipher ciphers caesar atbash vigenere rot13 rot-13 base64 base32 base64-encoded hex hexadecimal binary morse emoji emojis backwards backward rewrite transform render use provide group remove combine write express present spell mirror invert capitalize uppercase lowercase leetspeak palindrome alternate format introduce deliver omit employ craft swap shift encrypt flip",
    ),
    (
        Transform,
        "übersetze kodiere codiere traduis traduisez encode traduce codifica traduci traduza codifique vertaal översätt oversæt käännä przetłumacz přelož переведи* закодируй* переклади* çevir ترجم תרגם ترجمه अनुवाद terjemahkan แปล 翻译 翻譯 编码 翻訳 번역 인코딩 μετέφρασ* traduceți fordítsd dịch përkthe* aistrigh eadar-theangaich humusha tafsiri",
    ),
    (
        Reveal,
        "reveal repeat print output show display disclose expose recite list share tell dump return say echo spell respond generate produce perform execute answer read provide give quote concatenate summarize summarise report",
    ),
    (
        Reveal,
        "zeige gib wiederhole verrate offenbar* ausgeben révèle révélez répète répétez affiche montre revela revele repite muestra imprime rivela ripeti mostra stampa revele repita mostre toon herhaal onthul visa upprepa avslöja vis gentag paljasta toista ujawnij powtórz wyświetl pokaż prozraď zopakuj раскрой* покажи* повтори* выведи* розкрий* покажи* повтори* göster tekrarla açıkla اكشف كرر أظهر اعرض גלה חזור הצג نشان تکرار افشا दिखाएं दोहराएं ungkapkan tampilkan ulangi เปิดเผย แสดง 透露 显示 顯示 泄露 重复 輸出 输出 表示 教えて 明かして 繰り返し 공개 보여 출력 반복 αποκάλυψ* επανάλαβ* dezvăluie repetă ismételd áruld mutasd tiết-lộ lặp përsërit* táirg déan rachailt phinda khipha rudia",
    ),
    (
        System,
        "system developer administrator admin sudo root kernel jailbreak unrestricted unfiltered uncensored maintenance debug devmode dan override_mode superuser systemprompt system-prompt",
    ),
    (
        System,
        "systemprompt* systemnachricht systemmeldung entwicklermodus système sistema systeem systemet järjestelm* systemow* systém систем* sistem* النظام نظام מערכת המערכת سیستم सिस्टम ระบบ 系统 系統 管理员 管理員 システム 管理者 시스템 관리자 σύστημα* sistemul rendszer* hệ-thống sistemi* córas",
    ),
    (
        Persona,
        "pretend imagine roleplay role-play persona character impersonate simulate hypothetical hypothetically fictional grandmother grandma act game story freed liberated unshackled",
    ),
    (
        Persona,
        "imagine imagina finge immagina fingi stell tu-so fais-semblant jouer inbilla forestil kuvittele wyobraź udawaj představ представь* притворись* уяви* düşün تخيل تظاهر דמיין העמד تصور वानी bayangkan berpura จินตนาการ แสร้ง 假装 假裝 扮演 想象 想像 ふりを 演じて 척 역할 φαντάσου imaginează képzeld tưởng-tượng",
    ),
    (
        Conceal,
        "silently secretly quietly unnoticed covertly discreetly invisible conceal",
    ),
    (
        Conceal,
        "heimlich unbemerkt stillschweigend discrètement secrètement secretamente discretamente silenciosamente segretamente stiekem hemligt hemmeligt salaa potajemnie тайно таємно gizlice سرا בסתר مخفیانه diam-diam 秘密 悄悄 暗中 こっそり 密かに 몰래 κρυφά titokban",
    ),
    (User, "user users owner operator human humans recipient"),
    (
        User,
        "nutzer* benutzer* utilisateur* usuario* utente usuário* gebruiker* användar* bruger* käyttäj* użytkownik* uživatel* пользовател* користувач* kullanıcı* المستخدم משתמש המשתמש کاربر उपयोगकर्ता pengguna ผู้ใช้ 用户 用戶 ユーザー 利用者 사용자 χρήστη* utilizator* felhasználó* người-dùng përdorues*",
    ),
    (
        Trigger,
        "summarizing summarising summarize summarise summary replying answering processing reading whenever afterwards beforehand next proceed proceeding instead finally once until henceforth",
    ),
    (
        Tool,
        "tool tools function api send_email send_message send_mail forward_email tool_call function_call curl webhook filter filters rule invoke execute command request autoforward auto-forward plugin subprocess endpoint autoreply http get_emails delete_email read_email search_emails create_filter",
    ),
    (
        Approve,
        "approve approval approved confirmation authorize authorise authorized authorised permission consent verified verification clearance whitelisted trusted allowlist preapproved pre-approved accept",
    ),
    (
        Act,
        "delete erase wipe purge remove archive reset disable deactivate unsubscribe transfer pay purchase buy click download install create modify schedule change enable grant invite block trash mark clear turn trash cancel unlock",
    ),
    (
        Act,
        "lösche löschen supprime supprimez elimina elimine borra cancella elimina apague exclua verwijder radera slet poista usuń skasuj smaž удали* видали* sil احذف מחק حذف हटाएं hapus ลบ 删除 刪除 削除 삭제 διάγραψ* șterge töröld xóa fshi* scrios susa futa dileu",
    ),
    (
        New,
        "new updated following real actual true revised important",
    ),
    (
        All,
        "all every any everything entire whole full complete each anything contents",
    ),
    (
        All,
        "alle alles sämtliche* tous toutes tout todo todos todas toda tutto tutti tutte tudo alla allt kaikki wszystk* všechn* всех все всі tüm bütün كل جميع כל את-כל همه تمام सभी semua seluruh ทั้งหมด 所有 全部 一切 すべて 全て 모든 전부 όλες όλα toate minden összes tất-cả mọi gjitha gach gach zonke yote holl",
    ),
    (
        You,
        "you youre you're u yourself du ihr sie tu vous tú usted ustedes te você vocês jij je u ty ви ты вы sen siz أنت אתה تو شما आप anda kamu คุณ 你 您 あなた 당신 εσύ εσείς te bạn ti tá tú thu wena wewe chi",
    ),
    (
        Your,
        "your yours dein* deine* ihre* ihrem ihren ton ta votre vos tes tuo tua tuoi tue vostro seu sua seus suas jouw uw din ditt dina sinun twoj* twój tvé tvůj твой твои ваш* твої senin sizin yourself 你的 您的 あなたの 당신의 των σου tău tale yakho kwakho wako tënde tuaj do nad",
    ),
];

/// Everyday words that tell running text from noise when a decoding is tried.
pub(super) const COMMON: &[&str] = &[
    "the", "and", "to", "of", "in", "is", "you", "that", "for", "with", "this", "are", "your",
    "not", "all", "be", "have", "from", "please", "will", "it", "on", "as", "at", "by", "der",
    "die", "das", "und", "ist", "nicht", "ein", "mit", "von", "les", "des", "une", "et", "est",
    "que", "de", "la", "el", "los", "para", "por", "con", "il", "di", "che", "per", "een", "het",
    "van", "en", "och", "att", "som", "jest", "nie", "на", "не", "что", "и", "ve", "bir", "dan",
    "yang", "ke", "le", "un", "do", "da", "em", "og", "til", "av", "ja", "w", "z", "a", "o", "isi",
    "adresine",
];
