//! Where a list and its pages are.

use actix_web::HttpRequest;

/// What says which page is wanted and where it lies.
const PLACE: [&str; 2] = ["limit", "cursor"];

/// What says how a page is wanted.
const MANNER: [&str; 2] = ["count", "fields"];

/// A list's path and filters, apart from the page and from how it is wanted.
pub(super) struct Address {
    path: String,
    filters: Vec<(String, String)>,
    manners: Vec<(String, String)>,
}

impl Address {
    pub(super) fn of(request: &HttpRequest) -> Self {
        Self::read(request.path(), request.query_string())
    }

    fn read(path: &str, query: &str) -> Self {
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned();
        let (manners, mut filters): (Vec<_>, Vec<_>) = parameters
            .filter(|(name, _)| !PLACE.contains(&name.as_str()))
            .partition(|(name, _)| MANNER.contains(&name.as_str()));
        filters.sort();
        Self {
            path: path.to_owned(),
            filters,
            manners,
        }
    }

    /// What a cursor is bound to: the same for the same filters in any order.
    pub(super) fn list(&self) -> String {
        format!("{}?{}", self.path, self.query().finish())
    }

    /// Where another page of the list is, in the same manner.
    pub(super) fn page(&self, limit: u32, cursor: &str) -> String {
        let query = self
            .query()
            .extend_pairs(&self.manners)
            .append_pair("limit", &limit.to_string())
            .append_pair("cursor", cursor)
            .finish();
        format!("{}?{query}", self.path)
    }

    fn query(&self) -> form_urlencoded::Serializer<'static, String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.filters);
        query
    }
}
