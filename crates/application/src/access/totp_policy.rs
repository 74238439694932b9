/// Mandatory second factor: members of these groups hold permissions only after they enroll in
/// TOTP.
#[derive(Clone, Debug, Default)]
pub struct TotpPolicy {
    pub required_groups: Vec<String>,
}

impl TotpPolicy {
    pub(crate) fn requires(&self, groups: &[String]) -> bool {
        groups
            .iter()
            .any(|group| self.required_groups.contains(group))
    }
}
