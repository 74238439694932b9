//! The register's CSV.

use std::io::{self, Write};

use crate::Graduate;

/// The columns, in order.
pub const HEADER: &str = "surname,given_names,matric_number,department,programme,degree,year,\
    class_of_degree,email,phone,date_of_birth";

pub fn write_header(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{HEADER}\r")
}

/// No value holds a comma, a quote or a line break, so none is quoted.
pub fn write_row(graduate: &Graduate<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "{},{},{},{},{},{},{},{},{},{},",
        graduate.surname,
        graduate.given_names,
        graduate.matric.as_deref().unwrap_or_default(),
        graduate.department,
        graduate.programme.unwrap_or_default(),
        graduate.degree,
        graduate.year,
        graduate.class_of_degree.unwrap_or_default(),
        graduate.email.as_deref().unwrap_or_default(),
        graduate.phone.as_deref().unwrap_or_default(),
    )?;
    match graduate.date_of_birth {
        Some(date) => writeln!(out, "{date}\r"),
        None => writeln!(out, "\r"),
    }
}
