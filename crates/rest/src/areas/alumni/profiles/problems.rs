//! Refusals about profiles, as problem documents.

use abu_application::alumni::profiles::ProfileError;

use crate::problem::refusals;

refusals! {
    ProfileError: Access, Changed, RateLimited, Store {
        NotVerified => NotVerifiedAlumni,
            "The university has not confirmed you as a graduate. Make a claim first.";
        NotFound => NotFound, "There is no such profile.";
        EntryNotFound => NotFound, "There is no such entry.";
        SlugTaken => Conflict("slug-taken"), "Another public page has this address. Choose another one.";
        TermTaken => Conflict("name-taken"), "Another name has this spelling. Merge the two.";
        TermMerged => Conflict("name-merged"), "The name was merged into another one, or is the same.";
    } {
        ProfileError::Invalid { field, violation } => {
            Self::in_field(field, violation.code, violation.rule)
        }
        ProfileError::Level { violation, .. } => {
            Self::in_field("levels", violation.code, violation.rule)
        }
        ProfileError::Full(most) => {
            let detail = format!("Your profile has {most} entries of this kind, which is the most.");
            Self::new(crate::problem::ProblemKind::Conflict, detail).with_code("profile-full")
        }
    }
}
