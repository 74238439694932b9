use chrono::{DateTime, Utc};

use crate::NotificationId;

payload! {
    /// Something that the user should hear of, outside the rooms.
    ///
    /// Sent by the server to every session of the user. A client shows it, and counts it as unread until
    /// the user has seen it. What was missed while away is read over the REST API.
    ///
    /// ```json
    #[doc = include_str!("../../examples/packets/notification.json")]
    /// ```
    pub struct Notification {
        /// The notification, as the REST API names it.
        pub notification_id: NotificationId,
        /// What it is about, for settings and symbols. The set is open: a client shows a category that it
        /// does not know like any other.
        pub category: String,
        /// What happened, in one line.
        pub title: String = spoken,
        /// More about it; may be empty.
        pub body: String = spoken,
        /// Where to go for it: a path in the apps, beginning with `/`.
        pub link: Option<String>,
        /// When it was made: RFC 3339, in UTC, with `Z`.
        pub timestamp: DateTime<Utc>,
        /// How many notifications of the user are unread now, this one included.
        pub unread_count: Option<u64>,
    }
}

impl Notification {
    /// A notification with nothing but its text.
    pub fn new(
        notification_id: impl Into<NotificationId>,
        category: impl Into<String>,
        title: impl Into<String>,
        body: impl Into<String>,
        timestamp: DateTime<Utc>,
    ) -> Self {
        Self {
            notification_id: notification_id.into(),
            category: category.into(),
            title: title.into(),
            body: body.into(),
            link: None,
            timestamp,
            unread_count: None,
        }
    }

    /// With where to go for it.
    #[must_use]
    pub fn linking_to(self, path: impl Into<String>) -> Self {
        Self {
            link: Some(path.into()),
            ..self
        }
    }

    /// With how many are unread now.
    #[must_use]
    pub fn with_unread_count(self, count: u64) -> Self {
        Self {
            unread_count: Some(count),
            ..self
        }
    }
}
