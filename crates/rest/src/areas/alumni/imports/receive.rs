//! Receiving of uploads with their parameters.

use abu_application::alumni::imports::{ImportDraft, Imports, Upload};
use abu_connections::Connection;
use abu_domain::{alumni::imports::Mapping, platform::text::Reason};
use actix_multipart::{Field, Multipart};
use actix_web::{
    HttpMessage, HttpRequest,
    web::{self, Bytes},
};
use futures_util::{Stream, TryStreamExt};
use sha2::{Digest, Sha256};

use crate::{
    areas::{
        alumni::upload::{Receiving, broken, drain, require_plain},
        prelude::*,
    },
    input::Query,
};

/// The longest part of a form besides the file; mappings are the longest.
const MAX_FIELD: usize = 1024 * 1024;
const MAX_PARTS: usize = 12;
const FORM: &str = "multipart/form-data";

/// What comes with a file, in the address or as parts of a form.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UploadParameters {
    /// What the rows are: `awards`, one degree of one graduate each.
    #[param(example = "awards")]
    kind: Option<String>,
    /// Which columns hold which fields, as JSON; `POST /admin/imports/preview` proposes one. Required.
    #[param(
        example = r#"{"surname":{"column":"Surname"},"given_names":{"columns":["First Name"]},"matric":{"column":"Matric No"},"degree":{"value":"bsc"},"year":{"column":"Year"}}"#
    )]
    mapping: Option<String>,
    /// Why the data may be processed, in up to 500 characters. Required.
    #[param(example = "Public task: the register of graduates")]
    legal_basis: Option<String>,
    /// Whether the import is judged alone, until it is committed.
    #[param(value_type = Option<bool>, default = true, example = true)]
    dry_run: Option<String>,
    /// Whether a file that was imported before is judged anew.
    #[param(value_type = Option<bool>, default = false, example = false)]
    again: Option<String>,
    /// The name of the file, for people.
    #[param(example = "graduates-2015.csv")]
    file_name: Option<String>,
}

/// The parameters, parsed.
#[derive(Default)]
pub(super) struct Parameters {
    mapping: Option<Mapping>,
    legal_basis: Option<Reason>,
    dry_run: Option<bool>,
    again: Option<bool>,
    file_name: Option<String>,
}

const KIND: Violation = Violation {
    code: "kind.unknown",
    rule: "must be awards",
};
const MAPPING: Violation = Violation {
    code: "mapping.invalid",
    rule: "must be a mapping as JSON, such as the preview proposes",
};

fn kind(text: &str) -> Result<(), Violation> {
    (text == "awards").then_some(()).ok_or(KIND)
}

fn mapping(text: &str) -> Result<Mapping, Violation> {
    serde_json::from_str(text).map_err(|_other_form| MAPPING)
}

impl UploadParameters {
    pub(super) fn read(mut query: Query) -> Result<Parameters, Problem> {
        let parameters: Self = query.read()?;
        let parsed = parameters.parse(&mut query.violations);
        query.violations.finish(Some(parsed))
    }

    fn parse(self, violations: &mut Violations) -> Parameters {
        violations.optional("kind", self.kind, kind);
        Parameters {
            mapping: violations.optional("mapping", self.mapping, mapping),
            legal_basis: violations.optional("legal_basis", self.legal_basis, Reason::parse),
            dry_run: violations.optional("dry_run", self.dry_run, flag),
            again: violations.optional("again", self.again, flag),
            file_name: violations.optional("file_name", self.file_name, short_text),
        }
    }

    /// False for a part that the form does not have.
    fn set(&mut self, name: &str, text: String) -> bool {
        let field = match name {
            "kind" => &mut self.kind,
            "mapping" => &mut self.mapping,
            "legal_basis" => &mut self.legal_basis,
            "dry_run" => &mut self.dry_run,
            "again" => &mut self.again,
            "file_name" => &mut self.file_name,
            _ => return false,
        };
        *field = Some(text);
        true
    }
}

/// A file on disk, with everything that an import of it takes.
pub(super) struct Received {
    pub(super) upload: Upload,
    pub(super) draft: Draft,
}

pub(super) struct Draft(ImportDraft);

impl From<Draft> for ImportDraft {
    fn from(draft: Draft) -> Self {
        draft.0
    }
}

impl Draft {
    /// Differs where the file or what comes with it does.
    pub(super) fn fingerprint(&self, file_hash: &[u8; 32]) -> Vec<u8> {
        let Self(draft) = self;
        let mut hash = Sha256::new();
        hash.update(file_hash);
        let mapping = serde_json::to_vec(&draft.mapping).unwrap_or_default();
        for part in [mapping.as_slice(), draft.legal_basis.as_str().as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update([u8::from(draft.dry_run), u8::from(draft.again)]);
        hash.finalize().to_vec()
    }
}

impl Parameters {
    fn or(self, other: Self) -> Self {
        Self {
            mapping: self.mapping.or(other.mapping),
            legal_basis: self.legal_basis.or(other.legal_basis),
            dry_run: self.dry_run.or(other.dry_run),
            again: self.again.or(other.again),
            file_name: self.file_name.or(other.file_name),
        }
    }

    fn into_draft(self) -> Result<Draft, Problem> {
        let mut violations = Query::parse("").violations;
        let mapping = violations.required("mapping", self.mapping);
        let legal_basis = violations.required("legal_basis", self.legal_basis);
        let draft = mapping.zip(legal_basis).map(|(mapping, legal_basis)| {
            Draft(ImportDraft {
                file_name: ImportDraft::shown_name(&self.file_name.unwrap_or_default()),
                mapping,
                legal_basis,
                dry_run: self.dry_run.unwrap_or(true),
                again: self.again.unwrap_or(false),
            })
        });
        violations.finish(draft)
    }
}

/// Receives the body; what is malformed is refused before the rest is read.
pub(super) async fn receive(
    imports: &Imports,
    request: &HttpRequest,
    payload: web::Payload,
    parameters: Parameters,
) -> Result<Received, Problem> {
    require_file(request)?;
    let receiving = Receiving::begin(request);
    let received = match request.content_type().eq_ignore_ascii_case(FORM) {
        true => form(imports, request, payload, parameters).await?,
        false => {
            let draft = parameters.into_draft()?;
            let upload = store(imports, payload.map_err(|_broken| broken())).await?;
            Received { upload, draft }
        }
    };
    receiving.complete();
    Ok(received)
}

fn require_file(request: &HttpRequest) -> Result<(), Problem> {
    require_plain(
        request,
        &["text/csv", "text/plain", "application/octet-stream", FORM],
        "The body must be text/csv, or multipart/form-data with the file as the part `file`.",
    )
}

async fn form(
    imports: &Imports,
    request: &HttpRequest,
    payload: web::Payload,
    parameters: Parameters,
) -> Result<Received, Problem> {
    let mut form = Multipart::new(request.headers(), payload);
    let (mut fields, mut upload, mut parts) = (UploadParameters::default(), None, 0);
    while let Some(part) = form.try_next().await.map_err(|_broken| broken())? {
        parts += 1;
        let name = part.name().unwrap_or_default().to_owned();
        if parts > MAX_PARTS {
            return Err(Problem::in_field(
                "file",
                "form.parts",
                "comes with too many parts",
            ));
        }
        if name == "file" && upload.is_none() {
            let disposition = part.content_disposition();
            let file_name = disposition.and_then(|it| it.get_filename());
            if let Some(file_name) = file_name.filter(|_| fields.file_name.is_none()) {
                fields.file_name = Some(
                    ImportDraft::shown_name(file_name)
                        .chars()
                        .take(100)
                        .collect(),
                );
            }
            upload = Some(store(imports, part.map_err(|_broken| broken())).await?);
        } else if !fields.set(&name, text(part).await?) {
            return Err(Problem::in_field(
                "file",
                "form.unknown",
                "comes with a part of another name",
            ));
        }
    }
    let mut violations = Query::parse("").violations;
    let parsed = fields.parse(&mut violations);
    let parsed = violations.finish(Some(parsed))?;
    let draft = parsed.or(parameters).into_draft()?;
    let required = || Problem::in_field("file", "required", "is required");
    let upload = upload.ok_or_else(required)?;
    Ok(Received { upload, draft })
}

async fn text(mut part: Field) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.try_next().await.map_err(|_broken| broken())? {
        if bytes.len() + chunk.len() > MAX_FIELD {
            return Err(Problem::new(
                ProblemKind::PayloadTooLarge,
                "A part besides the file is larger than 1 MB.",
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_bytes| broken())
}

/// Writes what comes to disk, piece by piece.
async fn store(
    imports: &Imports,
    chunks: impl Stream<Item = Result<Bytes, Problem>>,
) -> Result<Upload, Problem> {
    let disk = &imports.policy.disk;
    let beginning = {
        let imports = imports.clone();
        disk.run(move || imports.begin_upload())
    };
    let upload = beginning.await.map_err(Problem::unavailable)??;
    drain(disk, upload, Upload::write, chunks).await
}

/// The first bytes of a body, and whether there are no more.
pub(super) async fn beginning(
    request: &HttpRequest,
    mut payload: web::Payload,
    most: usize,
) -> Result<(Vec<u8>, bool), Problem> {
    require_file(request)?;
    let mut bytes = Vec::with_capacity(most);
    while let Some(chunk) = payload.try_next().await.map_err(|_broken| broken())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > most {
            bytes.truncate(most);
            return Ok((bytes, false));
        }
    }
    if let Some(connection) = Connection::of(request) {
        connection.body_is_complete();
    }
    Ok((bytes, true))
}
