//! The forms of tokens that begin with a name of their service. Facts of the services' manuals
//! and of published secret scanners; one line each.

/// Characters a token goes on with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Letters and digits.
    Alnum,
    /// Capitals and digits.
    Upper,
    /// Lower-case hexadecimal.
    Hex,
    /// Letters, digits, `_` and `-`.
    Url,
    /// Letters, digits, `_`, `-` and `.`.
    Dotted,
    /// Letters, digits and `+/=_-`.
    Base64,
}

impl Body {
    const ALL: [Self; 6] = [
        Self::Alnum,
        Self::Upper,
        Self::Hex,
        Self::Url,
        Self::Dotted,
        Self::Base64,
    ];

    pub(super) fn bit(self) -> u8 {
        1 << (self as u8)
    }

    /// The bits of all that have every octet of a text.
    pub(super) fn all_of(text: &[u8]) -> u8 {
        let have = Self::ALL
            .iter()
            .filter(|body| text.iter().all(|byte| body.has(*byte)));
        have.fold(0, |bits, body| bits | body.bit())
    }

    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Base64 => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-')
            }
        }
    }
}

/// A token: its beginning and what follows.
pub(super) struct Form {
    pub(super) kind: &'static str,
    pub(super) prefix: &'static str,
    pub(super) body: Body,
    /// Fewest characters after the prefix.
    pub(super) least: usize,
    /// Whether there are never more than `least`.
    pub(super) exact: bool,
}

const fn form(kind: &'static str, prefix: &'static str, body: Body, least: usize) -> Form {
    Form {
        kind,
        prefix,
        body,
        least,
        exact: false,
    }
}

const fn exact(kind: &'static str, prefix: &'static str, body: Body, least: usize) -> Form {
    Form {
        kind,
        prefix,
        body,
        least,
        exact: true,
    }
}

use Body::{Alnum, Base64, Dotted, Hex, Upper, Url};

/// All forms. A longer prefix stands before a shorter one that begins it.
pub(super) const FORMS: &[Form] = &[
    // Clouds.
    exact("aws_access_key_id", "AKIA", Upper, 16),
    exact("aws_access_key_id", "ASIA", Upper, 16),
    exact("aws_access_key_id", "ABIA", Upper, 16),
    exact("aws_access_key_id", "ACCA", Upper, 16),
    form("aws_session_token", "FwoGZXIvYXdz", Base64, 80),
    form("aws_session_token", "IQoJb3JpZ2lu", Base64, 80),
    form("aws_bedrock_key", "ABSK", Base64, 100),
    form("aws_mws", "amzn.mws.", Url, 32),
    exact("google_api_key", "AIza", Url, 35),
    form("google_oauth_secret", "GOCSPX-", Url, 24),
    form("google_oauth_token", "ya29.", Url, 30),
    form("google_refresh_token", "1//0", Url, 30),
    exact("alibaba_key", "LTAI", Alnum, 20),
    exact("tencent_key", "AKID", Alnum, 32),
    form("digitalocean", "dop_v1_", Hex, 64),
    form("digitalocean", "doo_v1_", Hex, 64),
    form("digitalocean", "dor_v1_", Hex, 64),
    form("cloudflare_origin", "v1.0-", Hex, 24),
    form("fly_token", "fm2_", Base64, 60),
    form("fly_token", "fm1_", Base64, 60),
    form("heroku", "HRKU-", Url, 36),
    form("netlify", "nfp_", Alnum, 32),
    form("supabase", "sbp_", Hex, 40),
    form("supabase", "sb_secret_", Url, 20),
    form("planetscale", "pscale_tkn_", Dotted, 32),
    form("planetscale", "pscale_pw_", Dotted, 32),
    exact("scaleway", "SCW", Upper, 17),
    form("vault_token", "hvb.", Url, 40),
    form("vault_token", "hvs.", Url, 24),
    form("vault_token", "hvr.", Url, 24),
    form("terraform", "atlasv1.", Url, 40),
    form("pulumi", "pul-", Hex, 40),
    form("doppler", "dp.pt.", Alnum, 40),
    form("doppler", "dp.st.", Dotted, 40),
    form("tailscale", "tskey-", Url, 20),
    form("databricks", "dapi", Hex, 32),
    form("1password", "ops_eyJ", Base64, 60),
    // Code.
    form("github_fine_grained", "github_pat_", Url, 60),
    form("github_pat", "ghp_", Alnum, 36),
    form("github_oauth", "gho_", Alnum, 36),
    form("github_app", "ghu_", Alnum, 36),
    form("github_app", "ghs_", Alnum, 36),
    form("github_refresh", "ghr_", Alnum, 36),
    form("gitlab_pat", "glpat-", Url, 20),
    form("gitlab_deploy", "gldt-", Url, 20),
    form("gitlab_runner", "glrt-", Url, 20),
    form("gitlab_trigger", "glptt-", Url, 20),
    form("gitlab_job", "glcbt-", Url, 20),
    form("gitlab_agent", "glagent-", Url, 40),
    form("gitlab_runner", "GR1348941", Url, 20),
    form("bitbucket", "ATBB", Alnum, 28),
    form("bitbucket", "ATCTT3", Base64, 60),
    form("atlassian", "ATATT3", Base64, 60),
    form("npm_token", "npm_", Alnum, 36),
    form("pypi_token", "pypi-AgE", Url, 50),
    form("rubygems", "rubygems_", Hex, 48),
    form("crates_io", "cio", Alnum, 32),
    form("nuget", "oy2", Alnum, 43),
    form("clojars", "CLOJARS_", Alnum, 60),
    form("docker", "dckr_pat_", Url, 24),
    form("docker", "dckr_oat_", Url, 24),
    form("artifactory", "AKCp", Alnum, 60),
    form("sonar", "squ_", Hex, 40),
    form("sonar", "sqp_", Hex, 40),
    form("sonar", "sqa_", Hex, 40),
    form("buildkite", "bkua_", Hex, 40),
    form("circleci", "CCIPAT_", Url, 40),
    form("postman", "PMAK-", Url, 40),
    form("snyk", "snyk_", Dotted, 36),
    form("readme", "rdme_", Alnum, 60),
    form("prefect", "pnu_", Alnum, 36),
    // Models.
    form("anthropic", "sk-ant-", Url, 40),
    form("openai", "sk-proj-", Url, 40),
    form("openai", "sk-svcacct-", Url, 40),
    form("openai", "sk-admin-", Url, 40),
    form("openai", "sk-None-", Url, 40),
    form("openrouter", "sk-or-v1-", Hex, 48),
    form("langfuse", "sk-lf-", Url, 32),
    form("openai", "sk-", Alnum, 32),
    form("huggingface", "hf_", Alnum, 30),
    form("huggingface", "api_org_", Alnum, 30),
    form("groq", "gsk_", Alnum, 40),
    form("replicate", "r8_", Alnum, 32),
    form("xai", "xai-", Alnum, 60),
    form("perplexity", "pplx-", Alnum, 40),
    form("langsmith", "lsv2_", Url, 40),
    form("pinecone", "pcsk_", Url, 40),
    form("voyage", "pa-", Url, 40),
    form("tavily", "tvly-", Url, 24),
    form("firecrawl", "fc-", Hex, 32),
    form("nvidia", "nvapi-", Url, 50),
    form("elevenlabs", "sk_", Hex, 40),
    // Payment.
    form("stripe_secret", "sk_live_", Alnum, 20),
    form("stripe_secret", "rk_live_", Alnum, 20),
    form("stripe_secret", "sk_test_", Alnum, 20),
    form("stripe_secret", "rk_test_", Alnum, 20),
    form("stripe_secret", "sk_prod_", Alnum, 20),
    form("stripe_secret", "rk_prod_", Alnum, 20),
    form("square", "sq0atp-", Url, 22),
    form("square", "sq0csp-", Url, 40),
    form("square", "EAAAE", Url, 50),
    form("facebook", "EAA", Alnum, 80),
    form("paypal", "access_token$production$", Alnum, 13),
    form("plaid", "access-production-", Url, 36),
    form("plaid", "access-sandbox-", Url, 36),
    form("plaid", "access-development-", Url, 36),
    form("flutterwave", "FLWSECK-", Url, 30),
    form("flutterwave", "FLWSECK_", Url, 30),
    form("mollie", "live_", Alnum, 30),
    form("gocardless", "live_", Url, 40),
    form("easypost", "EZAK", Alnum, 54),
    form("shippo", "shippo_live_", Hex, 40),
    form("shopify", "shpat_", Hex, 32),
    form("shopify", "shpca_", Hex, 32),
    form("shopify", "shppa_", Hex, 32),
    form("shopify", "shpss_", Hex, 32),
    // Messages.
    form("slack_app", "xapp-", Url, 40),
    form("slack_bot", "xoxb-", Url, 30),
    form("slack_user", "xoxp-", Url, 30),
    form("slack_token", "xoxa-", Url, 30),
    form("slack_token", "xoxr-", Url, 30),
    form("slack_token", "xoxs-", Url, 30),
    form("slack_token", "xoxc-", Url, 30),
    form("slack_token", "xoxd-", Base64, 30),
    form("slack_token", "xoxe-", Url, 40),
    form("slack_token", "xoxe.", Dotted, 40),
    form("sendgrid", "SG.", Dotted, 60),
    exact("twilio_api_key", "SK", Hex, 32),
    form("mailgun", "key-", Hex, 32),
    form("brevo", "xkeysib-", Url, 64),
    form("brevo", "xsmtpsib-", Url, 64),
    form("mailersend", "mlsn.", Hex, 64),
    form("mandrill", "md-", Alnum, 22),
    form("agentmail_key", "am_", Alnum, 30),
    form("agentmail_key", "am_us_", Alnum, 30),
    form("agentmail_key", "am_eu_", Alnum, 30),
    form("webhook_secret", "whsec_", Base64, 24),
    // Work and watching.
    form("notion", "ntn_", Alnum, 40),
    form("notion", "secret_", Alnum, 43),
    form("linear", "lin_api_", Alnum, 32),
    form("linear", "lin_oauth_", Alnum, 32),
    form("figma", "figd_", Url, 36),
    form("hubspot", "pat-na1-", Url, 36),
    form("hubspot", "pat-eu1-", Url, 36),
    form("typeform", "tfp_", Dotted, 40),
    form("contentful", "CFPAT-", Url, 40),
    form("sentry", "sntrys_", Base64, 60),
    form("sentry", "sntryu_", Hex, 60),
    form("grafana", "glsa_", Url, 36),
    form("grafana", "glc_", Base64, 40),
    form("grafana", "eyJrIjoi", Base64, 60),
    form("new_relic", "NRAK-", Upper, 27),
    form("new_relic", "NRJS-", Alnum, 19),
    form("new_relic", "NRII-", Url, 32),
    form("dynatrace", "dt0c01.", Dotted, 80),
    form("posthog", "phx_", Alnum, 40),
    form("adafruit", "aio_", Alnum, 28),
    form("duffel", "duffel_live_", Url, 40),
    form("mapbox", "sk.eyJ", Dotted, 60),
    form("dropbox", "sl.u.", Url, 100),
    form("dropbox", "sl.B", Url, 100),
    form("yandex", "AQVN", Url, 35),
    form("yandex", "y0_", Url, 50),
    form("wandb", "wandb_v1_", Url, 40),
    form("age_key", "AGE-SECRET-KEY-1", Upper, 58),
    form("extended_private_key", "xprv", Alnum, 100),
    form("putty_key", "PuTTY-User-Key-File-", Alnum, 1),
];
