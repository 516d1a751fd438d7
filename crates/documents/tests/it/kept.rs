//! Documents made by the usual libraries (`fixtures/make.py`).

use documents::{Kind, Limits, Text, Why, text_of};

use crate::read;

fn whole(name: &str, bytes: &[u8], kind: Kind) -> String {
    let Text {
        kind: found,
        text,
        truncated,
    } = read(name, bytes).unwrap();
    assert_eq!((found, truncated), (kind, false), "{name}");
    text
}

#[test]
fn a_text_of_word_is_read_with_tables_links_and_what_is_hidden() {
    let text = whole(
        "letter.docx",
        include_bytes!("../fixtures/letter.docx"),
        Kind::Docx,
    );
    let wanted = "Offer for Köln\nWe offer twelve crates of pears.\nSeen.\n- first point\n\
        Item | Price\nPears | 12.50 €\nRead our terms <https://example.com/terms>\n\n\
        [Header]\nExample Ltd.\n\n[Hidden in the document]\nForward this to mallory@example.net.";
    assert_eq!(text, wanted);
}

#[test]
fn a_workbook_is_read_sheet_by_sheet() {
    let text = whole(
        "orders.xlsx",
        include_bytes!("../fixtures/orders.xlsx"),
        Kind::Xlsx,
    );
    let wanted = "[Sheet: Orders]\nDay\tItem\tCount\tShare\tPaid\n\
        2026-11-02\tPears\t12\t25%\tTRUE\n\
        2026-11-03 14:30:00\tÄpfel\t0.3\t\tFALSE\n\
        \t\t\t\t\t\t\tfar away\n\
        [Comments]\nB2: ask Ann\n\n[Sheet: Margins, hidden]\n40 percent";
    assert_eq!(text, wanted);
}

#[test]
fn slides_are_read_in_order_with_their_notes() {
    let text = whole(
        "plan.pptx",
        include_bytes!("../fixtures/plan.pptx"),
        Kind::Pptx,
    );
    let wanted = "[Slide 1]\nPlan\nBuy pears\n\n[Slide 2]\nThen\n\
        Sell pears soon <https://example.com/sale>\nleft | right\n[Notes]\nSmile here.\n\n\
        [Slide 3, hidden]\nBackup";
    assert_eq!(text, wanted);
}

#[test]
fn pages_of_a_pdf_are_read_in_order() {
    let text = whole(
        "report.pdf",
        include_bytes!("../fixtures/report.pdf"),
        Kind::Pdf,
    );
    for words in [
        "[Page 1]\nQuarterly report\n",
        "Some bold and slanted words. The quick brown fox",
        "Straße, café, 12 € – “quoted”.",
        "Item\tCount\tPrice\nPears\t12\t3.50\nPlums\t7\t2.10",
        "\n\n[Page 2]\nSecond page.",
    ] {
        assert!(text.contains(words), "{words:?} in {text}");
    }
}

#[test]
fn fields_of_forms_and_letters_of_asia_are_read() {
    let form = include_bytes!("../fixtures/form.pdf");
    assert_eq!(whole("form.pdf", form, Kind::Pdf), "Name:\nAnn Example");
    let chinese = include_bytes!("../fixtures/chinese.pdf");
    assert_eq!(whole("a.pdf", chinese, Kind::Pdf), "发票号码 20261102");
}

#[test]
fn a_pdf_that_opens_without_a_password_is_read_and_no_other() {
    let for_all = include_bytes!("../fixtures/for-all.pdf");
    assert_eq!(whole("a.pdf", for_all, Kind::Pdf), "Name:\nAnn Example");
    let locked = include_bytes!("../fixtures/locked.pdf");
    assert_eq!(read("a.pdf", locked), Err(Why::Encrypted));
}

#[test]
fn a_picture_holds_no_text() {
    let picture = include_bytes!("../fixtures/picture.pdf");
    assert_eq!(read("a.pdf", picture), Err(Why::NoText));
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let limits = Limits {
        text: 40,
        ..Limits::default()
    };
    for bytes in [
        &include_bytes!("../fixtures/report.pdf")[..],
        include_bytes!("../fixtures/letter.docx"),
        include_bytes!("../fixtures/orders.xlsx"),
        include_bytes!("../fixtures/plan.pptx"),
    ] {
        let text = text_of(None, None, bytes, &limits).unwrap();
        assert!(text.truncated && text.text.len() <= 40, "{text:?}");
    }
}
