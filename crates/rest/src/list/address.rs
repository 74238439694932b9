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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_alone_make_the_list_and_their_order_does_not_count() {
        let list = Address::read("/users", "q=a&group=b+c").list();
        assert_eq!(list, "/users?group=b+c&q=a");
        for query in [
            "group=b+c&q=a",
            "limit=3&group=b%20c&q=a&cursor=x",
            "count=true&q=a&fields=uuid,email&group=b+c",
        ] {
            assert_eq!(Address::read("/users", query).list(), list, "{query}");
        }
        assert_ne!(Address::read("/users", "q=a").list(), list);
        assert_ne!(Address::read("/rooms", "q=a&group=b+c").list(), list);
    }

    #[test]
    fn the_address_of_another_page_keeps_what_was_asked_for() {
        let address = Address::read("/users", "limit=9&fields=uuid,email&q=a%26b&cursor=x");
        assert_eq!(
            address.page(9, "y"),
            "/users?q=a%26b&fields=uuid%2Cemail&limit=9&cursor=y"
        );
    }
}
