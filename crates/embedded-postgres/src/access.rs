//! Who may connect: the server's user and root, told apart by the system itself, without a password.
//!
//! The socket's folder keeps everybody else out already. The rules below say the same once more, and give
//! both users the database's one role.

use std::path::PathBuf;

use crate::error::StartError;
use crate::folder::Home;
use crate::socket::ROLE;

pub(crate) struct Access {
    pub(crate) hba: PathBuf,
    pub(crate) ident: PathBuf,
}

/// Writes the access files, whatever they were before.
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
