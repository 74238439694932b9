use crate::named_enum;

/// How many files a claim has at most.
pub const MAX_EVIDENCE: usize = 5;

/// The largest file, in bytes: 8 MiB.
pub const MAX_EVIDENCE_BYTES: u64 = 8 * 1024 * 1024;

named_enum! {
    /// The kind of a file that proves a claim, such as a scanned certificate.
    pub enum EvidenceKind {
        /// A PDF document.
        Pdf => "pdf",
        /// A JPEG image.
        Jpeg => "jpeg",
        /// A PNG image.
        Png => "png",
        /// A WebP image.
        Webp => "webp",
    }
}

impl EvidenceKind {
    /// How many bytes of a file tell its kind.
    pub const HEAD: usize = 12;

    /// The kind of a file that begins with these bytes, whatever its name and its declared type say. `None` for any
    /// other file, such as SVG or HTML, and for one with fewer than [`HEAD`](Self::HEAD) bytes.
    ///
    /// Source: the signatures of ISO 32000-1 (7.5.2), ITU T.81 (B.1.1), PNG (5.2) and the WebP container.
    pub fn of(head: &[u8]) -> Option<Self> {
        let head = head.first_chunk::<{ Self::HEAD }>()?;
        let is_webp = head.starts_with(b"RIFF") && head.ends_with(b"WEBP");
        let signatures: [(&[u8], Self); 3] = [
            (b"%PDF-", Self::Pdf),
            (b"\xff\xd8\xff", Self::Jpeg),
            (b"\x89PNG\r\n\x1a\n", Self::Png),
        ];
        let known = signatures
            .into_iter()
            .find(|(signature, _)| head.starts_with(signature));
        match known {
            Some((_, kind)) => Some(kind),
            None => is_webp.then_some(Self::Webp),
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_kind() {
        for (head, kind) in [
            (&b"%PDF-1.7\n%\xe2\xe3\xcf"[..], EvidenceKind::Pdf),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", EvidenceKind::Jpeg),
            (b"\x89PNG\r\n\x1a\n\0\0\0\x0d", EvidenceKind::Png),
            (b"RIFF\x24\0\0\0WEBPVP8 ", EvidenceKind::Webp),
        ] {
            assert_eq!(EvidenceKind::of(head), Some(kind));
            assert_eq!(EvidenceKind::of(&head[..EvidenceKind::HEAD - 1]), None);
        }
    }

    #[test]
    fn other_files_have_no_kind_whatever_they_claim() {
        for head in [
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\">"[..],
            b"<!DOCTYPE html><script>",
            b"GIF89a\x01\0\x01\0\0\0\0",
            b"\0\0\0\x20ftypheic\0\0",
            b"PK\x03\x04 a document",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"\n%PDF-1.7 after a line",
            b"",
        ] {
            assert_eq!(EvidenceKind::of(head), None, "{head:?}");
        }
    }
}
