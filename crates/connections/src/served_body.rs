//! A response body in small chunks, which counts as in flight until it is sent or given up.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};

use crate::connections::InFlight;

/// The connection copies each chunk into its write buffer: a client that reads slowly holds one of them.
const MAX_CHUNK: usize = 16 * 1024;

/// `F` counts the bytes of each chunk, and is dropped with the body.
pub struct ServedBody<F> {
    body: BoxBody,
    /// What is left of a large chunk.
    rest: Bytes,
    count: Option<F>,
    _in_flight: InFlight,
}

impl<F: FnMut(usize)> ServedBody<F> {
    /// Without `count` chunks stay as they are: the outbox of a WebSocket makes small ones.
    pub fn new(body: BoxBody, count: Option<F>, in_flight: InFlight) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            count,
            _in_flight: in_flight,
        }
    }
}

impl<F: FnMut(usize) + Unpin> MessageBody for ServedBody<F> {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        let Some(count) = &mut this.count else {
            return Pin::new(&mut this.body).poll_next(cx);
        };
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_next(cx)) {
                Some(Ok(chunk)) => this.rest = chunk,
                end => return Poll::Ready(end),
            }
        }
        let chunk = this.rest.split_to(this.rest.len().min(MAX_CHUNK));
        count(chunk.len());
        Poll::Ready(Some(Ok(chunk)))
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use actix_web::body::to_bytes;

    use super::*;

    #[actix_web::test]
    async fn a_large_body_is_sent_in_small_chunks_that_are_counted() {
        let whole = Bytes::from(vec![7; 2 * MAX_CHUNK + 1]);
        let counted = Rc::new(RefCell::new(Vec::new()));
        let count = {
            let counted = Rc::clone(&counted);
            move |bytes| counted.borrow_mut().push(bytes)
        };
        let body = BoxBody::new(whole.clone());
        let body = ServedBody::new(body, Some(count), InFlight::default());
        assert_eq!(body.size(), BodySize::Sized(whole.len() as u64));
        assert_eq!(to_bytes(body).await.unwrap(), whole);
        assert_eq!(*counted.borrow(), [MAX_CHUNK, MAX_CHUNK, 1]);
    }
}
