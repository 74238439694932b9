//! What, when and how well people studied.

use crate::draw::{Draw, Weights};

/// The first year of graduation.
const FIRST_YEAR: i16 = 1965;
const YEARS: i16 = 60;
/// In percent of all awards.
const FIRST_DEGREES: u32 = 75;

/// How far a degree is from school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A bachelor's degree, or what equals it; diplomas too.
    First,
    /// Everything after it.
    Postgraduate,
}

/// What can be studied in a department.
#[derive(Clone, Debug)]
pub struct Course {
    /// The programme's code.
    pub programme: Option<String>,
    /// The degree's code.
    pub degree: String,
    pub level: Level,
    /// From matriculation to graduation.
    pub years: u8,
    /// Whether the degree has classes.
    pub is_classified: bool,
}

/// A department and what can be studied there.
#[derive(Clone, Debug)]
pub struct Department {
    /// The department's code.
    pub code: String,
    pub courses: Vec<Course>,
}

#[derive(Debug, thiserror::Error)]
#[error("no department has a course to graduate from")]
pub struct NoCourses;

/// The indexes of courses of one level.
struct Offer {
    department: usize,
    first: Vec<usize>,
    postgraduate: Vec<usize>,
}

pub(crate) struct Studies {
    departments: Vec<Department>,
    offers: Vec<Offer>,
    popularity: Weights,
    growth: Weights,
    classes: Weights,
}

const CLASSES: [(&str, u64); 5] = [
    ("Second Class Lower", 50),
    ("Second Class Upper", 27),
    ("Third Class", 17),
    ("First Class", 3),
    ("Pass", 3),
];

pub(crate) struct Study<'a> {
    /// The department's place in the list given.
    pub(crate) department_at: usize,
    pub(crate) department: &'a Department,
    pub(crate) course: &'a Course,
    pub(crate) year: i16,
    pub(crate) class: Option<&'static str>,
    pub(crate) woman: bool,
}

impl Studies {
    pub(crate) fn new(departments: Vec<Department>) -> Result<Self, NoCourses> {
        let offers: Vec<Offer> = departments
            .iter()
            .enumerate()
            .filter(|(_, department)| !department.courses.is_empty())
            .map(|(at, department)| Offer {
                department: at,
                first: of_level(department, Level::First),
                postgraduate: of_level(department, Level::Postgraduate),
            })
            .collect();
        if offers.is_empty() {
            return Err(NoCourses);
        }
        // 7 % more each year, in integers.
        let growth = (0..YEARS).scan(1_000_000, |weight, _| {
            let this = *weight;
            *weight = *weight * 107 / 100;
            Some(this)
        });
        Ok(Self {
            popularity: Weights::zipf(offers.len(), 0.5),
            growth: Weights::new(growth),
            classes: Weights::new(CLASSES.map(|(_, share)| share)),
            offers,
            departments,
        })
    }

    pub(crate) fn departments(&self) -> &[Department] {
        &self.departments
    }

    pub(crate) fn draw(&self, draw: &mut Draw) -> Study<'_> {
        let since = self.growth.draw(draw) as i16;
        let offer = &self.offers[self.popularity.draw(draw)];
        let wants_first = draw.percent(FIRST_DEGREES);
        let courses = match wants_first {
            true if !offer.first.is_empty() => &offer.first,
            false if offer.postgraduate.is_empty() => &offer.first,
            _ => &offer.postgraduate,
        };
        let department = &self.departments[offer.department];
        let course = &department.courses[draw.pick(courses)];
        let class = CLASSES[self.classes.draw(draw)].0;
        // From 12 to 45 percent.
        let women = 12 + 33 * since as u32 / (YEARS as u32 - 1);
        Study {
            department_at: offer.department,
            department,
            course,
            year: FIRST_YEAR + since,
            class: course.is_classified.then_some(class),
            woman: draw.percent(women),
        }
    }
}

fn of_level(department: &Department, level: Level) -> Vec<usize> {
    let courses = department.courses.iter().enumerate();
    courses
        .filter(|(_, course)| course.level == level)
        .map(|(at, _)| at)
        .collect()
}
