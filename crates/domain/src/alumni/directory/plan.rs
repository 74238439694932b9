//! The plan of a search: chosen by estimates, since the planner of the database knows neither names nor facets.

use std::collections::{BTreeSet, HashMap};

use super::{Condition, Facet, Filter, Level, Ranking, Weights, Words, ranking};

/// A search ranks as many members at most; of more it lists whole names first.
pub const RANKED: f64 = 5_000.0;
/// A list without words sorts as many members at most; of more it walks an index in order.
pub const GATHERED: f64 = 5_000.0;
/// The same with words: the members of a name stand together, far down an index.
const NAMES_GATHERED: f64 = 50_000.0;
/// How many surnames a search walks at once.
const SURNAMES: usize = 24;
/// Facets of which a member has one value, with an index in the order of names.
const WALKED: [Facet; 3] = [Facet::Employer, Facet::State, Facet::Industry];
/// What narrows a search that has too many results.
const NARROWING: [Facet; 2] = [Facet::Year, Facet::Department];

/// The order of a list of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By surname and given names.
    Name,
    /// By year of graduation, the newest first; then by name.
    Year,
    /// The best match first.
    Relevance,
}

/// The kind of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In the order of names or years.
    Ordered,
    /// The best match first.
    Ranked,
    /// Whole names first, then surnames: there are too many matches to rank.
    Common,
}

/// What the pages of one search must agree on. A cursor carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The kind.
    pub kind: Kind,
    /// How far words may be from tokens; `None` if a word means nothing.
    pub level: Option<Level>,
    /// How much each word counts.
    pub weights: Weights,
}

/// How the database answers a search. Every plan yields members by rank, then name, then id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// No member can match.
    Nothing,
    /// Those who satisfy the conditions, in the order of names or years.
    Ordered {
        /// By year first.
        by_year: bool,
        /// Find all, then sort; otherwise walk an index in order.
        gather: bool,
        /// The index to walk: a facet of which members have one value, and the value.
        walk: Option<(Facet, i32)>,
        /// What else they satisfy.
        conditions: Vec<Condition>,
    },
    /// Those who satisfy the conditions, by their points; then those whose whole name is of one of these sets.
    Ranked {
        /// What they satisfy; `None` if a word means nothing.
        matches: Option<(Vec<Condition>, Ranking)>,
        /// Sets of whole names, each after all before it.
        names: Vec<Vec<String>>,
        /// What members with these whole names satisfy.
        facets: Vec<Condition>,
    },
    /// Those whose whole name is of one of these sets; then those with these surnames.
    Common {
        /// Sets of whole names, each after all before it.
        names: Vec<Vec<String>>,
        /// First tokens of names.
        surnames: Vec<String>,
        /// What members with these surnames satisfy.
        words: Vec<Condition>,
        /// What all of them satisfy.
        facets: Vec<Condition>,
    },
}

/// A search: its order, words and filter, and how many members have each term.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The order.
    pub order: Order,
    /// The words, if it has some.
    pub words: Option<&'a Words>,
    /// The filter.
    pub filter: &'a Filter,
    /// Members of each term of the filter's conditions.
    pub frequencies: &'a HashMap<String, u32>,
    /// Members of the directory; 0 if unknown.
    pub total: u32,
}

impl Plan {
    /// Chooses a plan, or follows the choice of the page before. Returns it with an estimate of how many members match.
    pub fn choose(search: &Search<'_>, before: Option<&Choice>) -> (Self, Choice, f64) {
        let conditions = search.filter.conditions();
        let selectivity = Filter::selectivity(&conditions, search.frequencies, search.total);
        let is_impossible = conditions
            .iter()
            .any(|condition| condition.terms.is_empty());
        let (plan, choice, estimate) = match search.words {
            None => search.listed(conditions, selectivity),
            Some(words) => search.named(words, conditions, selectivity, before),
        };
        match is_impossible {
            true => (Self::Nothing, choice, 0.0),
            false => (plan, choice, estimate),
        }
    }

    /// The facets that would narrow a search with too many results.
    pub fn narrowing(&self, filter: &Filter) -> Vec<Facet> {
        let named: BTreeSet<Facet> = filter.facets();
        match self {
            Self::Common { .. } => NARROWING
                .into_iter()
                .filter(|facet| !named.contains(facet))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The conditions of every member who matches, for counts; `None` if none can.
    pub fn matching(&self) -> Option<Vec<Condition>> {
        match self {
            Self::Nothing => None,
            Self::Ordered {
                walk, conditions, ..
            } => {
                let walked = walk.map(|(facet, value)| Condition::any_of([facet.term(value)]));
                Some(walked.into_iter().chain(conditions.clone()).collect())
            }
            Self::Ranked { matches, .. } => {
                let (conditions, _) = matches.as_ref()?;
                Some(conditions.clone())
            }
            Self::Common { words, facets, .. } => {
                Some(words.iter().chain(facets).cloned().collect())
            }
        }
    }
}

impl Search<'_> {
    fn listed(&self, conditions: Vec<Condition>, selectivity: f64) -> (Plan, Choice, f64) {
        let estimate = f64::from(self.total) * selectivity;
        let is_all = conditions.is_empty();
        let plan = self.ordered(conditions, !is_all && estimate <= GATHERED);
        (plan, Choice::ordered(None), estimate)
    }

    fn named(
        &self,
        words: &Words,
        facets: Vec<Condition>,
        selectivity: f64,
        before: Option<&Choice>,
    ) -> (Plan, Choice, f64) {
        let most = match self.order {
            Order::Relevance => RANKED,
            Order::Name | Order::Year => NAMES_GATHERED,
        };
        let chosen = words.level(self.total, selectivity, most);
        let (level, estimate) =
            chosen.map_or((None, 0.0), |(level, estimate)| (Some(level), estimate));
        let choice = match before {
            Some(before) if before.fits(words, self.order) => before.clone(),
            _ if self.order != Order::Relevance => Choice::ordered(level),
            _ => Choice {
                kind: if estimate <= most {
                    Kind::Ranked
                } else {
                    Kind::Common
                },
                level,
                weights: ranking::weights(words, self.total),
            },
        };
        let plan = match (choice.kind, choice.level) {
            (Kind::Ordered, None) => Plan::Nothing,
            (Kind::Ordered, Some(level)) => {
                let all = matches(words, level, &facets);
                self.ordered(all, estimate <= most)
            }
            (Kind::Common, Some(level)) => common(words, level, facets),
            (Kind::Ranked | Kind::Common, level) => ranked(words, level, &choice.weights, facets),
        };
        (plan, choice, estimate)
    }

    fn ordered(&self, mut conditions: Vec<Condition>, gather: bool) -> Plan {
        let walk = (!gather && self.order != Order::Year)
            .then(|| self.walk())
            .flatten();
        if let Some((facet, value)) = walk {
            let walked = Condition::any_of([facet.term(value)]);
            conditions.retain(|condition| *condition != walked);
        }
        Plan::Ordered {
            by_year: self.order == Order::Year,
            gather,
            walk,
            conditions,
        }
    }

    /// The most selective facet with an index in the order of names.
    fn walk(&self) -> Option<(Facet, i32)> {
        let value = |facet: Facet| Some((facet, self.filter.value(facet)?.parse().ok()?));
        let walks = WALKED.into_iter().filter_map(value);
        walks.min_by_key(|(facet, value)| self.frequencies.get(&facet.term(value)).copied())
    }
}

impl Choice {
    fn ordered(level: Option<Level>) -> Self {
        Self {
            kind: Kind::Ordered,
            level,
            weights: Weights::new(),
        }
    }

    /// Whether it was made for such a search: the lexicon may have changed since.
    fn fits(&self, words: &Words, order: Order) -> bool {
        let is_ordered = self.kind == Kind::Ordered;
        let has_level = self.level.is_none_or(|level| words.match_at(level));
        has_level
            && is_ordered == (order != Order::Relevance)
            && (is_ordered || self.weights.len() == words.words().len())
    }
}

fn matches(words: &Words, level: Level, facets: &[Condition]) -> Vec<Condition> {
    let sets = words.sets(level).into_iter();
    let words = sets.map(|set| Condition::any_of(set.into_iter().map(str::to_owned)));
    words.chain(facets.iter().cloned()).collect()
}

/// The matches; then whole names with wider corrections; then whole names without one of the words.
fn ranked(words: &Words, level: Option<Level>, weights: &[u16], facets: Vec<Condition>) -> Plan {
    let mut wider = [Level::Near, Level::Far].into_iter();
    let wider =
        wider.rfind(|wider| level.is_none_or(|level| *wider > level) && words.match_at(*wider));
    let wider = wider.map(|wider| {
        let mut names = words.whole_names(wider);
        names.push(words.as_written());
        names
    });
    let shorter = words.shorter_names(level.unwrap_or(Level::Far));
    Plan::Ranked {
        matches: level.map(|level| {
            let ranking = Ranking::of(words, level, weights);
            (matches(words, level, &facets), ranking)
        }),
        names: distinct([wider.unwrap_or_default(), shorter]),
        facets,
    }
}

/// The name as written, then its variants and corrections, then surnames.
fn common(words: &Words, level: Level, facets: Vec<Condition>) -> Plan {
    let mut surnames: Vec<&str> = words.sets(level).into_iter().flatten().collect();
    surnames.sort_by_key(|token| std::cmp::Reverse(words.frequency([*token])));
    surnames.truncate(SURNAMES);
    let surnames: BTreeSet<&str> = surnames.into_iter().collect();
    Plan::Common {
        names: distinct([vec![words.as_written()], words.whole_names(Level::Far)]),
        surnames: surnames.into_iter().map(str::to_owned).collect(),
        words: matches(words, level, &[]),
        facets,
    }
}

/// The sets without what an earlier one has, and without empty ones.
fn distinct(sets: impl IntoIterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let mut seen = BTreeSet::new();
    let sets = sets.into_iter().map(|mut set| {
        set.retain(|name| seen.insert(name.clone()));
        set
    });
    sets.filter(|set| !set.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alumni::names::{Lexicon, Query};

    fn words(query: &str, vocabulary: &[(&str, u32)]) -> Words {
        let candidates = vocabulary
            .iter()
            .map(|(token, frequency)| ((*token).to_owned(), *frequency));
        let query = Query::parse(query).unwrap();
        Words::expand(&query, candidates.collect(), &Lexicon::default())
    }

    fn choose(
        order: Order,
        words: Option<&Words>,
        filter: &Filter,
        frequencies: &[(&str, u32)],
        before: Option<&Choice>,
    ) -> (Plan, Choice) {
        let frequencies: HashMap<String, u32> = frequencies
            .iter()
            .map(|(term, count)| ((*term).to_owned(), *count))
            .collect();
        let search = Search {
            order,
            words,
            filter,
            frequencies: &frequencies,
            total: 1_000_000,
        };
        let (plan, choice, _) = Plan::choose(&search, before);
        (plan, choice)
    }

    #[test]
    fn few_members_are_gathered_and_many_are_walked_to() {
        let mut filter = Filter::default();
        filter.any_of(Facet::State, [5]);
        filter.any_of(Facet::Skill, [9]);
        let listed = |count| {
            let frequencies = [("#s5", count), ("#k9", 1_000_000)];
            choose(Order::Name, None, &filter, &frequencies, None).0
        };
        let skill = Condition::any_of(["#k9".to_owned()]);
        let Plan::Ordered { gather, walk, .. } = listed(5_000) else {
            panic!("a list is ordered")
        };
        assert_eq!((gather, walk), (true, None));
        let walked = Plan::Ordered {
            by_year: false,
            gather: false,
            walk: Some((Facet::State, 5)),
            conditions: vec![skill],
        };
        assert_eq!(listed(6_000), walked);
    }

    #[test]
    fn a_rare_name_is_ranked_and_a_frequent_one_lists_whole_names() {
        let rare = words("zazu", &[("zazu", 40)]);
        let none = Filter::default();
        let (plan, choice) = choose(Order::Relevance, Some(&rare), &none, &[], None);
        assert!(
            matches!(
                plan,
                Plan::Ranked {
                    matches: Some(_),
                    ..
                }
            ),
            "{plan:?}"
        );
        assert_eq!((choice.kind, choice.weights.len()), (Kind::Ranked, 1));
        assert_eq!(plan.narrowing(&none), []);

        let frequent = words("musa", &[("musa", 200_000)]);
        let (plan, choice) = choose(Order::Relevance, Some(&frequent), &none, &[], None);
        assert_eq!(choice.kind, Kind::Common);
        let Plan::Common {
            names, surnames, ..
        } = &plan
        else {
            panic!("{plan:?}")
        };
        assert_eq!(
            (&names[0], surnames),
            (&vec!["musa".to_owned()], &vec!["musa".to_owned()])
        );
        assert_eq!(plan.narrowing(&none), NARROWING);
        let mut filter = none;
        filter.years(Some(2015), None);
        assert_eq!(plan.narrowing(&filter), [Facet::Department]);
    }

    #[test]
    fn the_next_page_follows_the_choice_of_the_page_before() {
        let none = Filter::default();
        let then = words("musa", &[("musa", 5_001)]);
        let (_, common) = choose(Order::Relevance, Some(&then), &none, &[], None);
        let now = words("musa", &[("musa", 4_999)]);
        let (plan, followed) = choose(Order::Relevance, Some(&now), &none, &[], Some(&common));
        assert_eq!(followed, common);
        assert!(matches!(plan, Plan::Common { .. }));
        let other = words("musa bello", &[("musa", 4_999), ("bello", 10)]);
        let (_, fresh) = choose(Order::Relevance, Some(&other), &none, &[], Some(&common));
        assert_eq!(fresh.kind, Kind::Ranked);
    }

    #[test]
    fn an_impossible_filter_and_an_unknown_word_match_nothing() {
        let mut filter = Filter::default();
        filter.years(Some(2016), Some(2015));
        let (plan, _) = choose(Order::Name, None, &filter, &[], None);
        assert_eq!((plan.matching(), plan), (None, Plan::Nothing));
        let unknown = words("xylophon", &[]);
        let none = Filter::default();
        let (plan, _) = choose(Order::Name, Some(&unknown), &none, &[], None);
        assert_eq!(plan, Plan::Nothing);
        let (plan, _) = choose(Order::Relevance, Some(&unknown), &none, &[], None);
        assert_eq!(plan.matching(), None);
    }

    #[test]
    fn a_full_misspelling_lists_corrected_whole_names_after_the_matches() {
        let vocabulary = [("musa", 100_000), ("muse", 10), ("bello", 100_000)];
        let words = words("muse bello", &vocabulary);
        let none = Filter::default();
        let (plan, choice) = choose(Order::Relevance, Some(&words), &none, &[], None);
        assert_eq!(choice.level, Some(Level::Exact));
        let Plan::Ranked { names, .. } = plan else {
            panic!("{plan:?}")
        };
        assert_eq!(names[0], ["bello musa", "bello muse"]);
    }
}
