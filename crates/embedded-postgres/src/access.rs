//! Access rules of the server (`pg_hba.conf`, `pg_ident.conf`): peer authentication of its user and of root.
//!
//! The mode of the socket's folder denies every other user already. The rules repeat that, and map both
//! users to the database's one role.

use std::path::PathBuf;

use crate::error::StartError;
use crate::folder::Home;
use crate::socket::ROLE;

pub(crate) struct Access {
    pub(crate) hba: PathBuf,
    pub(crate) ident: PathBuf,
}

/// Overwrites both files, so that no earlier rule stays in force.
pub(crate) fn write(home: &Home) -> Result<Access, StartError> {
    let hba = format!("local all {ROLE} peer map=owners\n");
    let ident = format!(
        "owners root {ROLE}\nowners \"{}\" {ROLE}\n",
        home.account.name()
    );
    Ok(Access {
        hba: home.write("hba.conf", &hba)?,
        ident: home.write("ident.conf", &ident)?,
    })
}
