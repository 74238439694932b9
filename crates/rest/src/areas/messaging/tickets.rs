//! Tickets for the chat.

use abu_application::messaging::tickets::TICKET_LIFETIME;
use actix_web::HttpRequest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{areas::prelude::*, caller::required_claims};

routes! { issue_ticket }

/// A ticket for the chat.
#[derive(Debug, Serialize, ToSchema)]
struct Ticket {
    /// Goes into `/chat?ticket=…`, once.
    #[schema(example = "mY0x7m0o1Yp0M3V8r6Qd2tTn5wCkS9hJbFzUeLaGxRk")]
    ticket: String,
    /// For how many seconds it is good.
    #[schema(example = 30)]
    expires_in: i64,
}

/// Get a ticket for the chat.
///
/// It opens one connection that lasts as long as the access token would, and keeps the token itself out
/// of addresses, which proxies log. It is worth nothing once the session behind the token has ended.
#[utoipa::path(
    tag = "auth",
    responses((status = 200, description = "A ticket.", body = Ticket)),
    extensions(("x-secret-answer" = json!(true))),
)]
#[post("/auth/ws-ticket")]
async fn issue_ticket(
    messaging: Messaging,
    caller: CurrentUser,
    request: HttpRequest,
) -> Answer<SecretJson<Ticket>> {
    let expires_at = required_claims(&request)?.expires_at;
    let secret = messaging.tickets.issue_ticket(caller.0, expires_at).await?;
    Ok(SecretJson(Ticket {
        ticket: URL_SAFE_NO_PAD.encode(secret),
        expires_in: TICKET_LIFETIME.num_seconds(),
    }))
}
