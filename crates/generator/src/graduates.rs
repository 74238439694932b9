//! People, block by block.

use chrono::NaiveDate;

use crate::{
    contact::{self, Contact},
    draw::{Draw, Subject},
    matric::{Letters, Series},
    names::{FullName, Names},
    studies::{Department, NoCourses, Studies},
};

/// People in a block.
pub const BLOCK: usize = 10_000;

/// One line of the register: a person and one award.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graduate<'a> {
    /// From 0, over all blocks.
    pub number: u64,
    pub surname: String,
    /// All of them, with blanks between.
    pub given_names: String,
    pub matric: Option<String>,
    pub department: &'a str,
    pub programme: Option<&'a str>,
    pub degree: &'a str,
    /// Of graduation.
    pub year: i16,
    pub class_of_degree: Option<&'static str>,
    pub email: Option<String>,
    /// In the national or the international form.
    pub phone: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
}

impl Graduate<'_> {
    /// An address at which the person has an account: the register's, or else one that no other person has.
    pub fn account_email(&self) -> String {
        let given = self.given_names.split(' ').next().unwrap_or_default();
        self.email.clone().unwrap_or_else(|| {
            contact::address(given, &self.surname, self.number, "members.example.com")
        })
    }
}

/// The people of a seed.
pub struct Generator {
    seed: u64,
    names: Names,
    studies: Studies,
    letters: Letters,
}

impl Generator {
    /// Earlier departments have more graduates.
    ///
    /// # Errors
    /// [`NoCourses`] if there is nothing to graduate from.
    pub fn new(seed: u64, departments: Vec<Department>) -> Result<Self, NoCourses> {
        let studies = Studies::new(departments)?;
        Ok(Self {
            seed,
            names: Names::new(),
            letters: Letters::new(studies.departments()),
            studies,
        })
    }

    /// All people, in order; they do not end.
    pub fn people(&self) -> impl Iterator<Item = Graduate<'_>> {
        (0..).flat_map(|number| self.block(number))
    }

    /// The people of one block: numbers `BLOCK * number` and on. Blocks need no other block.
    pub fn block(&self, number: u64) -> impl Iterator<Item = Graduate<'_>> {
        let draw = |subject| Draw::new(self.seed, number, subject);
        let mut names = draw(Subject::Names);
        let mut studies = draw(Subject::Studies);
        let mut contacts = draw(Subject::Contact);
        let mut series = Series::new(&self.letters, number);
        (0..BLOCK as u64).map(move |at| {
            let number = number * BLOCK as u64 + at;
            let study = self.studies.draw(&mut studies);
            let matric = series.next(&study, &mut studies);
            let name = self.names.draw(study.woman, &mut names);
            let contact = Contact::draw(&name, study.year, number, &mut contacts);
            Graduate {
                number,
                given_names: given_names(&name),
                surname: name.surname,
                matric,
                department: &study.department.code,
                programme: study.course.programme.as_deref(),
                degree: &study.course.degree,
                year: study.year,
                class_of_degree: study.class,
                email: contact.email,
                phone: contact.phone,
                date_of_birth: contact.date_of_birth,
            }
        })
    }
}

fn given_names(name: &FullName) -> String {
    match &name.middle {
        Some(middle) => format!("{} {middle}", name.given),
        None => name.given.clone(),
    }
}
