//! Which names were bought together, so that one of them may speak for another (RFC 7489 §3.2).
//!
//! The names below which strangers sit side by side are those of `model::domain`, and here some more:
//! a name that is taken for shared by mistake only asks for a closer match, one that is missed would
//! let a stranger's neighbour vouch for him.

use model::domain::is_public_suffix;

/// What registries of countries call their second level, where they have one.
const SECOND_LEVELS: [&str; 16] = [
    "ac", "co", "com", "ed", "edu", "go", "gob", "gouv", "gov", "id", "mil", "ne", "net", "nom",
    "or", "org",
];

/// Registries that sell nothing at the second level at all.
const THIRD_LEVEL_ONLY: [&str; 9] = ["bd", "ck", "er", "fk", "jm", "kh", "mm", "np", "pg"];

/// Cities whose names are divided once more.
const CITIES: [&str; 7] = [
    "kawasaki.jp",
    "kitakyushu.jp",
    "kobe.jp",
    "nagoya.jp",
    "sapporo.jp",
    "sendai.jp",
    "yokohama.jp",
];

/// Names under which services put their customers.
const HOSTED: [&str; 34] = [
    "amplifyapp.com",
    "appspot.com",
    "azurestaticapps.net",
    "azurewebsites.net",
    "blogspot.com",
    "cloudapp.net",
    "cloudfront.net",
    "co.com",
    "deno.dev",
    "duckdns.org",
    "dyndns.org",
    "eu.com",
    "firebaseapp.com",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "myshopify.com",
    "netlify.app",
    "ngrok-free.app",
    "ngrok.io",
    "no-ip.org",
    "onrender.com",
    "pages.dev",
    "readthedocs.io",
    "run.app",
    "s3.amazonaws.com",
    "surge.sh",
    "trycloudflare.com",
    "uk.com",
    "us.com",
    "vercel.app",
    "web.app",
    "workers.dev",
];

/// The name that was bought: one label below what is shared. A shared name is its own.
pub(crate) fn organization(name: &str) -> &str {
    let mut rest = name;
    while let Some((_, above)) = rest.split_once('.') {
        if is_shared(above) {
            return rest;
        }
        rest = above;
    }
    name
}

/// Whether both names have one owner.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other
        || (!is_shared(one) && !is_shared(other) && organization(one) == organization(other))
}

fn is_shared(name: &str) -> bool {
    if is_public_suffix(name) || HOSTED.contains(&name) {
        return true;
    }
    let Some((first, above)) = name.split_once('.') else {
        return true;
    };
    THIRD_LEVEL_ONLY.contains(&above)
        || CITIES.contains(&above)
        || (above.len() == 2 && SECOND_LEVELS.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_is_one_label_below_what_is_shared() {
        for (name, bought) in [
            ("a.b.example.com", "example.com"),
            ("example.com", "example.com"),
            ("com", "com"),
            ("a.example.co.uk", "example.co.uk"),
            ("a.example.co.zw", "example.co.zw"),
            ("a.b.example.com.gh", "example.com.gh"),
            ("x.city.example.ck", "city.example.ck"),
            ("a.b.c.kobe.jp", "b.c.kobe.jp"),
            ("a.someone.github.io", "someone.github.io"),
            ("a.example.de", "example.de"),
        ] {
            assert_eq!(organization(name), bought, "{name}");
        }
    }

    #[test]
    fn neighbours_are_not_one_owner() {
        assert!(same("a.example.com", "b.example.com"));
        assert!(same("github.io", "github.io"));
        for (one, other) in [
            ("a.github.io", "b.github.io"),
            ("a.github.io", "github.io"),
            ("a.co.uk", "b.co.uk"),
            ("example.com", "badexample.com"),
            ("example.com", "com"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
