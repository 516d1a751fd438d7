//! What mail clients put between the new words of an answer and the old message, and how they show
//! that.

use crate::{quoted, wrapped};

/// How a client shows the old message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// As it is: what begins it is all that tells.
    None,
    /// Each line after `> `, or after `>` alone.
    Lines,
    Tight,
    /// Each line, and the lines that say whose message it is.
    Everything,
}

/// The message that is answered.
pub struct Old<'a> {
    pub text: &'a str,
    pub name: &'a str,
    pub address: &'a str,
    /// The line above it and the header block above it, in some language.
    pub attribution: &'a str,
    pub headers: &'a str,
}

/// What the client of that number puts under the new words, and whether it marks every old line.
pub fn tail(client: usize, old: &Old<'_>, width: usize) -> (String, bool) {
    let (marks, template) = TAILS[client % TAILS.len()];
    let head = template
        .replace("{wrapped}", &wrapped(old.attribution, width))
        .replace("{at}", old.attribution)
        .replace("{headers}", old.headers)
        .replace("{name}", old.name)
        .replace("{address}", old.address);
    let tail = match marks {
        Marks::None => format!("{head}\n{}", old.text),
        Marks::Lines => format!("{head}\n{}", quoted(old.text)),
        Marks::Tight => format!("{head}\n{}", quoted(old.text).replace("> ", ">")),
        Marks::Everything => quoted(&format!("{head}\n{}", old.text)),
    };
    (tail, marks != Marks::None)
}

const TAILS: &[(Marks, &str)] = &[
    // Gmail, Thunderbird, Roundcube, Proton, with and without an empty line and with a narrow window
    (Marks::Lines, "{at}\n"),
    (Marks::Lines, "{at}"),
    (Marks::Lines, "{wrapped}\n"),
    // Apple Mail on telephones
    (Marks::Everything, "{at}\n"),
    // Outlook of three kinds
    (Marks::None, "{headers}\n"),
    (Marks::None, "________________________________\n{headers}\n"),
    (Marks::None, "-----Original Message-----\n{headers}\n"),
    // Yahoo
    (
        Marks::None,
        "    On Thursday, September 3, 2026 at 02:22:11 PM GMT+2, {name} <{address}> wrote:  \n ",
    ),
    // Zoho
    (
        Marks::None,
        "---- On Thu, 03 Sep 2026 14:22:11 +0200 {name} <{address}> wrote ----\n",
    ),
    // Spark
    (
        Marks::Lines,
        "On 3 Sep 2026 at 14:22 +0200, {name} <{address}>, wrote:",
    ),
    // Superhuman
    (
        Marks::Lines,
        "Sent via Superhuman ( https://sprh.mn/?vip=x@y.example )\n\n\
         On Thu, Sep 03, 2026 at 2:22 PM, {name} < {address} > wrote:\n",
    ),
    // QQ
    (
        Marks::None,
        "------------------ 原始邮件 ------------------\n发件人: \"{name}\" <{address}>;\n\
         发送时间: 2026年9月3日(星期四) 下午2:22\n收件人: \"Bob\"<bob@b.example>;\n\n主题: Plan\n\n\n",
    ),
    // NetEase on the web and on telephones
    (
        Marks::Tight,
        "At 2026-09-03 14:22:11, \"{name}\" <{address}> wrote:",
    ),
    (
        Marks::None,
        "---- 回复的原邮件 ----\n| 发件人 | {name}<{address}> |\n| 日期 | 2026年09月03日 14:22 |\n\
         | 收件人 | bob@b.example |\n| 主题 | Plan |",
    ),
    // Naver
    (
        Marks::None,
        "-----Original Message-----\nFrom: \"{name}\" <{address}>\nTo: \"Bob\" <bob@b.example>;\nCc:\n\
         Sent: 2026-09-03 (목) 14:22:11 (GMT+09:00)\nSubject: Plan\n",
    ),
    // Notes, old and new
    (
        Marks::None,
        "From:\t{name} <{address}>\nTo:\tBob Ray/ACME@ACME\nDate:\t09/03/2026 02:22 PM\nSubject:\tPlan\n\n\n",
    ),
    (
        Marks::None,
        "{name} <{address}> \n09/03/2026 02:22 PM\n\nTo\n\"Bob Ray\" <bob@b.example>\ncc\n\nSubject\nPlan\n\n\n",
    ),
    // Samsung
    (
        Marks::None,
        "-------- Original message --------\nFrom: {name} <{address}> \nDate: 9/3/26  2:22 PM  (GMT+01:00) \n\
         To: Bob Ray <bob@b.example> \nSubject: Plan \n",
    ),
    // GMX
    (
        Marks::None,
        "Gesendet: Donnerstag, 03. September 2026 um 14:22 Uhr\nVon: \"{name}\" <{address}>\n\
         An: bob@b.example\nBetreff: Plan\n",
    ),
    // Seznam
    (
        Marks::None,
        "---------- Původní e-mail ----------\nOd: {name} <{address}>\nKomu: bob@b.example\n\
         Datum: 3. 9. 2026 14:22:11\nPředmět: Plan\n",
    ),
    // eM Client
    (
        Marks::None,
        "------ Originalnachricht ------\nVon \"{name}\" <{address}>\nAn bob@b.example\n\
         Datum 03.09.2026 14:22:11\nBetreff Plan\n",
    ),
    // Yandex, mail.ru
    (Marks::Lines, "03.09.2026, 14:22, \"{name}\" <{address}>:"),
    (
        Marks::Lines,
        "Четверг, 3 сентября 2026, 14:22 +03:00 от {name} <{address}>:",
    ),
    // GroupWise
    (Marks::None, ">>> {name} <{address}> 03.09.26 14.22 Uhr >>>"),
    // Orange
    (
        Marks::Everything,
        "Message du 03/09/26 14:22\nDe : \"{name}\" <{address}>\nA : bob@b.example\nCopie à : \nObjet : Plan\n",
    ),
];
