//! File mailer for development: `.eml` files instead of SMTP.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use abu_application::platform::ports::{Mailer, MailerError, RenderedMail};

use crate::message::MessageForm;

/// Writes each mail to a file of its own, which any mail program opens.
pub(super) struct FilesMailer {
    folder: PathBuf,
    form: MessageForm,
}

impl FilesMailer {
    pub(super) fn new(folder: PathBuf, form: MessageForm) -> Self {
        Self { folder, form }
    }

    /// Writes atomically by a rename. Every attempt has the same file name.
    fn write(&self, rendered: &RenderedMail, message: &[u8]) -> io::Result<PathBuf> {
        self.make_folder()?;
        let mail = &rendered.mail;
        let time = mail.created_at.format("%Y%m%dT%H%M%S%.3fZ");
        let name = format!("{time}-{}-{}.eml", mail.content.kind().name(), mail.id);
        let (unfinished, path) = (
            self.folder.join(format!("{name}.unfinished")),
            self.folder.join(name),
        );
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?
            .write_all(message)?;
        fs::rename(&unfinished, &path)?;
        Ok(path)
    }

    /// Mode 0700: links in mails are secrets.
    fn make_folder(&self) -> io::Result<()> {
        if let Some(data_dir) = self.folder.parent() {
            fs::create_dir_all(data_dir)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }
}

impl Mailer for FilesMailer {
    fn send(&self, rendered: &RenderedMail) -> Result<(), MailerError> {
        let message = self
            .form
            .message(rendered)
            .map_err(|error| MailerError::Permanent(error.to_string()))?;
        let path = self
            .write(rendered, &message.formatted())
            .map_err(|error| MailerError::Unreachable(format!("cannot write the file: {error}")))?;
        log::info!(
            "no mail server is configured: the mail {} is in {}",
            rendered.mail.content.kind().name(),
            path.display()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;
    use crate::templates::tests::{every_content, rendered};

    fn mode(path: &std::path::Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn repeated_sends_leave_one_private_file_with_the_whole_message() {
        let data = TempDir::new().unwrap();
        let folder = data.path().join("mail");
        let form = MessageForm {
            from: "ABU Alumni Connect <no-reply@example.com>".parse().unwrap(),
            reply_to: None,
        };
        let mailer = FilesMailer::new(folder.clone(), form);
        let mail = rendered(every_content().remove(0));
        mailer.send(&mail).unwrap();
        mailer.send(&mail).unwrap();
        let files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(files.len(), 1);
        let name = files[0].file_name().unwrap().to_str().unwrap();
        let expected = format!("20270115T080000.123Z-verify_email-{}.eml", mail.mail.id);
        assert_eq!(name, expected);
        assert_eq!((mode(&folder), mode(&files[0])), (0o700, 0o600));
        let text = fs::read_to_string(&files[0]).unwrap();
        assert!(text.contains("\r\nSubject: "), "{text}");
        assert!(text.ends_with("--\r\n"), "{text}");
    }

    #[test]
    fn an_unwritable_folder_holds_all_mail_back() {
        let data = TempDir::new().unwrap();
        let taken = data.path().join("mail");
        fs::write(&taken, "").unwrap();
        let form = MessageForm {
            from: "no-reply@example.com".parse().unwrap(),
            reply_to: None,
        };
        let refused = FilesMailer::new(taken, form).send(&rendered(every_content().remove(0)));
        assert!(
            matches!(refused, Err(MailerError::Unreachable(_))),
            "{refused:?}"
        );
    }
}
