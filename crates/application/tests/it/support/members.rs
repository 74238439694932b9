use std::{net::Ipv4Addr, sync::LazyLock};

use abu_application::{access::Caller, identity::ports::PasswordHasher, platform::Origin};
use abu_domain::{
    UserId,
    access::{Permission, SUPER_ADMIN_GROUP},
    identity::{text::NewPassword, user::User},
};
use abu_security::BcryptHasher;
use abu_test_support::{UserBuilder, session_of};

use super::{BCRYPT_COST, TestApp};

/// The password of every member.
pub(crate) const PASSWORD: &str = "harmattan over kongo hill";

static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| {
    let password = NewPassword::parse(PASSWORD.into()).unwrap();
    BcryptHasher::new(BCRYPT_COST).hash(&password).unwrap()
});

pub(crate) fn origin() -> Origin {
    Origin {
        address: Some(Ipv4Addr::new(192, 0, 2, 7).into()),
        request_id: "req_test".into(),
    }
}

/// An account with a login session.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// As it was when it was created.
    pub(crate) user: User,
}

impl Member {
    pub(crate) fn id(&self) -> UserId {
        self.user.id
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller {
            user: self.user.id,
            session: session_of(self.user.id),
            origin: origin(),
        }
    }
}

#[must_use]
pub(crate) struct MemberBuilder<'a> {
    app: &'a TestApp,
    user: UserBuilder<'a>,
    is_hidden: bool,
    permissions: Vec<Permission>,
}

impl<'a> MemberBuilder<'a> {
    pub(super) fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            user: app.database.user().password_hash(&*PASSWORD_HASH),
            is_hidden: false,
            permissions: Vec::new(),
        }
    }

    pub(crate) fn email(self, address: &str) -> Self {
        self.with(|user| user.email(address))
    }

    pub(crate) fn in_group(self, group: &str) -> Self {
        self.with(|user| user.in_group(group))
    }

    pub(crate) fn super_admin(self) -> Self {
        self.in_group(SUPER_ADMIN_GROUP)
    }

    /// A super admin with the flag that the operator alone sets.
    pub(crate) fn superuser(self) -> Self {
        self.super_admin().with(UserBuilder::superuser)
    }

    /// Holds these permissions, by a role and a group of their own.
    pub(crate) fn holding(mut self, permissions: &[Permission]) -> Self {
        self.permissions.extend(permissions);
        self
    }

    pub(crate) fn suspended(self) -> Self {
        self.with(UserBuilder::suspended)
    }

    /// Has the account deactivated by its owner.
    pub(crate) fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }

    pub(crate) fn unverified(self) -> Self {
        self.with(|user| user.with(|new| new.email_verified_at = None))
    }

    /// Changes what has no method here.
    pub(crate) fn with(mut self, change: impl FnOnce(UserBuilder<'a>) -> UserBuilder<'a>) -> Self {
        self.user = change(self.user);
        self
    }

    pub(crate) fn create(self) -> Member {
        let Self {
            app,
            user,
            is_hidden,
            permissions,
        } = self;
        let mut user = user.create();
        if !permissions.is_empty() {
            app.grant(user.id, &permissions);
        }
        if is_hidden {
            app.store(|tx| tx.set_deactivated(user.id, Some(app.now()), app.now()));
        }
        if let Some(now) = app.store(|tx| tx.user(user.id)) {
            user = now;
        }
        Member { user }
    }
}
