//! Edit distance: optimal string alignment, the restricted form of Damerau-Levenshtein.

use super::{Token, tokens::MAX_LETTERS};

/// Distances to the other token's prefixes, for one prefix of a token. 40 edits fit a byte.
type Row = [u8; MAX_LETTERS + 1];

/// The number of edits between two tokens, or `None` above `limit`.
///
/// An edit inserts, deletes or replaces one letter, or swaps two neighbors; no letter is edited twice. So this is no
/// metric: `ca` to `abc` takes 3 edits, though `ac` is 1 edit from each. The function allocates nothing.
pub fn distance(one: Token<'_>, other: Token<'_>, limit: usize) -> Option<usize> {
    let (mut of_one, mut of_other) = (['\0'; MAX_LETTERS], ['\0'; MAX_LETTERS]);
    let one = letters(one, &mut of_one);
    let other = letters(other, &mut of_other);
    let (one, other) = without_common_ends(one, other);
    if one.len().abs_diff(other.len()) > limit {
        return None;
    }
    let distance = aligned(one, other, limit)?;
    (distance <= limit).then_some(distance)
}

fn letters<'a>(token: Token<'_>, space: &'a mut [char; MAX_LETTERS]) -> &'a [char] {
    let mut count = 0;
    for (place, letter) in space.iter_mut().zip(token.as_str().chars()) {
        *place = letter;
        count += 1;
    }
    &space[..count]
}

/// A common beginning or end changes no distance.
fn without_common_ends<'a>(one: &'a [char], other: &'a [char]) -> (&'a [char], &'a [char]) {
    let equal = |(a, b): &(&char, &char)| a == b;
    let start = one.iter().zip(other).take_while(equal).count();
    let (one, other) = (&one[start..], &other[start..]);
    let end = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(equal)
        .count();
    (&one[..one.len() - end], &other[..other.len() - end])
}

/// The distance, or `None` once it must be above `limit`: no row's least value is less than that of the row before.
fn aligned(one: &[char], other: &[char], limit: usize) -> Option<usize> {
    let mut before_last: Row = [0; MAX_LETTERS + 1];
    let mut last: Row = std::array::from_fn(|count| count as u8);
    for i in 0..one.len() {
        let mut row: Row = [0; MAX_LETTERS + 1];
        row[0] = i as u8 + 1;
        let mut least = row[0];
        for j in 0..other.len() {
            let replaced = last[j] + u8::from(one[i] != other[j]);
            let mut edits = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && one[i] == other[j - 1] && one[i - 1] == other[j];
            if swapped {
                edits = edits.min(before_last[j - 1] + 1);
            }
            row[j + 1] = edits;
            least = least.min(edits);
        }
        if usize::from(least) > limit {
            return None;
        }
        (before_last, last) = (last, row);
    }
    Some(usize::from(last[other.len()]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn between(one: &str, other: &str, limit: usize) -> Option<usize> {
        distance(Token::from_storage(one), Token::from_storage(other), limit)
    }

    fn full(one: &str, other: &str) -> usize {
        between(one, other, MAX_LETTERS).unwrap()
    }

    /// The recursive definition; without `swaps` it is Levenshtein's distance.
    fn defined(one: &[char], other: &[char], swaps: bool) -> usize {
        let ([rest @ .., last], [other_rest @ .., other_last]) = (one, other) else {
            return one.len().max(other.len());
        };
        let mut edits = [
            defined(rest, other_rest, swaps) + usize::from(last != other_last),
            defined(rest, other, swaps) + 1,
            defined(one, other_rest, swaps) + 1,
        ]
        .into_iter()
        .min()
        .unwrap();
        if let ([rest @ .., a, b], [other_rest @ .., c, d]) = (one, other)
            && swaps
            && (a, b) == (d, c)
        {
            edits = edits.min(defined(rest, other_rest, swaps) + 1);
        }
        edits
    }

    fn by_definition(one: &str, other: &str, swaps: bool) -> usize {
        let letters = |text: &str| Vec::from_iter(text.chars());
        defined(&letters(one), &letters(other), swaps)
    }

    #[test]
    fn an_edit_is_one_letter_or_a_swap_of_neighbors() {
        for (one, other, edits) in [
            ("musa", "musa", 0),
            ("musa", "mussa", 1),
            ("musa", "mua", 1),
            ("musa", "muza", 1),
            ("musa", "msua", 1),
            ("ibrahim", "ibrahmi", 1),
            ("chukwuemeka", "chukwumeka", 1),
            ("muhammad", "mohammed", 2),
            ("ca", "abc", 3),
            ("", "ada", 3),
            ("ọba", "oba", 1),
        ] {
            assert_eq!(full(one, other), edits, "{one} {other}");
        }
    }

    #[test]
    fn letters_after_the_fortieth_do_not_count() {
        let long = "a".repeat(1000);
        assert_eq!(between(&long, &"a".repeat(40), 0), Some(0));
        assert_eq!(between(&long, &"b".repeat(1000), 40), Some(40));
        assert_eq!(between(&long, "", 39), None);
    }

    proptest! {
        #[test]
        fn the_distance_is_that_of_the_definition(one in "[abß]{0,6}", other in "[abß]{0,6}") {
            prop_assert_eq!(full(&one, &other), by_definition(&one, &other, true));
        }

        #[test]
        fn the_distance_is_symmetric(one in "[a-e]{0,50}", other in "[a-e]{0,50}") {
            prop_assert_eq!(full(&one, &other), full(&other, &one));
        }

        #[test]
        fn a_limit_hides_greater_distances_and_changes_no_other(
            one in "[a-d]{0,12}", other in "[a-d]{0,12}", limit in 0_usize..14,
        ) {
            let exact = full(&one, &other);
            prop_assert_eq!(between(&one, &other, limit), (exact <= limit).then_some(exact));
        }

        #[test]
        fn distance_zero_means_equal(one in "[ab]{0,5}", other in "[ab]{0,5}") {
            prop_assert_eq!(full(&one, &other) == 0, one == other);
        }

        #[test]
        fn a_detour_without_swaps_is_never_shorter(
            one in "[ab]{0,5}", way in "[ab]{0,5}", other in "[ab]{0,5}",
        ) {
            let detour = by_definition(&one, &way, false) + by_definition(&way, &other, false);
            prop_assert!(full(&one, &other) <= detour);
        }

        #[test]
        fn a_common_beginning_and_end_change_nothing(
            start in "[ab]{0,4}", one in "[ab]{0,5}", other in "[ab]{0,5}", end in "[ab]{0,4}",
        ) {
            let framed = full(&format!("{start}{one}{end}"), &format!("{start}{other}{end}"));
            prop_assert_eq!(framed, full(&one, &other));
        }
    }
}
