//! A WebSocket echo server for conformance suites. It shares handshake, decoder, answers and outbox
//! with every session.

use std::{sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, StreamHandler};
use actix_http::ws::OpCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::{
    ChatSettings, frame,
    session::{
        Outbox,
        decoder::{Received, Violation},
        socket::{self, Incoming, Socket},
    },
};

/// Turns a request into a connection that echoes text as text and bytes as bytes.
///
/// # Errors
/// Where the request is no proper WebSocket handshake.
pub async fn echo(
    request: &HttpRequest,
    payload: web::Payload,
    settings: &ChatSettings,
) -> Result<HttpResponse, actix_web::Error> {
    let socket = Socket::open(request, payload, settings, &Arc::default()).await?;
    Echo::create(|ctx| {
        ctx.add_stream(socket.reader);
        Echo {
            outbox: socket.outbox,
            close_timeout: settings.close_timeout,
        }
    });
    Ok(socket.response)
}

struct Echo {
    outbox: Outbox,
    close_timeout: Duration,
}

impl Actor for Echo {
    type Context = Context<Self>;
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.outbox.finish();
    }
}

impl StreamHandler<Result<Received, Violation>> for Echo {
    fn handle(&mut self, received: Result<Received, Violation>, ctx: &mut Self::Context) {
        let frame = match socket::answer(received, &self.outbox) {
            Incoming::Text(text) => frame::frame(OpCode::Text, text.as_bytes()),
            Incoming::Binary(payload) => frame::frame(OpCode::Binary, &payload),
            Incoming::Control => return,
            Incoming::Closed => {
                ctx.run_later(self.close_timeout, |echo, _| echo.outbox.cut());
                return;
            }
        };
        // The outbox itself closes the session of a slow reader.
        let _ = self.outbox.push(frame);
    }
}
