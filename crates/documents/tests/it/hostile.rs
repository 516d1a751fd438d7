//! Documents that were made to hurt their reader.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use documents::{Kind, Limits, Why, text_of};
use lopdf::dictionary;
use lopdf::{Document, Object, Stream};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::read;

/// A package of parts.
fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const MAIN: &[u8] = br#"<Relationships><Relationship Id="r1" Target="word/document.xml"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
    </Relationships>"#;

fn text_of_word(document: &[u8]) -> Vec<u8> {
    package(&[("_rels/.rels", MAIN), ("word/document.xml", document)])
}

#[test]
fn a_small_archive_that_becomes_huge_is_left_alone() {
    let mut huge = b"<w:document><w:body>".to_vec();
    huge.resize(30 << 20, b' ');
    let bomb = text_of_word(&huge);
    assert!(bomb.len() < 1 << 17);
    let limits = Limits {
        inflated: 8 << 20,
        ..Limits::default()
    };
    let read = text_of(None, Some("a.docx"), &bomb, &limits);
    assert_eq!(read, Err(Why::Inflates));
}

#[test]
fn entities_that_laugh_are_not_expanded() {
    let mut laughs = String::from("<!DOCTYPE d [<!ENTITY l0 'ha'>");
    for level in 1..10 {
        let ten = format!("&l{};", level - 1).repeat(10);
        write!(laughs, "<!ENTITY l{level} '{ten}'>").unwrap();
    }
    laughs.push_str("]><document><p><t>&l9;</t></p></document>");
    assert_eq!(
        read("a.docx", &text_of_word(laughs.as_bytes())),
        Err(Why::Entities)
    );
}

#[test]
fn elements_a_million_deep_are_refused() {
    let deep = format!("<document>{}", "<p>".repeat(1_000_000));
    assert_eq!(
        read("a.docx", &text_of_word(deep.as_bytes())),
        Err(Why::TooDeep)
    );
}

#[test]
fn an_archive_of_too_many_entries_is_not_opened() {
    let mut many = b"PK\x03\x04".to_vec();
    many.extend(b"PK\x01\x02".repeat(30_000));
    assert_eq!(read("a.docx", &many), Err(Why::TooLarge));
}

#[test]
fn a_sheet_whose_cells_stand_far_apart_stays_small() {
    let rows: String = (1..2_000)
        .map(|row| {
            format!(
                "<row r=\"{row}\"><c r=\"A{row}\"><v>1</v></c><c r=\"XFD{row}\"><v>2</v></c></row>"
            )
        })
        .collect();
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let main = String::from_utf8(MAIN.to_vec()).unwrap();
    let main = main.replace("word/document.xml", "xl/workbook.xml");
    let book = package(&[
        ("_rels/.rels", main.as_bytes()),
        (
            "xl/workbook.xml",
            b"<workbook><sheets><sheet name=\"One\" r:id=\"r1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b"<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"s.xml\"/></Relationships>",
        ),
        ("xl/s.xml", sheet.as_bytes()),
    ]);
    let text = read("a.xlsx", &book).unwrap();
    assert!(text.text.len() < 200_000);
    assert!(text.text.starts_with("[Sheet: One]\n1\t"));
}

#[test]
fn truncated_documents_are_damaged_or_give_what_is_left_of_them() {
    for bytes in [
        &include_bytes!("../fixtures/report.pdf")[..],
        include_bytes!("../fixtures/letter.docx"),
        include_bytes!("../fixtures/orders.xlsx"),
        include_bytes!("../fixtures/plan.pptx"),
    ] {
        for tenth in 1..10 {
            let cut = &bytes[..bytes.len() * tenth / 10];
            match text_of(None, None, cut, &Limits::default()) {
                Ok(text) => assert_eq!(text.kind, Kind::Pdf),
                Err(why) => assert!(matches!(why, Why::Damaged | Why::NoText), "{why:?}"),
            }
        }
    }
}

/// A PDF of these pages; each is its operations.
fn pdf(pages: &[&[u8]], more: impl FnOnce(&mut Document, lopdf::ObjectId)) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
    });
    let resources = document.add_object(dictionary! {
        "Font" => dictionary! { "F1" => font },
    });
    let mut kids: Vec<Object> = Vec::new();
    for operations in pages {
        let content = document.add_object(Stream::new(dictionary! {}, operations.to_vec()));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => tree, "Contents" => content,
        });
        kids.push(page.into());
    }
    let count = i64::try_from(kids.len()).unwrap();
    document.objects.insert(
        tree,
        dictionary! {
            "Type" => "Pages", "Kids" => kids, "Count" => count, "Resources" => resources,
        }
        .into(),
    );
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    more(&mut document, tree);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

const HELLO: &[u8] = b"BT /F1 12 Tf 72 700 Td (Hello) Tj ET";

#[test]
fn ten_thousand_pages_are_read_as_far_as_allowed() {
    let pages = vec![HELLO; 10_000];
    let text = read("a.pdf", &pdf(&pages, |_, _| {})).unwrap();
    assert!(text.truncated);
    assert!(text.text.ends_with("[Page 5000]\nHello"));
}

#[test]
fn a_tree_of_pages_that_leads_back_into_itself_is_walked_once() {
    let bytes = pdf(&[HELLO], |document, tree| {
        let tree_again = Object::Reference(tree);
        let node = document.get_dictionary_mut(tree).unwrap();
        let kids = node.get_mut(b"Kids").unwrap().as_array_mut().unwrap();
        kids.push(tree_again.clone());
        kids.push(tree_again);
        node.set("Parent", Object::Reference(tree));
    });
    assert_eq!(read("a.pdf", &bytes).unwrap().text, "Hello");
}

#[test]
fn drawings_that_draw_themselves_come_to_an_end() {
    let bytes = pdf(
        &[b"/X Do /X Do BT /F1 9 Tf (end) Tj ET"],
        |document, tree| {
            let form = document.new_object_id();
            let resources = document
                .get_dictionary(tree)
                .unwrap()
                .get(b"Resources")
                .unwrap();
            let resources = resources.as_reference().unwrap();
            let dictionary = document.get_dictionary_mut(resources).unwrap();
            dictionary.set("XObject", dictionary! { "X" => form });
            let content = b"/X Do ".repeat(64);
            let stream = Stream::new(
                dictionary! { "Type" => "XObject", "Subtype" => "Form" },
                content,
            );
            document.objects.insert(form, stream.into());
        },
    );
    let limits = Limits {
        operations: 20_000,
        ..Limits::default()
    };
    // It has used up what it may do before it comes to its words.
    let read = text_of(None, None, &bytes, &limits);
    assert_eq!(read, Err(Why::NoText));
}

#[test]
fn operations_that_become_huge_are_left_alone() {
    let mut document = Document::load_mem(&pdf(&[HELLO], |_, _| {})).unwrap();
    let mut stream = Stream::new(dictionary! {}, vec![b' '; 60 << 20]);
    stream.compress().unwrap();
    let page = document.page_iter().next().unwrap();
    let content = document.get_page_contents(page)[0];
    document.objects.insert(content, stream.into());
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    assert!(bytes.len() < 1 << 20);
    assert_eq!(read("a.pdf", &bytes), Err(Why::Inflates));
}

#[test]
fn operators_nest_arrays_and_dictionaries_without_end() {
    let deep = [b"[".repeat(200_000), b"<<".repeat(200_000)].concat();
    let read = read("a.pdf", &pdf(&[&deep], |_, _| {}));
    assert!(matches!(read, Err(Why::NoText | Why::Damaged)), "{read:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn documents_with_damage_anywhere_are_read_or_refused(
        which in 0_usize..4,
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = [
            &include_bytes!("../fixtures/report.pdf")[..],
            include_bytes!("../fixtures/letter.docx"),
            include_bytes!("../fixtures/orders.xlsx"),
            include_bytes!("../fixtures/plan.pptx"),
        ][which]
            .to_vec();
        for (place, value) in places {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Ok(text) = read("a", &bytes) {
            prop_assert!(!text.text.chars().any(|c| c.is_control() && !"\n\t".contains(c)));
        }
    }
}
