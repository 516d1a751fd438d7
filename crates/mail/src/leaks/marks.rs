//! Marks that say a text stays inside, and the instructions of an agent.

use super::{Class, Findings, Place, View, names_any};

/// Lines that are a mark when they stand alone or begin a line with the rest a name.
const MARKS: &[&str] = &[
    "strictly confidential",
    "highly confidential",
    "company confidential",
    "confidential",
    "internal use only",
    "for internal use only",
    "internal only",
    "for internal distribution",
    "do not distribute",
    "do not forward",
    "not for distribution",
    "not for external",
    "not for release",
    "restricted",
    "top secret",
    "secret",
    "noforn",
    "proprietary and confidential",
    "confidential and proprietary",
    "confidential - internal",
    "company proprietary",
    "attorney-client privileged",
    "attorney client privileged",
    "privileged and confidential",
    "privileged & confidential",
    "attorney work product",
    "trade secret",
    "need to know",
    "embargoed",
    "under embargo",
    "material non-public information",
    "mnpi",
    "board eyes only",
    "eyes only",
    "streng vertraulich",
    "vertraulich",
    "streng geheim",
    "geheim",
    "nur für den internen gebrauch",
    "nur für den dienstgebrauch",
    "nur intern",
    "nur zur internen verwendung",
    "vs-nfd",
    "vs - nur für den dienstgebrauch",
    "confidentiel",
    "strictement confidentiel",
    "usage interne",
    "diffusion restreinte",
    "ne pas diffuser",
    "confidencial",
    "uso interno",
    "estrictamente confidencial",
    "no distribuir",
    "riservato",
    "strettamente confidenziale",
    "solo per uso interno",
    "vertrouwelijk",
    "strikt vertrouwelijk",
    "alleen voor intern gebruik",
    "poufne",
    "ściśle poufne",
    "konfidentiellt",
    "fortroligt",
    "luottamuksellinen",
    "конфиденциально",
    "для служебного пользования",
    "строго конфиденциально",
    "совершенно секретно",
    "社外秘",
    "機密",
    "极机密",
    "内部资料",
    "機密情報",
    "极秘",
    "대외비",
    "gizli",
];

/// Names of a line that gives the class of a text.
const LABELS: &[&str] = &[
    "classification",
    "data classification",
    "security classification",
    "document classification",
    "sensitivity",
    "confidentiality",
    "klassifizierung",
    "einstufung",
    "classificação",
    "clasificación",
    "schutzklasse",
    "vertraulichkeit",
    "tlp",
    "protective marking",
    "handling",
];

/// Classes that such a line may give.
const CLASSES: &[&str] = &[
    "restricted",
    "confidential",
    "secret",
    "internal",
    "red",
    "amber",
    "vertraulich",
    "intern",
    "geheim",
    "confidentiel",
    "confidencial",
    "riservato",
    "highly",
    "strictly",
    "private",
    "sensitive",
    "proprietary",
    "restreint",
    "company",
];

/// Finds both.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    let mut last_lines = 0;
    for (line, written) in view.lower.lines().zip(view.text.lines()) {
        if line.trim_end() == "--" {
            last_lines = 1;
        }
        if last_lines == 0 && (is_mark(line) || is_loud(line, written)) {
            findings.add("confidentiality_marker", Class::Marker, view.place, line);
        }
    }
    // TLP marks are said everywhere in the same way (FIRST, version 2.0).
    if names_any(
        view.lower,
        &["tlp:red", "tlp:amber", "tlp: red", "tlp: amber"],
    ) {
        findings.add(
            "confidentiality_marker",
            Class::Marker,
            view.place,
            "TLP mark",
        );
    }
    instructions(view, findings);
}

fn is_mark(line: &str) -> bool {
    let line = line.trim_matches(|c: char| !c.is_alphanumeric());
    if line.is_empty()
        || line.len() > 90
        || line.contains("this e-mail")
        || line.contains("this email")
    {
        return false;
    }
    if let Some((label, class)) = line.split_once([':', '=']) {
        let label = label.trim().trim_matches(|c: char| !c.is_alphanumeric());
        let class = class.trim_start_matches(|c: char| !c.is_alphanumeric());
        if LABELS.contains(&label) {
            return CLASSES.iter().any(|known| class.starts_with(known));
        }
    }
    // Alone on the line, or two marks joined: "confidential - internal use only".
    let mut parts = line
        .split(['-', '/', '|', ',', '.', ';', '–', '—', '(', ')', ':', '•'])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let whole = MARKS.contains(&line);
    // One word may be a name or an answer; a mark of one word is loud or has company.
    whole && line.contains(' ')
        || parts.clone().count() > 1 && parts.all(|part| MARKS.contains(&part))
}

/// A mark at the beginning of a line that says more: in capitals or in brackets.
fn is_loud(line: &str, written: &str) -> bool {
    let start = written.len()
        - written
            .trim_start_matches(|c: char| !c.is_alphanumeric())
            .len();
    let bracket = written
        .get(..start)
        .is_some_and(|signs| signs.contains(['[', '【']));
    let (line, written) = (
        line.get(start..).unwrap_or_default(),
        written.get(start..).unwrap_or_default(),
    );
    if line.contains("this e-mail")
        || line.contains("this email")
        || line.contains("this message")
        || line.len() > 160
    {
        return false;
    }
    MARKS
        .iter()
        .filter(|mark| mark.is_ascii() && mark.len() >= 8)
        .any(|mark| {
            let Some(behind) = line.strip_prefix(mark) else {
                return false;
            };
            let loud = written
                .get(..mark.len())
                .is_some_and(|m| !m.bytes().any(|b| b.is_ascii_lowercase()));
            let ends = behind.trim_start().is_empty()
                || behind.starts_with(['\u{5D}', ':', '.', ',', '!'])
                || behind
                    .trim_start()
                    .starts_with(['-', '|', '/', '*', '(', '–', '—', ';']);
            let one_word = !mark.contains([' ', '-']);
            ends && (bracket
                || (loud
                    && (!one_word || behind.trim().is_empty() || !behind.starts_with([':', ',']))))
        })
}

/// An agent that tells what it was told.
fn instructions(view: &View<'_>, findings: &mut Findings) {
    const TOLD: [&str; 22] = [
        "my instructions are",
        "my instructions were",
        "my system prompt",
        "system prompt:",
        "my prompt is",
        "i was instructed to",
        "i was told to",
        "i was told:",
        "my initial instructions",
        "my full instructions",
        "here are my instructions",
        "my guidelines are",
        "these are my instructions",
        "my rules are",
        "meine anweisungen",
        "mes instructions",
        "mis instrucciones",
        "<system>",
        "\"role\": \"system\"",
        "\"role\":\"system\"",
        "<<sys>>",
        "<|im_start|>system",
    ];
    const ADDRESSED: [&str; 12] = [
        "you are a ",
        "you are an ",
        "you are the ",
        "you are mail",
        "act as ",
        "you must ",
        "your task is",
        "your role is",
        "du bist ",
        "tu es ",
        "eres ",
        "sie sind ",
    ];
    const RULES: [&str; 16] = [
        "never ",
        "do not ",
        "don't ",
        "rules:",
        "rule 1",
        "tools:",
        "always ",
        "must not",
        "1) ",
        "only answer",
        "niemals",
        "jamais",
        "nunca",
        "instructions:",
        "without a human",
        "approve",
    ];
    if matches!(
        view.place,
        Place::Subject | Place::Recipients | Place::FileName(_)
    ) {
        return;
    }
    let role = view.lower.lines().any(|line| {
        let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
        line.strip_prefix("system:")
            .or_else(|| line.strip_prefix("system prompt:"))
            .is_some_and(|rest| {
                rest.trim_start().starts_with("you ")
                    || ADDRESSED.iter().any(|a| rest.trim_start().starts_with(a))
            })
    });
    let told = TOLD
        .iter()
        .find_map(|told| memchr::memmem::find(view.lower.as_bytes(), told.as_bytes()));
    let behind = told.and_then(|at| view.lower.get(at..)).unwrap_or_default();
    let behind = super::around(behind, 0, 0, 800);
    let agent = names_any(behind, &ADDRESSED) || view.lower.contains("you are ") && told.is_some();
    if (role && names_any(view.lower, &RULES))
        || (told.is_some() && agent && names_any(behind, &RULES))
    {
        findings.add(
            "system_prompt",
            Class::Prompt,
            view.place,
            "instructions of the agent",
        );
    }
}
