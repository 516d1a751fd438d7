//! What clients write above forwards, for the tests.

/// What a client writes above a forward in one language: the separator and the labels of From,
/// Date, Subject, To and Cc.
pub(super) struct Style {
    pub(super) name: &'static str,
    pub(super) separator: &'static str,
    pub(super) labels: [&'static str; 5],
}

const fn style(name: &'static str, separator: &'static str, labels: [&'static str; 5]) -> Style {
    Style {
        name,
        separator,
        labels,
    }
}

/// A separator in a language that no table has.
pub(super) const UNTAUGHT: &str = "a language nobody taught us";

#[rustfmt::skip]
pub(super) const STYLES: &[Style] = &[
    style("apple en", "Begin forwarded message:", ["From", "Date", "Subject", "To", "Cc"]),
    style("apple cs", "Začátek přeposílané zprávy:", ["Od", "Datum", "Předmět", "Komu", "Kopie"]),
    style("apple da", "Start på videresendt besked:", ["Fra", "Dato", "Emne", "Til", "Cc"]),
    style("apple de", "Anfang der weitergeleiteten Nachricht:", ["Von", "Datum", "Betreff", "An", "Kopie"]),
    style("apple el", "Έναρξη προωθημένου μηνύματος:", ["Από", "Ημερομηνία", "Θέμα", "Προς", "Κοιν."]),
    style("apple es", "Inicio del mensaje reenviado:", ["De", "Fecha", "Asunto", "Para", "Cc"]),
    style("apple fr", "Début du message transféré :", ["De", "Date", "Objet", "À", "Cc"]),
    style("apple hr", "Započni proslijeđenu poruku:", ["Šalje", "Datum", "Predmet", "Prima", "Kopija"]),
    style("apple it", "Inizio messaggio inoltrato:", ["Da", "Data", "Oggetto", "A", "Cc"]),
    style("apple ja", "転送されたメッセージ:", ["差出人", "日付", "件名", "宛先", "Cc"]),
    style("apple ko", "전달된 메시지:", ["보낸 사람", "날짜", "제목", "받는 사람", "참조"]),
    style("apple nl", "Begin doorgestuurd bericht:", ["Van", "Datum", "Onderwerp", "Aan", "Kopie"]),
    style("apple no", "Videresendt melding:", ["Fra", "Dato", "Emne", "Til", "Kopi"]),
    style("apple pl", "Początek przekazywanej wiadomości:", ["Od", "Data", "Temat", "Do", "DW"]),
    style("apple pt", "Início da mensagem reencaminhada:", ["De", "Data", "Assunto", "Para", "Cc"]),
    style("apple ro", "Începe mesajul redirecționat:", ["De la", "Dată", "Subiect", "Către", "Cc"]),
    style("apple ru", "Начало переадресованного сообщения:", ["От", "Дата", "Тема", "Кому", "Копия"]),
    style("apple sk", "Začiatok preposlanej správy:", ["Od", "Dátum", "Predmet", "Komu", "Kópia"]),
    style("apple uk", "Початок листа, що пересилається:", ["Від", "Дата", "Тема", "Кому", "Копія"]),
    style("apple zh", "以下是转发的邮件:", ["发件人", "日期", "主题", "收件人", "抄送"]),
    style("apple zh-tw", "開始轉寄郵件:", ["寄件人", "日期", "主旨", "收件人", "副本"]),
    style("apple he", "תחילת ההודעה שהועברה:", ["מאת", "תאריך", "נושא", "אל", "עותק"]),
    style("apple ar", "بداية الرسالة المحولة:", ["من", "التاريخ", "الموضوع", "إلى", "نسخة"]),
    style("apple th", "เริ่มข้อความที่ส่งต่อ:", ["จาก", "วันที่", "เรื่อง", "ถึง", "สำเนา"]),
    style("apple vi", "Bắt đầu thư được chuyển tiếp:", ["Từ", "Ngày", "Chủ đề", "Đến", "Cc"]),
    style("apple id", "Mulai pesan diteruskan:", ["Dari", "Tanggal", "Subjek", "Kepada", "Cc"]),
    style("gmail", "---------- Forwarded message ---------", ["From", "Date", "Subject", "To", "Cc"]),
    style("gmail tr", "---------- Forwarded message ---------", ["Gönderen", "Date", "Subject", "To", "Cc"]),
    style("gmail et", "---------- Forwarded message ---------", ["Saatja", "Date", "Subject", "To", "Cc"]),
    style("thunderbird cs", "-------- Přeposlaná zpráva --------", ["Od", "Datum", "Předmět", "Komu", "Kopie"]),
    style("thunderbird fi", "-------- Välitetty viesti --------", ["Lähettäjä", "Päiväys", "Aihe", "Vastaanottaja", "Kopio"]),
    style("thunderbird hr", "-------- Proslijeđena poruka --------", ["Šalje", "Datum", "Naslov", "Prima", "CC"]),
    style("thunderbird lt", "-------- Persiųstas laiškas --------", ["Nuo", "Data", "Tema", "Kam", "Kopija"]),
    style("thunderbird lv", "-------- Pārsūtīta vēstule --------", ["No", "Datums", "Temats", "Kam", "CC"]),
    style("thunderbird pl", "-------- Treść przekazanej wiadomości --------", ["Nadawca", "Data", "Temat", "Adresat", "Kopia"]),
    style("thunderbird ru", "-------- Перенаправленное сообщение --------", ["От", "Дата", "Тема", "Кому", "Копия"]),
    style("thunderbird sl", "-------- Posredovano sporočilo --------", ["Od", "Datum", "Zadeva", "Za", "Kp"]),
    style("thunderbird sr", "-------- Прослеђена порука --------", ["Шаље", "Датум", "Наслов", "Прима", "Копија"]),
    style("thunderbird bg", "-------- Препратено съобщение --------", ["От", "Дата", "Тема", "До", "Копие"]),
    style("thunderbird tr", "-------- İletilmiş İleti --------", ["Kimden", "Tarih", "Konu", "Kime", "CC"]),
    style("thunderbird ca", "-------- Missatge reenviat --------", ["De", "Data", "Assumpte", "Per a", "A/c"]),
    style("thunderbird eu", "-------- Berbidalitako mezua --------", ["Nork", "Data", "Gaia", "Nori", "CC"]),
    style("thunderbird is", "-------- Áframsend skilaboð --------", ["Frá", "Dagsetning", "Efni", "Til", "Afrit"]),
    style("open-xchange", "---------- Original Message ----------", ["From", "Date", "Subject", "To", "Cc"]),
    style("open-xchange de", "---------- Ursprüngliche Nachricht ----------", ["Von", "Datum", "Betreff", "An", "CC"]),
    style("qq", "------------------ 原始邮件 ------------------", ["发件人", "发送时间", "主题", "收件人", "抄送"]),
    style("netease", "-------- 转发邮件信息 --------", ["发件人", "发送日期", "主题", "收件人", "抄送人"]),
    style("lotus", "----- Forwarded by Ann Lee/ACME on 27/10/2021 09:31 -----", ["From", "Date", "Subject", "To", "Cc"]),
    style("proton", "------- Forwarded Message -------", ["From", "Date", "Subject", "To", "CC"]),
    style("gnus", "-------------------- Start of forwarded message --------------------", ["From", "Date", "Subject", "To", "Cc"]),
    style(UNTAUGHT, "-------- Ymlaen neges --------", ["From", "Date", "Subject", "To", "Cc"]),
];
