//! Uploads: the body goes to disk as it comes, and is never whole in memory.

use std::pin::pin;

use abu_application::BlockingPool;
use abu_connections::Connection;
use actix_web::{
    HttpMessage, HttpRequest,
    http::header,
    web::{Bytes, BytesMut},
};
use futures_util::{Stream, StreamExt};

use crate::areas::prelude::*;

/// What is gathered before it is written to disk.
const PIECE: usize = 256 * 1024;

/// Refuses a body that is compressed, or declared as another type than these.
pub(super) fn require_plain(
    request: &HttpRequest,
    types: &[&str],
    rule: &'static str,
) -> Result<(), Problem> {
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(
            ProblemKind::UnsupportedMedia,
            "A file is taken as it is, without an encoding of the content.",
        ));
    }
    let declared = request.content_type();
    match types
        .iter()
        .any(|known| known.eq_ignore_ascii_case(declared))
    {
        true => Ok(()),
        false => Err(Problem::new(ProblemKind::UnsupportedMedia, rule)),
    }
}

pub(super) fn broken() -> Problem {
    Problem::new(
        ProblemKind::MalformedJson,
        "The body could not be read to its end.",
    )
}

/// The body of the request is a file: it may take long, at the least rate of an upload, until it is complete or refused.
/// What follows a refusal has the deadline of a usual body.
pub(super) struct Receiving(Option<Connection>);

impl Receiving {
    pub(super) fn begin(request: &HttpRequest) -> Self {
        let connection = Connection::of(request).cloned();
        if let Some(connection) = &connection {
            connection.begin_upload();
        }
        Self(connection)
    }

    pub(super) fn complete(self) {
        if let Some(connection) = self.0 {
            connection.body_is_complete();
        }
    }
}

/// Writes what comes to `file`, piece by piece, on the pool.
pub(super) async fn drain<F, E>(
    disk: &BlockingPool,
    mut file: F,
    write: fn(&mut F, &[u8]) -> Result<(), E>,
    chunks: impl Stream<Item = Result<Bytes, Problem>>,
) -> Result<F, Problem>
where
    F: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    let mut chunks = pin!(chunks);
    let mut piece = BytesMut::with_capacity(PIECE);
    loop {
        let chunk = chunks.next().await.transpose()?;
        let is_last = chunk.is_none();
        piece.extend_from_slice(&chunk.unwrap_or_default());
        if piece.len() >= PIECE || is_last && !piece.is_empty() {
            let bytes = piece.split().freeze();
            let work = move || {
                let written = write(&mut file, &bytes);
                (file, written)
            };
            let (given_back, written) = disk.run(work).await.map_err(Problem::unavailable)?;
            written.map_err(Into::into)?;
            file = given_back;
        }
        if is_last {
            return Ok(file);
        }
    }
}
