//! What the handlers of every area use.

pub(crate) use abu_application::platform::{lists::TimePosition, versions::Version};
pub(crate) use abu_domain::Violation;
pub(crate) use actix_web::{
    HttpResponse, delete, get, patch, post, put,
    web::{Json, Path},
};
pub(crate) use chrono::{DateTime, Utc};
pub(crate) use secrecy::{ExposeSecret, SecretString};
pub(crate) use serde::{Deserialize, Serialize};
pub(crate) use utoipa::ToSchema;
pub(crate) use uuid::Uuid;

pub(crate) use super::common::{
    Accepted, ByName, ByUuid, Conflicts, ConflictsAndDuplicates, Duplicates, Forbidden, LinkGone,
    NothingThere, Overload, ParameterInvalid, StaffOnly, accepted, created, json_form, no_content,
    request_body, routes,
};
pub(crate) use crate::{
    caller::{CurrentUser, RequestOrigin},
    input::{
        Body, Form, IntoDraft, NoParameters, Violations, flag, present, short_text, time, uuid,
    },
    list::{List, ListBody, MAX_PEOPLE, Page},
    middleware::{
        conditional::{
            IfMatch, IfMatchParameter, RequiredIfMatch, RequiredIfMatchParameter, versioned,
        },
        rate_limit::Limits,
    },
    problem::{Answer, Problem, ProblemKind, problems},
    secret_json::SecretJson,
    shared::{Access, Alumni, Identity, Messaging},
};
