//! Public holidays, on which the clock of claims stands still.

use abu_domain::platform::text::OfficeTitle;
use chrono::NaiveDate;

use crate::areas::prelude::*;

routes! { list_holidays, put_holiday, delete_holiday }

/// The holidays of the last year and to come.
#[derive(Serialize, ToSchema)]
struct Holidays {
    /// Days in Nigeria.
    #[schema(example = json!(["2026-12-25", "2026-12-26"]))]
    days: Vec<NaiveDate>,
}

/// List public holidays.
///
/// Those of the last year and to come; takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    responses((status = 200, description = "The holidays.", body = Holidays), StaffOnly),
)]
#[get("/admin/holidays")]
async fn list_holidays(alumni: Alumni, caller: CurrentUser) -> Answer<Json<Holidays>> {
    let days = alumni.claims.list_holidays(caller.0).await?;
    Ok(Json(Holidays { days }))
}

/// The path of a holiday.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByDay {
    /// A day in Nigeria.
    #[param(example = "2026-12-25")]
    day: String,
}

impl ByDay {
    fn parse(&self) -> Answer<NaiveDate> {
        self.day.parse().map_err(|_no_day| Problem::not_found())
    }
}

request_body! {
    /// A public holiday.
    #[schema(example = json!({"name": "Christmas Day"}))]
    struct Holiday into OfficeTitle {
        #[schema(min_length = 1, max_length = 100)]
        name: String,
    }
    |body, violations| violations.check("name", OfficeTitle::parse(&body.name))
}

/// Enter a public holiday.
///
/// The clock of claims that are submitted from now on stands still on it. Takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByDay),
    request_body = Holiday,
    responses((status = 204, description = "Entered."), StaffOnly),
)]
#[put("/admin/holidays/{day}")]
async fn put_holiday(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByDay>,
    body: Body<Holiday>,
) -> Answer {
    let name = body.0.as_str().to_owned();
    let day = path.parse()?;
    alumni.claims.add_holiday(caller.0, day, name).await?;
    Ok(no_content())
}

/// Remove a public holiday.
///
/// Takes `can_verify_alumni`.
#[utoipa::path(
    tag = "verification",
    params(ByDay),
    responses((status = 204, description = "Removed."), StaffOnly),
)]
#[delete("/admin/holidays/{day}")]
async fn delete_holiday(alumni: Alumni, caller: CurrentUser, path: Path<ByDay>) -> Answer {
    alumni
        .claims
        .remove_holiday(caller.0, path.parse()?)
        .await?;
    Ok(no_content())
}
