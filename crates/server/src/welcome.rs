//! What the person who starts the server reads on standard output.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// The facts of a start.
pub struct Welcome<'a> {
    /// The address of the HTTP door, with its real port.
    pub http: SocketAddr,
    /// The address of the HTTPS door, if it is open.
    pub https: Option<SocketAddr>,
    /// The address of the SMTP door, with its real port.
    pub smtp: SocketAddr,
    /// The addresses of the doors for submission, and how they encrypt.
    pub submission: &'a [(&'static str, SocketAddr)],
    /// The address clients are told, if the operator fixed one.
    pub public_url: Option<&'a str>,
    /// The data folder.
    pub data: &'a Path,
    /// The domain of new inboxes.
    pub domain: &'a str,
    /// Whether the domain is public.
    pub is_public: bool,
    /// What is known of the admin key.
    pub key: AdminKey<'a>,
}

/// What is known of the admin key at a start.
pub enum AdminKey<'a> {
    /// It was made now and is shown this once.
    Made(&'a str),
    /// The operator set it in the environment.
    InEnvironment,
    /// It was shown at an earlier start.
    ShownBefore,
}

impl Welcome<'_> {
    /// The text.
    pub fn text(&self) -> String {
        let base = self.base_url();
        let mode = if self.is_public {
            "public"
        } else {
            "laptop mode: nothing leaves this machine"
        };
        let mut out = format!(
            "Mailroost {version} is running ({mode})\n\n\
             \x20 API     {base}\n\
             \x20 SMTP    {smtp}\n\
             {https}\
             {submission}\
             \x20 Domain  {domain}\n\
             \x20 Data    {data}\n\n",
            version = env!("CARGO_PKG_VERSION"),
            smtp = reachable(self.smtp),
            https = self.https_line(),
            submission = self.submission_lines(),
            domain = self.domain,
            data = self.data.display(),
        );
        match self.key {
            AdminKey::Made(key) => {
                let _ = write!(
                    out,
                    "Your API key. It is shown only now, so keep it:\n\n  {key}\n\n"
                );
                let quoted = format!("\"{key}\"");
                out.push_str(&snippets(&base, &quoted, &quoted, ""));
            }
            AdminKey::InEnvironment => {
                out.push_str("The API key is the one in MAILROOST_API_KEY.\n\n");
                out.push_str(&snippets(
                    &base,
                    "os.environ[\"MAILROOST_API_KEY\"]",
                    "process.env.MAILROOST_API_KEY",
                    "import os\n",
                ));
            }
            AdminKey::ShownBefore => {
                let _ = writeln!(
                    out,
                    "The API key was shown at the first start. If it is lost, stop the server \
                     and run: mailroost keys create --data {}",
                    quoted_for_shell(self.data)
                );
            }
        }
        out
    }

    fn https_line(&self) -> String {
        self.https.map_or_else(String::new, |address| {
            format!("  HTTPS   https://{}\n", reachable(address))
        })
    }

    fn submission_lines(&self) -> String {
        let line = |(how, address): &(&str, SocketAddr)| {
            format!(
                "  Submit  {} ({how}; user: an inbox's address, password: an API key)\n",
                reachable(*address)
            )
        };
        self.submission.iter().map(line).collect()
    }

    fn base_url(&self) -> String {
        self.public_url
            .map_or_else(|| format!("http://{}", reachable(self.http)), str::to_owned)
    }
}

/// Two programs that can be pasted and run.
fn snippets(base: &str, python_key: &str, node_key: &str, python_import: &str) -> String {
    let socket = base.replacen("http", "ws", 1);
    format!(
        "Python (pip install agentmail):\n\n\
         {python_import}from agentmail import AgentMail\n\
         from agentmail.environment import AgentMailEnvironment\n\
         client = AgentMail(\n\
         \x20   api_key={python_key},\n\
         \x20   environment=AgentMailEnvironment(http=\"{base}\", websockets=\"{socket}\"),\n\
         )\n\
         inbox = client.inboxes.create()\n\
         print([each.inbox_id for each in client.inboxes.list().inboxes])\n\n\
         TypeScript (npm install agentmail; save as hello.mts):\n\n\
         import {{ AgentMailClient }} from \"agentmail\";\n\
         const client = new AgentMailClient({{\n\
         \x20 apiKey: {node_key},\n\
         \x20 baseUrl: \"{base}\",\n\
         }});\n\
         const inbox = await client.inboxes.create();\n\
         console.log((await client.inboxes.list()).inboxes.map((each) => each.inboxId));\n"
    )
}

/// The address under which this machine reaches a door that listens on `address`.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn quoted_for_shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Prints to the person. A closed standard output (`mailroost serve | head -1`) must not stop the
/// server, so it is only logged.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        tracing::warn!(%error, "standard output is closed; an API key shown there is lost");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcome(key: AdminKey<'_>) -> Welcome<'_> {
        Welcome {
            http: "0.0.0.0:8080".parse().unwrap(),
            https: None,
            smtp: "[::]:25".parse().unwrap(),
            submission: &[],
            public_url: None,
            data: Path::new("/srv/it's"),
            domain: "mailroost.localhost",
            is_public: false,
            key,
        }
    }

    #[test]
    fn the_key_is_shown_only_when_it_was_made_now() {
        let made = welcome(AdminKey::Made("am_us_abc")).text();
        assert_eq!(made.matches("am_us_abc").count(), 3);
        assert!(made.contains("api_key=\"am_us_abc\",\n"));
        for key in [AdminKey::InEnvironment, AdminKey::ShownBefore] {
            assert!(!welcome(key).text().contains("am_us_"));
        }
    }

    #[test]
    fn addresses_are_ones_that_can_be_dialled() {
        let text = welcome(AdminKey::InEnvironment).text();
        assert!(text.contains("API     http://127.0.0.1:8080\n"));
        assert!(text.contains("SMTP    [::1]:25\n"));
        assert!(text.contains("websockets=\"ws://127.0.0.1:8080\""));
        assert!(!text.contains("HTTPS"));
        let public = Welcome {
            https: Some("0.0.0.0:443".parse().unwrap()),
            public_url: Some("https://mail.example.com"),
            ..welcome(AdminKey::InEnvironment)
        };
        let text = public.text();
        assert!(text.contains("websockets=\"wss://mail.example.com\""));
        assert!(text.contains("HTTPS   https://127.0.0.1:443\n"));
    }

    #[test]
    fn the_way_back_to_a_key_can_be_pasted() {
        let text = welcome(AdminKey::ShownBefore).text();
        assert!(text.contains("mailroost keys create --data '/srv/it'\\''s'\n"));
    }
}
