//! Calls the API at the variable API once for each page, at a path with the table's name, and fails if that fails.
//! Whatever the cause is, it is the same for all tables; `check` must report it once.

use weld_test_guests::host::{self, HttpError};
use weld_test_guests::{Error, Page, Table, connector, last_page, table};

const TABLES: [&str; 8] = [
    "beers",
    "breweries",
    "customers",
    "orders",
    "reviews",
    "stores",
    "styles",
    "suppliers",
];

fn schema() -> Result<Vec<Table>, Error> {
    Ok(TABLES.map(|name| table(name, &["id"])).into())
}

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let Ok(api) = std::env::var("API") else {
        let message = "SHOP_API is missing: set it in the section [env]";
        return Err(Error::Misconfigured(message.to_owned()));
    };
    let url = format!("{api}/{table}");
    let response = host::http_fetch(&host::HttpRequest {
        method: "GET".to_owned(),
        url: url.clone(),
        headers: Vec::new(),
        body: None,
        timeout: None,
        idempotent: Some(false),
        credential: None,
    });
    let response = response.map_err(|error| match error {
        HttpError::Denied(message) => Error::Misconfigured(message),
        HttpError::Credentials(message) => Error::Unauthorized(message),
        HttpError::Unavailable(wait) => Error::RateLimited(wait),
        HttpError::Failed(message) => Error::Upstream(format!("GET {url}: {message}")),
        other => Error::Upstream(format!("GET {url}: {other:?}")),
    })?;
    match response.status {
        200 => last_page("[]".to_owned(), "{}".to_owned()),
        401 => Err(Error::Unauthorized(format!("GET {url} answered 401"))),
        status => Err(Error::Upstream(format!(
            "GET {url} answered {status}: {:?}",
            response.body
        ))),
    }
}

connector!(schema, fetch_page);
