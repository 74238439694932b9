//! Who may see what of the caller's profile.

use std::collections::BTreeMap;

use abu_application::alumni::profiles::{Effect, LevelChange, PrivacyChange, PrivacyView};
use abu_domain::alumni::visibility::{Field, Level, Privacy};

use crate::areas::prelude::*;

routes! { get_privacy, set_privacy }

json_form! {
    /// Who may see a field of your profile.
    pub(super) struct FieldPrivacy from effect: Effect {
        /// Such as `headline` or `employer`.
        #[schema(example = "employer")]
        field: &'static str = effect.field.name(),
        /// `only_me`, `connections`, `alumni` or `public`.
        #[schema(example = "connections")]
        level: &'static str = effect.level.name(),
        /// The level that it has until you choose one.
        #[schema(example = "alumni")]
        default: &'static str = effect.field.default_level().name(),
        /// The levels that you can choose.
        #[schema(example = json!(["only_me", "connections", "alumni", "public"]))]
        allowed: Vec<&'static str> = names(effect.field.allowed_levels()),
        /// Whether the directory finds you by it now.
        #[schema(example = false)]
        searchable: bool = effect.is_searchable,
        /// Whether verified graduates see it now who are not connected with you.
        #[schema(example = false)]
        shown_to_alumni: bool = effect.is_shown_to_graduates,
        /// How many connections see it now.
        #[schema(example = 12)]
        connections: u64 = effect.connections,
        /// Whether your public page shows it now.
        #[schema(example = false)]
        on_public_page: bool = effect.is_on_public_page,
        /// The same in a sentence.
        #[schema(example = "Not searchable, shown to 12 connections.")]
        effect: String = sentence(&effect),
    }
}

fn names(levels: &[Level]) -> Vec<&'static str> {
    levels.iter().map(|level| level.name()).collect()
}

fn connections(count: u64) -> String {
    match count {
        1 => "1 connection".to_owned(),
        count => format!("{count} connections"),
    }
}

fn sentence(effect: &Effect) -> String {
    if effect.level == Level::OnlyMe {
        return "Not searchable, shown to you alone.".to_owned();
    }
    let search = match effect.is_searchable {
        true => "Searchable",
        false => "Not searchable",
    };
    let mut shown = match effect.is_shown_to_graduates {
        true => "verified graduates".to_owned(),
        false => connections(effect.connections),
    };
    if effect.is_on_public_page {
        shown.push_str(" and on your public page");
    }
    let waits = match (effect.level, effect.is_shown_to_graduates) {
        (Level::Alumni | Level::Public, false) => {
            " Verified graduates see it once you are verified and listed."
        }
        _ => "",
    };
    format!("{search}, shown to {shown}.{waits}")
}

json_form! {
    /// Who may see what of your profile.
    #[schema(as = Privacy)]
    pub(super) struct PrivacyForm from view: PrivacyView {
        /// Whether the directory lists you, once you are verified. If not, verified graduates who are not connected with
        /// you do not see your profile.
        #[schema(example = true)]
        listed: bool = view.is_listed,
        /// All fields.
        fields: Vec<FieldPrivacy> = view.effects.into_iter().map(FieldPrivacy::from).collect(),
    }
}

json_form! {
    /// A level that changed.
    #[schema(as = LevelChange)]
    pub(super) struct ChangedLevel from change: LevelChange {
        /// The level before.
        #[schema(example = "alumni")]
        before: &'static str = change.before.name(),
        #[serde(flatten)]
        now: FieldPrivacy = change.effect.into(),
    }
}

json_form! {
    /// Who may see what of your profile now, and what the change did.
    pub(super) struct ChangedPrivacy from changed: (PrivacyView, Vec<LevelChange>) {
        /// The levels that changed.
        changed: Vec<ChangedLevel> = changed.1.into_iter().map(ChangedLevel::from).collect(),
        #[serde(flatten)]
        privacy: PrivacyForm = changed.0.into(),
    }
}

/// See who may see what of your profile.
///
/// Each field with its level, the levels that you can choose, and what its level means now.
#[utoipa::path(
    tag = "profile",
    responses((status = 200, description = "The levels.", body = PrivacyForm)),
)]
#[get("/me/privacy")]
async fn get_privacy(alumni: Alumni, caller: CurrentUser) -> Answer {
    let view = alumni.profiles.privacy(caller.0).await?;
    let version = view.version;
    versioned(&PrivacyForm::from(view), version)
}

request_body! {
    /// What changes. A field that you leave out keeps its level.
    #[schema(example = json!({"listed": true, "levels": {"employer": "connections", "headline": "public"}}))]
    struct PrivacyBody into PrivacyChange {
        /// Whether the directory may list you: your consent, which you can withdraw at any time.
        listed: Option<bool>,
        /// Levels by field.
        #[schema(value_type = Option<Object>)]
        levels: Option<BTreeMap<String, String>>,
    }
    |body, violations| {
        let mut levels = BTreeMap::new();
        for (name, level) in body.levels.unwrap_or_default() {
            let Some(field) = Field::from_name(&name) else {
                violations.unknown_key("levels", &name);
                continue;
            };
            if let Some(level) = violations.at_key("levels", &name, level_of(field, &level)) {
                levels.insert(field, level);
            }
        }
        Some(PrivacyChange {
            levels,
            is_listed: body.listed,
        })
    }
}

fn level_of(field: Field, name: &str) -> Result<Level, Violation> {
    let level = Level::from_name(name).ok_or(Violation {
        code: "level.unknown",
        rule: "must be only_me, connections, alumni or public",
    })?;
    Privacy::default().choose(field, level)?;
    Ok(level)
}

/// Change who may see what of your profile.
///
/// It applies at once, to pages and to the directory. `listed` is your consent to be in the directory of graduates.
#[utoipa::path(
    tag = "profile",
    params(IfMatchParameter),
    request_body = PrivacyBody,
    responses((status = 200, description = "The levels, and what changed.", body = ChangedPrivacy)),
)]
#[put("/me/privacy")]
async fn set_privacy(
    alumni: Alumni,
    caller: CurrentUser,
    expected: IfMatch,
    body: Body<PrivacyBody>,
) -> Answer {
    let changed = alumni.profiles.set_privacy(caller.0, body.0, expected.0);
    let (view, changes) = changed.await?;
    let version = view.version;
    versioned(&ChangedPrivacy::from((view, changes)), version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(level: Level, graduates: bool, connections: u64, page: bool) -> Effect {
        Effect {
            field: Field::Employer,
            level,
            is_searchable: graduates,
            is_shown_to_graduates: graduates,
            connections,
            is_on_public_page: page,
        }
    }

    #[test]
    fn a_sentence_says_who_sees_a_field() {
        for (effect, expected) in [
            (
                effect(Level::OnlyMe, false, 0, false),
                "Not searchable, shown to you alone.",
            ),
            (
                effect(Level::Connections, false, 1, false),
                "Not searchable, shown to 1 connection.",
            ),
            (
                effect(Level::Alumni, true, 12, false),
                "Searchable, shown to verified graduates.",
            ),
            (
                effect(Level::Public, true, 12, true),
                "Searchable, shown to verified graduates and on your public page.",
            ),
            (
                effect(Level::Alumni, false, 0, false),
                "Not searchable, shown to 0 connections. Verified graduates see it once you are verified and listed.",
            ),
        ] {
            assert_eq!(sentence(&effect), expected);
        }
    }

    #[test]
    fn a_level_must_be_one_that_the_field_allows() {
        assert_eq!(
            level_of(Field::Email, "public").unwrap_err().code,
            "level.not-allowed"
        );
        assert_eq!(
            level_of(Field::Email, "nobody").unwrap_err().code,
            "level.unknown"
        );
    }
}
