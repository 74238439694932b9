use std::collections::HashMap;

use super::{Code, Content, Entry, key};

/// What a text found in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// Nothing.
    Nothing,
    /// Exactly one entry.
    One(T),
    /// Several entries, in the order of the list: the text does not decide between them.
    Several(Vec<T>),
}

impl<T> Found<T> {
    /// The entry, if there is exactly one.
    pub fn one(self) -> Option<T> {
        match self {
            Self::One(entry) => Some(entry),
            Self::Nothing | Self::Several(_) => None,
        }
    }

    /// The same with another value for each entry.
    pub fn map<U>(self, of: impl Fn(T) -> U) -> Found<U> {
        match self {
            Self::Nothing => Found::Nothing,
            Self::One(entry) => Found::One(of(entry)),
            Self::Several(entries) => Found::Several(entries.into_iter().map(of).collect()),
        }
    }
}

impl<T> FromIterator<T> for Found<T> {
    fn from_iter<I: IntoIterator<Item = T>>(found: I) -> Self {
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (None, _) => Self::Nothing,
            (Some(one), None) => Self::One(one),
            (Some(first), Some(second)) => {
                Self::Several([first, second].into_iter().chain(found).collect())
            }
        }
    }
}

/// The entries of one kind, with an index of everything that finds them.
#[derive(Clone, Debug, Default)]
pub struct List {
    entries: Vec<Entry>,
    by_key: HashMap<String, Vec<usize>>,
    by_code: HashMap<Code, usize>,
    by_id: HashMap<i32, usize>,
}

impl List {
    /// Indexes the entries and keeps their order.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut list = Self {
            by_key: HashMap::new(),
            by_code: HashMap::with_capacity(entries.len()),
            by_id: HashMap::with_capacity(entries.len()),
            entries,
        };
        for (place, entry) in list.entries.iter().enumerate() {
            list.by_code.insert(entry.content.code.clone(), place);
            list.by_id.insert(entry.id, place);
            for key in keys(&entry.content) {
                list.by_key.entry(key).or_default().push(place);
            }
        }
        list
    }

    /// The entries in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with this code, written exactly like this.
    pub fn of_code(&self, code: &str) -> Option<&Entry> {
        let code = Code::from_storage(code.to_owned());
        self.by_code.get(&code).map(|&place| &self.entries[place])
    }

    /// The entry with this number.
    pub fn of_id(&self, id: i32) -> Option<&Entry> {
        self.by_id.get(&id).map(|&place| &self.entries[place])
    }

    /// The entries whose code, name, short form or one of whose aliases has the [`key`] of the text. An entry that is
    /// no longer in use is found like any other.
    pub fn find(&self, text: &str) -> Found<&Entry> {
        self.matches(text).collect()
    }

    pub(super) fn matches(&self, text: &str) -> impl Iterator<Item = &Entry> {
        let places = self.by_key.get(&key(text)).into_iter().flatten();
        places.map(|&place| &self.entries[place])
    }
}

/// The distinct keys that find an entry.
pub(super) fn keys(content: &Content) -> Vec<String> {
    let mut keys: Vec<String> = content.labels().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| !key.is_empty());
    keys
}
