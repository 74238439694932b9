/// The key of a value that outlives a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAge {
    Current,
    /// The key before the rotation.
    Previous,
}

impl KeyAge {
    /// `None` if neither key fits.
    pub fn of(current_fits: bool, previous_fits: bool) -> Option<Self> {
        match (current_fits, previous_fits) {
            (true, _) => Some(Self::Current),
            (false, true) => Some(Self::Previous),
            (false, false) => None,
        }
    }
}
