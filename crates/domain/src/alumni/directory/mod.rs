//! The directory of members: search rows, filters, the plan of a search, and its ranking. Pure functions.
//!
//! A [`SearchRow`] holds what alumni may find of a member. A [`Filter`] and [`Words`] say what a search is for, and a
//! [`Plan`] how the database answers it.

mod facet;
mod filter;
mod plan;
mod ranking;
mod row;
mod words;

pub use facet::{Facet, city_value};
pub use filter::{Condition, Filter};
pub use plan::{Choice, GATHERED, Kind, Order, Plan, RANKED, Search};
pub use ranking::{Ranking, Weights};
pub use row::SearchRow;
pub use words::{Level, WHOLE_NAMES, Word, Words};
