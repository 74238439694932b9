//! A register of graduates, in which the demonstration's people are.

use std::io;

use abu_application::{
    access::Server,
    alumni::imports::{ImportDraft, ImportError, Imports, LegalBasis, Unwatched},
    platform::ports::{FileError, StoreError},
};
use abu_domain::ImportId;
use abu_generator::{Generator, Graduate, mapping, write_header, write_row};

use super::people::{self, COUNT};

const GRADUATES: usize = 3_000;
const BASIS: &str = "Demonstration: no person is real";
const FILE_NAME: &str = "demonstration.csv";

/// Imports the register.
pub(super) fn import(imports: &Imports, generator: &Generator) -> Result<ImportId, ImportError> {
    let mut upload = imports.begin_upload()?;
    upload.write(&csv(generator).map_err(FileError::from)?)?;
    let draft = ImportDraft {
        file_name: FILE_NAME.to_owned(),
        mapping: mapping(),
        legal_basis: LegalBasis::parse(BASIS)
            .map_err(|broken| StoreError::Other(broken.rule.into()))?,
        dry_run: false,
        again: false,
    };
    let id = imports.take_file(&Server, upload, &draft)?.import.id;
    imports.judge(id, &Unwatched)?;
    imports.write_to_register(&Server, id, &Unwatched)?;
    Ok(id)
}

fn csv(generator: &Generator) -> io::Result<Vec<u8>> {
    let mut csv = Vec::new();
    write_header(&mut csv)?;
    for (index, graduate) in generator.people().take(GRADUATES).enumerate() {
        let graduate = match index < COUNT {
            true => in_place_of(graduate, index),
            false => graduate,
        };
        write_row(&graduate, &mut csv)?;
    }
    Ok(csv)
}

/// A person of the demonstration with the award of a generated one.
fn in_place_of(generated: Graduate<'_>, index: usize) -> Graduate<'_> {
    let (firstname, lastname) = people::names(index);
    Graduate {
        surname: lastname.to_owned(),
        given_names: firstname.to_owned(),
        email: Some(people::email(index).as_str().to_owned()),
        phone: None,
        ..generated
    }
}
