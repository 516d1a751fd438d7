//! Names that many share, without a list to download: every top-level name, and the second level of
//! the registries that are organised in that way. It decides which names cannot be registered and
//! where a zone begins, so that record names are shown as a registrar's form wants them. A registry
//! that is missing here only makes those names longer than they need be.

/// Top-level names whose registries sell names at the third level, with the second levels they use.
const REGISTRIES: [(&str, &str); 46] = [
    ("ae", "ac co gov mil net org sch"),
    ("ar", "com edu gob gov int mil net org tur"),
    ("at", "ac co gv or"),
    ("au", "asn com edu gov id net org"),
    ("bd", "ac com edu gov info mil net org"),
    ("bo", "com edu gob int mil net org tv web"),
    (
        "br",
        "app art blog com dev eco edu eng gov ind inf log med mil net org tec tur tv wiki",
    ),
    ("cl", "co gob gov mil"),
    ("cn", "ac com edu gov mil net org"),
    ("co", "com edu gov mil net nom org"),
    ("cy", "ac biz com gov info ltd net org"),
    ("ec", "com edu fin gob gov info med mil net org pro"),
    ("eg", "com edu eun gov mil name net org sci"),
    ("es", "com edu gob nom org"),
    ("fr", "asso com gouv nom prd tm"),
    ("gr", "com edu gov net org"),
    ("hk", "com edu gov idv net org"),
    ("hu", "co info org priv sport tm"),
    ("id", "ac biz co desa go mil my net or ponpes sch web"),
    ("il", "ac co gov idf k12 muni net org"),
    ("in", "ac co edu firm gen gov ind mil net nic org res"),
    ("jp", "ac ad co ed go gr lg ne or"),
    ("ke", "ac co go info me mobi ne or sc"),
    ("kr", "ac co go hs kg mil ms ne or pe re sc"),
    ("lk", "ac assn com edu gov int ltd net org sch web"),
    ("mx", "com edu gob net org"),
    ("my", "biz com edu gov mil name net org"),
    ("ng", "com edu gov i mil mobi name net org sch"),
    ("np", "com coop edu gov info mil name net org"),
    (
        "nz",
        "ac co cri geek gen govt health iwi kiwi maori mil net org parliament school",
    ),
    ("pe", "com edu gob mil net nom org"),
    ("ph", "com edu gov i mil net ngo org"),
    ("pk", "com edu fam gob gok gon gop gos gov info net org web"),
    ("pl", "biz com edu gov info net org waw"),
    ("pt", "com edu gov int net nome org publ"),
    ("ro", "arts com firm info nom nt org rec store tm www"),
    ("sa", "com edu gov med net org pub sch"),
    ("sg", "com edu gov net org per"),
    ("th", "ac co go in mi net or"),
    (
        "tr",
        "av bbs bel biz com dr edu gen gov info k12 kep mil name net org pol tel tv web",
    ),
    ("tw", "club com ebiz edu game gov idv mil net org"),
    ("ua", "com edu gov in net org"),
    ("uk", "ac co gov ltd me net nhs org plc police sch"),
    ("uy", "com edu gub mil net org"),
    ("vn", "ac biz com edu gov health info int name net org pro"),
    (
        "za",
        "ac alt co edu gov law mil net ngo nis nom org school web",
    ),
];

/// Names that no mail from outside can reach: RFC 2606 §2 and §3, RFC 6761 §6, RFC 6762 §3,
/// RFC 8375, and `.internal`, which ICANN keeps for private use.
const RESERVED: [&str; 10] = [
    "localhost",
    "test",
    "example",
    "invalid",
    "local",
    "internal",
    "home.arpa",
    "example.com",
    "example.net",
    "example.org",
];

/// Whether names are sold below `name` (in lower case) to everybody.
#[must_use]
pub fn is_public_suffix(name: &str) -> bool {
    match name.rsplit_once('.') {
        None => true,
        Some(("home", "arpa")) => true,
        Some((second, top)) => REGISTRIES
            .iter()
            .any(|(own, levels)| *own == top && levels.split(' ').any(|level| level == second)),
    }
}

/// Whether `name` (in lower case) is one that cannot exist in the public DNS.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|suffix| {
        name.strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// The name that was bought: the label below the public suffix, and the suffix. Zones begin there
/// unless their owner has divided them further.
#[must_use]
pub fn zone_apex(name: &str) -> &str {
    let mut apex = name;
    let mut rest = name;
    while let Some((_, above)) = rest.split_once('.') {
        if is_public_suffix(above) {
            return rest;
        }
        apex = rest;
        rest = above;
    }
    apex
}
