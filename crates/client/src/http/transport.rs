//! TCP connections to the server, with TLS for `https` (rustls).

use std::{io, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::Address;
use crate::BuildError;

/// A plain or a TLS connection.
pub(crate) type Stream = Box<dyn Io>;

pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How the client authenticates the server.
pub(crate) enum Trust {
    /// By the system's certificate authorities and those of these PEM texts.
    Roots(Vec<Vec<u8>>),
    /// By the application's TLS configuration.
    Rules(Arc<ClientConfig>),
}

pub(crate) struct Transport {
    pub(crate) address: Address,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Transport {
    pub(crate) fn new(address: Address, trust: Trust) -> Result<Self, BuildError> {
        if !address.is_secure {
            return Ok(Self { address, tls: None });
        }
        let name =
            ServerName::try_from(address.host().to_owned()).map_err(|_| BuildError::BadUrl)?;
        let config = match trust {
            Trust::Rules(config) => config,
            Trust::Roots(more) => Arc::new(by_roots(&more)?),
        };
        Ok(Self {
            address,
            tls: Some((TlsConnector::from(config), name)),
        })
    }

    pub(crate) async fn connect(&self) -> io::Result<Stream> {
        let tcp = TcpStream::connect((self.address.host(), self.address.port)).await?;
        // Disables Nagle's algorithm for small packets; a failure only adds latency.
        let _ = tcp.set_nodelay(true);
        Ok(match &self.tls {
            Some((connector, name)) => Box::new(connector.connect(name.clone(), tcp).await?),
            None => Box::new(tcp),
        })
    }
}

fn by_roots(more: &[Vec<u8>]) -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore::empty();
    // Many systems have some unreadable certificates, which this skips.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for pem in more {
        add_pem(&mut roots, pem).ok_or(BuildError::BadCertificate)?;
    }
    if roots.is_empty() {
        return Err(BuildError::NoCertificates);
    }
    // An explicit provider, because the application may have installed no default one.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| BuildError::NoCertificates)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Adds the certificates of a PEM text; `None` if there is none, or an invalid one.
fn add_pem(roots: &mut RootCertStore, pem: &[u8]) -> Option<()> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.ok()?).ok()?;
    }
    (roots.len() > before).then_some(())
}
