//! One order of a certificate: account, proof over HTTP for each name, certificate (RFC 8555 §7).

use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount,
    NewOrder, Order, OrderStatus,
};
use model::perm;
use store::Grant;
use zeroize::Zeroizing;

use super::web::Web;
use super::{AcmeSettings, Facts};
use crate::App;

/// How long an authority may ask for what a challenge wants; longer than any try.
const ANSWER_LIFE: Duration = Duration::from_secs(600);
/// Between two looks at an order.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Orders of one try. Nonces are refused at random (RFC 8555 §6.5): a request with a fresh one is made
/// twice more by the library, and an order that ends by it all the same is begun again at once.
const ORDERS: usize = 4;
/// Characters of a refusal that are kept; others write it.
const MAX_REASON: usize = 1000;

/// A certificate as it came.
pub(super) struct Issued {
    pub(super) chain: String,
    pub(super) key: Zeroizing<String>,
    pub(super) facts: Facts,
}

/// Why there is none.
pub(super) struct Refused {
    /// For the operator.
    pub(super) why: String,
    /// The authority does not know the account.
    pub(super) account_is_gone: bool,
    /// The authority did not take a nonce, which says nothing about the order.
    nonce_refused: bool,
}

impl Refused {
    pub(super) fn new(why: impl Into<String>) -> Self {
        let why = why.into().chars().take(MAX_REASON).collect();
        Self {
            why,
            account_is_gone: false,
            nonce_refused: false,
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Api(problem) => problem.r#type.as_deref().unwrap_or_default(),
            _ => "",
        };
        Self {
            account_is_gone: kind == "urn:ietf:params:acme:error:accountDoesNotExist",
            nonce_refused: kind == "urn:ietf:params:acme:error:badNonce",
            ..Self::new(error.to_string())
        }
    }
}

impl From<model::Error> for Refused {
    fn from(error: model::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// Orders a certificate. The caller bounds the time.
pub(super) async fn run(
    app: &App,
    acme: &AcmeSettings,
    web: &Web,
    grant: &Grant<perm::Authenticated>,
) -> Result<Issued, Refused> {
    for _ in 1..ORDERS {
        match order(app, acme, web, grant).await {
            Err(refused) if refused.nonce_refused => {
                tracing::debug!("the authority takes no nonce; the order is begun again");
            }
            ended => return ended,
        }
    }
    order(app, acme, web, grant).await
}

async fn order(
    app: &App,
    acme: &AcmeSettings,
    web: &Web,
    grant: &Grant<perm::Authenticated>,
) -> Result<Issued, Refused> {
    let account = account(app, acme, web, grant).await?;
    let names: Vec<Identifier> = acme.names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    prove(app, &mut order, grant).await?;
    loop {
        match order.refresh().await?.status {
            OrderStatus::Ready | OrderStatus::Valid => break,
            OrderStatus::Invalid => return Err(Refused::new(reason(&mut order).await)),
            OrderStatus::Pending | OrderStatus::Processing => rest(app).await,
        }
    }
    let (key, request) = request(&acme.names).map_err(|error| Refused::new(error.to_string()))?;
    order.finalize_csr(&request).await?;
    let chain = loop {
        match order.certificate().await? {
            Some(chain) => break chain,
            None => rest(app).await,
        }
    };
    let facts = Facts::of_pem(chain.as_bytes())
        .ok_or_else(|| Refused::new("what the authority sent is not a certificate"))?;
    if acme.names.iter().any(|name| !facts.names.contains(name)) {
        return Err(Refused::new("the certificate is for other names"));
    }
    Ok(Issued { chain, key, facts })
}

async fn rest(app: &App) {
    let clock = &app.env().clock;
    clock.sleep_until(clock.now().plus(LOOK_EVERY)).await;
}

/// The account that is kept, or a new one.
async fn account(
    app: &App,
    acme: &AcmeSettings,
    web: &Web,
    grant: &Grant<perm::Authenticated>,
) -> Result<Account, Refused> {
    let place = format!("acme account {}", acme.directory);
    let builder = Account::builder_with_http(Box::new(web.clone()));
    let directory = acme.directory.clone();
    let kept = app
        .store()
        .read(grant, move |view| view.acme_account(&directory))
        .await?;
    if let Some(sealed) = kept {
        let plain = Zeroizing::new(app.0.seal.open(place.as_bytes(), &sealed)?);
        let credentials: AccountCredentials =
            serde_json::from_slice(&plain).map_err(Error::Json)?;
        return Ok(builder.from_credentials(credentials).await?);
    }
    let contact = acme.contact.as_ref().map(|who| format!("mailto:{who}"));
    let contact: Vec<&str> = contact.as_deref().into_iter().collect();
    let wanted = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let made = builder.create(&wanted, acme.directory.clone(), None);
    let (account, credentials) = made.await?;
    let plain = Zeroizing::new(serde_json::to_vec(&credentials).map_err(Error::Json)?);
    let nonce = app.env().ids.bytes();
    let sealed = app.0.seal.seal(nonce, place.as_bytes(), &plain)?;
    let directory = acme.directory.clone();
    app.store()
        .write(grant, move |txn| txn.keep_acme_account(&directory, &sealed))
        .await?;
    Ok(account)
}

/// Puts the answers where the authority will ask for them, and tells it so.
async fn prove(
    app: &App,
    order: &mut Order,
    grant: &Grant<perm::Authenticated>,
) -> Result<(), Refused> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => {
                let name = authorization.identifier().to_string();
                return Err(Refused::new(format!("the proof of {name} is {other:?}")));
            }
        }
        let mut challenge = authorization
            .challenge(ChallengeType::Http01)
            .ok_or_else(|| Refused::new("the authority does not offer a proof over HTTP"))?;
        let (token, answer) = (
            challenge.token.clone(),
            challenge.key_authorization().as_str().to_owned(),
        );
        let until = app.now().plus(ANSWER_LIFE);
        app.store()
            .write(grant, move |txn| {
                txn.keep_acme_answer(&token, &answer, until)
            })
            .await?;
        challenge.set_ready().await?;
    }
    Ok(())
}

/// What the authority says of an order that it refused.
async fn reason(order: &mut Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut one)) = authorizations.next().await {
        let Ok(state) = one.refresh().await else {
            continue;
        };
        let name = state.identifier().to_string();
        let mut challenges = state.challenges.iter();
        if let Some(problem) = challenges.find_map(|one| one.error.as_ref()) {
            return format!("{name}: {problem}");
        }
    }
    "the authority refused the order and does not say why".to_owned()
}

/// A fresh key, in PEM, and the request that it signs, in DER.
fn request(names: &[String]) -> Result<(Zeroizing<String>, Vec<u8>), rcgen::Error> {
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    let request = params.serialize_request(&key)?.der().to_vec();
    Ok((Zeroizing::new(key.serialize_pem()), request))
}
