//! Which certificate a handshake gets. One store serves all doors, so that a renewed certificate
//! is shown by all of them at the next handshake; connections that are open stay as they are.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use app::{App, CertificateFacts, IssuedCertificate};
use mail::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sys::{Clock, Shutdown};
use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;

use super::{Certificate, chain_in, files, self_made};
use crate::config::Tls;
use crate::data_folder::DataFolder;

/// How often the files are looked at without being asked.
const LOOK_EVERY: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// A certificate that has less than this left should have been renewed long ago.
const WARN_BEFORE: Duration = Duration::from_secs(7 * 86_400);

/// The certificates of the doors.
pub struct CertificateStore {
    shown: Arc<Shown>,
    held: Mutex<Held>,
}

/// What there is to show, in this order.
struct Held {
    files: Vec<Source>,
    /// From an authority: the server's own first.
    issued: Vec<Issued>,
    /// Our own making, where there are no files.
    own: Option<Certificate>,
}

/// One certificate from an authority.
struct Issued {
    /// What was ordered.
    names: String,
    /// When it was stored.
    at: Timestamp,
    is_own: bool,
    certificate: Certificate,
}

/// One certificate from files.
struct Source {
    files: Tls,
    /// The last one that was good.
    certificate: Certificate,
    /// What the last look saw, good or not.
    print: u64,
    /// When a warning about its end was last logged.
    warned: Option<Timestamp>,
}

/// What handshakes read.
#[derive(Debug)]
struct Shown(RwLock<Arc<Table>>);

#[derive(Debug)]
struct Table {
    /// By name in lower case. A name may have several, of different kinds of keys.
    by_name: HashMap<String, Vec<Arc<CertifiedKey>>>,
    /// For clients that name nobody, or somebody else. Never empty.
    otherwise: Arc<CertifiedKey>,
}

impl CertificateStore {
    /// The certificates of `configured`, the first of which is for whoever does not say whom it
    /// wants; without any, one of our own making for `hostname`.
    ///
    /// # Errors
    /// The first that cannot be used: a start is the time to be told.
    pub fn open(
        configured: &[Tls],
        folder: &DataFolder,
        hostname: &str,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let mut sources = Vec::new();
        for files in configured {
            let found = files::look(files);
            let mut source = Source {
                files: files.clone(),
                certificate: found.certificate?,
                print: found.print,
                warned: None,
            };
            source.warn_of_end(now);
            sources.push(source);
        }
        let own = match &sources[..] {
            [] => Some(self_made::kept_or_made(folder, hostname, now)?),
            _ => None,
        };
        let held = Held {
            files: sources,
            issued: Vec::new(),
            own,
        };
        let table = Table::of(&held).ok_or_else(|| anyhow::anyhow!("no certificate"))?;
        Ok(Self {
            shown: Arc::new(Shown(RwLock::new(Arc::new(table)))),
            held: Mutex::new(held),
        })
    }

    /// What each of these certificates says, or why it cannot be used.
    pub fn facts(configured: &[Tls]) -> Vec<anyhow::Result<CertificateFacts>> {
        let each = configured
            .iter()
            .map(|files| files::look(files).certificate);
        each.map(|found| found.map(|certificate| certificate.facts))
            .collect()
    }

    /// What a door for mail is told.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn for_mail(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        Ok(Arc::new(self.config()?))
    }

    /// What the HTTPS door is told: it offers HTTP/1.1.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn for_https(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut config = self.config()?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn config(&self) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        Ok(ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.shown) as Arc<dyn ResolvesServerCert>))
    }

    /// Looks for certificates that an authority has issued, whichever process ordered them: now,
    /// then every minute, and when this process has a new one.
    pub async fn watch_issued(
        self: Arc<Self>,
        app: App,
        clock: Arc<dyn Clock>,
        mut shutdown: Shutdown,
    ) {
        let mut news = app.certificates_issued();
        loop {
            self.take_issued(&app).await;
            tokio::select! {
                () = shutdown.requested() => return,
                changed = news.changed() => if changed.is_err() { return },
                () = clock.sleep_until(clock.now().plus(LOOK_EVERY)) => {}
            }
        }
    }

    /// Shows the certificates that an authority has issued, if they are not shown yet.
    pub async fn take_issued(&self, app: &App) {
        let known = |one: &Issued| (one.names.clone(), one.at);
        let known = lock(&self.held).issued.iter().map(known).collect();
        match app.issued_certificates(known).await {
            Ok(issued) => {
                for one in &issued {
                    self.show_issued(one);
                }
            }
            Err(error) => {
                tracing::error!(error = ?error, "the issued certificate cannot be had");
            }
        }
    }

    fn show_issued(&self, issued: &IssuedCertificate) {
        let certificate = match from_pem(issued) {
            Ok(certificate) => certificate,
            Err(error) => {
                tracing::error!("the issued certificate cannot be used: {error:#}");
                return;
            }
        };
        let facts = certificate.facts.clone();
        {
            let mut held = lock(&self.held);
            let replaced =
                |one: &Issued| one.names == issued.names || (one.is_own && issued.is_own);
            held.issued.retain(|one| !replaced(one));
            let place = if issued.is_own { 0 } else { held.issued.len() };
            let new = Issued {
                names: issued.names.clone(),
                at: issued.issued_at,
                is_own: issued.is_own,
                certificate,
            };
            held.issued.insert(place, new);
            self.show(&held);
        }
        tracing::info!(
            names = facts.names.join(","),
            until = %facts.until,
            "the certificate of the authority is shown from now on"
        );
    }

    fn show(&self, held: &Held) {
        if let Some(table) = Table::of(held) {
            self.shown.replace(table);
        }
    }

    /// Looks at the files now and then, and when `hangup` comes, until the server stops.
    pub async fn watch(
        self: Arc<Self>,
        clock: Arc<dyn Clock>,
        mut hangup: Option<Signal>,
        mut shutdown: Shutdown,
    ) {
        loop {
            let asked = tokio::select! {
                () = shutdown.requested() => return,
                () = received(&mut hangup) => true,
                () = clock.sleep_until(clock.now().plus(LOOK_EVERY)) => false,
            };
            let (store, now) = (Arc::clone(&self), clock.now());
            // Files may lie on a disk that is slow or gone.
            let looked = spawn_blocking(move || store.look(now)).await;
            match looked {
                Ok(changed) if asked => {
                    tracing::info!(changed, "SIGHUP: looked at the certificate files");
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the look at the certificates failed"),
            }
        }
    }

    /// Reads all files again and shows what is new and good; what cannot be used is logged once
    /// and leaves the certificate before it in place. Gives how many are new.
    fn look(&self, now: Timestamp) -> usize {
        let mut held = lock(&self.held);
        let mut changed = Vec::new();
        for (index, source) in held.files.iter_mut().enumerate() {
            if source.look() {
                changed.push(index);
            }
            source.warn_of_end(now);
        }
        if !changed.is_empty() {
            self.show(&held);
        }
        for index in &changed {
            if let Some(source) = held.files.get(*index) {
                source.tell();
            }
        }
        changed.len()
    }
}

fn from_pem(issued: &IssuedCertificate) -> anyhow::Result<Certificate> {
    let chain = chain_in(issued.chain.as_bytes()).context("it holds no certificate")?;
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes())
        .map_err(|_| anyhow::anyhow!("it holds no private key"))?;
    Certificate::new(chain, key)
}

/// Never completes without a signal to wait for.
async fn received(signal: &mut Option<Signal>) {
    match signal {
        // `None` says that no more can come.
        Some(one) => {
            if one.recv().await.is_none() {
                std::future::pending::<()>().await;
            }
        }
        None => std::future::pending().await,
    }
}

impl Source {
    /// Whether there is a new certificate.
    fn look(&mut self) -> bool {
        let found = files::look(&self.files);
        if found.print == self.print {
            return false;
        }
        self.print = found.print;
        match found.certificate {
            Ok(certificate) => {
                self.certificate = certificate;
                self.warned = None;
                true
            }
            Err(error) => {
                let until = &self.certificate.facts.until;
                tracing::error!(
                    file = %self.files.certificate.display(),
                    %until,
                    "the new certificate cannot be used and the one before it is still shown: \
                     {error:#}"
                );
                false
            }
        }
    }

    fn tell(&self) {
        let facts = &self.certificate.facts;
        tracing::info!(
            file = %self.files.certificate.display(),
            names = facts.names.join(","),
            until = %facts.until,
            "a new certificate is shown from now on"
        );
    }

    /// Logs once a day that the certificate ends soon, or has ended.
    fn warn_of_end(&mut self, now: Timestamp) {
        let facts = &self.certificate.facts;
        let file = self.files.certificate.display();
        if self.warned.is_some_and(|at| now.since(at) < DAY) {
            return;
        }
        let warn = |until: &dyn Display, what| {
            tracing::warn!(%file, %until, "{what}; renew its file, it is then read without a restart");
        };
        if facts.until <= now {
            warn(&facts.until, "the certificate has expired");
        } else if facts.until.since(now) < WARN_BEFORE {
            warn(&facts.until, "the certificate expires soon");
        } else if facts.from > now {
            warn(&facts.until, "the certificate is not good yet");
        } else {
            return;
        }
        self.warned = Some(now);
    }
}

impl Table {
    /// `None` without a certificate.
    fn of(held: &Held) -> Option<Self> {
        let files = held.files.iter().map(|one| &one.certificate);
        // For whoever names nobody, one of the server's own comes before those of domains.
        let (own, others): (Vec<&Issued>, Vec<&Issued>) =
            held.issued.iter().partition(|one| one.is_own);
        let issued = own.into_iter().map(|one| &one.certificate);
        let others = others.into_iter().map(|one| &one.certificate);
        let certificates: Vec<_> = files.chain(issued).chain(&held.own).chain(others).collect();
        let mut by_name: HashMap<String, Vec<Arc<CertifiedKey>>> = HashMap::new();
        for one in &certificates {
            for name in &one.facts.names {
                let keys = by_name.entry(name.clone()).or_default();
                keys.push(Arc::clone(&one.key));
            }
        }
        Some(Self {
            by_name,
            otherwise: Arc::clone(&certificates.first()?.key),
        })
    }

    /// The certificates for `name`: its own before those with a wildcard (RFC 6125 §6.4.3).
    fn named(&self, name: &str) -> Option<&[Arc<CertifiedKey>]> {
        let name = name.to_ascii_lowercase();
        let own = self.by_name.get(&name);
        let found = own.or_else(|| {
            let (_, parent) = name.split_once('.')?;
            self.by_name.get(&format!("*.{parent}"))
        });
        found.map(Vec::as_slice)
    }
}

impl Shown {
    fn replace(&self, table: Table) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
    }

    fn table(&self) -> Arc<Table> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let table = self.table();
        let named = hello.server_name().and_then(|name| table.named(name));
        let Some(keys) = named else {
            return Some(Arc::clone(&table.otherwise));
        };
        let can_check =
            |key: &&Arc<CertifiedKey>| key.key.choose_scheme(hello.signature_schemes()).is_some();
        keys.iter().find(can_check).or(keys.first()).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
