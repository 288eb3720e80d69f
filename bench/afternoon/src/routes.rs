//! The three routes, with their SQL. It must never know how the pools are set up.

use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use sqlx::{Row as _, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use crate::model::{CheckinStatus, Configuration, NewConfiguration, Page, PageQuery, Summary};

/// Room for 10,000 check-ins.
const MAX_BODY_BYTES: usize = 16 << 20;

const COLUMNS: &str = "user_principal_name, device_name, device_platform, device_platform_version, \
     was_successful, user_id, checkin_date_time, error_message, applied_policies";

/// The database.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// Any failure of a route.
pub(crate) enum Failure {
    NotFound,
    Broken(anyhow::Error),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Broken(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

type Database = axum::extract::State<State>;

/// The routes.
pub(crate) fn router(state: State) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/beta/officeConfigurations", post(create))
        .route("/beta/officeConfigurations/{id}", get(read))
        .route("/beta/officeConfigurations/{id}/tenantCheckinStatuses", get(page))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
}

async fn create(
    axum::extract::State(state): Database,
    Json(new): Json<NewConfiguration>,
) -> Result<(StatusCode, Json<Configuration>), Failure> {
    let id = Uuid::new_v4();
    let mut transaction = state.writer.begin().await?;
    let created_date_time: String = sqlx::query_scalar(
        "INSERT INTO office_configurations (id, created_at, succeeded_user_count, failed_user_count)
         VALUES (?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?, ?) RETURNING created_at",
    )
    .bind(id.to_string())
    .bind(new.tenant_user_checkin_summary.as_ref().map(|summary| summary.succeeded_user_count))
    .bind(new.tenant_user_checkin_summary.as_ref().map(|summary| summary.failed_user_count))
    .fetch_one(&mut *transaction)
    .await?;
    for status in &new.tenant_checkin_statuses {
        sqlx::query(
            "INSERT INTO checkin_statuses (configuration_id, user_principal_name, device_name, device_platform,
                 device_platform_version, was_successful, user_id, checkin_date_time, error_message, applied_policies)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(&status.user_principal_name)
        .bind(&status.device_name)
        .bind(&status.device_platform)
        .bind(&status.device_platform_version)
        .bind(status.was_successful)
        .bind(&status.user_id)
        .bind(&status.checkin_date_time)
        .bind(&status.error_message)
        .bind(serde_json::to_string(&status.applied_policies)?)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    let configuration = Configuration {
        odata_type: "#microsoft.graph.officeConfiguration",
        id,
        created_date_time,
        tenant_checkin_statuses: new.tenant_checkin_statuses,
        tenant_user_checkin_summary: new.tenant_user_checkin_summary,
    };
    Ok((StatusCode::CREATED, Json(configuration)))
}

async fn read(axum::extract::State(state): Database, Path(id): Path<Uuid>) -> Result<Json<Configuration>, Failure> {
    let row = sqlx::query(
        "SELECT created_at, succeeded_user_count, failed_user_count FROM office_configurations WHERE id = ?",
    )
    .bind(id.to_string())
    .fetch_optional(&state.readers)
    .await?
    .ok_or(Failure::NotFound)?;
    let statuses = sqlx::query(&format!("SELECT {COLUMNS} FROM checkin_statuses WHERE configuration_id = ? LIMIT 100"))
        .bind(id.to_string())
        .fetch_all(&state.readers)
        .await?;
    let succeeded: Option<i64> = row.try_get("succeeded_user_count")?;
    let failed: Option<i64> = row.try_get("failed_user_count")?;
    Ok(Json(Configuration {
        odata_type: "#microsoft.graph.officeConfiguration",
        id,
        created_date_time: row.try_get("created_at")?,
        tenant_checkin_statuses: statuses.iter().map(status).collect::<Result<_, _>>()?,
        tenant_user_checkin_summary: succeeded.zip(failed).map(|(succeeded, failed)| Summary {
            odata_type: Some("microsoft.graph.officeUserCheckinSummary".into()),
            succeeded_user_count: succeeded,
            failed_user_count: failed,
        }),
    }))
}

async fn page(
    axum::extract::State(state): Database,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page>, Failure> {
    let rows = sqlx::query(&format!(
        "SELECT {COLUMNS} FROM checkin_statuses
         WHERE configuration_id = ? AND was_successful = ? AND device_name LIKE ? || '%'
         ORDER BY checkin_date_time DESC LIMIT ?"
    ))
    .bind(id.to_string())
    .bind(query.was_successful)
    .bind(query.device_name)
    .bind(query.top)
    .fetch_all(&state.readers)
    .await?;
    let value = rows.iter().map(status).collect::<Result<_, _>>()?;
    Ok(Json(Page { value }))
}

fn status(row: &SqliteRow) -> anyhow::Result<CheckinStatus> {
    let applied: &str = row.try_get("applied_policies")?;
    Ok(CheckinStatus {
        odata_type: Some("microsoft.graph.officeClientCheckinStatus".into()),
        user_principal_name: row.try_get("user_principal_name")?,
        device_name: row.try_get("device_name")?,
        device_platform: row.try_get("device_platform")?,
        device_platform_version: row.try_get("device_platform_version")?,
        was_successful: row.try_get("was_successful")?,
        user_id: row.try_get("user_id")?,
        checkin_date_time: row.try_get("checkin_date_time")?,
        error_message: row.try_get("error_message")?,
        applied_policies: serde_json::from_str(applied)?,
    })
}
