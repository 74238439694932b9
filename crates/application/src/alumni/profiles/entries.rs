//! The entries of a profile: work, education, skills and web addresses.

use abu_domain::{
    EducationId, EmployerId, ExperienceId, LinkId, SkillId, UserId,
    alumni::profiles::{
        EducationDetails, JobTitle, LinkKind, LinkUrl, MAX_EDUCATIONS, MAX_EXPERIENCES, MAX_LINKS,
        MAX_SKILLS, Period, TermName, USERS_THAT_CONFIRM, Vocabulary,
    },
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{OwnProfile, ProfileError, Profiles, jobs::follow_term, own::Outcome};
use crate::{
    access::Caller,
    alumni::ports::StoredExperience,
    platform::{ports::StoreError, versions::Expected},
    store::Writes,
};

/// Work as a member writes it.
#[derive(Clone, Debug)]
pub struct ExperienceDraft {
    pub employer: Option<TermName>,
    pub title: JobTitle,
    pub period: Period,
}

/// A web address as a member writes it.
#[derive(Clone, Debug)]
pub struct LinkDraft {
    pub kind: LinkKind,
    pub url: LinkUrl,
}

/// Refuses another entry where there are as many as there may be.
fn require_room(count: usize, most: usize) -> Result<(), ProfileError> {
    match count < most {
        true => Ok(()),
        false => Err(ProfileError::Full(most)),
    }
}

fn require_entry(exists: bool) -> Result<(), ProfileError> {
    match exists {
        true => Ok(()),
        false => Err(ProfileError::EntryNotFound),
    }
}

impl Profiles {
    pub async fn add_experience(
        &self,
        caller: Caller,
        draft: ExperienceDraft,
    ) -> Result<(ExperienceId, OwnProfile), ProfileError> {
        let id = ExperienceId::new(self.context.ids.random());
        let this = self.clone();
        let own = self.change(caller, Expected::Anything, move |tx, member, now| {
            require_room(member.facts.experiences.len(), MAX_EXPERIENCES)?;
            this.save_experience(tx, member.facts.user, id, draft, now)
        });
        Ok((id, own.await?))
    }

    pub async fn replace_experience(
        &self,
        caller: Caller,
        id: ExperienceId,
        draft: ExperienceDraft,
        expected: Expected,
    ) -> Result<OwnProfile, ProfileError> {
        let this = self.clone();
        self.change(caller, expected, move |tx, member, now| {
            let mut entries = member.facts.experiences.iter();
            require_entry(entries.any(|entry| entry.id == id))?;
            this.save_experience(tx, member.facts.user, id, draft, now)
        })
        .await
    }

    pub async fn remove_experience(
        &self,
        caller: Caller,
        id: ExperienceId,
    ) -> Result<(), ProfileError> {
        self.change(caller, Expected::Anything, move |tx, member, _| {
            require_entry(tx.delete_experience(member.facts.user, id)?)?;
            Ok(Outcome::Changed)
        })
        .await?;
        Ok(())
    }

    fn save_experience(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        id: ExperienceId,
        draft: ExperienceDraft,
        now: DateTime<Utc>,
    ) -> Result<Outcome, ProfileError> {
        let names: Vec<TermName> = draft.employer.into_iter().collect();
        let employers = self.intern(tx, Vocabulary::Employers, &names, now)?;
        let experience = StoredExperience {
            id,
            employer: employers.first().copied().map(EmployerId::new),
            title: draft.title,
            period: draft.period,
        };
        tx.save_experience(user, &experience)?;
        self.confirm(tx, Vocabulary::Employers, &employers, now)?;
        Ok(Outcome::Changed)
    }

    pub async fn add_education(
        &self,
        caller: Caller,
        details: EducationDetails,
    ) -> Result<(EducationId, OwnProfile), ProfileError> {
        let id = EducationId::new(self.context.ids.random());
        let own = self.change(caller, Expected::Anything, move |tx, member, _| {
            require_room(member.facts.educations.len(), MAX_EDUCATIONS)?;
            tx.save_education(member.facts.user, id, &details)?;
            Ok(Outcome::Changed)
        });
        Ok((id, own.await?))
    }

    pub async fn replace_education(
        &self,
        caller: Caller,
        id: EducationId,
        details: EducationDetails,
        expected: Expected,
    ) -> Result<OwnProfile, ProfileError> {
        self.change(caller, expected, move |tx, member, _| {
            let mut entries = member.facts.educations.iter();
            require_entry(entries.any(|entry| entry.id == id))?;
            tx.save_education(member.facts.user, id, &details)?;
            Ok(Outcome::Changed)
        })
        .await
    }

    pub async fn remove_education(
        &self,
        caller: Caller,
        id: EducationId,
    ) -> Result<(), ProfileError> {
        self.change(caller, Expected::Anything, move |tx, member, _| {
            require_entry(tx.delete_education(member.facts.user, id)?)?;
            Ok(Outcome::Changed)
        })
        .await?;
        Ok(())
    }

    /// Makes these the caller's skills, in this order. Spellings of one skill count once.
    pub async fn set_skills(
        &self,
        caller: Caller,
        names: Vec<TermName>,
        expected: Expected,
    ) -> Result<OwnProfile, ProfileError> {
        let this = self.clone();
        self.change(caller, expected, move |tx, member, now| {
            let ids = distinct(this.intern(tx, Vocabulary::Skills, &names, now)?);
            if ids.len() > MAX_SKILLS {
                return Err(ProfileError::Full(MAX_SKILLS));
            }
            this.save_skills(tx, member.facts.user, &ids, now)
        })
        .await
    }

    /// Adds a skill behind the caller's others; one that is there stays where it is.
    pub async fn add_skill(
        &self,
        caller: Caller,
        name: TermName,
    ) -> Result<OwnProfile, ProfileError> {
        let this = self.clone();
        self.change(caller, Expected::Anything, move |tx, member, now| {
            let mut ids: Vec<i32> = member.facts.skills.iter().map(|it| it.id.get()).collect();
            let new = this.intern(tx, Vocabulary::Skills, &[name], now)?;
            if new.iter().all(|id| ids.contains(id)) {
                return Ok(Outcome::Unchanged);
            }
            require_room(ids.len(), MAX_SKILLS)?;
            ids.extend(new);
            this.save_skills(tx, member.facts.user, &ids, now)
        })
        .await
    }

    pub async fn remove_skill(&self, caller: Caller, uuid: Uuid) -> Result<(), ProfileError> {
        let this = self.clone();
        self.change(caller, Expected::Anything, move |tx, member, now| {
            let skills = &member.facts.skills;
            require_entry(skills.iter().any(|skill| skill.uuid == uuid))?;
            let others = skills.iter().filter(|skill| skill.uuid != uuid);
            let ids: Vec<i32> = others.map(|skill| skill.id.get()).collect();
            this.save_skills(tx, member.facts.user, &ids, now)
        })
        .await?;
        Ok(())
    }

    fn save_skills(
        &self,
        tx: &mut dyn Writes,
        user: UserId,
        ids: &[i32],
        now: DateTime<Utc>,
    ) -> Result<Outcome, ProfileError> {
        let skills: Vec<SkillId> = ids.iter().copied().map(SkillId::new).collect();
        tx.save_skills(user, &skills)?;
        self.confirm(tx, Vocabulary::Skills, ids, now)?;
        Ok(Outcome::Changed)
    }

    pub async fn add_link(
        &self,
        caller: Caller,
        draft: LinkDraft,
    ) -> Result<(LinkId, OwnProfile), ProfileError> {
        let id = LinkId::new(self.context.ids.random());
        let own = self.change(caller, Expected::Anything, move |tx, member, now| {
            require_room(member.facts.links.len(), MAX_LINKS)?;
            tx.save_link(member.facts.user, id, draft.kind, &draft.url, now)?;
            Ok(Outcome::Changed)
        });
        Ok((id, own.await?))
    }

    pub async fn replace_link(
        &self,
        caller: Caller,
        id: LinkId,
        draft: LinkDraft,
        expected: Expected,
    ) -> Result<OwnProfile, ProfileError> {
        self.change(caller, expected, move |tx, member, now| {
            require_entry(member.facts.links.iter().any(|link| link.id == id))?;
            tx.save_link(member.facts.user, id, draft.kind, &draft.url, now)?;
            Ok(Outcome::Changed)
        })
        .await
    }

    pub async fn remove_link(&self, caller: Caller, id: LinkId) -> Result<(), ProfileError> {
        self.change(caller, Expected::Anything, move |tx, member, _| {
            require_entry(tx.delete_link(member.facts.user, id)?)?;
            Ok(Outcome::Changed)
        })
        .await?;
        Ok(())
    }

    /// The ids of the names, new ones among them.
    fn intern(
        &self,
        tx: &mut dyn Writes,
        vocabulary: Vocabulary,
        names: &[TermName],
        now: DateTime<Utc>,
    ) -> Result<Vec<i32>, StoreError> {
        let uuids: Vec<Uuid> = names.iter().map(|_| self.context.ids.random()).collect();
        let terms = tx.intern_terms(vocabulary, names, &uuids, now)?;
        Ok(terms.into_iter().map(|term| term.id).collect())
    }

    /// Confirms the names that enough members use now. A job renews the search rows of the earlier users: their
    /// profiles cannot be locked here, under the lock of the name.
    fn confirm(
        &self,
        tx: &mut dyn Writes,
        vocabulary: Vocabulary,
        ids: &[i32],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let confirmed = tx.confirm_used_terms(vocabulary, ids, USERS_THAT_CONFIRM, now)?;
        for id in confirmed {
            follow_term(tx, &*self.context.ids, vocabulary, id, None)?;
        }
        Ok(())
    }
}

/// The ids without repetitions, each at its first place.
fn distinct(ids: Vec<i32>) -> Vec<i32> {
    let mut distinct: Vec<i32> = Vec::with_capacity(ids.len());
    for id in ids {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    distinct
}
