//! Static files in memory: every response shares one copy, compressed once.

use std::io::Write;

use actix_web::{
    Error, HttpRequest, HttpResponse,
    error::ErrorInternalServerError,
    http::header::{self, AcceptEncoding, ContentEncoding, ETag, Encoding, EntityTag, Header},
    web::{self, Bytes},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::Answer;

/// Half of the hash is kept: 128 bits are enough to tell bodies apart.
const DIGEST_BYTES: usize = 16;

pub(crate) struct Asset {
    content_type: String,
    tag: EntityTag,
    plain: Bytes,
    gzip: OnceCell<Bytes>,
}

/// How browsers must treat an asset.
#[derive(Clone, Copy)]
pub(crate) struct Delivery {
    /// `Content-Security-Policy`; `None` for the one of all data.
    pub(crate) policy: Option<&'static str>,
    /// `Cache-Control`.
    pub(crate) cache: &'static str,
}

impl Asset {
    pub(crate) fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let plain = bytes.into();
        Self {
            content_type: content_type.into(),
            tag: tag(&plain),
            plain,
            gzip: OnceCell::new(),
        }
    }

    pub(crate) async fn answer(&self, request: &HttpRequest, delivery: Delivery) -> Answer {
        let (encoding, body) = match self.is_text() && takes_gzip(request) {
            true => (ContentEncoding::Gzip, self.gzip().await?.clone()),
            // The compression leaves alone what is marked.
            false => (ContentEncoding::Identity, self.plain.clone()),
        };
        let mut response = HttpResponse::Ok();
        response
            .content_type(self.content_type.as_str())
            .insert_header((header::CACHE_CONTROL, delivery.cache))
            .insert_header(ETag(self.tag.clone()))
            .insert_header(encoding);
        if let Some(policy) = delivery.policy {
            response.insert_header((header::CONTENT_SECURITY_POLICY, policy));
        }
        Ok(response.body(body))
    }

    /// Photographs and icons are compressed as they are.
    fn is_text(&self) -> bool {
        !self.content_type.starts_with("image/") || self.content_type.starts_with("image/svg")
    }

    async fn gzip(&self) -> Result<&Bytes, Error> {
        let compressed = self.gzip.get_or_try_init(async || {
            let plain = self.plain.clone();
            web::block(move || compress(&plain))
                .await
                .map_err(ErrorInternalServerError)?
                .map_err(ErrorInternalServerError)
        });
        compressed.await
    }
}

fn tag(body: &[u8]) -> EntityTag {
    EntityTag::new_strong(URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..DIGEST_BYTES]))
}

fn compress(plain: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain)?;
    Ok(encoder.finish()?.into())
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let offered = [Encoding::identity(), Encoding::gzip()];
    AcceptEncoding::parse(request)
        .ok()
        .and_then(|accepted| accepted.negotiate(offered.iter()))
        == Some(Encoding::gzip())
}

#[cfg(test)]
mod tests {
    use actix_web::{body::MessageBody, test::TestRequest};

    use super::*;

    const DELIVERY: Delivery = Delivery {
        policy: None,
        cache: "no-cache",
    };

    async fn answer(asset: &Asset, accepted: &str) -> (String, Bytes) {
        let request = TestRequest::get().insert_header((header::ACCEPT_ENCODING, accepted));
        let response = asset.answer(&request.to_http_request(), DELIVERY).await;
        let response = response.unwrap();
        let encoding = response
            .headers()
            .get(header::CONTENT_ENCODING)
            .unwrap()
            .to_str()
            .unwrap();
        let encoding = encoding.to_owned();
        (encoding, response.into_body().try_into_bytes().unwrap())
    }

    #[actix_web::test]
    async fn every_answer_shares_the_same_bytes_in_either_encoding() {
        let asset = Asset::new("text/css", vec![b'x'; 10_000]);
        for accepted in ["gzip, deflate", "identity", "deflate", "gzip;q=0"] {
            let (encoding, one) = answer(&asset, accepted).await;
            let (_, other) = answer(&asset, accepted).await;
            assert_eq!(one.as_ptr(), other.as_ptr(), "{accepted}");
            let gzip = accepted.starts_with("gzip,");
            assert_eq!(encoding == "gzip", gzip, "{accepted}");
            assert_eq!(one.len() < 1_000, gzip, "{accepted}");
        }
    }

    #[actix_web::test]
    async fn images_are_sent_as_they_are_unless_they_are_drawings() {
        for (content_type, expected) in [("image/png", "identity"), ("image/svg+xml", "gzip")] {
            let asset = Asset::new(content_type, "x");
            assert_eq!(answer(&asset, "gzip").await.0, expected);
        }
    }
}
