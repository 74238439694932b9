//! The chat over TLS, as behind a TLS-terminating proxy.

use std::{net::SocketAddr, sync::Arc};

use abu_chat_client::{
    ApiError, BuildError, Client, ConnectError, LogIn, LogInError,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use abu_test_support::{ADMIN_EMAIL, ADMIN_PASSWORD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::people::{Person, account, builder, client_of, server};

/// A test certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// The TLS configuration of a server with this name.
    fn server(&self, name: &str) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::from(key))
            .unwrap()
    }
}

/// Terminates TLS and forwards to a server; returns the port.
async fn terminate(tls: ServerConfig, upstream: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate disconnects.
                let Ok(mut client) = acceptor.accept(client).await else {
                    return;
                };
                let mut server = TcpStream::connect(upstream).await.unwrap();
                // The client's assertions cover a failure here.
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}

fn trusting(authority: &Authority, host: &str, port: u16) -> Client {
    builder(format!("https://{host}:{port}"))
        .root_certificate(authority.pem())
        .build()
        .unwrap()
}

#[tokio::test]
async fn people_log_in_and_talk_over_tls() {
    let server = server().await;
    let authority = Authority::new();
    for host in ["localhost", "127.0.0.1"] {
        let port = terminate(authority.server(host), server.address()).await;
        let client = trusting(&authority, host, port);
        let log_in = LogIn::new(ADMIN_EMAIL, ADMIN_PASSWORD);
        let session = client.log_in(log_in).await.unwrap();
        session.rooms().await.unwrap();

        let mut amina = Person::new(&server, &client).await;
        let mut musa = Person::new(&server, &client_of(&server)).await;
        let room = amina.group(&mut [&mut musa]).await;
        let sent = amina.chat.send(&room, "Sannu").await.unwrap();
        assert_eq!(musa.message().await, sent);
        musa.chat.reply(&sent, "Sannu da zuwa").await.unwrap();
        amina.hears("Sannu").await;
        amina.hears("Sannu da zuwa").await;
        amina.chat.close().await;
    }
}

#[tokio::test]
async fn an_untrusted_authority_is_refused_with_the_reason() {
    let server = server().await;
    let port = terminate(Authority::new().server("localhost"), server.address()).await;
    let client = trusting(&Authority::new(), "localhost", port);
    let refused = client.log_in(LogIn::new(ADMIN_EMAIL, ADMIN_PASSWORD)).await;
    let Err(LogInError::Api(ApiError::Unreachable(why))) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("certificate"), "{why}");

    let token = server.token(server.database().user().create().id);
    let session = client.with_tokens(move || {
        let token = abu_chat_client::AccessToken::new(token.as_str());
        async move { Ok(token) }
    });
    let refused = session.connect().await;
    let Err(ConnectError::NotNow(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("certificate"), "{why}");
}

#[tokio::test]
async fn a_server_whose_certificate_bears_another_name_is_refused() {
    let server = server().await;
    let authority = Authority::new();
    let port = terminate(authority.server("alumni.example.org"), server.address()).await;
    let client = trusting(&authority, "localhost", port);
    let (_, session) = account(&server, &client);
    let refused = session.rooms().await;
    let Err(ApiError::Unreachable(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("certificate"), "{why}");
}

#[test]
fn an_invalid_root_certificate_fails_the_build() {
    for pem in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let built = Client::builder("https://localhost")
            .root_certificate(pem)
            .build();
        assert!(matches!(built, Err(BuildError::BadCertificate)), "{pem}");
    }
}
