//! The stages of a plan as statements. Every stage yields members by rank, then name, then id.
//!
//! A statement either finds all members of a stage by the inverted index and sorts them, or walks one index in order.
//! It never leaves that choice to the planner, which knows neither names nor facets.

use abu_application::{alumni::ports::Place, platform::lists::Seek};
use abu_domain::alumni::directory::{Condition, Facet, Plan, Ranking};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use uuid::Uuid;

use crate::dynamic_sql::DynamicSql;

/// Ranks of two stages lie so far apart.
const STAGE: i32 = 1_000_000;

/// Columns of every stage.
pub(super) type Columns = (
    SqlUuid,
    Text,
    Text,
    Nullable<SmallInt>,
    Nullable<SmallInt>,
    Nullable<SmallInt>,
    Nullable<Text>,
    Nullable<Text>,
    Integer,
);

const ENTRY: &str = "d.user_id, d.display_name, d.name_key, d.grad_year, d.department_id, d.country_id, d.city, d.headline";
const BY_YEAR: &str = "COALESCE(-grad_year, 0)";

/// A part of a plan's order.
pub(super) enum Stage<'a> {
    /// All that satisfy the conditions, sorted.
    Gathered {
        conditions: &'a [Condition],
        rank: Rank<'a>,
    },
    /// All that satisfy the conditions, by an index in order.
    Walked {
        by_year: bool,
        walk: Option<(Facet, i32)>,
        conditions: &'a [Condition],
    },
    /// Those with one of these whole names that satisfy the facets and not the other conditions.
    Names {
        names: &'a [String],
        facets: &'a [Condition],
        except: Option<&'a [Condition]>,
    },
    /// Those with one of these surnames that satisfy the conditions and have none of these whole names.
    Surnames {
        surnames: &'a [String],
        words: &'a [Condition],
        facets: &'a [Condition],
        except: Vec<&'a str>,
    },
}

pub(super) enum Rank<'a> {
    None,
    Year,
    Points(&'a Ranking),
}

/// The stages of a plan, in order.
pub(super) fn of(plan: &Plan) -> Vec<Stage<'_>> {
    match plan {
        Plan::Nothing => Vec::new(),
        Plan::Ordered {
            by_year,
            gather: true,
            conditions,
            ..
        } => vec![Stage::Gathered {
            conditions,
            rank: if *by_year { Rank::Year } else { Rank::None },
        }],
        Plan::Ordered {
            by_year,
            walk,
            conditions,
            ..
        } => vec![Stage::Walked {
            by_year: *by_year,
            walk: *walk,
            conditions,
        }],
        Plan::Ranked {
            matches,
            names,
            facets,
        } => {
            let except = matches.as_ref().map(|(conditions, _)| &conditions[..]);
            let ranked = matches
                .as_ref()
                .map(|(conditions, ranking)| Stage::Gathered {
                    conditions,
                    rank: Rank::Points(ranking),
                });
            // A word that means nothing leaves the first stage empty: ranks keep their meaning.
            let ranked = ranked.unwrap_or(Stage::Names {
                names: &[],
                facets,
                except: None,
            });
            let names = names.iter().map(|names| Stage::Names {
                names,
                facets,
                except,
            });
            std::iter::once(ranked).chain(names).collect()
        }
        Plan::Common {
            names,
            surnames,
            words,
            facets,
        } => {
            let except = names.iter().flatten().map(String::as_str).collect();
            let surnames = Stage::Surnames {
                surnames,
                words,
                facets,
                except,
            };
            let names = names.iter().map(|names| Stage::Names {
                names,
                facets,
                except: None,
            });
            names.chain([surnames]).collect()
        }
    }
}

/// The stage that a rank is of.
pub(super) fn stage_of(rank: i32) -> usize {
    let stage = (i64::from(rank) + i64::from(STAGE) / 2).div_euclid(i64::from(STAGE));
    usize::try_from(stage).unwrap_or(0)
}

/// The statement of a stage, from a place in it.
pub(super) fn statement<'a>(
    stage: &Stage<'a>,
    number: usize,
    seek: &Seek<Place>,
    limit: u32,
) -> DynamicSql<'a> {
    let page = Page {
        base: i32::try_from(number).unwrap_or(0).saturating_mul(STAGE),
        from: match seek {
            Seek::After(from) | Seek::Before(from) => from.clone(),
        },
        is_backward: seek.is_backward(),
        limit,
    };
    match *stage {
        Stage::Gathered {
            conditions,
            ref rank,
        } => page.gathered(conditions, rank),
        Stage::Walked {
            by_year,
            walk,
            conditions,
        } => page.walked(by_year, walk, conditions),
        Stage::Names {
            names,
            facets,
            except,
        } => page.of_names(names, facets, except),
        Stage::Surnames {
            surnames,
            words,
            facets,
            ref except,
        } => page.of_surnames(surnames, words, facets, except),
    }
}

struct Page {
    base: i32,
    from: Option<Place>,
    is_backward: bool,
    limit: u32,
}

impl Page {
    fn gathered<'a>(&self, conditions: &'a [Condition], rank: &Rank<'a>) -> DynamicSql<'a> {
        let mut sql = DynamicSql::text("WITH m AS MATERIALIZED (SELECT user_id, name_key, ");
        match *rank {
            Rank::None => sql.push("0"),
            Rank::Year => sql.push(BY_YEAR),
            Rank::Points(ranking) => sql.append(points(ranking)),
        }
        sql.push("::integer AS rank FROM directory_entries WHERE ");
        sql.append(satisfied(conditions, ByIndex::Yes));
        sql.push(") SELECT ");
        sql.push(ENTRY);
        sql.push(", r.rank FROM (SELECT user_id, rank FROM m");
        self.push_place(&mut sql, " WHERE (rank, name_key, user_id) ", Key::Ranked);
        self.push_order(&mut sql, "rank", "name_key", "user_id");
        sql.push(") r JOIN directory_entries d USING (user_id)");
        self.push_direction(&mut sql, " ORDER BY r.rank", ", d.name_key", ", d.user_id");
        sql
    }

    fn walked<'a>(
        &self,
        by_year: bool,
        walk: Option<(Facet, i32)>,
        conditions: &'a [Condition],
    ) -> DynamicSql<'a> {
        let mut sql = DynamicSql::text("SELECT ");
        sql.push(ENTRY);
        sql.push(", ");
        let rank = if by_year { BY_YEAR } else { "0" };
        sql.push(rank);
        sql.push("::integer FROM directory_entries d WHERE ");
        if let Some((facet, value)) = walk {
            match facet {
                Facet::Employer => sql.push("employer_id = "),
                Facet::State => sql.push("state_id = "),
                _ => sql.push("industry_id = "),
            }
            sql.bind::<Integer, _>(value);
            sql.push(" AND ");
        }
        sql.append(satisfied(conditions, ByIndex::No));
        if by_year {
            self.push_place(
                &mut sql,
                " AND (COALESCE(-grad_year, 0), name_key, user_id) ",
                Key::Ranked,
            );
            self.push_order(&mut sql, BY_YEAR, "name_key", "user_id");
        } else {
            self.push_place(&mut sql, " AND (name_key, user_id) ", Key::Named);
            self.push_order(&mut sql, "", "name_key", "user_id");
        }
        sql
    }

    fn of_names<'a>(
        &self,
        names: &'a [String],
        facets: &'a [Condition],
        except: Option<&'a [Condition]>,
    ) -> DynamicSql<'a> {
        let mut sql = self.lateral(names, "e.name_set = k.key AND ");
        sql.append(satisfied(facets, ByIndex::No));
        if let Some(except) = except {
            sql.push(" AND NOT (");
            sql.append(satisfied(except, ByIndex::No));
            sql.push(")");
        }
        self.end_lateral(sql)
    }

    fn of_surnames<'a>(
        &self,
        surnames: &'a [String],
        words: &'a [Condition],
        facets: &'a [Condition],
        except: &[&'a str],
    ) -> DynamicSql<'a> {
        let mut sql = self.lateral(
            surnames,
            "e.name_key >= k.key || ' ' AND e.name_key < k.key || '!' AND ",
        );
        sql.append(satisfied(words, ByIndex::No));
        sql.push(" AND ");
        sql.append(satisfied(facets, ByIndex::No));
        sql.push(" AND e.name_set <> ALL (");
        sql.bind::<Array<Text>, _>(except.to_vec());
        sql.push(")");
        self.end_lateral(sql)
    }

    /// The first entries of each key, by an index in order.
    fn lateral<'a>(&self, keys: &'a [String], condition: &'static str) -> DynamicSql<'a> {
        let mut sql = DynamicSql::text("SELECT ");
        sql.push(ENTRY);
        sql.push(", ");
        sql.bind::<Integer, _>(self.base);
        sql.push(" FROM unnest(");
        sql.bind::<Array<Text>, _>(keys);
        sql.push(
            "::text[]) AS k (key) CROSS JOIN LATERAL (SELECT * FROM directory_entries e WHERE ",
        );
        sql.push(condition);
        sql
    }

    fn end_lateral<'a>(&self, mut sql: DynamicSql<'a>) -> DynamicSql<'a> {
        self.push_place(&mut sql, " AND (e.name_key, e.user_id) ", Key::Named);
        self.push_order(&mut sql, "", "e.name_key", "e.user_id");
        sql.push(") d");
        self.push_order(&mut sql, "", "d.name_key", "d.user_id");
        sql
    }

    /// Bounds the page by the place where it goes on.
    fn push_place(&self, sql: &mut DynamicSql<'_>, columns: &'static str, key: Key) {
        let Some(from) = &self.from else { return };
        sql.push(columns);
        sql.push(if self.is_backward { "< (" } else { "> (" });
        if let Key::Ranked = key {
            sql.bind::<Integer, _>(from.rank - self.base);
            sql.push(", ");
        }
        sql.bind::<Text, _>(from.name_key.clone());
        sql.push(", ");
        sql.bind::<SqlUuid, Uuid>(from.user.uuid());
        sql.push(")");
    }

    fn push_order(
        &self,
        sql: &mut DynamicSql<'_>,
        rank: &'static str,
        name_key: &'static str,
        user: &'static str,
    ) {
        let direction = if self.is_backward { " DESC" } else { "" };
        sql.push(" ORDER BY ");
        let columns = [rank, name_key, user]
            .into_iter()
            .filter(|column| !column.is_empty());
        for (index, column) in columns.enumerate() {
            if index > 0 {
                sql.push(", ");
            }
            sql.push(column);
            sql.push(direction);
        }
        sql.push(" LIMIT ");
        sql.bind::<BigInt, _>(i64::from(self.limit));
    }

    fn push_direction(
        &self,
        sql: &mut DynamicSql<'_>,
        rank: &'static str,
        name_key: &'static str,
        user: &'static str,
    ) {
        for column in [rank, name_key, user] {
            sql.push(column);
            if self.is_backward {
                sql.push(" DESC");
            }
        }
    }
}

enum Key {
    Ranked,
    Named,
}

/// Whether a condition may use the inverted index, or is tested on each row.
#[derive(Clone, Copy)]
pub(super) enum ByIndex {
    Yes,
    No,
}

/// That a row satisfies all conditions.
pub(super) fn satisfied(conditions: &[Condition], by_index: ByIndex) -> DynamicSql<'_> {
    let mut sql = DynamicSql::default();
    if conditions.is_empty() {
        sql.push("true");
    }
    for (index, condition) in conditions.iter().enumerate() {
        if index > 0 {
            sql.push(" AND ");
        }
        match by_index {
            ByIndex::Yes => {
                sql.push("terms && ");
                sql.bind::<Array<Text>, _>(&condition.terms);
            }
            ByIndex::No => {
                sql.push("arrayoverlap(terms, ");
                sql.bind::<Array<Text>, _>(&condition.terms);
                sql.push(")");
            }
        }
    }
    sql
}

/// Minus the points of a row: the best comes first.
fn points(ranking: &Ranking) -> DynamicSql<'_> {
    let mut sql = DynamicSql::text("(");
    sql.bind::<Integer, _>(ranking.extra_name);
    sql.push(" * abs(name_count - ");
    sql.bind::<SmallInt, _>(ranking.names);
    sql.push(")");
    for tiers in &ranking.words {
        sql.push(" - CASE");
        for (tokens, points) in tiers {
            sql.push(" WHEN terms && ");
            sql.bind::<Array<Text>, _>(tokens);
            sql.push(" THEN ");
            sql.bind::<Integer, _>(*points);
        }
        sql.push(" ELSE 0 END");
    }
    for initial in &ranking.initials {
        sql.push(" - CASE WHEN ' ' || name_key LIKE ");
        sql.bind::<Text, _>(format!("% {initial}%"));
        sql.push(" THEN ");
        sql.bind::<Integer, _>(ranking.initial);
        sql.push(" ELSE 0 END");
    }
    sql.push(")");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_names_its_stage() {
        for (rank, stage) in [
            (-61_600, 0),
            (0, 0),
            (1_600, 0),
            (1_000_000, 1),
            (2_000_000, 2),
        ] {
            assert_eq!(stage_of(rank), stage, "{rank}");
        }
        assert_eq!(stage_of(i32::MIN), 0);
    }
}
