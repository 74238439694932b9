/// Groups whose members use their permissions only with one-time passwords.
#[derive(Clone, Debug, Default)]
pub struct TotpPolicy {
    pub required_groups: Vec<String>,
}

impl TotpPolicy {
    /// Whether a member of these groups must set up one-time passwords.
    pub(crate) fn requires(&self, groups: &[String]) -> bool {
        groups
            .iter()
            .any(|group| self.required_groups.contains(group))
    }
}
