//! Everything that an operator may set, parsed and checked once.
//!
//! This room has the values of flags, environment and `NAME.toml`: their types, defaults, ceilings and syntax. A value
//! that leaves this room is valid: no other room reads the environment, a configuration file or the text of a size, a
//! time or a rule.
//!
//! Not here: the flags themselves (`cli` declares them and fills in [`ServerConfig`]), finding `NAME.toml` and
//! rereading it after a change (`connectors`), and the effect of a rule or limit on a call (`egress`, `sandbox`).
//!
//! A leaf: it uses no other room.

mod allow;
mod api_keys;
mod auth;
mod ceilings;
mod choice;
mod connector;
mod document;
mod error;
mod host_file;
mod host_map;
pub(crate) mod key_file;
mod limits;
mod name;
mod network;
mod otlp;
mod policy;
mod proxy;
mod quantity;
mod range;
mod rate_limit;
mod reading;
mod reserved_header;
mod secret;
mod server;
mod settings;
mod stamp;
mod time_unit;
mod wildcard;

pub use allow::{AllowList, AllowRemedy, AllowRule, AllowRuleError};
pub use auth::{
    Addition, Algorithm, AnswerFields, AnswerHead, Assertion, ClientAuth, Credential,
    CredentialKind, CredentialPlace, FieldPath, Grant, JwtConfig, JwtContent, LoginConfig,
    Oauth2Config, OauthClient, ParameterPlace, RedirectUri, SigningError, SigningKey,
    TokenRequestShape,
};
pub use ceilings::Ceilings;
pub use connector::{ConfiguredKeys, ConnectorConfig, UsableConfig, WrittenCredential};
pub(crate) use connector::{DisclosedLine, disclosed};
pub use error::{ConfigError, Problem};
pub use host_file::{FileValue, FlagForm, FlagKey, HostFile, LocatedValue};
pub use host_map::{HostMap, HostMapError};
pub use key_file::{KeyFileError, KeyLine};
pub use limits::{LimitValue, Limits, MAX_LOG_BYTES, SecretInState};
pub(crate) use name::shown_config_file;
pub use name::{ConnectorName, NameError};
pub use network::{ClientIdentity, NetworkConfig};
pub use otlp::{
    BatchBounds, OTLP_VARIABLES, OtlpEndpoint, OtlpError, OtlpSetting, OtlpVariables, RootRule,
    SamplerRule, TraceConfig,
};
pub use policy::{
    ConnectorGrant, ConnectorGrants, OperatorBounds, Policy, PolicyBound, PolicyPlace, SecretPlace,
    VariablePattern,
};
pub use proxy::{
    Exemption, ExemptionError, ProxyAddress, ProxyAddressError, ProxyConfig, ProxyExemptions,
};
pub use quantity::{ValueError, parse_duration, parse_size, parse_whole_number};
pub(crate) use quantity::{duration_text, wait_text};
pub use rate_limit::{
    BodyPath, FieldCondition, HeaderCondition, PathPattern, PathPatternError, QuotaHeaders,
    QuotaRule, Rate, RateError, RateLimitConfig, RefusalAction, RefusalRule, RefusalWait,
    WaitPlace,
};
pub use reading::{
    FILE_TIME, FileFault, FileSystem, FileThreads, NoAnswer, NotedFiles, PathCheck, ReadLimit,
    SystemFiles, TimedFiles, folder_of, read_in_time,
};
#[cfg(test)]
pub(crate) use reserved_header::RESERVED_HEADERS;
pub(crate) use reserved_header::is_reserved_header;
pub use secret::{KeyError, Secret};
pub use server::parse_address;
pub use server::{AdminAddress, CompileLimits, SETTINGS, ServerConfig, Setting, headings};
pub use stamp::FileStamp;
pub use time_unit::TimeUnit;
