//! From the bytes of a connection to what its client says.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::dev::Payload;
use futures_util::Stream;

use super::{
    Outbox,
    decoder::{Decoder, MessageBounds, Received, Violation},
};

/// The receiving side of a session: it ends when the connection does.
///
/// Backpressure: it reads nothing while answers to the client's requests wait in its outbox.
pub(crate) struct Reader {
    payload: Payload,
    decoder: Decoder,
    outbox: Outbox,
}

impl Reader {
    pub(crate) fn new(payload: Payload, bounds: MessageBounds, outbox: Outbox) -> Self {
        Self {
            payload,
            decoder: Decoder::new(bounds),
            outbox,
        }
    }
}

impl Stream for Reader {
    type Item = Result<Received, Violation>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.outbox.is_closing() {
                self.decoder.await_close();
            } else if self.outbox.holds_answers(cx.waker()) {
                return Poll::Pending;
            }
            if let Some(outcome) = self.decoder.decode().transpose() {
                return Poll::Ready(Some(outcome));
            }
            match ready!(Pin::new(&mut self.payload).poll_next(cx)) {
                Some(Ok(chunk)) => {
                    self.outbox.count_bytes_in(chunk.len());
                    self.decoder.feed(chunk);
                }
                // Lost or ended, the connection is gone.
                Some(Err(_)) | None => return Poll::Ready(None),
            }
        }
    }
}
