use abu_application::alumni::{ports::FileHead, reference::DataFile};
use abu_domain::{
    Violation,
    alumni::reference::{
        Code, Confirmation, Content, DegreeLevel, Details, Kind, Label, Validity, Zone,
    },
};
use chrono::NaiveDate;
use serde::Deserialize;
use toml::value::Datetime;

/// Why a data file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the data file {}.toml is not of the form of data files", .0.name())]
    Form(Kind, #[source] toml::de::Error),
    #[error("the head of the data file {}.toml: {field} {rule}", .kind.name())]
    Head {
        kind: Kind,
        field: &'static str,
        rule: &'static str,
    },
    #[error("the data file {}.toml, entry {code}: {field} {rule}", .kind.name())]
    Entry {
        kind: Kind,
        code: String,
        field: &'static str,
        rule: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: i32,
    source: String,
    retrieved: Datetime,
    confirmed_by: String,
    entry: Vec<FileEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    code: String,
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    valid_from: Option<Datetime>,
    valid_until: Option<Datetime>,
    successor: Option<String>,
    /// Instead of the one of the file.
    confirmed_by: Option<String>,
    faculty: Option<String>,
    department: Option<String>,
    degree: Option<String>,
    level: Option<String>,
    abbreviation: Option<String>,
    zone: Option<String>,
    iso_code: Option<String>,
    section: Option<String>,
}

/// The field that has a mistake, and the rule that it breaks.
type Mistake = (&'static str, &'static str);

const MISSING: &str = "is missing";
const FOREIGN: &str = "belongs to entries of another list";

/// Parses the text of a data file.
///
/// # Errors
/// The first mistake in it.
pub fn parse(kind: Kind, text: &str) -> Result<DataFile, ReadError> {
    let file: File = toml::from_str(text).map_err(|error| ReadError::Form(kind, error))?;
    let in_head = |(field, rule)| ReadError::Head { kind, field, rule };
    if file.version < 1 {
        return Err(in_head(("version", "must be at least 1")));
    }
    let retrieved = day("retrieved", file.retrieved).map_err(in_head)?;
    let confirmed_by = confirmation(&file.confirmed_by).map_err(in_head)?;
    let entries: Result<Vec<Content>, ReadError> = file
        .entry
        .into_iter()
        .map(|entry| {
            let code = entry.code.clone();
            content(kind, entry, confirmed_by.as_ref()).map_err(|(field, rule)| ReadError::Entry {
                kind,
                code,
                field,
                rule,
            })
        })
        .collect();
    Ok(DataFile {
        kind,
        head: FileHead {
            version: file.version,
            source: file.source,
            retrieved: Some(retrieved),
        },
        entries: entries?,
    })
}

fn content(
    kind: Kind,
    mut entry: FileEntry,
    confirmed_by: Option<&Confirmation>,
) -> Result<Content, Mistake> {
    let details = details(kind, &mut entry)?;
    let from = entry.valid_from.map(|from| day("valid_from", from));
    let until = entry.valid_until.map(|until| day("valid_until", until));
    let validity = Validity::new(from.transpose()?, until.transpose()?);
    let own = entry
        .confirmed_by
        .as_deref()
        .map(confirmation)
        .transpose()?;
    Ok(Content {
        code: in_field("code", Code::parse(kind, &entry.code))?,
        name: in_field("name", Label::parse(&entry.name))?,
        aliases: entry
            .aliases
            .iter()
            .map(|alias| in_field("aliases", Label::parse(alias)))
            .collect::<Result<_, _>>()?,
        validity: in_field("valid_until", validity)?,
        successor: entry
            .successor
            .map(|code| in_field("successor", Code::parse(kind, &code)))
            .transpose()?,
        confirmed_by: own.unwrap_or_else(|| confirmed_by.cloned()),
        details,
    })
}

fn details(kind: Kind, entry: &mut FileEntry) -> Result<Details, Mistake> {
    let code = |field, kind, text: String| in_field(field, Code::parse(kind, &text));
    let label = |field, text: String| in_field(field, Label::parse(&text));
    let details = match kind {
        Kind::Faculties => Details::Faculty,
        Kind::Countries => Details::Country,
        Kind::Departments => Details::Department {
            faculty: code(
                "faculty",
                Kind::Faculties,
                own("faculty", &mut entry.faculty)?,
            )?,
        },
        Kind::Programmes => Details::Programme {
            department: code(
                "department",
                Kind::Departments,
                own("department", &mut entry.department)?,
            )?,
            degree: code("degree", Kind::Degrees, own("degree", &mut entry.degree)?)?,
        },
        Kind::Degrees => Details::Degree {
            level: DegreeLevel::from_name(&own("level", &mut entry.level)?)
                .ok_or(("level", "must be a level of degrees"))?,
            abbreviation: label(
                "abbreviation",
                own("abbreviation", &mut entry.abbreviation)?,
            )?,
        },
        Kind::States => Details::State {
            zone: Zone::from_name(&own("zone", &mut entry.zone)?)
                .ok_or(("zone", "must be one of the six zones"))?,
            iso_code: label("iso_code", own("iso_code", &mut entry.iso_code)?)?,
        },
        Kind::Industries => Details::Industry {
            section: label("section", own("section", &mut entry.section)?)?,
        },
    };
    let left = [
        ("faculty", &entry.faculty),
        ("department", &entry.department),
        ("degree", &entry.degree),
        ("level", &entry.level),
        ("abbreviation", &entry.abbreviation),
        ("zone", &entry.zone),
        ("iso_code", &entry.iso_code),
        ("section", &entry.section),
    ];
    match left.into_iter().find(|(_, value)| value.is_some()) {
        Some((field, _)) => Err((field, FOREIGN)),
        None => Ok(details),
    }
}

fn own(field: &'static str, value: &mut Option<String>) -> Result<String, Mistake> {
    value.take().ok_or((field, MISSING))
}

fn in_field<T>(field: &'static str, parsed: Result<T, Violation>) -> Result<T, Mistake> {
    parsed.map_err(|violation| (field, violation.rule))
}

/// `None` for a text that is empty: the Registry has not confirmed.
fn confirmation(text: &str) -> Result<Option<Confirmation>, Mistake> {
    match text {
        "" => Ok(None),
        text => in_field("confirmed_by", Confirmation::parse(text)).map(Some),
    }
}

fn day(field: &'static str, day: Datetime) -> Result<NaiveDate, Mistake> {
    let Datetime {
        date: Some(date),
        time: None,
        offset: None,
    } = day
    else {
        return Err((field, "must be a day"));
    };
    NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
        .ok_or((field, "must be a day"))
}
