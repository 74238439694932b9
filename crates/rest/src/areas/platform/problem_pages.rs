//! A page about each kind of problem, at the address that is its type.

use actix_web::http::header::{self, ContentType};

use crate::areas::prelude::*;

/// A page of text alone.
const PAGE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

routes! { explain_problem }

/// The path of a page.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct BySlug {
    /// The stable name of the kind of problem.
    #[param(example = "validation-failed")]
    slug: String,
}

/// Read about a kind of problem.
#[utoipa::path(
    tag = "documentation",
    params(BySlug),
    responses((status = 200, description = "A page.", content_type = "text/html", body = String)),
)]
#[get("/problems/{slug}")]
async fn explain_problem(path: Path<BySlug>) -> Answer {
    let kind = ProblemKind::from_slug(&path.slug).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(page(kind)))
}

/// Every word of it is from the table of kinds, which holds no markup.
fn page(kind: ProblemKind) -> String {
    let (title, slug, status) = (kind.title(), kind.slug(), kind.status());
    let explanation = kind.explanation();
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} - ABU Alumni Connect</title>\n\
         <h1>{title}</h1>\n\
         <p>{explanation}</p>\n\
         <p>Type <code>/problems/{slug}</code>, status <code>{status}</code>.</p>\n\
         <p><a href=\"/docs\">The API's documentation</a></p>\n\
         </html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_the_table_need_no_escaping() {
        for kind in ProblemKind::ALL {
            for text in [kind.title(), kind.explanation(), kind.slug()] {
                assert!(!text.contains(['<', '>', '&', '"']), "{text}");
            }
        }
    }
}
