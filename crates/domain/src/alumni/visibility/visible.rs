//! The projection: what one audience may see of a profile.

use super::{Audience, Field, Privacy, ProfileFacts};
use crate::{
    AwardId, CountryId, DegreeId, DepartmentId, EmployerId, ExperienceId, FacultyId, IndustryId,
    ProgrammeId, SkillId, StateId, UserId,
    alumni::{
        names::Name,
        profiles::{
            Bio, City, Coded, Education, Experience, Headline, JobTitle, Month, ProfileAward,
            ProfileLink, Term, current_work, newest_first,
        },
    },
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};

/// What an audience may see of a profile. What it may not see is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleProfile {
    user: UserId,
    display_name: String,
    sort_name: String,
    surname: PersonName,
    given_names: PersonName,
    name_tokens: Vec<String>,
    registry_name: Option<String>,
    previous_names: Vec<PersonName>,
    awards: Vec<VisibleAward>,
    headline: Option<Headline>,
    bio: Option<Bio>,
    employer: Option<Term<EmployerId>>,
    title: Option<JobTitle>,
    industry: Option<Coded<IndustryId>>,
    skills: Vec<Term<SkillId>>,
    experiences: Vec<VisibleExperience>,
    educations: Vec<Education>,
    links: Vec<ProfileLink>,
    country: Option<Coded<CountryId>>,
    state: Option<Coded<StateId>>,
    city: Option<City>,
    email: Option<EmailAddress>,
    phone: Option<PhoneNumber>,
}

/// An award as an audience sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleAward {
    /// Which one.
    pub id: AwardId,
    /// The degree.
    pub degree: Coded<DegreeId>,
    /// The programme of study.
    pub programme: Option<Coded<ProgrammeId>>,
    /// The department.
    pub department: Option<Coded<DepartmentId>>,
    /// The faculty of the department.
    pub faculty: Option<Coded<FacultyId>>,
    /// The year.
    pub year: i16,
    /// The matriculation number; for the member alone.
    pub matric_number: Option<String>,
    /// The class of the degree; for the member alone.
    pub class_of_degree: Option<String>,
}

/// Work as an audience sees it. Of present work, employer and title are absent where they are hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleExperience {
    /// Which one.
    pub id: ExperienceId,
    /// The employer, if there is one to see.
    pub employer: Option<Term<EmployerId>>,
    /// The title, if the audience may see it.
    pub title: Option<JobTitle>,
    /// The first month.
    pub started: Option<Month>,
    /// The last month; none for present work.
    pub ended: Option<Month>,
    /// Whether it is present work.
    pub is_current: bool,
}

/// Decides by level. Every field of the projection passes through [`Gate::one`] or [`Gate::many`].
#[derive(Clone, Copy)]
struct Gate<'a> {
    privacy: &'a Privacy,
    audience: Audience,
}

impl Gate<'_> {
    fn admits(self, field: Field) -> bool {
        self.privacy.level(field).admits(self.audience)
    }

    fn one<T: Clone>(self, field: Field, value: Option<&T>) -> Option<T> {
        value.filter(|_| self.admits(field)).cloned()
    }

    fn many<T: Clone>(self, field: Field, values: &[T]) -> Vec<T> {
        match self.admits(field) {
            true => values.to_vec(),
            false => Vec::new(),
        }
    }
}

impl VisibleProfile {
    /// The projection of a profile for an audience; `None` if the audience may not see the member's name, which is all
    /// that a stranger without the public page may learn.
    pub fn project(facts: &ProfileFacts, privacy: &Privacy, audience: Audience) -> Option<Self> {
        let gate = Gate { privacy, audience };
        if !gate.admits(Field::Name) {
            return None;
        }
        let given_names = facts.preferred_name.as_ref().unwrap_or(&facts.given_names);
        let registry_name = full_name(&facts.given_names, &facts.surname);
        let registry_name = Some(&registry_name).filter(|_| facts.is_registered);
        let registry_name = gate.one(Field::RegistryName, registry_name);
        let display_name = full_name(given_names, &facts.surname);
        let previous_names = gate.many(Field::PreviousNames, &facts.previous_names);
        let current = current_work(&facts.experiences);
        let employer = current.and_then(|work| work.employer.as_ref());
        Some(Self {
            user: facts.user,
            name_tokens: tokens(&display_name, registry_name.as_deref(), &previous_names),
            display_name,
            sort_name: full_name(&facts.surname, given_names),
            surname: facts.surname.clone(),
            given_names: given_names.clone(),
            registry_name,
            previous_names,
            awards: awards(facts, gate),
            headline: gate.one(Field::Headline, facts.headline.as_ref()),
            bio: gate.one(Field::Bio, facts.bio.as_ref()),
            employer: gate.one(Field::Employer, employer),
            title: gate.one(Field::Title, current.map(|work| &work.title)),
            industry: gate.one(Field::Industry, facts.industry.as_ref()),
            skills: gate.many(Field::Skills, &facts.skills),
            experiences: experiences(facts, gate),
            educations: gate.many(Field::Education, &newest_first(&facts.educations)),
            links: gate.many(Field::Links, &facts.links),
            country: gate.one(Field::Country, facts.country.as_ref()),
            state: gate.one(Field::State, facts.state.as_ref()),
            city: gate.one(Field::City, facts.city.as_ref()),
            email: gate.one(Field::Email, facts.email.as_ref()),
            phone: gate.one(Field::Phone, facts.phone.as_ref()),
        })
    }

    /// The member's account.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Preferred or given names, and surname.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The display name with the surname first, which sorts people.
    pub fn sort_name(&self) -> &str {
        &self.sort_name
    }

    /// The surname of the display name.
    pub fn surname(&self) -> &str {
        self.surname.as_str()
    }

    /// The names before the surname in the display name.
    pub fn given_names(&self) -> &str {
        self.given_names.as_str()
    }

    /// The distinct tokens of all names that the audience may see, sorted.
    pub fn name_tokens(&self) -> &[String] {
        &self.name_tokens
    }

    /// Given names and surname of the register.
    pub fn registry_name(&self) -> Option<&str> {
        self.registry_name.as_deref()
    }

    /// Earlier names.
    pub fn previous_names(&self) -> &[PersonName] {
        &self.previous_names
    }

    /// Awards of the university, the oldest first.
    pub fn awards(&self) -> &[VisibleAward] {
        &self.awards
    }

    /// A line about the member.
    pub fn headline(&self) -> Option<&str> {
        self.headline.as_ref().map(Headline::as_str)
    }

    /// A text about the member.
    pub fn bio(&self) -> Option<&str> {
        self.bio.as_ref().map(Bio::as_str)
    }

    /// The present employer.
    pub fn employer(&self) -> Option<&Term<EmployerId>> {
        self.employer.as_ref()
    }

    /// The title of the present post.
    pub fn title(&self) -> Option<&str> {
        self.title.as_ref().map(JobTitle::as_str)
    }

    /// The industry that the member works in.
    pub fn industry(&self) -> Option<&Coded<IndustryId>> {
        self.industry.as_ref()
    }

    /// Skills, in the member's order.
    pub fn skills(&self) -> &[Term<SkillId>] {
        &self.skills
    }

    /// Work, present work first, then the newest first.
    pub fn experiences(&self) -> &[VisibleExperience] {
        &self.experiences
    }

    /// Education outside the university, the newest first.
    pub fn educations(&self) -> &[Education] {
        &self.educations
    }

    /// Web addresses, the oldest first.
    pub fn links(&self) -> &[ProfileLink] {
        &self.links
    }

    /// Country of residence.
    pub fn country(&self) -> Option<&Coded<CountryId>> {
        self.country.as_ref()
    }

    /// State of residence, in Nigeria.
    pub fn state(&self) -> Option<&Coded<StateId>> {
        self.state.as_ref()
    }

    /// City of residence.
    pub fn city(&self) -> Option<&str> {
        self.city.as_ref().map(City::as_str)
    }

    /// E-mail address.
    pub fn email(&self) -> Option<&EmailAddress> {
        self.email.as_ref()
    }

    /// Telephone number.
    pub fn phone(&self) -> Option<&PhoneNumber> {
        self.phone.as_ref()
    }
}

fn full_name(first: &PersonName, last: &PersonName) -> String {
    format!("{} {}", first.as_str(), last.as_str())
}

/// The distinct tokens of the names, sorted.
fn tokens(
    display_name: &str,
    registry_name: Option<&str>,
    previous_names: &[PersonName],
) -> Vec<String> {
    let previous = previous_names.iter().map(PersonName::as_str);
    let names = [display_name]
        .into_iter()
        .chain(registry_name)
        .chain(previous);
    let mut tokens: Vec<String> = names
        .filter_map(|name| Name::parse(name).ok())
        .flat_map(|name| {
            let tokens = name.tokens().map(|token| token.as_str().to_owned());
            tokens.collect::<Vec<_>>()
        })
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

fn awards(facts: &ProfileFacts, gate: Gate<'_>) -> Vec<VisibleAward> {
    let mut awards = gate.many(Field::Awards, &facts.awards);
    awards.sort_by_key(|award| (award.year, award.id));
    let visible = awards.into_iter().map(|award: ProfileAward| VisibleAward {
        id: award.id,
        degree: award.degree,
        programme: award.programme,
        department: award.department,
        faculty: award.faculty,
        year: award.year,
        matric_number: gate.one(Field::MatricNumber, award.matric_number.as_ref()),
        class_of_degree: gate.one(Field::ClassOfDegree, award.class_of_degree.as_ref()),
    });
    visible.collect()
}

/// Of present work, what is hidden as employer or title is hidden in the history too.
fn experiences(facts: &ProfileFacts, gate: Gate<'_>) -> Vec<VisibleExperience> {
    let history = gate.many(Field::WorkHistory, &newest_first(&facts.experiences));
    let visible = history.into_iter().filter_map(|work: Experience| {
        let shows = |field| !work.is_current || gate.admits(field);
        let (employer, title) = (shows(Field::Employer), shows(Field::Title));
        (employer || title).then_some(VisibleExperience {
            id: work.id,
            employer: work.employer.filter(|_| employer),
            title: Some(work.title).filter(|_| title),
            started: work.started,
            ended: work.ended,
            is_current: work.is_current,
        })
    });
    visible.collect()
}
