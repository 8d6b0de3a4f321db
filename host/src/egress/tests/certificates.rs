//! Certificates and keys made for these tests; they give access to nothing.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The authority that signed all of them except [`SELF_SIGNED`].
pub(super) const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBPTCB8KADAgECAhQz755SiX+UC+6ZCCfVMij35TDQvzAFBgMrZXAwHDEaMBgG
A1UEAwwRYXV0aG9yaXR5LmV4YW1wbGUwIBcNMjAwMTAxMDAwMDAwWhgPMjEyNTEy
MzEwMDAwMDBaMBwxGjAYBgNVBAMMEWF1dGhvcml0eS5leGFtcGxlMCowBQYDK2Vw
AyEAOqGYjXy3iVndPdfNHHpK8L56QmrxZu6ogy/kuzR4oDGjQjBAMA8GA1UdEwEB
/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBTUumBt0a3ZZsw/JLOV
fWfVXxgYYTAFBgMrZXADQQB+UUkZIC+RamdLCD1DS3EB+QdUBJgONH/tdNvztvW2
ppvKO2iJbfga6WfP279bf3GQGnPqsyWNCknVWnI9kF4M
-----END CERTIFICATE-----
";

/// A server's, for `api.example.com` and `other.example.com`, until 2125.
pub(super) const GOOD: &str = "\
-----BEGIN CERTIFICATE-----
MIIBfzCCATGgAwIBAgIUCS4UhU0h4by197ZcKZbNqtm7mdYwBQYDK2VwMBwxGjAY
BgNVBAMMEWF1dGhvcml0eS5leGFtcGxlMCAXDTI2MDEwMTAwMDAwMFoYDzIxMjUx
MjMxMDAwMDAwWjAXMRUwEwYDVQQDDAxnb29kLmV4YW1wbGUwKjAFBgMrZXADIQBf
jIDK+TraPZiw8JqHY6jeShN8WlPvryp476nKCWStUaOBhzCBhDAtBgNVHREEJjAk
gg9hcGkuZXhhbXBsZS5jb22CEW90aGVyLmV4YW1wbGUuY29tMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMB0GA1UdDgQWBBS2yjyKr+Jgb2jlQiqu7k6WRgZhNjAfBgNVHSME
GDAWgBTUumBt0a3ZZsw/JLOVfWfVXxgYYTAFBgMrZXADQQBmj0cTTTd+Q2XCo9F8
RdXtPROogCJGuTkmm8g/ImjtvzXSoQ2RX9fEYKDRbi6Uz/7LnFAdO/ypKUEJZmVm
8UoL
-----END CERTIFICATE-----
";

/// The same for `api.example.com`, until 2021.
pub(super) const EXPIRED: &str = "\
-----BEGIN CERTIFICATE-----
MIIBazCCAR2gAwIBAgIUJjNCEaknHPbSfqKj9o//nmqfcp8wBQYDK2VwMBwxGjAY
BgNVBAMMEWF1dGhvcml0eS5leGFtcGxlMB4XDTIwMDEwMTAwMDAwMFoXDTIxMDEw
MTAwMDAwMFowGjEYMBYGA1UEAwwPZXhwaXJlZC5leGFtcGxlMCowBQYDK2VwAyEA
X4yAyvk62j2YsPCah2Oo3koTfFpT768qeO+pyglkrVGjczBxMBoGA1UdEQQTMBGC
D2FwaS5leGFtcGxlLmNvbTATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNVHQ4EFgQU
tso8iq/iYG9o5UIqru5OlkYGYTYwHwYDVR0jBBgwFoAU1LpgbdGt2WbMPySzlX1n
1V8YGGEwBQYDK2VwA0EAPTu+/9ayrE9KM2bRqCgjNc0CfeQWa/UpYHxLx0RkwjvY
rSK1FcV45jRDtWOz0U7XGGGUlg38n2F0ruvJ22uoDQ==
-----END CERTIFICATE-----
";

/// The same from 2120 on.
pub(super) const NOT_YET_VALID: &str = "\
-----BEGIN CERTIFICATE-----
MIIBbTCCAR+gAwIBAgIUEw3BM1S7/nj+UOBqUPd/D2sR0NUwBQYDK2VwMBwxGjAY
BgNVBAMMEWF1dGhvcml0eS5leGFtcGxlMCIYDzIxMjAwMTAxMDAwMDAwWhgPMjEy
NTEyMzEwMDAwMDBaMBgxFjAUBgNVBAMMDWVhcmx5LmV4YW1wbGUwKjAFBgMrZXAD
IQBfjIDK+TraPZiw8JqHY6jeShN8WlPvryp476nKCWStUaNzMHEwGgYDVR0RBBMw
EYIPYXBpLmV4YW1wbGUuY29tMBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1UdDgQW
BBS2yjyKr+Jgb2jlQiqu7k6WRgZhNjAfBgNVHSMEGDAWgBTUumBt0a3ZZsw/JLOV
fWfVXxgYYTAFBgMrZXADQQD5C99Gux/hGjJ3ga9DsDIrq1uffsc/X0eVS6uysrhr
b/ALpMajFjEcTInr5zGjTZcW8xpAUno2TTXZ1xwrgxwH
-----END CERTIFICATE-----
";

/// The same for `elsewhere.example.com`.
pub(super) const OTHER_NAME: &str = "\
-----BEGIN CERTIFICATE-----
MIIBcTCCASOgAwIBAgIUfFtR5icpv1TJ1LAZnvMDJ8YkJ8wwBQYDK2VwMBwxGjAY
BgNVBAMMEWF1dGhvcml0eS5leGFtcGxlMCAXDTI2MDEwMTAwMDAwMFoYDzIxMjUx
MjMxMDAwMDAwWjAYMRYwFAYDVQQDDA13cm9uZy5leGFtcGxlMCowBQYDK2VwAyEA
X4yAyvk62j2YsPCah2Oo3koTfFpT768qeO+pyglkrVGjeTB3MCAGA1UdEQQZMBeC
FWVsc2V3aGVyZS5leGFtcGxlLmNvbTATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNV
HQ4EFgQUtso8iq/iYG9o5UIqru5OlkYGYTYwHwYDVR0jBBgwFoAU1LpgbdGt2WbM
PySzlX1n1V8YGGEwBQYDK2VwA0EAPXfOd2OrqVm6vN6DN8x0JDv48zMYtBrAniOk
kKb6ShIffWZ9qE6hhj6bbZHa48TzXfs1I7byc8n1Uhkx28SjCw==
-----END CERTIFICATE-----
";

/// A server's for `api.example.com`, signed with its own key.
pub(super) const SELF_SIGNED: &str = "\
-----BEGIN CERTIFICATE-----
MIIBNDCB56ADAgECAhRMfigo62QOOcs+azc9ZTIv+railDAFBgMrZXAwGjEYMBYG
A1UEAwwPYXBpLmV4YW1wbGUuY29tMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjUxMjMx
MDAwMDAwWjAaMRgwFgYDVQQDDA9hcGkuZXhhbXBsZS5jb20wKjAFBgMrZXADIQBf
jIDK+TraPZiw8JqHY6jeShN8WlPvryp476nKCWStUaM9MDswGgYDVR0RBBMwEYIP
YXBpLmV4YW1wbGUuY29tMB0GA1UdDgQWBBS2yjyKr+Jgb2jlQiqu7k6WRgZhNjAF
BgMrZXADQQCqgxWYNFao5sx9pgdQmMgiMwp24uUthAyP7513yppbJmXTYk+MJJGZ
nflC8UOqXTz0wdoIdhFpBktK5Ix+nC4C
-----END CERTIFICATE-----
";

/// The key of all of them.
pub(super) const SERVER_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIMqWwg63fvpvTNoyhXjwYrcglos4NY7Cqx654hwhNRsH
-----END PRIVATE KEY-----
";

/// A client's.
pub(super) const CLIENT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBazCCAR2gAwIBAgIUN0prgCnsroW/i3F4T7kUBlsSQiswBQYDK2VwMBwxGjAY
BgNVBAMMEWF1dGhvcml0eS5leGFtcGxlMCAXDTI2MDEwMTAwMDAwMFoYDzIxMjUx
MjMxMDAwMDAwWjAZMRcwFQYDVQQDDA5jbGllbnQuZXhhbXBsZTAqMAUGAytlcAMh
AOV5qFRdRgrY1FtswvQKxmHeRBsS3qQEcx1dRV5siskOo3IwcDAZBgNVHREEEjAQ
gg5jbGllbnQuZXhhbXBsZTATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQU
ppLrjSWQ2fltr/HD1YZ0F5GMKyUwHwYDVR0jBBgwFoAU1LpgbdGt2WbMPySzlX1n
1V8YGGEwBQYDK2VwA0EAyNZkN8sdILlsuGYPs+ilgsb9FlR/mDKzrW00iRJghEc9
0tHzRyatoWOnTnRrw+o9A6QKF4PxJNC0jSzcuf4aCA==
-----END CERTIFICATE-----
";

/// The key of [`CLIENT`].
pub(super) const CLIENT_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIMWiFyNkYVPHrClHLlUrIgL1NR+8iBtecGZb/OZrGRZ1
-----END PRIVATE KEY-----
";

/// A certificate from its PEM.
pub(super) fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// A key from its PEM.
pub(super) fn key(pem: &str) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// The authority in the form in which clients trust it.
pub(super) fn authority() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(AUTHORITY)).unwrap();
    roots
}
