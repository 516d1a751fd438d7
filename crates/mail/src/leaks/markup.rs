//! The texts of an HTML part: what is written, and what stands in attributes, comments, styles
//! and scripts. Hidden elements count as written: nothing may leave unread.

use html5gum::Tokenizer;
use html5gum::emitters::default::{DefaultEmitter, Token};

use crate::html::breaks;

/// Text, and the rest.
#[derive(Default)]
pub(super) struct Markup {
    pub(super) written: String,
    pub(super) unseen: String,
}

/// Splits HTML. Elements inside a line do not split its text, so that a word marked letter by
/// letter is read whole.
pub(super) fn split(html: &str) -> Markup {
    let mut emitter = DefaultEmitter::<()>::new_with_span();
    emitter.naively_switch_states(true);
    let mut markup = Markup::default();
    let mut code = false;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name = tag.name.as_slice();
                code = matches!(name, b"style" | b"script");
                separate(&mut markup.written, name);
                for (name, value) in &tag.attributes {
                    if name.as_slice() != b"style" && name.as_slice() != b"class" {
                        markup.unseen.push_str(&String::from_utf8_lossy(name));
                        markup.unseen.push('=');
                    }
                    markup.unseen.push_str(&String::from_utf8_lossy(value));
                    markup.unseen.push('\n');
                }
            }
            Token::EndTag(tag) => {
                code = false;
                separate(&mut markup.written, &tag.name);
            }
            Token::String(text) => {
                let text = String::from_utf8_lossy(&text);
                if code {
                    &mut markup.unseen
                } else {
                    &mut markup.written
                }
                .push_str(&text);
            }
            Token::Comment(text) => {
                markup.unseen.push_str(&String::from_utf8_lossy(&text));
                markup.unseen.push('\n');
            }
            Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    markup
}

fn separate(text: &mut String, name: &[u8]) {
    if breaks(name) > 0 || name == b"br" {
        text.push('\n');
    } else if matches!(name, b"td" | b"th") {
        text.push('\t');
    }
}
