//! Requests more memory than it may have, handles the refusal, and continues as its table says: with a page, with a
//! panic for another reason after a successful allocation, with `exit(1)`, like runtimes that give up, or with an error of
//! its own, like Python, also after a successful allocation.
//! The host must answer `out_of_memory` only if the refusal ended the call, and name the limit if it may be the cause.

use weld_test_guests::{Error, Page, connector, last_page};

fn fetch_page(table: String, _state: String) -> Result<Page, Error> {
    let mut most = Vec::<u8>::new();
    let refused = std::hint::black_box(&mut most).try_reserve_exact(1 << 30);
    if refused.is_ok() {
        return Err(Error::Other("a gibibyte was granted".to_owned()));
    }
    match table.as_str() {
        "goes_on" => last_page("[]", "{}"),
        "panics_later" => {
            std::hint::black_box(vec![1_u8; 4 << 20]);
            panic!("for another reason");
        }
        "fails" => Err(Error::Other("MemoryError".to_owned())),
        "fails_later" => {
            std::hint::black_box(vec![1_u8; 4 << 20]);
            Err(Error::Other("MemoryError".to_owned()))
        }
        "exits" => std::process::exit(1),
        _ => Err(Error::UnknownTable),
    }
}

connector!(fetch_page);
