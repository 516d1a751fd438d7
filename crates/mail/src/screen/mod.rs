//! How likely a mail tries to steer an AI agent.
//!
//! The screen parts what a person sees from what only the source says, folds disguises, undoes
//! simple encodings and then reads every sentence with a grammar of directives and a small linear
//! model. It is a pure function: the same mail always gets the same score.
//!
//! **The trap:** no detector holds against a patient attacker. The score helps people and labels;
//! what an agent may do after it has read a mail must be decided without it.

mod canonical;
mod disguise;
mod grammar;
mod lexicon;
mod linear;
mod look;
mod markup;
mod phrases;
mod signs;
#[cfg(test)]
mod tests;
mod trie;
mod turns;
mod vocabulary;
mod words;

pub use crate::page::Technique;
pub use grammar::Reason;

use lexicon::Lexicon;
use signs::{Sentence, Sign};

/// The version of rules and weights, for the audit log.
pub const VERSION: &str = "screen-1";
/// The score from which a mail is flagged.
pub const THRESHOLD: f32 = 0.5;

/// Logarithm of the odds before any evidence.
const BASE: f32 = -5.5;
/// What a neighbouring sentence adds, as a share.
const NEIGHBOUR: f32 = 0.6;
/// Findings and hidden spans that are reported; the score counts all.
const MAX_REPORTED: usize = 20;
/// The score of a sentence from which it may be reported.
const LEAST_SUSPECT: f32 = 0.05;
/// Characters of an excerpt.
const EXCERPT: usize = 160;

/// A mail to be screened, decoded from MIME.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival<'a> {
    /// The subject, decoded.
    pub subject: &'a str,
    /// The plain text part, if any.
    pub text: Option<&'a str>,
    /// The HTML part, if any.
    pub html: Option<&'a str>,
}

/// Where a text was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The subject.
    Subject,
    /// The plain text part.
    Text,
    /// The HTML part.
    Html,
}

/// A sentence that reads like a directive.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Why.
    pub reasons: Vec<Reason>,
    /// The part it is in.
    pub part: Part,
    /// How it was hidden or disguised, if it was.
    pub technique: Option<Technique>,
    /// Octets from the beginning of the segment the sentence was read in: canonical text for
    /// visible text, the source for hidden pieces.
    pub at: usize,
    /// The beginning of the sentence in canonical form, at most 160 characters.
    pub excerpt: String,
    /// Its own score, 0 to 1.
    pub score: f32,
}

/// A text that a person does not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// How.
    pub technique: Technique,
    /// The part it is in.
    pub part: Part,
    /// Where it begins in the part, in octets.
    pub at: usize,
    /// Its beginning, at most 160 characters.
    pub excerpt: String,
}

/// What the screen says of a mail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Screening {
    /// 0 for harmless to 1 for a directive.
    pub score: f32,
    /// Whether the score reaches [`THRESHOLD`].
    pub flagged: bool,
    /// The worst sentences, worst first, at most 20.
    pub findings: Vec<Finding>,
    /// Texts a person does not see, in order, at most 20.
    pub hidden: Vec<Hidden>,
}

/// The screen with its tables. Made once and shared.
pub struct Screen {
    lexicon: Lexicon,
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

/// A stretch of text read on its own.
struct Segment {
    part: Part,
    technique: Option<Technique>,
    at: usize,
    text: String,
}

/// A sentence that reads like a directive, before it is known whether it is among the worst.
struct Suspect<'a> {
    segment: &'a Segment,
    at: usize,
    text: &'a str,
    reasons: Vec<Reason>,
    logit: f32,
}

impl Suspect<'_> {
    fn finding(self) -> Finding {
        let technique = self.segment.technique;
        Finding {
            reasons: self.reasons,
            part: self.segment.part,
            technique,
            at: technique.map_or(self.at, |_| self.segment.at),
            excerpt: excerpt(self.text),
            score: sigmoid(self.logit),
        }
    }
}

impl Screen {
    /// Builds the tables, which takes about a millisecond.
    #[must_use]
    pub fn new() -> Self {
        Self {
            lexicon: Lexicon::new(),
        }
    }

    /// Screens one mail, in time linear in its size.
    #[must_use]
    pub fn screen(&self, mail: &Arrival<'_>) -> Screening {
        let segments = self.segments(mail);
        let mut suspects = Vec::new();
        for segment in &segments {
            self.judge(segment, &mut suspects);
        }
        suspects.sort_by(|a, b| b.logit.total_cmp(&a.logit));
        let best = suspects.first().map_or(BASE, |suspect| suspect.logit);
        let score = sigmoid(best);
        let hidden = segments
            .iter()
            .filter_map(|segment| {
                Some(Hidden {
                    technique: segment.technique?,
                    part: segment.part,
                    at: segment.at,
                    excerpt: excerpt(&segment.text),
                })
            })
            .take(MAX_REPORTED)
            .collect();
        Screening {
            score,
            flagged: score >= THRESHOLD,
            findings: suspects
                .into_iter()
                .take(MAX_REPORTED)
                .map(Suspect::finding)
                .collect(),
            hidden,
        }
    }

    /// Every sentence with its features and the score of the rules, for training the model.
    #[must_use]
    pub fn features(&self, mail: &Arrival<'_>) -> Vec<Features> {
        let mut all = Vec::new();
        for segment in self.segments(mail) {
            let sentences = self.sentences(&segment.text);
            for sentence in &sentences {
                let (grams, signs) = linear::features(sentence);
                let (rules, _) = grammar::judge(sentence.concepts, sentence.signs);
                all.push(Features {
                    text: sentence.text.to_owned(),
                    grams,
                    signs,
                    rules,
                    technique: segment.technique,
                    bonus: segment.technique.map_or(0.0, Technique::weight),
                });
            }
        }
        all
    }

    fn sentences<'a>(&self, text: &'a str) -> Vec<Sentence<'a>> {
        signs::sentences(text)
            .into_iter()
            .map(|(at, text)| signs::read(at, text, &self.lexicon))
            .collect()
    }

    fn segments(&self, mail: &Arrival<'_>) -> Vec<Segment> {
        let mut out = Vec::new();
        self.add(Part::Subject, None, 0, mail.subject, &mut out);
        if let Some(text) = mail.text {
            self.add(Part::Text, None, 0, text, &mut out);
        }
        if let Some(html) = mail.html {
            let parts = markup::part(html);
            self.add(Part::Html, None, 0, &parts.visible, &mut out);
            for piece in parts.hidden {
                self.add(
                    Part::Html,
                    Some(piece.technique),
                    piece.at,
                    &piece.text,
                    &mut out,
                );
            }
        }
        out
    }

    /// Adds a text, what it smuggles and what it decodes to.
    fn add(
        &self,
        part: Part,
        technique: Option<Technique>,
        at: usize,
        text: &str,
        out: &mut Vec<Segment>,
    ) {
        let canonical = canonical::canonical(text);
        for (technique, text) in canonical.smuggled {
            out.push(Segment {
                part,
                technique: Some(technique),
                at,
                text,
            });
        }
        for found in disguise::decoded(&canonical.text, &self.lexicon) {
            let at = if technique.is_some() { at } else { found.at };
            out.push(Segment {
                part,
                technique: Some(found.technique),
                at,
                text: found.text,
            });
        }
        let disguised = if canonical.overridden {
            Some(Technique::Reversed)
        } else if canonical.styled >= 12 {
            Some(Technique::StyledLetters)
        } else if canonical.split >= 10 {
            Some(Technique::SplitLetters)
        } else if canonical.homoglyphs >= 3 {
            Some(Technique::Homoglyphs)
        } else {
            None
        };
        out.push(Segment {
            part,
            technique: disguised.or(technique),
            at,
            text: canonical.text,
        });
    }

    fn judge<'a>(&self, segment: &'a Segment, suspects: &mut Vec<Suspect<'a>>) {
        let sentences = self.sentences(&segment.text);
        let bonus = segment.technique.map_or(0.0, Technique::weight);
        let own: Vec<(f32, Vec<Reason>)> = sentences
            .iter()
            .map(|sentence| grammar::judge(sentence.concepts, sentence.signs))
            .collect();
        for (index, sentence) in sentences.iter().enumerate() {
            let Some((rules, reasons)) = own.get(index) else {
                continue;
            };
            let model = linear::logit(sentence);
            let evidence = rules + model;
            // Tables, puzzles and templates look disguised too; only words make it a directive.
            let share = match segment.technique {
                Some(technique) if technique.is_never_honest() => 1.0,
                Some(Technique::SpacedLetters | Technique::Leet) => (0.5 * rules).clamp(0.0, 1.0),
                _ => (0.3 + 0.5 * evidence).clamp(0.0, 1.0),
            };
            let mut logit = BASE + bonus * share + evidence;
            let mut reasons = reasons.clone();
            // A directive is often spread over two sentences.
            if let (Some(next), Some((next_rules, _))) =
                (sentences.get(index + 1), own.get(index + 1))
            {
                let concepts = sentence.concepts | next.concepts;
                let signs = (sentence.signs | next.signs) & !Sign::Order.bit()
                    | sentence.signs & Sign::Order.bit();
                let (both, more) = grammar::judge(concepts, signs);
                let extra = both - rules.max(*next_rules);
                if extra > 0.0 {
                    logit += NEIGHBOUR * extra;
                    reasons.extend(more.into_iter().filter(|reason| {
                        !own.iter()
                            .take(index + 1)
                            .skip(index)
                            .any(|(_, r)| r.contains(reason))
                    }));
                }
            }
            if model > 1.0 {
                reasons.push(Reason::Wording);
            }
            if segment.technique.is_some() {
                reasons.push(Reason::Hidden);
            }
            if sigmoid(logit) > LEAST_SUSPECT {
                suspects.push(Suspect {
                    segment,
                    at: sentence.at,
                    text: sentence.text,
                    reasons,
                    logit,
                });
            }
        }
    }
}

/// One sentence as the training of the linear model reads it.
#[derive(Clone, Debug)]
pub struct Features {
    /// The sentence.
    pub text: String,
    /// Buckets of its n-grams, with repetitions.
    pub grams: Vec<u32>,
    /// Indexes of its concepts, signs and their pairs.
    pub signs: Vec<u32>,
    /// The sum of the rules, in natural logarithms of odds.
    pub rules: f32,
    /// How it was hidden.
    pub technique: Option<Technique>,
    /// What the way it was hidden may add.
    pub bonus: f32,
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

fn excerpt(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(EXCERPT)
        .collect()
}
