//! Rows of a register: from cells to what an import stages.

use chrono::NaiveDate;

use super::{
    Columns, DateOrder, Defect, Field, Found, IfInvalid, Mapping, MappingError, NameOrder, Problem,
    Programme, Vocabulary, cell, names, values, vocabulary::Values,
};
use crate::{
    DegreeId, DepartmentId, ProgrammeId, alumni::names::Name, alumni::register::MatricNumber,
};

/// A row as an import stages it: what could be read of it, and what is wrong with it.
///
/// Without defects every required field is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CandidateRow {
    /// The line of the file in which the row begins, from 1.
    pub line: u32,
    /// What is wrong with the row; empty if it can be judged against the register.
    pub defects: Vec<Defect>,
    /// The family name, as it is written.
    pub surname: Option<String>,
    /// First and middle names, as they are written.
    pub given_names: Option<String>,
    /// The distinct tokens of the whole name, sorted and joined by blanks.
    pub name_tokens: Option<String>,
    /// The matriculation number in both its forms.
    pub matric: Option<MatricNumber>,
    /// The department.
    pub department: Option<DepartmentId>,
    /// The programme of study.
    pub programme: Option<ProgrammeId>,
    /// The degree.
    pub degree: Option<DegreeId>,
    /// The year of the award.
    pub year: Option<i16>,
    /// The class of the degree, as it is written.
    pub class_of_degree: Option<String>,
    /// An e-mail address in canonical form.
    pub email: Option<String>,
    /// A telephone number in E.164 form.
    pub phone: Option<String>,
    /// The date of birth.
    pub date_of_birth: Option<NaiveDate>,
}

impl CandidateRow {
    /// A row of which nothing could be read.
    pub fn unreadable(line: u32, defect: Defect) -> Self {
        Self {
            line,
            defects: vec![defect],
            ..Self::default()
        }
    }

    /// Whether the verdict is `malformed`: a defect that only a change of the file mends.
    pub fn is_malformed(&self) -> bool {
        let mut problems = self.defects.iter().map(Defect::problem);
        problems.any(|problem| !problem.is_unknown_value())
    }

    /// Whether the verdict is `unknown_value`: a mapping or the reference data can mend every defect.
    pub fn has_unknown_value(&self) -> bool {
        !self.defects.is_empty() && !self.is_malformed()
    }
}

/// The cells of one record: their texts one after another, and where each ends.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    /// Cells whose texts stand in `text`; `ends` are byte positions in it, in rising order.
    pub fn new(text: &'a str, ends: &'a [usize]) -> Self {
        Self { text, ends }
    }

    /// How many cells there are.
    pub fn len(self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a cell; `None` if there is no cell at that position, or its bounds are not those of characters.
    pub fn get(self, at: usize) -> Option<&'a str> {
        let end = *self.ends.get(at)?;
        let start = match at {
            0 => 0,
            _ => self.ends[at - 1],
        };
        self.text.get(start..end)
    }

    /// The cells in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).map_while(move |at| self.get(at))
    }
}

/// Reads rows by a mapping.
#[derive(Debug)]
pub struct RowReader<V> {
    columns: Columns,
    vocabulary: V,
    departments: Values<DepartmentId>,
    degrees: Values<DegreeId>,
    programmes: Values<Programme>,
    /// The values that the mapping gives every row.
    fixed: Fixed,
    name_order: NameOrder,
    date_order: DateOrder,
    leave_out: Vec<Field>,
    latest_year: i16,
}

#[derive(Debug, Default)]
struct Fixed {
    department: Option<String>,
    degree: Option<String>,
    programme: Option<String>,
    year: Option<i16>,
}

/// What was read of a row so far, and what is wrong with it.
struct Reading<'a> {
    cells: Cells<'a>,
    row: CandidateRow,
}

impl Reading<'_> {
    fn refuse(&mut self, field: Field, problem: Problem) {
        self.row.defects.push(Defect::of_field(field, problem));
    }
}

impl<V: Vocabulary> RowReader<V> {
    /// A reader for files with this header. Awards after `latest_year` are out of range.
    ///
    /// # Errors
    /// Everything that is wrong with the mapping, by itself and for this header.
    pub fn new(
        mapping: &Mapping,
        header: &[String],
        vocabulary: V,
        latest_year: i16,
    ) -> Result<Self, Vec<MappingError>> {
        let columns = Columns::find(mapping, header)?;
        let value = |source: &Option<super::ValueSource>| source.as_ref()?.value.clone();
        let map = |source: &Option<super::ValueSource>| {
            source
                .as_ref()
                .map(|source| source.map.clone())
                .unwrap_or_default()
        };
        Ok(Self {
            columns,
            vocabulary,
            departments: Values::new(&map(&mapping.department)),
            degrees: Values::new(&map(&mapping.degree)),
            programmes: Values::new(&map(&mapping.programme)),
            fixed: Fixed {
                department: value(&mapping.department),
                degree: value(&mapping.degree),
                programme: value(&mapping.programme),
                year: mapping.year.as_ref().and_then(|year| year.value),
            },
            name_order: mapping
                .full_name
                .as_ref()
                .map_or(NameOrder::SurnameFirst, |name| name.order),
            date_order: mapping
                .date_of_birth
                .as_ref()
                .map_or(DateOrder::DayFirst, |date| date.order),
            leave_out: left_out_if_invalid(mapping),
            latest_year,
        })
    }

    /// Reads the row that begins in that line.
    pub fn read(&mut self, line: u32, cells: Cells<'_>) -> CandidateRow {
        let mut reading = Reading {
            cells,
            row: CandidateRow {
                line,
                ..CandidateRow::default()
            },
        };
        self.read_names(&mut reading);
        self.read_matric(&mut reading);
        self.read_reference_data(&mut reading);
        self.read_year(&mut reading);
        self.read_optional(&mut reading);
        reading.row
    }

    fn read_names(&self, reading: &mut Reading<'_>) {
        if let Some(whole) = self.cell(reading, Field::FullName) {
            match names::part(whole, self.name_order) {
                Ok(names) => {
                    reading.row.surname = Some(names.surname);
                    reading.row.given_names = Some(names.given_names);
                }
                Err((field, problem)) => reading.refuse(field, problem),
            }
        } else {
            let surname = self.cell(reading, Field::Surname).unwrap_or_default();
            match names::name(surname) {
                Ok(name) => reading.row.surname = Some(name),
                Err(problem) => reading.refuse(Field::Surname, problem),
            }
            let given = self.columns.all(Field::GivenNames).iter();
            let cells = reading.cells;
            match names::given_names(given.filter_map(|at| cells.get(*at))) {
                Ok(names) => reading.row.given_names = Some(names),
                Err(problem) => reading.refuse(Field::GivenNames, problem),
            }
        }
        if let (Some(surname), Some(given)) = (&reading.row.surname, &reading.row.given_names) {
            match Name::parse(&format!("{surname} {given}")) {
                Ok(name) => reading.row.name_tokens = Some(name.set()),
                Err(violation) => reading.refuse(Field::Surname, violation.into()),
            }
        }
    }

    fn read_matric(&self, reading: &mut Reading<'_>) {
        match self.value(reading, Field::Matric).map(values::matric) {
            Some(Ok(matric)) => reading.row.matric = Some(matric),
            Some(Err(problem)) => reading.refuse(Field::Matric, problem),
            None => {}
        }
    }

    fn read_reference_data(&mut self, reading: &mut Reading<'_>) {
        let department = self.text(reading, Field::Department, |fixed| &fixed.department);
        let degree = self.text(reading, Field::Degree, |fixed| &fixed.degree);
        let programme = self.text(reading, Field::Programme, |fixed| &fixed.programme);
        let vocabulary = &self.vocabulary;

        if let Some(text) = &department {
            let found = self
                .departments
                .find(text, |text| vocabulary.department(text));
            reading.row.department = one(reading, Field::Department, text, found);
        }
        if let Some(text) = &degree {
            let found = self.degrees.find(text, |text| vocabulary.degree(text));
            reading.row.degree = one(reading, Field::Degree, text, found);
        }
        if let Some(text) = &programme {
            let (department, degree) = (reading.row.department, reading.row.degree);
            let found = self
                .programmes
                .find_for(text, (department, degree), |text| {
                    vocabulary.programme(text, department, degree)
                });
            if let Some(found) = one(reading, Field::Programme, text, found) {
                reading.row.programme = Some(found.id);
                reading.row.department.get_or_insert(found.department);
                reading.row.degree.get_or_insert(found.degree);
            }
        }
        if reading.row.degree.is_none() && degree.is_none() && programme.is_none() {
            reading.refuse(Field::Degree, Problem::Missing);
        }
        let is_placed = department.is_some() || programme.is_some();
        if !is_placed && self.value(reading, Field::Matric).is_none() {
            reading.refuse(Field::Department, Problem::Missing);
        }
    }

    fn read_year(&self, reading: &mut Reading<'_>) {
        let year = match (self.fixed.year, self.value(reading, Field::Year)) {
            (Some(year), _) if year > self.latest_year => Err(Problem::OutOfRange),
            (Some(year), _) => Ok(year),
            (None, Some(text)) => values::year(text, self.latest_year),
            (None, None) => Err(Problem::Missing),
        };
        match year {
            Ok(year) => reading.row.year = Some(year),
            Err(problem) => reading.refuse(Field::Year, problem),
        }
    }

    fn read_optional(&self, reading: &mut Reading<'_>) {
        let order = self.date_order;
        let latest_year = self.latest_year;
        reading.row.class_of_degree =
            self.optional(reading, Field::ClassOfDegree, values::class_of_degree);
        reading.row.email = self.optional(reading, Field::Email, values::email);
        reading.row.phone = self.optional(reading, Field::Phone, values::phone);
        reading.row.date_of_birth = self.optional(reading, Field::DateOfBirth, |text| {
            values::date_of_birth(text, order, latest_year)
        });
    }

    fn optional<T>(
        &self,
        reading: &mut Reading<'_>,
        field: Field,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        match parse(self.value(reading, field)?) {
            Ok(value) => Some(value),
            Err(_) if self.leave_out.contains(&field) => None,
            Err(problem) => {
                reading.refuse(field, problem);
                None
            }
        }
    }

    /// The field's cell as it stands; `None` if the mapping has no column for the field.
    fn cell<'a>(&self, reading: &Reading<'a>, field: Field) -> Option<&'a str> {
        let at = self.columns.one(field)?;
        Some(reading.cells.get(at).unwrap_or_default())
    }

    /// The value of the field's cell; `None` also if the cell says that there is none.
    fn value<'a>(&self, reading: &Reading<'a>, field: Field) -> Option<&'a str> {
        cell::value(self.cell(reading, field)?)
    }

    /// The mapping's value for every row, or else that of the row.
    fn text<'a>(
        &self,
        reading: &Reading<'a>,
        field: Field,
        fixed: impl Fn(&Fixed) -> &Option<String>,
    ) -> Option<std::borrow::Cow<'a, str>> {
        match fixed(&self.fixed) {
            Some(value) => Some(value.clone().into()),
            None => self.value(reading, field).map(Into::into),
        }
    }
}

fn left_out_if_invalid(mapping: &Mapping) -> Vec<Field> {
    let column = |column: &Option<super::OptionalColumn>| column.as_ref().map(|c| c.if_invalid);
    let date = mapping.date_of_birth.as_ref().map(|date| date.if_invalid);
    [
        (Field::ClassOfDegree, column(&mapping.class_of_degree)),
        (Field::Email, column(&mapping.email)),
        (Field::Phone, column(&mapping.phone)),
        (Field::DateOfBirth, date),
    ]
    .into_iter()
    .filter(|(_, if_invalid)| *if_invalid == Some(IfInvalid::LeaveOut))
    .map(|(field, _)| field)
    .collect()
}

/// The entry that was found, or a defect.
fn one<T>(reading: &mut Reading<'_>, field: Field, text: &str, found: Found<T>) -> Option<T> {
    let problem = match found {
        Found::One(entry) => return Some(entry),
        Found::Nothing => Problem::Unknown,
        Found::Several => Problem::Ambiguous,
    };
    let defect = Defect::unknown(field, problem, text);
    reading.row.defects.push(defect);
    None
}
