//! `winmail.dat`: what Outlook packs a message into when it takes the recipient for another
//! Outlook (MS-OXTNEF).

use super::mapi::{Property, Reader, properties};
use super::{File, MAX_FILES, Opened, lzfu, rtf};
use crate::parse::{body, charset};

const SIGNATURE: u32 = 0x223E_9F78;
/// Attributes read of one stream.
const MAX_ATTRIBUTES: usize = 10_000;

const BODY: u32 = 0x0002_800C;
const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
const CODEPAGE: u32 = 0x0006_9007;
const NEXT_ATTACHMENT: u32 = 0x0006_9002;
const ATTACHMENT_TITLE: u32 = 0x0001_8010;
const ATTACHMENT_DATA: u32 = 0x0006_800F;
const ATTACHMENT_PROPERTIES: u32 = 0x0006_9005;

const PR_BODY: u16 = 0x1000;
const PR_RTF_COMPRESSED: u16 = 0x1009;
const PR_HTML: u16 = 0x1013;
const PR_INTERNET_CODEPAGE: u16 = 0x3FDE;
const PR_ATTACH_DATA: u16 = 0x3701;
const PR_ATTACH_NAME: u16 = 0x3704;
const PR_ATTACH_LONG_NAME: u16 = 0x3707;
const PR_ATTACH_TYPE: u16 = 0x370E;
const PR_ATTACH_CONTENT_ID: u16 = 0x3712;

/// The kind of a property that is an object: its value begins with the 16 octets of an interface.
const OBJECT: u16 = 0x0D;
/// The kind of a property that is text in UTF-16.
const UNICODE: u16 = 0x1F;

/// Reads a stream as far as it goes. `None` when it is no TNEF.
pub(super) fn read(bytes: &[u8]) -> Option<Opened> {
    let mut reader = Reader { rest: bytes };
    if reader.number()? != SIGNATURE {
        return None;
    }
    reader.short()?;
    let mut stream = Stream::default();
    for _ in 0..MAX_ATTRIBUTES {
        if stream.attribute(&mut reader).is_none() {
            break;
        }
    }
    Some(stream.finish())
}

#[derive(Default)]
struct Stream<'a> {
    opened: Opened,
    /// The code page of text that is not in Unicode.
    label: Option<&'static str>,
    html_label: Option<&'static str>,
    html: Option<&'a [u8]>,
    rtf: Option<&'a [u8]>,
    file: Option<Pending<'a>>,
}

/// An attachment whose attributes are still coming.
#[derive(Default)]
struct Pending<'a> {
    title: Option<String>,
    long_name: Option<String>,
    content_type: Option<String>,
    content_id: Option<String>,
    data: Option<&'a [u8]>,
}

impl<'a> Stream<'a> {
    /// A level of one octet, the attribute, the length, the data and a checksum of two.
    fn attribute(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        reader.take(1)?;
        let id = reader.number()?;
        let length = usize::try_from(reader.number()?).ok()?;
        // What is cut off is read as far as it goes.
        let data = reader.take(length.min(reader.rest.len()))?;
        match id {
            CODEPAGE => {
                let page = data.get(..4).and_then(|octets| octets.try_into().ok());
                self.label = page.map(u32::from_le_bytes).and_then(label);
            }
            BODY => self.text(trimmed(data), self.label),
            MESSAGE_PROPERTIES => self.message(&properties(data)),
            NEXT_ATTACHMENT => {
                self.close_file();
                self.file = Some(Pending::default());
            }
            ATTACHMENT_TITLE => {
                let title = charset::decode(trimmed(data), self.label).text;
                self.file().title = Some(title);
            }
            ATTACHMENT_DATA => self.file().data = Some(data),
            ATTACHMENT_PROPERTIES => self.attachment(&properties(data)),
            _ => {}
        }
        reader.take(2)?;
        Some(())
    }

    fn text(&mut self, bytes: &[u8], label: Option<&str>) {
        let text = charset::decode(bytes, label).text.replace("\r\n", "\n");
        if !text.trim().is_empty() {
            self.opened.text = Some(text);
        }
    }

    fn string(&self, property: &Property<'_>) -> Option<String> {
        let text = if property.kind == UNICODE {
            charset::decode(property.value, Some("utf-16le")).text
        } else {
            charset::decode(trimmed(property.value), self.label).text
        };
        let text = text.trim_matches(['\0', ' ']).to_owned();
        (!text.is_empty()).then_some(text)
    }

    fn message(&mut self, found: &[Property<'a>]) {
        for property in found {
            match property.id {
                PR_BODY if self.opened.text.is_none() => {
                    self.opened.text = self.string(property).map(|text| text.replace("\r\n", "\n"));
                }
                PR_RTF_COMPRESSED => self.rtf = Some(property.value),
                PR_HTML => self.html = Some(property.value),
                PR_INTERNET_CODEPAGE => {
                    let page = property
                        .value
                        .get(..4)
                        .and_then(|page| page.try_into().ok());
                    self.html_label = page.map(u32::from_le_bytes).and_then(label);
                }
                _ => {}
            }
        }
    }

    fn attachment(&mut self, found: &[Property<'a>]) {
        for property in found {
            let text = match property.id {
                PR_ATTACH_NAME | PR_ATTACH_LONG_NAME | PR_ATTACH_TYPE | PR_ATTACH_CONTENT_ID => {
                    self.string(property)
                }
                _ => None,
            };
            let file = self.file();
            match property.id {
                PR_ATTACH_LONG_NAME => file.long_name = text,
                PR_ATTACH_NAME => file.title = file.title.take().or(text),
                PR_ATTACH_TYPE => file.content_type = text,
                PR_ATTACH_CONTENT_ID => file.content_id = text,
                PR_ATTACH_DATA if file.data.is_none_or(<[u8]>::is_empty) => {
                    let skip = if property.kind == OBJECT { 16 } else { 0 };
                    file.data = property.value.get(skip..);
                }
                _ => {}
            }
        }
    }

    fn file(&mut self) -> &mut Pending<'a> {
        self.file.get_or_insert_default()
    }

    fn close_file(&mut self) {
        let Some(file) = self.file.take() else {
            return;
        };
        let Some(data) = file.data.filter(|_| self.opened.files.len() < MAX_FILES) else {
            return;
        };
        let name = file.long_name.or(file.title);
        let is_type = |text: &String| text.contains('/') && text.is_ascii();
        self.opened.files.push(File {
            name: name.and_then(|name| body::file_name(&name)),
            content_type: file
                .content_type
                .filter(is_type)
                .map(|text| text.to_ascii_lowercase()),
            inline: file.content_id.is_some(),
            content_id: file.content_id,
            bytes: data.to_vec(),
        });
    }

    fn finish(mut self) -> Opened {
        self.close_file();
        if let Some(html) = self.html.map(trimmed) {
            let named = body::meta_charset(html);
            let label = self.html_label.or(named.as_deref()).or(self.label);
            let text = charset::decode(html, label).text;
            self.opened.html = Some(text.replace("\r\n", "\n")).filter(|text| !text.is_empty());
        }
        if let Some(rtf) = self.rtf.and_then(lzfu::decompress)
            && self.opened.html.is_none()
        {
            let read = rtf::read(&rtf);
            if read.html {
                self.opened.html = Some(read.text).filter(|text| !text.is_empty());
            } else if self.opened.text.is_none() {
                self.opened.text = Some(read.text).filter(|text| !text.trim().is_empty());
            }
        }
        self.opened
    }
}

/// A string up to the zero that ends it.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or(bytes)
}

/// The charset of a code page of Windows.
pub(super) fn label(page: u32) -> Option<&'static str> {
    Some(match page {
        437 => "ibm437",
        850 => "ibm850",
        852 => "ibm852",
        866 => "ibm866",
        874 => "windows-874",
        932 => "shift_jis",
        936 => "gbk",
        949 => "euc-kr",
        950 => "big5",
        1200 => "utf-16le",
        1250 => "windows-1250",
        1251 => "windows-1251",
        1252 => "windows-1252",
        1253 => "windows-1253",
        1254 => "windows-1254",
        1255 => "windows-1255",
        1256 => "windows-1256",
        1257 => "windows-1257",
        1258 => "windows-1258",
        10000 => "macintosh",
        20127 => "us-ascii",
        20866 => "koi8-r",
        21866 => "koi8-u",
        28591 => "iso-8859-1",
        28592 => "iso-8859-2",
        28593 => "iso-8859-3",
        28594 => "iso-8859-4",
        28595 => "iso-8859-5",
        28596 => "iso-8859-6",
        28597 => "iso-8859-7",
        28598 => "iso-8859-8",
        28599 => "iso-8859-9",
        28605 => "iso-8859-15",
        50220..=50222 => "iso-2022-jp",
        51932 => "euc-jp",
        51949 => "euc-kr",
        54936 => "gb18030",
        65001 => "utf-8",
        _ => return None,
    })
}
