//! Suggestions while a person types: names, people, employers, skills.

use abu_domain::{alumni::names::Name, platform::text::folded};

use super::{
    Card, Directory, DirectoryError,
    search::{card, require_verified},
};
use crate::{
    access::Caller,
    alumni::ports::{Grown, Suggested},
};

const NAMES: u32 = 5;
const PEOPLE: u32 = 5;
const GROWN: u32 = 3;
/// People alone are suggested for one or two letters.
const PEOPLE_FOR_FEW_LETTERS: u32 = 8;
const FEW_LETTERS: usize = 2;

/// What a text may become.
#[derive(Clone, Debug, Default)]
pub struct Suggestions {
    /// Tokens of names that several members have.
    pub names: Vec<String>,
    /// Members whose name begins so, the surname first.
    pub people: Vec<Card>,
    pub employers: Vec<Suggested>,
    pub skills: Vec<Suggested>,
}

impl Directory {
    /// Suggests how a text may go on; takes a verified account.
    pub async fn suggest(
        &self,
        caller: Caller,
        text: String,
    ) -> Result<Suggestions, DirectoryError> {
        let cache = self.catalogue.clone();
        self.searches
            .read(move |tx| {
                require_verified(tx, &caller)?;
                let key = key(&text);
                if key.is_empty() {
                    return Ok(Suggestions::default());
                }
                let is_short = key.chars().count() <= FEW_LETTERS;
                let people = if is_short {
                    PEOPLE_FOR_FEW_LETTERS
                } else {
                    PEOPLE
                };
                let entries = tx.suggest_entries(&key, people)?;
                let catalogue = cache.get(tx)?;
                let mut suggestions = Suggestions {
                    people: entries
                        .into_iter()
                        .map(|entry| card(entry, &Card::BY_NAME, &catalogue))
                        .collect(),
                    ..Suggestions::default()
                };
                if is_short {
                    return Ok(suggestions);
                }
                let last = key.rsplit(' ').next().unwrap_or_default();
                suggestions.names = tx.suggest_tokens(last, NAMES)?;
                let folded = folded(&text);
                suggestions.employers = tx.suggest_grown(Grown::Employers, &folded, GROWN)?;
                suggestions.skills = tx.suggest_grown(Grown::Skills, &folded, GROWN)?;
                Ok(suggestions)
            })
            .await
    }
}

/// The beginning of a name key; a particle that waits for its word stays apart.
fn key(text: &str) -> String {
    let name = Name::parse(text);
    name.map_or_else(|_no_letter| String::new(), |name| name.key().to_owned())
}
