//! A page about each kind of problem, at the address that is its type.

use std::{collections::HashMap, sync::LazyLock};

use actix_web::HttpRequest;

use super::asset::{Asset, Delivery};
use crate::areas::prelude::*;

/// A page of text alone.
const PAGE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// By the slugs of their kinds.
static PAGES: LazyLock<HashMap<&str, Asset>> = LazyLock::new(|| {
    let kinds = ProblemKind::ALL.iter();
    let page = |kind: &ProblemKind| Asset::new("text/html; charset=utf-8", page(*kind));
    kinds.map(|kind| (kind.slug(), page(kind))).collect()
});

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
async fn explain_problem(path: Path<BySlug>, request: HttpRequest) -> Answer {
    let delivery = Delivery {
        policy: Some(PAGE_POLICY),
        cache: "public, max-age=3600",
    };
    let asset = PAGES
        .get(path.slug.as_str())
        .ok_or_else(Problem::not_found)?;
    asset.answer(&request, delivery).await
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
