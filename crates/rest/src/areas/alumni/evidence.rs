//! Evidence of claims: an applicant sends files, a reviewer downloads them.

use std::io::{self, Read};

use abu_application::alumni::claims::{ClaimError, EvidenceUpload, OpenEvidence};
use abu_domain::{ClaimId, EvidenceId, alumni::claims::MAX_EVIDENCE_BYTES};
use actix_web::{
    HttpRequest,
    body::SizedStream,
    http::header::{
        self, CacheControl, CacheDirective, ContentDisposition, DispositionParam, DispositionType,
        ETag, EntityTag, HeaderValue,
    },
    web::{self, Bytes},
};
use futures_util::{Stream, TryStreamExt, stream};

use super::{
    dto::OwnClaimForm,
    upload::{Receiving, broken, drain, require_plain},
};
use crate::areas::prelude::*;

routes! { add_evidence, download_evidence }

/// What is read from a file at once.
const CHUNK: u64 = 64 * 1_024;

const TYPES: [&str; 5] = [
    "application/pdf",
    "image/jpeg",
    "image/png",
    "image/webp",
    "application/octet-stream",
];

/// The file is another person's: a browser that shows it in spite of the disposition runs nothing of it.
const NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// Send a file as evidence of a claim.
///
/// A scanned certificate, say: PDF, JPEG, PNG or WebP, up to 8 MB, as the body of the request. Its first bytes decide
/// what it is, not its declared type. Up to 5 files a claim, while it is open, and 30 an hour. The same file again
/// changes nothing. A body may take long, but must come at 4 KB/s over each half minute. Files are deleted 30 days
/// after the decision, and with a withdrawal.
#[utoipa::path(
    tag = "verification",
    params(ByUuid, IfMatchParameter),
    request_body(
        content((String = "application/pdf", example = json!("%PDF-1.7\nthe rest of the scan"))),
        description = "The file.",
    ),
    responses((status = 200, description = "The claim with its files.", body = OwnClaimForm), Conflicts),
    extensions(("x-reads-own-body" = json!(true))),
)]
#[put("/me/claims/{uuid}/evidence")]
async fn add_evidence(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    request: HttpRequest,
    payload: web::Payload,
) -> Answer {
    require_plain(
        &request,
        &TYPES,
        "The body must be a PDF, JPEG, PNG or WebP file.",
    )?;
    require_small(&request)?;
    let claims = &alumni.claims;
    // Before a byte of the body is read.
    let begun = claims.begin_evidence(caller.0.clone(), path.id(), expected.0.clone());
    let upload = begun.await?;
    let receiving = Receiving::begin(&request);
    let chunks = payload.map_err(|_broken| broken());
    let upload = drain(&claims.disk, upload, EvidenceUpload::write, chunks).await?;
    receiving.complete();
    let own = claims.add_evidence(caller.0, upload, expected.0).await?;
    let version = Version::of(own.record.claim.last_modified);
    versioned(&OwnClaimForm::from(own), version)
}

/// What a client declares is refused before it is read.
fn require_small(request: &HttpRequest) -> Result<(), Problem> {
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match declared {
        Some(bytes) if bytes > MAX_EVIDENCE_BYTES => Err(ClaimError::EvidenceTooLarge.into()),
        _ => Ok(()),
    }
}

/// The path of a file of a claim.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByEvidence {
    /// Which claim.
    #[param(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
    uuid: Uuid,
    /// Which file.
    #[param(example = "0b9c6d3e-1f0a-4c7e-9d57-6a1a5f0c2b43")]
    evidence_uuid: Uuid,
}

/// Download a file that an applicant sent.
///
/// Always as a download, never shown in the browser; takes `can_verify_alumni`, and is in the audit log.
#[utoipa::path(
    tag = "verification",
    params(ByEvidence),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream", body = String),
        StaffOnly,
    ),
)]
#[get("/admin/claims/{uuid}/evidence/{evidence_uuid}")]
async fn download_evidence(alumni: Alumni, caller: CurrentUser, path: Path<ByEvidence>) -> Answer {
    let (claim, id) = (ClaimId::new(path.uuid), EvidenceId::new(path.evidence_uuid));
    let OpenEvidence { evidence, file } = alumni.claims.open_evidence(caller.0, claim, id).await?;
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(format!(
            "evidence-{id}.{}",
            evidence.kind.name()
        ))],
    };
    Ok(HttpResponse::Ok()
        .content_type(evidence.kind.media_type())
        .insert_header(disposition)
        .insert_header((header::CONTENT_SECURITY_POLICY, NOTHING))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(CacheControl(vec![CacheDirective::NoStore]))
        .insert_header(ETag(EntityTag::new_strong(id.to_string())))
        .body(SizedStream::new(file.size, pieces(file.reader))))
}

/// The file, a piece at a time: the next one is read when the client took the last one.
fn pieces(reader: Box<dyn Read + Send>) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    stream::try_unfold(reader, |mut reader| async move {
        let (piece, reader) = web::block(move || {
            let mut piece = Vec::new();
            reader.by_ref().take(CHUNK).read_to_end(&mut piece)?;
            Ok::<_, io::Error>((piece, reader))
        })
        .await??;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), reader)))
    })
}
