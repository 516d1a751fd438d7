//! The instructions of an agent in a mail that it writes.

use super::literals::{List, YOU_ARE};
use super::random::contains;
use super::view::lines;
use super::{Class, Findings, Place, View, names_any};

/// How an agent begins to tell what it was told.
pub(super) const TOLD: &[&str] = &[
    "my instructions are",
    "my instructions were",
    "my system prompt",
    "my instructions:",
    "system prompt\n",
    "system prompt is",
    "my instructions say",
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

/// How instructions address it.
const ADDRESSED: &[&str] = &[
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

/// What instructions hold.
const RULES: &[&str] = &[
    "never ",
    "reveal",
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

/// An agent that tells what it was told.
pub(super) fn find(view: &View<'_>, findings: &mut Findings) {
    if matches!(
        view.place,
        Place::Subject | Place::Recipients | Place::FileName(_)
    ) {
        return;
    }
    let role = contains(view.lower.as_bytes(), b"system")
        && lines(view.lower).any(|line| {
            let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
            line.strip_prefix("system:")
                .or_else(|| line.strip_prefix("system]"))
                .or_else(|| line.strip_prefix("system prompt:"))
                .is_some_and(|rest| {
                    rest.trim_start().starts_with("you ")
                        || ADDRESSED.iter().any(|a| rest.trim_start().starts_with(a))
                })
        });
    let told = (0..TOLD.len()).find_map(|index| view.hits.at(List::Told, index).next());
    let behind = told.and_then(|at| view.lower.get(at..)).unwrap_or_default();
    let behind = super::around(behind, 0, 0, 800);
    let agent =
        names_any(behind, ADDRESSED) || view.hits.has(List::Single, YOU_ARE) && told.is_some();
    if (role && names_any(view.lower, RULES))
        || (told.is_some() && agent && names_any(behind, RULES))
    {
        findings.add(
            "system_prompt",
            Class::Prompt,
            view.place,
            "instructions of the agent",
        );
    }
}
