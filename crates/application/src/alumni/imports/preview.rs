//! The first rows of a file, with a proposed mapping.

use abu_domain::{access::Permission, alumni::imports::Mapping};

use super::{ImportError, Imports};
use crate::{
    access::{self, Caller},
    alumni::ports::{Extent, FileFormat},
};

/// How much of a file a preview reads.
pub const PREVIEW_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub struct Preview {
    pub format: FileFormat,
    pub header: Vec<String>,
    /// At most 20.
    pub rows: Vec<Vec<String>>,
    pub mapping: Mapping,
}

impl Imports {
    /// What the beginning of a file shows; stores nothing. `is_whole` where the file has no more.
    pub async fn preview(
        &self,
        caller: Caller,
        beginning: Vec<u8>,
        is_whole: bool,
    ) -> Result<Preview, ImportError> {
        let parser = self.policy.parser.clone();
        self.context
            .database
            .read(move |tx| {
                access::require(tx, &caller, Permission::ImportAlumni)?;
                Ok::<_, ImportError>(())
            })
            .await?;
        let extent = match is_whole {
            true => Extent::Whole,
            false => Extent::Beginning,
        };
        let inspect = move || parser.inspect(&mut beginning.as_slice(), extent);
        let inspection = self.policy.disk.run(inspect).await??;
        Ok(Preview {
            format: inspection.format,
            header: inspection.header,
            rows: inspection.sample,
            mapping: inspection.proposal,
        })
    }
}
