//! Connections to the server, with TLS where its address says so.

use std::{io, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::Address;
use crate::BuildError;

/// A connection, whatever it is made of.
pub(crate) type Stream = Box<dyn Io>;

/// What can be read and written.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Makes connections.
pub(crate) struct Transport {
    pub(crate) address: Address,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Transport {
    /// `tls` takes the place of the rules that begin with the system's certificates.
    pub(crate) fn new(
        address: Address,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, BuildError> {
        if !address.is_secure {
            return Ok(Self { address, tls: None });
        }
        let name =
            ServerName::try_from(address.host().to_owned()).map_err(|_| BuildError::BadUrl)?;
        let config = match tls {
            Some(config) => config,
            None => Arc::new(by_certificates_of_the_system()?),
        };
        Ok(Self {
            address,
            tls: Some((TlsConnector::from(config), name)),
        })
    }

    pub(crate) async fn connect(&self) -> io::Result<Stream> {
        let tcp = TcpStream::connect((self.address.host(), self.address.port)).await?;
        // Small packets go at once; a connection without it works too.
        let _ = tcp.set_nodelay(true);
        Ok(match &self.tls {
            Some((connector, name)) => Box::new(connector.connect(name.clone(), tcp).await?),
            None => Box::new(tcp),
        })
    }
}

fn by_certificates_of_the_system() -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore::empty();
    let (good, _bad) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if good == 0 {
        return Err(BuildError::NoCertificates);
    }
    // Named, not taken from the process: who uses this crate need not have chosen one.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| BuildError::NoCertificates)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
