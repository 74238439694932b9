//! Departments and their courses, from reference data.

use abu_domain::alumni::reference::{Code, Content, DegreeLevel, Details};

use crate::{Course, Department, Level};

/// What a department teaches if the reference data lack it: first degrees, and those after it.
const USUAL_FIRST: &str = "bsc";
const USUAL_POSTGRADUATE: [&str; 2] = ["msc", "phd"];

/// First degrees that take longer than four years.
const LONGER: [(&str, u8); 7] = [
    ("mbbs", 6),
    ("dvm", 6),
    ("bds", 6),
    ("bpharm", 5),
    ("llb", 5),
    ("beng", 5),
    ("barch", 5),
];
/// First degrees without classes.
const UNCLASSIFIED: [&str; 3] = ["mbbs", "dvm", "bds"];

impl Department {
    /// The departments among the entries, with what their programmes lead to, in the order of their codes. Where
    /// entries name no programme of a level, the department has the usual degrees of that level.
    pub fn of_reference<'a>(entries: impl IntoIterator<Item = &'a Content>) -> Vec<Self> {
        let entries: Vec<&Content> = entries.into_iter().collect();
        let mut departments: Vec<Self> = entries
            .iter()
            .filter(|entry| matches!(entry.details, Details::Department { .. }))
            .map(|entry| Self {
                code: entry.code.as_str().to_owned(),
                courses: courses(&entry.code, &entries),
            })
            .collect();
        departments.sort_by(|one, other| one.code.cmp(&other.code));
        departments
    }
}

fn courses(department: &Code, entries: &[&Content]) -> Vec<Course> {
    let mut courses: Vec<Course> = entries
        .iter()
        .filter_map(|entry| match &entry.details {
            Details::Programme {
                department: own,
                degree,
            } if own == department => course(Some(entry.code.as_str()), degree.as_str(), entries),
            _ => None,
        })
        .collect();
    courses.sort_by(|one, other| one.programme.cmp(&other.programme));
    let lacks = |level| courses.iter().all(|course| course.level != level);
    let (lacks_first, lacks_postgraduate) = (lacks(Level::First), lacks(Level::Postgraduate));
    if lacks_first {
        courses.extend(course(None, USUAL_FIRST, entries));
    }
    if lacks_postgraduate {
        let usual = USUAL_POSTGRADUATE.iter();
        courses.extend(usual.filter_map(|degree| course(None, degree, entries)));
    }
    courses
}

/// `None` if the entries do not have the degree.
fn course(programme: Option<&str>, degree: &str, entries: &[&Content]) -> Option<Course> {
    let level = entries.iter().find_map(|entry| match &entry.details {
        Details::Degree { level, .. } if entry.code.as_str() == degree => Some(*level),
        _ => None,
    })?;
    let longer = LONGER.iter().find(|(code, _)| *code == degree);
    let years = match level {
        DegreeLevel::Certificate | DegreeLevel::PostgraduateDiploma => 1,
        DegreeLevel::Diploma | DegreeLevel::Master => 2,
        DegreeLevel::Bachelor => longer.map_or(4, |(_, years)| *years),
        DegreeLevel::Doctorate => 4,
    };
    Some(Course {
        programme: programme.map(str::to_owned),
        degree: degree.to_owned(),
        level: match level {
            DegreeLevel::Certificate | DegreeLevel::Diploma | DegreeLevel::Bachelor => Level::First,
            DegreeLevel::PostgraduateDiploma | DegreeLevel::Master | DegreeLevel::Doctorate => {
                Level::Postgraduate
            }
        },
        years,
        is_classified: level == DegreeLevel::Bachelor && !UNCLASSIFIED.contains(&degree),
    })
}

#[cfg(test)]
mod tests {
    use abu_domain::alumni::reference::{Kind, Label, Validity};

    use super::*;

    fn code(text: &str) -> Code {
        Code::from_storage(text.to_owned())
    }

    fn entry(own: &str, details: Details) -> Content {
        Content {
            code: code(own),
            name: Label::from_storage(own.to_owned()),
            aliases: Vec::new(),
            validity: Validity::default(),
            successor: None,
            confirmed_by: None,
            details,
        }
    }

    fn degree(own: &str, level: DegreeLevel) -> Content {
        let abbreviation = Label::from_storage(own.to_owned());
        entry(
            own,
            Details::Degree {
                level,
                abbreviation,
            },
        )
    }

    #[test]
    fn departments_have_their_programmes_and_the_usual_degrees_otherwise() {
        let faculty = code("law");
        let department = |own| {
            let faculty = faculty.clone();
            entry(own, Details::Department { faculty })
        };
        let entries = [
            department("public-law"),
            department("law"),
            entry(
                "llb-law",
                Details::Programme {
                    department: code("law"),
                    degree: code("llb"),
                },
            ),
            degree("llb", DegreeLevel::Bachelor),
            degree("bsc", DegreeLevel::Bachelor),
            degree("phd", DegreeLevel::Doctorate),
        ];
        assert_eq!(entries[0].kind(), Kind::Departments);
        let departments = Department::of_reference(&entries);
        let courses: Vec<_> = departments
            .iter()
            .flat_map(|department| {
                department
                    .courses
                    .iter()
                    .map(|course| (&*department.code, course))
            })
            .map(|(department, course)| {
                let programme = course.programme.as_deref().unwrap_or("-");
                format!(
                    "{department} {programme} {} {}",
                    course.degree, course.years
                )
            })
            .collect();
        assert_eq!(
            courses,
            [
                "law llb-law llb 5",
                "law - phd 4",
                "public-law - bsc 4",
                "public-law - phd 4",
            ]
        );
    }
}
