use super::*;

fn text(input: &str) -> String {
    visible(Some(input), None).text.unwrap()
}

fn html(input: &str) -> String {
    visible(None, Some(input)).html.unwrap()
}

#[test]
fn clients_of_many_languages_are_cut_at_their_attribution() {
    for attribution in [
        "On Tue, Aug 25, 2026 at 10:41 AM Ann Lee <ann@a.example> wrote:",
        "On Tue, Aug 25, 2026 at 10:41 AM Ann Lee\n<ann@a.example> wrote:",
        "On Tuesday, August 25, 2026 at 10:41:00 AM GMT+2,\nAnn Lee\n<ann@a.example> wrote:",
        "Am Di., 25. Aug. 2026 um 10:41 Uhr schrieb Ann Lee <ann@a.example>:",
        "Am 25.08.2026 um 10:41 schrieb Ann Lee:",
        "Le mar. 25 août 2026 à 10:41, Ann Lee <ann@a.example> a écrit :",
        "El mar, 25 ago 2026 a las 10:41, Ann Lee (<ann@a.example>) escribió:",
        "Il giorno mar 25 ago 2026 alle ore 10:41 Ann Lee <ann@a.example> ha scritto:",
        "Em ter., 25 de ago. de 2026 às 10:41, Ann Lee <ann@a.example> escreveu:",
        "Op di 25 aug 2026 om 10:41 schreef Ann Lee <ann@a.example>:",
        "Den tis 25 aug. 2026 kl 10:41 skrev Ann Lee <ann@a.example>:",
        "ti 25. elok. 2026 klo 10.41 Ann Lee (ann@a.example) kirjoitti:",
        "wt., 25 sie 2026 o 10:41 Ann Lee <ann@a.example> napisał(a):",
        "út 25. 8. 2026 v 10:41 odesílatel Ann Lee <ann@a.example> napsal:",
        "Ann Lee <ann@a.example> ezt írta (időpont: 2026. aug. 25., K, 10:41):",
        "вт, 25 авг. 2026 г. в 10:41, Ann Lee <ann@a.example>:",
        "25 серпня 2026 р. 10:41 Ann Lee <ann@a.example> пише:",
        "Ann Lee <ann@a.example>, 25 Ağu 2026 Sal, 10:41 tarihinde şunu yazdı:",
        "2026年8月25日(火) 10:41 Ann Lee <ann@a.example>:",
        "Ann Lee <ann@a.example> 于2026年8月25日周二 10:41写道：",
        "2026년 8월 25일 (화) 오전 10:41, Ann Lee <ann@a.example>님이 작성:",
        "Στις Τρί 25 Αυγ 2026 στις 10:41 π.μ., ο χρήστης Ann Lee <ann@a.example> έγραψε:",
    ] {
        assert_eq!(
            text(&format!("Yes.\n\n{attribution}\n\n> Old words\n> more\n")),
            "Yes.",
            "{attribution}"
        );
        assert_eq!(
            text(&format!("Yes.\n\n{attribution}\n\nOld words\nmore\n")),
            "Yes.",
            "{attribution}"
        );
    }
}

#[test]
fn header_blocks_and_dividers_end_the_reply() {
    for block in [
        "From: Ann Lee <ann@a.example>\nSent: Tuesday, August 25, 2026 10:41\nTo: Bob\nSubject: Plan",
        "________________________________\nFrom: Ann Lee\nSent: Tuesday\nTo: Bob\nSubject: Plan",
        "*Von:* Ann Lee <ann@a.example>\n*Gesendet:* Dienstag\n*An:* Bob\n*Betreff:* Plan",
        "De : Ann Lee <ann@a.example>\nEnvoyé : mardi\nÀ : Bob\nObjet : Plan",
        "De: Ann Lee\nEnviado el: martes\nPara: Bob\nAsunto: Plan",
        "差出人: Ann Lee\n送信日時: 2026年8月25日\n宛先: Bob\n件名: Plan",
        "-----Original Message-----\nFrom: Ann Lee",
        "-----Ursprüngliche Nachricht-----\nVon: Ann",
        "------- Original Message -------\nOn Tuesday, August 25th, 2026, Ann wrote:\n\n> x",
    ] {
        assert_eq!(
            text(&format!("Yes.\n\n{block}\n\nOld words\n")),
            "Yes.",
            "{block}"
        );
    }
}

#[test]
fn answers_below_and_between_quotations_are_kept() {
    let attribution = "On Tue, Aug 25, 2026 at 10:41 AM Ann <ann@a.example> wrote:";
    assert_eq!(text(&format!("{attribution}\n> Old words\n\nYes.")), "Yes.");
    let inline = format!("{attribution}\n> One?\n\nYes.\n\n> Two?\n\nNo.");
    assert_eq!(text(&inline), inline);
    assert_eq!(
        text("Look:\n\n> a quotation\n\nand more"),
        "Look:\n\n> a quotation\n\nand more"
    );
    assert_eq!(
        text(&format!("Yes.\n\n{attribution}\n> Old\n\n-- \nBob")),
        "Yes.\n\n-- \nBob"
    );
}

#[test]
fn an_answer_right_under_a_quoted_line_is_no_part_of_it() {
    let attribution = "On Tue, Aug 25, 2026 at 10:41 AM Ann <ann@a.example> wrote:";
    let inline = format!(
        "{attribution}\n> Shall we meet on Friday, and at which of the two offices then?\nFriday, ours.\n> And who brings the keys?\nI do."
    );
    assert_eq!(text(&inline), inline);
    // The overflow of a line that a mailer wrapped is one.
    let wrapped = format!(
        "Yes.\n\n{attribution}\n> We shall meet on Friday, and it will be at the new\noffice\n> as far as I know"
    );
    assert_eq!(text(&wrapped), "Yes.");
    let page = "<p>Ann wrote on 25.08.2026, 10:41:</p><blockquote type=cite><p>Shall we meet on Friday, in our office https://a.example/b</p></blockquote>\
        <p>Fine</p><blockquote type=cite><p>And?</p></blockquote><p>Sent from my iPhone</p>";
    assert!(html(page).contains("Fine"));
}

#[test]
fn words_above_an_attribution_are_no_part_of_it() {
    let said = "Ann Lee <ann@a.example>, 25 Ağu 2026 Sal, 10:41 tarihinde şunu yazdı:";
    for words in [
        "Op vrijdag, zie https://a.example/plan",
        "That is 1.250,00.",
        "Ask Eve (eve@x.example).",
        "Bob",
    ] {
        assert_eq!(text(&format!("{words}\n{said}\n> Old")), words);
        let page = format!(
            "<div>{words}</div><div>{}</div><blockquote>Old</blockquote>",
            said.replace('<', "&lt;")
        );
        assert_eq!(html(&page), format!("<div>{words}</div>"));
    }
}

#[test]
fn an_escaped_from_is_told_from_a_quoted_one() {
    let escaped = "Two things.\n>From here on it is easy.\n\nBob";
    assert_eq!(text(escaped), escaped);
    let attribution = "At 2026-08-25 10:41:11, \"Ann\" <ann@a.example> wrote:";
    for old in [">From Friday on?\n>Ann", ">Hi,\n>From Friday on?\n>Ann"] {
        assert_eq!(text(&format!("Yes.\n\n{attribution}\n{old}")), "Yes.");
    }
}

#[test]
fn nothing_unquoted_is_ever_lost_altogether() {
    for whole in [
        "> only quoted\n> words",
        "On Tue, Aug 25, 2026 at 10:41 AM Ann <ann@a.example> wrote:\n\nwords without marks",
        "From: Ann <ann@a.example>\nSent: Tuesday\nTo: Bob\nSubject: Plan\n\nforwarded words",
        "See below\n\n---------- Forwarded message ---------\nFrom: Ann <ann@a.example>\nDate: Tue\nSubject: x\nTo: y\n\nwords",
    ] {
        assert_eq!(text(whole), whole);
    }
}

#[test]
fn prose_that_begins_like_history_is_kept() {
    for prose in [
        "On Monday we meet.\nShe wrote:\n\nthe list",
        "From: the beginning I liked it\nand so on",
        "Von: hier aus geht es weiter",
        "Le paragraphe suivant est important :\n- un",
        "I said:\n\nfoo",
        "Agenda\nDate: Monday\nSubject: plans\n\nSee you",
    ] {
        assert_eq!(text(prose), prose);
    }
}

#[test]
fn html_of_the_common_clients_is_cut_and_stays_balanced() {
    for (input, want) in [
        (
            "<div dir=\"ltr\">Yes.</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">Am foo bar:<br></div><blockquote class=\"gmail_quote\"><p>Old</p></blockquote></div>",
            "<div dir=\"ltr\">Yes.</div>",
        ),
        (
            "<html><body><p>Yes.</p><hr><div id=\"divRplyFwdMsg\"><b>X:</b> Ann<br></div><div>Old</div></body></html>",
            "<html><body><p>Yes.</p></body></html>",
        ),
        (
            "<html><body><div>Yes.<div><br><blockquote type=\"cite\"><div>On Aug 25, 2026, at 10:41, Ann wrote:</div>Old</blockquote></div></div></body></html>",
            "<html><body><div>Yes.</div></body></html>",
        ),
        (
            "<p>Yes.</p><div class=\"moz-cite-prefix\">Irgendwas:<br></div><blockquote type=\"cite\">Old</blockquote><p>After</p>",
            "<p>Yes.</p><p>After</p>",
        ),
        (
            "<pre>Yes.\n\nOn Tue, Aug 25, 2026 at 10:41 AM Ann &lt;a@a.example&gt; wrote:\n&gt; old\n</pre>",
            "<pre>Yes.</pre>",
        ),
        (
            "<div><p>Yes.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'><p><b>Xyz:</b> Ann</p></div><p>Old</p></div>",
            "<div><p>Yes.</p></div>",
        ),
    ] {
        assert_eq!(html(input), want, "{input}");
    }
}

#[test]
fn html_that_is_a_forward_or_all_quotation_is_kept() {
    for whole in [
        "<div>See</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">---------- Forwarded message ---------<br>From: Ann</div>Old</div>",
        "<blockquote type=cite>Old</blockquote>",
        "<p>One</p>",
    ] {
        assert_eq!(html(whole), whole);
    }
}

#[test]
fn text_is_rendered_from_the_shortened_html() {
    let seen = visible(
        None,
        Some("<p>Yes.</p><blockquote type=cite>Old</blockquote>"),
    );
    assert_eq!(seen.text.as_deref(), Some("Yes."));
}

fn stripped(input: &str) -> String {
    let reading = Reading {
        strip_signature: true,
        ..Reading::default()
    };
    visible_with(Some(input), None, &reading).text.unwrap()
}

#[test]
fn boilerplate_goes_and_the_signature_stays_unless_asked_for() {
    for boilerplate in [
        "Sent from my iPhone",
        "Von meinem Samsung Galaxy Smartphone gesendet.",
        "Envoyé de mon iPhone",
        "iPhoneから送信",
        "Outlook für iOS<https://aka.ms/o0ukef> beschaffen",
        "To unsubscribe from this list, click here: https://l.example/u",
        "View this email in your browser",
        "CONFIDENTIALITY NOTICE: This message is for the designated recipient only.",
        "Este mensaje y sus archivos adjuntos son confidenciales y van dirigidos a su destinatario.",
        "Please consider the environment before printing this email.",
    ] {
        for signature in [
            "-- \nAnn Lee\nAcme",
            "Best regards,\nAnn Lee",
            "Viele Grüße\nAnn",
            "С уважением,\nАнна",
            "Ann Lee\nVP Sales, Acme\nT: +49 30 1234567\nann@a.example",
            "-Ann",
        ] {
            let whole = format!("Hello Bob,\n\nYes, on Friday.\n\n{signature}\n\n{boilerplate}");
            let want = format!("Hello Bob,\n\nYes, on Friday.\n\n{signature}");
            assert_eq!(text(&whole), want, "{whole}");
            assert_eq!(stripped(&whole), "Hello Bob,\n\nYes, on Friday.", "{whole}");
        }
    }
}

#[test]
fn words_like_boilerplate_in_the_midst_are_kept() {
    for whole in [
        "Here it is.\n\nSent from my desk, which is easier than my mobile phone.",
        "Sent from my iPhone\n\nBut this came later, so it stays in sight.",
        "Please unsubscribe me from this list",
        "It is confidential, so do not share it.",
        "My list:\n\n- Apples\n\n- Pears",
        "Thank you",
        "Options:\n---\nThe first of them is a long sentence that is not a signature of anybody, I would say.",
        "See https://x.example/a",
    ] {
        assert_eq!(text(whole), whole);
        assert_eq!(stripped(whole), whole);
    }
}

#[test]
fn an_attribution_glued_into_a_line_is_found() {
    for attribution in [
        "On Tue, Aug 25, 2026 at 10:41 AM Ann Lee <ann@a.example> wrote:",
        "Am Di., 25. Aug. 2026 um 10:41 Uhr schrieb Ann Lee <ann@a.example>:",
        "Le mar. 25 août 2026 à 10:41, Ann Lee <ann@a.example> a écrit :",
        "2026年8月25日(火) 10:41 Ann Lee <ann@a.example>:",
        "From: Ann <ann@a.example> Sent: Tuesday, 25 August 2026 To: Bob Subject: Plan",
    ] {
        let glued = format!("Yes, fine. {attribution} > Old words > more");
        assert_eq!(text(&glued), "Yes, fine.", "{glued}");
    }
}

#[test]
fn reports_of_any_language_are_kept_whole() {
    for report in [
        "Your message wasn't delivered to x@y.example.\n\n----- Original message -----\nFrom: a@b.example",
        "Ihre Nachricht konnte nicht zugestellt werden.\n\nVon: a@b.example\nAn: c\nBetreff: x\n\nold",
    ] {
        assert_eq!(text(report), report);
    }
}

#[test]
fn hostile_shapes_take_linear_time() {
    for unit in [
        "On \n",
        "a:\n",
        "> a\nb\n",
        "From: a\n",
        "-",
        "_\n",
        "On 12:30 wrote\n",
        ">",
        "\n",
        "From: a\n\n",
        "> \n\n",
        "a wrote:\n\n",
    ] {
        let input = unit.repeat(400_000 / unit.len());
        assert!(text(&input).len() <= input.len());
    }
    for unit in [
        "<div>",
        "</div>",
        "<blockquote>",
        "<p>a",
        "<div class=gmail_quote>a",
        "</b><b>",
        "<!--",
        "<br>a",
        "<div id=appendonsend>",
    ] {
        let input = unit.repeat(400_000 / unit.len());
        let _ = html(&input);
    }
}
