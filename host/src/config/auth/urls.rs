//! The URLs that a credential is for.

use super::fields::Fields;
use crate::config::allow::{AllowList, AllowRule};

/// Reads `urls`, which are written like allow rules without methods. Each must overlap with one of the rules of
/// `[network]`, since no request could use the credential otherwise.
pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>, allow: Option<&AllowList>) -> AllowList {
    let Some(entry) = fields.settings().entry("urls") else {
        fields.note(
            "`urls` is missing: a list of the URLs that the credential is for, such as [\"https://api.example.com\"]",
        );
        return AllowList::default();
    };
    if entry.items().is_some_and(|items| items.is_empty()) {
        let problem = entry.problem("the list is empty: write the URLs that the credential is for");
        fields.settings().note(problem);
    }
    let urls = fields
        .settings()
        .list("urls", ("URL", "https://api.example.com"), parse);
    for (entry, url) in &urls {
        if allow.is_some_and(|allow| !allow.meets(url)) {
            let problem = entry.problem(
                "no rule of `allow` under [network] permits a request there: add one, or remove this URL",
            );
            fields.settings().note(problem);
        }
    }
    urls.into_iter().map(|(_, url)| url).collect()
}

fn parse(text: &str) -> Result<AllowRule, String> {
    if text.trim().contains(char::is_whitespace) {
        return Err("write only a URL here, without methods".to_owned());
    }
    text.parse::<AllowRule>().map_err(|error| error.to_string())
}
