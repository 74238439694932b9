use uuid::Uuid;

use super::*;
use crate::{
    CountryId, DegreeId, DepartmentId, FacultyId, IndustryId, ProgrammeId, StateId,
    alumni::profiles::{
        Bio, City, Coded, Education, EducationDetails, Experience, Headline, Institution, JobTitle,
        LinkKind, LinkUrl, Month, ProfileAward, ProfileLink, Term,
    },
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};

/// What only this field can show, in the facts of [`facts`].
fn sentinel(field: Field) -> &'static str {
    match field {
        Field::Name => "Bello",
        Field::Awards => "award-degree",
        Field::RegistryName => "Muhammad",
        Field::PreviousNames => "Dantata",
        Field::Headline => "a headline",
        Field::Bio => "a bio",
        Field::Employer => "present employer",
        Field::Title => "present title",
        Field::Industry => "an industry",
        Field::Skills => "a skill",
        Field::WorkHistory => "past title",
        Field::Education => "a school",
        Field::Links => "https://links.example",
        Field::Country => "a country",
        Field::State => "a state",
        Field::City => "a city",
        Field::Email => "member@example.com",
        Field::Phone => "+2348031234567",
        Field::MatricNumber => "U15CS1070",
        Field::ClassOfDegree => "Second Class Upper",
    }
}

fn coded<Id>(id: Id, text: &str) -> Coded<Id> {
    Coded {
        id,
        code: text.to_owned(),
        name: text.to_owned(),
    }
}

fn term<Id>(id: Id, text: &str) -> Term<Id> {
    Term {
        id,
        uuid: Uuid::from_u128(1),
        name: text.to_owned(),
        is_facet: true,
    }
}

fn work(number: u128, title: &str, employer: &str, is_current: bool) -> Experience {
    Experience {
        id: Uuid::from_u128(number).into(),
        employer: Some(term(crate::EmployerId::new(1), employer)),
        title: JobTitle::parse(title).unwrap(),
        started: Some(Month::parse("2019-07").unwrap()),
        ended: None,
        is_current,
    }
}

fn facts() -> ProfileFacts {
    let name = |text| PersonName::parse(text).unwrap();
    ProfileFacts {
        user: Uuid::from_u128(7).into(),
        is_registered: true,
        surname: name("Bello"),
        given_names: name("Muhammad Sani"),
        previous_names: vec![name("Sani Dantata")],
        preferred_name: Some(name("Sani")),
        awards: vec![ProfileAward {
            id: Uuid::from_u128(3).into(),
            degree: coded(DegreeId::new(1), "award-degree"),
            programme: Some(coded(ProgrammeId::new(1), "award-programme")),
            department: Some(coded(DepartmentId::new(1), "award-department")),
            faculty: Some(coded(FacultyId::new(1), "award-faculty")),
            year: 2015,
            matric_number: Some("U15CS1070".to_owned()),
            class_of_degree: Some("Second Class Upper".to_owned()),
        }],
        headline: Some(Headline::parse("a headline").unwrap()),
        bio: Some(Bio::parse("a bio").unwrap()),
        industry: Some(coded(IndustryId::new(1), "an industry")),
        country: Some(coded(CountryId::new(1), "a country")),
        state: Some(coded(StateId::new(1), "a state")),
        city: Some(City::parse("a city").unwrap()),
        experiences: vec![
            work(1, "past title", "past employer", false),
            work(2, "present title", "present employer", true),
        ],
        educations: vec![Education {
            id: Uuid::from_u128(4).into(),
            details: EducationDetails {
                institution: Institution::parse("a school").unwrap(),
                degree: None,
                field: None,
                from_year: None,
                to_year: None,
            },
        }],
        skills: vec![term(crate::SkillId::new(1), "a skill")],
        links: vec![ProfileLink {
            id: Uuid::from_u128(5).into(),
            kind: LinkKind::Website,
            url: LinkUrl::parse("https://links.example/me").unwrap(),
        }],
        email: Some(EmailAddress::parse("member@example.com").unwrap()),
        phone: Some(PhoneNumber::parse("+2348031234567").unwrap()),
    }
}

fn shows(visible: &VisibleProfile, field: Field) -> bool {
    match field {
        Field::Name => !visible.display_name().is_empty(),
        Field::Awards => !visible.awards().is_empty(),
        Field::RegistryName => visible.registry_name().is_some(),
        Field::PreviousNames => !visible.previous_names().is_empty(),
        Field::Headline => visible.headline().is_some(),
        Field::Bio => visible.bio().is_some(),
        Field::Employer => visible.employer().is_some(),
        Field::Title => visible.title().is_some(),
        Field::Industry => visible.industry().is_some(),
        Field::Skills => !visible.skills().is_empty(),
        Field::WorkHistory => !visible.experiences().is_empty(),
        Field::Education => !visible.educations().is_empty(),
        Field::Links => !visible.links().is_empty(),
        Field::Country => visible.country().is_some(),
        Field::State => visible.state().is_some(),
        Field::City => visible.city().is_some(),
        Field::Email => visible.email().is_some(),
        Field::Phone => visible.phone().is_some(),
        Field::MatricNumber => visible
            .awards()
            .iter()
            .any(|award| award.matric_number.is_some()),
        Field::ClassOfDegree => visible
            .awards()
            .iter()
            .any(|award| award.class_of_degree.is_some()),
    }
}

/// A field, who sees it by default, and who at each allowed level.
type Rule = (Field, &'static str, &'static [(Level, &'static str)]);

/// The privacy rules as a table: for each field the audiences that see it by default, and at each allowed level.
/// `P`ublic, `A`lumni, `C`onnection, `O`wner.
const RULES: &[Rule] = {
    use Field as F;
    use Level as L;
    const ONLY_ME: (Level, &str) = (L::OnlyMe, "O");
    const CONNECTIONS: (Level, &str) = (L::Connections, "CO");
    const ALUMNI: (Level, &str) = (L::Alumni, "ACO");
    const PUBLIC: (Level, &str) = (L::Public, "PACO");
    const ALL_FOUR: &[(Level, &str)] = &[ONLY_ME, CONNECTIONS, ALUMNI, PUBLIC];
    &[
        (F::Name, "ACO", &[ALUMNI, PUBLIC]),
        (F::Awards, "ACO", &[ALUMNI, PUBLIC]),
        (F::RegistryName, "O", &[ONLY_ME, ALUMNI]),
        (F::PreviousNames, "O", &[ONLY_ME, ALUMNI]),
        (F::Headline, "ACO", ALL_FOUR),
        (F::Bio, "ACO", ALL_FOUR),
        (F::Employer, "ACO", ALL_FOUR),
        (F::Title, "ACO", ALL_FOUR),
        (F::Industry, "ACO", ALL_FOUR),
        (F::Skills, "ACO", ALL_FOUR),
        (F::WorkHistory, "ACO", ALL_FOUR),
        (F::Education, "ACO", ALL_FOUR),
        (F::Links, "ACO", ALL_FOUR),
        (F::Country, "ACO", ALL_FOUR),
        (F::State, "ACO", ALL_FOUR),
        (F::City, "ACO", ALL_FOUR),
        (F::Email, "O", &[ONLY_ME, CONNECTIONS]),
        (F::Phone, "O", &[ONLY_ME, CONNECTIONS]),
        (F::MatricNumber, "O", &[ONLY_ME]),
        (F::ClassOfDegree, "O", &[ONLY_ME]),
    ]
};

fn letter(audience: Audience) -> char {
    match audience {
        Audience::Public => 'P',
        Audience::Alumni => 'A',
        Audience::Connection => 'C',
        Audience::Owner => 'O',
    }
}

/// Everything at its widest, so that what a field's own level hides is hidden by that alone.
fn wide_open() -> Privacy {
    let mut privacy = Privacy::default();
    for field in Field::ALL {
        let widest = field.allowed_levels().last().unwrap();
        privacy.choose(*field, *widest).unwrap();
    }
    privacy
}

fn check(field: Field, privacy: &Privacy, audience: Audience, expected: bool) {
    let visible = VisibleProfile::project(&facts(), privacy, audience);
    let is_shown = visible
        .as_ref()
        .is_some_and(|visible| shows(visible, field));
    assert_eq!(
        is_shown, expected,
        "{field:?} for {audience:?} in {privacy:?}"
    );
    // Addresses and numbers have no `Debug` that shows them.
    let shown = visible.as_ref();
    let email = shown.and_then(|visible| Some(visible.email()?.as_str()));
    let phone = shown.and_then(|visible| Some(visible.phone()?.as_str()));
    let text = format!("{visible:?} {email:?} {phone:?}").to_lowercase();
    let is_anywhere = text.contains(&sentinel(field).to_lowercase());
    assert_eq!(
        is_anywhere, expected,
        "{field:?} for {audience:?} leaks in {text}"
    );
}

#[test]
fn every_field_is_seen_by_the_audiences_of_its_level_alone() {
    let fields: Vec<Field> = RULES.iter().map(|(field, ..)| *field).collect();
    assert_eq!(fields, Field::ALL);
    for (field, _, levels) in RULES {
        let allowed: Vec<Level> = levels.iter().map(|(level, _)| *level).collect();
        assert_eq!(allowed, field.allowed_levels(), "{field:?}");
        for ((level, who), audience) in levels
            .iter()
            .flat_map(|level| Audience::ALL.map(|audience| (level, audience)))
        {
            let mut privacy = wide_open();
            privacy.choose(*field, *level).unwrap();
            check(*field, &privacy, audience, who.contains(letter(audience)));
        }
    }
}

#[test]
fn a_member_without_choices_has_the_default_of_every_field() {
    for (field, who, _) in RULES {
        for audience in Audience::ALL {
            let expected = who.contains(letter(audience));
            check(*field, &Privacy::default(), audience, expected);
        }
    }
}

#[test]
fn a_level_that_a_field_does_not_allow_is_refused_and_never_stored() {
    for field in Field::ALL {
        for level in Level::ALL {
            let mut privacy = Privacy::default();
            let is_allowed = field.allowed_levels().contains(&level);
            assert_eq!(privacy.choose(*field, level).is_ok(), is_allowed);
            let deviates = is_allowed && level != field.default_level();
            assert_eq!(privacy.deviations().count(), usize::from(deviates));
            let restored = Privacy::from_storage([(*field, level)]).level(*field);
            let narrowest = field.allowed_levels()[0];
            assert!(restored <= level || restored == narrowest);
            assert!(!is_allowed || restored == level);
        }
    }
}

#[test]
fn a_wider_audience_never_sees_more_than_a_closer_one() {
    for level in Level::ALL {
        let seen = Audience::ALL.map(|audience| level.admits(audience));
        assert!(seen.is_sorted(), "{level:?}");
        assert!(level.admits(Audience::Owner));
    }
}

#[test]
fn present_work_in_the_history_hides_what_its_own_levels_hide() {
    let mut privacy = Privacy::default();
    privacy.choose(Field::Employer, Level::OnlyMe).unwrap();
    let visible = VisibleProfile::project(&facts(), &privacy, Audience::Alumni).unwrap();
    assert_eq!(visible.experiences().len(), 2);
    assert_eq!(visible.experiences()[0].employer, None);
    assert!(visible.experiences()[0].title.is_some());
    privacy.choose(Field::Title, Level::OnlyMe).unwrap();
    let visible = VisibleProfile::project(&facts(), &privacy, Audience::Alumni).unwrap();
    assert_eq!(visible.experiences().len(), 1);
    assert!(!visible.experiences()[0].is_current);
}

#[test]
fn tokens_hold_the_names_that_the_audience_may_see() {
    let tokens = |privacy: &Privacy| {
        let visible = VisibleProfile::project(&facts(), privacy, Audience::Alumni).unwrap();
        visible.name_tokens().to_vec()
    };
    let mut privacy = Privacy::default();
    assert_eq!(tokens(&privacy), ["bello", "sani"]);
    let shown = VisibleProfile::project(&facts(), &privacy, Audience::Alumni).unwrap();
    assert_eq!(shown.display_name(), "Sani Bello");
    assert_eq!(shown.sort_name(), "Bello Sani");
    privacy.choose(Field::PreviousNames, Level::Alumni).unwrap();
    assert_eq!(tokens(&privacy), ["bello", "dantata", "sani"]);
    privacy.choose(Field::RegistryName, Level::Alumni).unwrap();
    assert_eq!(tokens(&privacy), ["bello", "dantata", "muhammad", "sani"]);
}
