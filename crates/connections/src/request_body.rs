//! Reading of request bodies, in bounded memory for all requests together.

use std::{future::Future, iter};

use actix_web::{
    HttpRequest,
    dev::{Decompress, Payload},
    error::PayloadError,
    http::header::{self, HeaderMap, HeaderValue},
    web::{Bytes, Data},
};
use futures_util::{Stream, StreamExt, stream};

use crate::{
    body_budget::{BodyBudget, Received, Share},
    connections::Connection,
};

/// What the decoder gets at a time. It expands a piece at most a thousandfold before the limit is checked, and
/// decodes one of this size in place, without a thread of the blocking pool.
const ENCODED_PIECE: usize = 1024;

/// Why a body is not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is compressed, and not once with gzip.
    Encoding,
    TooLarge,
    /// The connection or the encoding broke.
    Broken,
    /// Too many bodies are being read.
    GivesWay,
}

/// Reads a body to its end. It is decoded meanwhile, piece by piece, and the limits count decoded bytes. So a
/// compressed body holds no more memory than a plain one, but for one decoded piece.
pub fn whole_body(
    request: &HttpRequest,
    payload: &mut Payload,
    budget: Data<BodyBudget>,
) -> impl Future<Output = Result<Bytes, BodyError>> + use<> {
    let connection = Connection::of(request).cloned();
    let declared = declared_length(request);
    let is_decodable = is_decodable(request.headers());
    let most = match request.headers().contains_key(header::CONTENT_ENCODING) {
        true => ENCODED_PIECE,
        false => usize::MAX,
    };
    let encoded = Decompress::from_headers(pieces(payload.take(), most), request.headers());
    async move {
        if !is_decodable {
            return Err(BodyError::Encoding);
        }
        if declared > budget.max_body {
            return Err(BodyError::TooLarge);
        }
        let share = budget.begin(connection.clone());
        let body = read(encoded, budget.max_body, share).await?;
        if let Some(connection) = connection {
            connection.body_is_complete();
        }
        Ok(body)
    }
}

/// Cuts what comes into pieces of at most `most` bytes.
fn pieces(
    payload: Payload,
    most: usize,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + Unpin {
    payload.flat_map(move |chunk| {
        let mut left = Some(chunk);
        stream::iter(iter::from_fn(move || match left.take()? {
            Ok(mut bytes) if bytes.len() > most => {
                let piece = bytes.split_to(most);
                left = Some(Ok(bytes));
                Some(Ok(piece))
            }
            last => Some(last),
        }))
    })
}

/// Whether the body has a single encoding that the server knows (RFC 9110, 8.4). `x-gzip` is the old name
/// of gzip, which the decoder does not know.
fn is_decodable(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING);
    let first = encodings.next().map(HeaderValue::as_bytes);
    let is_known = first.is_none_or(|name| {
        [&b"gzip"[..], b"identity"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    });
    is_known && encodings.next().is_none()
}

/// Zero where the request does not say it.
fn declared_length(request: &HttpRequest) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

async fn read(
    mut chunks: Decompress<impl Stream<Item = Result<Bytes, PayloadError>> + Unpin>,
    max: usize,
    share: Share<'_>,
) -> Result<Bytes, BodyError> {
    let mut body = Received::nothing(share);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(unreadable)?;
        if body.bytes + chunk.len() > max {
            return Err(BodyError::TooLarge);
        }
        body.append(&chunk)?;
    }
    Ok(body.into_whole())
}

fn unreadable(error: PayloadError) -> BodyError {
    match error {
        PayloadError::Overflow => BodyError::TooLarge,
        _ => BodyError::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn compressed_bodies_are_decoded_in_small_pieces() {
        let chunk = Bytes::from(vec![7; 10 * ENCODED_PIECE + 1]);
        let payload = Payload::Stream {
            payload: stream::iter([Ok(chunk.clone())]).boxed_local(),
        };
        let cut: Vec<Bytes> = pieces(payload, ENCODED_PIECE)
            .map(Result::unwrap)
            .collect()
            .await;
        assert_eq!(cut.len(), 11);
        assert!(cut.iter().all(|piece| piece.len() <= ENCODED_PIECE));
        assert_eq!(cut.concat(), chunk);
    }
}
