//! The one table of what is limited, and to how much.

use abu_domain::named_enum;

use super::Quota;
use crate::settings::RestSettings;

macro_rules! policies {
    ($($(#[$doc:meta])* $variant:ident => $name:literal, $quota:expr;)*) => {
        named_enum! {
            /// A rule about how often something may be asked for. Clients know it by its name; its place
            /// is its number.
            pub enum Policy {
                $($(#[$doc])* $variant => $name,)*
            }
        }

        impl Policy {
            /// How often that is, by the settings.
            pub fn quota(self, settings: &RestSettings) -> Quota {
                let quota: fn(&RestSettings) -> Quota = match self { $(Self::$variant => $quota,)* };
                quota(settings)
            }
        }
    };
}

policies! {
    /// Any request: by user, or by network without a valid access token.
    Default => "default", |settings| settings.rate_limits.default;
    /// A handshake of the chat with a ticket, by network: who comes is not known before.
    Connect => "connect", |settings| settings.rate_limits.connect;
    /// A log-in, by e-mail address.
    LogInAccount => "log-in-account", |settings| settings.rate_limits.log_in_account;
    /// A log-in, by network.
    LogInNetwork => "log-in-network", |settings| settings.rate_limits.log_in_network;
    /// A registration, by network.
    Register => "register", |settings| settings.rate_limits.register;
    /// A mail that clients request without authentication, by recipient.
    Recover => "recover", |settings| settings.rate_limits.recover;
    /// A renewed access token, by network.
    Refresh => "refresh", |settings| settings.rate_limits.refresh;
    /// A message, by user: so many at once. Messages are counted where they are sent, for REST and the chat
    /// together.
    MessagesInSecond => "messages-second", |settings| {
        Quota::new(settings.messages.per_second, 1)
    };
    /// A message, by user: so many for long.
    MessagesInMinute => "messages-minute", |settings| {
        Quota::new(settings.messages.per_minute, 60)
    };
    /// The text of a message in bytes, by user.
    MessageBytes => "message-bytes", |settings| {
        let limits = settings.messages;
        let seconds = u64::from(limits.bytes_at_once) * 60;
        let seconds = seconds.div_ceil(limits.bytes_per_minute.max(1).into());
        Quota::new(limits.bytes_at_once, u32::try_from(seconds).unwrap_or(u32::MAX))
    };
}
