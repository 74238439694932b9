//! Levels and audiences, both ordered from the narrowest.

/// Who may see a field of a profile, from the narrowest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The member alone.
    OnlyMe,
    /// The member's connections.
    Connections,
    /// Verified graduates.
    Alumni,
    /// Everyone who opens the member's public page.
    Public,
}

/// Who looks at a profile, from the most distant to the closest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// Everyone, by the public page.
    Public,
    /// A verified graduate.
    Alumni,
    /// A connection of the member.
    Connection,
    /// The member.
    Owner,
}

impl Level {
    /// Every level, from the narrowest to the widest.
    pub const ALL: [Self; 4] = [Self::OnlyMe, Self::Connections, Self::Alumni, Self::Public];

    /// Whether the audience may see a field of this level.
    pub fn admits(self, audience: Audience) -> bool {
        audience >= self.narrowest_audience()
    }

    /// The most distant audience that may see a field of this level.
    fn narrowest_audience(self) -> Audience {
        match self {
            Self::OnlyMe => Audience::Owner,
            Self::Connections => Audience::Connection,
            Self::Alumni => Audience::Alumni,
            Self::Public => Audience::Public,
        }
    }

    /// The stable name in storage and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnlyMe => "only_me",
            Self::Connections => "connections",
            Self::Alumni => "alumni",
            Self::Public => "public",
        }
    }

    /// The level of that name; `None` for an unknown name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl Audience {
    /// Every audience, from the most distant to the closest.
    pub const ALL: [Self; 4] = [Self::Public, Self::Alumni, Self::Connection, Self::Owner];
}
