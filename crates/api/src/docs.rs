//! The page that every error's `docs` link leads to, made from the table of codes itself.

use axum::response::{Html, IntoResponse};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, HeaderName};
use model::Code;

use crate::error::default_fix;

/// `GET /docs/errors`
pub(crate) async fn errors() -> impl IntoResponse {
    (POLICY, Html(page()))
}

/// The page has text only.
const POLICY: [(HeaderName, HeaderValue); 1] = [(
    CONTENT_SECURITY_POLICY,
    HeaderValue::from_static("default-src 'none'"),
)];

fn page() -> String {
    let mut page = String::from(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Error codes</title>\n\
         <h1>Error codes</h1>\n<p>Branch on <code>code</code>; the sentence in <code>fix</code> \
         of an answer is more exact than the one here when the server knows more.</p>\n<dl>\n",
    );
    for code in Code::ALL {
        let (id, status, fix) = (code.code(), code.status(), default_fix(*code));
        let fix = fix.replace('&', "&amp;").replace('<', "&lt;");
        page += &format!("<dt id=\"{id}\"><code>{id}</code> (HTTP {status})<dd>{fix}\n");
    }
    page.push_str("</dl></html>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_anchor() {
        let page = page();
        for code in Code::ALL {
            assert!(page.contains(&format!("<dt id=\"{}\">", code.code())));
        }
        assert!(page.contains("Bearer &lt;api key>"));
    }
}
