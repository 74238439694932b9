//! A page about each kind of problem, at the address that is its type.

use actix_web::{
    HttpRequest, get,
    web::{Data, Path},
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    Answer, Pages, ProblemPage,
    asset::{Asset, Delivery},
    document::escaped,
    not_found,
};

/// A page of text alone.
const PAGE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(explain_problem);
}

/// Read about a kind of problem.
#[utoipa::path(
    tag = "documentation",
    params(("slug" = String, Path, description = "The stable name of the kind of problem.", example = "validation-failed")),
    responses((status = 200, description = "A page.", content_type = "text/html", body = String)),
)]
#[get("/problems/{slug}")]
async fn explain_problem(pages: Data<Pages>, slug: Path<String>, request: HttpRequest) -> Answer {
    let delivery = Delivery {
        policy: Some(PAGE_POLICY),
        cache: "public, max-age=3600",
    };
    let asset = pages.problems.get(slug.as_str()).ok_or_else(not_found)?;
    asset.answer(&request, delivery).await
}

pub(crate) fn page(problem: &ProblemPage) -> Asset {
    Asset::new("text/html; charset=utf-8", html(problem))
}

fn html(problem: &ProblemPage) -> String {
    let [title, explanation, slug] =
        [problem.title, problem.explanation, problem.slug].map(escaped);
    let status = problem.status;
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
    use actix_web::http::StatusCode;

    use super::*;

    #[test]
    fn texts_of_a_problem_are_shown_as_they_are_written() {
        let html = html(&ProblemPage {
            slug: "too-large",
            title: "Size > limit",
            explanation: "Use <b> & \"quotes\".",
            status: StatusCode::PAYLOAD_TOO_LARGE,
        });
        assert!(html.contains("<h1>Size &gt; limit</h1>"), "{html}");
        assert!(html.contains("<p>Use &lt;b&gt; &amp; \"quotes\".</p>"));
        assert!(html.contains("<code>413 Payload Too Large</code>"));
    }
}
