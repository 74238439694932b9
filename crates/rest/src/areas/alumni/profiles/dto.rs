//! JSON forms of profiles. A field that is hidden or empty is absent: which, the form does not tell.

use abu_application::alumni::{ports::TermRecord, profiles::OwnProfile};
use abu_domain::{
    EmployerId,
    alumni::{
        profiles::{self, Coded, Term},
        visibility::{Audience, VisibleAward, VisibleExperience, VisibleProfile},
    },
    platform::text::PersonName,
};

use crate::areas::prelude::*;

fn code<Id>(coded: Option<&Coded<Id>>) -> Option<String> {
    coded.map(|coded| coded.code.clone())
}

json_form! {
    /// A name of an employer or a skill.
    pub(super) struct TermForm from term: (Uuid, String) {
        #[schema(example = "6f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b45")]
        uuid: Uuid = term.0,
        #[schema(example = "National Hospital Abuja")]
        name: String = term.1,
    }
}

impl<Id> From<&Term<Id>> for TermForm {
    fn from(term: &Term<Id>) -> Self {
        (term.uuid, term.name.clone()).into()
    }
}

json_form! {
    /// An award of the university, as the register has it.
    #[schema(as = ProfileAward)]
    pub(super) struct AwardForm from award: &VisibleAward {
        #[schema(example = "5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42")]
        uuid: Uuid = award.id.uuid(),
        /// A code of the reference data, as the next three.
        #[schema(example = "bsc")]
        degree: String = award.degree.code.clone(),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "bsc-computer-science")]
        programme: Option<String> = code(award.programme.as_ref()),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "computer-science")]
        department: Option<String> = code(award.department.as_ref()),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "physical-sciences")]
        faculty: Option<String> = code(award.faculty.as_ref()),
        #[schema(example = 2015)]
        year: i16 = award.year,
        /// In your own profile alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "U15CS1070")]
        matric_number: Option<String> = award.matric_number.clone(),
        /// In your own profile alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Second Class Upper")]
        class_of_degree: Option<String> = award.class_of_degree.clone(),
    }
}

fn employer(employer: Option<&Term<EmployerId>>) -> Option<TermForm> {
    employer.map(TermForm::from)
}

json_form! {
    /// Work, present or past.
    #[schema(as = Experience)]
    pub(super) struct ExperienceForm from work: &VisibleExperience {
        #[schema(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
        uuid: Uuid = work.id.uuid(),
        #[serde(skip_serializing_if = "Option::is_none")]
        employer: Option<TermForm> = employer(work.employer.as_ref()),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Data engineer")]
        title: Option<String> = work.title.as_ref().map(|title| title.as_str().to_owned()),
        /// The first month.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "2019-07")]
        started: Option<String> = work.started.map(|month| month.to_string()),
        /// The last month.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "2023-02")]
        ended: Option<String> = work.ended.map(|month| month.to_string()),
        /// Whether it goes on.
        #[schema(example = false)]
        is_current: bool = work.is_current,
    }
}

json_form! {
    /// Education outside the university.
    #[schema(as = Education)]
    pub(super) struct EducationForm from education: &profiles::Education {
        #[schema(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
        uuid: Uuid = education.id.uuid(),
        #[schema(example = "University of Lagos")]
        institution: String = education.details.institution.as_str().to_owned(),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "M.Sc.")]
        degree: Option<String> = education.details.degree.as_ref().map(|text| text.as_str().to_owned()),
        /// The field of study.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Statistics")]
        field: Option<String> = education.details.field.as_ref().map(|text| text.as_str().to_owned()),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = 2016)]
        from_year: Option<i16> = education.details.from_year,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = 2018)]
        to_year: Option<i16> = education.details.to_year,
    }
}

json_form! {
    /// A web address. Show it as text, with `rel="nofollow noopener ugc"`.
    #[schema(as = ProfileLink)]
    pub(super) struct LinkForm from link: &profiles::ProfileLink {
        #[schema(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
        uuid: Uuid = link.id.uuid(),
        /// `website`, `linkedin`, `github`, `facebook`, `instagram`, `x`, `youtube`, `orcid`, `scholar` or `other`.
        #[schema(example = "github")]
        kind: &'static str = link.kind.name(),
        #[schema(example = "https://github.com/fbello")]
        url: String = link.url.as_str().to_owned(),
    }
}

fn forms<'a, T, F: From<&'a T>>(values: &'a [T]) -> Vec<F> {
    values.iter().map(F::from).collect()
}

fn texts(names: &[PersonName]) -> Vec<String> {
    names.iter().map(|name| name.as_str().to_owned()).collect()
}

json_form! {
    /// A profile, as far as you may see it. What you may not see is absent, as what is empty is.
    #[schema(as = Profile)]
    pub(super) struct ProfileForm from profile: &VisibleProfile {
        /// The member's account.
        #[schema(example = "0b9c6d3e-1f0a-4c7e-9d57-6a1a5f0c2b43")]
        uuid: Uuid = profile.user().uuid(),
        /// Preferred or given names, and surname.
        #[schema(example = "Fatima Bello")]
        name: String = profile.display_name().to_owned(),
        #[schema(example = "Fatima")]
        given_names: String = profile.given_names().to_owned(),
        #[schema(example = "Bello")]
        surname: String = profile.surname().to_owned(),
        /// Given names and surname of the register.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Fatima Maryam Bello")]
        registry_name: Option<String> = profile.registry_name().map(str::to_owned),
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[schema(example = json!(["Fatima Yusuf"]))]
        previous_names: Vec<String> = texts(profile.previous_names()),
        /// Awards of the university, the oldest first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        awards: Vec<AwardForm> = forms(profile.awards()),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Data engineer in Kaduna")]
        headline: Option<String> = profile.headline().map(str::to_owned),
        /// Lines end with `\n`.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "I build data platforms for hospitals.")]
        bio: Option<String> = profile.bio().map(str::to_owned),
        /// The present employer.
        #[serde(skip_serializing_if = "Option::is_none")]
        employer: Option<TermForm> = employer(profile.employer()),
        /// The title of the present post.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Data engineer")]
        title: Option<String> = profile.title().map(str::to_owned),
        /// A code of the reference data.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "health")]
        industry: Option<String> = code(profile.industry()),
        #[serde(skip_serializing_if = "Vec::is_empty")]
        skills: Vec<TermForm> = forms(profile.skills()),
        /// Present work first, then the newest first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        experiences: Vec<ExperienceForm> = forms(profile.experiences()),
        /// The newest first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        educations: Vec<EducationForm> = forms(profile.educations()),
        #[serde(skip_serializing_if = "Vec::is_empty")]
        links: Vec<LinkForm> = forms(profile.links()),
        /// The code of the country of residence.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "NG")]
        country: Option<String> = code(profile.country()),
        /// The code of the state of residence.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "kaduna")]
        state: Option<String> = code(profile.state()),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Zaria")]
        city: Option<String> = profile.city().map(str::to_owned),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "fatima@example.com")]
        email: Option<String> = profile.email().map(|email| email.as_str().to_owned()),
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "+2348031234567")]
        phone: Option<String> = profile.phone().map(|phone| phone.as_str().to_owned()),
    }
}

pub(super) fn audience(text: &str) -> Result<Audience, Violation> {
    match text {
        "public" => Ok(Audience::Public),
        "alumni" => Ok(Audience::Alumni),
        "connection" => Ok(Audience::Connection),
        _ => Err(Violation {
            code: "audience.unknown",
            rule: "must be public, alumni or connection",
        }),
    }
}

fn audience_name(audience: Audience) -> &'static str {
    match audience {
        Audience::Public => "public",
        Audience::Alumni => "alumni",
        Audience::Connection => "connection",
        Audience::Owner => "owner",
    }
}

/// The settings of the member, unless the member looks as another.
fn setting<T>(own: &OwnProfile, value: T) -> Option<T> {
    (own.audience == Audience::Owner).then_some(value)
}

json_form! {
    /// Your profile, as you or another sees it.
    pub(super) struct OwnProfileForm from own: OwnProfile {
        #[serde(flatten)]
        profile: ProfileForm = (&own.visible).into(),
        /// Who sees it so: `owner`, `public`, `alumni` or `connection`.
        #[schema(example = "owner")]
        viewed_as: &'static str = audience_name(own.audience),
        /// Whether they can see it now. Graduates can once you are verified and listed, everyone once you have a public
        /// page and made your name public.
        #[schema(example = true)]
        shown: bool = own.is_shown,
        /// What you want to be called. This and the rest is there unless you look as another.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "Fatima")]
        preferred_name: Option<String> = setting(&own, own.member.facts.preferred_name.as_ref()).flatten()
            .map(|name| name.as_str().to_owned()),
        /// The address of your public page, below `/p/`.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = "fatima-bello")]
        slug: Option<String> = setting(&own, own.member.slug.as_ref()).flatten()
            .map(|slug| slug.as_str().to_owned()),
        /// Whether search engines may index your public page.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = false)]
        allow_indexing: Option<bool> = setting(&own, own.member.allow_indexing),
        /// Whether the directory lists you, once you are verified; `PUT /me/privacy` changes it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(example = true)]
        listed: Option<bool> = setting(&own, own.member.eligibility.is_listed),
    }
}

json_form! {
    /// A name of a vocabulary, for the office.
    #[schema(as = VocabularyTerm)]
    pub(super) struct TermRecordForm from term: TermRecord {
        #[schema(example = "6f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b45")]
        uuid: Uuid = term.uuid,
        #[schema(example = "National Hospital Abuja")]
        name: String = term.name,
        /// `proposed`, `confirmed` or `merged`.
        #[schema(example = "proposed")]
        state: &'static str = term.state.name(),
        /// The name that it stands for; null unless it was merged.
        #[schema(example = json!(null))]
        merged_into: Option<Uuid> = term.merged_into,
        /// How many members used it when they were counted last.
        #[schema(example = 2)]
        uses: u32 = term.uses,
        #[schema(example = "2026-01-05T08:30:00Z")]
        created_at: DateTime<Utc> = term.created_at,
        #[schema(example = "2026-01-05T08:30:00Z")]
        last_modified: DateTime<Utc> = term.last_modified,
    }
}
