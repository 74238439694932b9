use abu_domain::{alumni::imports::Mapping, platform::text::Reason};

/// Why the office may process the data, in its own words.
pub type LegalBasis = Reason;

/// What comes with a file.
#[derive(Clone, Debug)]
pub struct ImportDraft {
    pub file_name: String,
    pub mapping: Mapping,
    pub legal_basis: LegalBasis,
    /// Whether the judgment is all, until the office commits.
    pub dry_run: bool,
    /// Whether a file that was imported before is judged anew.
    pub again: bool,
}

const MAX_FILE_NAME: usize = 200;

impl ImportDraft {
    /// The last part of a path, without what a line cannot show; at most 200 characters.
    pub fn shown_name(path: &str) -> String {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default().trim();
        let shown = name.chars().filter(|c| !c.is_control());
        match shown.take(MAX_FILE_NAME).collect::<String>() {
            name if name.is_empty() => "register.csv".to_owned(),
            name => name,
        }
    }
}
